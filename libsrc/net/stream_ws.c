/* SPDX-License-Identifier: GPL-2.0-or-later
 * A WebSocket as a client has it: what is written becomes binary messages, what comes is the
 * payload of binary messages, and a close frame is an end with words. */
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "net/stream.h"
#include "net/upgrade.h"
#include "rfb/buf.h"
#include "ws/ws.h"

enum {
    WRITE_MAX = 64 << 10,       /* payload of one frame of ours */
    OUT_MAX = WRITE_MAX + 4096, /* such a frame, or the request; and pongs */
    EARLY_MAX = 2048,           /* what came in the same read as the answer's end */
};

struct web_socket {
    struct stream base;
    struct stream *lower;

    /* the reader's */
    struct upgrade upgrade;
    struct ws in;
    uint8_t early[EARLY_MAX];
    size_t early_at, early_len;
    uint16_t end; /* the code that ended it; 0: still open */
    bool finished;

    /* Guards what is written: callers write while the reader answers pings. */
    pthread_mutex_t lock;
    wslay_frame_context_ptr framer;
    struct rfb_buf out;
    bool broken; /* nothing can be written any more: the next read says why */
};

static struct web_socket *of(struct stream *s)
{
    return (struct web_socket *)(void *)s; /* base is its first member */
}

/* ---- writing; all with the lock ---- */

static ssize_t take_frame(const uint8_t *data, size_t len, int flags, void *user)
{
    struct web_socket *w = user;
    (void)flags;
    return rfb_buf_put(&w->out, data, len) == 0 ? (ssize_t)len : -1;
}

/* Section 5.3: unpredictable, and another one for each frame. */
static int make_mask(uint8_t *mask, size_t len, void *user)
{
    (void)user;
    return RAND_bytes(mask, (int)len) == 1 ? 0 : -1;
}

/* The whole frame, or nothing of it is sent. */
static bool put_frame(struct web_socket *w, enum wslay_opcode opcode, const void *payload, size_t n)
{
    struct wslay_frame_iocb frame = {.fin = 1,
                                     .opcode = (uint8_t)opcode,
                                     .mask = 1,
                                     .payload_length = n,
                                     .data = payload,
                                     .data_length = n};
    if (rfb_buf_room(&w->out) < n + WS_HEAD_MAX)
        return false;
    if (wslay_frame_send(w->framer, &frame) != (ssize_t)n)
        w->broken = true;
    return !w->broken;
}

static bool flush(struct web_socket *w)
{
    while (w->out.len != 0 && !w->broken) {
        size_t put;
        w->broken = stream_write(w->lower, rfb_buf_data(&w->out), w->out.len, &put, NULL) != PH_OK;
        rfb_buf_consume(&w->out, put);
        if (put == 0)
            break;
    }
    return (w->out.len == 0 || w->broken) && stream_flush(w->lower);
}

static int web_write(struct stream *s, const void *from, size_t n, size_t *put, ph_error *error)
{
    struct web_socket *w = of(s);
    *put = 0;
    pthread_mutex_lock(&w->lock);
    size_t piece = n < WRITE_MAX ? n : WRITE_MAX;
    if (flush(w) && !w->broken && put_frame(w, WSLAY_BINARY_FRAME, from, piece)) {
        *put = piece;
        flush(w);
    }
    int rc = w->broken ? stream_lost(error, 0) : PH_OK;
    pthread_mutex_unlock(&w->lock);
    return rc;
}

static bool web_flush(struct stream *s)
{
    struct web_socket *w = of(s);
    pthread_mutex_lock(&w->lock);
    bool done = flush(w);
    pthread_mutex_unlock(&w->lock);
    return done;
}

/* An answer to the server: a pong, or a close frame. Where there is no room it does not read, and
 * gets none: false. */
static bool answer(struct web_socket *w, enum wslay_opcode opcode, const void *payload, size_t n)
{
    pthread_mutex_lock(&w->lock);
    bool done = put_frame(w, opcode, payload, n) || w->broken;
    flush(w);
    pthread_mutex_unlock(&w->lock);
    return done;
}

static bool send_close(struct web_socket *w, uint16_t code)
{
    uint8_t payload[2];
    rfb_set_u16(payload, code);
    return answer(w, WSLAY_CONNECTION_CLOSE, payload, sizeof payload);
}

/* The server answers with a close frame of its own and closes what is below (section 7.1.1), so
 * this one waits for its room. */
static int web_finish(struct stream *s, ph_error *error)
{
    struct web_socket *w = of(s);
    (void)error;
    if (!w->finished)
        w->finished = send_close(w, WSLAY_CODE_NORMAL_CLOSURE);
    return web_flush(s) && w->finished ? 1 : 0;
}

/* ---- reading ---- */

/* Close codes and what they mean to us (section 7.4.1; from 4000 on portholed's own). */
static const struct {
    uint16_t number;
    int code;
    const char *meaning;
} ends[] = {
    {WSLAY_CODE_PROTOCOL_ERROR, PH_E_PROTOCOL, "the server takes us for a broken client"},
    {WSLAY_CODE_UNSUPPORTED_DATA, PH_E_PROTOCOL, "the server does not take our messages"},
    {WSLAY_CODE_POLICY_VIOLATION, PH_E_REFUSED, "the server refused the connection"},
    {WS_CLOSE_INVALID, PH_E_PASSWORD, "the token is not valid, or has expired"},
    {WS_CLOSE_REVOKED, PH_E_REFUSED, "the stream was revoked"},
    {4003, PH_E_REFUSED, "the window that was shown is closed"},
    {WS_CLOSE_TOO_MANY, PH_E_REFUSED, "the stream has as many viewers as it may"},
    {WS_CLOSE_LOST, PH_E_UNREACHABLE, "the server has lost the desktop"},
    {WS_CLOSE_UNBOUND, PH_E_REFUSED, "the window cannot be shown as strictly as the stream asks"},
};

static int tell_end(const struct web_socket *w, ph_error *error)
{
    char words[WS_REASON_MAX + 1];
    int code = PH_E_CLOSED;
    const char *meaning = "the server closed the connection";
    if (!w->in.peer_closed)
        return error_set(error, PH_E_PROTOCOL, "the server broke the WebSocket protocol");
    bool plain = w->end <= WSLAY_CODE_GOING_AWAY || w->end == WSLAY_CODE_NO_STATUS_RCVD;
    if (w->finished && plain)
        return STREAM_END;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends[i].number == w->end) {
            code = ends[i].code;
            meaning = ends[i].meaning;
        }
    }
    ws_close_words(&w->in, words);
    return error_set(error, code, "%s (WebSocket close code %u%s%s)", meaning, w->end,
                     words[0] != '\0' ? ": " : "", words);
}

struct sink {
    uint8_t *to;
    size_t len;
};

/* Payload goes where the frames were read to: it is what is left of them, so it fits. */
static uint16_t take_payload(void *owner, const uint8_t *data, size_t len)
{
    struct sink *sink = owner;
    memcpy(sink->to + sink->len, data, len);
    sink->len += len;
    return 0;
}

static bool is_broken(struct web_socket *w)
{
    pthread_mutex_lock(&w->lock);
    bool broken = w->broken;
    pthread_mutex_unlock(&w->lock);
    return broken;
}

static int read_lower(struct web_socket *w, void *to, size_t size, size_t *got, ph_error *error)
{
    size_t early = w->early_len - w->early_at;
    if (early == 0)
        return stream_read(w->lower, to, size, got, error);
    *got = early < size ? early : size;
    memcpy(to, w->early + w->early_at, *got);
    w->early_at += *got;
    return PH_OK;
}

static int web_read(struct stream *s, void *to, size_t size, size_t *got, ph_error *error)
{
    struct web_socket *w = of(s);
    struct sink sink = {.to = to};
    size_t n;
    *got = 0;
    if (w->end != 0)
        return tell_end(w, error);
    int rc = read_lower(w, to, size, &n, error);
    if (rc == PH_OK && n == 0 && is_broken(w))
        return stream_lost(error, 0);
    if (rc != PH_OK || n == 0)
        return rc;
    w->end = ws_feed(&w->in, to, n, take_payload, &sink);
    if (w->in.pong_due) {
        w->in.pong_due = false;
        answer(w, WSLAY_PONG, w->in.pong, w->in.pong_len);
    }
    if (w->end != 0 && !w->finished)
        send_close(w, w->end == WSLAY_CODE_NO_STATUS_RCVD ? WSLAY_CODE_NORMAL_CLOSURE : w->end);
    *got = sink.len;
    return w->end != 0 && sink.len == 0 ? tell_end(w, error) : PH_OK;
}

static bool web_pending(const struct stream *s)
{
    const struct web_socket *w = (const struct web_socket *)(const void *)s;
    return w->end != 0 || w->early_at < w->early_len || stream_pending(w->lower);
}

/* ---- the beginning and the end ---- */

static int web_start(struct stream *s, ph_error *error)
{
    struct web_socket *w = of(s);
    web_flush(s);
    for (;;) {
        size_t n;
        int rc = stream_read(w->lower, w->early, sizeof w->early, &n, error);
        if (rc == STREAM_END)
            return upgrade_end(&w->upgrade, error);
        if (rc != PH_OK || n == 0)
            return rc;
        rc = upgrade_feed(&w->upgrade, w->early, n, &w->early_at, error);
        w->early_len = n;
        if (rc == 1 && w->out.len == 0)
            rfb_buf_wipe(&w->out); /* the token was in it */
        if (rc != 0)
            return rc;
    }
}

static void web_destroy(struct stream *s)
{
    struct web_socket *w = of(s);
    ws_finish(&w->in);
    if (w->framer != NULL)
        wslay_frame_context_free(w->framer);
    rfb_buf_wipe(&w->out); /* where it did not open, with the token */
    pthread_mutex_destroy(&w->lock);
    stream_destroy(w->lower);
    free(w);
}

static const struct stream_ops web_ops = {web_start, web_read,   web_pending, web_write,
                                          web_flush, web_finish, web_destroy};

struct stream *stream_ws(struct stream *lower, const struct stream_ws *how, ph_error *error)
{
    struct wslay_frame_callbacks callbacks = {.send_callback = take_frame,
                                              .genmask_callback = make_mask};
    struct web_socket *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_set(error, PH_E_NO_MEMORY, "out of memory");
        stream_destroy(lower);
        return NULL;
    }
    w->base = (struct stream){.ops = &web_ops, .fd = lower->fd, .tls = lower->tls, .whole = true};
    w->lower = lower;
    pthread_mutex_init(&w->lock, NULL);
    rfb_buf_init(&w->out, OUT_MAX);
    int rc = PH_E_NO_MEMORY;
    if (ws_init(&w->in) != 0 || wslay_frame_context_init(&w->framer, &callbacks, w) != 0)
        error_set(error, PH_E_NO_MEMORY, "out of memory");
    else
        rc = upgrade_begin(&w->upgrade, how, &w->out, error);
    w->in.is_client = true;
    if (rc == PH_OK)
        return &w->base;
    web_destroy(&w->base);
    return NULL;
}
