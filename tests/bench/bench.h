/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the benchmark's programs share. Each prints one line of JSON and ends with 0, or says why
 * not and ends with 1. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

/* Of those that are played, so many come before the clock starts: buffers are there by then. */
enum { WARM_UPDATES = 3 };

__attribute__((noreturn)) static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

static inline int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Processor time of this process, all threads. */
static inline int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Two pictures with the same sum are the same picture; the unused byte of each pixel does not
 * count. */
static inline unsigned long picture_sum(const uint32_t *pixels, size_t count)
{
    unsigned long sum = crc32(0, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        uint32_t colour = pixels[i] & 0xffffff;
        sum = crc32(sum, (const Bytef *)&colour, sizeof colour);
    }
    return sum;
}

/* "NAME":[VALUE,...]END */
static inline void print_list(const char *name, const double *values, int n, const char *end)
{
    printf("\"%s\":[", name);
    for (int i = 0; i < n; i++)
        printf("%s%.3f", i == 0 ? "" : ",", values[i]);
    printf("]%s", end);
}

#endif
