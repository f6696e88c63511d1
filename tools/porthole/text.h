/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text from the command line or, where that is "-", from standard input. */
#ifndef PORTHOLE_TEXT_H
#define PORTHOLE_TEXT_H

/* *text, for free(), is the argument or all of standard input: at most 1 MiB without NUL bytes. An
 * exit code; has printed what went wrong. */
int text_read(const char *argument, char **text);

#endif
