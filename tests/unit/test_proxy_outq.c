/* SPDX-License-Identifier: GPL-2.0-or-later
 * The write queue: what it sends at once, what it keeps, what it refuses, and how it tells. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/outq.h"
#include "unit.h"

enum { MAX = 64 << 10, PIECE = 1 << 10 };

static uv_loop_t loop;
static uv_pipe_t stream;
static struct outq queue;
static int reader;
static struct {
    unsigned drained, failed;
    int status;
} seen;

static void on_progress(struct outq *q, int status)
{
    assert_ptr_equal(q, &queue);
    seen.drained += status == 0;
    seen.failed += status < 0;
    seen.status = status;
}

static int set_up(void **state)
{
    int ends[2], small = 4096;
    (void)state;
    memset(&seen, 0, sizeof seen);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    reader = ends[1];
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_pipe_init(&loop, &stream, 0), 0);
    assert_int_equal(uv_pipe_open(&stream, ends[0]), 0);
    outq_init(&queue, (uv_stream_t *)&stream, MAX, on_progress);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (!uv_is_closing((uv_handle_t *)&stream))
        uv_close((uv_handle_t *)&stream, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (reader >= 0)
        close(reader);
    return uv_loop_close(&loop);
}

/* Sends numbered bytes until the queue says no; how many it took. */
static size_t fill(uint8_t *next)
{
    uint8_t piece[PIECE];
    for (size_t sent = 0;; sent += sizeof piece) {
        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = (uint8_t)(sent + i);
        if (outq_send(&queue, piece, sizeof piece) != 0)
            return sent;
        memset(piece, 0, sizeof piece); /* what waits is a copy */
        *next = (uint8_t)(sent + sizeof piece);
        assert_true(queue.queued <= MAX);
    }
}

static void sends_at_once_what_fits(void **state)
{
    char got[8];
    (void)state;
    assert_int_equal(outq_send(&queue, NULL, 0), 0);
    assert_int_equal(outq_send(&queue, (const uint8_t *)"hello", 5), 0);
    assert_int_equal(queue.queued, 0);
    assert_int_equal(recv(reader, got, sizeof got, MSG_DONTWAIT), 5);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(seen.drained, 0);
}

static void keeps_the_rest_in_order_and_bounded(void **state)
{
    uint8_t next = 0, got[PIECE];
    (void)state;
    size_t sent = fill(&next), received = 0;
    assert_true(queue.queued > MAX - PIECE);
    while (received < sent) {
        ssize_t n = recv(reader, got, sizeof got, MSG_DONTWAIT);
        for (ssize_t i = 0; i < n; i++)
            assert_int_equal(got[i], (uint8_t)(received + (size_t)i));
        received += n > 0 ? (size_t)n : 0;
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(queue.queued, 0);
    assert_int_equal(seen.drained, 1);
    assert_int_equal(seen.failed, 0);
    assert_int_equal(outq_send(&queue, &next, 1), 0); /* and it goes on */
}

static void tells_that_the_peer_is_gone(void **state)
{
    uint8_t next = 0;
    (void)state;
    fill(&next);
    close(reader);
    reader = -1;
    while (queue.queued != 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_true(seen.failed > 0);
    assert_int_equal(seen.status, UV_EPIPE);
    assert_int_equal(outq_send(&queue, &next, 1), -1);
}

static void frees_what_a_close_cancels(void **state)
{
    uint8_t next = 0;
    (void)state;
    fill(&next);
    uv_close((uv_handle_t *)&stream, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(queue.queued, 0);
    assert_int_equal(seen.drained, 0);
    assert_int_equal(seen.status, UV_ECANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sends_at_once_what_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_rest_in_order_and_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_that_the_peer_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frees_what_a_close_cancels, set_up, tear_down),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("proxy outq", tests, NULL, NULL);
}
