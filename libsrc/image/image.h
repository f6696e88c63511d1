/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pixels to files in memory and back; one implementation for each format. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum {
    IMAGE_SIDE_MAX = 16384,      /* pixels of a side, read or written */
    IMAGE_PIXELS_MAX = 1 << 26,  /* in all */
    IMAGE_WEBP_SIDE_MAX = 16383, /* the format has 14 bits for a side (RFC 9649 section 2.5) */
};

/* Part of a picture: rows of width pixels 0xffRRGGBB, stride pixels apart. */
struct image_view {
    const uint32_t *pixels;
    size_t stride;
    uint32_t width, height; /* 1 to 16384 */
};

/* ---- writing. *bytes is malloc'ed and the caller's. PH_OK, PH_E_NO_MEMORY or PH_E_SYSTEM. ---- */

/* quality: 1 to 100, or 0 for lossless, where the format has it. */
typedef int image_writer(const struct image_view *view, int quality, uint8_t **bytes, size_t *len,
                         ph_error *error);
image_writer image_png, image_jpeg, image_webp;

/* ---- reading. Files are anybody's: sizes are checked before anything is allocated. ---- */

/* *pixels: width * height of 0xAARRGGBB, alpha not multiplied in; malloc'ed and the caller's.
 * PH_E_ARGUMENT for a file that is damaged or too large, PH_E_NO_MEMORY. */
typedef int image_reader(const uint8_t *bytes, size_t len, uint32_t **pixels, int *width,
                         int *height, ph_error *error);
image_reader image_png_read, image_jpeg_read, image_webp_read;

/* What a reader does once it knows the size: PH_E_ARGUMENT beyond the limits, PH_E_NO_MEMORY, or
 * *pixels of width * height. */
int image_reserve(const char *format, uint64_t width, uint64_t height, uint32_t **pixels,
                  ph_error *error);

/* Reads a JPEG of exactly this size into pixels, stride pixels apart, as 0xffRRGGBB. PH_E_ARGUMENT
 * for a file that is damaged or of another size, PH_E_NO_MEMORY. */
int image_jpeg_into(const uint8_t *bytes, size_t len, uint32_t *pixels, size_t stride, int width,
                    int height, ph_error *error);

/* ---- geometry ---- */

/* The size for a picture of width x height: at most edge pixels on its longest side and pixels in
 * all (0: no such limit), the aspect kept, never below 1x1. enlarge non-zero: as large as they
 * allow; otherwise never larger than it is. */
void image_fit(uint32_t *width, uint32_t *height, int edge, int pixels, int enlarge);

/* Scales view to width x height. *pixels is malloc'ed and the caller's. PH_E_NO_MEMORY. */
int image_scale(const struct image_view *view, uint32_t width, uint32_t height, uint32_t **pixels,
                ph_error *error);

/* ---- the pointer ---- */

/* A copy of view, which shows this region of the desktop, with the pointer drawn over it where it
 * is; malloc'ed and the caller's. *pixels is NULL when nothing of the pointer is there to be seen.
 * PH_E_NO_MEMORY. */
int image_pointer(const struct image_view *view, const ph_rect *region, const ph_cursor_info *info,
                  uint32_t **pixels, ph_error *error);

#endif
