/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLS over one accepted TCP connection: plaintext in and out. What one call produces goes out as
 * one send; what the socket does not take waits, bounded, and the owner hears when it has gone. A
 * connection belongs to its loop's thread. Its memory is the owner's and must stay until the closed
 * event; the other events may call any function here, closing included. */
#ifndef PROXY_TLS_H
#define PROXY_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "outq.h"
#include "scratch.h"
#include "tls_pipe.h"
#include "turn.h"

enum { TLS_QUEUE_MAX = 2 * SCRATCH_GATHER /* bytes waiting; beyond it the peer is abusing us */ };

struct tls_conn;

struct tls_events {
    /* What comes in front of TLS, where tls_conn_start was told of it. 1: TLS begins behind *used
     * bytes. 0: all were taken, and more are to come. -1: the owner has ended the connection. */
    int (*prelude)(struct tls_conn *c, const uint8_t *data, size_t len, size_t *used);
    void (*opened)(struct tls_conn *c); /* the handshake is done; may be NULL */
    void (*data)(struct tls_conn *c, const uint8_t *data, size_t len); /* plaintext, borrowed */
    void (*drained)(struct tls_conn *c);                               /* nothing waits any more */
    /* The peer's end or a failure, once; only closing is of use now. */
    void (*ended)(struct tls_conn *c, const char *why);
    void (*closed)(struct tls_conn *c); /* the last event: nothing refers to c any more */
};

enum tls_state { TLS_PRELUDE, TLS_HANDSHAKE, TLS_OPEN, TLS_ENDED, TLS_LINGER, TLS_CLOSED };

struct tls_conn {
    struct outq out; /* for the owner to read: out.queued, bytes that wait for the socket */

    /* private */
    uv_tcp_t tcp;
    uv_timer_t linger;
    uv_shutdown_t shutdown;
    const struct tls_events *events;
    struct scratch *scratch;
    struct tls_pipe pipe;
    struct turn turn;
    enum tls_state state;
    int handles; /* still to be closed */
    bool wants_read, shut_down, in_clear;
    bool hurried;               /* it lingers until hurry_until, and what then is left is lost */
    uint64_t hurry_until_ms;    /* of the loop's clock */
    int last_outq;              /* bytes in the kernel at the last look, while lingering */
    unsigned stalled, lingered; /* ticks */
};

/* Prepares the handles for uv_accept into &c->tcp; the closed event follows from here on whatever
 * happens. 0 or a libuv error, after which there is nothing to close. */
int tls_conn_init(struct tls_conn *c, uv_loop_t *loop, const struct tls_events *events,
                  struct scratch *scratch);
/* After uv_accept. With a prelude, that event comes first. 0, or -1: abort it. */
int tls_conn_start(struct tls_conn *c, SSL_CTX *ctx, bool prelude);

/* Encrypts and sends; at most SCRATCH_UP + WS_HEAD_MAX bytes a call. -1: the connection is broken;
 * no ended event follows from inside the call. */
int tls_conn_send(struct tls_conn *c, const uint8_t *data, size_t len);

/* Stops and resumes reading the socket. What has been read already is still given. */
void tls_conn_pause(struct tls_conn *c, bool pause);

/* Ends in good order: close_notify behind what waits, then waits until the kernel has sent all of
 * it to the peer, as long as that goes forward (a slow viewer would lose megabytes and the close
 * reason otherwise). Who spoke HTTP in clear, which is an ended event, is told so. No event but
 * closed follows. */
void tls_conn_finish(struct tls_conn *c);
/* What the peer has not got when this time has passed it never gets: neither from us, nor from the
 * kernel. For a connection that finishes; the first call counts. */
void tls_conn_hurry(struct tls_conn *c, uint64_t ms);
/* Ends at once. No event but closed follows. */
void tls_conn_abort(struct tls_conn *c);

#endif
