/* SPDX-License-Identifier: GPL-2.0-or-later
 * WebSocket frames: RFC 6455's own examples, every rule a peer can break, any cutting into pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "rfb/buf.h"
#include "unit.h"
#include "ws/ws.h"

/* ws_payload_fn: keeps what came. */
static uint16_t keep(void *owner, const uint8_t *data, size_t len)
{
    assert_int_equal(rfb_buf_put(owner, data, len), 0);
    return 0;
}

static uint16_t feed(struct ws *ws, const char *bytes, size_t len, size_t piece,
                     struct rfb_buf *payload)
{
    uint16_t code = 0;
    assert_int_equal(ws_init(ws), 0);
    for (size_t at = 0; code == 0 && at < len; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        uint8_t *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, bytes + at, n);
        code = ws_feed(ws, copy, n, keep, payload);
        free(copy);
    }
    return code;
}

/* Mask of zeroes, so that the payload can be read here. */
#define M "\0\0\0\0"

static void takes_and_refuses_frames(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        uint16_t code;
        const char *payload;
    } cases[] = {
#define CASE(name, bytes, code, payload) {name, bytes, sizeof(bytes) - 1, code, payload}
        CASE("binary", "\x82\x83" M "abc", 0, "abc"),
        CASE("masked, RFC 6455 section 5.7 as binary",
             "\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 0, "Hello"),
        CASE("empty", "\x82\x80" M "\x82\x81" M "x", 0, "x"),
        CASE("fragments", "\x02\x81" M "a\x00\x81" M "b\x80\x81" M "c\x82\x81" M "d", 0, "abcd"),
        CASE("ping between fragments", "\x02\x81" M "a\x89\x82" M "hi\x80\x81" M "b", 0, "ab"),
        CASE("pong", "\x8a\x82" M "hi\x82\x81" M "x", 0, "x"),
        CASE("16-bit length", "\x82\xfe\x00\x03" M "abc", 1002, ""),
        CASE("text", "\x81\x81" M "a", 1003, ""),
        CASE("not masked",
             "\x82\x01"
             "a",
             1002, ""),
        CASE("reserved bit", "\xc2\x81" M "a", 1002, ""),
        CASE("reserved opcode", "\x83\x81" M "a", 1002, ""),
        CASE("reserved control opcode", "\x8b\x81" M "a", 1002, ""),
        CASE("continuation of nothing", "\x80\x81" M "a", 1002, ""),
        CASE("message within a message", "\x02\x81" M "a\x82\x81" M "b", 1002, "a"),
        CASE("fragmented ping", "\x09\x81" M "a", 1002, ""),
        CASE("long ping", "\x89\xfe\x00\x7e" M, 1002, ""),
        CASE("too large", "\x82\xff\x00\x00\x00\x00\x01\x00\x00\x01" M "a", 1009, ""),
        CASE("impossibly large", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" M "a", 1002, ""),
        CASE("close", "\x88\x82" M "\x03\xe8", 1000, ""),
        CASE("close without code", "\x88\x80" M, 1005, ""),
        CASE("close with half a code", "\x88\x81" M "\x03", 1002, ""),
        CASE("close with 1005", "\x88\x82" M "\x03\xed", 1002, ""),
        CASE("close with 999", "\x88\x82" M "\x03\xe7", 1002, ""),
        CASE("close with 4001 and words",
             "\x88\x85" M "\x0f\xa1"
             "bye",
             4001, ""),
        CASE("close with 1014", "\x88\x82" M "\x03\xf6", 1014, ""),
        CASE("close with 1015", "\x88\x82" M "\x03\xf7", 1002, ""),
        CASE("close in words that are no UTF-8", "\x88\x84" M "\x03\xe8\xce\xff", 1007, ""),
        CASE("close in words cut in a character", "\x88\x83" M "\x03\xe8\xce", 1007, ""),
        CASE("close in UTF-8, a NUL included", "\x88\x86" M "\x03\xe8\0\xce\xbax", 1000, ""),
        CASE("data, then close", "\x82\x81" M "a\x88\x82" M "\x03\xe8", 1000, "a"),
#undef CASE
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t piece = 1; piece <= cases[i].len; piece++) {
            struct ws ws;
            struct rfb_buf payload;
            rfb_buf_init(&payload, 64);
            uint16_t code = feed(&ws, cases[i].bytes, cases[i].len, piece, &payload);
            if (code != cases[i].code)
                print_message("# %s, in pieces of %zu\n", cases[i].name, piece);
            assert_int_equal(code, cases[i].code);
            assert_int_equal(payload.len, strlen(cases[i].payload));
            if (payload.len != 0)
                assert_memory_equal(rfb_buf_data(&payload), cases[i].payload, payload.len);
            rfb_buf_finish(&payload);
            ws_finish(&ws);
        }
    }
}

static void keeps_the_latest_ping(void **state)
{
    (void)state;
    static const char bytes[] = "\x89\x82" M "hi\x89\x83" M "you";
    struct ws ws;
    assert_int_equal(feed(&ws, bytes, sizeof bytes - 1, 100, NULL), 0);
    assert_true(ws.pong_due && !ws.peer_closed);
    assert_int_equal(ws.pong_len, 3);
    assert_memory_equal(ws.pong, "you", 3);
    ws_finish(&ws);
    ws_finish(&ws);
}

static uint16_t stop(void *owner, const uint8_t *data, size_t len)
{
    (void)data;
    *(size_t *)owner += len;
    return 4013;
}

static void stops_when_told(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "\x82\x81" M "a\x82\x81" M "b";
    struct ws ws;
    size_t seen = 0;
    assert_int_equal(ws_init(&ws), 0);
    assert_int_equal(ws_feed(&ws, bytes, sizeof bytes - 1, stop, &seen), 4013);
    assert_int_equal(seen, 1);
    ws_finish(&ws);
}

static void survives_random_input(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        struct ws ws;
        struct rfb_buf payload;
        rfb_buf_init(&payload, 64);
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[i] = (char)(seed >> 16);
        }
        if (round % 2 == 0) { /* let it come past the first checks */
            bytes[0] = '\x82';
            bytes[1] = '\x84';
        }
        feed(&ws, bytes, sizeof bytes, 1 + (size_t)round % 20, &payload);
        rfb_buf_finish(&payload);
        ws_finish(&ws);
    }
}

static void answers_keys(void **state)
{
    (void)state;
    char accept[WS_ACCEPT_SIZE];
    assert_int_equal(ws_accept("dGhlIHNhbXBsZSBub25jZQ==", accept), 0); /* RFC 6455 section 1.3 */
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    static const char *const bad[] = {"",
                                      "abc",
                                      "dGhlIHNhbXBsZSBub25jZQ=",
                                      "dGhlIHNhbXBsZSBub25jZQ===",
                                      "dGhlIHNhbXBsZSBub25jZQAA",
                                      "dGhlIHNhbXBsZSBub25j\x01Q=="};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ws_accept(bad[i], accept), -1);
}

static void writes_heads_before_payloads(void **state)
{
    (void)state;
    static uint8_t room[WS_HEAD_MAX + 70000];
    static const struct {
        size_t len, head_len;
        const char *head;
    } cases[] = {
        {0, 2, "\x82\x00"},
        {125, 2, "\x82\x7d"},
        {126, 4, "\x82\x7e\x00\x7e"},
        {65535, 4, "\x82\x7e\xff\xff"},
        {65536, 10, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
    };
    struct ws_framer f;
    assert_int_equal(ws_framer_init(&f), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t *payload = room + WS_HEAD_MAX;
        memset(payload, 'p', cases[i].len);
        uint8_t *frame = ws_frame(&f, WSLAY_BINARY_FRAME, payload, cases[i].len);
        assert_int_equal(payload - frame, cases[i].head_len);
        assert_memory_equal(frame, cases[i].head, cases[i].head_len);
        for (size_t k = 0; k < cases[i].len; k++)
            assert_int_equal(payload[k], 'p');
    }
    ws_framer_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_and_refuses_frames),
        cmocka_unit_test(keeps_the_latest_ping),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(survives_random_input),
        cmocka_unit_test(answers_keys),
        cmocka_unit_test(writes_heads_before_payloads),
    };
    return cmocka_run_group_tests_name("proxy WebSocket", tests, NULL, NULL);
}
