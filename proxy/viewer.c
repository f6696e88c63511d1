/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "log.h"
#include "viewer_private.h"

enum { LAST_BYTE_MS = 500 /* for what is on its way to somebody who may see it no more */ };

void viewer_set_state(struct viewer *v, enum viewer_state state)
{
    static const char *const names[] = {"http",       "answering", "proving",  "checking",
                                        "connecting", "greeting",  "refusing", "relaying",
                                        "listing",    "closing"};
    log_event(LOG_LEVEL_DEBUG, "state", LOG_TEXT("peer", v->peer), LOG_NUMBER("id", v->presence.id),
              LOG_TEXT("from", names[v->state]), LOG_TEXT("to", names[state]));
    v->state = state;
}

static void on_timer(uv_timer_t *timer);

void viewer_arm(struct viewer *v, uint64_t ms, uint64_t repeat)
{
    uv_timer_start(&v->timer, on_timer, ms, repeat);
}

struct viewer *viewer_of(struct tls_conn *c)
{
    return (struct viewer *)((char *)c - offsetof(struct viewer, conn));
}

/* ---- the end ---- */

void viewer_free_if_closed(struct viewer *v)
{
    struct viewer_env *env = v->env;
    if (v->conn_open || v->upstream_open || v->timer_open || v->window_open || v->check != NULL)
        return;
    if (v->previous != NULL)
        v->previous->next = v->next;
    else
        env->list = v->next;
    if (v->next != NULL)
        v->next->previous = v->previous;
    if (v->head != NULL)
        http_head_reset(v->head);
    free(v->head);
    viewer_end_handshake(v);
    free(v->prelude);
    metrics_add(env->metrics, METRIC_CONNECTIONS_CLOSED, 1);
    rfb_buf_finish(&v->rest);
    ws_finish(&v->ws);
    relay_finish(&v->relay);
    viewer_free_window(v);
    viewer_free_list(v);
    stream_unref(env->streams, v->stream);
    stream_unref(env->streams, v->candidate);
    service_unref(v->service);
    free(v);
    env->connections--;
    if (env->freed != NULL)
        env->freed(env);
}

static void on_conn_closed(struct tls_conn *c)
{
    struct viewer *v = viewer_of(c);
    v->conn_open = false;
    viewer_free_if_closed(v);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct viewer *v = handle->data;
    v->timer_open = false;
    viewer_free_if_closed(v);
}

/* Everything but the connection to the viewer ends here, once; memory stays until all is closed. An
 * upstream in its handshake is among what stays, and so is its place among the handshakes. */
static void retire(struct viewer *v, enum ending ending, const char *why)
{
    if (v->stream != NULL) {
        v->env->viewers--;
        streams_leave(v->env->streams, &v->presence);
        viewer_tell_end(v, ending, why);
    }
    if (!v->secured)
        metrics_add(v->env->metrics, METRIC_TLS_FAILED, 1);
    viewer_set_state(v, VIEWER_CLOSING);
    viewer_stop_waiting(v);
    viewer_leave_window(v);
    viewer_leave_list(v);
    if (v->check != NULL)
        check_cancel(v->check);
    v->since = uv_now(v->env->loop);
    if (v->env->stopping)
        upstream_close(&v->upstream);
    else
        upstream_leave(&v->upstream);
    uv_close((uv_handle_t *)&v->timer, on_timer_closed);
}

void viewer_drop(struct viewer *v, enum ending ending, const char *why)
{
    if (v->state == VIEWER_CLOSING)
        return;
    retire(v, ending, why);
    tls_conn_abort(&v->conn);
}

void viewer_hang_up(struct viewer *v)
{
    if (v->state == VIEWER_CLOSING)
        return;
    retire(v, ENDING_NONE, "answered");
    tls_conn_finish(&v->conn);
}

void viewer_leave(struct viewer *v, uint16_t code, const char *words, enum ending ending,
                  const char *why)
{
    uint8_t frame[2 + WS_REASON_MAX];
    size_t len = 0, words_len = strlen(words);
    if (v->state == VIEWER_CLOSING)
        return;
    if (code != WSLAY_CODE_NO_STATUS_RCVD) {
        if (words_len > WS_REASON_MAX)
            words_len = WS_REASON_MAX;
        rfb_set_u16(frame, code);
        memcpy(frame + 2, words, words_len);
        len = 2 + words_len;
    }
    if (relay_frame_copy(&v->relay, WSLAY_CONNECTION_CLOSE, frame, len) != 0) {
        viewer_drop(v, ending, why);
        return;
    }
    retire(v, ending, why);
    tls_conn_finish(&v->conn);
}

void viewer_leave_out_of_memory(struct viewer *v)
{
    viewer_leave(v, WSLAY_CODE_INTERNAL_SERVER_ERROR, "out of memory", ENDING_NO_MEMORY,
                 "out of memory");
}

void viewer_lose_agent(struct viewer *v, const char *why)
{
    viewer_tell_trouble(v, TROUBLE_LOST, why);
    viewer_leave(v, WS_CLOSE_LOST, "the desktop's agent is lost", ENDING_UPSTREAM_LOST,
                 "agent lost");
}

/* ---- events of the connection ---- */

static void on_opened(struct tls_conn *c)
{
    struct viewer *v = viewer_of(c);
    v->secured = true;
    metrics_add(v->env->metrics, METRIC_TLS_DONE, 1);
}

static void on_data(struct tls_conn *c, const uint8_t *data, size_t len)
{
    struct viewer *v = viewer_of(c);
    if (v->state == VIEWER_HTTP || v->state == VIEWER_ANSWERING)
        viewer_take_http(v, data, len);
    else if (v->state != VIEWER_CLOSING)
        viewer_take_websocket(v, data, len);
}

static void on_drained(struct tls_conn *c)
{
    struct viewer *v = viewer_of(c);
    if (v->state == VIEWER_ANSWERING)
        viewer_answer_drained(v);
    else if (v->state != VIEWER_HTTP && v->state != VIEWER_CLOSING)
        viewer_stream_drained(v);
}

static void on_ended(struct tls_conn *c, const char *why)
{
    struct viewer *v = viewer_of(c);
    if (v->state == VIEWER_HTTP && strncmp(why, "TLS:", 4) == 0) {
        viewer_refused(v, REFUSAL_TLS, why);
        viewer_hang_up(v);
        return;
    }
    viewer_drop(v, strcmp(why, TLS_PEER_CLOSED) == 0 ? ENDING_LEFT : ENDING_BROKEN, why);
}

static const struct tls_events conn_events = {
    .prelude = viewer_take_prelude,
    .opened = on_opened,
    .data = on_data,
    .drained = on_drained,
    .ended = on_ended,
    .closed = on_conn_closed,
};

static void on_timer(uv_timer_t *timer)
{
    struct viewer *v = timer->data;
    if (v->state == VIEWER_HTTP) {
        viewer_http_timeout(v);
    } else if (v->state == VIEWER_ANSWERING) {
        viewer_drop(v, ENDING_BROKEN, "the answer is not taken");
    } else if (v->state != VIEWER_CLOSING) {
        viewer_stream_timeout(v);
    }
}

/* ---- the beginning and the end of all ---- */

static struct viewer *create(struct viewer_env *env)
{
    struct viewer *v = calloc(1, sizeof *v);
    struct http_head *head = malloc(sizeof *head);
    if (v == NULL || head == NULL ||
        tls_conn_init(&v->conn, env->loop, &conn_events, env->scratch) != 0) {
        free(head);
        free(v);
        return NULL;
    }
    uv_timer_init(env->loop, &v->timer);
    v->timer.data = v;
    v->conn_open = v->timer_open = true;
    v->env = env;
    v->service = service_ref(env->service);
    v->since = uv_now(env->loop);
    v->head = head;
    http_head_init(head);
    rfb_buf_init(&v->rest, VIEWER_REST_MAX);
    v->next = env->list;
    if (v->next != NULL)
        v->next->previous = v;
    env->list = v;
    env->connections++;
    metrics_add(env->metrics, METRIC_CONNECTIONS_OPENED, 1);
    return v;
}

void viewer_accept(struct viewer_env *env, int fd)
{
    struct viewer *v = create(env);
    if (v == NULL) {
        log_event(LOG_LEVEL_WARN, "accept_failed", LOG_TEXT("detail", "out of memory"));
        close(fd);
        return;
    }
    if (uv_tcp_open(&v->conn.tcp, fd) != 0) {
        close(fd);
        viewer_drop(v, ENDING_BROKEN, "it cannot be watched");
        return;
    }
    int prelude = viewer_name_peer(v);
    if (prelude < 0) {
        viewer_drop(v, ENDING_NONE, "it is gone already");
        return;
    }
    viewer_arm(v, v->service->config->handshake_timeout * 1000ULL, 0);
    if (tls_conn_start(&v->conn, tls_server_ctx(v->service->tls), prelude == 1) != 0)
        viewer_drop(v, ENDING_NO_MEMORY, "out of memory");
}

/* Why a viewer is to go, by what became of its stream. */
static const struct {
    uint16_t code;
    enum ending ending;
    const char *words, *why;
} endings[] = {
    [STREAM_REVOKED] = {WS_CLOSE_REVOKED, ENDING_REVOKED, "the stream was revoked", "revoked"},
    [STREAM_EXPIRED] = {WS_CLOSE_INVALID, ENDING_EXPIRED, "the stream has expired", "expired"},
    [STREAM_REDUCED] = {WS_CLOSE_REVOKED, ENDING_REDUCED, "the stream's rights were reduced",
                        "rights reduced"},
};

/* Also one that is leaving: what is on its way to it is lost then. */
static void look_at(struct viewer *v)
{
    int end = atomic_load(&v->stream->end);
    bool unwanted = atomic_load(&v->presence.unwanted);
    if (end == STREAM_GOES_ON && !unwanted)
        return;
    if (end != STREAM_GOES_ON)
        viewer_leave(v, endings[end].code, endings[end].words, endings[end].ending,
                     endings[end].why);
    else
        viewer_leave(v, WS_CLOSE_REVOKED, "the operator ended this connection", ENDING_SENT_AWAY,
                     "sent away");
    tls_conn_hurry(&v->conn, LAST_BYTE_MS);
}

void viewer_look_around(struct viewer_env *env)
{
    /* nothing is freed inside these calls: memory goes when the handles have closed */
    for (struct viewer *v = env->list; v != NULL; v = v->next)
        if (v->stream != NULL)
            look_at(v);
}

bool viewer_make_room(struct viewer_env *env)
{
    struct viewer *oldest = NULL;
    for (struct viewer *v = env->list; v != NULL; v = v->next) {
        bool other = v->stream == NULL || v->state == VIEWER_CLOSING;
        /* what waits for an upstream to close would not make room */
        if (other && v->conn_open && !v->upstream_open &&
            (oldest == NULL || v->since <= oldest->since))
            oldest = v;
    }
    if (oldest == NULL)
        return false;
    if (oldest->state != VIEWER_CLOSING)
        viewer_refused(oldest, REFUSAL_DISPLACED, NULL);
    viewer_drop(oldest, ENDING_NONE, "its place is needed");
    tls_conn_abort(&oldest->conn); /* it may have been lingering */
    return true;
}

void viewer_stop_all(struct viewer_env *env)
{
    env->stopping = true;
    /* nothing is freed inside these calls: memory goes when the handles have closed */
    for (struct viewer *v = env->list; v != NULL; v = v->next) {
        if (v->state == VIEWER_CLOSING)
            upstream_close(&v->upstream);
        else if (v->state == VIEWER_HTTP || v->state == VIEWER_ANSWERING)
            viewer_drop(v, ENDING_STOPPING, "portholed is stopping");
        else
            viewer_leave(v, WSLAY_CODE_GOING_AWAY, "portholed is stopping", ENDING_STOPPING,
                         "portholed is stopping");
    }
}

void viewer_abort_all(struct viewer_env *env)
{
    for (struct viewer *v = env->list; v != NULL; v = v->next) {
        viewer_drop(v, ENDING_STOPPING, "portholed is stopping");
        tls_conn_abort(&v->conn);
    }
}
