/* SPDX-License-Identifier: GPL-2.0-or-later
 * portholed --hash-password: from a password to the line that a password_file holds. */
#ifndef PROXY_HASH_PASSWORD_H
#define PROXY_HASH_PASSWORD_H

/* Reads the password from the terminal, twice and without echo, or else the first line of standard
 * input; prints the hash on standard output. 0, or -1 after saying on standard error why not. */
int hash_password(void);

#endif
