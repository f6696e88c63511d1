/* SPDX-License-Identifier: GPL-2.0-or-later
 * Words of a peer, before people see them. */
#ifndef RFB_TEXT_H
#define RFB_TEXT_H

/* Makes it valid UTF-8 in which nothing moves a terminal's cursor: control characters, C0 and C1
 * (U+0080 to U+009F), and bytes that are no UTF-8 become spaces. The length stays. Thread-safe. */
void rfb_text_make_printable(char *text);

#endif
