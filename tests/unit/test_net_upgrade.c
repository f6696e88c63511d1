/* SPDX-License-Identifier: GPL-2.0-or-later
 * Asking for a WebSocket: what is sent, and what each answer means, however it is cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/upgrade.h"
#include "unit.h"

static const struct stream_ws plain = {.host = "box", .path = "/stream"};
static const struct stream_ws with_token = {.host = "box", .path = "/stream", .token = "abc"};

static void begin(struct upgrade *u, const struct stream_ws *how, char request[1024])
{
    struct rfb_buf out;
    rfb_buf_init(&out, 1023);
    assert_int_equal(upgrade_begin(u, how, &out, NULL), PH_OK);
    memcpy(request, rfb_buf_data(&out), out.len);
    request[out.len] = '\0';
    rfb_buf_finish(&out);
}

static void requests(void **state)
{
    static const struct {
        struct stream_ws how;
        const char *head, *tail;
    } cases[] = {
        {{"box", 0, "/", NULL}, "GET / HTTP/1.1\r\nHost: box\r\n", "binary\r\n\r\n"},
        {{"box", 6080, "/a?b", NULL}, "GET /a?b HTTP/1.1\r\nHost: box:6080\r\n", "binary\r\n\r\n"},
        {{"::1", 6080, "/", NULL}, "GET / HTTP/1.1\r\nHost: [::1]:6080\r\n", "binary\r\n\r\n"},
        {{"fe80::1%eth0", 0, "/", NULL}, "GET / HTTP/1.1\r\nHost: [fe80::1]\r\n", "binary\r\n\r\n"},
        {{"box", 0, "/", "T0.k-en"},
         "GET / HTTP/1.1\r\nHost: box\r\n",
         "binary\r\nAuthorization: Bearer T0.k-en\r\n\r\n"},
    };
    static const char middle[] = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct upgrade u;
        char request[1024], expected[1024], key[25] = "", accept[WS_ACCEPT_SIZE];
        begin(&u, &cases[i].how, request);
        const char *at = strstr(request, "Key: ");
        assert_non_null(at);
        memcpy(key, at + 5, 24);
        assert_int_equal(ws_accept(key, accept), 0); /* it is the base64 of 16 bytes */
        assert_string_equal(accept, u.accept);
        snprintf(expected, sizeof expected,
                 "%s%s%s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s", cases[i].head,
                 middle, key, cases[i].tail);
        assert_string_equal(request, expected);
    }
}

static void keys_differ(void **state)
{
    struct upgrade a, b;
    char request[1024];
    (void)state;
    begin(&a, &plain, request);
    begin(&b, &plain, request);
    assert_string_not_equal(a.accept, b.accept);
}

#define OK_HEAD "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n"

/* A $ stands for the right Sec-WebSocket-Accept; what follows the answer is not its own. */
static const struct answer {
    const char *text;
    const struct stream_ws *how;
    int rc;
    const char *part;
} answers[] = {
    {OK_HEAD "Sec-WebSocket-Accept: $\r\n\r\n", &plain, 1, NULL},
    {OK_HEAD "Sec-WebSocket-Accept: $\r\nSec-WebSocket-Protocol: binary\r\nX: y\r\n\r\n", &plain, 1,
     NULL},
    {"HTTP/1.1 101 Yes\r\nconnection: keep-alive, UPGRADE\r\nupgrade: WebSocket\r\n"
     "sec-websocket-accept:   $  \r\n\r\n",
     &plain, 1, NULL},
    {OK_HEAD "\r\n", &plain, PH_E_PROTOCOL, "Accept does not fit"},
    {OK_HEAD "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", &plain, PH_E_PROTOCOL,
     "Accept does not fit"},
    {OK_HEAD "Sec-WebSocket-Accept: $x\r\n\r\n", &plain, PH_E_PROTOCOL, "Accept does not fit"},
    {OK_HEAD "Sec-WebSocket-Accept: $\r\nSec-WebSocket-Protocol: base64\r\n\r\n", &plain,
     PH_E_PROTOCOL, "subprotocol"},
    {OK_HEAD "Sec-WebSocket-Accept: $\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
     &plain, PH_E_PROTOCOL, "extension"},
    {"HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websockets\r\n"
     "Sec-WebSocket-Accept: $\r\n\r\n",
     &plain, PH_E_PROTOCOL, "something else"},
    {"HTTP/1.1 401 Unauthorized\r\n" TEXT "Content-Length: 10\r\n\r\nGo away.\n!", &with_token,
     PH_E_PASSWORD, "401 Unauthorized to /stream: Go away."},
    {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", &plain, PH_E_PASSWORD,
     "wants a token and none was given"},
    {"HTTP/1.1 403 No\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>!", &plain,
     PH_E_REFUSED, "403 No to /stream"},
    {"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n" TEXT "\r\n4\r\nhere\r\n0\r\n\r\n",
     &plain, PH_E_NOT_FOUND, "/stream: here; is this the path"},
    {"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", &plain, PH_E_TOO_MANY_TRIES, "429 Slow"},
    {"HTTP/1.1 502 Bad\r\n" TEXT "Content-Length: 6\r\n\r\na\x1b[2Jb", &plain, PH_E_UNREACHABLE,
     "502 Bad to /stream: a [2Jb"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", &plain, PH_E_PROTOCOL, "no WebSocket"},
    {"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", &plain, PH_E_PROTOCOL,
     "302 Found"},
    {"RFB 003.008\n", &plain, PH_E_PROTOCOL, "no HTTP"},
};

static void run(const struct answer *a, size_t piece)
{
    struct upgrade u;
    char request[1024], text[1024];
    ph_error e = {.code = 0};
    begin(&u, a->how, request);
    const char *dollar = strchr(a->text, '$');
    int head = dollar != NULL ? (int)(dollar - a->text) : (int)strlen(a->text);
    int len = snprintf(text, sizeof text, "%.*s%s%s", head, a->text, dollar ? u.accept : "",
                       dollar ? dollar + 1 : "");
    size_t taken = 0, used;
    int rc = 0;
    memcpy(text + len, "\x82\x01!", 3); /* a frame behind it */
    for (size_t at = 0; rc == 0 && at < (size_t)len + 3; at += piece) {
        size_t n = (size_t)len + 3 - at < piece ? (size_t)len + 3 - at : piece;
        char *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, text + at, n);
        rc = upgrade_feed(&u, copy, n, &used, &e);
        taken += used;
        free(copy);
    }
    if (rc != a->rc)
        fail_msg("pieces of %zu: %d, %s: %s", piece, rc, e.message, a->text);
    if (rc == 1)
        assert_int_equal(taken, len);
    else if (strstr(e.message, a->part) == NULL)
        fail_msg("'%s' does not hold '%s'", e.message, a->part);
}

static void answers_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++)
        for (size_t piece = 1; piece < 700; piece += piece < 20 ? 1 : 97)
            run(&answers[i], piece);
}

/* What does not end is ended. */
static void endless_answers(void **state)
{
    static const struct {
        const char *head, *part;
        int rc;
    } cases[] = {
        {"HTTP/1.1 101 Yes\r\nX: ", "longer than 8192 bytes", PH_E_PROTOCOL},
        {"HTTP/1.1 403 No\r\n" TEXT "\r\n", "403 No to /stream: xxx", PH_E_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct upgrade u;
        char request[1024], xs[1000];
        ph_error e;
        size_t used, fed = 0;
        begin(&u, &plain, request);
        memset(xs, 'x', sizeof xs);
        int rc = upgrade_feed(&u, cases[i].head, strlen(cases[i].head), &used, &e);
        for (; rc == 0; fed += used)
            rc = upgrade_feed(&u, xs, sizeof xs, &used, &e);
        assert_int_equal(rc, cases[i].rc);
        assert_true(fed <= UPGRADE_HEAD_MAX);
        assert_non_null(strstr(e.message, cases[i].part));
    }
}

static void ends(void **state)
{
    struct upgrade u;
    char request[1024];
    ph_error e;
    size_t used;
    static const char head[] = "HTTP/1.1 403 No\r\n" TEXT "\r\nbecause";
    (void)state;
    begin(&u, &plain, request);
    assert_int_equal(upgrade_end(&u, &e), PH_E_CLOSED);
    assert_int_equal(upgrade_feed(&u, head, sizeof head - 1, &used, &e), 0);
    assert_int_equal(upgrade_end(&u, &e), PH_E_REFUSED);
    assert_non_null(strstr(e.message, "403 No to /stream: because"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(endless_answers),
        cmocka_unit_test(ends),
    };
    return cmocka_run_group_tests_name("net/upgrade", tests, NULL, NULL);
}
