/* SPDX-License-Identifier: GPL-2.0-or-later
 * Hextile tile by tile, from bytes that the test writes (RFC 6143 section 7.7.4). */
#include <stdlib.h>
#include <string.h>

#include "client/hextile.h"
#include "unit.h"

enum { W = 40, H = 36 };
#define OPAQUE 0xff000000

static uint32_t pixels[W * H];

/* From a heap block of the exact size, so that reading beyond it is seen. */
static const char *decode(struct rfb_rect r, const void *body, size_t len)
{
    uint8_t *exact = malloc(len != 0 ? len : 1);
    memcpy(exact, body, len);
    const char *why = hextile_decode(r, exact, len, pixels, W);
    free(exact);
    return why;
}

static void assert_colours(int x, int y, int w, int h, uint32_t colour)
{
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            assert_int_equal(pixels[j * W + i], colour);
}

static void each_kind_of_tile(void **state)
{
    static const struct rfb_rect all = {3, 2, 20, 18}; /* tiles of 16x16, 4x16, 16x2, 4x2 */
    uint8_t body[300], *at = body;
    (void)state;
    memset(pixels, 0, sizeof pixels);
    /* a background and a foreground, which stay, with two subrectangles */
    memcpy(at, "\x0e\1\1\1\0\2\2\2\0\2\x12\x30\xff\x00", 14);
    at += 14;
    /* two subrectangles of their own colours on the same background */
    memcpy(at, "\x18\2\3\3\3\0\x00\x00\4\4\4\0\x3f\x00", 14);
    at += 14;
    /* raw, whatever else its flags say */
    *at++ = 0x1f;
    for (int i = 0; i < 32 * 4; i++)
        *at++ = (uint8_t)i;
    *at++ = 0; /* the background alone */
    assert_null(decode(all, body, (size_t)(at - body)));
    assert_colours(3, 2, 16, 1, OPAQUE | 0x010101);
    assert_colours(4, 4, 4, 1, OPAQUE | 0x020202);  /* x 1, y 2, 4x1 */
    assert_colours(8, 4, 11, 1, OPAQUE | 0x010101); /* beside it */
    assert_colours(3, 17, 1, 1, OPAQUE | 0x010101);
    assert_colours(19, 2, 1, 1, OPAQUE | 0x030303);
    assert_colours(20, 2, 3, 15, OPAQUE | 0x010101);
    assert_colours(22, 17, 1, 1, OPAQUE | 0x040404);
    for (uint32_t i = 0; i < 32; i++)
        assert_int_equal(pixels[(18 + i / 16) * W + 3 + i % 16],
                         OPAQUE | (4 * i) | (4 * i + 1) << 8 | (4 * i + 2) << 16);
    assert_colours(19, 18, 4, 2, OPAQUE | 0x010101);
    /* nothing around it */
    assert_colours(0, 0, W, 2, 0);
    assert_colours(0, 2, 3, H - 2, 0);
    assert_colours(23, 2, W - 23, H - 2, 0);
    assert_colours(0, 20, W, H - 20, 0);
}

static void cut_anywhere_it_is_refused(void **state)
{
    static const struct rfb_rect two = {0, 0, 20, 2};
    uint8_t body[64];
    size_t n = 16;
    (void)state;
    memcpy(body, "\x1e\1\1\1\0\2\2\2\0\1\3\3\3\0\x00\x00", 16);
    body[n++] = 1;
    memset(body + n, 7, 32);
    n += 32;
    assert_null(decode(two, body, n));
    for (size_t i = 0; i < n; i++)
        assert_string_equal(decode(two, body, i), "Hextile: the data ends early");
    assert_string_equal(decode(two, body, n + 1), "Hextile: there are bytes behind the last tile");
}

static void a_subrectangle_stays_in_its_tile(void **state)
{
    (void)state;
    for (unsigned xy = 0; xy < 256; xy++)
        for (unsigned wh = 0; wh < 256; wh++) {
            uint8_t body[12] = "\x0e\1\1\1\0\2\2\2\0\1";
            body[10] = (uint8_t)xy;
            body[11] = (uint8_t)wh;
            int inside = (xy >> 4) + (wh >> 4) + 1 <= 9 && (xy & 15) + (wh & 15) + 1 <= 11;
            memset(pixels, 0, sizeof pixels);
            const char *why = decode((struct rfb_rect){5, 6, 9, 11}, body, sizeof body);
            assert_int_equal(why == NULL, inside);
            assert_colours(14, 0, W - 14, H, 0);
            assert_colours(0, 17, W, H - 17, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_tile),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(a_subrectangle_stays_in_its_tile),
    };
    return cmocka_run_group_tests_name("client_hextile", tests, NULL, NULL);
}
