/* SPDX-License-Identifier: GPL-2.0-or-later
 * The clipboard against servers with the extended one and without: what is sent when, what comes
 * back, and what is refused. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_server.h"
#include "porthole.h"
#include "rfb/clipboard.h"
#include "rfb/err.h"
#include "unit.h"

static const ph_limit soon = {.timeout_ms = 200}, patient = {.timeout_ms = 20000};

static void assert_message(const ph_error *e, int code, const char *part)
{
    assert_int_equal(e->code, code);
    if (strstr(e->message, part) == NULL)
        fail_msg("'%s' does not hold '%s'", e->message, part);
}

static ph_client *connect_to(struct fake_server *s, int input_only)
{
    ph_options o = PH_OPTIONS_INIT;
    ph_client *c;
    o.input_only = input_only;
    assert_int_equal(ph_connect(fake_server_target(s), &o, &patient, &c, NULL), PH_OK);
    return c;
}

static void assert_text(ph_client *c, uint64_t after, const char *expected,
                        uint64_t expected_serial)
{
    char *text;
    uint64_t serial;
    assert_int_equal(ph_clipboard_get(c, after, &patient, &text, &serial, NULL), PH_OK);
    assert_string_equal(text, expected);
    assert_int_equal(serial, expected_serial);
    ph_free(text);
}

/* ---- for scripts ---- */

enum { ALL_ACTIONS = RFB_CLIP_REQUEST | RFB_CLIP_PEEK | RFB_CLIP_NOTIFY | RFB_CLIP_PROVIDE };

static void send_and_finish(int fd, struct rfb_buf *b)
{
    fake_send(fd, rfb_buf_data(b), b->len);
    rfb_buf_finish(b);
}

static void send_caps(int fd, uint32_t actions, uint32_t text_max)
{
    struct rfb_buf b;
    rfb_buf_init(&b, 64);
    rfb_clip_put_caps(&b, RFB_S2C_CUT_TEXT, actions, text_max);
    send_and_finish(fd, &b);
}

static void send_action(int fd, uint32_t flags)
{
    struct rfb_buf b;
    rfb_buf_init(&b, 64);
    rfb_clip_put_action(&b, RFB_S2C_CUT_TEXT, flags);
    send_and_finish(fd, &b);
}

static void send_text(int fd, const char *text)
{
    struct rfb_buf b;
    rfb_buf_init(&b, 1 << 20);
    rfb_clip_put_text(&b, RFB_S2C_CUT_TEXT, text);
    send_and_finish(fd, &b);
}

static void expect_bytes(struct fake_server *s, int fd, const void *expected, size_t n,
                         const char *what)
{
    uint8_t in[256];
    fake_expect(s, fake_read(fd, in, n) && memcmp(in, expected, n) == 0, what);
}

static void expect_action(struct fake_server *s, int fd, uint32_t flags, const char *what)
{
    uint8_t m[12] = {6, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc};
    rfb_set_u32(m + 8, flags);
    expect_bytes(s, fd, m, sizeof m, what);
}

static void expect_text(struct fake_server *s, int fd, const char *expected)
{
    uint8_t head[8], body[4096];
    struct rfb_buf text;
    struct rfb_clip m;
    rfb_buf_init(&text, 4096);
    bool right = fake_read(fd, head, sizeof head) && head[0] == 6;
    size_t n = right ? (size_t)-rfb_get_s32(head + 4) : 0;
    right = right && n <= sizeof body && fake_read(fd, body, n) &&
            rfb_clip_get(body, n, &m) == RFB_OK && m.flags == (RFB_CLIP_PROVIDE | RFB_CLIP_TEXT) &&
            rfb_clip_get_text(&m, 4096, &text) == RFB_OK && text.len == strlen(expected) &&
            memcmp(rfb_buf_data(&text), expected, text.len) == 0;
    fake_expect(s, right, expected);
    rfb_buf_finish(&text);
}

/* Up to where it is known what the server has. Behind it the client has sent its capabilities, a
 * peek, and a request for the next update. */
static void greet(struct fake_server *s, int fd, uint32_t text_max)
{
    static const uint8_t caps[] = {6, 0, 0, 0, 255, 255, 255, 248, 0x1f, 0, 0, 1, 0, 4, 0, 0};
    uint8_t request[10];
    fake_handshake(fd, 4, 4);
    fake_take_setup(fd);
    send_caps(fd, ALL_ACTIONS, text_max);
    fake_fill(fd, 0, 0, 4, 4, 0);
    expect_bytes(s, fd, caps, sizeof caps, "capabilities");
    expect_action(s, fd, RFB_CLIP_PEEK, "a peek");
    fake_expect(s, fake_read(fd, request, sizeof request), "a request");
}

/* ---- what callers see ---- */

static void fetch_ours(struct fake_server *s, int fd, void *argument)
{
    (void)argument;
    greet(s, fd, 0);
    expect_action(s, fd, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT, "that there is a text");
    send_action(fd, RFB_CLIP_REQUEST | RFB_CLIP_TEXT);
    expect_text(s, fd, "one\nmore \u00e4\u4f60\U0001f600");
    send_action(fd, RFB_CLIP_REQUEST | RFB_CLIP_TEXT); /* as often as it likes */
    expect_text(s, fd, "one\nmore \u00e4\u4f60\U0001f600");
    send_action(fd, RFB_CLIP_PEEK);
    expect_action(s, fd, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT, "that it is there still");
    send_text(fd, "done");
    fake_drain(fd);
}

static void a_text_waits_to_be_fetched(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(fetch_ours, NULL);
    ph_client *c = connect_to(s, 0);
    ph_info info = PH_INFO_INIT;
    assert_int_equal(ph_clipboard_set(c, "one\nmore \u00e4\u4f60\U0001f600", &patient, NULL),
                     PH_OK);
    assert_int_equal(ph_client_info(c, &info, NULL), PH_OK);
    assert_true(info.utf8_clipboard);
    assert_text(c, 0, "done", 1);
    char *text;
    ph_error e;
    assert_int_equal(ph_clipboard_get(c, 1, &soon, &text, NULL, &e), PH_E_TIMEOUT);
    assert_message(&e, PH_E_TIMEOUT, "the server's clipboard");
    assert_null(text);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void take_unasked(struct fake_server *s, int fd, void *argument)
{
    (void)argument;
    greet(s, fd, 6);
    expect_text(s, fd, "short");
    expect_action(s, fd, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT, "that there is a longer one");
    fake_drain(fd);
}

static void what_a_server_takes_is_sent_at_once(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(take_unasked, NULL);
    ph_client *c = connect_to(s, 0);
    assert_int_equal(ph_clipboard_set(c, "short", &patient, NULL), PH_OK);
    assert_int_equal(ph_clipboard_set(c, "longer", &patient, NULL), PH_OK);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void expect_move(struct fake_server *s, int fd)
{
    uint8_t in[6];
    fake_expect(s, fake_read(fd, in, sizeof in) && in[0] == 5, "a move");
}

/* Goes on when the client has moved the pointer. */
static void offer_theirs(struct fake_server *s, int fd, void *argument)
{
    (void)argument;
    greet(s, fd, 0);
    send_action(fd, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT);
    expect_action(s, fd, RFB_CLIP_REQUEST | RFB_CLIP_TEXT, "a request for the text");
    send_text(fd, "theirs\n\u4f60");
    expect_move(s, fd);
    send_action(fd, RFB_CLIP_NOTIFY); /* it is gone */
    send_text(fd, "");                /* which some say so */
    send_text(fd, "a\xff\xc3\xa4");   /* and this comes unasked */
    fake_drain(fd);
}

static void the_servers_text_is_fetched(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(offer_theirs, NULL);
    ph_client *c = connect_to(s, 0);
    assert_text(c, 0, "theirs\n\u4f60", 1);
    assert_text(c, 0, "theirs\n\u4f60", 1);
    assert_int_equal(ph_move(c, 1, 1, &patient, NULL), PH_OK);
    assert_text(c, 1, "a?\u00e4", 2);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void only_latin1(struct fake_server *s, int fd, void *argument)
{
    static const uint8_t ours[] = {6, 0, 0, 0, 0, 0, 0, 3, 'a', 0xe4, '\n'};
    static const uint8_t theirs[] = {3, 0, 0, 0, 0, 0, 0, 4, 0xff, '\r', '\n', '.'};
    uint8_t request[10];
    fake_handshake(fd, 4, 4);
    fake_take_setup(fd);
    if (*(bool *)argument) /* as LibVNCServer says, whose programs do not take it */
        send_caps(fd, RFB_CLIP_REQUEST | RFB_CLIP_PROVIDE, 1 << 20);
    fake_fill(fd, 0, 0, 4, 4, 0);
    if (*(bool *)argument)
        fake_read(fd, request + 0, 8), fake_read(fd, request, 8);
    fake_expect(s, fake_read(fd, request, sizeof request), "a request");
    expect_bytes(s, fd, ours, sizeof ours, "Latin-1");
    fake_send(fd, theirs, sizeof theirs);
    fake_drain(fd);
}

static void others_get_latin1(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bool caps = i == 1;
        struct fake_server *s = fake_server_start(only_latin1, &caps);
        ph_client *c = connect_to(s, 0);
        ph_info info = PH_INFO_INIT;
        ph_error e;
        assert_int_equal(ph_clipboard_set(c, "ab\u4f60", &patient, &e), PH_E_ARGUMENT);
        assert_message(&e, PH_E_ARGUMENT, "character 3 of the text, U+4F60");
        assert_int_equal(ph_clipboard_set(c, "a\u00e4\n", &patient, NULL), PH_OK);
        assert_text(c, 0, "\u00ff\n.", 1);
        assert_int_equal(ph_client_info(c, &info, NULL), PH_OK);
        assert_false(info.utf8_clipboard);
        assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
        assert_true(fake_server_stop(s));
    }
}

static void answer_input_only(struct fake_server *s, int fd, void *argument)
{
    static const uint8_t asked[] = {2, 0, 0, 1, 0xc0, 0xa1, 0xe5, 0xce, 3,
                                    0, 0, 0, 0, 0,    0,    1,    0,    1};
    uint8_t in[20];
    (void)argument;
    fake_handshake(fd, 4, 4);
    fake_expect(s, fake_read(fd, in, 20) && in[0] == 0, "a format");
    expect_bytes(s, fd, asked, sizeof asked, "encodings and a pixel");
    send_caps(fd, ALL_ACTIONS, 100);
    fake_fill(fd, 0, 0, 1, 1, 0);
    fake_expect(s, fake_read(fd, in, 16) && in[0] == 6, "capabilities");
    expect_action(s, fd, RFB_CLIP_PEEK, "a peek");
    expect_text(s, fd, "\u4f60");
    fake_drain(fd);
}

static void input_only_asks_when_it_is_used(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(answer_input_only, NULL);
    ph_client *c = connect_to(s, 1);
    assert_int_equal(ph_clipboard_set(c, "\u4f60", &patient, NULL), PH_OK);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* ---- pasting ---- */

static void fetch_after_the_chord(struct fake_server *s, int fd, void *argument)
{
    static const uint8_t chord[] = {4, 1, 0, 0, 0, 0, 0xff, 0xe1, 4, 1, 0, 0, 0, 0, 0xff, 0x63,
                                    4, 0, 0, 0, 0, 0, 0xff, 0x63, 4, 0, 0, 0, 0, 0, 0xff, 0xe1};
    greet(s, fd, 0);
    expect_action(s, fd, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT, "that there is a text");
    expect_bytes(s, fd, chord, sizeof chord, "shift+Insert");
    if (*(bool *)argument) {
        send_action(fd, RFB_CLIP_REQUEST | RFB_CLIP_TEXT);
        expect_text(s, fd, "pasted\x1b");
    }
    fake_drain(fd);
}

static void pasting_ends_when_the_text_is_fetched(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bool fetched = i == 1;
        struct fake_server *s = fake_server_start(fetch_after_the_chord, &fetched);
        ph_client *c = connect_to(s, 0);
        ph_input_options o = PH_INPUT_INIT;
        ph_error e;
        o.paste = 1;
        o.paste_chord = "shift+Insert";
        if (fetched) {
            assert_int_equal(ph_type(c, "pasted\x1b", &o, &patient, NULL), PH_OK);
        } else {
            assert_int_equal(ph_type(c, "pasted\x1b", &o, &soon, &e), PH_E_TIMEOUT);
            assert_message(&e, PH_E_TIMEOUT, "a program on the desktop to ask for the text");
        }
        assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
        assert_true(fake_server_stop(s));
    }
}

/* ---- limits ---- */

static void send_bomb(struct fake_server *s, int fd, void *argument)
{
    /* 2 GB as claimed, and the stream of it begins */
    static const uint8_t bomb[] = {3,    0,    0, 0, 255, 255,  255,  240,  0x10, 0,    0,    1,
                                   0x78, 0x9c, 0, 4, 0,   0xfb, 0xff, 0x7f, 0xff, 0xff, 0xff, 0};
    (void)argument;
    greet(s, fd, 0);
    fake_send(fd, bomb, sizeof bomb);
    fake_drain(fd);
}

static void long_texts_are_refused(void **state)
{
    enum { LONG = 262144 };
    (void)state;
    struct fake_server *s = fake_server_start(send_bomb, NULL);
    ph_client *c = connect_to(s, 0);
    char *text = malloc(LONG + 1), *theirs;
    ph_error e;
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    assert_int_equal(ph_clipboard_set(c, text, &patient, &e), PH_E_ARGUMENT);
    assert_message(&e, PH_E_ARGUMENT, "262145 bytes is too long");
    text[LONG - 1] = '\0';
    assert_int_equal(ph_clipboard_set(c, text, &patient, NULL), PH_OK);
    text[0] = '\n';
    assert_int_equal(ph_clipboard_set(c, text, &patient, NULL), PH_E_ARGUMENT);
    assert_int_equal(ph_clipboard_set(c, "a\xff", &patient, &e), PH_E_ARGUMENT);
    assert_message(&e, PH_E_ARGUMENT, "not UTF-8 at byte 2");
    assert_int_equal(ph_clipboard_get(c, 0, &patient, &theirs, NULL, &e), PH_E_REFUSED);
    assert_message(&e, PH_E_REFUSED, "more than 16777216 bytes");
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
    free(text);
}

/* Asks without end, and reads nothing: one text is kept for it and no more. */
static void ask_and_not_read(struct fake_server *s, int fd, void *argument)
{
    char end;
    greet(s, fd, 0);
    expect_action(s, fd, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT, "that there is a text");
    for (int i = 0; i < 1000; i++)
        send_action(fd, RFB_CLIP_REQUEST | RFB_CLIP_TEXT);
    send_text(fd, "all were taken");
    if (read(*(int *)argument, &end, 1) < 0)
        abort();
}

static void a_flood_of_requests_is_bounded(void **state)
{
    enum { LONG = 200000 };
    (void)state;
    int until[2];
    assert_int_equal(pipe(until), 0);
    struct fake_server *s = fake_server_start(ask_and_not_read, &until[0]);
    ph_client *c = connect_to(s, 0);
    char *text = malloc(LONG + 1);
    for (uint32_t i = 0, x = 1; i < LONG; i++) {
        x = x * 1103515245 + 12345;
        text[i] = (char)(' ' + (x >> 16) % 90);
    }
    text[LONG] = '\0';
    assert_int_equal(ph_clipboard_set(c, text, &patient, NULL), PH_OK);
    assert_text(c, 0, "all were taken", 1);
    close(until[1]);
    ph_close(c, &soon, NULL); /* what it did not read is lost */
    assert_true(fake_server_stop(s));
    close(until[0]);
    free(text);
}

static void send_unasked_caps(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    fake_handshake(fd, 4, 4);
    send_caps(fd, ALL_ACTIONS, 0);
    fake_drain(fd);
}

static void what_was_not_asked_for_is_refused(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(send_unasked_caps, NULL);
    ph_options o = PH_OPTIONS_INIT;
    ph_client *c;
    ph_error e = {.code = PH_OK};
    o.input_only = 1;
    int rc = ph_connect(fake_server_target(s), &o, &patient, &c, &e);
    while (rc == PH_OK && (rc = ph_move(c, 1, 1, &patient, &e)) == PH_OK)
        usleep(1000);
    assert_message(&e, PH_E_PROTOCOL, "not asked for");
    ph_close(c, &patient, NULL);
    assert_true(fake_server_stop(s));
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_waits_to_be_fetched),
        cmocka_unit_test(what_a_server_takes_is_sent_at_once),
        cmocka_unit_test(the_servers_text_is_fetched),
        cmocka_unit_test(others_get_latin1),
        cmocka_unit_test(input_only_asks_when_it_is_used),
        cmocka_unit_test(pasting_ends_when_the_text_is_fetched),
        cmocka_unit_test(long_texts_are_refused),
        cmocka_unit_test(a_flood_of_requests_is_bounded),
        cmocka_unit_test(what_was_not_asked_for_is_refused),
    };
    return cmocka_run_group_tests_name("client_clipboard", tests, NULL, NULL);
}
