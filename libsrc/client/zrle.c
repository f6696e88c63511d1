/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/zrle.h"

#include <string.h>

#include "client/decoder.h"
#include "client/pixel.h"
#include "client/tile.h"

enum { TILE = 64, CPIXEL = 3, PALETTE_MAX = 127 };
enum {
    CHUNK = 65536, /* each call of inflate copies up to 32 KB of it */
    SLACK = 1,     /* pixels are read as four bytes */
};
enum {
    SUB_RAW = 0,
    SUB_SOLID = 1,
    SUB_PACKED_MAX = 16,
    SUB_PLAIN_RLE = 128,
    SUB_PALETTE_RLE = 130
};

/* Inflated bytes, a chunk at a time: a tile asks for what it needs, however much the data claims.
 */
struct reader {
    z_stream *stream;
    size_t at, len;
    uint8_t chunk[CHUNK + SLACK];
};

/* Makes n bytes (at most CHUNK) readable at chunk + at; 0 when the data ends or is no zlib. */
static int fill(struct reader *in, size_t n)
{
    if (in->len - in->at >= n)
        return 1;
    in->len -= in->at;
    memmove(in->chunk, in->chunk + in->at, in->len);
    in->at = 0;
    in->stream->next_out = in->chunk + in->len;
    in->stream->avail_out = (uInt)(CHUNK - in->len);
    int rc = inflate(in->stream, Z_SYNC_FLUSH);
    if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END)
        return 0;
    in->len = CHUNK - in->stream->avail_out;
    return in->len >= n;
}

static uint32_t pixel(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v); /* one byte more than is its own, which becomes the unused one */
    return v | PIXEL_OPAQUE;
}

static int read_byte(struct reader *in, uint8_t *b)
{
    if (!fill(in, 1))
        return 0;
    *b = in->chunk[in->at++];
    return 1;
}

static int read_pixels(struct reader *in, uint32_t *to, size_t n)
{
    if (!fill(in, n * CPIXEL))
        return 0;
    const uint8_t *from = in->chunk + in->at;
    for (size_t i = 0; i < n; i++)
        to[i] = pixel(from + CPIXEL * i);
    in->at += CPIXEL * n;
    return 1;
}

static const char *const truncated = "ZRLE: the data ends early or is not zlib's";

static const char *raw(struct reader *in, const struct tile *t)
{
    for (unsigned y = 0; y < t->h; y++)
        if (!read_pixels(in, t->p + y * t->stride, t->w))
            return truncated;
    return NULL;
}

static void fill_run(const struct tile *t, unsigned at, unsigned n, uint32_t colour)
{
    unsigned x = at % t->w;
    uint32_t *row = t->p + (size_t)(at / t->w) * t->stride;
    while (n != 0) {
        unsigned part = t->w - x < n ? t->w - x : n;
        pixel_fill(row + x, part, colour);
        n -= part;
        x = 0;
        row += t->stride;
    }
}

static const char *packed(struct reader *in, const struct tile *t, const uint32_t *palette,
                          unsigned colours)
{
    unsigned bits = colours <= 2 ? 1 : colours <= 4 ? 2 : 4, mask = (1u << bits) - 1;
    unsigned bytes = (t->w * bits + 7) / 8;
    for (unsigned y = 0; y < t->h; y++) {
        if (!fill(in, bytes))
            return truncated;
        const uint8_t *row = in->chunk + in->at;
        for (unsigned x = 0; x < t->w; x++) {
            unsigned bit = x * bits, index = row[bit / 8] >> (8 - bits - bit % 8) & mask;
            if (index >= colours)
                return "ZRLE: a colour that is not in the palette";
            t->p[y * t->stride + x] = palette[index];
        }
        in->at += bytes;
    }
    return NULL;
}

/* 1 plus the sum of bytes, of which all but the last are 255; at most left. */
static const char *run_length(struct reader *in, unsigned left, unsigned *n)
{
    uint8_t b;
    *n = 1;
    do {
        if (!read_byte(in, &b))
            return truncated;
        *n += b;
        if (*n > left)
            return "ZRLE: a run goes beyond its tile";
    } while (b == 255);
    return NULL;
}

/* palette NULL: plain runs, each with its pixel. */
static const char *runs(struct reader *in, const struct tile *t, const uint32_t *palette,
                        unsigned colours)
{
    unsigned all = t->w * t->h;
    for (unsigned at = 0, n; at < all; at += n) {
        uint32_t colour;
        uint8_t index = 0x80;
        if (palette == NULL ? !read_pixels(in, &colour, 1) : !read_byte(in, &index))
            return truncated;
        if (palette != NULL) {
            if ((index & 0x7fu) >= colours)
                return "ZRLE: a colour that is not in the palette";
            colour = palette[index & 0x7f];
        }
        n = 1;
        const char *why = index & 0x80 ? run_length(in, all - at, &n) : NULL;
        if (why != NULL)
            return why;
        fill_run(t, at, n, colour);
    }
    return NULL;
}

static const char *decode_tile(struct reader *in, const struct tile *t)
{
    uint32_t palette[PALETTE_MAX];
    uint8_t sub;
    if (!read_byte(in, &sub))
        return truncated;
    if (sub == SUB_RAW)
        return raw(in, t);
    if (sub == SUB_PLAIN_RLE)
        return runs(in, t, NULL, 0);
    if ((sub > SUB_PACKED_MAX && sub < SUB_PLAIN_RLE) || sub == SUB_PALETTE_RLE - 1)
        return "ZRLE: an unknown subencoding";
    unsigned colours = sub < SUB_PLAIN_RLE ? sub : sub - 128u;
    if (!read_pixels(in, palette, colours))
        return truncated;
    if (sub == SUB_SOLID) {
        fill_run(t, 0, t->w * t->h, palette[0]);
        return NULL;
    }
    return sub <= SUB_PACKED_MAX ? packed(in, t, palette, colours) : runs(in, t, palette, colours);
}

/* What is left must be no pixels, only the flush that ends the data: it has to pass through
 * inflate, or the next rectangle would begin in the middle of it. Inflate may hold back more than
 * its input tells: it is asked. */
static const char *end_of_data(struct reader *in)
{
    static const char *const behind = "ZRLE: there are bytes behind the last tile";
    uint8_t more;
    if (in->at != in->len)
        return behind;
    in->stream->next_out = &more;
    in->stream->avail_out = 1;
    int rc = inflate(in->stream, Z_SYNC_FLUSH);
    if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END)
        return truncated;
    return in->stream->avail_out == 1 && in->stream->avail_in == 0 ? NULL : behind;
}

void zrle_init(struct zrle *z)
{
    memset(z, 0, sizeof *z);
}

void zrle_finish(struct zrle *z)
{
    if (z->ready)
        inflateEnd(&z->stream);
    zrle_init(z);
}

const char *zrle_decode(struct zrle *z, struct rfb_rect r, const uint8_t *data, size_t len,
                        uint32_t *pixels, size_t stride)
{
    if (!z->ready) {
        if (inflateInit(&z->stream) != Z_OK)
            return decoder_no_memory;
        z->ready = 1;
        /* the check value would come at the stream's end, which never does */
        inflateValidate(&z->stream, 0);
    }
    z->stream.next_in = (Bytef *)data;
    z->stream.avail_in = (uInt)len;
    struct reader
        in; /* the chunk stays as it is: clearing it would cost more than a small rectangle */
    in.stream = &z->stream;
    in.at = in.len = 0;
    const char *why = NULL;
    for (unsigned y = 0; y < r.h && why == NULL; y += TILE) {
        for (unsigned x = 0; x < r.w && why == NULL; x += TILE) {
            struct tile t = tile_at(pixels, stride, r, x, y, TILE);
            why = decode_tile(&in, &t);
        }
    }
    return why != NULL ? why : end_of_data(&in);
}
