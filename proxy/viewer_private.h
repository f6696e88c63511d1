/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the rooms of a viewer share: viewer.c (its life), viewer_peer.c (whose it is), viewer_http.c
 * (until the switch to WebSocket), viewer_proof.c (until its password is known), viewer_stream.c
 * (from then on; for who sees single windows viewer_window.c and, what they are promised,
 * viewer_bound.c, for who is only told of windows viewer_list.c) and viewer_tell.c (what is told
 * of it). Nobody else includes this. */
#ifndef PROXY_VIEWER_PRIVATE_H
#define PROXY_VIEWER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "check.h"
#include "crop_rect.h"
#include "feed.h"
#include "http.h"
#include "proxy_protocol.h"
#include "reason.h"
#include "relay.h"
#include "rfb/handshake.h"
#include "site.h"
#include "tls.h"
#include "upstream.h"
#include "viewer.h"
#include "ws/ws.h"

enum {
    VIEWER_IDLE_MS = 30000, /* an HTTP connection between requests, or one that takes no answer */
    VIEWER_HTTP_TIMEOUTS = 12, /* how long it lives in all, in handshake timeouts */
    VIEWER_REST_MAX = SCRATCH_CIPHER + SCRATCH_PLAIN /* what one read may bring behind a request */
};

enum viewer_state {
    VIEWER_HTTP,       /* TLS handshake or a request's head */
    VIEWER_ANSWERING,  /* an answer is on its way */
    VIEWER_PROVING,    /* WebSocket is open: RFB handshake with the viewer, up to its password */
    VIEWER_CHECKING,   /* that has come */
    VIEWER_CONNECTING, /* WebSocket is open, the upstream is not yet */
    VIEWER_GREETING,   /* upstream is ready: RFB handshake with the viewer, or the rest of it */
    VIEWER_REFUSING,   /* there is no upstream: the RFB handshake tells why */
    VIEWER_RELAYING,
    VIEWER_LISTING, /* WebSocket is open: it is told which windows there are */
    VIEWER_CLOSING
};

struct viewer {
    struct viewer_env *env;
    struct viewer *previous, *next, *next_waiting;
    struct service *service; /* a reference: what was the present one when it began */
    enum viewer_state state;
    struct tls_conn conn;
    struct upstream upstream;
    uv_timer_t timer; /* the state's deadline, or the next ping */
    bool conn_open, upstream_open, timer_open;
    bool secured;     /* the TLS handshake was done */
    bool waiting;     /* for its turn to connect, or to have its password checked */
    bool handshaking; /* with the VNC server */
    uint64_t since;   /* when it was accepted, or ended: ms of the loop's clock */

    /* whose it is */
    struct sockaddr_storage address; /* the viewer's: behind proxies that are trusted, theirs is not
                                        it. Another request may bring another. */
    char peer[ADDRESS_TEXT_MAX];     /* the same as people write it */
    struct sockaddr_storage origin;  /* TCP's peer, or whom a PROXY header tells */
    bool forwards;                   /* the origin's X-Forwarded-For is believed */
    struct proxy_protocol *prelude;  /* while its PROXY header comes */

    struct presence presence; /* while it is a viewer */

    /* HTTP */
    struct http_head *head;
    struct rfb_buf rest; /* input that waits for the answer to be sent */
    const uint8_t *body;
    size_t body_left;
    bool close_after, answered;

    /* WebSocket */
    uint64_t opened_at, last_heard; /* ms of the loop's clock */
    struct stream *stream;          /* a reference; NULL: not counted as a viewer (yet) */
    const char *auth; /* by what it was let in: "token", ..., a literal for the audit trail */
    uint64_t upstream_began, pinged; /* ns of uv_hrtime; 0: no ping is unanswered */
    bool audited;                    /* its beginning is in the audit trail, so its end will be */
    struct ws ws;
    struct stream *candidate; /* a reference: where it may enter with the right password */
    bool charged;             /* its password counts as a failure until it is known to be right */
    struct check *check;      /* of its password, on another thread */
    struct crop_how how;      /* what of the desktop it is shown */
    bool window_open;         /* its timer */
    struct viewer_window *window; /* NULL: the whole desktop */
    struct viewer_list *list;     /* NULL: it is shown pixels */
    struct rfb_server_hs *hs; /* until the relay starts; in CONNECTING: it was asked a password */
    struct relay relay;
    uint16_t parting; /* it has closed with this code, and its last input is still on its way */
    char reason[WS_REASON_MAX + 1]; /* words of a close frame that is decided inside ws_feed */
};

/* ---- viewer.c ---- */

/* Whose connection it is. */
struct viewer *viewer_of(struct tls_conn *c);
/* The only place where the state changes; logged at debug level. */
void viewer_set_state(struct viewer *v, enum viewer_state state);
/* Sets the state's deadline, or with repeat the ping's clock. Milliseconds. */
void viewer_arm(struct viewer *v, uint64_t ms, uint64_t repeat);

/* Three ways to end. None frees memory from inside; all may be called in any callback, and a second
 * call does nothing. why is for the log. */
/* At once. */
void viewer_drop(struct viewer *v, enum ending ending, const char *why);
/* An HTTP connection, behind its last answer. */
void viewer_hang_up(struct viewer *v);
/* A WebSocket connection, with a close frame; the words go to the viewer. The code NO_STATUS_RCVD
 * stands for a close frame without code. */
void viewer_leave(struct viewer *v, uint16_t code, const char *words, enum ending ending,
                  const char *why);
/* The same, in two cases that several rooms have. */
void viewer_leave_out_of_memory(struct viewer *v);
void viewer_lose_agent(struct viewer *v, const char *why);
/* One of the things that hold v has closed: frees v behind the last. */
void viewer_free_if_closed(struct viewer *v);

/* ---- viewer_tell.c ---- */

/* v does not get what it asked for: in the log and, where it tried to open a stream, in the audit
 * trail, unless too many lines of this kind come at once. detail: for the log, in place of the
 * reason's own text; may be NULL. */
void viewer_refused(struct viewer *v, enum refusal reason, const char *detail);
/* Seconds that v's address must wait before it may try to open a stream, for failures that
 * viewer_refused has counted; 0: it may. */
unsigned viewer_must_wait(const struct viewer *v);
/* v has entered its stream, for the log. */
void viewer_tell_entry(struct viewer *v);
/* v has shown all secrets that it needs, v->auth says which: from here on the audit trail has it.
 */
void viewer_tell_begun(struct viewer *v);
/* Something is wrong with its VNC server. */
void viewer_tell_trouble(struct viewer *v, enum trouble kind, const char *detail);
/* v leaves its stream. */
void viewer_tell_end(struct viewer *v, enum ending ending, const char *why);

/* ---- viewer_peer.c ---- */

/* When it was accepted: finds out who is at the other end of TCP. 1: that is a proxy which has to
 * tell for whom it comes, to viewer_take_prelude. 0: it is not. -1: it is gone
 * already, or out of memory. */
int viewer_name_peer(struct viewer *v);
/* As tls_events wants it. */
int viewer_take_prelude(struct tls_conn *c, const uint8_t *data, size_t len, size_t *used);
/* When a request's head has come: whose request it is. */
void viewer_name_client(struct viewer *v);

/* ---- viewer_http.c ---- */

/* Plaintext in the states HTTP and ANSWERING. */
void viewer_take_http(struct viewer *v, const uint8_t *data, size_t len);
/* In the state HTTP: no request has come, or only a part of one. */
void viewer_http_timeout(struct viewer *v);
/* In the state ANSWERING: the connection has taken all so far. */
void viewer_answer_drained(struct viewer *v);

/* ---- viewer_stream.c ---- */

/* Answers a request that opens a stream: from here on it is a viewer. */
void viewer_upgrade(struct viewer *v, const struct site_answer *answer);
/* Enters its candidate: all secrets have been shown. */
void viewer_enter(struct viewer *v);
/* 0, or -1: the connection broke. Nothing is sent where out is empty. */
int viewer_send(struct viewer *v, const struct rfb_buf *out);
/* Wipes and frees what the RFB handshake has kept. */
void viewer_end_handshake(struct viewer *v);
/* It waits for its turn, which may be now. */
void viewer_await_turn(struct viewer *v);
/* It waits for its turn no more. */
void viewer_stop_waiting(struct viewer *v);
/* Plaintext in the states from PROVING on. */
void viewer_take_websocket(struct viewer *v, const uint8_t *data, size_t len);
void viewer_stream_drained(struct viewer *v);
/* One that is parting has gone: it had its way with all its input, or with less. */
void viewer_part(struct viewer *v, bool all);
void viewer_stream_timeout(struct viewer *v);

/* ---- viewer_window.c ---- */

/* A stream of one window: waits for the window, then for its turn. One of a rectangle of the screen
 * waits for its turn alone. */
void viewer_await_window(struct viewer *v);
/* In the state CONNECTING: the window has not come yet. */
bool viewer_awaits_window(const struct viewer *v);
/* It has not come in time. */
void viewer_window_timeout(struct viewer *v);
/* With the server's ServerInit: what the viewer is told in its place. 0, RFB_E_REFUSED with
 * v->reason: the window is gone or the rectangle not on the screen, or RFB_E_NO_MEMORY. */
int viewer_begin_crop(struct viewer *v, const struct rfb_server_init *init,
                      struct rfb_server_init *to);
/* After bytes have gone into the crop: does what it wants. v may be ended by it. */
void viewer_window_settle(struct viewer *v);
/* Its connection to the VNC server is being replaced by another, which viewer_end_swap puts in
 * place when it is ready. */
bool viewer_swaps(const struct viewer *v);
void viewer_end_swap(struct viewer *v);
/* The viewer has closed. True: it stays until its last input has reached the window, and
 * viewer_part ends it then. */
bool viewer_window_parts(struct viewer *v);
/* Nothing comes from the agent any more; and frees. */
void viewer_leave_window(struct viewer *v);
void viewer_free_window(struct viewer *v);

/* ---- viewer_bound.c ---- */

/* What can be promised to a viewer of one window has been found, and may have changed. why: what
 * makes it best effort, for people; NULL: nothing of others reaches it. False: it has been sent
 * away, as its stream asks for no less. */
bool viewer_take_bound(struct viewer *v, const char *why);

/* ---- viewer_list.c ---- */

/* One that has entered its stream is told which windows there are, now and whenever that changes.
 */
void viewer_begin_list(struct viewer *v);
/* It has taken all so far: tells the newest. */
void viewer_list_settle(struct viewer *v);
/* Nothing comes from the agent any more; and frees. */
void viewer_leave_list(struct viewer *v);
void viewer_free_list(struct viewer *v);

/* ---- viewer_proof.c ---- */

/* Begins the RFB handshake with one whose candidate has a password. */
void viewer_ask_password(struct viewer *v);
/* Payload in the states PROVING and CHECKING, and in CONNECTING behind them. 0 or a close code. */
uint16_t viewer_feed_proof(struct viewer *v, const uint8_t *data, size_t len);
/* The same states but CONNECTING. */
void viewer_proof_timeout(struct viewer *v);
/* It waits in CHECKING: perhaps it is its turn. */
void viewer_check_password(struct viewer *v);

#endif
