/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/image.h"

#include <stdlib.h>

enum { DEFAULT_QUALITY = 85 };

static int region_of(const ph_frame *frame, const ph_image_options *o, struct image_view *view,
                     ph_error *error)
{
    int width = ph_frame_width(frame), height = ph_frame_height(frame);
    int x = 0, y = 0, w = width, h = height;
    if (o->x != 0 || o->y != 0 || o->width != 0 || o->height != 0) {
        x = o->x, y = o->y, w = o->width, h = o->height;
        if (x < 0 || y < 0 || w < 1 || h < 1 || x > width - w || y > height - h)
            return error_set(error, PH_E_ARGUMENT,
                             "the region of %dx%d at (%d, %d) is not inside the screen of %dx%d", w,
                             h, x, y, width, height);
    }
    *view = (struct image_view){
        .pixels = ph_frame_pixels(frame) + (size_t)y * (size_t)width + x,
        .stride = (size_t)width,
        .width = (uint32_t)w,
        .height = (uint32_t)h,
    };
    return PH_OK;
}

int ph_image_encode(const ph_frame *frame, const ph_image_options *options, uint8_t **bytes,
                    size_t *len, ph_error *error)
{
    static const ph_image_options defaults = PH_IMAGE_OPTIONS_INIT;
    struct image_view view;
    *bytes = NULL;
    *len = 0;
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_image_options of an unknown size: begin with PH_IMAGE_OPTIONS_INIT");
    int rc = region_of(frame, options, &view, error);
    if (rc != PH_OK)
        return rc;
    int quality = options->quality != 0 ? options->quality : DEFAULT_QUALITY;
    switch (options->format) {
    case 0:
    case PH_IMAGE_PNG:
        return image_png(&view, bytes, len, error);
    case PH_IMAGE_JPEG:
        if (quality < 1 || quality > 100)
            return error_set(error, PH_E_ARGUMENT, "JPEG quality %d: it is 1 to 100", quality);
        return image_jpeg(&view, quality, bytes, len, error);
    default:
        return error_set(error, PH_E_ARGUMENT, "unknown image format %d", options->format);
    }
}

void ph_free(void *bytes)
{
    free(bytes);
}
