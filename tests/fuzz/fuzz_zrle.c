/* SPDX-License-Identifier: GPL-2.0-or-later
 * ZRLE, our decoder against LibVNCClient's. Input: a picture to draw, how to encode each of its
 * tiles, and what to break. The whole rectangle must come out of both decoders as it was drawn.
 * The broken one follows on the same streams: what ours accepts, theirs must accept with the same
 * pixels. What theirs accepts and ours must not:
 *   - palettes of 17 to 127 colours without runs, which RFC 6143 section 7.7.6 leaves unused,
 *     and colours that are not in the palette: theirs reads beyond its own palette then, so that it
 *     is not even asked
 *   - bytes behind the last tile
 * and what ours accepts and theirs does not: a zlib stream that ends with its rectangle. */
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "client/decoder.h"
#include "client/vncclient.h"
#include "client/zrle.h"
#include "fuzz.h"
#include "rfb/proto.h"

enum { SIDE_MAX = 96, TILE = 64, PLAIN_MAX = 1 << 17, PACKED_MAX = 1 << 18, SLACK = 512 };
enum { TARGET_HEAD = 4 + 12 + 4 }; /* of an update of one rectangle, with its length */

/* ---- the input ---- */

struct choices {
    const uint8_t *at;
    size_t left;
};

static unsigned choose(struct choices *c, unsigned n)
{
    if (c->left == 0)
        return 0;
    c->left--;
    return *c->at++ % n;
}

static unsigned choose_wide(struct choices *c, unsigned n)
{
    unsigned high = choose(c, 256);
    return (high << 8 | choose(c, 256)) % n;
}

/* ---- a picture ---- */

struct picture {
    unsigned w, h;
    uint32_t pixels[SIDE_MAX * SIDE_MAX];
};

static void draw(struct picture *p, struct choices *c)
{
    enum { FILL, STEPS, NOISE, KINDS };
    p->w = 1 + choose(c, SIDE_MAX);
    p->h = 1 + choose(c, SIDE_MAX);
    memset(p->pixels, 0, sizeof p->pixels);
    for (unsigned n = choose(c, 8); n != 0; n--) {
        unsigned kind = choose(c, KINDS), x = choose(c, p->w), y = choose(c, p->h);
        unsigned w = 1 + choose(c, p->w - x), h = 1 + choose(c, p->h - y);
        uint32_t colour = choose_wide(c, 65536) * 257u & 0xffffff;
        uint64_t seed = colour;
        for (unsigned j = y; j < y + h; j++)
            for (unsigned i = x; i < x + w; i++) {
                uint32_t *to = &p->pixels[j * p->w + i];
                *to = kind == FILL    ? colour
                      : kind == STEPS ? colour + i / 3
                                      : (uint32_t)feed_random(&seed);
                *to &= 0xffffff;
            }
    }
}

/* ---- our encoder ---- */

struct plain {
    uint8_t bytes[PLAIN_MAX];
    size_t n;
};

static void put(struct plain *to, unsigned byte)
{
    FUZZ_CHECK(to->n < PLAIN_MAX);
    to->bytes[to->n++] = (uint8_t)byte;
}

static void put_pixel(struct plain *to, uint32_t pixel)
{
    put(to, pixel & 0xff);
    put(to, pixel >> 8 & 0xff);
    put(to, pixel >> 16);
}

struct tile {
    uint32_t pixels[TILE * TILE];
    unsigned w, h;
    uint32_t palette[127];
    unsigned colours; /* 128: more than fit */
};

static unsigned index_of(const struct tile *t, uint32_t pixel)
{
    unsigned i = 0;
    while (i < t->colours && t->palette[i] != pixel)
        i++;
    return i;
}

static void take_tile(struct tile *t, const struct picture *p, unsigned x, unsigned y)
{
    t->w = p->w - x < TILE ? p->w - x : TILE;
    t->h = p->h - y < TILE ? p->h - y : TILE;
    t->colours = 0;
    for (unsigned i = 0; i < t->w * t->h; i++) {
        uint32_t pixel = p->pixels[(y + i / t->w) * p->w + x + i % t->w];
        t->pixels[i] = pixel;
        if (t->colours > 127 || index_of(t, pixel) < t->colours)
            continue;
        if (t->colours < 127)
            t->palette[t->colours] = pixel;
        t->colours++;
    }
}

static void put_palette(struct plain *to, const struct tile *t)
{
    for (unsigned i = 0; i < t->colours; i++)
        put_pixel(to, t->palette[i]);
}

static void put_packed(struct plain *to, const struct tile *t)
{
    unsigned bits = t->colours <= 2 ? 1 : t->colours <= 4 ? 2 : 4;
    put(to, t->colours);
    put_palette(to, t);
    for (unsigned y = 0; y < t->h; y++)
        for (unsigned x = 0, byte = 0; x < t->w; x++) {
            unsigned at = x * bits % 8;
            byte |= index_of(t, t->pixels[y * t->w + x]) << (8 - bits - at);
            if (at + bits == 8 || x + 1 == t->w) {
                put(to, byte);
                byte = 0;
            }
        }
}

static void put_length(struct plain *to, unsigned n)
{
    for (n--; n >= 255; n -= 255)
        put(to, 255);
    put(to, n);
}

/* Runs of plain pixels, or of palette indexes. */
static void put_runs(struct plain *to, const struct tile *t, bool palette)
{
    put(to, palette ? 128 + t->colours : 128);
    if (palette)
        put_palette(to, t);
    for (unsigned i = 0, n; i < t->w * t->h; i += n) {
        for (n = 1; i + n < t->w * t->h && t->pixels[i + n] == t->pixels[i];)
            n++;
        unsigned index = palette ? index_of(t, t->pixels[i]) : 0;
        if (!palette)
            put_pixel(to, t->pixels[i]);
        else
            put(to, n == 1 ? index : index | 128);
        if (!palette || n != 1)
            put_length(to, n);
    }
}

static void encode_tile(struct plain *to, const struct tile *t, unsigned choice)
{
    enum { RAW, SOLID, PACKED, RUNS, PALETTE_RUNS };
    if (choice == SOLID && t->colours == 1) {
        put(to, 1);
        put_palette(to, t);
    } else if (choice == PACKED && t->colours >= 2 && t->colours <= 16) {
        put_packed(to, t);
    } else if (choice == PALETTE_RUNS && t->colours >= 2 && t->colours <= 127) {
        put_runs(to, t, true);
    } else if (choice == RUNS) {
        put_runs(to, t, false);
    } else {
        put(to, 0);
        for (unsigned i = 0; i < t->w * t->h; i++)
            put_pixel(to, t->pixels[i]);
    }
}

static void encode(struct plain *to, const struct picture *p, struct choices *c)
{
    static struct tile t;
    to->n = 0;
    for (unsigned y = 0; y < p->h; y += TILE)
        for (unsigned x = 0; x < p->w; x += TILE) {
            take_tile(&t, p, x, y);
            encode_tile(to, &t, choose(c, 5));
        }
}

/* ---- both decoders, with one deflate stream for both ---- */

struct match {
    z_stream deflater;
    struct zrle ours;
    rfbClient *theirs;
    uint32_t our_pixels[SIDE_MAX * SIDE_MAX], their_pixels[SIDE_MAX * SIDE_MAX];
};

static const struct vncclient *lib;

static void match_begin(struct match *m, const struct picture *p)
{
    memset(m, 0, sizeof *m);
    FUZZ_CHECK(deflateInit(&m->deflater, 1) == Z_OK);
    zrle_init(&m->ours);
    rfbClient *v = m->theirs = lib->get_client(8, 3, 4);
    FUZZ_CHECK(v != NULL);
    v->sock = -1;
    v->serverPort = 0;
    v->format.bigEndian = FALSE;
    v->format.redShift = rfb_bgrx.red_shift;
    v->format.greenShift = rfb_bgrx.green_shift;
    v->format.blueShift = rfb_bgrx.blue_shift;
    v->appData.qualityLevel = 9; /* or raw tiles are taken for ZYWRLE's */
    memset(&v->supportedMessages, 0, sizeof v->supportedMessages);
    v->frameBuffer = (uint8_t *)m->their_pixels;
    v->width = v->updateRect.w = (int)p->w;
    v->height = v->updateRect.h = (int)p->h;
    /* large enough for any palette, with room for its reading of pixels as four bytes */
    v->raw_buffer = calloc(1, PLAIN_MAX + SLACK);
    FUZZ_CHECK(v->raw_buffer != NULL);
    v->raw_buffer_size = PLAIN_MAX;
}

static void match_end(struct match *m)
{
    m->theirs->frameBuffer = NULL;
    lib->cleanup(m->theirs);
    zrle_finish(&m->ours);
    deflateEnd(&m->deflater);
}

static size_t compress_plain(struct match *m, const struct plain *p, uint8_t *packed)
{
    if (p->n == 0)
        return 0; /* which deflate takes for an error */
    m->deflater.next_in = (Bytef *)p->bytes;
    m->deflater.avail_in = (uInt)p->n;
    m->deflater.next_out = packed;
    m->deflater.avail_out = PACKED_MAX;
    FUZZ_CHECK(deflate(&m->deflater, Z_SYNC_FLUSH) == Z_OK && m->deflater.avail_out != 0);
    return PACKED_MAX - m->deflater.avail_out;
}

/* NULL, or what is wrong; the data is in an allocation of its size. */
static const char *decode_ours(struct match *m, const struct picture *p, const uint8_t *data,
                               size_t n)
{
    const struct rfb_rect all = {0, 0, (uint16_t)p->w, (uint16_t)p->h};
    uint8_t *exact = malloc(n != 0 ? n : 1);
    FUZZ_CHECK(exact != NULL);
    memcpy(exact, data, n);
    const char *why = zrle_decode(&m->ours, all, exact, n, m->our_pixels, p->w);
    free(exact);
    return why;
}

static bool decode_theirs(struct match *m, const struct picture *p, const uint8_t *data, size_t n)
{
    const struct rfb_rect_head head = {{0, 0, (uint16_t)p->w, (uint16_t)p->h}, RFB_ENC_ZRLE};
    uint8_t *wire = calloc(1, TARGET_HEAD + n + SLACK);
    FUZZ_CHECK(wire != NULL);
    wire[3] = 1;
    rfb_msg_set_rect_head(wire + 4, &head);
    rfb_set_u32(wire + 16, (uint32_t)n);
    memcpy(wire + TARGET_HEAD, data, n);
    char *own = m->theirs->bufoutptr;
    m->theirs->bufoutptr = (char *)wire;
    m->theirs->buffered = (unsigned)(TARGET_HEAD + n);
    bool ok = vncclient_handle(lib, m->theirs) && m->theirs->buffered == 0;
    m->theirs->bufoutptr = own;
    m->theirs->buffered = 0;
    free(wire);
    return ok;
}

static void check_pixels(const struct picture *p, const uint32_t *a, const uint32_t *b)
{
    for (unsigned i = 0; i < p->w * p->h; i++)
        FUZZ_CHECK((a[i] & 0xffffff) == (b[i] & 0xffffff));
}

/* ---- breaking it ---- */

static void mutate(uint8_t *bytes, size_t *n, size_t max, struct choices *c)
{
    enum { CHANGE, CUT, INSERT, KINDS };
    unsigned kind = choose(c, KINDS), value = choose(c, 256);
    size_t at = choose_wide(c, (unsigned)(*n != 0 ? *n : 1));
    if (*n == 0)
        return;
    if (kind == CHANGE) {
        bytes[at] = (uint8_t)value;
    } else if (kind == CUT) {
        *n = at;
    } else if (*n < max) {
        memmove(bytes + at + 1, bytes + at, *n - at);
        bytes[at] = (uint8_t)value;
        ++*n;
    }
}

/* Is what theirs would make of it not worth asking? */
static bool beyond_theirs(const char *why)
{
    return strstr(why, "unknown subencoding") != NULL || strstr(why, "not in the palette") != NULL;
}

static void compare_broken(struct match *m, const struct picture *p, const uint8_t *data, size_t n)
{
    const char *why = decode_ours(m, p, data, n);
    FUZZ_CHECK(why != decoder_no_memory);
    if (why != NULL && beyond_theirs(why))
        return;
    bool theirs = decode_theirs(m, p, data, n);
    if (why == NULL && theirs)
        check_pixels(p, m->our_pixels, m->their_pixels);
    else if (why == NULL)
        FUZZ_CHECK(inflate(&m->ours.stream, Z_SYNC_FLUSH) == Z_STREAM_END);
    else
        FUZZ_CHECK(!theirs || strstr(why, "behind the last tile") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct picture p;
    static struct plain plain;
    static struct match m;
    static uint8_t packed[PACKED_MAX];
    struct choices c = {data, size};
    ph_error e;
    if (lib == NULL && (lib = vncclient_load(&e)) == NULL) {
        fprintf(stderr, "%s\n", e.message);
        abort();
    }
    draw(&p, &c);
    match_begin(&m, &p);
    encode(&plain, &p, &c);
    size_t n = compress_plain(&m, &plain, packed);
    FUZZ_CHECK(decode_ours(&m, &p, packed, n) == NULL);
    check_pixels(&p, m.our_pixels, p.pixels);
    FUZZ_CHECK(decode_theirs(&m, &p, packed, n));
    check_pixels(&p, m.their_pixels, p.pixels);

    encode(&plain, &p, &c);
    for (unsigned times = choose(&c, 5); times != 0; times--)
        mutate(plain.bytes, &plain.n, PLAIN_MAX, &c);
    n = compress_plain(&m, &plain, packed);
    for (unsigned times = choose(&c, 3); times != 0; times--)
        mutate(packed, &n, PACKED_MAX, &c);
    compare_broken(&m, &p, packed, n);
    match_end(&m);
    return 0;
}
