/* SPDX-License-Identifier: GPL-2.0-or-later
 * WebP (RFC 9649) by libwebp. */
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>

#include "image/image.h"

/* Of libwebp's methods 0 to 6 and its lossless levels 0 to 9: what is beyond takes a screenshot
 * twice as long for a few percent of its size. Lossless level 0 is twice as fast for photographs,
 * but makes a screen of text twice as large. */
enum { LOSSY_METHOD = 2, LOSSLESS_LEVEL = 1 };

static int configure(WebPConfig *config, int quality)
{
    if (!WebPConfigInit(config))
        return 0;
    if (quality == 0)
        return WebPConfigLosslessPreset(config, LOSSLESS_LEVEL);
    config->quality = (float)quality;
    config->method = LOSSY_METHOD;
    return 1;
}

/* libwebp's buffer is its own to free; ours is malloc's. */
static int hand_over(const WebPMemoryWriter *from, uint8_t **bytes, size_t *len)
{
    *bytes = malloc(from->size);
    if (*bytes == NULL)
        return PH_E_NO_MEMORY;
    memcpy(*bytes, from->mem, from->size);
    *len = from->size;
    return PH_OK;
}

int image_webp(const struct image_view *view, int quality, uint8_t **bytes, size_t *len,
               ph_error *error)
{
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter writer;
    int rc = PH_E_NO_MEMORY;
    if (!configure(&config, quality) || !WebPPictureInit(&picture))
        return error_set(error, PH_E_SYSTEM, "libwebp is not the one this was built for");
    WebPMemoryWriterInit(&writer);
    picture.width = (int)view->width;
    picture.height = (int)view->height;
    picture.use_argb = 1;
    picture.argb = (uint32_t *)view->pixels; /* all opaque, and those it only reads */
    picture.argb_stride = (int)view->stride;
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    if (WebPEncode(&config, &picture))
        rc = hand_over(&writer, bytes, len);
    else if (picture.error_code != VP8_ENC_ERROR_OUT_OF_MEMORY &&
             picture.error_code != VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY)
        rc = PH_E_SYSTEM;
    WebPMemoryWriterClear(&writer);
    WebPPictureFree(&picture);
    if (rc == PH_E_NO_MEMORY)
        return error_set(error, rc, "out of memory for a WebP");
    return rc == PH_OK ? rc
                       : error_set(error, rc, "cannot write a WebP: libwebp's error %d",
                                   (int)picture.error_code);
}

int image_webp_read(const uint8_t *bytes, size_t len, uint32_t **pixels, int *width, int *height,
                    ph_error *error)
{
    WebPBitstreamFeatures features;
    uint32_t *to;
    if (WebPGetFeatures(bytes, len, &features) != VP8_STATUS_OK)
        return error_set(error, PH_E_ARGUMENT, "cannot read the WebP: its head is damaged");
    if (features.has_animation)
        return error_set(error, PH_E_ARGUMENT, "cannot read the WebP: it is an animation");
    int rc = image_reserve("WebP", (uint64_t)features.width, (uint64_t)features.height, &to, error);
    if (rc != PH_OK)
        return rc;
    size_t row = (size_t)features.width * sizeof *to;
    if (WebPDecodeBGRAInto(bytes, len, (uint8_t *)to, row * (size_t)features.height, (int)row) ==
        NULL) {
        free(to);
        return error_set(error, PH_E_ARGUMENT, "cannot read the WebP: it is damaged");
    }
    *pixels = to;
    *width = features.width;
    *height = features.height;
    return PH_OK;
}
