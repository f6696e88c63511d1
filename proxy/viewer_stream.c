/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer from the switch to WebSocket on: its turn to connect, both RFB handshakes, the relay. */
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "rfb/err.h"
#include "viewer_private.h"

enum {
    REFUSE_MS = 5000,  /* for a viewer to hear why there is no desktop */
    PARTING_MS = 5000, /* for the last input of one who has closed */
    GREETING_MAX = RFB_NAME_MAX + 512,
    SILENT_INTERVALS = 3
};

/* ---- RFB ---- */

int viewer_send(struct viewer *v, const struct rfb_buf *out)
{
    if (out->len == 0)
        return 0;
    return relay_frame_copy(&v->relay, WSLAY_BINARY_FRAME, rfb_buf_data(out), out->len);
}

/* Begins the handshake with the viewer: with a refusal when there is no desktop to show. */
static void greet(struct viewer *v, const char *refusal)
{
    static const struct rfb_server_offer none = {.none = true};
    struct rfb_buf out;
    rfb_buf_init(&out, GREETING_MAX);
    viewer_set_state(v, refusal != NULL ? VIEWER_REFUSING : VIEWER_GREETING);
    v->hs = malloc(sizeof *v->hs);
    if (v->hs == NULL || rfb_server_hs_start(v->hs, &none, refusal, &out) != 0 ||
        viewer_send(v, &out) != 0)
        viewer_drop(v, ENDING_BROKEN, "the viewer does not read");
    rfb_buf_finish(&out);
}

/* There is no desktop: RFB has words for it, unless the viewer is through with what had room for
 * them, and so has WebSocket afterwards. */
static void refuse_desktop(struct viewer *v, const char *words)
{
    upstream_leave(&v->upstream);
    viewer_stop_waiting(v);
    if (v->hs != NULL) {
        viewer_leave(v, WS_CLOSE_LOST, words, ENDING_UPSTREAM_LOST, "upstream lost");
        return;
    }
    snprintf(v->reason, sizeof v->reason, "%s", words);
    viewer_arm(v, REFUSE_MS, 0);
    greet(v, words);
}

void viewer_end_handshake(struct viewer *v)
{
    if (v->hs != NULL)
        rfb_server_hs_wipe(v->hs);
    free(v->hs);
    v->hs = NULL;
}

/* 0, or -1: out of memory. */
static int start_relay(struct viewer *v)
{
    uint64_t interval = v->service->config->ping_interval * 1000ULL;
    if (relay_begin(&v->relay, &v->stream->config->policy, upstream_server_init(&v->upstream)) != 0)
        return -1;
    viewer_set_state(v, VIEWER_RELAYING);
    viewer_end_handshake(v);
    viewer_arm(v, interval, interval);
    upstream_start(&v->upstream);
    return 0;
}

/* 1 as the handshake's end, or RFB_E_...; RFB_E_REFUSED with v->reason. */
static int put_server_init(struct viewer *v, struct rfb_buf *out)
{
    struct rfb_server_init init;
    int rc = viewer_begin_crop(v, upstream_server_init(&v->upstream), &init);
    if (rc == RFB_OK)
        rc = rfb_msg_put_server_init(out, &init);
    return rc == RFB_OK ? 1 : rc;
}

/* 0 or a close code, as ws_payload_fn. *used tells what the handshake took. */
static uint16_t feed_greeting(struct viewer *v, const uint8_t *data, size_t len, size_t *used)
{
    struct rfb_buf out;
    rfb_buf_init(&out, GREETING_MAX);
    int rc = rfb_server_hs_feed(v->hs, data, len, used, &out);
    bool shaken = rc == 1;
    if (shaken)
        rc = put_server_init(v, &out);
    uint16_t code = 0;
    if (viewer_send(v, &out) != 0 || (rc == 1 && start_relay(v) != 0)) {
        code = WSLAY_CODE_INTERNAL_SERVER_ERROR;
    } else if (rc == RFB_E_REFUSED) {
        /* v->reason was set with the refusal: of the desktop, or at the end of the window */
        code = shaken ? WS_CLOSE_WINDOW : WS_CLOSE_LOST;
    } else if (rc < 0) {
        snprintf(v->reason, sizeof v->reason, "RFB handshake: %.100s",
                 rc == RFB_E_NO_MEMORY ? rfb_strerror(rc) : v->hs->reason);
        code = WSLAY_CODE_PROTOCOL_ERROR;
    }
    rfb_buf_finish(&out);
    return code;
}

/* 0 or a close code. */
static uint16_t take_rfb(struct viewer *v, const uint8_t *data, size_t len)
{
    int rc = relay_from_viewer(&v->relay, data, len);
    if (rc == RFB_OK)
        return 0;
    if (rc == RFB_E_NO_MEMORY)
        return WSLAY_CODE_INTERNAL_SERVER_ERROR;
    snprintf(v->reason, sizeof v->reason, "RFB: %.110s", relay_why(&v->relay));
    return WSLAY_CODE_PROTOCOL_ERROR;
}

static uint16_t on_payload(void *owner, const uint8_t *data, size_t len)
{
    struct viewer *v = owner;
    size_t used = 0;
    uint16_t code = 0;
    switch (v->state) {
    case VIEWER_GREETING:
    case VIEWER_REFUSING:
        code = feed_greeting(v, data, len, &used);
        if (code != 0 || v->state != VIEWER_RELAYING || used == len)
            return code;
        data += used;
        len -= used;
        break;
    case VIEWER_RELAYING:
        break;
    case VIEWER_PROVING:
    case VIEWER_CHECKING:
        return viewer_feed_proof(v, data, len);
    case VIEWER_CONNECTING:
        if (v->hs != NULL)
            return viewer_feed_proof(v, data, len);
        snprintf(v->reason, sizeof v->reason, "in RFB the server speaks first");
        return WSLAY_CODE_PROTOCOL_ERROR;
    case VIEWER_LISTING:
        snprintf(v->reason, sizeof v->reason, "a list of windows takes no messages");
        return WSLAY_CODE_UNSUPPORTED_DATA;
    default:
        return 0;
    }
    return take_rfb(v, data, len);
}

/* ---- WebSocket ---- */

/* The answer to a ping waits while the viewer does not read; a later ping replaces it. */
static void send_pong(struct viewer *v)
{
    if (!v->ws.pong_due || v->conn.out.queued != 0)
        return;
    v->ws.pong_due = false;
    if (relay_frame_copy(&v->relay, WSLAY_PONG, v->ws.pong, v->ws.pong_len) != 0)
        viewer_drop(v, ENDING_BROKEN, "the connection to the viewer broke");
}

static void describe_close(const struct viewer *v, uint16_t code, char text[64])
{
    snprintf(text, 64, v->ws.peer_closed ? "the viewer closed (%u)" : "WebSocket or RFB error (%u)",
             (unsigned)code);
}

static enum ending ending_of(const struct viewer *v, uint16_t code)
{
    return v->ws.peer_closed                          ? ENDING_LEFT
           : code == WSLAY_CODE_INTERNAL_SERVER_ERROR ? ENDING_NO_MEMORY
                                                      : ENDING_PROTOCOL;
}

void viewer_part(struct viewer *v, bool all)
{
    char why[64];
    describe_close(v, v->parting, why);
    viewer_leave(v, v->parting, "", ENDING_LEFT,
                 all ? why : "the viewer closed, and its last input did not reach the window");
}

static void take_pong(struct viewer *v)
{
    if (v->ws.pong_came && v->pinged != 0) {
        metrics_timed(v->env->metrics, TIMING_PING, uv_hrtime() - v->pinged);
        v->pinged = 0;
    }
    v->ws.pong_came = false;
}

void viewer_take_websocket(struct viewer *v, const uint8_t *data, size_t len)
{
    char why[64];
    if (v->parting != 0)
        return;
    v->last_heard = uv_now(v->env->loop);
    uint16_t code = ws_feed(&v->ws, data, len, on_payload, v);
    take_pong(v);
    /* also when the viewer goes: what it sent before counts */
    if (relay_flush(&v->relay) != 0 && v->state == VIEWER_RELAYING) {
        viewer_tell_trouble(v, TROUBLE_LOST, "writing: the connection broke");
        viewer_leave(v, WS_CLOSE_LOST, "the desktop's VNC server closed the connection",
                     ENDING_UPSTREAM_LOST, "upstream lost");
    } else if (v->state == VIEWER_CLOSING) {
        return;
    } else if (code == WS_CLOSE_LOST && !v->ws.peer_closed) {
        viewer_leave(v, code, v->reason, ENDING_UPSTREAM_LOST, "upstream lost");
    } else if (code == WS_CLOSE_WINDOW && !v->ws.peer_closed) {
        viewer_leave(v, code, v->reason, ENDING_WINDOW_CLOSED, v->reason);
    } else if (v->ws.peer_closed && viewer_window_parts(v)) {
        v->parting = code;
        viewer_arm(v, PARTING_MS, 0);
        viewer_window_settle(v);
    } else if (code != 0) {
        const char *words = v->reason[0] != '\0' ? v->reason : ws_reason(code);
        describe_close(v, code, why);
        viewer_leave(v, code, v->ws.peer_closed ? "" : words, ending_of(v, code), why);
    } else {
        viewer_window_settle(v);
        if (v->state != VIEWER_CLOSING)
            send_pong(v);
    }
}

static void on_ping(struct viewer *v)
{
    uint64_t now = uv_now(v->env->loop);
    uint64_t interval = v->service->config->ping_interval * 1000ULL;
    /* who is not read, as its server is being replaced, cannot be heard */
    bool silent = now - v->last_heard > SILENT_INTERVALS * interval && !viewer_swaps(v);
    if (v->relay.crop != NULL)
        crop_rest(v->relay.crop);
    if (silent && v->relay.front_paused) {
        viewer_tell_trouble(v, TROUBLE_STALLED, "takes no input");
        viewer_leave(v, WS_CLOSE_LOST, "the desktop's VNC server takes no input",
                     ENDING_UPSTREAM_LOST, "upstream lost");
    } else if (silent) {
        viewer_drop(v, ENDING_SILENT, "the viewer is silent");
    } else if (v->conn.out.queued == 0) { /* else its pong would tell how slowly it reads */
        v->pinged = uv_hrtime();
        if (relay_frame_copy(&v->relay, WSLAY_PING, NULL, 0) != 0)
            viewer_drop(v, ENDING_BROKEN, "the connection to the viewer broke");
    }
}

/* ---- events of the upstream ---- */

/* v has no part in the handshakes with its desktop any more: another viewer may begin. */
static void end_turn(struct viewer *v)
{
    if (!v->handshaking)
        return;
    v->handshaking = false;
    streams_end_handshake(v->env->streams, v->stream);
}

static struct viewer *upstream_owner(struct upstream *u)
{
    return (struct viewer *)((char *)u - offsetof(struct viewer, upstream));
}

static void on_upstream_closed(struct upstream *u)
{
    struct viewer *v = upstream_owner(u);
    v->upstream_open = false;
    end_turn(v);
    if (viewer_swaps(v))
        viewer_await_turn(v);
    else
        viewer_free_if_closed(v);
}

/* A viewer that was asked for a password is nearly through with its handshake, or waits for
 * ServerInit alone. */
static void resume_greeting(struct viewer *v)
{
    size_t used;
    viewer_set_state(v, VIEWER_GREETING);
    uint16_t code = feed_greeting(v, (const uint8_t *)"", 0, &used);
    if (code != 0)
        viewer_leave(v, code, ws_reason(code), ENDING_NO_MEMORY, "out of memory");
}

static void on_upstream_ready(struct upstream *u)
{
    struct viewer *v = upstream_owner(u);
    metrics_timed(v->env->metrics, TIMING_UPSTREAM, uv_hrtime() - v->upstream_began);
    if (viewer_swaps(v))
        viewer_end_swap(v);
    else if (v->hs != NULL)
        resume_greeting(v);
    else
        greet(v, NULL);
    end_turn(v);
}

static void on_upstream_data(struct upstream *u, uint8_t *data, size_t len)
{
    struct viewer *v = upstream_owner(u);
    if (v->state != VIEWER_RELAYING)
        return;
    int rc = relay_to_viewer(&v->relay, data, len);
    if (rc == RELAY_UPSTREAM) {
        viewer_tell_trouble(v, TROUBLE_PROTOCOL, relay_why(&v->relay));
        viewer_leave(v, WS_CLOSE_LOST, "the desktop's VNC server broke the protocol",
                     ENDING_UPSTREAM_LOST, "upstream lost");
    } else if (rc != 0) {
        viewer_drop(v, ENDING_BROKEN, "the connection to the viewer broke");
    } else {
        viewer_window_settle(v);
    }
}

static uint8_t *on_upstream_room(struct upstream *u, size_t *n)
{
    struct viewer *v = upstream_owner(u);
    return v->state == VIEWER_RELAYING ? relay_room(&v->relay, n) : NULL;
}

static void on_upstream_drained(struct upstream *u)
{
    struct viewer *v = upstream_owner(u);
    if (v->state != VIEWER_RELAYING)
        return;
    v->last_heard = uv_now(v->env->loop); /* it could not be heard while reading was stopped */
    relay_upstream_drained(&v->relay);
    viewer_window_settle(v);
}

static enum trouble trouble_of(const struct viewer *v)
{
    return v->state != VIEWER_CONNECTING ? TROUBLE_LOST
           : v->upstream.timed_out       ? TROUBLE_TIMEOUT
           : v->upstream.connected       ? TROUBLE_HANDSHAKE
                                         : TROUBLE_UNREACHABLE;
}

static void on_upstream_ended(struct upstream *u, const char *words, const char *detail)
{
    struct viewer *v = upstream_owner(u);
    viewer_tell_trouble(v, trouble_of(v), detail);
    if (v->state == VIEWER_CONNECTING)
        refuse_desktop(v, words);
    else
        viewer_leave(v, WS_CLOSE_LOST, words, ENDING_UPSTREAM_LOST, "upstream lost");
}

static const struct upstream_events upstream_events = {
    .ready = on_upstream_ready,
    .data = on_upstream_data,
    .room = on_upstream_room,
    .drained = on_upstream_drained,
    .ended = on_upstream_ended,
    .closed = on_upstream_closed,
};

/* ---- turns ---- */

static void start_waiting(struct viewer *v)
{
    struct viewer_env *env = v->env;
    v->waiting = true;
    v->next_waiting = NULL;
    if (env->last_waiting != NULL)
        env->last_waiting->next_waiting = v;
    else
        env->first_waiting = v;
    env->last_waiting = v;
}

void viewer_await_turn(struct viewer *v)
{
    start_waiting(v);
    viewer_open_waiting(v->env);
}

void viewer_stop_waiting(struct viewer *v)
{
    struct viewer_env *env = v->env;
    if (!v->waiting)
        return;
    v->waiting = false;
    struct viewer *before = NULL;
    for (struct viewer *w = env->first_waiting; w != v; w = w->next_waiting)
        before = w;
    if (before != NULL)
        before->next_waiting = v->next_waiting;
    else
        env->first_waiting = v->next_waiting;
    if (env->last_waiting == v)
        env->last_waiting = before;
}

static void begin_handshake(struct viewer *v)
{
    struct viewer_env *env = v->env;
    viewer_stop_waiting(v);
    v->handshaking = true;
    v->upstream_began = uv_hrtime();
    v->upstream_open =
        upstream_open(&v->upstream, env->loop, v->stream->config->desktop, &upstream_events,
                      env->scratch, v->service->config->handshake_timeout * 1000ULL) == 0;
    if (v->upstream_open)
        return;
    end_turn(v);
    viewer_drop(v, ENDING_NO_MEMORY,
                "out of memory"); /* no frame: another's may be half gathered */
}

void viewer_open_waiting(struct viewer_env *env)
{
    struct viewer *next;
    for (struct viewer *v = env->first_waiting; v != NULL && !env->stopping; v = next) {
        next = v->next_waiting;
        if (v->state == VIEWER_CHECKING)
            viewer_check_password(v);
        else if (streams_begin_handshake(env->streams, v->stream))
            begin_handshake(v);
    }
}

static const struct {
    uint16_t code;
    enum refusal reason;
    const char *words;
} refusals[] = {
    [ENTRY_FULL] = {WS_CLOSE_TOO_MANY, REFUSAL_STREAM_FULL, "too many viewers"},
    [ENTRY_ENDED] = {WS_CLOSE_INVALID, REFUSAL_STREAM_ENDED, "the token opens nothing any more"},
    [ENTRY_DRAINING] = {WSLAY_CODE_GOING_AWAY, REFUSAL_DRAINING, "portholed is stopping"},
    [ENTRY_NO_MEMORY] = {WSLAY_CODE_INTERNAL_SERVER_ERROR, REFUSAL_NO_MEMORY, "out of memory"},
};

void viewer_upgrade(struct viewer *v, const struct site_answer *answer)
{
    struct rfb_buf out;
    struct viewer_env *env = v->env;
    rfb_buf_init(&out, HTTP_ANSWER_MAX);
    bool good = ws_init(&v->ws) == 0 &&
                http_put_switch(&out, answer->accept, answer->protocol) == 0 &&
                tls_conn_send(&v->conn, rfb_buf_data(&out), out.len) == 0;
    rfb_buf_finish(&out);
    http_head_reset(v->head);
    free(v->head);
    v->head = NULL;
    if (!good) {
        stream_unref(env->streams, answer->stream);
        viewer_drop(v, ENDING_BROKEN, "the connection broke");
        return;
    }
    v->relay = (struct relay){
        .front = &v->conn, .back = &v->upstream, .scratch = env->scratch, .metrics = env->metrics};
    v->last_heard = uv_now(env->loop);
    v->auth = answer->auth;
    v->how = answer->how;
    v->presence.list = answer->list;
    v->candidate = answer->stream;
    if (config_asks_password(v->candidate->config))
        viewer_ask_password(v);
    else
        viewer_enter(v);
}

void viewer_enter(struct viewer *v)
{
    struct viewer_env *env = v->env;
    snprintf(v->presence.peer, sizeof v->presence.peer, "%s", v->peer);
    v->presence.window = v->how.selector;
    enum entry entry = streams_enter(env->streams, v->candidate, &v->presence);
    if (entry != ENTRY_GRANTED) {
        /* a page sees close codes, but not what an upgrade is answered */
        viewer_refused(v, refusals[entry].reason, NULL);
        viewer_leave(v, refusals[entry].code, refusals[entry].words, ENDING_NONE, "refused");
        return;
    }
    env->viewers++;
    v->stream = v->candidate;
    v->candidate = NULL;
    v->opened_at = v->last_heard = uv_now(env->loop);
    viewer_tell_entry(v);
    viewer_tell_begun(v);
    if (v->presence.list) {
        viewer_begin_list(v);
        return;
    }
    viewer_set_state(v, VIEWER_CONNECTING);
    if (v->how.selector[0] != '\0') {
        viewer_await_window(v);
        return;
    }
    viewer_arm(v, v->service->config->handshake_timeout * 1000ULL, 0);
    viewer_await_turn(v);
}

void viewer_stream_drained(struct viewer *v)
{
    v->last_heard = uv_now(v->env->loop); /* a slow viewer that takes its bytes is alive */
    send_pong(v);
    if (v->state == VIEWER_LISTING)
        viewer_list_settle(v);
    if (v->state != VIEWER_RELAYING)
        return;
    if (v->window != NULL)
        viewer_window_settle(v);
    else
        relay_viewer_drained(&v->relay);
}

void viewer_stream_timeout(struct viewer *v)
{
    char detail[64];
    switch (v->state) {
    case VIEWER_CONNECTING:
        if (viewer_awaits_window(v)) {
            viewer_window_timeout(v);
            break;
        }
        snprintf(detail, sizeof detail, "%s: no answer in time", upstream_stage(&v->upstream));
        viewer_tell_trouble(v, TROUBLE_TIMEOUT, detail);
        refuse_desktop(v, "the desktop's VNC server did not answer in time");
        break;
    case VIEWER_PROVING:
    case VIEWER_CHECKING:
        viewer_proof_timeout(v);
        break;
    case VIEWER_GREETING:
        viewer_leave(v, WSLAY_CODE_POLICY_VIOLATION, "the RFB handshake took too long", ENDING_SLOW,
                     "no RFB handshake in time");
        break;
    case VIEWER_REFUSING:
        viewer_leave(v, WS_CLOSE_LOST, v->reason, ENDING_UPSTREAM_LOST, "upstream lost");
        break;
    default:
        if (v->parting != 0)
            viewer_part(v, false);
        else
            on_ping(v);
        break;
    }
}
