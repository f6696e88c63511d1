/* SPDX-License-Identifier: GPL-2.0-or-later
 * The pointer: the shape that the server tells, and where it is as far as is known. */
#ifndef CLIENT_CURSOR_H
#define CLIENT_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "client/client.h"
#include "rfb/msg.h"

struct cursor_shape;

/* A body of the encoding Cursor (RFC 6143 section 7.8.1) or CursorWithAlpha (rfbproto), in the
 * format rfb_bgrx, whose length the framer has checked. PH_OK or PH_E_NO_MEMORY. */
int cursor_told(struct ph_client *c, const struct rfb_rect_head *head, const uint8_t *body,
                ph_error *error);
/* With the lock: the pointer is there now, by the server's word or ours. */
void cursor_moved(struct ph_client *c, int x, int y);
/* NULL is accepted. */
void cursor_shape_unref(struct cursor_shape *shape);

#endif
