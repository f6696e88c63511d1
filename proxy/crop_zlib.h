/* SPDX-License-Identifier: GPL-2.0-or-later
 * Rectangles of encodings with zlib streams that outlive them (ZRLE, Zlib, Tight), for a viewer
 * whose server may become another connection: each of the viewer's streams then goes on with what
 * the server begins anew. Nothing is inflated: a stream that begins is one that has a header (RFC
 * 1950 section 2.2), and without it is a continuation of the one before, as servers flush behind
 * each rectangle. Tight's own way to begin a stream anew is not used: noVNC 1.7 fails on it. */
#ifndef PROXY_CROP_ZLIB_H
#define PROXY_CROP_ZLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rfb/msg.h"

enum { CROP_ZLIB_STREAMS = 6 /* Tight's four, ZRLE's, Zlib's */ };

/* All zero at first. */
struct crop_zlib {
    bool viewer[CROP_ZLIB_STREAMS];    /* it has begun for the viewer */
    bool server[CROP_ZLIB_STREAMS];    /* it has begun on the present connection */
    uint8_t method[CROP_ZLIB_STREAMS]; /* the viewer's header's first byte: method and window */
};

/* The server is another connection: its streams begin anew. */
void crop_zlib_reconnect(struct crop_zlib *z);

/* Makes the body of a rectangle, whole as the framer has let it pass, what the viewer is to have,
 * in its place: *len can become less. 0, or RFB_E_INVALID: the server's streams cannot go on where
 * the viewer's are. */
int crop_zlib_continue(struct crop_zlib *z, const struct rfb_rect_head *head,
                       const struct rfb_pixel_format *format, uint8_t *body, size_t *len);

#endif
