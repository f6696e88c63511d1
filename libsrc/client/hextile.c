/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/hextile.h"

#include "client/pixel.h"
#include "client/tile.h"

enum { TILE = 16, PIXEL = 4 };
enum { RAW = 1, BACKGROUND = 2, FOREGROUND = 4, SUBRECTS = 8, COLOURED = 16 };

struct reader {
    const uint8_t *at, *end;
    uint32_t background, foreground; /* stay from tile to tile */
};

static const char truncated[] = "Hextile: the data ends early";

/* The next n bytes, or NULL where there are fewer. */
static const uint8_t *take(struct reader *in, size_t n)
{
    const uint8_t *bytes = in->at;
    if ((size_t)(in->end - in->at) < n)
        return NULL;
    in->at += n;
    return bytes;
}

static int take_pixel(struct reader *in, uint32_t *pixel)
{
    const uint8_t *bytes = take(in, PIXEL);
    if (bytes != NULL)
        pixel_copy(pixel, bytes, 1);
    return bytes != NULL;
}

static void fill(const struct tile *t, unsigned x, unsigned y, unsigned w, unsigned h,
                 uint32_t colour)
{
    uint32_t *row = t->p + y * t->stride + x;
    for (; h != 0; h--, row += t->stride)
        pixel_fill(row, w, colour);
}

static const char *raw(struct reader *in, const struct tile *t)
{
    const uint8_t *bytes = take(in, (size_t)t->w * t->h * PIXEL);
    if (bytes == NULL)
        return truncated;
    for (unsigned y = 0; y < t->h; y++, bytes += t->w * PIXEL)
        pixel_copy(t->p + y * t->stride, bytes, t->w);
    return NULL;
}

static const char *subrects(struct reader *in, const struct tile *t, unsigned flags)
{
    const uint8_t *bytes = take(in, 1);
    if (bytes == NULL)
        return truncated;
    for (unsigned left = *bytes; left != 0; left--) {
        uint32_t colour = in->foreground;
        if ((flags & COLOURED && !take_pixel(in, &colour)) || (bytes = take(in, 2)) == NULL)
            return truncated;
        unsigned x = bytes[0] >> 4, y = bytes[0] & 15;
        unsigned w = (bytes[1] >> 4) + 1u, h = (bytes[1] & 15) + 1u;
        if (x + w > t->w || y + h > t->h)
            return "Hextile: a rectangle outside its tile";
        fill(t, x, y, w, h, colour);
    }
    return NULL;
}

static const char *decode_tile(struct reader *in, const struct tile *t)
{
    const uint8_t *flags = take(in, 1);
    if (flags == NULL)
        return truncated;
    if (*flags & RAW) /* the other bits say nothing then */
        return raw(in, t);
    if ((*flags & BACKGROUND && !take_pixel(in, &in->background)) ||
        (*flags & FOREGROUND && !take_pixel(in, &in->foreground)))
        return truncated;
    fill(t, 0, 0, t->w, t->h, in->background);
    return *flags & SUBRECTS ? subrects(in, t, *flags) : NULL;
}

const char *hextile_decode(struct rfb_rect r, const uint8_t *body, size_t len, uint32_t *pixels,
                           size_t stride)
{
    struct reader in = {.at = body,
                        .end = body + len}; /* the framer sees to it that colours are set */
    const char *why = NULL;
    for (unsigned y = 0; y < r.h && why == NULL; y += TILE) {
        for (unsigned x = 0; x < r.w && why == NULL; x += TILE) {
            struct tile t = tile_at(pixels, stride, r, x, y, TILE);
            why = decode_tile(&in, &t);
        }
    }
    if (why == NULL && in.at != in.end)
        why = "Hextile: there are bytes behind the last tile";
    return why;
}
