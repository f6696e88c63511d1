/* SPDX-License-Identifier: GPL-2.0-or-later
 * Round trips: a pointer event, and the small update that the source answers it with. */
#ifndef BENCH_PING_H
#define BENCH_PING_H

#include <sys/types.h>

#include "wire.h"

struct ping_figures {
    double p50, p99, most; /* microseconds */
    double cpu_us;         /* of the proxy, for each */
};

/* One after the other, count of them. midway: called once, after half of them; NULL: nobody. */
void ping_run(struct wire *w, long count, pid_t proxy, void (*midway)(pid_t proxy),
              struct ping_figures *f);
/* {"p50_us":...,"cpu_us":... with its closing brace where there is an end to print behind it. */
void ping_print(const struct ping_figures *f, const char *end);

#endif
