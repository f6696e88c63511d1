/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint64_t bounds_us[METRICS_BOUNDS] = {500,     1000,    2500,    5000,    10000,
                                                   25000,   50000,   100000,  250000,  500000,
                                                   1000000, 2500000, 5000000, 10000000};

int metrics_init(struct metrics *m, unsigned shards)
{
    *m = (struct metrics){.started = (int64_t)time(NULL), .count = shards};
    m->loaded = m->started;
    m->shards = aligned_alloc(METRICS_ALIGN, shards * sizeof *m->shards);
    if (m->shards == NULL)
        return -1;
    memset(m->shards, 0, shards * sizeof *m->shards);
    return 0;
}

void metrics_finish(struct metrics *m)
{
    free(m->shards);
    m->shards = NULL;
    m->count = 0;
}

void metrics_timed(struct metrics_shard *s, enum timing what, uint64_t ns)
{
    unsigned i = 0;
    if (s == NULL)
        return;
    while (i < METRICS_BOUNDS && ns > bounds_us[i] * 1000)
        i++;
    metrics_bump(&s->timings[what].buckets[i], 1);
    metrics_bump(&s->timings[what].sum_ns, ns);
}

double metrics_bound(unsigned bucket)
{
    return (double)bounds_us[bucket] / 1e6;
}

uint64_t metrics_sum(const struct metrics *m, enum metric what)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < m->count; i++)
        sum += atomic_load_explicit(&m->shards[i].counts[what], memory_order_relaxed);
    return sum;
}
