/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connection as long as it speaks HTTP: one request after the other, each answered whole. */
#include <string.h>

#include "log.h"
#include "viewer_private.h"

enum { BODY_PIECE = 128 << 10 };

/* The time for the next request, or for the peer to take the answer. However busy it is, a
 * connection that opens no stream ends some day: the places for them are few. */
static void arm(struct viewer *v)
{
    uint64_t lifetime = VIEWER_HTTP_TIMEOUTS * v->service->config->handshake_timeout * 1000ULL;
    uint64_t age = uv_now(v->env->loop) - v->since;
    uint64_t left = age < lifetime ? lifetime - age : 0;
    viewer_arm(v, left < VIEWER_IDLE_MS ? left : VIEWER_IDLE_MS, 0);
}

/* Sends on; the next request is looked at only when all of the answer has left. */
static void send_body(struct viewer *v)
{
    while (v->body_left != 0 && v->conn.out.queued == 0) {
        size_t n = v->body_left < BODY_PIECE ? v->body_left : BODY_PIECE;
        if (tls_conn_send(&v->conn, v->body, n) != 0) {
            viewer_drop(v, ENDING_BROKEN, "the connection broke");
            return;
        }
        v->body += n;
        v->body_left -= n;
    }
    if (v->body_left == 0 && v->close_after) {
        viewer_hang_up(v);
    } else if (v->conn.out.queued == 0) {
        viewer_set_state(v, VIEWER_HTTP);
        tls_conn_pause(&v->conn, false);
    } else {
        tls_conn_pause(&v->conn, true);
    }
}

static void respond(struct viewer *v, struct site_answer *answer)
{
    struct rfb_buf out;
    if (answer->refused != REFUSAL_NONE)
        viewer_refused(v, answer->refused, answer->detail[0] != '\0' ? answer->detail : NULL);
    if (answer->stream != NULL) {
        viewer_upgrade(v, answer);
        return;
    }
    rfb_buf_init(&out, HTTP_ANSWER_MAX);
    bool good = http_put_answer(&out, &answer->head) == 0 &&
                rfb_buf_put(&out, answer->text, strlen(answer->text)) == 0 &&
                tls_conn_send(&v->conn, rfb_buf_data(&out), out.len) == 0;
    rfb_buf_finish(&out);
    http_head_reset(v->head);
    if (!good) {
        viewer_drop(v, ENDING_BROKEN, "the connection broke");
        return;
    }
    v->body = answer->body;
    v->body_left = answer->body_len;
    v->close_after = answer->head.close;
    v->answered = true;
    viewer_set_state(v, VIEWER_ANSWERING);
    arm(v);
    send_body(v);
}

void viewer_http_timeout(struct viewer *v)
{
    struct site_answer answer;
    bool begun = v->head->seen != 0;
    if (begun || !v->answered)
        viewer_refused(v, REFUSAL_SLOW, NULL);
    if (begun) {
        site_refuse(408, "The request did not come to its end in time.\n", &answer);
        respond(v, &answer);
    } else {
        viewer_hang_up(v);
    }
}

void viewer_take_http(struct viewer *v, const uint8_t *data, size_t len)
{
    while (len != 0 && v->state == VIEWER_HTTP) {
        struct site_answer answer;
        const char *why = "";
        size_t used = 0;
        int rc = http_head_feed(v->head, data, len, &used, &why);
        data += used;
        len -= used;
        if (rc == 0)
            return;
        if (rc == 1)
            viewer_name_client(v);
        if (rc == 1)
            site_answer(v->service, v->env->streams, v->head, viewer_must_wait(v), &answer);
        else
            site_refuse((unsigned)-rc, why, &answer);
        respond(v, &answer);
    }
    if (len == 0)
        return;
    if (v->state == VIEWER_ANSWERING && rfb_buf_put(&v->rest, data, len) != 0)
        viewer_drop(v, ENDING_BROKEN, "too many requests at once");
    else if (v->state == VIEWER_CONNECTING || v->state == VIEWER_PROVING ||
             v->state == VIEWER_LISTING)
        viewer_take_websocket(v, data, len);
}

void viewer_answer_drained(struct viewer *v)
{
    arm(v);
    send_body(v);
    if (v->state != VIEWER_HTTP)
        return;
    /* what came meanwhile is looked at now */
    struct rfb_buf rest = v->rest;
    rfb_buf_init(&v->rest, VIEWER_REST_MAX);
    viewer_take_http(v, rfb_buf_data(&rest), rest.len);
    rfb_buf_finish(&rest);
}
