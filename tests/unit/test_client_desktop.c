/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a server tells of its desktop beside pixels: the pointer, the name, the size, and asking for
 * another size. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_server.h"
#include "porthole.h"
#include "rfb/msg.h"
#include "unit.h"

static const ph_limit soon = {.timeout_ms = 200}, patient = {.timeout_ms = 20000};

static ph_client *connect_to(struct fake_server *s)
{
    ph_client *c;
    ph_error e = {.code = 0};
    if (ph_connect(fake_server_target(s), NULL, &patient, &c, &e) != PH_OK)
        fail_msg("cannot connect: %s", e.message);
    return c;
}

/* Everything that the script has sent before its bell has been taken. */
static void await_bell(ph_client *c, uint64_t after)
{
    uint64_t count;
    ph_error e = {.code = 0};
    if (ph_bell_wait(c, after, &patient, &count, &e) != PH_OK)
        fail_msg("no bell: %s", e.message);
}

static ph_cursor_info cursor_of(ph_client *c, ph_cursor **cursor)
{
    ph_cursor_info info = PH_CURSOR_INFO_INIT;
    assert_int_equal(ph_cursor_get(c, cursor, NULL), PH_OK);
    assert_int_equal(ph_cursor_describe(*cursor, &info, NULL), PH_OK);
    return info;
}

/* Rings once for each pointer event, before and after which the script goes on. */
static void await_move(int fd)
{
    uint8_t m[10];
    while (fake_read(fd, m, 1) && m[0] != RFB_C2S_POINTER)
        fake_read(fd, m, 9); /* a request */
    fake_read(fd, m, 5);
}

/* ---- the pointer ---- */

static void cursors(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    fake_handshake(fd, 100, 50);
    fake_take_setup(fd);
    /* nine wide, so that a row of the mask has two bytes */
    uint8_t body[9 * 2 * 4 + 2 * 2] = {0x30, 0x20, 0x10, 0xee};
    memcpy(body + (9 + 8) * 4, "\x03\x02\x01\xee", 4);
    body[9 * 2 * 4] = 0x80;         /* the first of the first row */
    body[9 * 2 * 4 + 2 + 1] = 0x80; /* the ninth of the second */
    fake_rect(fd, 4, 1, 9, 2, RFB_ENC_CURSOR, body, sizeof body);
    fake_rect(fd, 7, 8, 0, 0, RFB_ENC_VMWARE_CURSOR_POS, "", 0);
    fake_send(fd, "\2", 1);
    await_move(fd);
    static const uint8_t alpha[] = {0, 0, 0, 0, 0x10, 0x20, 0x30, 0x40, 0x41, 0xff, 0, 0x40};
    fake_rect(fd, 1, 0, 2, 1, RFB_ENC_CURSOR_WITH_ALPHA, alpha, sizeof alpha);
    fake_send(fd, "\2", 1);
    await_move(fd);
    fake_rect(fd, 0, 0, 0, 0, RFB_ENC_CURSOR, "", 0);
    fake_rect(fd, 100, 3, 0, 0, RFB_ENC_POINTER_POS, "", 0); /* outside */
    fake_send(fd, "\2", 1);
    fake_drain(fd);
}

static void shape_and_place_are_known(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(cursors, NULL);
    ph_client *c = connect_to(s);
    ph_cursor *masked, *alpha, *hidden;
    await_bell(c, 0);
    ph_cursor_info info = cursor_of(c, &masked);
    assert_int_equal(info.position_known, 1);
    assert_int_equal(info.x, 7);
    assert_int_equal(info.y, 8);
    assert_int_equal(info.width, 9);
    assert_int_equal(info.height, 2);
    assert_int_equal(info.hot_x, 4);
    assert_int_equal(info.hot_y, 1);
    for (int i = 0; i < 18; i++)
        assert_int_equal(info.pixels[i], i == 0 ? 0xff102030 : i == 17 ? 0xff010203 : 0);

    assert_int_equal(ph_move(c, 20, 30, &patient, NULL), PH_OK);
    await_bell(c, 1);
    info = cursor_of(c, &alpha);
    assert_int_equal(info.x, 20);
    assert_int_equal(info.y, 30);
    assert_int_equal(info.width, 2);
    assert_int_equal(info.height, 1);
    assert_int_equal(info.hot_x, 1);
    assert_int_equal(info.pixels[0], 0x40102030);
    assert_int_equal(info.pixels[1], 0x40404000); /* no more colour than alpha */

    assert_int_equal(ph_move(c, 1, 1, &patient, NULL), PH_OK);
    await_bell(c, 2);
    info = cursor_of(c, &hidden);
    assert_int_equal(info.position_known, 0);
    assert_int_equal(info.x, 0);
    assert_int_equal(info.width, 0);
    assert_null(info.pixels);

    /* each is still what it was, also without the connection */
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_int_equal(ph_cursor_describe(masked, &info, NULL), PH_OK);
    assert_int_equal(info.pixels[17], 0xff010203);
    assert_int_equal(info.x, 7);
    info.size = 1;
    assert_int_equal(ph_cursor_describe(masked, &info, NULL), PH_E_ARGUMENT);
    ph_cursor_unref(ph_cursor_ref(masked));
    ph_cursor_unref(masked);
    ph_cursor_unref(alpha);
    ph_cursor_unref(hidden);
    ph_cursor_unref(NULL);
    assert_true(fake_server_stop(s));
}

static void nothing_told(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    fake_handshake(fd, 100, 50);
    fake_take_setup(fd);
    fake_drain(fd);
}

static void what_was_not_told_is_not_known(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(nothing_told, NULL);
    ph_client *c = connect_to(s);
    ph_cursor *cursor;
    ph_cursor_info info = cursor_of(c, &cursor);
    assert_int_equal(info.position_known, 0);
    assert_int_equal(info.width, 0);
    assert_null(info.pixels);
    ph_cursor_unref(cursor);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* ---- the size ---- */

/* An update of one ExtendedDesktopSize with two screens. */
static void send_screens(int fd, uint16_t reason, uint16_t status, uint16_t width, uint16_t height)
{
    uint8_t body[4 + 32] = {2};
    memcpy(body + 4, "\x11\x22\x33\x44\0\0\0\0\0\x10\0\x10\xa1\xb2\xc3\xd4", 16);
    memcpy(body + 20, "\x55\x66\x77\x88\0\0\0\0\0\x10\0\x10\0\0\0\0", 16);
    fake_rect(fd, reason, status, width, height, RFB_ENC_EXTENDED_DESKTOP_SIZE, body, sizeof body);
}

static const uint8_t resize_8x6[] = {251, 0, 0, 8, 0, 6, 1, 0, 0x11, 0x22, 0x33, 0x44,
                                     0,   0, 0, 0, 0, 8, 0, 6, 0xa1, 0xb2, 0xc3, 0xd4};

/* The next message is this one. */
static void expect(struct fake_server *s, int fd, const uint8_t *bytes, size_t n, const char *what)
{
    uint8_t m[32];
    fake_expect(s, fake_read(fd, m, n) && memcmp(m, bytes, n) == 0, what);
}

static const uint8_t next_16x12[] = {3, 1, 0, 0, 0, 0, 0, 16, 0, 12};

/* Like TigerVNC: a request for all is answered with the size alone, the pixels follow with the next
 * request. argument: the status of the answer to SetDesktopSize. */
static void like_tigervnc(struct fake_server *s, int fd, void *argument)
{
    static const uint8_t all_8x6[] = {3, 0, 0, 0, 0, 0, 0, 8, 0, 6};
    static const uint8_t next_8x6[] = {3, 1, 0, 0, 0, 0, 0, 8, 0, 6};
    uint16_t status = *(const uint16_t *)argument;
    fake_handshake(fd, 16, 12);
    fake_take_setup(fd);
    send_screens(fd, 0, 0, 16, 12);
    expect(s, fd, next_16x12, 10, "an incremental request behind the size");
    fake_fill(fd, 0, 0, 16, 12, 1);
    expect(s, fd, next_16x12, 10, "and no other before the pixels");
    expect(s, fd, resize_8x6, sizeof resize_8x6, "SetDesktopSize with the first screen");
    send_screens(fd, 1, status, 8, 6);
    expect(s, fd, next_16x12, 10, "a request at that update's start");
    if (status == 0) {
        expect(s, fd, all_8x6, 10, "a request for all of the new size");
        send_screens(fd, 0, 0, 8, 6);
        expect(s, fd, next_8x6, 10, "an incremental one behind the size");
        fake_fill(fd, 0, 0, 8, 6, 2);
    }
    fake_drain(fd);
}

static void a_resize_is_asked_for_and_awaited(void **state)
{
    (void)state;
    uint16_t status = 0;
    struct fake_server *s = fake_server_start(like_tigervnc, &status);
    ph_client *c = connect_to(s);
    ph_error e = {.code = 0};
    if (ph_resize(c, 8, 6, &patient, &e) != PH_OK)
        fail_msg("%s", e.message);
    ph_frame *f;
    assert_int_equal(ph_frame_get(c, 0, &patient, &f, NULL), PH_OK);
    assert_int_equal(ph_frame_width(f), 8);
    assert_int_equal(ph_frame_height(f), 6);
    assert_int_equal(ph_frame_pixels(f)[0], 0xff000002);
    ph_frame_unref(f);
    assert_int_equal(ph_resize(c, 8, 6, &soon, NULL), PH_OK); /* nothing to ask */
    ph_info info = PH_INFO_INIT;
    assert_int_equal(ph_client_info(c, &info, NULL), PH_OK);
    assert_int_equal(info.resize, 1);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void a_refusal_says_why(void **state)
{
    static const char *const words[] = {NULL, "does not let clients", "lacks the resources",
                                        "can have no such screen", "does not say why (status 4)"};
    (void)state;
    for (uint16_t status = 1; status < COUNT(words); status++) {
        struct fake_server *s = fake_server_start(like_tigervnc, &status);
        ph_client *c = connect_to(s);
        ph_error e;
        assert_int_equal(ph_resize(c, 8, 6, &patient, &e), PH_E_REFUSED);
        if (strstr(e.message, words[status]) == NULL)
            fail_msg("%s", e.message);
        ph_info info = PH_INFO_INIT;
        assert_int_equal(ph_client_info(c, &info, NULL), PH_OK);
        assert_int_equal(info.width, 16);
        assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
        assert_true(fake_server_stop(s));
    }
}

/* Has no ExtendedDesktopSize. */
static void plain(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    fake_handshake(fd, 16, 12);
    fake_take_setup(fd);
    fake_fill(fd, 0, 0, 16, 12, 1);
    fake_drain(fd);
}

/* Takes the message, and never answers. */
static void mute(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    fake_handshake(fd, 16, 12);
    fake_take_setup(fd);
    send_screens(fd, 0, 0, 16, 12);
    fake_fill(fd, 0, 0, 16, 12, 1);
    fake_drain(fd);
}

/* Makes it another size than was asked for. */
static void other(struct fake_server *s, int fd, void *argument)
{
    (void)argument;
    fake_handshake(fd, 16, 12);
    fake_take_setup(fd);
    send_screens(fd, 0, 0, 16, 12);
    expect(s, fd, next_16x12, 10, "a request");
    fake_fill(fd, 0, 0, 16, 12, 1);
    expect(s, fd, next_16x12, 10, "a request");
    expect(s, fd, resize_8x6, sizeof resize_8x6, "SetDesktopSize");
    send_screens(fd, 1, 0, 10, 6);
    fake_drain(fd);
}

static void what_cannot_be_resized(void **state)
{
    static const struct {
        fake_script *script;
        int width, height, code;
        const char *words;
    } cases[] = {
        {plain, 8, 6, PH_E_UNSUPPORTED, "the server has no ExtendedDesktopSize"},
        {plain, 0, 6, PH_E_ARGUMENT, "1 to 16384 a side"},
        {plain, 8, 16385, PH_E_ARGUMENT, "1 to 16384 a side"},
        {plain, 16384, 16384, PH_E_ARGUMENT, "2^26 pixels"},
        {plain, -1, 6, PH_E_ARGUMENT, "1 to 16384 a side"},
        {nothing_told, 8, 6, PH_E_TIMEOUT, "waiting for a complete frame"},
        {mute, 8, 6, PH_E_TIMEOUT, "waiting for the server's answer to the resize"},
        {other, 8, 6, PH_E_REFUSED, "the server has made it 10x6"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fake_server *s = fake_server_start(cases[i].script, NULL);
        ph_client *c = connect_to(s);
        ph_error e;
        const ph_limit *limit = cases[i].code == PH_E_TIMEOUT ? &soon : &patient;
        assert_int_equal(ph_resize(c, cases[i].width, cases[i].height, limit, &e), cases[i].code);
        if (strstr(e.message, cases[i].words) == NULL)
            fail_msg("%s", e.message);
        ph_close(c, NULL, NULL);
        assert_true(fake_server_stop(s));
    }
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shape_and_place_are_known),
        cmocka_unit_test(what_was_not_told_is_not_known),
        cmocka_unit_test(a_resize_is_asked_for_and_awaited),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(what_cannot_be_resized),
    };
    return cmocka_run_group_tests_name("client_desktop", tests, NULL, NULL);
}
