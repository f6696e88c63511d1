/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pictures for the tests of image/. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>
#include <stdint.h>

/* width * height opaque pixels, malloc'ed. Noise has every colour; smooth ones, as photographs,
 * change slowly. */
uint32_t *picture_noise(uint32_t width, uint32_t height);
uint32_t *picture_smooth(uint32_t width, uint32_t height);

/* A PNG file from its filtered rows, with any depth and colour type; malloc'ed. Answers its length.
 */
size_t picture_png(uint32_t width, uint32_t height, uint8_t depth, uint8_t colour,
                   const uint8_t *rows, size_t len, uint8_t **file);
uint32_t picture_crc32(const uint8_t *bytes, size_t len);

#endif
