/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer's life, from an accepted connection to its last byte: TLS, HTTP requests, and perhaps
 * the switch to WebSocket, the RFB handshakes and the relay. A viewer owns itself: it frees its
 * memory when its last handle has closed. Everything happens on its loop's thread. */
#ifndef PROXY_VIEWER_H
#define PROXY_VIEWER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "log.h"
#include "scratch.h"
#include "service.h"

struct viewer;

/* What the viewers of one loop share. Owned by the worker. */
struct viewer_env {
    uv_loop_t *loop;
    const struct service *service;
    struct scratch *scratch;
    struct viewer *list;
    unsigned connections; /* viewers and others, until their memory is gone */
    unsigned viewers;     /* those that watch or are about to */
    unsigned viewers_max;
    uint64_t last_id;
    struct log_limit refusals;
    bool stopping;
    void (*freed)(struct viewer_env *env); /* a connection has ended; may be NULL */
};

/* Accepts what waits at the listener. -1: out of memory, it still waits. */
int viewer_accept(struct viewer_env *env, uv_stream_t *listener);

/* Ends the oldest of the connections that are no viewer's, for another to come: the freed event
 * follows. False: there is none that could be ended. */
bool viewer_make_room(struct viewer_env *env);

/* Tells all viewers that the proxy stops (WebSocket close 1001) and ends all other connections. */
void viewer_stop_all(struct viewer_env *env);
/* Ends all connections at once. */
void viewer_abort_all(struct viewer_env *env);

#endif
