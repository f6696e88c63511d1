/* SPDX-License-Identifier: GPL-2.0-or-later
 * Counters, for Prometheus. Each thread that counts has a shard of its own, which it alone writes,
 * on cache lines of its own; reading sums them. A shard may be NULL: then nothing is counted. */
#ifndef PROXY_METRICS_H
#define PROXY_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reason.h"

enum metric {
    METRIC_CONNECTIONS_OPENED,
    METRIC_CONNECTIONS_CLOSED,
    METRIC_TLS_DONE,
    METRIC_TLS_FAILED,
    METRIC_VIEW_BEGUN,
    METRIC_CONTROL_BEGUN,
    METRIC_LIST_BEGUN,
    METRIC_TO_VIEWERS, /* bytes of RFB */
    METRIC_FROM_VIEWERS,
    METRIC_WINDOW_RECONNECTS,
    METRIC_WINDOW_BEST_EFFORT,
    METRIC_WINDOW_REFUSED,
    METRIC_COUNT
};

enum timing { TIMING_UPSTREAM, TIMING_PING, TIMING_COUNT };

enum { METRICS_BOUNDS = 14, METRICS_ALIGN = 64 };

typedef _Atomic uint64_t metrics_counter;

struct metrics_histogram {
    metrics_counter buckets[METRICS_BOUNDS + 1]; /* not cumulative; the last has no bound */
    metrics_counter sum_ns;
};

struct metrics_shard {
    _Alignas(METRICS_ALIGN) metrics_counter counts[METRIC_COUNT];
    metrics_counter refusals[REFUSAL_COUNT], endings[ENDING_COUNT], troubles[TROUBLE_COUNT];
    struct metrics_histogram timings[TIMING_COUNT];
};

/* The thread that reads is the one that writes what is not in a shard. */
struct metrics {
    int64_t started;  /* seconds since 1970, as what follows */
    int64_t loaded;   /* the configuration in force */
    bool load_failed; /* the last attempt to read it again */
    unsigned viewers_max;
    unsigned count;
    struct metrics_shard *shards;
};

/* With so many shards. 0, or -1: out of memory. */
int metrics_init(struct metrics *m, unsigned shards);
void metrics_finish(struct metrics *m);

/* By the shard's own thread. */
static inline void metrics_bump(metrics_counter *counter, uint64_t n)
{
    /* nobody else writes it, so there is nothing to lock */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline void metrics_add(struct metrics_shard *s, enum metric what, uint64_t n)
{
    if (s != NULL)
        metrics_bump(&s->counts[what], n);
}

static inline void metrics_refused(struct metrics_shard *s, enum refusal why)
{
    if (s != NULL)
        metrics_bump(&s->refusals[why], 1);
}

static inline void metrics_ended(struct metrics_shard *s, enum ending why)
{
    if (s != NULL)
        metrics_bump(&s->endings[why], 1);
}

static inline void metrics_troubled(struct metrics_shard *s, enum trouble why)
{
    if (s != NULL)
        metrics_bump(&s->troubles[why], 1);
}

void metrics_timed(struct metrics_shard *s, enum timing what, uint64_t ns);
/* Seconds: the upper end of a bucket, which is in it. */
double metrics_bound(unsigned bucket);

uint64_t metrics_sum(const struct metrics *m, enum metric what);

#endif
