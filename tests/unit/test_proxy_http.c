/* SPDX-License-Identifier: GPL-2.0-or-later
 * Request heads: whole, one byte at a time, cut, oversized and broken; and the answers' heads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/http.h"
#include "unit.h"

/* Feeds `text` in pieces of `piece` bytes; what feed answered last. */
static int feed(struct http_head *h, const char *text, size_t len, size_t piece, size_t *taken)
{
    const char *why = NULL;
    int rc = 0;
    http_head_init(h);
    for (*taken = 0; rc == 0 && *taken < len;) {
        size_t n = len - *taken < piece ? len - *taken : piece, used = 0;
        /* a copy of its own, so that the sanitizer sees a read behind the end */
        uint8_t *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, text + *taken, n);
        rc = http_head_feed(h, copy, n, &used, &why);
        free(copy);
        assert_true(used <= n);
        if (rc == 0)
            assert_int_equal(used, n);
        *taken += used;
    }
    assert_int_equal(rc < 0, why != NULL);
    return rc;
}

static void reads_heads_in_any_pieces(void **state)
{
    (void)state;
    static const char text[] =
        "GET /stream?a=b&token=t HTTP/1.1\r\nhost: example\r\nX-Long-Name-That-"
        "No-Table-Has-And-No-Array-Holds: Host: x\r\nX:\r\nUPGRADE: websocket\r\n"
        "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Protocol: a\r\n"
        "Authorization: Bearer x\r\nSec-WebSocket-Protocol: b, c\r\n\r\nrest";
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct http_head h;
        size_t taken;
        assert_int_equal(feed(&h, text, sizeof text - 1, piece, &taken), 1);
        assert_int_equal(taken, sizeof text - 1 - 4);
        assert_string_equal(h.path, "/stream");
        assert_string_equal(h.query, "a=b&token=t");
        assert_string_equal(h.headers[HTTP_H_HOST], "example");
        assert_string_equal(h.headers[HTTP_H_UPGRADE], "websocket");
        assert_string_equal(h.headers[HTTP_H_WS_PROTOCOL], "a, b, c");
        assert_string_equal(h.headers[HTTP_H_AUTHORIZATION], "Bearer x");
        assert_null(h.headers[HTTP_H_WS_KEY]);
        assert_int_equal(h.method, HTTP_GET);
        assert_true(h.upgrade && h.keep_alive && !h.has_body);
        http_head_reset(&h);
        assert_null(h.headers[HTTP_H_HOST]);
        http_head_reset(&h);
    }
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } cases[] = {
        {"garbage\r\n\r\n", -400},
        {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", -505},
        {"GET / HTTP/1.1\r\n\r\n", -400},
        {"GET / HTTP/1.0\r\n\r\n", 1},
        {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: y\r\nSec-WebSocket-Key: y\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\001\r\n\r\n", -400},
        {"GET http://h:99999/ HTTP/1.1\r\nHost: x\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\ntransfer-encoding:\r\n\r\n", -400},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nX-Other : y\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://x\r\nOrigin: https://y\r\n\r\n", -400},
        {"\x16\x03\x01\x02", -400},
        {"GET / HTTP/1.1\r\nHost:\r\nUpgrade: y\r\n\r\n", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t piece = 1; piece < 100; piece += 98) {
            struct http_head h;
            size_t taken;
            assert_int_equal(feed(&h, cases[i].text, strlen(cases[i].text), piece, &taken),
                             cases[i].rc);
            http_head_reset(&h);
        }
    }
}

static void sees_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_body;
    } cases[] = {
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", true},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_head h;
        size_t taken;
        assert_int_equal(feed(&h, cases[i].text, strlen(cases[i].text), 1000, &taken), 1);
        assert_int_equal(h.has_body, cases[i].has_body);
        http_head_reset(&h);
    }
}

static void limits_the_head(void **state)
{
    (void)state;
    static const char start[] = "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ";
    for (size_t piece = 1; piece < 20000; piece = piece * 7 + 1) {
        for (int over = 0; over <= 1; over++) {
            static char text[HTTP_HEAD_MAX + 2];
            struct http_head h;
            size_t taken, len = HTTP_HEAD_MAX + (size_t)over;
            memset(text, 'a', len);
            memcpy(text, start, sizeof start - 1);
            snprintf(text + len - 4, 5, "\r\n\r\n");
            assert_int_equal(feed(&h, text, len, piece, &taken), over ? -431 : 1);
            assert_true(taken <= HTTP_HEAD_MAX);
            http_head_reset(&h);
        }
    }
}

static void survives_cut_and_random_input(void **state)
{
    (void)state;
    static const char text[] = "GET /x?y HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nIf-None-Match: \"a\"\r\n\r\n";
    unsigned seed = 1;
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        struct http_head h;
        size_t taken;
        assert_int_equal(feed(&h, text, cut, 5, &taken), 0);
        http_head_reset(&h);
    }
    for (int round = 0; round < 20000; round++) {
        char noisy[sizeof text];
        struct http_head h;
        size_t taken;
        memcpy(noisy, text, sizeof text);
        for (int i = 0; i < 3; i++) {
            seed = seed * 1103515245u + 12345u;
            noisy[(seed >> 8) % (sizeof text - 1)] = (char)(seed >> 20);
        }
        feed(&h, noisy, sizeof text - 1, 1 + (size_t)round % 40, &taken);
        http_head_reset(&h);
    }
}

static void splits_lists(void **state)
{
    (void)state;
    const char *list = " a ,,b\t, c d,\"x\" ,", *element;
    size_t n;
    static const char *const expected[] = {"a", "b", "c d", "\"x\""};
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(http_list_next(&list, &element, &n));
        assert_int_equal(n, strlen(expected[i]));
        assert_memory_equal(element, expected[i], n);
    }
    assert_false(http_list_next(&list, &element, &n));
    assert_false(http_list_next(&list, &element, &n));
}

static void writes_answers(void **state)
{
    (void)state;
    struct rfb_buf out;
    rfb_buf_init(&out, HTTP_ANSWER_MAX);
    struct http_answer a = {
        .status = 401, .type = "text/plain", .extra = "X: y\r\n", .length = 12, .close = true};
    assert_int_equal(http_put_answer(&out, &a), 0);
    assert_int_equal(rfb_buf_put_u8(&out, 0), 0);
    const char *text = (const char *)rfb_buf_data(&out);
    static const char start[] = "HTTP/1.1 401 Unauthorized\r\nDate: ";
    assert_memory_equal(text, start, sizeof start - 1);
    static const char *const parts[] = {"\r\nConnection: close\r\n",
                                        "\r\nContent-Length: 12\r\n",
                                        "\r\nContent-Type: text/plain\r\n",
                                        "\r\nX: y\r\n",
                                        "\r\nContent-Security-Policy: default-src 'none'; ",
                                        "\r\nX-Content-Type-Options: nosniff\r\n\r\n",
                                        "\r\nReferrer-Policy: no-referrer\r\n",
                                        "\r\nCache-Control: no-cache\r\n"};
    for (size_t i = 0; i < COUNT(parts); i++)
        assert_non_null(strstr(text, parts[i]));
    rfb_buf_finish(&out);
    assert_int_equal(http_put_switch(&out, "abc=", "binary"), 0);
    static const char expected[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                   "Connection: Upgrade\r\nSec-WebSocket-Accept: abc=\r\n"
                                   "Sec-WebSocket-Protocol: binary\r\n\r\n";
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(rfb_buf_data(&out), expected, out.len);
    rfb_buf_finish(&out);
}

static void compares_origins(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *host;
        bool same;
    } cases[] = {
        {"https://h.example", "h.example", true},
        {"https://h.example:6080", "h.example:6080", true},
        {"https://H.example", "h.Example:443", true},
        {"https://h.example:443", "h.example", true},
        {"https://[::1]:6080", "[::1]:6080", true},
        {"http://h.example:443", "h.example", true},
        {"https://h.example", "h.example:6080", false},
        {"https://h.example:6080", "h.example", false},
        {"http://h.example", "h.example", false},
        {"https://h.example.evil", "h.example", false},
        {"https://evil", "h.example", false},
        {"https://h.example@evil", "h.example", false},
        {"https://evil", "evil@h.example", false},
        {"https://h.example/", "h.example", false},
        {"https://h.example?", "h.example", false},
        {"https://h.example#", "h.example", false},
        {"https://h.example", "h.example/", false},
        {"null", "null", false},
        {"", "", false},
        {"https://", "", false},
        {"h.example", "h.example", false},
        {"https://h.example:70000", "h.example:70000", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(http_same_origin(cases[i].origin, cases[i].host), cases[i].same);
    static char longest[HTTP_HEAD_MAX];
    memset(longest, 'h', sizeof longest - 1);
    assert_false(http_same_origin("https://h", longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_heads_in_any_pieces),
        cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(sees_bodies),
        cmocka_unit_test(limits_the_head),
        cmocka_unit_test(survives_cut_and_random_input),
        cmocka_unit_test(splits_lists),
        cmocka_unit_test(writes_answers),
        cmocka_unit_test(compares_origins),
    };
    return cmocka_run_group_tests_name("proxy HTTP", tests, NULL, NULL);
}
