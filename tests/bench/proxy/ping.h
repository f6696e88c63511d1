/* SPDX-License-Identifier: GPL-2.0-or-later
 * Round trips: a pointer event, and the small update that the source answers it with. */
#ifndef BENCH_PING_H
#define BENCH_PING_H

#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

struct ping_figures {
    double p50, p99, most; /* microseconds */
    double cpu_us;         /* of the proxy, for each */
};

struct ping_run {
    long count;
    unsigned pause_us;           /* between one's answer and the next */
    pid_t proxy;                 /* whose processor time is counted */
    void (*midway)(pid_t proxy); /* called once, after half of them; NULL: nobody */
};

/* What they took, count of them, which are sorted here, and the proxy's processor time for all. */
void ping_sum(struct ping_figures *f, int64_t *ns, long count, int64_t cpu);
/* One after the other. */
void ping_run(struct wire *w, const struct ping_run *run, struct ping_figures *f);
/* {"p50_us":...,"cpu_us":... with its closing brace where there is an end to print behind it. */
void ping_print(const struct ping_figures *f, const char *end);

#endif
