/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin_listener.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "admin_tell.h"
#include "scratch.h"
#include "tls.h"

enum {
    STRANGERS_MAX = 64, /* connections that have not shown the token */
    BACKLOG = 64,
    PIECE = 64 << 10 /* of an answer, at once */
};

struct admin_listener {
    uv_loop_t *loop;
    uv_tcp_t tcp;
    struct scratch *scratch; /* of this loop, which has no viewers */
    struct admin_door door;
    struct caller *list; /* the newest first */
    unsigned count;      /* connections whose memory is not gone */
    bool closing, closed;
};

/* One connection. */
struct caller {
    struct admin_listener *listener;
    struct caller *previous, *next;
    struct service *service; /* a reference: whose certificate is shown */
    struct tls_conn conn;
    uv_timer_t deadline;
    struct admin_http http;
    struct admin_asker who;
    struct sockaddr_storage address;
    char peer[ADDRESS_TEXT_MAX];
    size_t sent;          /* bytes of the answer */
    bool asked, answered; /* asked: the answer is there, or comes by itself */
    bool closing, conn_open, timer_open;
};

static struct caller *owner_of(struct tls_conn *c)
{
    return (struct caller *)((char *)c - offsetof(struct caller, conn));
}

/* ---- the end ---- */

static void free_listener_if_closed(struct admin_listener *l)
{
    if (!l->closed || l->count != 0)
        return;
    scratch_destroy(l->scratch);
    free(l);
}

static void free_if_closed(struct caller *c)
{
    struct admin_listener *l = c->listener;
    if (c->conn_open || c->timer_open)
        return;
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        l->list = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    admin_http_finish(&c->http);
    service_unref(c->service);
    free(c);
    l->count--;
    free_listener_if_closed(l);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct caller *c = handle->data;
    c->timer_open = false;
    free_if_closed(c);
}

static void on_conn_closed(struct tls_conn *conn)
{
    struct caller *c = owner_of(conn);
    c->conn_open = false;
    if (!c->closing)
        uv_close((uv_handle_t *)&c->deadline, on_timer_closed);
    c->closing = true;
    free_if_closed(c);
}

static void end(struct caller *c)
{
    if (c->closing)
        return;
    c->closing = true;
    admin_http_drop(&c->http);
    tls_conn_abort(&c->conn);
    uv_close((uv_handle_t *)&c->deadline, on_timer_closed);
}

static void on_deadline(uv_timer_t *timer)
{
    end(timer->data);
}

/* 0 or a libuv error. */
static int start_deadline(struct caller *c)
{
    uint64_t ms = c->service->config->handshake_timeout * 1000ULL;
    return uv_timer_start(&c->deadline, on_deadline, ms, 0);
}

static void on_ended(struct tls_conn *conn, const char *why)
{
    (void)why;
    end(owner_of(conn));
}

/* ---- a request and its answer ---- */

static void send_answer(struct caller *c)
{
    const struct rfb_buf *answer = &c->http.answer;
    while (c->sent < answer->len && c->conn.out.queued == 0) {
        size_t rest = answer->len - c->sent, n = rest < PIECE ? rest : PIECE;
        if (tls_conn_send(&c->conn, rfb_buf_data(answer) + c->sent, n) != 0) {
            end(c);
            return;
        }
        c->sent += n;
    }
    if (c->sent == answer->len)
        tls_conn_finish(&c->conn);
}

static void on_answered(struct admin_http *x, int rc)
{
    struct caller *c = (struct caller *)((char *)x - offsetof(struct caller, http));
    if (rc != 1 || start_deadline(c) != 0) {
        end(c);
        return;
    }
    c->answered = true;
    tls_conn_pause(&c->conn, true);
    send_answer(c);
}

static void on_data(struct tls_conn *conn, const uint8_t *data, size_t len)
{
    struct caller *c = owner_of(conn);
    if (c->closing || c->asked)
        return;
    int rc = admin_http_feed(&c->http, &c->listener->door, &c->who, data, len);
    c->asked = rc != 0;
    if (rc == 2)
        uv_timer_stop(&c->deadline); /* whoever waits for us keeps nobody waiting */
    else if (rc != 0)
        on_answered(&c->http, rc);
}

static void on_drained(struct tls_conn *conn)
{
    struct caller *c = owner_of(conn);
    if (!c->closing && c->answered)
        send_answer(c);
}

static const struct tls_events events = {
    .data = on_data, .drained = on_drained, .ended = on_ended, .closed = on_conn_closed};

/* ---- connections ---- */

static void name_peer(struct caller *c)
{
    int len = sizeof c->address;
    uv_tcp_getpeername(&c->conn.tcp, (struct sockaddr *)&c->address, &len);
    address_unmap(&c->address);
    address_text(&c->address, c->peer);
    c->who = (struct admin_asker){.by = "admin_token", .peer = c->peer, .address = &c->address};
}

/* Where there are too many that have not shown the token, ends the oldest of them. Those that have
 * are trusted. */
static void make_room(struct admin_listener *l)
{
    struct caller *oldest = NULL;
    unsigned strangers = 0;
    for (struct caller *c = l->list; c != NULL; c = c->next) {
        if (c->closing || c->http.head_done)
            continue;
        oldest = c;
        strangers++;
    }
    if (strangers <= STRANGERS_MAX)
        return;
    if (!oldest->answered)
        admin_tell_refused(l->door.admin, &oldest->who, REFUSAL_DISPLACED);
    end(oldest);
}

static struct caller *create(struct admin_listener *l)
{
    struct caller *c = calloc(1, sizeof *c);
    if (c == NULL || tls_conn_init(&c->conn, l->loop, &events, l->scratch) != 0) {
        free(c);
        return NULL;
    }
    uv_timer_init(l->loop, &c->deadline);
    c->deadline.data = c;
    c->conn_open = c->timer_open = true;
    c->listener = l;
    c->service = service_ref(l->door.admin->service);
    admin_http_init(&c->http, on_answered);
    c->next = l->list;
    if (c->next != NULL)
        c->next->previous = c;
    l->list = c;
    l->count++;
    return c;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct admin_listener *l = listener->data;
    struct caller *c = status == 0 ? create(l) : NULL;
    if (c == NULL)
        return;
    if (uv_accept(listener, (uv_stream_t *)&c->conn.tcp) != 0) {
        end(c);
        return;
    }
    name_peer(c);
    make_room(l);
    if (start_deadline(c) != 0 ||
        tls_conn_start(&c->conn, tls_server_ctx(c->service->tls), false) != 0)
        end(c);
}

/* ---- life ---- */

static int listen_at(struct admin_listener *l, const struct sockaddr_storage *address)
{
    struct sockaddr_storage own = {0};
    int len = sizeof own;
    char text[ADDRESS_TEXT_MAX], url[ADDRESS_TEXT_MAX + 16];
    int rc = uv_tcp_bind(&l->tcp, (const struct sockaddr *)address, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
    if (rc == 0)
        rc = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&own, &len);
    if (rc != 0)
        return -rc;
    address_text(&own, text);
    snprintf(url, sizeof url, "https://%s", text);
    log_event(LOG_LEVEL_INFO, "admin_ready", LOG_TEXT("url", url));
    return 0;
}

struct admin_listener *admin_listener_open(uv_loop_t *loop, const struct sockaddr_storage *address,
                                           const struct admin_door *door, int *error)
{
    struct admin_listener *l = calloc(1, sizeof *l);
    *error = ENOMEM;
    if (l == NULL || (l->scratch = scratch_create()) == NULL || uv_tcp_init(loop, &l->tcp) != 0) {
        if (l != NULL)
            scratch_destroy(l->scratch);
        free(l);
        return NULL;
    }
    l->loop = loop;
    l->tcp.data = l;
    l->door = *door;
    *error = listen_at(l, address);
    if (*error == 0)
        return l;
    admin_listener_close(l);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct admin_listener *l = handle->data;
    l->closed = true;
    free_listener_if_closed(l);
}

void admin_listener_close(struct admin_listener *l)
{
    if (l == NULL || l->closing)
        return;
    l->closing = true;
    for (struct caller *c = l->list; c != NULL; c = c->next)
        end(c);
    uv_close((uv_handle_t *)&l->tcp, on_closed);
}
