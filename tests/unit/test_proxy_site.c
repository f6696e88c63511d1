/* SPDX-License-Identifier: GPL-2.0-or-later
 * What requests are answered: files, tokens in every place, refusals; and what of a folder is
 * served. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/assets.h"
#include "proxy/site.h"
#include "unit.h"

#define GOOD "good-token"
#define OTHER "other-token"
#define WALL "wall-token"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define WS "Upgrade: websocket\r\nConnection: Upgrade\r\n" KEY VERSION
#define FOREIGN                                                                                    \
    "Pages of this origin may not open streams here; allowed_origins in portholed.conf would let " \
    "them.\n"

static char folder[] = "/tmp/test_proxy_site.XXXXXX";
static struct config_desktop desktop = {.name = "d"};
static char agent_name[] = "unix:/run/agent";
static struct config_agent agent = {.name = agent_name, .unix_path = agent_name + 5};
static struct config_desktop watched = {.name = "w", .agent = &agent};
static struct config_stream streams[8] = {
    {.name = "good", .desktop = &desktop, .token_count = 1, .next = &streams[1]},
    {.name = "other", .desktop = &desktop, .token_count = 1, .next = &streams[2]},
    {.name = "named", .desktop = &desktop, .password = "x", .next = &streams[3]},
    {.name = "weak", .desktop = &desktop, .vnc_password = "x", .next = &streams[4]},
    {.name = "whole", .desktop = &watched, .password = "x", .next = &streams[5]},
    {.name = "window",
     .desktop = &watched,
     .password = "x",
     .window = {.selector = "app:a", .wait_s = 1, .frame = true},
     .next = &streams[6]},
    {.name = "rect",
     .desktop = &watched,
     .password = "x",
     .window = {.selector = "rect:9x9+0+0"},
     .next = &streams[7]},
    {.name = "wall", .desktop = &watched, .token_count = 1},
};
static struct config config = {.streams = streams};
static struct service service = {.config = &config, .refs = 1};
static struct streams *all;
static unsigned must_wait; /* seconds */

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *out = fopen(in_folder(name), "we");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
    char why[ASSETS_ERROR_MAX];
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(mkdir(in_folder("root"), 0700), 0);
    assert_int_equal(mkdir(in_folder("root/app"), 0700), 0);
    write_file("secret.js", "secret");
    write_file("root/index.html", "<p>");
    write_file("root/wall.html", "<ul>");
    write_file("root/app/a.js", "1;");
    write_file("root/app/empty.css", "");
    write_file("root/Makefile", "all:");
    write_file("root/.hidden.js", "h");
    write_file("root/a b.js", "space");
    assert_int_equal(symlink("app/a.js", in_folder("root/link.js")), 0);
    service.assets = assets_load(in_folder("root"), why);
    assert_non_null(service.assets);
    assert_int_equal(config_hash_token(GOOD, strlen(GOOD), streams[0].tokens[0]), 0);
    assert_int_equal(config_hash_token(OTHER, strlen(OTHER), streams[1].tokens[0]), 0);
    assert_int_equal(config_hash_token(WALL, strlen(WALL), streams[7].tokens[0]), 0);
    all = streams_create();
    assert_non_null(all);
    streams_limit(all, 1);
    return streams_load(all, &service, NULL, 0);
}

static int tear_down(void **state)
{
    static const char *const names[] = {"root/app/a.js", "root/app/empty.css", "root/index.html",
                                        "root/Makefile", "root/.hidden.js",    "root/a b.js",
                                        "root/link.js",  "root/wall.html",     "secret.js"};
    (void)state;
    streams_destroy(all);
    assets_destroy(service.assets);
    for (size_t i = 0; i < COUNT(names); i++)
        unlink(in_folder(names[i]));
    rmdir(in_folder("root/app"));
    rmdir(in_folder("root"));
    return rmdir(folder);
}

/* Answers "METHOD TARGET" with further headers, and tells which stream it opens. */
static const struct config_stream *ask(const char *request, const char *headers,
                                       struct site_answer *a)
{
    char text[2048];
    const char *why;
    struct http_head h;
    size_t used;
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", request, headers);
    http_head_init(&h);
    assert_int_equal(http_head_feed(&h, (uint8_t *)text, strlen(text), &used, &why), 1);
    site_answer(&service, all, &h, must_wait, a);
    http_head_reset(&h);
    const struct config_stream *opened = a->stream != NULL ? a->stream->config : NULL;
    stream_unref(all, a->stream);
    a->stream = NULL;
    return opened;
}

static void answers_requests(void **state)
{
    (void)state;
    static const struct {
        const char *request, *headers;
        unsigned status;
        const char *body; /* NULL: not to be sent */
        const char *extra;
    } cases[] = {
        {"GET /", "", 200, "<p>", NULL},
        {"GET /?token=x", "", 200, "<p>", NULL},
        {"HEAD /", "", 200, NULL, NULL},
        {"GET /wall", "", 200, "<ul>", NULL},
        {"GET /wall/", "", 404, "There is nothing here.\n", NULL},
        {"GET /app/a.js", "", 200, "1;", NULL},
        {"GET /app/empty.css", "", 200, "", NULL},
        {"GET /link.js", "", 200, "1;", NULL},
        {"GET /healthz", "", 200, "ok\n", NULL},
        {"GET /index.htm", "", 404, "There is nothing here.\n", NULL},
        {"GET /app", "", 404, "There is nothing here.\n", NULL},
        {"GET /app/", "", 404, "There is nothing here.\n", NULL},
        {"GET /Makefile", "", 404, "There is nothing here.\n", NULL},
        {"GET /.hidden.js", "", 404, "There is nothing here.\n", NULL},
        {"GET /a%20b.js", "", 404, "There is nothing here.\n", NULL},
        {"GET /app/../index.html", "", 404, "There is nothing here.\n", NULL},
        {"GET /../secret.js", "", 404, "There is nothing here.\n", NULL},
        {"GET //index.html", "", 404, "There is nothing here.\n", NULL},
        {"OPTIONS /", "", 405, "Only GET and HEAD are taken.\n", "Allow: GET, HEAD\r\n"},
        {"CONNECT x:443", "", 405, "Only GET and HEAD are taken.\n", "Allow: GET, HEAD\r\n"},
        {"POST /", "Content-Length: 1\r\n", 413, "Requests with a body are not taken.\n", NULL},
        {"POST /stream", "Origin: https://evil\r\nContent-Length: 1\r\n", 403, FOREIGN, NULL},
        {"GET /stream?token=" GOOD, WS "Origin: https://evil\r\n", 403, FOREIGN, NULL},
        {"GET /stream", "Origin: https://evil\r\n", 403, FOREIGN, NULL},
        {"GET /healthz", "Origin: https://evil\r\n", 200, "ok\n", NULL},
        {"GET /stream", "Authorization: Bearer wrong-wrong-wrong-wrong-wrong-wr\r\n", 401,
         "This token opens no stream.\n", "WWW-Authenticate: Bearer\r\n"},
        {"GET /stream?token=" GOOD, "", 426, "This address speaks WebSocket only.\n",
         "Upgrade: websocket\r\n"},
        {"GET /stream?token=" GOOD, "Upgrade: h2c\r\nConnection: Upgrade\r\n", 426,
         "This address speaks WebSocket only.\n", "Upgrade: websocket\r\n"},
        {"GET /stream?token=" GOOD, "Upgrade: websocket\r\nConnection: Upgrade\r\n" KEY, 426,
         "Only WebSocket version 13 is spoken here.\n",
         "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"},
        {"GET /stream?token=" GOOD, "Upgrade: websocket\r\nConnection: Upgrade\r\n" VERSION, 400,
         "Sec-WebSocket-Key is missing or is not 16 bytes of base64.\n", NULL},
        {"HEAD /stream", WS, 405, NULL, "Allow: GET\r\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_answer a;
        assert_null(ask(cases[i].request, cases[i].headers, &a));

        assert_int_equal(a.head.status, cases[i].status);
        assert_int_equal(a.body_len, cases[i].body != NULL ? strlen(cases[i].body) : 0);
        if (a.body_len != 0)
            assert_memory_equal(a.body, cases[i].body, a.body_len);
        if (cases[i].extra != NULL)
            assert_string_equal(a.head.extra, cases[i].extra);
        else
            assert_null(a.head.extra);
    }
}

static void finds_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *request, *headers;
        const struct config_stream *stream; /* NULL: 401 */
        const char *protocol;
        const char *refused;
    } cases[] = {
        {"GET /stream?token=" GOOD, WS, &streams[0], NULL, NULL},
        {"GET /stream?token=" OTHER, WS, &streams[1], NULL, NULL},
        {"GET /stream?a=b&token=" GOOD "&c=d", WS, &streams[0], NULL, NULL},
        {"GET /stream?xtoken=" GOOD, WS, NULL, NULL, "no token"},
        {"GET /stream?token=" GOOD "x", WS, NULL, NULL, "wrong token"},
        {"GET /stream?token=", WS, NULL, NULL, "wrong token"},
        {"GET /stream?token=good%2Dtoken", WS, NULL, NULL, "percent-encoded token"},
        {"GET /stream", WS, NULL, NULL, "no token"},
        {"GET /stream", WS "Authorization: bearer  " GOOD "\r\n", &streams[0], NULL, NULL},
        {"GET /stream", WS "Authorization: Basic " GOOD "\r\n", NULL, NULL, "no token"},
        {"GET /stream", WS "Sec-WebSocket-Protocol: binary, porthole.token." GOOD "\r\n",
         &streams[0], "binary", NULL},
        {"GET /stream", WS "Sec-WebSocket-Protocol: porthole.token." GOOD "\r\n", &streams[0], NULL,
         NULL},
        {"GET /stream?token=" GOOD, WS "Sec-WebSocket-Protocol: chat\r\n", &streams[0], NULL, NULL},
        /* the first place counts */
        {"GET /stream?token=" GOOD, WS "Sec-WebSocket-Protocol: binary, porthole.token.x\r\n", NULL,
         NULL, "wrong token"},
        {"GET /stream?token=" GOOD, WS "Authorization: Bearer " OTHER "\r\n", &streams[1], NULL,
         NULL},
        /* a name where a password is asked for instead */
        {"GET /stream?stream=named", WS, &streams[2], NULL, NULL},
        {"GET /stream?a=b&stream=weak", WS, &streams[3], NULL, NULL},
        {"GET /stream?stream=named&token=" OTHER, WS, &streams[1], NULL, NULL},
        {"GET /stream?stream=named&token=x", WS, NULL, NULL, "wrong token"},
        {"GET /stream?stream=good", WS, NULL, NULL, "wrong name"},
        {"GET /stream?stream=none", WS, NULL, NULL, "wrong name"},
        {"GET /stream?stream=", WS, NULL, NULL, "wrong name"},
        {"GET /stream?stream=name", WS, NULL, NULL, "wrong name"},
        {"GET /stream?stream=named123456789012345678901234567890", WS, NULL, NULL, "wrong name"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_answer a;
        assert_ptr_equal(ask(cases[i].request, cases[i].headers, &a), cases[i].stream);
        if (cases[i].refused != NULL) {
            assert_string_equal(refusal_text(a.refused), cases[i].refused);
            assert_int_equal(a.head.status, 401);
            assert_string_equal(a.head.extra, "WWW-Authenticate: Bearer\r\n");
        } else {
            assert_string_equal(a.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            if (cases[i].protocol != NULL)
                assert_string_equal(a.protocol, cases[i].protocol);
            else
                assert_null(a.protocol);
        }
    }
}

static void tells_of_passwords(void **state)
{
    (void)state;
    static const struct {
        const char *request, *text;
    } cases[] = {
        {"GET /stream/rights?token=" GOOD, "none"},
        {"GET /stream/rights?stream=named", "plain"},
        {"GET /stream/rights?stream=weak", "vnc"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_answer a;
        char text[128];
        snprintf(text, sizeof text,
                 "{\"role\":\"view\",\"clipboard\":\"none\",\"password\":\"%s\",\"windows\":"
                 "false,\"max_viewers\":0}\n",
                 cases[i].text);
        assert_null(ask(cases[i].request, "", &a));
        assert_int_equal(a.head.status, 200);
        assert_string_equal(a.text, text);
        assert_int_equal(a.head.length, strlen(text));
    }
    /* a name that a token opens and one that is none are answered the same */
    struct site_answer a, b;
    ask("GET /stream/rights?stream=good", "", &a);
    ask("GET /stream/rights?stream=none", "", &b);
    assert_int_equal(a.head.status, 401);
    assert_int_equal(b.head.status, 401);
    assert_ptr_equal(a.body, b.body);
    assert_string_equal(a.head.extra, b.head.extra);
}

#define BAD_WINDOW                                                                                 \
    "window must be app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT+X+Y, of at most 128 bytes." \
    "\n"
#define NO_OTHER "This stream is of one window, and shows no other.\n"
#define NO_AGENT "This desktop has no agent, which knows the windows.\n"

/* Whatever a request names, it sees no more than its stream. */
/* In the words of the answer, but for the full stop and the line feed. */
static void assert_told_to_the_log(const struct site_answer *a)
{
    assert_int_equal(strlen(a->detail), a->body_len - 2);
    assert_memory_equal(a->detail, a->body, a->body_len - 2);
}

static void narrows_to_a_window(void **state)
{
    (void)state;
    char tail[129], longest[256], longer[256];
    memset(tail, 'x', sizeof tail);
    tail[128] = '\0';
    snprintf(longest, sizeof longest, "stream=whole&window=app:%s", tail + 4);
    snprintf(longer, sizeof longer, "stream=whole&window=app:%s", tail + 3);
    const struct {
        const char *query;
        unsigned status; /* 0: it opens */
        const char *shown;
    } cases[] = {
        {"stream=whole", 0, ""},
        {"stream=whole&xwindow=0x1", 0, ""},
        {"stream=whole&window=app:xterm", 0, "app:xterm"},
        {"window=0x1a&stream=whole", 0, "0x1a"},
        {"stream=whole&window=title:A%20%2a%26b%3D+c%C3%A9", 0, "title:A *&b=+c\303\251"},
        {"stream=whole&window=rect:10x20+1+2", 0, "rect:10x20+1+2"},
        {"stream=named&window=rect:10x20%2B1%2B2", 0, "rect:10x20+1+2"}, /* without an agent */
        {"stream=whole&window=a&window=b", 0, "a"},
        {longest, 0, longest + strlen("stream=whole&window=")},
        {longer, 400, BAD_WINDOW},
        {"stream=whole&window=", 400, BAD_WINDOW},
        {"stream=whole&window=app:", 400, BAD_WINDOW},
        {"stream=whole&window=0xzz", 400, BAD_WINDOW},
        {"stream=whole&window=rect:0x0+0+0", 400, BAD_WINDOW},
        {"stream=whole&window=pid:1", 400, BAD_WINDOW},
        {"stream=whole&window=%", 400, BAD_WINDOW},
        {"stream=whole&window=a%2", 400, BAD_WINDOW},
        {"stream=whole&window=a%2x", 400, BAD_WINDOW},
        {"stream=whole&window=a%00b", 400, BAD_WINDOW},
        {"stream=whole&window=title:%0a", 400, BAD_WINDOW},
        {"stream=whole&window=title:%C3", 400, BAD_WINDOW},
        {"stream=named&window=app:xterm", 403, NO_AGENT},
        {"stream=window", 0, "app:a"},
        {"stream=window&window=app:b", 403, NO_OTHER},
        {"stream=window&window=app:a", 403, NO_OTHER},
        {"stream=window&window=", 403, NO_OTHER},
        {"stream=rect&window=rect:8x8+0+0", 403, NO_OTHER},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_answer a;
        char request[512];
        snprintf(request, sizeof request, "GET /stream?%s", cases[i].query);
        const struct config_stream *opened = ask(request, WS, &a);
        assert_int_equal(opened != NULL, cases[i].status == 0);
        if (opened != NULL) {
            bool own = opened->window.selector[0] != '\0' || cases[i].shown[0] == '\0';
            assert_string_equal(a.how.selector, cases[i].shown);
            assert_int_equal(a.how.wait_s, own ? opened->window.wait_s : 10);
            assert_int_equal(a.how.frame, opened->window.frame);
            continue;
        }
        assert_int_equal(a.head.status, cases[i].status);
        assert_int_equal(a.refused, REFUSAL_WINDOW);
        assert_int_equal(a.body_len, strlen(cases[i].shown));
        assert_memory_equal(a.body, cases[i].shown, a.body_len);
        assert_told_to_the_log(&a);
        /* the page that asks what it may do is told the same */
        snprintf(request, sizeof request, "GET /stream/rights?%s", cases[i].query);
        ask(request, "", &a);
        assert_int_equal(a.head.status, cases[i].status);
    }
    /* who brings no secret does not hear what there is */
    struct site_answer a;
    ask("GET /stream?token=x&window=%", WS, &a);
    assert_int_equal(a.head.status, 401);
}

static void lists_the_windows_of_whole_desktops(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *words; /* NULL: they are listed */
    } cases[] = {
        {"token=" WALL, NULL},
        {"token=" GOOD, NO_AGENT},
        {"stream=whole", "This stream asks for a password, and a list of windows cannot.\n"},
        {"stream=window", "A stream of one window has no list of windows.\n"},
        {"token=" WALL "&window=0x1", "A stream of one window has no list of windows.\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_answer a;
        char request[128];
        snprintf(request, sizeof request, "GET /windows?%s", cases[i].query);
        const struct config_stream *opened = ask(request, WS, &a);
        assert_int_equal(opened != NULL, cases[i].words == NULL);
        if (opened == NULL) {
            assert_int_equal(a.head.status, 403);
            assert_int_equal(a.refused, REFUSAL_WINDOW);
            assert_string_equal(a.body, cases[i].words);
            assert_told_to_the_log(&a);
        } else {
            assert_true(a.list);
        }
        /* the page is told before it asks */
        snprintf(request, sizeof request, "GET /stream/rights?%s", cases[i].query);
        ask(request, "", &a);
        assert_int_equal(a.head.status, 200);
        assert_non_null(
            strstr(a.text, cases[i].words == NULL ? "\"windows\":true" : "\"windows\":false"));
    }
    struct site_answer a;
    ask("GET /windows", WS, &a);
    assert_int_equal(a.head.status, 401);
    ask("GET /windows?token=" WALL, "", &a);
    assert_int_equal(a.head.status, 426);
    ask("GET /windows?token=" WALL, WS "Origin: https://evil\r\n", &a);
    assert_int_equal(a.head.status, 403);
    assert_int_equal(a.refused, REFUSAL_ORIGIN);
    assert_non_null(ask("GET /stream?token=" WALL, WS, &a));
    assert_false(a.list);
}

static void checks_origins(void **state)
{
    (void)state;
    static const struct {
        const char *allowed, *origin;
        bool good;
    } cases[] = {
        {NULL, "", true},
        {NULL, "Origin: https://x\r\n", true},
        {NULL, "Origin: https://X:443\r\n", true},
        {NULL, "Origin: https://x:6080\r\n", false},
        {NULL, "Origin: https://xx\r\n", false},
        {NULL, "Origin: null\r\n", false},
        {NULL, "Origin:\r\n", false},
        {"https://a https://b:1", "Origin: https://a\r\n", true},
        {"https://a \t https://b:1", "Origin: https://b:1\r\n", true},
        {"https://a https://b:1", "Origin: https://x\r\n", true},
        {"https://a https://b:1", "Origin: https://b\r\n", false},
        {"https://a https://b:1", "Origin: https://a https://b:1\r\n", false},
        {"https://a https://b:1", "Origin: http://a\r\n", false},
        {"https://a https://b:1", "Origin: *\r\n", false},
        {"https://a *", "Origin: null\r\n", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_answer a;
        char headers[512], allowed[64];
        snprintf(headers, sizeof headers, WS "%s", cases[i].origin);
        snprintf(allowed, sizeof allowed, "%s", cases[i].allowed != NULL ? cases[i].allowed : "");
        config.allowed_origins = cases[i].allowed != NULL ? allowed : NULL;
        const struct config_stream *opened = ask("GET /stream?token=" GOOD, headers, &a);
        config.allowed_origins = NULL;
        assert_ptr_equal(opened, cases[i].good ? &streams[0] : NULL);
        if (!cases[i].good) {
            assert_int_equal(a.head.status, 403);
            assert_int_equal(a.refused, REFUSAL_ORIGIN);
        }
    }
}

static void tells_rights(void **state)
{
    (void)state;
    struct site_answer a;
    streams[0].policy = (struct policy){.control = true, .clipboard_in = true};
    streams[0].max_viewers = 3;
    assert_null(ask("GET /stream/rights", "Authorization: Bearer " GOOD "\r\n", &a));
    assert_int_equal(a.head.status, 200);
    assert_string_equal(a.text, "{\"role\":\"control\",\"clipboard\":\"in\",\"password\":\"none\","
                                "\"windows\":false,\"max_viewers\":3}\n");
    assert_int_equal(a.head.length, strlen(a.text));
    ask("GET /stream/rights", "Authorization: Bearer " OTHER "\r\n", &a);
    assert_string_equal(a.text, "{\"role\":\"view\",\"clipboard\":\"none\",\"password\":\"none\","
                                "\"windows\":false,\"max_viewers\":0}\n");
    ask("GET /stream/rights", "Authorization: Bearer x\r\n", &a);
    assert_int_equal(a.head.status, 401);
    assert_string_equal(a.text, "");
    ask("GET /stream/rights", "Origin: https://evil\r\nAuthorization: Bearer " GOOD "\r\n", &a);
    assert_int_equal(a.head.status, 403);
    streams[0].policy = (struct policy){.control = false};
}

static void lets_wait(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        unsigned status;
    } cases[] = {
        {"GET /stream?token=" GOOD, 429}, /* whatever it brings */
        {"GET /stream?token=x", 429},
        {"GET /stream", 429},
        {"GET /windows", 429},
        {"GET /stream/rights?stream=named", 429},
        {"GET /stream/rights?stream=none", 429},
        {"GET /", 200}, /* the page is there to tell it */
        {"GET /healthz", 200},
    };
    must_wait = 7;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_answer a;
        assert_null(ask(cases[i].request, WS, &a));
        assert_int_equal(a.head.status, cases[i].status);
        assert_int_equal(a.head.retry_after, cases[i].status == 429 ? 7 : 0);
        assert_int_equal(a.refused, cases[i].status == 429 ? REFUSAL_MUST_WAIT : REFUSAL_NONE);
    }
    must_wait = 0;
}

static void refuses_when_full(void **state)
{
    (void)state;
    struct site_answer a;
    streams_limit(all, 0);
    assert_null(ask("GET /stream?token=" GOOD, WS, &a));
    assert_int_equal(a.head.status, 503);
    assert_null(ask("GET /stream?token=x", WS, &a));
    assert_int_equal(a.head.status, 401);
    streams_limit(all, 1);
}

static void compares_etags(void **state)
{
    (void)state;
    struct site_answer a;
    char header[128];
    ask("GET /", "", &a);
    const char *etag = a.head.etag;
    static const char *const forms[] = {"If-None-Match: %s\r\n", "If-None-Match: \"x\", W/%s\r\n",
                                        "If-None-Match: \"x\"\r\nIf-None-Match: %s\r\n"};
    for (size_t i = 0; i < COUNT(forms); i++) {
        const char *at = strstr(forms[i], "%s");
        snprintf(header, sizeof header, "%.*s%s%s", (int)(at - forms[i]), forms[i], etag, at + 2);
        ask("GET /", header, &a);
        assert_int_equal(a.head.status, 304);
        assert_int_equal(a.body_len, 0);
        assert_string_equal(a.head.etag, etag);
    }
    ask("GET /", "If-None-Match: *\r\n", &a);
    assert_int_equal(a.head.status, 304);
    ask("GET /", "If-None-Match: \"x\"\r\n", &a);
    assert_int_equal(a.head.status, 200);
    ask("GET /app/a.js", "", &a);
    assert_string_not_equal(a.head.etag, etag);
}

static void refuses_links_that_lead_out(void **state)
{
    (void)state;
    char why[ASSETS_ERROR_MAX], expected[ASSETS_ERROR_MAX];
    assert_int_equal(symlink("../secret.js", in_folder("root/out.js")), 0);
    assert_null(assets_load(in_folder("root"), why));
    snprintf(expected, sizeof expected, "%s is a link that leads out of the folder",
             in_folder("root/out.js"));
    assert_string_equal(why, expected);
    unlink(in_folder("root/out.js"));
    assert_int_equal(symlink("..", in_folder("root/up")), 0);
    assert_null(assets_load(in_folder("root"), why));
    unlink(in_folder("root/up"));
    assert_int_equal(symlink(".", in_folder("root/loop")), 0);
    assert_null(assets_load(in_folder("root"), why));
    assert_non_null(strstr(why, "lies more than 16 folders deep"));
    unlink(in_folder("root/loop"));
    assert_null(assets_load(in_folder("none"), why));
    snprintf(expected, sizeof expected, "%s cannot be read (No such file or directory)",
             in_folder("none"));
    assert_string_equal(why, expected);
}

static void refuses_too_much(void **state)
{
    (void)state;
    char why[ASSETS_ERROR_MAX];
    write_file("root/big.js", "");
    assert_int_equal(truncate(in_folder("root/big.js"), ASSETS_BYTES_MAX + 1), 0);
    assert_null(assets_load(in_folder("root"), why));
    assert_string_equal(why, "the folder's files are larger than 32 MB in all");
    unlink(in_folder("root/big.js"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_requests),
        cmocka_unit_test(finds_tokens),
        cmocka_unit_test(tells_of_passwords),
        cmocka_unit_test(narrows_to_a_window),
        cmocka_unit_test(lists_the_windows_of_whole_desktops),
        cmocka_unit_test(checks_origins),
        cmocka_unit_test(lets_wait),
        cmocka_unit_test(tells_rights),
        cmocka_unit_test(refuses_when_full),
        cmocka_unit_test(compares_etags),
        cmocka_unit_test(refuses_links_that_lead_out),
        cmocka_unit_test(refuses_too_much),
    };
    return cmocka_run_group_tests_name("proxy site", tests, set_up, tear_down);
}
