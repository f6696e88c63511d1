/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/rre.h"

#include <string.h>

#include "client/pixel.h"

enum {
    HEAD = 8,      /* the number of subrectangles, which the framer counts, and the background */
    RRE = 4 + 8,   /* colour; x, y, width, height of 2 bytes each */
    CORRE = 4 + 4, /* of 1 byte each */
};

void rre_begin(struct rre *rre, int32_t encoding, struct rfb_rect r, int64_t budget)
{
    *rre = (struct rre){
        .r = r,
        .budget = budget,
        .need = HEAD,
        .subrect = encoding == RFB_ENC_RRE ? RRE : CORRE,
    };
}

/* x and y from the rectangle's corner. */
static const char *fill(struct rre *rre, int x, int y, int w, int h, const uint8_t *colour,
                        uint32_t *pixels, size_t stride)
{
    uint32_t c;
    if (w > rre->r.w - x || h > rre->r.h - y)
        return "it paints outside its rectangle";
    rre->budget -= (int64_t)w * h;
    if (rre->budget < 0)
        return "it paints its pixels too many times";
    memcpy(&c, colour, sizeof c);
    for (int j = 0; j < h; j++)
        pixel_fill(pixels + (size_t)(rre->r.y + y + j) * stride + rre->r.x + x, (size_t)w, c);
    return NULL;
}

static const char *take_field(struct rre *rre, uint32_t *pixels, size_t stride)
{
    const uint8_t *p = rre->field;
    if (!rre->begun) {
        rre->begun = true;
        rre->need = rre->subrect;
        return fill(rre, 0, 0, rre->r.w, rre->r.h, p + 4, pixels, stride);
    }
    if (rre->subrect == RRE)
        return fill(rre, rfb_get_u16(p + 4), rfb_get_u16(p + 6), rfb_get_u16(p + 8),
                    rfb_get_u16(p + 10), p, pixels, stride);
    return fill(rre, p[4], p[5], p[6], p[7], p, pixels, stride);
}

const char *rre_feed(struct rre *rre, const uint8_t *bytes, size_t n, uint32_t *pixels,
                     size_t stride)
{
    const char *why = NULL;
    while (n != 0 && why == NULL) {
        size_t part = (size_t)(rre->need - rre->have);
        part = part < n ? part : n;
        memcpy(rre->field + rre->have, bytes, part);
        rre->have = (uint8_t)(rre->have + part);
        bytes += part;
        n -= part;
        if (rre->have == rre->need) {
            rre->have = 0;
            why = take_field(rre, pixels, stride);
        }
    }
    return why;
}
