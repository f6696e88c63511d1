/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ping.h"

#include <unistd.h>

#include "../bench.h"
#include "cpu.h"

enum { ANSWER = 16 + 4 * 4 * 4 };

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void ping_sum(struct ping_figures *f, int64_t *ns, long count, int64_t cpu)
{
    qsort(ns, (size_t)count, sizeof *ns, compare);
    *f = (struct ping_figures){.p50 = (double)ns[count / 2] / 1e3,
                               .p99 = (double)ns[count * 99 / 100] / 1e3,
                               .most = (double)ns[count - 1] / 1e3,
                               .cpu_us = (double)cpu / 1e3 / (double)count};
}

void ping_run(struct wire *w, const struct ping_run *run, struct ping_figures *f)
{
    static const uint8_t pointer[6] = {5, 0, 0, 1, 0, 1};
    uint8_t answer[ANSWER];
    long count = run->count;
    int64_t *ns = calloc((size_t)count, sizeof *ns);
    if (ns == NULL)
        die("calloc");
    int64_t cpu = cpu_of(run->proxy);
    for (long i = 0; i < count; i++) {
        if (run->midway != NULL && i == count / 2)
            run->midway(run->proxy);
        if (run->pause_us != 0)
            usleep(run->pause_us);
        int64_t start = now_ns();
        wire_send(w, pointer, sizeof pointer);
        wire_take(w, answer, sizeof answer);
        ns[i] = now_ns() - start;
    }
    cpu = cpu_of(run->proxy) - cpu;
    ping_sum(f, ns, count, cpu);
    free(ns);
}

void ping_print(const struct ping_figures *f, const char *end)
{
    printf("{\"p50_us\":%.1f,\"p99_us\":%.1f,\"most_us\":%.1f,\"cpu_us\":%.3f%s%s", f->p50, f->p99,
           f->most, f->cpu_us, *end != '\0' ? "}" : "", end);
}
