/* SPDX-License-Identifier: GPL-2.0-or-later
 * Words of a peer, before people see them. */
#ifndef RFB_TEXT_H
#define RFB_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Makes it valid UTF-8 in which nothing moves a terminal's cursor: control characters, C0 and C1
 * (U+0080 to U+009F), and bytes that are no UTF-8 become spaces. The length stays. Thread-safe. */
void rfb_text_make_printable(char *text);

/* Bytes of the UTF-8 character at text, which ends in a NUL, and its code point; 0 where there is
 * none (RFC 3629). */
size_t rfb_text_next(const char *text, uint32_t *point);

/* What is no UTF-8 becomes question marks. */
void rfb_text_make_utf8(char *text);

#endif
