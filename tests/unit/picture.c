/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "unit.h"

uint32_t *picture_noise(uint32_t width, uint32_t height)
{
    uint32_t *pixels = malloc((size_t)width * height * 4);
    unsigned seed = 99;
    assert_non_null(pixels);
    for (size_t i = 0; i < (size_t)width * height; i++)
        pixels[i] = 0xff000000 | (uint32_t)rand_r(&seed) % 0x1000000;
    return pixels;
}

/* There and back again in 256 pixels, in each channel at its own pace. */
static uint32_t wave(uint32_t at)
{
    at %= 512;
    return at < 256 ? at : 511 - at;
}

uint32_t *picture_smooth(uint32_t width, uint32_t height)
{
    uint32_t *pixels = malloc((size_t)width * height * 4);
    assert_non_null(pixels);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            pixels[y * (size_t)width + x] =
                0xff000000 | wave(x + y) << 16 | wave(x * 2) << 8 | wave(y * 3 + 100);
    return pixels;
}

uint32_t picture_crc32(const uint8_t *bytes, size_t len)
{
    return (uint32_t)crc32(crc32(0, NULL, 0), bytes, (uInt)len);
}

static uint8_t *put_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        *at++ = (uint8_t)(v >> (24 - 8 * i));
    return at;
}

static uint8_t *put_chunk(uint8_t *at, const char *type, const uint8_t *bytes, size_t len)
{
    uint8_t *start = put_u32(at, (uint32_t)len);
    memcpy(start, type, 4);
    if (len != 0)
        memcpy(start + 4, bytes, len);
    return put_u32(start + 4 + len, picture_crc32(start, len + 4));
}

size_t picture_png(uint32_t width, uint32_t height, uint8_t depth, uint8_t colour,
                   const uint8_t *rows, size_t len, uint8_t **file)
{
    uLongf packed_len = compressBound(len);
    uint8_t head[13], *packed = malloc(packed_len), *at;
    *file = malloc(8 + 3 * 12 + sizeof head + packed_len);
    assert_non_null(packed);
    assert_non_null(*file);
    assert_int_equal(compress(packed, &packed_len, rows, len), Z_OK);
    memcpy(*file, "\x89PNG\r\n\x1a\n", 8);
    at = put_u32(put_u32(head, width), height);
    memcpy(at, (uint8_t[]){depth, colour, 0, 0, 0}, 5);
    at = put_chunk(*file + 8, "IHDR", head, sizeof head);
    at = put_chunk(at, "IDAT", packed, packed_len);
    at = put_chunk(at, "IEND", NULL, 0);
    free(packed);
    return (size_t)(at - *file);
}
