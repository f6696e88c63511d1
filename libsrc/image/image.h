/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pixels to files in memory; one implementation for each format. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Part of a picture: rows of width pixels 0xffRRGGBB, stride pixels apart. */
struct image_view {
    const uint32_t *pixels;
    size_t stride;
    uint32_t width, height; /* 1 to 16384 */
};

/* *bytes is malloc'ed and the caller's. PH_OK, PH_E_NO_MEMORY or PH_E_SYSTEM. */
int image_png(const struct image_view *view, uint8_t **bytes, size_t *len, ph_error *error);
/* quality: 1 to 100. */
int image_jpeg(const struct image_view *view, int quality, uint8_t **bytes, size_t *len,
               ph_error *error);

#endif
