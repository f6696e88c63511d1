/* SPDX-License-Identifier: GPL-2.0-or-later
 * PNG by libpng's simplified interface, which keeps its own limits on chunks. */
#include <png.h>
#include <stdlib.h>

#include "image/image.h"

int image_png_read(const uint8_t *bytes, size_t len, uint32_t **pixels, int *width, int *height,
                   ph_error *error)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    uint32_t *to = NULL;
    int rc = PH_OK;
    if (png_image_begin_read_from_memory(&png, bytes, len)) {
        rc = image_reserve("PNG", png.width, png.height, &to, error);
        png.format = PNG_FORMAT_BGRA; /* bytes, of which a little-endian word is 0xAARRGGBB */
        if (rc == PH_OK)
            png_image_finish_read(&png, NULL, to, 0, NULL);
    }
    if (rc == PH_OK && png.warning_or_error != 0)
        rc = error_set(error, PH_E_ARGUMENT, "cannot read the PNG: %s", png.message);
    png_image_free(&png);
    if (rc != PH_OK) {
        free(to);
        return rc;
    }
    *pixels = to;
    *width = (int)png.width;
    *height = (int)png.height;
    return PH_OK;
}
