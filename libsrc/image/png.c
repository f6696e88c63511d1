/* SPDX-License-Identifier: GPL-2.0-or-later
 * PNG (W3C PNG specification) of 8-bit RGB: every row with the Sub filter, deflated at libdeflate's
 * level 1. Screenshots are taken to be looked at once, so time counts before size: this is several
 * times faster than zlib's level 1 and no larger. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

enum { LEVEL = 1, FILTER_SUB = 1, CHANNELS = 3, CHUNK_EXTRA = 12, IHDR_SIZE = 13 };

static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static void set_u32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* Wraps n bytes, already at at + 8, into a chunk; returns where the next one goes. */
static uint8_t *chunk(uint8_t *at, const char type[4], size_t n)
{
    set_u32(at, (uint32_t)n);
    memcpy(at + 4, type, 4);
    set_u32(at + 8 + n, libdeflate_crc32(0, at + 4, n + 4));
    return at + CHUNK_EXTRA + n;
}

static size_t row_bytes(const struct image_view *view)
{
    return 1 + (size_t)view->width * CHANNELS;
}

/* Each byte less the one a pixel to the left (section 9.2). */
static void filter_row(const uint32_t *pixels, uint32_t width, uint8_t *to)
{
    uint32_t left = 0;
    *to++ = FILTER_SUB;
    for (uint32_t x = 0; x < width; x++, to += CHANNELS) {
        uint32_t p = pixels[x];
        to[0] = (uint8_t)((p >> 16) - (left >> 16));
        to[1] = (uint8_t)((p >> 8) - (left >> 8));
        to[2] = (uint8_t)(p - left);
        left = p;
    }
}

static uint8_t *header(const struct image_view *view, uint8_t *at)
{
    memcpy(at, signature, sizeof signature);
    at += sizeof signature;
    set_u32(at + 8, view->width);
    set_u32(at + 12, view->height);
    static const uint8_t rgb8[] = {8, 2, 0, 0, 0}; /* depth, colour type RGB, no interlacing */
    memcpy(at + 16, rgb8, sizeof rgb8);
    return chunk(at, "IHDR", IHDR_SIZE);
}

int image_png(const struct image_view *view, int quality, uint8_t **bytes, size_t *len,
              ph_error *error)
{
    (void)quality; /* always lossless */
    size_t row = row_bytes(view), all = row * view->height, room, n;
    uint8_t *rows = NULL, *file = NULL, *at;
    int rc = PH_E_NO_MEMORY;
    struct libdeflate_compressor *z = libdeflate_alloc_compressor(LEVEL);
    if (z == NULL)
        goto out;
    room = libdeflate_zlib_compress_bound(z, all);
    rows = malloc(all);
    file = malloc(sizeof signature + CHUNK_EXTRA + IHDR_SIZE + CHUNK_EXTRA + room + CHUNK_EXTRA);
    if (rows == NULL || file == NULL)
        goto out;
    for (uint32_t y = 0; y < view->height; y++)
        filter_row(view->pixels + y * view->stride, view->width, rows + y * row);
    at = header(view, file);
    n = libdeflate_zlib_compress(z, rows, all, at + 8, room);
    if (n == 0 || n > INT32_MAX)
        goto out;
    at = chunk(at, "IDAT", n);
    at = chunk(at, "IEND", 0);
    *len = (size_t)(at - file);
    *bytes = file;
    file = NULL;
    rc = PH_OK;
out:
    libdeflate_free_compressor(z);
    free(rows);
    free(file);
    return rc == PH_OK ? rc : error_set(error, rc, "out of memory for a PNG");
}
