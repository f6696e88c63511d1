/* SPDX-License-Identifier: GPL-2.0-or-later
 * Texts of X clients, which may be any bytes. */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Copies at most size - 1 bytes of printable UTF-8 and a NUL. Control characters become blanks and
 * what is not UTF-8 question marks; latin1: the bytes are ISO 8859-1 (ICCCM section 2.6.2, STRING).
 * Nothing is cut inside a character. */
void text_copy(char *to, size_t size, const char *bytes, size_t len, bool latin1);

#endif
