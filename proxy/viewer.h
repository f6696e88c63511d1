/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer's life, from an accepted connection to its last byte: TLS, HTTP requests, and perhaps
 * the switch to WebSocket, the RFB handshakes and the relay. A viewer owns itself: it frees its
 * memory when its last handle has closed. Everything happens on its loop's thread. */
#ifndef PROXY_VIEWER_H
#define PROXY_VIEWER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "audit.h"
#include "backoff.h"
#include "log.h"
#include "metrics.h"
#include "scratch.h"
#include "seating.h"
#include "streams.h"

struct viewer;

/* What the viewers of one loop share. Owned by the worker. */
struct viewer_env {
    uv_loop_t *loop;
    struct service *service; /* the present one: for connections to come */
    struct streams *streams;
    struct backoff *backoff;       /* the workers share it */
    struct audit *audit;           /* NULL: nobody keeps one */
    struct metrics_shard *metrics; /* NULL as well */
    struct scratch *scratch;
    struct feed *feeds; /* connections to agents */
    struct seating seating;
    struct viewer *list;
    struct viewer *first_waiting, *last_waiting; /* for a turn to connect */
    unsigned connections; /* viewers and others, until their memory is gone */
    unsigned viewers;     /* those that watch or are about to */
    struct log_limit refusals, guesses, attempts; /* of lines in the log, and in the audit trail */
    uint64_t next_complaint; /* about X-Forwarded-For, not before: ms of the loop's clock */
    bool stopping;
    void (*freed)(struct viewer_env *env); /* a connection has ended; may be NULL */
};

/* Begins with an accepted socket, which is closed in any case. */
void viewer_accept(struct viewer_env *env, int fd);
/* Streams have changed: sends away who is to go. */
void viewer_look_around(struct viewer_env *env);
/* There may be turns to connect: lets those begin whose turn it is, the longest waiting first. */
void viewer_open_waiting(struct viewer_env *env);

/* Ends the oldest of the connections that are no viewer's, for another to come: the freed event
 * follows. False: there is none that could be ended. */
bool viewer_make_room(struct viewer_env *env);

/* Tells all viewers that the proxy stops (WebSocket close 1001) and ends all other connections. */
void viewer_stop_all(struct viewer_env *env);
/* Ends all connections at once. */
void viewer_abort_all(struct viewer_env *env);

#endif
