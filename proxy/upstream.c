/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"
#include "upstream_tls.h"

enum {
    SETUP_READ = 4096, /* one read before upstream_start: bounds what may come too early */
    SETUP_EARLY = SETUP_READ + SCRATCH_PLAIN, /* with TLS it may complete a record */
    FLUSH_MS = 3000,
    KEEPALIVE_S = 60 /* of silence, before TCP asks whether the server is still there */
};

#define UNREACHABLE "the desktop's VNC server cannot be reached"
#define CLOSED "the desktop's VNC server closed the connection"

struct upstream_setup {
    struct dial dial;
    struct rfb_client_hs hs;
    struct rfb_buf early; /* what the server sent behind its ServerInit */
};

static void destroy_setup(struct upstream *u)
{
    struct upstream_setup *s = u->setup;
    if (s == NULL)
        return;
    dial_finish(&s->dial);
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
    if (u->connected)
        uv_read_stop(&u->h.stream);
    u->events->ended(u, words, detail);
}

static void end_errno(struct upstream *u, const char *words, const char *doing, int error)
{
    const struct config_desktop *d = u->desktop;
    char detail[UPSTREAM_DETAIL_MAX];
    dial_describe(detail, sizeof detail, doing, d->unix_path, d->host, d->port, error);
    end(u, words, detail);
}

/* ---- closing ---- */

static void finish_if_closed(struct upstream *u)
{
    if (u->state != UPSTREAM_CLOSING || u->has_handle || u->has_timer)
        return;
    destroy_setup(u);
    if (u->tls != NULL)
        tls_pipe_finish(u->tls);
    free(u->tls);
    u->tls = NULL;
    u->events->closed(u);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct upstream *u = handle->data;
    u->has_timer = false;
    finish_if_closed(u);
}

static void on_dial_closed(struct dial *d)
{
    struct upstream *u = d->owner;
    u->has_handle = false;
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
    uv_close((uv_handle_t *)&u->timer, on_timer_closed);
    if (u->connected)
        uv_close(&u->h.handle, on_handle_closed);
    else
        dial_close(&u->setup->dial, on_dial_closed);
}

static void on_flush_timeout(uv_timer_t *timer)
{
    close_handles(timer->data);
}

void upstream_close(struct upstream *u)
{
    if (u->state == UPSTREAM_IDLE || u->state == UPSTREAM_CLOSING)
        return;
    if (u->state == UPSTREAM_OPEN && u->tls != NULL)
        tls_pipe_end(u->tls);
    bool flush = u->state == UPSTREAM_OPEN && u->out.queued != 0;
    u->state = UPSTREAM_CLOSING;
    if (flush) {
        uv_read_stop(&u->h.stream);
        uv_timer_start(&u->timer, on_flush_timeout, FLUSH_MS, 0);
    } else {
        close_handles(u);
    }
}

void upstream_leave(struct upstream *u)
{
    if (u->state == UPSTREAM_HANDSHAKE ||
        (u->state == UPSTREAM_CONNECT && !u->setup->dial.resolving))
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
    if (u->tls != NULL)
        return len != 0 ? tls_pipe_send(u->tls, data, len) : 0;
    return outq_send(&u->out, data, len);
}

/* ---- reading ---- */

static const char *handshake_words(const struct upstream *u, int code)
{
    switch (code) {
    case RFB_E_REFUSED:
        return "the desktop's VNC server refused the connection";
    case RFB_E_AUTH:
        return "the desktop's VNC server did not accept the proxy";
    case RFB_E_TOO_MANY:
        return "the desktop's VNC server has seen too many failed tries";
    case RFB_E_UNSUPPORTED:
        return u->desktop->tls != CONFIG_TLS_OFF && u->tls == NULL
                   ? "the desktop's VNC server does not offer the encryption that is wanted"
                   : "the desktop's VNC server speaks no version or security type known here";
    default:
        return "the desktop's VNC server gave an answer that makes no sense";
    }
}

static void begin_tls(struct upstream *u);

/* The handshake is through; len bytes came behind it. */
static void become_ready(struct upstream *u, const uint8_t *data, size_t len)
{
    if (rfb_buf_put(&u->setup->early, data, len) != 0) {
        end(u, CLOSED, "handshake: out of memory");
        return;
    }
    uv_read_stop(&u->h.stream);
    uv_timer_stop(&u->timer);
    u->state = UPSTREAM_READY;
    if (u->leaving)
        upstream_close(u);
    else
        u->events->ready(u);
}

/* What has come, in clear or out of TLS. */
static void feed_handshake(struct upstream *u, const uint8_t *data, size_t len)
{
    struct upstream_setup *s = u->setup;
    struct rfb_buf answer;
    size_t used = 0;
    rfb_buf_init(&answer, RFB_CLIENT_HS_OUT);
    int rc = rfb_client_hs_feed(&s->hs, data, len, &used, &answer);
    bool sent = upstream_write(u, rfb_buf_data(&answer), answer.len) == 0;
    rfb_buf_wipe(&answer);
    if (rc < 0) {
        char detail[UPSTREAM_DETAIL_MAX];
        snprintf(detail, sizeof detail, "handshake: %s", s->hs.reason);
        end(u, handshake_words(u, rc), detail);
    } else if (!sent) {
        end(u, CLOSED, "handshake: the connection broke");
    } else if (rc == RFB_HS_START_TLS && used != len) {
        /* what came in clear must not be taken for what TLS protects, nor be thrown away */
        end(u, handshake_words(u, RFB_E_INVALID), "handshake: the server began TLS by itself");
    } else if (rc == RFB_HS_START_TLS) {
        begin_tls(u);
    } else if (rc == RFB_HS_DONE) {
        become_ready(u, data + used, len - used);
    }
}

/* Bytes of RFB, whatever the state. */
static void take_plain(struct upstream *u, uint8_t *data, size_t len)
{
    if (u->state == UPSTREAM_OPEN)
        u->events->data(u, data, len);
    else if (u->state == UPSTREAM_HANDSHAKE)
        feed_handshake(u, data, len);
    else if (u->state == UPSTREAM_READY && rfb_buf_put(&u->setup->early, data, len) != 0)
        end(u, CLOSED, "the server sends before it is asked");
}

/* ---- TLS ---- */

static void end_tls(struct upstream *u, const char *why)
{
    char detail[UPSTREAM_DETAIL_MAX];
    const char *words;
    bool shaking = !SSL_is_init_finished(u->tls->ssl);
    if (shaking && (words = upstream_tls_distrust(u->tls->ssl, detail)) != NULL)
        end(u, words, detail);
    else if (shaking) {
        snprintf(detail, sizeof detail, "TLS handshake: %s", why);
        end(u, "the TLS handshake with the desktop's VNC server failed", detail);
    } else {
        end(u, CLOSED, strcmp(why, TLS_PEER_CLOSED) == 0 ? "end of stream" : why);
    }
}

/* Decrypts all of one read, and gives what the relay is to have in one piece: it becomes one
 * message and one send. There is room, as plaintext is shorter than what it came in, and what
 * OpenSSL still had is one record at most. */
static void decrypt(struct upstream *u, const uint8_t *data, size_t len)
{
    uint8_t *to = u->scratch->from_upstream + SCRATCH_UP_HEAD;
    char text[TLS_ERROR_MAX];
    const char *why = "";
    size_t have = 0, got = 0;
    enum tls_step step = TLS_DATA;
    tls_pipe_feed(u->tls, data, len);
    while ((step == TLS_DATA || step == TLS_SHAKEN) && u->state != UPSTREAM_ENDED &&
           u->state != UPSTREAM_CLOSING) {
        step = tls_pipe_take(u->tls, to + have, SCRATCH_UP - have, &got, &why, text);
        if (step == TLS_SHAKEN)
            feed_handshake(u, NULL, 0);
        else if (step == TLS_DATA && u->state == UPSTREAM_OPEN)
            have += got;
        else if (step == TLS_DATA)
            take_plain(u, to, got);
    }
    tls_pipe_feed(u->tls, NULL, 0);
    if (have != 0)
        take_plain(u, to, have);
    if (step < TLS_MORE)
        end_tls(u, why);
}

static void begin_tls(struct upstream *u)
{
    u->tls = calloc(1, sizeof *u->tls);
    if (u->tls == NULL ||
        tls_pipe_init(u->tls, u->desktop->tls_ctx, false, u->scratch, &u->out) != 0 ||
        upstream_tls_name_host(u->tls->ssl, u->desktop) != 0)
        end(u, CLOSED, "TLS: out of memory");
    else
        decrypt(u, NULL, 0);
}

/* ---- reading ---- */

static uv_buf_t room_for_data(struct upstream *u)
{
    size_t n = SCRATCH_UP;
    uint8_t *room = u->events->room != NULL ? u->events->room(u, &n) : NULL;
    return room != NULL ? turn_offer(&u->turn, room, n)
                        : turn_offer(&u->turn, u->scratch->from_upstream + SCRATCH_UP_HEAD, n);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct upstream *u = handle->data;
    (void)suggested;
    if (u->state != UPSTREAM_OPEN)
        *buf = turn_offer(&u->turn, u->scratch->cipher, SETUP_READ);
    else if (u->tls != NULL)
        *buf = turn_offer(&u->turn, u->scratch->cipher, SCRATCH_CIPHER);
    else
        *buf = room_for_data(u);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct upstream *u = stream->data;
    char detail[UPSTREAM_DETAIL_MAX];
    if (!turn_read(&u->turn, n, buf))
        return;
    if (n == UV_EOF && u->state == UPSTREAM_OPEN) {
        end(u, CLOSED, "end of stream");
    } else if (n == UV_EOF) {
        snprintf(detail, sizeof detail, "%s: end of stream", upstream_stage(u));
        end(u, CLOSED, detail);
    } else if (n < 0) {
        end_errno(u, CLOSED, "reading from", (int)n);
    } else if (u->tls != NULL) {
        decrypt(u, (const uint8_t *)buf->base, (size_t)n);
    } else {
        take_plain(u, (uint8_t *)buf->base, (size_t)n);
    }
}

static int start_reading(struct upstream *u)
{
    turn_begin(&u->turn);
    return uv_read_start(&u->h.stream, on_alloc, on_read);
}

/* ---- connecting ---- */

static void on_dialed(struct dial *d, const char *doing, int error)
{
    struct upstream *u = d->owner;
    if (doing == NULL) {
        u->state = UPSTREAM_HANDSHAKE;
        u->connected = true;
        u->h.handle.data = u;
        if (u->desktop->unix_path == NULL) {
            uv_tcp_nodelay(&u->h.tcp, 1);
            uv_tcp_keepalive(&u->h.tcp, 1, KEEPALIVE_S);
        }
        error = start_reading(u);
    }
    if (error != 0)
        end_errno(u, UNREACHABLE, doing != NULL ? doing : "connecting to", error);
}

static void on_open_failed(uv_timer_t *timer)
{
    end(timer->data, UNREACHABLE, "the connection cannot be set up");
}

static void on_deadline(uv_timer_t *timer)
{
    struct upstream *u = timer->data;
    char detail[UPSTREAM_DETAIL_MAX];
    u->timed_out = true;
    snprintf(detail, sizeof detail, "%s: no answer in time", upstream_stage(u));
    end(u, "the desktop's VNC server did not answer in time", detail);
}

/* Only what the desktop's section asks for is allowed: no server talks us into less. */
static void begin_handshake(struct upstream *u)
{
    struct rfb_client_hs *hs = &u->setup->hs;
    rfb_client_hs_init(hs);
    hs->username = u->desktop->username;
    hs->password = u->desktop->password;
    if (u->desktop->tls == CONFIG_TLS_X509)
        hs->allow = RFB_ALLOW_X509;
    else if (u->desktop->tls == CONFIG_TLS_ANONYMOUS)
        hs->allow = RFB_ALLOW_ANON_TLS;
    else
        hs->allow = hs->username != NULL ? RFB_ALLOW_PLAIN : RFB_ALLOW_CLEAR;
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
    begin_handshake(u);
    rfb_buf_init(&u->setup->early, SETUP_EARLY);
    uv_timer_init(loop, &u->timer);
    u->timer.data = u;
    u->has_timer = true;
    uv_timer_start(&u->timer, on_deadline, timeout_ms, 0);
    u->state = UPSTREAM_CONNECT;
    u->has_handle = true;
    if (dial_begin(&u->setup->dial, loop, &u->h, desktop->unix_path, desktop->host, desktop->port,
                   on_dialed, u) != 0)
        uv_timer_start(&u->timer, on_open_failed, 0, 0);
    return 0;
}

const char *upstream_stage(const struct upstream *u)
{
    if (u->state == UPSTREAM_IDLE)
        return "waiting for a turn";
    if (u->state < UPSTREAM_HANDSHAKE)
        return "connecting";
    return u->tls != NULL && !SSL_is_init_finished(u->tls->ssl) ? "TLS handshake" : "handshake";
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
    start_reading(u);
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
        start_reading(u);
}
