/* SPDX-License-Identifier: GPL-2.0-or-later
 * ZRLE tile by tile, from plain bytes that the test deflates (RFC 6143 section 7.7.6). */
#include <stdlib.h>
#include <string.h>

#include "client/zrle.h"
#include "unit.h"

enum { W = 70, H = 70 };

/* One deflate stream and one decoder, as a connection has them. */
struct pair {
    z_stream deflater;
    struct zrle zrle;
    uint32_t pixels[W * H];
    uint32_t before[W * H];
};

static struct pair *pair_create(void)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_int_equal(deflateInit(&p->deflater, 6), Z_OK);
    zrle_init(&p->zrle);
    return p;
}

static void pair_destroy(struct pair *p)
{
    deflateEnd(&p->deflater);
    zrle_finish(&p->zrle);
    free(p);
}

static const char *decode(struct pair *p, struct rfb_rect r, const void *plain, size_t n)
{
    static uint8_t packed[1 << 16];
    p->deflater.next_in = (Bytef *)plain;
    p->deflater.avail_in = (uInt)n;
    p->deflater.next_out = packed;
    p->deflater.avail_out = sizeof packed;
    assert_int_equal(deflate(&p->deflater, Z_SYNC_FLUSH), Z_OK);
    assert_true(p->deflater.avail_out != 0);
    size_t len = sizeof packed - p->deflater.avail_out;
    /* a heap block of the exact size, so that reading beyond it is seen */
    uint8_t *exact = malloc(len);
    memcpy(exact, packed, len);
    const char *why = zrle_decode(&p->zrle, r, exact, len, p->pixels, W);
    free(exact);
    for (size_t i = 0; i < W * H;
         i++) { /* what is painted is opaque; the tests name the colours alone */
        assert_true(p->pixels[i] >> 24 == 0xff || p->pixels[i] == p->before[i]);
        p->before[i] = p->pixels[i] &= 0xffffff;
    }
    return why;
}

#define OK(p, r, bytes) assert_null(decode(p, r, bytes, sizeof bytes - 1))

static void assert_row(const struct pair *p, unsigned x, unsigned y, const uint32_t *row, size_t n)
{
    assert_memory_equal(p->pixels + y * W + x, row, n * sizeof *row);
}

static void each_kind_of_tile(void **state)
{
    (void)state;
    struct pair *p = pair_create();
    const uint32_t a = 0x030201, b = 0x060504, c = 0x090807;
    const struct rfb_rect r = {1, 1, 3, 2};
    OK(p, r,
       "\0"
       "\1\2\3"
       "\4\5\6"
       "\7\x8\x9"
       "\1\2\3"
       "\1\2\3"
       "\1\2\3"); /* raw */
    assert_row(p, 1, 1, (uint32_t[]){a, b, c}, 3);
    assert_row(p, 1, 2, (uint32_t[]){a, a, a}, 3);
    OK(p, r,
       "\1"
       "\4\5\6"); /* solid */
    assert_row(p, 1, 1, (uint32_t[]){b, b, b}, 3);
    assert_row(p, 1, 2, (uint32_t[]){b, b, b}, 3);
    OK(p, r,
       "\2"
       "\1\2\3\4\5\6"
       "\x40\xa0"); /* two colours, one bit each */
    assert_row(p, 1, 1, (uint32_t[]){a, b, a}, 3);
    assert_row(p, 1, 2, (uint32_t[]){b, a, b}, 3);
    OK(p, r,
       "\3"
       "\1\2\3\4\5\6\7\x8\x9"
       "\x18\x90"); /* three colours, two bits */
    assert_row(p, 1, 1, (uint32_t[]){a, b, c}, 3);
    assert_row(p, 1, 2, (uint32_t[]){c, b, a}, 3);
    OK(p, r,
       "\5"
       "\0\0\0\1\2\3\0\0\0\4\5\6\0\0\0"
       "\x13\x10\x31\x30"); /* five, four bits */
    assert_row(p, 1, 1, (uint32_t[]){a, b, a}, 3);
    assert_row(p, 1, 2, (uint32_t[]){b, a, b}, 3);
    OK(p, r,
       "\x80"
       "\1\2\3\3"
       "\4\5\6\1"); /* plain runs of 4 and 2 */
    assert_row(p, 1, 1, (uint32_t[]){a, a, a}, 3);
    assert_row(p, 1, 2, (uint32_t[]){a, b, b}, 3);
    OK(p, r,
       "\x82"
       "\1\2\3\4\5\6"
       "\x81\2"
       "\0\1"
       "\0"); /* palette runs: 3 of b, a, b, a */
    assert_row(p, 1, 1, (uint32_t[]){b, b, b}, 3);
    assert_row(p, 1, 2, (uint32_t[]){a, b, a}, 3);
    pair_destroy(p);
}

static void a_rectangle_of_four_tiles(void **state)
{
    (void)state;
    struct pair *p = pair_create();
    OK(p, ((struct rfb_rect){0, 0, W, H}),
       "\1\1\0\0"
       "\1\2\0\0"
       "\1\3\0\0"
       "\x80\4\0\0\x23");
    for (unsigned y = 0; y < H; y++)
        for (unsigned x = 0; x < W; x++)
            assert_int_equal(p->pixels[y * W + x], (y < 64 ? 1 : 3) + (x < 64 ? 0 : 1));
    pair_destroy(p);
}

/* 255 + 255 + 89 + 1 = 600 pixels of a tile of 600, and nothing outside the rectangle. */
static void a_run_of_many_bytes(void **state)
{
    (void)state;
    struct pair *p = pair_create();
    OK(p, ((struct rfb_rect){5, 6, 30, 20}), "\x80\7\0\0\xff\xff\x59");
    for (unsigned y = 0; y < H; y++)
        for (unsigned x = 0; x < W; x++)
            assert_int_equal(p->pixels[y * W + x], x >= 5 && x < 35 && y >= 6 && y < 26 ? 7 : 0);
    pair_destroy(p);
}

static void what_is_broken(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *part;
    } cases[] = {
        {"\x11", 1, "unknown subencoding"},
        {"\x7f", 1, "unknown subencoding"},
        {"\x81", 1, "unknown subencoding"},
        {"\0\1\2", 3, "ends early"},
        {"\x80\1\2\3\6", 5, "beyond its tile"},
        {"\x80\1\2\3\xff\xff", 6, "beyond its tile"},
        {"\x82\1\2\3\4\5\6\2", 8, "not in the palette"},
        {"\3\1\2\3\4\5\6\7\7\7\xff\xff", 12, "not in the palette"},
        {"\1\1\2\3\1", 5, "behind the last tile"},
        {"", 0, "ends early"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pair *p = pair_create();
        /* a good one first: the stream is under way */
        OK(p, ((struct rfb_rect){0, 0, 1, 1}), "\1\0\0\0");
        const char *why = NULL;
        if (cases[i].n != 0)
            why = decode(p, (struct rfb_rect){0, 0, 3, 2}, cases[i].bytes, cases[i].n);
        else
            why = zrle_decode(&p->zrle, (struct rfb_rect){0, 0, 3, 2}, NULL, 0, p->pixels, W);
        if (why == NULL || strstr(why, cases[i].part) == NULL)
            fail_msg("case %zu: '%s' does not hold '%s'", i, why != NULL ? why : "", cases[i].part);
        pair_destroy(p);
    }
}

/* Two tiles of exactly what the decoder inflates at a time, and one byte more, which inflate holds
 * back where the input ends with it. However it is cut, it is not right. */
static void one_byte_too_many_is_held_back(void **state)
{
    enum { SIDE = 64, RAW = 1 + SIDE * SIDE * 3, RUN = 10, RUNS = 7 + 2 + SIDE * SIDE - RUN };
    static uint8_t plain[RAW + RUNS + 1], packed[1 << 12];
    static uint32_t pixels[2 * SIDE * SIDE];
    (void)state;
    assert_int_equal(RAW + RUNS, 16384);
    plain[RAW] = 0x82; /* two colours, which are black; a run of the second, then single pixels */
    plain[RAW + 7] = 0x81;
    plain[RAW + 8] = RUN - 1;
    z_stream z = {.next_in = plain, .avail_in = sizeof plain};
    assert_int_equal(deflateInit(&z, 9), Z_OK);
    z.next_out = packed;
    z.avail_out = sizeof packed;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    for (size_t len = 0; len <= sizeof packed - z.avail_out; len++) {
        struct zrle zrle;
        zrle_init(&zrle);
        const struct rfb_rect r = {0, 0, 2 * SIDE, SIDE};
        if (zrle_decode(&zrle, r, packed, len, pixels, 2 * SIDE) == NULL)
            fail_msg("%zu bytes are taken", len);
        zrle_finish(&zrle);
    }
    deflateEnd(&z);
}

/* Noise in all tile sizes through a second decoder's eyes: what was encoded raw comes back, and the
 * stream stays in step from rectangle to rectangle. */
static void many_rectangles_of_one_stream(void **state)
{
    (void)state;
    struct pair *p = pair_create();
    unsigned seed = 4711;
    for (int round = 0; round < 300; round++) {
        static uint8_t plain[2 * W * H * 3];
        uint16_t w = (uint16_t)(rand_r(&seed) % 64 + 1), h = (uint16_t)(rand_r(&seed) % 64 + 1);
        size_t n = 0;
        plain[n++] = 0;
        for (int i = 0; i < w * h * 3; i++)
            plain[n++] = (uint8_t)(rand_r(&seed) >> 7);
        assert_null(decode(p, (struct rfb_rect){2, 3, w, h}, plain, n));
        for (unsigned y = 0; y < h; y++)
            for (unsigned x = 0; x < w; x++) {
                const uint8_t *q = plain + 1 + (y * w + x) * 3;
                uint32_t expected = q[0] | (uint32_t)q[1] << 8 | (uint32_t)q[2] << 16;
                assert_int_equal(p->pixels[(y + 3) * W + x + 2], expected);
            }
    }
    pair_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_tile),
        cmocka_unit_test(a_rectangle_of_four_tiles),
        cmocka_unit_test(a_run_of_many_bytes),
        cmocka_unit_test(what_is_broken),
        cmocka_unit_test(one_byte_too_many_is_held_back),
        cmocka_unit_test(many_rectangles_of_one_stream),
    };
    return cmocka_run_group_tests_name("client_zrle", tests, NULL, NULL);
}
