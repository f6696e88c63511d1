/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    LINGER_TICK_MS = 250,
    LINGER_STALL_TICKS = 20, /* 5 s without progress: the peer does not read any more */
    LINGER_MAX_TICKS = 480   /* two minutes in all, however slowly it goes forward */
};

/* ---- sending ---- */

static void end(struct tls_conn *c, const char *why)
{
    if (c->state != TLS_PRELUDE && c->state != TLS_HANDSHAKE && c->state != TLS_OPEN)
        return;
    c->state = TLS_ENDED;
    uv_read_stop((uv_stream_t *)&c->tcp);
    c->events->ended(c, why);
}

static void shut_down_when_sent(struct tls_conn *c);

static void on_progress(struct outq *q, int status)
{
    struct tls_conn *c = q->stream->data;
    if (c->state == TLS_CLOSED)
        return;
    if (status < 0) {
        if (c->state == TLS_LINGER)
            tls_conn_abort(c);
        else
            end(c, uv_strerror(status));
    } else if (c->state == TLS_LINGER) {
        shut_down_when_sent(c);
    } else if (c->state == TLS_OPEN) {
        c->events->drained(c);
    }
}

int tls_conn_send(struct tls_conn *c, const uint8_t *data, size_t len)
{
    return c->state == TLS_OPEN ? tls_pipe_send(&c->pipe, data, len) : -1;
}

/* ---- receiving ---- */

/* Decrypts all of the current read, or up to what ends the connection. */
static void decrypt(struct tls_conn *c)
{
    char text[TLS_ERROR_MAX];
    const char *why;
    size_t got;
    while (c->state == TLS_HANDSHAKE || c->state == TLS_OPEN) {
        switch (tls_pipe_take(&c->pipe, c->scratch->plain, SCRATCH_PLAIN, &got, &why, text)) {
        case TLS_SHAKEN:
            c->state = TLS_OPEN;
            if (c->events->opened != NULL)
                c->events->opened(c);
            break;
        case TLS_DATA:
            c->events->data(c, c->scratch->plain, got);
            break;
        case TLS_HTTP:
            c->in_clear = true;
            end(c, why);
            return;
        case TLS_FAILED:
            end(c, why);
            return;
        case TLS_MORE:
            return;
        }
    }
}

/* True: TLS has its turn with the rest of the current read. */
static bool take_prelude(struct tls_conn *c, const uint8_t **data, size_t *len)
{
    size_t used = 0;
    if (c->state != TLS_PRELUDE)
        return true;
    if (c->events->prelude(c, *data, *len, &used) != 1)
        return false;
    *data += used;
    *len -= used;
    c->state = TLS_HANDSHAKE;
    return true;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tls_conn *c = stream->data;
    if (!turn_read(&c->turn, n, buf))
        return;
    if (c->state == TLS_LINGER) {
        if (n < 0)
            tls_conn_abort(c);
        return;
    }
    if (n < 0) {
        end(c, n == UV_EOF ? TLS_PEER_CLOSED : uv_strerror((int)n));
        return;
    }
    const uint8_t *data = (const uint8_t *)buf->base;
    size_t len = (size_t)n;
    if (!take_prelude(c, &data, &len))
        return;
    tls_pipe_feed(&c->pipe, data, len);
    decrypt(c);
    tls_pipe_feed(&c->pipe, NULL, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tls_conn *c = handle->data;
    (void)suggested;
    *buf = turn_offer(&c->turn, c->scratch->cipher, SCRATCH_CIPHER);
}

static int start_reading(struct tls_conn *c)
{
    turn_begin(&c->turn);
    return uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* ---- life ---- */

int tls_conn_init(struct tls_conn *c, uv_loop_t *loop, const struct tls_events *events,
                  struct scratch *scratch)
{
    *c = (struct tls_conn){.events = events, .scratch = scratch};
    int rc = uv_tcp_init(loop, &c->tcp);
    if (rc != 0)
        return rc;
    uv_timer_init(loop, &c->linger);
    outq_init(&c->out, (uv_stream_t *)&c->tcp, TLS_QUEUE_MAX, on_progress);
    c->tcp.data = c;
    c->linger.data = c;
    c->handles = 2;
    return 0;
}

int tls_conn_start(struct tls_conn *c, SSL_CTX *ctx, bool prelude)
{
    c->state = prelude ? TLS_PRELUDE : TLS_HANDSHAKE;
    if (tls_pipe_init(&c->pipe, ctx, true, c->scratch, &c->out) != 0)
        return -1;
    uv_tcp_nodelay(&c->tcp, 1);
    c->wants_read = true;
    return start_reading(c) == 0 ? 0 : -1;
}

void tls_conn_pause(struct tls_conn *c, bool pause)
{
    if ((c->state != TLS_OPEN && c->state != TLS_HANDSHAKE) || c->wants_read == !pause)
        return;
    c->wants_read = !pause;
    if (pause)
        uv_read_stop((uv_stream_t *)&c->tcp);
    else
        start_reading(c);
}

static void on_closed(uv_handle_t *handle)
{
    struct tls_conn *c = handle->data;
    if (--c->handles != 0)
        return;
    tls_pipe_finish(&c->pipe);
    c->events->closed(c);
}

/* Bytes the kernel still holds: SIOCOUTQ counts what the peer has not acknowledged. */
static int kernel_queue(struct tls_conn *c)
{
    uv_os_fd_t fd;
    int bytes = 0;
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &bytes) != 0)
        return 0;
    return bytes;
}

/* A close throws away what the kernel holds, and tells the peer by a reset. */
static void lose_the_rest(struct tls_conn *c)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    uv_os_fd_t fd;
    if (kernel_queue(c) != 0 && uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void tls_conn_abort(struct tls_conn *c)
{
    if (c->state == TLS_CLOSED)
        return;
    c->state = TLS_CLOSED;
    if (c->hurried)
        lose_the_rest(c);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    uv_close((uv_handle_t *)&c->linger, on_closed);
}

static void on_linger(uv_timer_t *timer)
{
    struct tls_conn *c = timer->data;
    int waiting = kernel_queue(c) + (int)uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
    c->stalled = waiting < c->last_outq ? 0 : c->stalled + 1;
    c->last_outq = waiting;
    bool late = c->hurried && uv_now(timer->loop) >= c->hurry_until_ms;
    if (late || c->stalled >= LINGER_STALL_TICKS || ++c->lingered >= LINGER_MAX_TICKS)
        tls_conn_abort(c);
}

void tls_conn_hurry(struct tls_conn *c, uint64_t ms)
{
    if (c->state != TLS_LINGER || c->hurried)
        return;
    c->hurried = true;
    c->hurry_until_ms = uv_now(c->linger.loop) + ms;
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct tls_conn *c = req->handle->data;
    if (status < 0 && c->state == TLS_LINGER)
        tls_conn_abort(c);
}

static void shut_down_when_sent(struct tls_conn *c)
{
    if (c->out.queued != 0 || c->shut_down)
        return;
    c->shut_down = true;
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0)
        tls_conn_abort(c);
}

/* As nginx has it: who typed http:// is to know why nothing comes. */
static int answer_in_clear(struct tls_conn *c)
{
#define WORDS "This port speaks TLS: use https:// in place of http://.\n"
    char answer[256];
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                       "Content-Length: %zu\r\nConnection: close\r\n\r\n" WORDS,
                       sizeof WORDS - 1);
#undef WORDS
    return outq_send(&c->out, (const uint8_t *)answer, (size_t)len);
}

void tls_conn_finish(struct tls_conn *c)
{
    bool in_clear = c->state == TLS_ENDED && c->in_clear;
    if (c->state != TLS_OPEN && !in_clear) {
        if (c->state != TLS_LINGER)
            tls_conn_abort(c);
        return;
    }
    c->state = TLS_LINGER;
    if ((in_clear ? answer_in_clear(c) : tls_pipe_end(&c->pipe)) != 0 ||
        uv_timer_start(&c->linger, on_linger, LINGER_TICK_MS, LINGER_TICK_MS) != 0) {
        tls_conn_abort(c);
        return;
    }
    c->last_outq = INT32_MAX;
    /* from here on input is thrown away, but read: unread input would turn the close into a reset
     */
    start_reading(c);
    shut_down_when_sent(c);
}
