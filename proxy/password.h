/* SPDX-License-Identifier: GPL-2.0-or-later
 * Passwords as they are kept: scrypt (RFC 7914) in the form of the PHC string format,
 *   $scrypt$ln=15,r=8,p=3$SALT$HASH   (base64 without padding; ln is the logarithm of N)
 * Thread-safe. Both hashing and looking take a good part of a second and 32 MB of memory: not for a
 * loop's thread. */
#ifndef PROXY_PASSWORD_H
#define PROXY_PASSWORD_H

#include <stddef.h>

enum {
    PASSWORD_MAX = 1023,     /* bytes; what RFB's Plain can carry here (RFB_SECRET_MAX) */
    PASSWORD_HASH_SIZE = 121 /* of a string as above, with its NUL */
};

/* With a new salt. 0, or -1: out of memory or random bytes. */
int password_hash(const char *password, size_t len, char hash[PASSWORD_HASH_SIZE]);

/* NULL, or what is wrong with a string that somebody wrote. What it asks for is bounded: at most
 * 64 MB and eight times password_hash's work. */
const char *password_hash_flaw(const char *hash);

/* Is it the password of a string without flaw? Takes the same time whichever it is. 1, 0, or -1:
 * out of memory. */
int password_matches(const char *hash, const char *password, size_t len);

#endif
