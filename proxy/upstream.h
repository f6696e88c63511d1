/* SPDX-License-Identifier: GPL-2.0-or-later
 * One connection to a VNC server: name lookup, connect, the client's RFB handshake with the
 * desktop's password, TLS where the desktop wants it, then bytes both ways. Belongs to its loop's
 * thread. Its memory is the owner's and must stay until the closed event; the other events may call
 * any function here. */
#ifndef PROXY_UPSTREAM_H
#define PROXY_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "config.h"
#include "dial.h"
#include "outq.h"
#include "rfb/buf.h"
#include "rfb/handshake.h"
#include "scratch.h"
#include "tls_pipe.h"
#include "turn.h"

enum {
    UPSTREAM_DETAIL_MAX = 512,
    /* bytes waiting for the server: a viewer's reading stops at the first, but what one read has
     * brought still comes */
    UPSTREAM_QUEUE_MAX = 2 * (SCRATCH_CIPHER + SCRATCH_PLAIN)
};

struct upstream;

struct upstream_events {
    /* Handshake done: upstream_server_init tells what the server said. Nothing is read until
     * upstream_start. */
    void (*ready)(struct upstream *u);
    /* After upstream_start: bytes in the scratch buffer, with SCRATCH_UP_HEAD bytes of room before.
     */
    void (*data)(struct upstream *u, uint8_t *data, size_t len);
    /* NULL, or: where the next bytes are to be read to, up to *n, which can become less; data gives
     * them at once then. NULL: nowhere special. */
    uint8_t *(*room)(struct upstream *u, size_t *n);
    void (*drained)(struct upstream *u); /* nothing waits for the server any more */
    /* The end, once, before or after ready; only closing is of use now. words are for the viewer,
     * detail is for the log. */
    void (*ended)(struct upstream *u, const char *words, const char *detail);
    void (*closed)(struct upstream *u); /* the last event */
};

enum upstream_state {
    UPSTREAM_IDLE,    /* nothing was opened: no closed event follows */
    UPSTREAM_CONNECT, /* behind a name lookup */
    UPSTREAM_HANDSHAKE,
    UPSTREAM_READY,
    UPSTREAM_OPEN,
    UPSTREAM_ENDED,
    UPSTREAM_CLOSING
};

struct upstream {
    bool connected, timed_out; /* for the owner to read, once it has ended */
    struct outq out; /* for the owner to read: out.queued, bytes that wait for the server */

    /* private */
    enum upstream_state state;
    const struct config_desktop *desktop;
    const struct upstream_events *events;
    struct scratch *scratch;
    uv_loop_t *loop;
    union dial_handle h;
    struct turn turn;
    bool has_handle, has_timer; /* what is still to end before closed */
    bool paused, handles_closing;
    bool leaving;                 /* closes when the handshake has ended */
    uv_timer_t timer;             /* what the handshake, or closing, may take at most */
    struct upstream_setup *setup; /* until upstream_start */
    struct tls_pipe *tls;         /* NULL: in clear, or not yet */
};

/* Begins. timeout_ms is for all until ready. 0: failures come as the ended event, later. -1: out of
 * memory, and no event follows. */
int upstream_open(struct upstream *u, uv_loop_t *loop, const struct config_desktop *desktop,
                  const struct upstream_events *events, struct scratch *scratch,
                  uint64_t timeout_ms);

/* Before ready, for the log: what is waited for. */
const char *upstream_stage(const struct upstream *u);
/* Between ready and upstream_start: what the server's ServerInit said. */
const struct rfb_server_init *upstream_server_init(const struct upstream *u);
/* Frees what the handshake needed and begins to read. Bytes that came behind the handshake are
 * given from inside this call. */
void upstream_start(struct upstream *u);
void upstream_pause(struct upstream *u, bool pause);

/* Sends what the server takes and queues the rest, bounded. -1: broken; no ended event follows from
 * inside the call. */
int upstream_write(struct upstream *u, const uint8_t *data, size_t len);

/* Ends: what is queued is still sent, for a short time. No event but closed follows. */
void upstream_close(struct upstream *u);
/* The same, but a handshake that has begun goes on to its end first, within its time: servers take
 * connections that break off in the middle for attacks and lock the address they come from. */
void upstream_leave(struct upstream *u);

#endif
