/* SPDX-License-Identifier: GPL-2.0-or-later
 * One event loop on a thread of its own, with the connections it was handed. Workers wait for
 * nothing of each other's but short locks (the streams, the backoff, the seats, ticket keys), so
 * there may be one a core. All functions are for the thread that made it. */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include <stdbool.h>

#include "audit.h"
#include "backoff.h"
#include "metrics.h"
#include "seat.h"
#include "streams.h"

struct worker;

/* metrics: of this worker alone. spare: connections that are no viewer's, at most. Starts the
 * thread. NULL: the reason has been logged. */
struct worker *worker_create(struct streams *streams, struct backoff *backoff, struct seats *seats,
                             struct audit *audit, struct metrics_shard *metrics,
                             struct service *service, unsigned spare);

/* Hands an accepted socket over. False: it has as many waiting as it may. */
bool worker_take(struct worker *w, int fd);
/* Whether it has answered when this was called last; for a look now and then whether its loop goes
 * on. */
bool worker_answers(struct worker *w);
/* How many connections it has. */
unsigned worker_load(struct worker *w);
/* Connections from now on are of this service. */
void worker_reload(struct worker *w, struct service *service);

/* Tells all viewers that the proxy stops, and ends when they have heard, or after some seconds. */
void worker_stop(struct worker *w);
/* Awaits the end that worker_stop has begun. */
void worker_join(struct worker *w);
/* Frees. Only when all workers have been joined: until then any of them may wake the others. */
void worker_destroy(struct worker *w);

#endif
