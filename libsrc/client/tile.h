/* SPDX-License-Identifier: GPL-2.0-or-later
 * The tiles that Hextile and ZRLE cut a rectangle into, from left to right and from top to bottom;
 * those at its right and lower edge are smaller (RFC 6143 sections 7.7.4 and 7.7.6). */
#ifndef CLIENT_TILE_H
#define CLIENT_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "rfb/msg.h"

/* w * h pixels at p, stride pixels from row to row. */
struct tile {
    uint32_t *p;
    size_t stride;
    unsigned w, h;
};

/* The tile of r at x, y of it, where a whole one has size * size pixels. pixels: the framebuffer,
 * which holds r. */
static inline struct tile tile_at(uint32_t *pixels, size_t stride, struct rfb_rect r, unsigned x,
                                  unsigned y, unsigned size)
{
    return (struct tile){
        .p = pixels + (size_t)(r.y + y) * stride + r.x + x,
        .stride = stride,
        .w = r.w - x < size ? r.w - x : size,
        .h = r.h - y < size ? r.h - y : size,
    };
}

#endif
