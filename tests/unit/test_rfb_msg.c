/* SPDX-License-Identifier: GPL-2.0-or-later
 * Messages against the bytes of RFC 6143, and the rules about pixel formats and sizes. */
#include <string.h>

#include "hex.h"
#include "rfb/err.h"
#include "rfb/msg.h"
#include "unit.h"

static const struct rfb_pixel_format rgb565 = {16, 16, false, true, 31, 63, 31, 11, 5, 0};
static const struct rfb_pixel_format big_rgb = {32, 24, true, true, 255, 255, 255, 0, 8, 16};
static const struct rfb_pixel_format map8 = {8, 8, false, false, 0, 0, 0, 0, 0, 0};

static void assert_bytes(const void *bytes, size_t n, const char *expected)
{
    struct hex h = hex_parse(expected);
    assert_int_equal(n, h.n);
    if (n != 0)
        assert_memory_equal(bytes, h.bytes, n);
    hex_finish(&h);
}

/* The buffer's content, which is dropped. */
static void assert_put(struct rfb_buf *b, int rc, const char *expected)
{
    assert_int_equal(rc, RFB_OK);
    assert_bytes(rfb_buf_data(b), b->len, expected);
    rfb_buf_consume(b, b->len);
}

/* RFC 6143 7.4: bits, depth, big-endian, true colour, three maxima, three shifts, padding. */
static void pixel_formats(void **state)
{
    (void)state;
    static const struct {
        const struct rfb_pixel_format *format;
        const char *bytes;
    } cases[] = {
        {&rfb_bgrx, "20 18 00 01  00ff 00ff 00ff  10 08 00  000000"},
        {&big_rgb, "20 18 01 01  00ff 00ff 00ff  00 08 10  000000"},
        {&rgb565, "10 10 00 01  001f 003f 001f  0b 05 00  000000"},
        {&map8, "08 08 00 00  0000 0000 0000  00 00 00  000000"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t p[16];
        struct rfb_pixel_format back;
        memset(p, 0xee, sizeof p);
        rfb_msg_set_pixel_format(p, cases[i].format);
        assert_bytes(p, sizeof p, cases[i].bytes);
        assert_int_equal(rfb_msg_get_pixel_format(p, &back), RFB_OK);
        uint8_t again[16];
        rfb_msg_set_pixel_format(again, &back);
        assert_memory_equal(again, p, sizeof p);
    }
}

static void pixel_format_fields(void **state)
{
    (void)state;
    /* flags are "zero or not", and what stands in the padding is nothing to us */
    struct hex h = hex_parse("20 18 02 80  0102 0304 0506  07 08 09  ffffff");
    struct rfb_pixel_format pf;
    assert_int_equal(rfb_msg_get_pixel_format(h.bytes, &pf), RFB_OK);
    assert_int_equal(pf.bits_per_pixel, 32);
    assert_int_equal(pf.depth, 24);
    assert_true(pf.big_endian);
    assert_true(pf.true_colour);
    assert_int_equal(pf.red_max, 0x0102);
    assert_int_equal(pf.green_max, 0x0304);
    assert_int_equal(pf.blue_max, 0x0506);
    assert_int_equal(pf.red_shift, 7);
    assert_int_equal(pf.green_shift, 8);
    assert_int_equal(pf.blue_shift, 9);
    hex_finish(&h);
}

static void impossible_pixel_formats(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int rc;
    } cases[] = {
        {"00 00 00 01  00ff 00ff 00ff  10 08 00  000000", RFB_E_INVALID}, /* bits per pixel */
        {"01 01 00 01  00ff 00ff 00ff  00 00 00  000000", RFB_E_INVALID},
        {"07 07 00 01  00ff 00ff 00ff  00 00 00  000000", RFB_E_INVALID},
        {"18 18 00 01  00ff 00ff 00ff  10 08 00  000000", RFB_E_INVALID},
        {"40 18 00 01  00ff 00ff 00ff  10 08 00  000000", RFB_E_INVALID},
        {"ff 18 00 01  00ff 00ff 00ff  10 08 00  000000", RFB_E_INVALID},
        {"20 00 00 01  00ff 00ff 00ff  10 08 00  000000", RFB_E_INVALID}, /* depth */
        {"20 20 00 01  00ff 00ff 00ff  10 08 00  000000", RFB_OK},
        {"20 21 00 01  00ff 00ff 00ff  10 08 00  000000", RFB_E_INVALID},
        {"10 11 00 01  001f 003f 001f  0b 05 00  000000", RFB_E_INVALID},
        {"08 09 00 00  0000 0000 0000  00 00 00  000000", RFB_E_INVALID},
        {"20 18 00 01  00ff 00ff 00ff  1f 1f 1f  000000", RFB_OK}, /* shifts */
        {"20 18 00 01  00ff 00ff 00ff  20 08 00  000000", RFB_E_INVALID},
        {"20 18 00 01  00ff 00ff 00ff  10 20 00  000000", RFB_E_INVALID},
        {"20 18 00 01  00ff 00ff 00ff  10 08 20  000000", RFB_E_INVALID},
        {"10 10 00 01  001f 003f 001f  10 05 00  000000", RFB_E_INVALID},
        {"08 08 00 01  0007 0007 0003  00 03 08  000000", RFB_E_INVALID},
        {"08 08 00 00  ffff ffff ffff  ff ff ff  000000",
         RFB_OK}, /* no meaning with a colour map */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hex h = hex_parse(cases[i].bytes);
        struct rfb_pixel_format pf;
        assert_int_equal(h.n, 16);
        if (rfb_msg_get_pixel_format(h.bytes, &pf) != cases[i].rc)
            fail_msg("%s: not %d", cases[i].bytes, cases[i].rc);
        hex_finish(&h);
    }
}

/* pixel: bytes; tpixel and cpixel by the rules of Tight and of TRLE and ZRLE. */
static void pixel_bytes(void **state)
{
    (void)state;
    static const struct {
        struct rfb_pixel_format format;
        unsigned pixel, tpixel, cpixel;
    } cases[] = {
        {{32, 24, false, true, 255, 255, 255, 16, 8, 0}, 4, 3, 3},
        {{32, 24, true, true, 255, 255, 255, 16, 8, 0}, 4, 3, 3},
        {{32, 24, false, true, 255, 255, 255, 24, 16, 8}, 4, 3, 3}, /* the high three bytes */
        {{32, 24, false, true, 255, 255, 255, 24, 8, 0}, 4, 3, 4},  /* all four */
        {{32, 24, false, true, 255, 255, 255, 17, 8, 0}, 4, 3, 4},  /* one bit too high */
        {{32, 24, false, true, 255, 255, 255, 24, 16, 7}, 4, 3, 4}, /* one bit too low */
        {{32, 32, false, true, 255, 255, 255, 16, 8, 0}, 4, 4, 4},
        {{32, 25, false, true, 255, 255, 255, 16, 8, 0}, 4, 4, 4},
        {{32, 23, false, true, 255, 255, 255, 16, 8, 0}, 4, 4, 3},
        {{32, 24, false, false, 255, 255, 255, 16, 8, 0}, 4, 4, 4},
        {{32, 24, false, true, 127, 255, 255, 16, 8, 0}, 4, 4, 3},
        {{32, 24, false, true, 255, 127, 255, 16, 8, 0}, 4, 4, 3},
        {{32, 24, false, true, 255, 255, 127, 16, 8, 0}, 4, 4, 3},
        {{32, 24, false, true, 65535, 0, 0, 16, 0, 0}, 4, 4, 3},
        {{32, 24, false, true, 65535, 255, 0, 31, 8, 0}, 4, 4, 4}, /* beyond the pixel */
        {{32, 24, false, true, 0, 65535, 0, 0, 31, 0}, 4, 4, 4},
        {{32, 24, false, true, 0, 0, 65535, 0, 0, 31}, 4, 4, 4},
        {{16, 16, false, true, 31, 63, 31, 11, 5, 0}, 2, 2, 2},
        {{16, 15, false, true, 255, 255, 255, 0, 0, 0}, 2, 2, 2},
        {{8, 8, false, true, 7, 7, 3, 0, 3, 6}, 1, 1, 1},
        {{8, 8, false, false, 0, 0, 0, 0, 0, 0}, 1, 1, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (rfb_pixel_bytes(&cases[i].format) != cases[i].pixel ||
            rfb_tpixel_bytes(&cases[i].format) != cases[i].tpixel ||
            rfb_cpixel_bytes(&cases[i].format) != cases[i].cpixel)
            fail_msg("case %zu: %u %u %u", i, rfb_pixel_bytes(&cases[i].format),
                     rfb_tpixel_bytes(&cases[i].format), rfb_cpixel_bytes(&cases[i].format));
    }
}

static void rectangle_heads(void **state)
{
    (void)state;
    static const struct {
        struct rfb_rect_head head;
        const char *bytes;
    } cases[] = {
        {{{1, 2, 3, 4}, RFB_ENC_TIGHT}, "0001 0002 0003 0004 00000007"},
        {{{0x1234, 0x5678, 0x9abc, 0xdef0}, RFB_ENC_DESKTOP_SIZE}, "1234 5678 9abc def0 ffffff21"},
        {{{0xffff, 0xffff, 0xffff, 0xffff}, RFB_ENC_VMWARE_CURSOR_POS}, "ff*8 574d5666"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t p[12];
        struct rfb_rect_head back;
        rfb_msg_set_rect_head(p, &cases[i].head);
        assert_bytes(p, sizeof p, cases[i].bytes);
        rfb_msg_get_rect_head(p, &back);
        assert_memory_equal(&back, &cases[i].head, sizeof back);
    }
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        int rc;
    } cases[] = {
        {1, 1, RFB_OK},
        {0, 1, RFB_E_INVALID},
        {1, 0, RFB_E_INVALID},
        {0, 65535, RFB_E_INVALID},
        {16384, 4096, RFB_OK}, /* 2^26 */
        {4096, 16384, RFB_OK},
        {8192, 8192, RFB_OK},
        {8192, 8193, RFB_E_TOO_LARGE},
        {16384, 4097, RFB_E_TOO_LARGE},
        {16385, 1, RFB_E_TOO_LARGE},
        {1, 16385, RFB_E_TOO_LARGE},
        {65535, 65535, RFB_E_TOO_LARGE},
        {65536, 65536, RFB_E_TOO_LARGE}, /* the product of 32 bits is 0 */
        {UINT32_MAX, UINT32_MAX, RFB_E_TOO_LARGE},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (rfb_check_size(cases[i].width, cases[i].height) != cases[i].rc)
            fail_msg("%ux%u: not %d", cases[i].width, cases[i].height, cases[i].rc);
}

static void client_messages(void **state)
{
    (void)state;
    static const int32_t encodings[] = {RFB_ENC_ZRLE, RFB_ENC_RAW, RFB_ENC_CURSOR};
    static const uint8_t payload[] = {'a', 'b', 'c'};
    struct rfb_buf b;
    rfb_buf_init(&b, 1000);
    assert_put(&b, rfb_msg_put_format(&b, &rgb565),
               "00 000000  10 10 00 01 001f 003f 001f 0b 05 00 000000");
    assert_put(&b, rfb_msg_put_encodings(&b, encodings, 3),
               "02 00 0003  00000010 00000000 ffffff11");
    assert_put(&b, rfb_msg_put_encodings(&b, NULL, 0), "02 00 0000");
    assert_put(&b, rfb_msg_put_request(&b, true, (struct rfb_rect){1, 2, 0x304, 0x506}),
               "03 01 0001 0002 0304 0506");
    assert_put(&b, rfb_msg_put_request(&b, false, (struct rfb_rect){0x102, 0x304, 5, 6}),
               "03 00 0102 0304 0005 0006");
    assert_put(&b, rfb_msg_put_key(&b, true, 0xff0d), "04 01 0000 0000ff0d");
    assert_put(&b, rfb_msg_put_key(&b, false, 0x010020ac), "04 00 0000 010020ac");
    assert_put(&b, rfb_msg_put_pointer(&b, 0x85, 0x1234, 0x5678), "05 85 1234 5678");
    assert_put(&b, rfb_msg_put_fence(&b, RFB_FENCE_REQUEST | RFB_FENCE_SYNC_NEXT, payload, 3),
               "f8 000000 80000004 03 'abc'");
    assert_put(&b, rfb_msg_put_continuous(&b, true, (struct rfb_rect){1, 2, 0x304, 0x506}),
               "96 01 0001 0002 0304 0506");
    assert_put(&b, rfb_msg_put_desktop_size(&b, 0x102, 0x304, 0x11223344, 0xa1b2c3d4),
               "fb 00 0102 0304 01 00 11223344 0000 0000 0102 0304 a1b2c3d4");
    assert_put(&b, rfb_msg_put_fence(&b, 1, NULL, 0), "f8 000000 00000001 00");
    rfb_buf_finish(&b);
}

static void fences_are_short(void **state)
{
    (void)state;
    static const uint8_t payload[RFB_FENCE_MAX + 1] = {0};
    struct rfb_buf b;
    rfb_buf_init(&b, 1000);
    assert_int_equal(rfb_msg_put_fence(&b, 0, payload, RFB_FENCE_MAX + 1), RFB_E_TOO_LARGE);
    assert_int_equal(rfb_msg_put_fence(&b, 0, payload, 255), RFB_E_TOO_LARGE);
    assert_int_equal(b.len, 0);
    assert_put(&b, rfb_msg_put_fence(&b, 0, payload, RFB_FENCE_MAX), "f8 000000 00000000 40 00*64");
    rfb_buf_finish(&b);
}

static void server_init(void **state)
{
    (void)state;
    struct rfb_server_init init = {
        .width = 1280, .height = 800, .format = rfb_bgrx, .name = "demo", .name_len = 4};
    struct rfb_buf b;
    rfb_buf_init(&b, 5000);
    assert_put(&b, rfb_msg_put_server_init(&b, &init),
               "0500 0320  20 18 00 01 00ff 00ff 00ff 10 08 00 000000  00000004 'demo'");
    init.name_len = 0;
    assert_put(&b, rfb_msg_put_server_init(&b, &init),
               "0500 0320  20 18 00 01 00ff 00ff 00ff 10 08 00 000000  00000000");
    memset(init.name, 'n', RFB_NAME_MAX);
    init.name_len = RFB_NAME_MAX;
    assert_put(&b, rfb_msg_put_server_init(&b, &init),
               "0500 0320  20 18 00 01 00ff 00ff 00ff 10 08 00 000000  00001000 6e*4096");
    rfb_buf_finish(&b);
}

static int put_format(struct rfb_buf *b)
{
    return rfb_msg_put_format(b, &rfb_bgrx);
}
static int put_encodings(struct rfb_buf *b)
{
    static const int32_t encodings[] = {0, 1};
    return rfb_msg_put_encodings(b, encodings, 2);
}
static int put_request(struct rfb_buf *b)
{
    return rfb_msg_put_request(b, true, (struct rfb_rect){0, 0, 1, 1});
}
static int put_key(struct rfb_buf *b)
{
    return rfb_msg_put_key(b, true, 1);
}
static int put_pointer(struct rfb_buf *b)
{
    return rfb_msg_put_pointer(b, 0, 0, 0);
}
static int put_fence(struct rfb_buf *b)
{
    return rfb_msg_put_fence(b, 0, (const uint8_t *)"ab", 2);
}
static int put_server_init(struct rfb_buf *b)
{
    static const struct rfb_server_init init = {.name = "abc", .name_len = 3};
    return rfb_msg_put_server_init(b, &init);
}

/* One byte short of room, and nothing has been put. */
static void whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        int (*put)(struct rfb_buf *b);
        size_t n;
    } cases[] = {
        {put_format, 20}, {put_encodings, 12}, {put_request, 10},     {put_key, 8},
        {put_pointer, 6}, {put_fence, 11},     {put_server_init, 27},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rfb_buf b;
        rfb_buf_init(&b, cases[i].n - 1);
        assert_int_equal(cases[i].put(&b), RFB_E_TOO_LARGE);
        assert_int_equal(b.len, 0);
        rfb_buf_finish(&b);
        rfb_buf_init(&b, cases[i].n);
        assert_int_equal(cases[i].put(&b), RFB_OK);
        assert_int_equal(b.len, cases[i].n);
        rfb_buf_finish(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixel_formats),
        cmocka_unit_test(pixel_format_fields),
        cmocka_unit_test(impossible_pixel_formats),
        cmocka_unit_test(pixel_bytes),
        cmocka_unit_test(rectangle_heads),
        cmocka_unit_test(sizes),
        cmocka_unit_test(client_messages),
        cmocka_unit_test(fences_are_short),
        cmocka_unit_test(server_init),
        cmocka_unit_test(whole_or_not_at_all),
    };
    return cmocka_run_group_tests_name("rfb/msg", tests, NULL, NULL);
}
