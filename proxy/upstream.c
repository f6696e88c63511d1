/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"

enum {
    SETUP_READ = 4096,     /* one read before upstream_start: bounds what may come too early */
    SETUP_ANSWER_MAX = 64, /* the longest answer of the handshake is the 16-byte DES response */
    FLUSH_MS = 3000,
    KEEPALIVE_S = 60 /* of silence, before TCP asks whether the server is still there */
};

#define UNREACHABLE "the desktop's VNC server cannot be reached"
#define CLOSED "the desktop's VNC server closed the connection"

struct upstream_setup {
    uv_getaddrinfo_t resolve;
    struct addrinfo *found; /* all addresses; freed with the setup */
    struct addrinfo *next;  /* to be tried after the present one */
    uv_connect_t connect;
    struct rfb_client_hs hs;
    struct rfb_buf early; /* what the server sent behind its ServerInit */
};

static void destroy_setup(struct upstream *u)
{
    struct upstream_setup *s = u->setup;
    if (s == NULL)
        return;
    if (s->found != NULL)
        uv_freeaddrinfo(s->found);
    rfb_buf_finish(&s->early);
    free(s);
    u->setup = NULL;
}

static void end(struct upstream *u, const char *words, const char *detail)
{
    if (u->state == UPSTREAM_ENDED || u->state == UPSTREAM_CLOSING)
        return;
    if (u->leaving) {
        upstream_close(u);
        return;
    }
    u->state = UPSTREAM_ENDED;
    uv_timer_stop(&u->timer);
    if (u->has_handle)
        uv_read_stop(&u->h.stream);
    u->events->ended(u, words, detail);
}

static void end_errno(struct upstream *u, const char *words, const char *doing, int error)
{
    char detail[UPSTREAM_DETAIL_MAX];
    if (u->desktop->unix_path != NULL)
        snprintf(detail, sizeof detail, "%s unix:%s: %s", doing, u->desktop->unix_path,
                 uv_strerror(error));
    else
        snprintf(detail, sizeof detail, "%s tcp:%s:%s: %s", doing, u->desktop->host,
                 u->desktop->port, uv_strerror(error));
    end(u, words, detail);
}

/* ---- closing ---- */

static void finish_if_closed(struct upstream *u)
{
    if (u->state != UPSTREAM_CLOSING || u->has_handle || u->has_timer || u->resolving)
        return;
    destroy_setup(u);
    u->events->closed(u);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct upstream *u = handle->data;
    u->has_timer = false;
    finish_if_closed(u);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct upstream *u = handle->data;
    u->has_handle = false;
    finish_if_closed(u);
}

static void close_handles(struct upstream *u)
{
    if (u->handles_closing)
        return;
    u->handles_closing = true;
    /* a handle that is closing already lets go of its failed address */
    if (u->has_handle && !uv_is_closing(&u->h.handle))
        uv_close(&u->h.handle, on_handle_closed);
    uv_close((uv_handle_t *)&u->timer, on_timer_closed);
}

static void on_flush_timeout(uv_timer_t *timer)
{
    close_handles(timer->data);
}

void upstream_close(struct upstream *u)
{
    if (u->state == UPSTREAM_IDLE || u->state == UPSTREAM_CLOSING)
        return;
    bool flush = u->state == UPSTREAM_OPEN && u->out.queued != 0;
    u->state = UPSTREAM_CLOSING;
    if (u->resolving)
        uv_cancel((uv_req_t *)&u->setup->resolve);
    if (flush) {
        uv_read_stop(&u->h.stream);
        uv_timer_start(&u->timer, on_flush_timeout, FLUSH_MS, 0);
    } else {
        close_handles(u);
    }
}

void upstream_leave(struct upstream *u)
{
    if (u->state == UPSTREAM_CONNECT || u->state == UPSTREAM_HANDSHAKE)
        u->leaving = true;
    else
        upstream_close(u); /* a name lookup too: the server knows nothing of it */
}

/* ---- writing ---- */

static void on_progress(struct outq *q, int status)
{
    struct upstream *u = q->stream->data;
    if (u->state == UPSTREAM_CLOSING) {
        if (q->queued == 0)
            close_handles(u);
    } else if (status < 0) {
        end_errno(u, CLOSED, "writing to", status);
    } else if (u->state == UPSTREAM_OPEN) {
        u->events->drained(u);
    }
}

int upstream_write(struct upstream *u, const uint8_t *data, size_t len)
{
    if (u->state != UPSTREAM_HANDSHAKE && u->state != UPSTREAM_OPEN)
        return -1;
    return outq_send(&u->out, data, len);
}

/* ---- reading ---- */

static const char *handshake_words(int code)
{
    switch (code) {
    case RFB_E_REFUSED:
        return "the desktop's VNC server refused the connection";
    case RFB_E_AUTH:
        return "the desktop's VNC server did not accept the proxy";
    case RFB_E_TOO_MANY:
        return "the desktop's VNC server has seen too many failed tries";
    case RFB_E_UNSUPPORTED:
        return "the desktop's VNC server speaks no version or security type known here";
    default:
        return "the desktop's VNC server gave an answer that makes no sense";
    }
}

static void feed_handshake(struct upstream *u, const uint8_t *data, size_t len)
{
    struct upstream_setup *s = u->setup;
    struct rfb_buf answer;
    size_t used = 0;
    rfb_buf_init(&answer, SETUP_ANSWER_MAX);
    int rc = rfb_client_hs_feed(&s->hs, data, len, &used, &answer);
    bool sent = upstream_write(u, rfb_buf_data(&answer), answer.len) == 0;
    rfb_buf_finish(&answer);
    if (rc < 0) {
        char detail[UPSTREAM_DETAIL_MAX];
        snprintf(detail, sizeof detail, "handshake: %s", s->hs.reason);
        end(u, handshake_words(rc), detail);
    } else if (!sent || (rc == 1 && rfb_buf_put(&s->early, data + used, len - used) != 0)) {
        end(u, CLOSED, "handshake: the connection broke");
    } else if (rc == 1) {
        uv_read_stop(&u->h.stream);
        uv_timer_stop(&u->timer);
        u->state = UPSTREAM_READY;
        if (u->leaving)
            upstream_close(u);
        else
            u->events->ready(u);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct upstream *u = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)u->scratch->from_upstream + SCRATCH_UP_HEAD,
                       u->state == UPSTREAM_OPEN ? SCRATCH_UP : SETUP_READ);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct upstream *u = stream->data;
    if (n == 0)
        return;
    if (n == UV_EOF)
        end(u, CLOSED, u->state == UPSTREAM_OPEN ? "end of stream" : "handshake: end of stream");
    else if (n < 0)
        end_errno(u, CLOSED, "reading from", (int)n);
    else if (u->state == UPSTREAM_OPEN)
        u->events->data(u, (uint8_t *)buf->base, (size_t)n);
    else
        feed_handshake(u, (const uint8_t *)buf->base, (size_t)n);
}

/* ---- connecting ---- */

static void connect_next(struct upstream *u);

static void on_attempt_closed(uv_handle_t *handle)
{
    struct upstream *u = handle->data;
    u->has_handle = false;
    if (u->state == UPSTREAM_CLOSING)
        finish_if_closed(u);
    else
        connect_next(u);
}

static void on_connected(uv_connect_t *req, int status)
{
    struct upstream *u = req->handle->data;
    if (u->state != UPSTREAM_CONNECT)
        return;
    if (status < 0 && u->setup->next != NULL) {
        uv_close(&u->h.handle, on_attempt_closed);
        return;
    }
    if (status == 0) {
        u->state = UPSTREAM_HANDSHAKE;
        if (u->desktop->unix_path == NULL) {
            uv_tcp_nodelay(&u->h.tcp, 1);
            uv_tcp_keepalive(&u->h.tcp, 1, KEEPALIVE_S);
        }
        status = uv_read_start(&u->h.stream, on_alloc, on_read);
    }
    if (status < 0)
        end_errno(u, UNREACHABLE, "connecting to", status);
}

/* Tries the next address that the lookup found; there is one. */
static void connect_next(struct upstream *u)
{
    struct upstream_setup *s = u->setup;
    struct addrinfo *address = s->next;
    s->next = address->ai_next;
    int rc = uv_tcp_init(u->loop, &u->h.tcp);
    if (rc == 0) {
        u->has_handle = true;
        u->h.handle.data = u;
        rc = uv_tcp_connect(&s->connect, &u->h.tcp, address->ai_addr, on_connected);
    }
    if (rc != 0 && u->has_handle && s->next != NULL)
        uv_close(&u->h.handle, on_attempt_closed);
    else if (rc != 0)
        end_errno(u, UNREACHABLE, "connecting to", rc);
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct upstream *u = req->data;
    u->resolving = false;
    u->setup->found = u->setup->next = found;
    if (u->state == UPSTREAM_CLOSING) {
        finish_if_closed(u);
    } else if (status < 0 || found == NULL) {
        end_errno(u, UNREACHABLE, "looking up", status < 0 ? status : UV_EAI_NONAME);
    } else {
        u->state = UPSTREAM_CONNECT;
        connect_next(u);
    }
}

static void on_open_failed(uv_timer_t *timer)
{
    end(timer->data, UNREACHABLE, "the connection cannot be set up");
}

static void on_deadline(uv_timer_t *timer)
{
    end(timer->data, "the desktop's VNC server did not answer in time", "no answer in time");
}

static int begin(struct upstream *u)
{
    struct upstream_setup *s = u->setup;
    if (u->desktop->unix_path != NULL) {
        int rc = uv_pipe_init(u->loop, &u->h.pipe, 0);
        if (rc != 0)
            return rc;
        u->has_handle = true;
        u->h.handle.data = u;
        u->state = UPSTREAM_CONNECT;
        uv_pipe_connect(&s->connect, &u->h.pipe, u->desktop->unix_path, on_connected);
        return 0;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    u->state = UPSTREAM_RESOLVE;
    s->resolve.data = u;
    int rc = uv_getaddrinfo(u->loop, &s->resolve, on_resolved, u->desktop->host, u->desktop->port,
                            &hints);
    u->resolving = rc == 0;
    return rc;
}

int upstream_open(struct upstream *u, uv_loop_t *loop, const struct config_desktop *desktop,
                  const struct upstream_events *events, struct scratch *scratch,
                  uint64_t timeout_ms)
{
    *u = (struct upstream){.loop = loop, .desktop = desktop, .events = events, .scratch = scratch};
    u->setup = calloc(1, sizeof *u->setup);
    if (u->setup == NULL)
        return -1;
    outq_init(&u->out, &u->h.stream, UPSTREAM_QUEUE_MAX, on_progress);
    rfb_client_hs_init(&u->setup->hs);
    u->setup->hs.password = desktop->password;
    rfb_buf_init(&u->setup->early, SETUP_READ);
    uv_timer_init(loop, &u->timer);
    u->timer.data = u;
    u->has_timer = true;
    uv_timer_start(&u->timer, on_deadline, timeout_ms, 0);
    if (begin(u) != 0) {
        u->state = UPSTREAM_CONNECT;
        uv_timer_start(&u->timer, on_open_failed, 0, 0);
    }
    return 0;
}

const struct rfb_server_init *upstream_server_init(const struct upstream *u)
{
    return &u->setup->hs.init;
}

void upstream_start(struct upstream *u)
{
    uint8_t *data = u->scratch->from_upstream + SCRATCH_UP_HEAD;
    size_t early = u->setup->early.len;
    if (u->state != UPSTREAM_READY)
        return;
    if (early != 0)
        memcpy(data, rfb_buf_data(&u->setup->early), early);
    destroy_setup(u);
    u->state = UPSTREAM_OPEN;
    uv_read_start(&u->h.stream, on_alloc, on_read);
    if (early != 0)
        u->events->data(u, data, early);
}

void upstream_pause(struct upstream *u, bool pause)
{
    if (u->state != UPSTREAM_OPEN || u->paused == pause)
        return;
    u->paused = pause;
    if (pause)
        uv_read_stop(&u->h.stream);
    else
        uv_read_start(&u->h.stream, on_alloc, on_read);
}
