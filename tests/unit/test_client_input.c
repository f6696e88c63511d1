/* SPDX-License-Identifier: GPL-2.0-or-later
 * Input: it arrives whole, in order and unmixed; what is down is released; a server that does not
 * read is noticed. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_server.h"
#include "porthole.h"
#include "rfb/msg.h"
#include "unit.h"

static const ph_limit soon = {.timeout_ms = 200}, patient = {.timeout_ms = 20000};

static void assert_message(const ph_error *e, int code, const char *part)
{
    assert_int_equal(e->code, code);
    if (strstr(e->message, part) == NULL)
        fail_msg("'%s' does not hold '%s'", e->message, part);
}

static ph_client *connect_for_input(struct fake_server *s)
{
    ph_options o = PH_OPTIONS_INIT;
    ph_client *c;
    o.input_only = 1;
    assert_int_equal(ph_connect(fake_server_target(s), &o, &patient, &c, NULL), PH_OK);
    return c;
}

/* ---- events as bytes ---- */

#define POINTER(buttons, x, y) 5, (buttons), 0, (x), 0, (y)
#define KEY(down, high, low) 4, (down), 0, 0, 0, 0, (high), (low)
#define CONTROL(down) KEY(down, 0xff, 0xe3)
#define SHIFT(down) KEY(down, 0xff, 0xe1)

struct bytes {
    const uint8_t *bytes;
    size_t n;
};
#define BYTES(array)                                                                               \
    (struct bytes)                                                                                 \
    {                                                                                              \
        (array), sizeof(array)                                                                     \
    }

/* The argument's bytes are all that the client sends. */
static void expect_bytes(struct fake_server *s, int fd, void *argument)
{
    const struct bytes *expected = argument;
    uint8_t in[256], more;
    fake_handshake(fd, 16, 16);
    fake_expect(s, fake_read(fd, in, expected->n), "all events");
    fake_expect(s, memcmp(in, expected->bytes, expected->n) == 0, "those events");
    fake_expect(s, !fake_read(fd, &more, 1), "nothing more");
}

static void closing_releases_what_is_down(void **state)
{
    static const uint8_t expected[] = {
        POINTER(0, 3, 4), POINTER(1, 3, 4), CONTROL(1), /* and, unasked: */
        CONTROL(0),       POINTER(0, 3, 4),
    };
    (void)state;
    struct bytes all = BYTES(expected);
    struct fake_server *s = fake_server_start(expect_bytes, &all);
    ph_frame *f;
    uint32_t control;
    ph_client *c = connect_for_input(s);
    assert_int_equal(ph_frame_get(c, 0, &patient, &f, NULL), PH_E_ARGUMENT);
    assert_int_equal(ph_keysym("ctrl", &control, NULL), PH_OK);
    assert_int_equal(ph_button(c, 3, 4, PH_BUTTON_LEFT, 1, &patient, NULL), PH_OK);
    assert_int_equal(ph_move(c, 16, 4, &patient, NULL), PH_E_ARGUMENT);
    assert_int_equal(ph_key(c, control, 1, &patient, NULL), PH_OK);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void modifiers_are_held_meanwhile(void **state)
{
    static const uint8_t expected[] = {
        CONTROL(1),        SHIFT(1),         POINTER(0, 3, 4),  POINTER(1, 3, 4), POINTER(0, 3, 4),
        SHIFT(0),          CONTROL(0),       SHIFT(1),          POINTER(0, 3, 4), POINTER(1, 3, 4),
        POINTER(1, 5, 6),  POINTER(0, 5, 6), SHIFT(0),          CONTROL(1),       POINTER(0, 7, 8),
        POINTER(16, 7, 8), POINTER(0, 7, 8), POINTER(32, 7, 8), POINTER(0, 7, 8), CONTROL(0),
        CONTROL(1),        SHIFT(1),         KEY(1, 0, 'T'),    KEY(0, 0, 'T'),   SHIFT(0),
        CONTROL(0),        SHIFT(1),         KEY(1, 0, 'A'),    KEY(0, 0, 'A'),   SHIFT(0),
    };
    static const ph_point line[] = {{3, 4}, {5, 6}};
    (void)state;
    struct bytes all = BYTES(expected);
    struct fake_server *s = fake_server_start(expect_bytes, &all);
    ph_client *c = connect_for_input(s);
    ph_input_options both = PH_INPUT_INIT, shift = PH_INPUT_INIT, control = PH_INPUT_INIT;
    both.modifiers = "ctrl+shift";
    shift.modifiers = "shift";
    control.modifiers = "ctrl";
    assert_int_equal(ph_click(c, 3, 4, PH_BUTTON_LEFT, 1, &both, &patient, NULL), PH_OK);
    assert_int_equal(ph_drag(c, line, 2, PH_BUTTON_LEFT, &shift, &patient, NULL), PH_OK);
    assert_int_equal(ph_scroll(c, 7, 8, -1, 1, &control, &patient, NULL), PH_OK);
    assert_int_equal(ph_chord(c, "t", &both, &patient, NULL), PH_OK);
    assert_int_equal(ph_type(c, "a", &shift, &patient, NULL), PH_OK);
    /* refused whole: not even the modifiers are sent */
    assert_int_equal(ph_click(c, 16, 4, PH_BUTTON_LEFT, 1, &both, &patient, NULL), PH_E_ARGUMENT);
    both.modifiers = "ctrl+nonsense";
    assert_int_equal(ph_click(c, 3, 4, PH_BUTTON_LEFT, 1, &both, &patient, NULL), PH_E_ARGUMENT);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void what_was_down_stays_down(void **state)
{
    static const uint8_t expected[] = {
        CONTROL(1),       POINTER(0, 3, 4), POINTER(4, 3, 4), /* held by the caller */
        CONTROL(1),       KEY(1, 0, 'c'),   KEY(0, 0, 'c'),   POINTER(4, 1, 2),
        POINTER(5, 1, 2), POINTER(4, 1, 2), CONTROL(0),       POINTER(0, 1, 2), /* ph_release_all */
        KEY(1, 0, 'x'),   KEY(0, 0, 'x'),
    };
    (void)state;
    struct bytes all = BYTES(expected);
    struct fake_server *s = fake_server_start(expect_bytes, &all);
    ph_client *c = connect_for_input(s);
    ph_input_options control = PH_INPUT_INIT;
    control.modifiers = "ctrl";
    assert_int_equal(ph_key(c, 0xffe3, 1, &patient, NULL), PH_OK);
    assert_int_equal(ph_button(c, 3, 4, PH_BUTTON_RIGHT, 1, &patient, NULL), PH_OK);
    assert_int_equal(ph_chord(c, "ctrl+c", NULL, &patient, NULL), PH_OK);
    assert_int_equal(ph_click(c, 1, 2, PH_BUTTON_LEFT, 1, &control, &patient, NULL), PH_OK);
    assert_int_equal(ph_release_all(c, &patient, NULL), PH_OK);
    assert_int_equal(ph_release_all(c, &patient, NULL), PH_OK); /* nothing more to release */
    assert_int_equal(ph_key(c, 'x', 1, &patient, NULL), PH_OK);
    assert_int_equal(ph_key(c, 'x', 0, &patient, NULL), PH_OK);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* What no keymap may have is told apart from what it knows; the first of all comes behind a Shift.
 */
static void new_symbols_are_counted(void **state)
{
    static const uint8_t expected[] = {
        SHIFT(1),        SHIFT(0),        KEY(1, 0, 0xe4), KEY(0, 0, 0xe4), KEY(1, 0, 'a'),
        KEY(0, 0, 'a'),  KEY(1, 0, 0xe4), KEY(0, 0, 0xe4), /* known by now */
        KEY(1, 0, 0xf6), KEY(0, 0, 0xf6), KEY(1, 0, 0xe4), KEY(0, 0, 0xe4), KEY(1, 0, 0xf6),
        KEY(0, 0, 0xf6), SHIFT(1),        SHIFT(0),        KEY(1, 0, 0xfc), KEY(0, 0, 0xfc),
    };
    (void)state;
    struct bytes all = BYTES(expected);
    struct fake_server *s = fake_server_start(expect_bytes, &all);
    ph_client *c = connect_for_input(s);
    ph_input_options o = PH_INPUT_INIT;
    ph_error e;
    o.new_symbols = 2;
    assert_int_equal(ph_type(c, "\u00e4\u00f6\u00fc", &o, &patient, &e), PH_E_ARGUMENT);
    assert_message(&e, PH_E_ARGUMENT, "3 symbols beyond basic Latin");
    assert_int_equal(ph_type(c, "\u00e4a\u00e4\u00f6", &o, &patient, NULL), PH_OK);
    assert_int_equal(ph_type(c, "\u00fc", &o, &patient, NULL), PH_E_ARGUMENT);
    o.new_symbols = -1;
    o.new_symbol_ms = 60000; /* of which there is no time left */
    assert_int_equal(ph_type(c, "\u00e4\u00f6", &o, &soon, NULL), PH_OK);
    o.new_symbol_ms = 1;
    assert_int_equal(ph_type(c, "\u00fc", &o, &patient, NULL), PH_OK);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* A hold is as good a place to run out of time as any. */
static void a_pause_counts_against_the_limit(void **state)
{
    static const uint8_t expected[] = {
        CONTROL(1),       POINTER(0, 3, 4), POINTER(1, 3, 4), CONTROL(0),
        POINTER(0, 3, 4), KEY(1, 0, 'a'),   KEY(0, 0, 'a'),
    };
    (void)state;
    struct bytes all = BYTES(expected);
    struct fake_server *s = fake_server_start(expect_bytes, &all);
    ph_client *c = connect_for_input(s);
    ph_input_options o = PH_INPUT_INIT;
    ph_error e;
    o.modifiers = "ctrl";
    o.hold_ms = 60000;
    assert_int_equal(ph_click(c, 3, 4, PH_BUTTON_LEFT, 2, &o, &soon, &e), PH_E_TIMEOUT);
    assert_message(&e, PH_E_TIMEOUT, "0 of 2 clicks were sent");
    o.modifiers = NULL;
    o.hold_ms = 0;
    o.interval_ms = 60000;
    assert_int_equal(ph_type(c, "abc", &o, &soon, &e), PH_E_TIMEOUT);
    assert_message(&e, PH_E_TIMEOUT, "1 of 3 characters were sent");
    o.interval_ms = 60001;
    assert_int_equal(ph_type(c, "abc", &o, &soon, &e), PH_E_ARGUMENT);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void never_read(struct fake_server *s, int fd, void *argument)
{
    char end;
    (void)s;
    fake_handshake(fd, 16, 16);
    if (read(*(int *)argument, &end, 1) < 0)
        abort();
}

static void a_server_that_reads_nothing_is_noticed(void **state)
{
    (void)state;
    int until[2];
    assert_int_equal(pipe(until), 0);
    struct fake_server *s = fake_server_start(never_read, &until[0]);
    ph_client *c = connect_for_input(s);
    char text[65536 + 1];
    ph_error e = {.code = PH_OK};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 100 && e.code == PH_OK; i++)
        ph_type(c, text, NULL, &soon, &e);
    assert_message(&e, PH_E_TIMEOUT, "does not read its input");
    assert_int_equal(ph_close(c, &soon, &e), PH_E_TIMEOUT);
    assert_message(&e, PH_E_TIMEOUT, "before the server had read all input");
    close(until[1]);
    assert_true(fake_server_stop(s));
    close(until[0]);
}

/* Reads nothing until nothing more comes: until then the client has filled the socket. */
static void let_it_fill(int fd)
{
    int before = -1, now = 0;
    while (now != before || now == 0) {
        before = now;
        usleep(20000);
        if (ioctl(fd, FIONREAD, &now) < 0)
            abort();
    }
}

/* Reads what it can until the end, and counts. */
static void count_input(struct fake_server *s, int fd, void *argument)
{
    uint8_t in[4096];
    ssize_t n;
    (void)s;
    fake_handshake(fd, 2000, 1000);
    let_it_fill(fd);
    while ((n = recv(fd, in, sizeof in, 0)) > 0)
        *(size_t *)argument += (size_t)n;
}

/* More than the queue and the socket hold together: the calls wait, and are woken. */
static void long_input_arrives_whole(void **state)
{
    enum { POINTS = 1000, CHARACTERS = 200000 };
    (void)state;
    size_t count = 0;
    struct fake_server *s = fake_server_start(count_input, &count);
    ph_client *c = connect_for_input(s);
    ph_point points[POINTS];
    char *text = malloc(CHARACTERS + 1);
    for (int i = 0; i < POINTS; i++)
        points[i] = (ph_point){i % 2 == 0 ? 0 : 1920, i};
    memset(text, 'x', CHARACTERS);
    text[CHARACTERS] = '\0';
    assert_int_equal(ph_drag(c, points, POINTS, PH_BUTTON_LEFT, NULL, &patient, NULL), PH_OK);
    assert_int_equal(ph_type(c, text, NULL, &patient, NULL), PH_OK);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
    /* there, press, 999 lines of 120 steps, release; two events a character */
    assert_int_equal(count, (2 + 999 * 120 + 1) * 6 + CHARACTERS * 2 * 8);
    free(text);
}

static void too_many_keys_are_refused(void **state)
{
    enum { KEYS = 64 };
    (void)state;
    size_t count = 0;
    struct fake_server *s = fake_server_start(count_input, &count);
    ph_client *c = connect_for_input(s);
    ph_error e;
    for (uint32_t i = 0; i < KEYS; i++)
        assert_int_equal(ph_key(c, '?' + i, 1, &patient, NULL), PH_OK);
    assert_int_equal(ph_key(c, 0xffe3, 1, &patient, &e), PH_E_ARGUMENT);
    assert_message(&e, PH_E_ARGUMENT, "more than 64 keys are held down");
    assert_int_equal(ph_chord(c, "ctrl+1", NULL, &patient, NULL), PH_OK);
    assert_int_equal(ph_type(c, "12", NULL, &patient, NULL), PH_OK);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
    assert_int_equal(count, (KEYS + 2 * 2 + 2 * 2 + KEYS) * 8);
}

enum { TYPISTS = 4, CHORDS = 200 };

/* Each chord is whole: down, down, up, up of one typist's two keys. */
static void expect_whole_chords(struct fake_server *s, int fd, void *argument)
{
    uint8_t in[4][8];
    (void)argument;
    fake_handshake(fd, 16, 16);
    for (int i = 0; i < TYPISTS * CHORDS; i++) {
        fake_expect(s, fake_read(fd, in, sizeof in), "a chord");
        uint32_t control = rfb_get_u32(in[0] + 4), letter = rfb_get_u32(in[1] + 4);
        fake_expect(s, in[0][1] && in[1][1] && !in[2][1] && !in[3][1], "down, down, up, up");
        fake_expect(s, control == 0xffe3 && letter >= 'a' && letter < 'a' + TYPISTS, "ctrl+letter");
        fake_expect(s, rfb_get_u32(in[2] + 4) == letter && rfb_get_u32(in[3] + 4) == control,
                    "the same two");
    }
    fake_drain(fd);
}

struct typist {
    ph_client *c;
    char chord[8];
    int rc;
};

static void *type_chords(void *argument)
{
    struct typist *t = argument;
    for (int i = 0; i < CHORDS && t->rc == PH_OK; i++)
        t->rc = ph_chord(t->c, t->chord, NULL, &patient, NULL);
    return NULL;
}

static void threads_do_not_mix_their_input(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(expect_whole_chords, NULL);
    ph_client *c = connect_for_input(s);
    struct typist typists[TYPISTS];
    pthread_t threads[TYPISTS];
    for (int i = 0; i < TYPISTS; i++) {
        typists[i] = (struct typist){.c = c, .chord = {'c', 't', 'r', 'l', '+', (char)('a' + i)}};
        assert_int_equal(pthread_create(&threads[i], NULL, type_chords, &typists[i]), 0);
    }
    for (int i = 0; i < TYPISTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(typists[i].rc, PH_OK);
    }
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* One typist's text after the other's, however long each has to wait for room. */
static void expect_whole_texts(struct fake_server *s, int fd, void *argument)
{
    uint8_t in[8];
    uint32_t last = 0;
    int changes = 0;
    (void)argument;
    fake_handshake(fd, 16, 16);
    let_it_fill(fd);
    while (fake_read(fd, in, sizeof in)) {
        changes += rfb_get_u32(in + 4) != last;
        last = rfb_get_u32(in + 4);
    }
    fake_expect(s, changes == TYPISTS, "each text in one piece");
}

static void *type_text(void *argument)
{
    enum { CHARACTERS = 40000 };
    struct typist *t = argument;
    char *text = malloc(CHARACTERS + 1);
    memset(text, t->chord[0], CHARACTERS);
    text[CHARACTERS] = '\0';
    t->rc = ph_type(t->c, text, NULL, &patient, NULL);
    free(text);
    return NULL;
}

static void texts_of_threads_do_not_mix(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(expect_whole_texts, NULL);
    ph_client *c = connect_for_input(s);
    struct typist typists[TYPISTS];
    pthread_t threads[TYPISTS];
    for (int i = 0; i < TYPISTS; i++) {
        typists[i] = (struct typist){.c = c, .chord = {(char)('a' + i)}};
        assert_int_equal(pthread_create(&threads[i], NULL, type_text, &typists[i]), 0);
    }
    for (int i = 0; i < TYPISTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(typists[i].rc, PH_OK);
    }
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* Reads only once it is told to, then all; the last event is the release. */
static void expect_release_at_the_end(struct fake_server *s, int fd, void *argument)
{
    uint8_t in[6] = {0}, go;
    int pressed = 0;
    fake_handshake(fd, 2000, 1000);
    if (read(*(int *)argument, &go, 1) < 0)
        abort();
    while (fake_read(fd, in, sizeof in))
        pressed += in[1] == 1;
    fake_expect(s, pressed > 1000, "a drag under way");
    fake_expect(s, in[0] == 5 && in[1] == 0, "no button down at the end");
}

static void *cancel_soon(void *cancel)
{
    usleep(200000);
    ph_cancel_trigger(cancel);
    return NULL;
}

/* More than the queue and the socket hold: the drag cannot be over when it is cancelled. */
static void a_cancelled_drag_releases_its_button(void **state)
{
    enum { POINTS = 1000 };
    (void)state;
    int go[2];
    assert_int_equal(pipe(go), 0);
    struct fake_server *s = fake_server_start(expect_release_at_the_end, &go[0]);
    ph_client *c = connect_for_input(s);
    ph_cancel *cancel = ph_cancel_create();
    const ph_limit forever = {.timeout_ms = -1, .cancel = cancel};
    ph_point points[POINTS];
    pthread_t thread;
    ph_error e;
    for (int i = 0; i < POINTS; i++)
        points[i] = (ph_point){i % 2 == 0 ? 0 : 1920, i};
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, cancel), 0);
    assert_int_equal(ph_drag(c, points, POINTS, PH_BUTTON_LEFT, NULL, &forever, &e),
                     PH_E_CANCELLED);
    assert_message(&e, PH_E_CANCELLED, "does not read its input");
    pthread_join(thread, NULL);
    ph_cancel_destroy(cancel);
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(ph_close(c, &patient, NULL), PH_OK);
    assert_true(fake_server_stop(s));
    close(go[0]);
    close(go[1]);
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closing_releases_what_is_down),
        cmocka_unit_test(modifiers_are_held_meanwhile),
        cmocka_unit_test(what_was_down_stays_down),
        cmocka_unit_test(new_symbols_are_counted),
        cmocka_unit_test(a_pause_counts_against_the_limit),
        cmocka_unit_test(a_server_that_reads_nothing_is_noticed),
        cmocka_unit_test(long_input_arrives_whole),
        cmocka_unit_test(too_many_keys_are_refused),
        cmocka_unit_test(threads_do_not_mix_their_input),
        cmocka_unit_test(texts_of_threads_do_not_mix),
        cmocka_unit_test(a_cancelled_drag_releases_its_button),
    };
    return cmocka_run_group_tests_name("client_input", tests, NULL, NULL);
}
