/* SPDX-License-Identifier: GPL-2.0-or-later
 * The library against servers that are silent, broken or hostile, and its own promises: complete
 * frames, immutable frames, deadlines, cancelling. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_server.h"
#include "porthole.h"
#include "rfb/msg.h"
#include "unit.h"

static const ph_limit soon = {.timeout_ms = 200}, patient = {.timeout_ms = 20000};

static ph_client *connect_to(struct fake_server *s)
{
    ph_client *c;
    ph_options o = PH_OPTIONS_INIT;
    ph_error e = {.code = 0};
    o.encodings = "copyrect,rre,corre,hextile,zlib,tight,zrle,raw";
    if (ph_connect(fake_server_target(s), &o, &patient, &c, &e) != PH_OK)
        fail_msg("cannot connect: %s", e.message);
    return c;
}

static void assert_message(const ph_error *e, int code, const char *part)
{
    assert_int_equal(e->code, code);
    if (strstr(e->message, part) == NULL)
        fail_msg("'%s' does not hold '%s'", e->message, part);
}

/* ---- connecting ---- */

static void silent(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    fake_drain(fd);
}

static void a_silent_server_times_out(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(silent, NULL);
    ph_client *c;
    ph_error e;
    assert_int_equal(ph_connect(fake_server_target(s), NULL, &soon, &c, &e), PH_E_TIMEOUT);
    assert_message(&e, PH_E_TIMEOUT, "waiting for the VNC handshake");
    assert_null(c);
    assert_true(fake_server_stop(s));
}

struct answer {
    const char *bytes;
    size_t n;
    int code;
    const char *part;
};

static void send_answer(struct fake_server *s, int fd, void *argument)
{
    const struct answer *a = argument;
    (void)s;
    fake_send(fd, a->bytes, a->n);
    fake_drain(fd);
}

#define ANSWER(text, code, part)                                                                   \
    {                                                                                              \
        text, sizeof text - 1, code, part                                                          \
    }

static void bad_handshakes_are_told_apart(void **state)
{
    static const struct answer answers[] = {
        ANSWER("HTTP/1.1 400 Bad\r\n", PH_E_PROTOCOL, "no VNC server"),
        ANSWER("RFB 003.008\n\0\0\0\0\x13Too many\x1b failures!", PH_E_TOO_MANY_TRIES,
               "Too many  failures!"),
        ANSWER("RFB 003.008\n\1\2", PH_E_PASSWORD, "wants a password"),
        ANSWER("RFB 003.008\n\1\x1e", PH_E_UNSUPPORTED, "only Apple Diffie-Hellman"),
        ANSWER("RFB 003.008\n\1\1\0\0\0\0\0\0\0\0", PH_E_TIMEOUT, "timed out"),
        ANSWER("RFB "
               "003."
               "008\n\1\1\0\0\0\0\xff\xff\xff\xff\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0\0\0"
               "\0\0",
               PH_E_PROTOCOL, "16384 a side"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct fake_server *s = fake_server_start(send_answer, (void *)&answers[i]);
        ph_client *c;
        ph_error e;
        ph_limit limit = answers[i].code == PH_E_TIMEOUT ? soon : patient;
        assert_int_equal(ph_connect(fake_server_target(s), NULL, &limit, &c, &e), answers[i].code);
        assert_message(&e, answers[i].code, answers[i].part);
        assert_true(fake_server_stop(s));
    }
}

/* A whole honest handshake, cut behind n bytes of what the server sends. */
static void cut(struct fake_server *s, int fd, void *argument)
{
    static const char whole[] =
        "RFB "
        "003."
        "008\n\1\1\0\0\0\0\0\x10\0\x10\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0\0\0\0\4fake";
    size_t n = *(const size_t *)argument;
    fake_send(fd, whole, n);
    (void)s;
    shutdown(fd, SHUT_WR);
    fake_drain(fd);
}

static void a_cut_handshake_is_an_error_at_every_byte(void **state)
{
    (void)state;
    for (size_t n = 0; n < 12 + 2 + 4 + 24 + 4; n++) {
        struct fake_server *s = fake_server_start(cut, &n);
        ph_client *c;
        ph_error e;
        assert_int_equal(ph_connect(fake_server_target(s), NULL, &patient, &c, &e), PH_E_CLOSED);
        assert_message(&e, PH_E_CLOSED, "in the handshake");
        assert_true(fake_server_stop(s));
    }
}

/* ---- frames ---- */

static void in_two_halves(struct fake_server *s, int fd, void *argument)
{
    uint8_t in[10];
    (void)argument;
    fake_handshake(fd, 16, 8);
    fake_take_setup(fd);
    fake_fill(fd, 0, 0, 16, 4, 0x111111);
    fake_read(fd, in, 10);
    fake_expect(s, in[0] == 3 && in[1] == 1, "an incremental request first");
    static const uint8_t missing[] = {3, 0, 0, 0, 0, 4, 0, 16, 0, 4};
    fake_read(fd, in, 10);
    fake_expect(s, memcmp(in, missing, 10) == 0, "a request for the lower half");
    fake_fill(fd, 0, 4, 16, 4, 0x222222);
    fake_drain(fd);
}

static void a_frame_is_complete_or_not_at_all(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(in_two_halves, NULL);
    ph_client *c = connect_to(s);
    ph_frame *f;
    assert_int_equal(ph_frame_get(c, 0, &patient, &f, NULL), PH_OK);
    assert_int_equal(ph_frame_width(f), 16);
    assert_int_equal(ph_frame_height(f), 8);
    assert_int_equal(ph_frame_sequence(f), 1);
    for (int i = 0; i < 16 * 8; i++)
        assert_int_equal(ph_frame_pixels(f)[i], i < 16 * 4 ? 0xff111111 : 0xff222222);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    ph_frame_unref(f);
    assert_true(fake_server_stop(s));
}

/* Sends one update each time a byte of input comes: a pointer event of 6 bytes. */
static void change_on_input(struct fake_server *s, int fd, void *argument)
{
    uint8_t in[10];
    (void)argument, (void)s;
    fake_handshake(fd, 4, 4);
    fake_take_setup(fd);
    fake_fill(fd, 0, 0, 4, 4, 0);
    for (uint32_t colour = 1; fake_read(fd, in, 1);) {
        if (in[0] == 5 && fake_read(fd, in, 5))
            fake_fill(fd, 0, 0, 1, 1, colour++);
        else if (in[0] == 3)
            fake_read(fd, in, 9);
    }
}

static void frames_never_change(void **state)
{
    enum { N = 40 }; /* more than the history a spare frame can catch up with */
    (void)state;
    struct fake_server *s = fake_server_start(change_on_input, NULL);
    ph_client *c = connect_to(s);
    ph_frame *first, *held = NULL, *f;
    assert_int_equal(ph_frame_get(c, 0, &patient, &first, NULL), PH_OK);
    uint64_t sequence = ph_frame_sequence(first);
    for (uint32_t i = 1; i <= N; i++) {
        assert_int_equal(ph_move(c, 1, 1, &patient, NULL), PH_OK);
        assert_int_equal(ph_frame_get(c, sequence, &patient, &f, NULL), PH_OK);
        assert_true(ph_frame_sequence(f) > sequence);
        sequence = ph_frame_sequence(f);
        assert_int_equal(ph_frame_pixels(f)[0], 0xff000000 | i);
        assert_int_equal(ph_frame_pixels(f)[1], 0xff000000);
        assert_int_equal(ph_frame_pixels(first)[0], 0xff000000);
        if (i == 3)
            held = ph_frame_ref(f);
        ph_frame_unref(f);
    }
    assert_int_equal(ph_frame_pixels(held)[0], 0xff000003);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    /* still there when the connection is not */
    assert_int_equal(ph_frame_pixels(held)[0], 0xff000003);
    ph_frame_unref(first);
    ph_frame_unref(held);
    assert_true(fake_server_stop(s));
}

static void resize(struct fake_server *s, int fd, void *argument)
{
    uint8_t in[10];
    static const uint8_t all[] = {3, 0, 0, 0, 0, 0, 0, 3, 0, 2};
    (void)argument;
    fake_handshake(fd, 4, 4);
    fake_take_setup(fd);
    fake_fill(fd, 0, 0, 4, 4, 0x123456);
    fake_read(fd, in, 10);
    fake_rect(fd, 0, 0, 3, 2, RFB_ENC_DESKTOP_SIZE, "", 0);
    do
        fake_expect(s, fake_read(fd, in, 10), "a request for the new size");
    while (memcmp(in, all, 10) != 0);
    fake_fill(fd, 0, 0, 3, 2, 0x654321);
    fake_drain(fd);
}

static void a_resize_gives_a_new_complete_frame(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(resize, NULL);
    ph_client *c = connect_to(s);
    ph_frame *f = NULL, *g;
    uint64_t sequence = 0;
    do {
        assert_int_equal(ph_frame_get(c, sequence, &patient, &g, NULL), PH_OK);
        ph_frame_unref(f);
        f = g;
        sequence = ph_frame_sequence(f);
    } while (ph_frame_width(f) == 4);
    assert_int_equal(ph_frame_width(f), 3);
    assert_int_equal(ph_frame_height(f), 2);
    assert_int_equal(ph_frame_pixels(f)[5], 0xff654321);
    ph_error e;
    assert_int_equal(ph_move(c, 3, 1, &patient, &e), PH_E_ARGUMENT);
    assert_message(&e, PH_E_ARGUMENT, "outside the screen, which is 3x2");
    ph_frame_unref(f);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* ---- broken updates ---- */

struct rect_fault {
    struct rfb_rect_head head;
    const char *body;
    size_t n;
    int code;
    const char *part;
};

static void send_rect(struct fake_server *s, int fd, void *argument)
{
    const struct rect_fault *r = argument;
    uint8_t go[6]; /* a pointer event: by then ph_connect has returned */
    (void)s;
    fake_handshake(fd, 16, 16);
    fake_take_setup(fd);
    fake_read(fd, go, sizeof go);
    fake_rect(fd, r->head.r.x, r->head.r.y, r->head.r.w, r->head.r.h, r->head.encoding, r->body,
              r->n);
    shutdown(fd, SHUT_WR);
    fake_drain(fd);
}

#define FAULT(x, y, w, h, encoding, bytes, code, part)                                             \
    {                                                                                              \
        {{x, y, w, h}, encoding}, bytes, sizeof bytes - 1, code, part                              \
    }

static void broken_rectangles_end_the_connection(void **state)
{
    static const struct rect_fault faults[] = {
        FAULT(0, 0, 16, 16, RFB_ENC_RAW, "short", PH_E_CLOSED, "closed the connection"),
        FAULT(1, 0, 16, 16, RFB_ENC_RAW, "", PH_E_PROTOCOL, "outside the framebuffer"),
        FAULT(0, 0, 65535, 65535, RFB_ENC_DESKTOP_SIZE, "", PH_E_PROTOCOL, "16384 a side"),
        FAULT(0, 0, 16, 16, 1234, "", PH_E_PROTOCOL, "unknown encoding"),
        FAULT(0, 0, 1, 1, RFB_ENC_H264, "\0\0\0\0\0\0\0\0", PH_E_PROTOCOL, "not asked for"),
        FAULT(8, 8, 8, 8, RFB_ENC_COPYRECT, "\0\x9\0\0", PH_E_PROTOCOL, "source is outside"),
        /* a subrectangle from 15 to 30 in a tile of 16 */
        FAULT(0, 0, 16, 16, RFB_ENC_HEXTILE,
              "\x0e"
              "bgrxBGRX\1\xff\xff",
              PH_E_PROTOCOL, "outside its tile"),
        FAULT(0, 0, 8, 8, RFB_ENC_RRE, "\0\0\0\1bgrxBGRX\0\0\0\0\0\x9\0\1", PH_E_PROTOCOL,
              "paints outside its rectangle"),
        FAULT(0, 0, 8, 8, RFB_ENC_ZLIB, "\0\0\0\4abcd", PH_E_PROTOCOL, "zlib rectangle"),
        FAULT(0, 0, 8, 8, RFB_ENC_ZRLE, "\0\0\0\4abcd", PH_E_PROTOCOL, "not zlib's"),
        FAULT(0, 0, 8, 8, RFB_ENC_ZRLE, "\xff\0\0\0", PH_E_PROTOCOL, "far more compressed bytes"),
        FAULT(0, 0, 8, 8, RFB_ENC_TIGHT, "\xa0", PH_E_PROTOCOL, "unknown compression control"),
        FAULT(0, 0, 8, 8, RFB_ENC_TIGHT, "\0\4abcd", PH_E_PROTOCOL, "tight rectangle"),
        FAULT(0, 0, 8, 8, RFB_ENC_TIGHT, "\x90\4abcd", PH_E_PROTOCOL,
              "JPEG, which was not asked for"),
        FAULT(0, 0, 8, 8, RFB_ENC_HEXTILE, "\0", PH_E_PROTOCOL, "a colour that was never set"),
        /* framed correctly, but nobody has asked for it */
        FAULT(0, 0, 16384, 4096, RFB_ENC_QEMU_AUDIO, "", PH_E_PROTOCOL, "not asked for"),
        FAULT(0, 0, 65535, 1, RFB_ENC_EXTENDED_DESKTOP_SIZE, "\0\0\0\0", PH_E_PROTOCOL,
              "16384 a side"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct fake_server *s = fake_server_start(send_rect, (void *)&faults[i]);
        ph_client *c = connect_to(s);
        ph_frame *f;
        ph_error e;
        assert_int_equal(ph_move(c, 0, 0, &patient, NULL), PH_OK);
        assert_int_equal(ph_frame_get(c, 0, &patient, &f, &e), faults[i].code);
        assert_message(&e, faults[i].code, faults[i].part);
        assert_null(f);
        assert_int_equal(ph_move(c, 0, 0, &patient, &e), faults[i].code);
        assert_message(&e, faults[i].code, faults[i].part);
        assert_int_equal(ph_close(c, NULL, &e), faults[i].code);
        assert_message(&e, faults[i].code, "input may be lost");
        assert_true(fake_server_stop(s));
    }
}

/* As many subrectangles as pixels, each the whole rectangle. */
static void repaint(struct fake_server *s, int fd, void *argument)
{
    enum { N = 512 * 512, SUBRECT = 12 };
    uint8_t *body = calloc(1, 8 + N * SUBRECT);
    (void)s, (void)argument;
    if (body == NULL)
        abort();
    rfb_set_u32(body, N);
    for (size_t i = 0; i < N; i++) {
        rfb_set_u16(body + 8 + i * SUBRECT + 8, 512);
        rfb_set_u16(body + 8 + i * SUBRECT + 10, 512);
    }
    uint8_t go[6];
    fake_handshake(fd, 512, 512);
    fake_take_setup(fd);
    fake_read(fd, go, sizeof go);
    fake_rect(fd, 0, 0, 512, 512, RFB_ENC_RRE, body, 8 + N * SUBRECT);
    free(body);
    fake_drain(fd);
}

static void painting_over_and_over_is_refused(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(repaint, NULL);
    ph_client *c = connect_to(s);
    ph_frame *f;
    ph_error e;
    assert_int_equal(ph_move(c, 0, 0, &patient, NULL), PH_OK);
    assert_int_equal(ph_frame_get(c, 0, &patient, &f, &e), PH_E_PROTOCOL);
    assert_message(&e, PH_E_PROTOCOL, "too many times");
    ph_close(c, NULL, NULL);
    assert_true(fake_server_stop(s));
}

/* Tiles of 255 subrectangles with a colour each: framed correctly, and half as large again as the
 * pixels would be uncompressed. */
static void fat_tiles(struct fake_server *s, int fd, void *argument)
{
    enum { SIDE = 1024, TILES = SIDE / 16 * (SIDE / 16), TILE = 2 + 255 * 6 };
    uint8_t *body = calloc(TILES, TILE), go[6];
    (void)s, (void)argument;
    if (body == NULL)
        abort();
    for (size_t i = 0; i < TILES; i++) {
        body[i * TILE] = 0x18 | (i == 0 ? 0x02 : 0); /* coloured subrectangles */
        body[i * TILE + 1] = 255;
    }
    memmove(body + 5, body + 1, TILES * TILE - 5); /* the first tile's background */
    fake_handshake(fd, SIDE, SIDE);
    fake_take_setup(fd);
    fake_read(fd, go, sizeof go);
    fake_rect(fd, 0, 0, SIDE, SIDE, RFB_ENC_HEXTILE, body, TILES * TILE);
    free(body);
    fake_drain(fd);
}

static void a_rectangle_holds_no_more_memory_than_its_pixels(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(fat_tiles, NULL);
    ph_client *c = connect_to(s);
    ph_frame *f;
    ph_error e;
    assert_int_equal(ph_move(c, 0, 0, &patient, NULL), PH_OK);
    assert_int_equal(ph_frame_get(c, 0, &patient, &f, &e), PH_E_PROTOCOL);
    assert_message(&e, PH_E_PROTOCOL, "far more than its pixels");
    ph_close(c, NULL, NULL);
    assert_true(fake_server_stop(s));
}

/* ---- waiting and ending ---- */

static void only_handshake(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    fake_handshake(fd, 16, 16);
    fake_drain(fd);
}

struct trigger {
    ph_client *c;
    ph_cancel *cancel;
};

/* Not before the other thread has had time to begin its wait. */
static void *trigger(void *argument)
{
    struct trigger *t = argument;
    ph_frame *f;
    ph_frame_get(t->c, 0, &soon, &f, NULL);
    ph_cancel_trigger(t->cancel);
    return NULL;
}

static void a_wait_ends_by_deadline_and_by_cancel(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(only_handshake, NULL);
    ph_client *c = connect_to(s);
    ph_frame *f;
    ph_error e;
    assert_int_equal(ph_frame_get(c, 0, &soon, &f, &e), PH_E_TIMEOUT);
    assert_message(&e, PH_E_TIMEOUT, "waiting for a complete frame");
    ph_cancel *cancel = ph_cancel_create();
    ph_limit forever = {.timeout_ms = -1, .cancel = cancel};
    struct trigger t = {c, cancel};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, trigger, &t), 0);
    assert_int_equal(ph_frame_get(c, 0, &forever, &f, &e), PH_E_CANCELLED);
    pthread_join(thread, NULL);
    assert_int_equal(ph_frame_get(c, 0, &forever, &f, &e), PH_E_CANCELLED);
    ph_cancel_destroy(cancel);
    ph_close(c, NULL, NULL);
    assert_true(fake_server_stop(s));
}

/* ---- closing in the middle of work ---- */

/* One update that takes minutes to paint and a moment to send. */
static void endless_fills(struct fake_server *s, int fd, void *argument)
{
    enum { SIDE = 4096, RECTS = 60000, BYTES = 16 };
    uint8_t head[4] = {0, 0, RECTS >> 8, RECTS & 0xff}, *rects = calloc(RECTS, BYTES);
    (void)s, (void)argument;
    if (rects == NULL)
        abort();
    for (size_t i = 0; i < RECTS; i++) {
        rfb_msg_set_rect_head(rects + i * BYTES,
                              &(struct rfb_rect_head){{0, 0, SIDE, SIDE}, RFB_ENC_TIGHT});
        rects[i * BYTES + 12] = 0x80; /* fill */
    }
    fake_handshake(fd, SIDE, SIDE);
    fake_take_setup(fd);
    fake_send(fd, head, sizeof head);
    fake_send(fd, rects, RECTS * BYTES);
    free(rects);
    fake_drain(fd);
}

/* Would not end within the test's time if closing waited for the painting. */
static void closing_does_not_wait_for_painting(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(endless_fills, NULL);
    ph_options o = PH_OPTIONS_INIT;
    ph_client *c;
    o.encodings = "tight";
    assert_int_equal(ph_connect(fake_server_target(s), &o, &patient, &c, NULL), PH_OK);
    ph_frame *f;
    assert_int_equal(ph_frame_get(c, 0, &soon, &f, NULL), PH_E_TIMEOUT);
    assert_int_equal(ph_close(c, &soon, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_server_times_out),
        cmocka_unit_test(bad_handshakes_are_told_apart),
        cmocka_unit_test(a_cut_handshake_is_an_error_at_every_byte),
        cmocka_unit_test(a_frame_is_complete_or_not_at_all),
        cmocka_unit_test(frames_never_change),
        cmocka_unit_test(a_resize_gives_a_new_complete_frame),
        cmocka_unit_test(broken_rectangles_end_the_connection),
        cmocka_unit_test(painting_over_and_over_is_refused),
        cmocka_unit_test(a_rectangle_holds_no_more_memory_than_its_pixels),
        cmocka_unit_test(a_wait_ends_by_deadline_and_by_cancel),
        cmocka_unit_test(closing_does_not_wait_for_painting),
    };
    return cmocka_run_group_tests_name("client_faults", tests, NULL, NULL);
}
