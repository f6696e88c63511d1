/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_zlib.h"

#include <string.h>

#include "rfb/err.h"
#include "rfb/proto.h"

enum {
    STREAM_ZRLE = 4, /* behind Tight's */
    STREAM_ZLIB = 5,
    HEADER = 2, /* bytes of a stream's header */
    METHOD_DEFLATE = 8,
    HEADER_DICTIONARY = 0x20,
    /* Tight (rfbproto, "Tight Encoding") */
    TIGHT_STREAMS = 4,
    TIGHT_FILL = 8, /* from here on, the control byte's upper half is no basic compression */
    TIGHT_EXPLICIT_FILTER = 0x40,
    TIGHT_PALETTE = 1,
    TIGHT_UNCOMPRESSED_BELOW = 12 /* bytes */
};

void crop_zlib_reconnect(struct crop_zlib *z)
{
    for (int i = 0; i < CROP_ZLIB_STREAMS; i++)
        z->server[i] = false;
}

/* Bytes at the beginning of a stream's data that the viewer must not have. RFB_E_INVALID where it
 * cannot go on with them. */
static int header_of(struct crop_zlib *z, int stream, const uint8_t *data, size_t len)
{
    if (z->server[stream] || len == 0)
        return 0;
    if (len < HEADER || (data[0] & 0x0f) != METHOD_DEFLATE || (data[0] << 8 | data[1]) % 31 != 0 ||
        (data[1] & HEADER_DICTIONARY) != 0)
        return RFB_E_INVALID;
    z->server[stream] = true;
    if (!z->viewer[stream]) {
        z->viewer[stream] = true;
        z->method[stream] = data[0];
        return 0;
    }
    return data[0] == z->method[stream] ? HEADER : RFB_E_INVALID;
}

/* ZRLE and Zlib: a length and so many bytes. */
static int continue_stream(struct crop_zlib *z, int stream, uint8_t *body, size_t *len)
{
    int skip = *len >= 4 ? header_of(z, stream, body + 4, *len - 4) : RFB_E_INVALID;
    if (skip <= 0)
        return skip;
    *len -= (size_t)skip;
    rfb_set_u32(body, (uint32_t)(*len - 4));
    memmove(body + 4, body + 4 + skip, *len - 4);
    return RFB_OK;
}

/* Where basic compression has its length; 0: it has none, being too short for compression. */
static size_t find_length(const struct rfb_rect *r, unsigned tpixel, const uint8_t *body,
                          size_t len)
{
    size_t at = 1, row = (size_t)r->w * tpixel;
    bool palette = false;
    if (body[0] & TIGHT_EXPLICIT_FILTER) {
        palette = len > at && body[at] == TIGHT_PALETTE;
        at++;
    }
    if (palette && len > at) {
        unsigned colours = body[at] + 1u;
        at += 1 + (size_t)colours * tpixel;
        row = colours == 2 ? (r->w + 7u) / 8u : r->w;
    }
    return row * r->h < TIGHT_UNCOMPRESSED_BELOW ? 0 : at;
}

/* Tight's compact length: seven bits a byte, lowest first, eight in a third. Answers how many. */
static size_t set_length(uint8_t bytes[3], size_t n)
{
    const uint8_t all[3] = {n & 0x7f, (n >> 7) & 0x7f, (uint8_t)(n >> 14)};
    size_t count = n < 1u << 7 ? 1 : n < 1u << 14 ? 2 : 3;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(all[i] | (i + 1 < count ? 0x80 : 0));
    return count;
}

static int continue_tight(struct crop_zlib *z, const struct rfb_rect *r, unsigned tpixel,
                          uint8_t *body, size_t *len)
{
    if (*len == 0)
        return RFB_E_INVALID;
    /* what the server resets, the viewer resets: with a header again on both sides */
    for (int i = 0; i < TIGHT_STREAMS; i++)
        if (body[0] & 1u << i)
            z->viewer[i] = z->server[i] = false;
    size_t at = body[0] >> 4 >= TIGHT_FILL ? 0 : find_length(r, tpixel, body, *len);
    if (at == 0)
        return RFB_OK;
    size_t data = at;
    while (data < *len && data < at + 2 && (body[data] & 0x80))
        data++;
    data++;
    if (data >= *len)
        return RFB_E_INVALID;
    int skip = header_of(z, body[0] >> 4 & 3, body + data, *len - data);
    if (skip <= 0)
        return skip;
    data += (size_t)skip;
    size_t n = *len - data;
    at += set_length(body + at, n);
    memmove(body + at, body + data, n);
    *len = at + n;
    return RFB_OK;
}

int crop_zlib_continue(struct crop_zlib *z, const struct rfb_rect_head *head,
                       const struct rfb_pixel_format *format, uint8_t *body, size_t *len)
{
    switch (head->encoding) {
    case RFB_ENC_ZRLE:
        return continue_stream(z, STREAM_ZRLE, body, len);
    case RFB_ENC_ZLIB:
        return continue_stream(z, STREAM_ZLIB, body, len);
    case RFB_ENC_TIGHT:
        return continue_tight(z, &head->r, rfb_tpixel_bytes(format), body, len);
    default: /* without streams */
        return RFB_OK;
    }
}
