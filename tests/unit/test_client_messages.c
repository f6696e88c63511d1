/* SPDX-License-Identifier: GPL-2.0-or-later
 * What servers say beside pixels, and how they are asked for those: bell, fences,
 * ContinuousUpdates, sizes. */
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

static void wait_frame(ph_client *c, uint64_t after)
{
    ph_frame *f;
    ph_error e = {.code = 0};
    if (ph_frame_get(c, after, &patient, &f, &e) != PH_OK)
        fail_msg("no frame: %s", e.message);
    ph_frame_unref(f);
}

/* ---- for scripts ---- */

/* Reads one message of the client's; 0 at the end, else its length. */
static size_t take(int fd, uint8_t m[128])
{
    size_t n = 0;
    if (!fake_read(fd, m, 1))
        return 0;
    switch (m[0]) {
    case RFB_C2S_UPDATE_REQUEST:
    case RFB_C2S_ENABLE_CONTINUOUS_UPDATES:
        n = 10;
        break;
    case RFB_C2S_POINTER:
        n = 6;
        break;
    case RFB_C2S_FENCE:
        fake_read(fd, m + 1, 8);
        fake_read(fd, m + 9, m[8]);
        return 9u + m[8];
    default:
        return 0;
    }
    fake_read(fd, m + 1, n - 1);
    return n;
}

static void expect(struct fake_server *s, int fd, const void *bytes, size_t n, const char *what)
{
    uint8_t m[128];
    size_t got = take(fd, m);
    fake_expect(s, got == n && memcmp(m, bytes, n) == 0, what);
}

static const uint8_t next_16x8[] = {3, 1, 0, 0, 0, 0, 0, 16, 0, 8};
static const uint8_t enable_16x8[] = {150, 1, 0, 0, 0, 0, 0, 16, 0, 8};
#define EXPECT(bytes, what) expect(s, fd, bytes, sizeof bytes, what)

/* ---- bell ---- */

static void ring(struct fake_server *s, int fd, void *argument)
{
    uint8_t m[128];
    (void)s, (void)argument;
    fake_handshake(fd, 16, 8);
    fake_take_setup(fd);
    fake_send(fd, "\2\2", 2);
    while (take(fd, m) != 0)
        if (m[0] == RFB_C2S_POINTER)
            fake_send(fd, "\2", 1);
}

static void bells_are_counted_and_waited_for(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(ring, NULL);
    ph_client *c = connect_to(s);
    uint64_t count;
    ph_error e;
    assert_int_equal(ph_bell_wait(c, 1, &patient, &count, NULL), PH_OK);
    assert_int_equal(count, 2);
    assert_int_equal(ph_bell_wait(c, 2, &soon, &count, &e), PH_E_TIMEOUT);
    assert_string_equal(e.message, "timed out while waiting for the bell");
    assert_int_equal(count, 2);
    assert_int_equal(ph_move(c, 1, 1, &patient, NULL), PH_OK);
    assert_int_equal(ph_bell_wait(c, 2, &patient, &count, NULL), PH_OK);
    assert_int_equal(count, 3);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* ---- fences ---- */

/* One byte at a time, and followed by a frame: the answer is there before it is waited for. */
static void fences(struct fake_server *s, int fd, void *argument)
{
    static const uint8_t request[] = {248, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 3, 'a', 'b', 'c'};
    static const uint8_t answer[] = {248, 0, 0, 0, 0, 0, 0, 7, 3, 'a', 'b', 'c'};
    static const uint8_t empty[] = {248, 0, 0, 0, 0x80, 0, 0, 1, 0};
    static const uint8_t no_request[] = {248, 0, 0, 0, 0, 0, 0, 1, 1, 'x'};
    static const uint8_t empty_answer[] = {248, 0, 0, 0, 0, 0, 0, 1, 0};
    (void)argument;
    fake_handshake(fd, 16, 8);
    fake_take_setup(fd);
    for (size_t i = 0; i < sizeof request; i++)
        fake_send(fd, request + i, 1);
    EXPECT(answer, "the fence's payload with the flags that are known");
    fake_send(fd, no_request, sizeof no_request);
    fake_send(fd, empty, sizeof empty);
    EXPECT(empty_answer, "an answer to the request alone");
    fake_fill(fd, 0, 0, 16, 8, 1);
    EXPECT(next_16x8, "a request at the update's start");
    fake_drain(fd);
}

static void fences_are_answered(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(fences, NULL);
    ph_client *c = connect_to(s);
    wait_frame(c, 0);
    ph_info info = PH_INFO_INIT;
    assert_int_equal(ph_client_info(c, &info, NULL), PH_OK);
    assert_int_equal(info.fence, 1);
    assert_int_equal(info.continuous_updates, 0);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* ---- ContinuousUpdates ---- */

static void send_size(int fd, uint16_t width, uint16_t height)
{
    fake_rect(fd, 0, 0, width, height, RFB_ENC_DESKTOP_SIZE, "", 0);
}

static void continuous(struct fake_server *s, int fd, void *argument)
{
    static const uint8_t enable_3x2[] = {150, 1, 0, 0, 0, 0, 0, 3, 0, 2};
    static const uint8_t all_3x2[] = {3, 0, 0, 0, 0, 0, 0, 3, 0, 2};
    static const uint8_t next_3x2[] = {3, 1, 0, 0, 0, 0, 0, 3, 0, 2};
    (void)argument;
    fake_handshake(fd, 16, 8);
    fake_take_setup(fd);
    fake_send(fd, "\x96", 1);
    EXPECT(enable_16x8, "continuous updates enabled once the server has shown them");
    fake_fill(fd, 0, 0, 16, 8, 1);
    fake_fill(fd, 0, 0, 1, 1, 2);
    send_size(fd, 3, 2);
    EXPECT(enable_3x2, "no request in between, and enabled again for the new size");
    EXPECT(all_3x2, "all of the new size");
    fake_fill(fd, 0, 0, 3, 2, 3);
    fake_send(fd, "\x96", 1);
    EXPECT(next_3x2, "requests once the server has ended them");
    fake_fill(fd, 0, 0, 3, 2, 4);
    EXPECT(next_3x2, "and again");
    fake_drain(fd);
}

static void continuous_updates_need_no_requests(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(continuous, NULL);
    ph_client *c = connect_to(s);
    wait_frame(c, 3); /* 16x8, its change, 3x2 and its change */
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

static void offer(struct fake_server *s, int fd, void *argument)
{
    (void)argument;
    fake_handshake(fd, 16, 8);
    fake_take_setup(fd);
    fake_send(fd, "\x96", 1);
    EXPECT(enable_16x8, "continuous updates enabled");
    fake_fill(fd, 0, 0, 16, 8, 1);
    fake_drain(fd);
}

static void the_info_says_what_the_server_has(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(offer, NULL);
    ph_client *c = connect_to(s);
    wait_frame(c, 0);
    ph_info info = PH_INFO_INIT;
    assert_int_equal(ph_client_info(c, &info, NULL), PH_OK);
    assert_int_equal(info.continuous_updates, 1);
    assert_int_equal(info.fence, 0);
    assert_int_equal(ph_close(c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(s));
}

/* Endless fences to one who reads none of the answers. */
static void flood(struct fake_server *s, int fd, void *argument)
{
    enum { N = 1000, BYTES = 9 + RFB_FENCE_MAX };
    static uint8_t many[N * BYTES];
    (void)s, (void)argument;
    for (size_t i = 0; i < N; i++)
        memcpy(many + i * BYTES, "\xf8\0\0\0\x80\0\0\1\x40", 9);
    fake_handshake(fd, 16, 8);
    fake_take_setup(fd);
    for (int i = 0; i < 100; i++)
        fake_send(fd, many, sizeof many);
    fake_drain(fd);
}

static void answers_that_nobody_reads_end_the_connection(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start(flood, NULL);
    ph_client *c = connect_to(s);
    ph_frame *f;
    ph_error e;
    assert_int_equal(ph_frame_get(c, 0, &patient, &f, &e), PH_E_PROTOCOL);
    assert_string_equal(e.message, "the server reads nothing of what it is sent");
    ph_close(c, NULL, NULL);
    assert_true(fake_server_stop(s));
}

/* ---- what was not asked for ---- */

static void unasked(struct fake_server *s, int fd, void *argument)
{
    uint8_t m[128];
    (void)s;
    fake_handshake(fd, 16, 8);
    take(fd, m); /* by then the client is connected */
    fake_send(fd, argument, strlen(argument) == 1 ? 1 : 9);
    fake_drain(fd);
}

static void input_only_asks_for_nothing(void **state)
{
    char fence[] = "\xf8...\x80...", over[] = "\x96";
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fake_server *s = fake_server_start(unasked, i == 0 ? fence : over);
        ph_options o = PH_OPTIONS_INIT;
        ph_client *c;
        ph_error e;
        uint64_t count;
        o.input_only = 1;
        assert_int_equal(ph_connect(fake_server_target(s), &o, &patient, &c, NULL), PH_OK);
        assert_int_equal(ph_move(c, 1, 1, &patient, NULL), PH_OK);
        assert_int_equal(ph_bell_wait(c, 0, &patient, &count, &e), PH_E_PROTOCOL);
        if (strstr(e.message, "which was not asked for") == NULL)
            fail_msg("%s", e.message);
        ph_close(c, NULL, NULL);
        assert_true(fake_server_stop(s));
    }
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bells_are_counted_and_waited_for),
        cmocka_unit_test(fences_are_answered),
        cmocka_unit_test(continuous_updates_need_no_requests),
        cmocka_unit_test(the_info_says_what_the_server_has),
        cmocka_unit_test(answers_that_nobody_reads_end_the_connection),
        cmocka_unit_test(input_only_asks_for_nothing),
    };
    return cmocka_run_group_tests_name("client_messages", tests, NULL, NULL);
}
