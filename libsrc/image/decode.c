/* SPDX-License-Identifier: GPL-2.0-or-later
 * Files to pixels: what a file is, its first bytes tell. */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the readers write bytes B, G, R, A, which are 0xAARRGGBB here");

struct magic {
    size_t at, len;
    const char *bytes;
};

static const struct {
    struct magic magic;
    image_reader *read;
} kinds[] = {
    {{0, 8, "\x89PNG\r\n\x1a\n"}, image_png_read},
    {{0, 3, "\xff\xd8\xff"}, image_jpeg_read},
    {{8, 4, "WEBP"}, image_webp_read},
};

int image_reserve(const char *format, uint64_t width, uint64_t height, uint32_t **pixels,
                  ph_error *error)
{
    if (width < 1 || height < 1 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX ||
        width * height > IMAGE_PIXELS_MAX)
        return error_set(error, PH_E_ARGUMENT,
                         "the %s of %llux%llu is too large: at most %d a side and %d pixels are "
                         "read",
                         format, (unsigned long long)width, (unsigned long long)height,
                         IMAGE_SIDE_MAX, IMAGE_PIXELS_MAX);
    *pixels = calloc((size_t)(width * height), sizeof **pixels);
    if (*pixels == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for a %s of %llux%llu", format,
                         (unsigned long long)width, (unsigned long long)height);
    return PH_OK;
}

int ph_image_decode(const uint8_t *bytes, size_t len, uint32_t **pixels, int *width, int *height,
                    ph_error *error)
{
    *pixels = NULL;
    *width = *height = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct magic *m = &kinds[i].magic;
        if (len >= m->at + m->len && memcmp(bytes + m->at, m->bytes, m->len) == 0)
            return kinds[i].read(bytes, len, pixels, width, height, error);
    }
    return error_set(error, PH_E_ARGUMENT, "the file is no PNG, JPEG or WebP");
}
