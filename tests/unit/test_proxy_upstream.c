/* SPDX-License-Identifier: GPL-2.0-or-later
 * An upstream whose viewer leaves, at every point of its handshake; its deadline; its socket. The
 * server is this test, one step of the handshake after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/upstream.h"
#include "unit.h"

enum { PATIENCE_MS = 20000, STEPS = 4 };

static char folder[] = "/tmp/test_proxy_upstream.XXXXXX";
static char path[64];
static uv_loop_t loop;
static struct scratch *scratch;
static struct config_desktop desktop = {.name = "d", .unix_path = path};
static struct upstream upstream;
static int listener, server;
static struct {
    unsigned ready, ended, closed;
    char words[128];
} seen;

static void on_ready(struct upstream *u)
{
    (void)u;
    seen.ready++;
}

static void on_data(struct upstream *u, uint8_t *data, size_t len)
{
    (void)u;
    (void)data;
    (void)len;
}

static void on_drained(struct upstream *u)
{
    (void)u;
}

static void on_ended(struct upstream *u, const char *words, const char *detail)
{
    (void)u;
    (void)detail;
    seen.ended++;
    snprintf(seen.words, sizeof seen.words, "%s", words);
}

static void on_closed(struct upstream *u)
{
    (void)u;
    seen.closed++;
}

static const struct upstream_events events = {.ready = on_ready,
                                              .data = on_data,
                                              .drained = on_drained,
                                              .ended = on_ended,
                                              .closed = on_closed};

static int set_up(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    memcpy(address.sun_path, path, strlen(path) + 1);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    scratch = scratch_create();
    assert_non_null(scratch);
    alarm(3 * PATIENCE_MS / 1000); /* what waits in vain ends as a failure */
    return uv_loop_init(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    close(listener);
    unlink(path);
    scratch_destroy(scratch);
    assert_int_equal(uv_loop_close(&loop), 0);
    return rmdir(folder);
}

static void open_upstream(uint64_t timeout_ms)
{
    memset(&seen, 0, sizeof seen);
    assert_int_equal(upstream_open(&upstream, &loop, &desktop, &events, scratch, timeout_ms), 0);
    server = accept(listener, NULL, NULL);
    assert_true(server >= 0);
}

/* The server's side of a step: it says something, and waits for the answer. */
static void serve_step(int step)
{
    static const uint8_t init[] = {0,   64, 0, 48, 32, 24, 0, 1, 0, 255, 0, 255, 0,
                                   255, 16, 8, 0,  0,  0,  0, 0, 0, 0,   1, 'd'};
    static const struct {
        const void *says;
        size_t len, answer;
    } steps[STEPS] = {
        {"RFB 003.008\n", 12, 12}, {"\1\1", 2, 1}, {"\0\0\0\0", 4, 1}, {init, sizeof init, 0}};
    uint8_t answer[12];
    assert_int_equal(send(server, steps[step].says, steps[step].len, MSG_NOSIGNAL),
                     steps[step].len);
    for (size_t got = 0; got < steps[step].answer;) {
        uv_run(&loop, UV_RUN_ONCE);
        ssize_t n = recv(server, answer, sizeof answer, MSG_DONTWAIT);
        assert_true(n != 0); /* it has not been cut */
        got += n > 0 ? (size_t)n : 0;
    }
}

static void finish(void)
{
    uint8_t byte;
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(recv(server, &byte, 1, MSG_DONTWAIT), 0);
    close(server);
}

static void ends_a_handshake_that_nobody_wants_any_more(void **state)
{
    (void)state;
    for (int left_at = 0; left_at <= STEPS; left_at++) {
        open_upstream(PATIENCE_MS);
        for (int step = 0; step < STEPS; step++) {
            if (step == left_at)
                upstream_leave(&upstream);
            serve_step(step);
        }
        while (left_at == STEPS && seen.ready == 0)
            uv_run(&loop, UV_RUN_ONCE);
        if (left_at == STEPS)
            upstream_leave(&upstream);
        finish();
        assert_int_equal(seen.ready, left_at == STEPS);
        assert_int_equal(seen.ended, 0);
    }
}

static void cuts_a_handshake_when_told_to(void **state)
{
    (void)state;
    open_upstream(PATIENCE_MS);
    serve_step(0);
    upstream_leave(&upstream);
    upstream_close(&upstream);
    finish();
    assert_int_equal(seen.ended, 0);
}

static void waits_for_a_silent_server_only_so_long(void **state)
{
    (void)state;
    open_upstream(1);
    while (seen.ended == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(seen.words, "the desktop's VNC server did not answer in time");
    upstream_close(&upstream);
    finish();
    open_upstream(1);
    upstream_leave(&upstream);
    finish();
    assert_int_equal(seen.ended, 0);
}

static void leaves_a_server_that_refuses(void **state)
{
    (void)state;
    open_upstream(PATIENCE_MS);
    upstream_leave(&upstream);
    assert_int_equal(send(server, "garbage that is no RFB", 22, MSG_NOSIGNAL), 22);
    finish();
    assert_int_equal(seen.ended, 0);
}

static void keeps_tcp_alive(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct config_desktop remote = {.name = "r", .host = "127.0.0.1"};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 0;
    uv_os_fd_t own;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(remote.port, sizeof remote.port, "%u", ntohs(address.sin_port));
    memset(&seen, 0, sizeof seen);
    assert_int_equal(upstream_open(&upstream, &loop, &remote, &events, scratch, PATIENCE_MS), 0);
    while (upstream.state != UPSTREAM_HANDSHAKE) {
        assert_int_equal(seen.ended, 0);
        uv_run(&loop, UV_RUN_ONCE);
    }
    len = sizeof on;
    assert_int_equal(uv_fileno(&upstream.h.handle, &own), 0);
    assert_int_equal(getsockopt(own, SOL_SOCKET, SO_KEEPALIVE, &on, &len), 0);
    assert_true(on);
    upstream_close(&upstream);
    server = accept(fd, NULL, NULL);
    finish();
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_a_handshake_that_nobody_wants_any_more),
        cmocka_unit_test(cuts_a_handshake_when_told_to),
        cmocka_unit_test(waits_for_a_silent_server_only_so_long),
        cmocka_unit_test(leaves_a_server_that_refuses),
        cmocka_unit_test(keeps_tcp_alive),
    };
    return cmocka_run_group_tests_name("proxy upstream", tests, set_up, tear_down);
}
