/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_zlib.h"

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
static int put_stream(struct crop_zlib *z, int stream, const uint8_t *body, size_t len,
                      struct rfb_buf *out)
{
    int skip = len >= 4 ? header_of(z, stream, body + 4, len - 4) : RFB_E_INVALID;
    if (skip < 0)
        return skip;
    int rc = rfb_buf_put_u32(out, (uint32_t)(len - 4 - (size_t)skip));
    return rc == RFB_OK ? rfb_buf_put(out, body + 4 + skip, len - 4 - (size_t)skip) : rc;
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

/* Tight's compact length: seven bits a byte, lowest first, eight in a third. */
static int put_length(struct rfb_buf *out, size_t n)
{
    uint8_t bytes[3] = {n & 0x7f, (n >> 7) & 0x7f, (uint8_t)(n >> 14)};
    size_t count = n < 1u << 7 ? 1 : n < 1u << 14 ? 2 : 3;
    for (size_t i = 0; i + 1 < count; i++)
        bytes[i] |= 0x80;
    return rfb_buf_put(out, bytes, count);
}

static int put_tight(struct crop_zlib *z, const struct rfb_rect *r, unsigned tpixel,
                     const uint8_t *body, size_t len, struct rfb_buf *out)
{
    if (len == 0)
        return RFB_E_INVALID;
    /* what the server resets, the viewer resets: with a header again on both sides */
    for (int i = 0; i < TIGHT_STREAMS; i++)
        if (body[0] & 1u << i)
            z->viewer[i] = z->server[i] = false;
    size_t at = body[0] >> 4 >= TIGHT_FILL ? 0 : find_length(r, tpixel, body, len);
    if (at == 0)
        return rfb_buf_put(out, body, len);
    size_t data = at;
    while (data < len && data < at + 2 && (body[data] & 0x80))
        data++;
    data++;
    if (data >= len)
        return RFB_E_INVALID;
    int skip = header_of(z, body[0] >> 4 & 3, body + data, len - data);
    if (skip == 0)
        return rfb_buf_put(out, body, len);
    if (skip < 0)
        return skip;
    int rc = rfb_buf_put(out, body, at);
    data += (size_t)skip;
    if (rc == RFB_OK)
        rc = put_length(out, len - data);
    return rc == RFB_OK ? rfb_buf_put(out, body + data, len - data) : rc;
}

int crop_zlib_put(struct crop_zlib *z, const struct rfb_rect_head *head,
                  const struct rfb_pixel_format *format, const uint8_t *body, size_t len,
                  struct rfb_buf *out)
{
    switch (head->encoding) {
    case RFB_ENC_ZRLE:
        return put_stream(z, STREAM_ZRLE, body, len, out);
    case RFB_ENC_ZLIB:
        return put_stream(z, STREAM_ZLIB, body, len, out);
    case RFB_ENC_TIGHT:
        return put_tight(z, &head->r, rfb_tpixel_bytes(format), body, len, out);
    default: /* without streams */
        return len != 0 ? rfb_buf_put(out, body, len) : RFB_OK;
    }
}
