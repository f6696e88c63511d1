/* SPDX-License-Identifier: GPL-2.0-or-later
 * RRE (RFC 6143 section 7.7.3) and CoRRE (rfbproto) for the format rfb_bgrx, painted as the bytes
 * come: a rectangle of subrectangles takes three times the memory of its pixels when it is kept. */
#ifndef CLIENT_RRE_H
#define CLIENT_RRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rfb/msg.h"

struct rre {
    struct rfb_rect r;
    int64_t budget; /* pixels that may still be painted */
    bool begun;     /* the background has been painted */
    uint8_t need, have;
    uint8_t field[12];
    uint8_t subrect; /* bytes of one */
};

/* Begins a rectangle that lies inside the framebuffer. budget: how many pixels it may paint. */
void rre_begin(struct rre *rre, int32_t encoding, struct rfb_rect r, int64_t budget);
/* Paints n more bytes of its body, whose end is the framer's to find, into a framebuffer of stride
 * pixels a row. NULL, or what is wrong with them. */
const char *rre_feed(struct rre *rre, const uint8_t *bytes, size_t n, uint32_t *pixels,
                     size_t stride);

#endif
