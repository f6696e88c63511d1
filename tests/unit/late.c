/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "late.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "unit.h"

enum { NS_PER_MS = 1000000, TICK_NS = 1000000 };

static pthread_t thread;
static atomic_bool running;
static atomic_llong machine; /* the sleeping thread's worst lateness since late_start, in ns */
static struct {
    int64_t late, machine;
    char what[160];
} worst;

int64_t late_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *sleep_on(void *unused)
{
    const struct timespec tick = {.tv_nsec = TICK_NS};
    (void)unused;
    while (atomic_load(&running)) {
        int64_t before = late_now();
        nanosleep(&tick, NULL);
        int64_t late = late_now() - before - TICK_NS;
        if (late > atomic_load(&machine))
            atomic_store(&machine, late);
    }
    return NULL;
}

void late_begin(void)
{
    worst.late = INT64_MIN;
    atomic_store(&running, true);
    assert_int_equal(pthread_create(&thread, NULL, sleep_on, NULL), 0);
}

void late_end(void)
{
    atomic_store(&running, false);
    pthread_join(thread, NULL);
    print_message("# latest: %s: %.1f ms behind its limit (the machine itself: %.1f ms)\n",
                  worst.what, (double)worst.late / NS_PER_MS, (double)worst.machine / NS_PER_MS);
}

int64_t late_start(void)
{
    atomic_store(&machine, 0);
    return late_now();
}

bool late_between(int64_t start, int64_t end, int limit_ms, const char *call, const char *against)
{
    int64_t late = end - start - (int64_t)limit_ms * NS_PER_MS, own = atomic_load(&machine);
    if (late > worst.late) {
        worst.late = late;
        worst.machine = own;
        snprintf(worst.what, sizeof worst.what, "%s against %s", call, against);
    }
    if (late - own <= (int64_t)LATE_MAX_MS * NS_PER_MS)
        return true;
    print_message("# %s against %s: %.1f ms behind its limit (the machine itself: %.1f ms)\n", call,
                  against, (double)late / NS_PER_MS, (double)own / NS_PER_MS);
    return false;
}

bool late_check(int64_t start, int limit_ms, const char *call, const char *against)
{
    return late_between(start, late_now(), limit_ms, call, against);
}
