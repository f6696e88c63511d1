/* SPDX-License-Identifier: GPL-2.0-or-later
 * Clipboard messages: expected bytes beside the text, round trips, and what hostile peers send. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "rfb/clipboard.h"
#include "rfb/err.h"
#include "rfb/text.h"
#include "unit.h"

enum { MAX = 1 << 20 };

static void assert_bytes(struct rfb_buf *b, const void *expected, size_t n)
{
    assert_int_equal(b->len, n);
    assert_memory_equal(rfb_buf_data(b), expected, n);
    rfb_buf_finish(b);
}

static void short_messages(void **state)
{
    static const uint8_t caps[] = {6, 0, 0, 0, 255, 255, 255, 248, 0x13, 0, 0, 1, 0, 4, 0, 0};
    static const uint8_t notify[] = {3, 0, 0, 0, 255, 255, 255, 252, 8, 0, 0, 1};
    struct rfb_buf out;
    struct rfb_clip m;
    (void)state;
    rfb_buf_init(&out, 16);
    assert_int_equal(rfb_clip_put_caps(&out, 6, RFB_CLIP_REQUEST | RFB_CLIP_PROVIDE, 0x40000),
                     RFB_OK);
    assert_int_equal(rfb_clip_put_action(&out, 6, RFB_CLIP_PEEK), RFB_E_TOO_LARGE);
    assert_bytes(&out, caps, sizeof caps);
    assert_int_equal(rfb_clip_put_action(&out, 3, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT), RFB_OK);
    assert_bytes(&out, notify, sizeof notify);

    assert_int_equal(rfb_clip_get(caps + 8, 8, &m), RFB_OK);
    assert_int_equal(m.flags, RFB_CLIP_CAPS | RFB_CLIP_REQUEST | RFB_CLIP_PROVIDE | RFB_CLIP_TEXT);
    assert_int_equal(m.text_max, 0x40000);
    assert_int_equal(rfb_clip_get(notify + 8, 4, &m), RFB_OK);
    assert_int_equal(m.flags, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT);
    for (size_t n = 0; n < 4; n++)
        assert_int_equal(rfb_clip_get(notify + 8, n, &m), RFB_E_INVALID);
}

/* A size for each format, of which text is the first. */
static void caps_of_all_formats(void **state)
{
    uint8_t body[4 + 4 * 16] = {0x1f, 0, 0xff, 0xff, 0, 0, 1, 0, 9, 9, 9, 9};
    struct rfb_clip m;
    (void)state;
    assert_int_equal(rfb_clip_get(body, sizeof body, &m), RFB_OK);
    assert_int_equal(m.text_max, 256);
    assert_int_equal(rfb_clip_get(body, sizeof body - 1, &m), RFB_E_INVALID);
    body[3] = 0xfe; /* all but text */
    assert_int_equal(rfb_clip_get(body, sizeof body - 4, &m), RFB_OK);
    assert_int_equal(m.text_max, 0);
}

/* The message that rfb_clip_put_text made, taken apart again. */
static void there_and_back(const char *text, const char *expected)
{
    struct rfb_buf out, back;
    struct rfb_clip m;
    rfb_buf_init(&out, 2 * MAX);
    rfb_buf_init(&back, MAX);
    assert_int_equal(rfb_clip_put_text(&out, 6, text), RFB_OK);
    const uint8_t *p = rfb_buf_data(&out);
    assert_int_equal(p[0], 6);
    assert_int_equal(rfb_get_s32(p + 4), -(int)(out.len - 8));
    assert_int_equal(rfb_clip_get(p + 8, out.len - 8, &m), RFB_OK);
    assert_int_equal(m.flags, RFB_CLIP_PROVIDE | RFB_CLIP_TEXT);
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_OK);
    assert_bytes(&back, expected, strlen(expected));
    rfb_buf_finish(&out);
}

static void texts_come_back(void **state)
{
    enum { LONG = 100000 };
    (void)state;
    char *text = malloc(LONG + 1);
    assert_non_null(text);
    for (size_t i = 0; i < LONG; i++)
        text[i] = (char)(i % 80 == 79 ? '\n' : 'a' + i * i % 23);
    text[LONG] = '\0';
    there_and_back(text, text);
    free(text);
    there_and_back("", "");
    there_and_back("plain", "plain");
    there_and_back("\u00e4\u4f60\U0001f600", "\u00e4\u4f60\U0001f600");
    there_and_back("\nunix\n\ndos\r\nend\n", "\nunix\n\ndos\nend\n");
}

/* size as a peer claims it, then bytes, compressed. */
static struct rfb_clip provide(uint32_t size, const void *bytes, size_t n, uint8_t *wire,
                               size_t wire_size)
{
    uLongf len = wire_size;
    uint8_t *plain = malloc(4 + n);
    assert_non_null(plain);
    rfb_set_u32(plain, size);
    memcpy(plain + 4, bytes, n);
    assert_int_equal(compress(wire, &len, plain, (uLong)(4 + n)), Z_OK);
    free(plain);
    return (struct rfb_clip){.flags = RFB_CLIP_PROVIDE | RFB_CLIP_TEXT, .data = wire, .n = len};
}

static void line_ends_and_nul(void **state)
{
    uint8_t wire[256];
    struct rfb_buf back;
    (void)state;
    rfb_buf_init(&back, MAX);
    struct rfb_clip m = provide(12, "a\r\nb\rc\n\r\nd\0", 12, wire, sizeof wire);
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_OK);
    assert_bytes(&back, "a\nb\nc\n\nd", 8);
    m = provide(7, "ab\0cd\r\n", 7, wire, sizeof wire);
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_OK);
    assert_bytes(&back, "ab", 2);
    m = provide(2, "no", 2, wire, sizeof wire); /* without a NUL */
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_OK);
    assert_bytes(&back, "no", 2);
}

static void broken_provides_are_refused(void **state)
{
    uint8_t wire[256];
    struct rfb_buf back;
    (void)state;
    rfb_buf_init(&back, MAX);
    struct rfb_clip m = provide(6, "hello", 6, wire, sizeof wire);
    for (size_t n = 0; n < m.n; n++) {
        struct rfb_clip cut = m;
        cut.n = n;
        int rc = rfb_clip_get_text(&cut, MAX, &back);
        /* what ends the block, and the checksum, is nobody's but zlib's */
        assert_true(rc == RFB_E_INVALID || n >= m.n - 6);
        rfb_buf_finish(&back);
    }
    m = provide(7, "hello", 6, wire, sizeof wire); /* claims more than there is */
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_E_INVALID);
    rfb_buf_finish(&back);
    wire[0] ^= 0x40;
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_E_INVALID);
    rfb_buf_finish(&back);
}

/* Megabytes from a few bytes: nothing of them is inflated that was not allowed, or claimed. */
static void bombs_are_refused(void **state)
{
    enum { BOMB = 8 << 20 };
    uint8_t wire[16 << 10];
    struct rfb_buf back;
    (void)state;
    char *zeros = malloc(BOMB);
    assert_non_null(zeros);
    memset(zeros, 'x', BOMB);
    rfb_buf_init(&back, MAX);
    struct rfb_clip m = provide(BOMB, zeros, BOMB, wire, sizeof wire);
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_E_TOO_LARGE);
    assert_int_equal(back.cap, 0);
    m = provide(UINT32_MAX, zeros, 16, wire, sizeof wire);
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_E_TOO_LARGE);
    m = provide(16, zeros, BOMB, wire, sizeof wire);
    assert_int_equal(rfb_clip_get_text(&m, MAX, &back), RFB_OK);
    assert_int_equal(back.len, 16);
    rfb_buf_finish(&back);
    free(zeros);
}

static void latin1(void **state)
{
    static const uint8_t expected[] = {6, 0, 0, 0, 0, 0, 0, 4, 'a', 0xe4, 0xff, '\n'};
    struct rfb_buf out;
    size_t bad = 0;
    uint32_t point = 0;
    (void)state;
    rfb_buf_init(&out, 64);
    assert_int_equal(rfb_clip_put_latin1(&out, 6, "a\u00e4\u00ff\n", &bad, &point), RFB_OK);
    assert_bytes(&out, expected, sizeof expected);
    assert_int_equal(rfb_clip_put_latin1(&out, 6, "\u00e4\u00e4\u20ac", &bad, &point),
                     RFB_E_INVALID);
    assert_int_equal(bad, 3);
    assert_int_equal(point, 0x20ac);
    assert_int_equal(out.len, 0);
    assert_int_equal(rfb_clip_get_latin1((const uint8_t *)"a\xe4\xff\x80\r\nb\0c", 9, &out),
                     RFB_OK);
    assert_bytes(&out, "a\u00e4\u00ff\xc2\x80\nb", 9);
}

static void characters(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        uint32_t point;
    } all[] = {
        {"a", 1, 'a'},
        {"\u00e4", 2, 0xe4},
        {"\u20ac", 3, 0x20ac},
        {"\U0001f600", 4, 0x1f600},
        {"\xc0\x80", 0, 0xc0},
        {"\xed\xa0\x80", 0, 0xed},
        {"\xf4\x90\x80\x80", 0, 0xf4},
        {"\xe2\x82", 0, 0xe2},
        {"\x80", 0, 0x80},
    };
    char broken[] = "a\xff\u00e4\xe2\x82z\xc3";
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint32_t point;
        assert_int_equal(rfb_text_next(all[i].text, &point), all[i].n);
        if (all[i].n != 0)
            assert_int_equal(point, all[i].point);
    }
    rfb_text_make_utf8(broken);
    assert_string_equal(broken, "a?\u00e4??z?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_messages),
        cmocka_unit_test(caps_of_all_formats),
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(line_ends_and_nul),
        cmocka_unit_test(broken_provides_are_refused),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(latin1),
        cmocka_unit_test(characters),
    };
    return cmocka_run_group_tests_name("rfb_clipboard", tests, NULL, NULL);
}
