/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pixels as frames have them: 0xffRRGGBB in the machine's byte order. */
#ifndef CLIENT_PIXEL_H
#define CLIENT_PIXEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PIXEL_OPAQUE 0xff000000u /* what is in a pixel beside its colour */

/* Several at a time: compilers make vector instructions of these at every level of optimisation. */
typedef uint32_t pixel_vector __attribute__((vector_size(32)));
enum { PIXEL_VECTOR = sizeof(pixel_vector) / sizeof(uint32_t) };

/* n pixels as rfb_bgrx has them on the wire, from any address. */
static inline void pixel_copy(uint32_t *to, const uint8_t *from, size_t n)
{
    size_t i = 0;
    for (pixel_vector v; i + PIXEL_VECTOR <= n; i += PIXEL_VECTOR) {
        memcpy(&v, from + 4 * i, sizeof v);
        v |= PIXEL_OPAQUE;
        memcpy(to + i, &v, sizeof v);
    }
    for (uint32_t v; i < n; i++) {
        memcpy(&v, from + 4 * i, sizeof v);
        to[i] = v | PIXEL_OPAQUE;
    }
}

/* Of pixels that somebody else has painted. */
static inline void pixel_opaque(uint32_t *pixels, size_t n)
{
    pixel_copy(pixels, (const uint8_t *)pixels, n);
}

/* n times the same. */
static inline void pixel_fill(uint32_t *to, size_t n, uint32_t colour)
{
    const pixel_vector none = {0}, v = none | (colour | PIXEL_OPAQUE);
    size_t i = 0;
    for (; i + PIXEL_VECTOR <= n; i += PIXEL_VECTOR)
        memcpy(to + i, &v, sizeof v);
    for (; i < n; i++)
        to[i] = colour | PIXEL_OPAQUE;
}

#endif
