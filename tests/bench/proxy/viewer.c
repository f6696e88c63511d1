/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_viewer WORK KIND PORT PID TOKEN COUNT: viewers of the proxy with that PID, whose processor
 * time is told with each figure. KIND is ws or tls; a TOKEN of "" is none. WORK is
 *
 *   flood    COUNT megabytes of whole screens
 *   updates  COUNT updates of 1 KB
 *   ping     COUNT pointer events, each answered by a small update before the next one
 *   beside   the same, 1 ms apart, while another viewer takes whole screens
 *   enter    COUNT viewers, one after the other in each of THREADS threads, until the ServerInit
 *   idle     COUNT viewers that stay; then it does what standard input asks for: see idle.h
 *
 * and of a stream that is asked for each update, which may be a real server's: see pull.h
 *
 *   pull     COUNT megabytes of it
 *   redraw   the same, whether it has changed or not
 *   trips    COUNT updates of its corner, one after the other
 *   watch    what changes; COUNT says nothing */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "../bench.h"
#include "cpu.h"
#include "idle.h"
#include "ping.h"
#include "pull.h"
#include "source.h"
#include "wire.h"

enum {
    THREADS = 4,
    WARM_BYTES = 64 << 20, /* socket buffers have grown by then */
    WARM_COUNT = 200,
    BESIDE_PAUSE_US = 1000, /* so that the flood has its share of the machine */
    UPDATE = 16 + 16 * 16 * 4
};

struct run {
    struct door door;
    pid_t proxy;
    long count;
};

static int flood(const struct run *r)
{
    struct wire w;
    size_t bytes = (size_t)r->count * 1000000;
    wire_open(&w, &r->door);
    wire_request(&w, SOURCE_WIDTH, SOURCE_HEIGHT);
    wire_take(&w, NULL, WARM_BYTES);
    int64_t cpu = cpu_of(r->proxy), start = now_ns();
    wire_take(&w, NULL, bytes);
    int64_t ns = now_ns() - start;
    cpu = cpu_of(r->proxy) - cpu;
    wire_close(&w);
    printf("{\"mb_per_s\":%.1f,\"cpu_s_per_gb\":%.4f}\n", (double)bytes / 1e6 / ((double)ns / 1e9),
           (double)cpu / (double)bytes);
    return 0;
}

static int updates(const struct run *r)
{
    struct wire w;
    wire_open(&w, &r->door);
    wire_request(&w, 16, 16);
    wire_take(&w, NULL, (size_t)WARM_COUNT * UPDATE);
    int64_t cpu = cpu_of(r->proxy), start = now_ns();
    wire_take(&w, NULL, (size_t)r->count * UPDATE);
    int64_t ns = now_ns() - start;
    cpu = cpu_of(r->proxy) - cpu;
    wire_close(&w);
    printf("{\"cpu_us\":%.3f,\"per_s\":%.0f}\n", (double)cpu / 1e3 / (double)r->count,
           (double)r->count / ((double)ns / 1e9));
    return 0;
}

static int ping(const struct run *r)
{
    struct wire w;
    struct ping_figures f;
    const struct ping_run warm = {.count = WARM_COUNT, .proxy = r->proxy};
    const struct ping_run all = {.count = r->count, .proxy = r->proxy};
    wire_open(&w, &r->door);
    ping_run(&w, &warm, &f);
    ping_run(&w, &all, &f);
    wire_close(&w);
    ping_print(&f, "\n");
    return 0;
}

/* ---- beside a flood ---- */

struct flooded {
    struct door door;
    atomic_size_t bytes;
    atomic_bool enough;
};

static void *take_flood(void *flooded)
{
    struct flooded *f = flooded;
    struct wire w;
    wire_open(&w, &f->door);
    wire_request(&w, SOURCE_WIDTH, SOURCE_HEIGHT);
    for (; !atomic_load(&f->enough); atomic_fetch_add(&f->bytes, 1 << 20))
        wire_take(&w, NULL, 1 << 20);
    wire_close(&w);
    return NULL;
}

static int beside(const struct run *r)
{
    struct wire w;
    struct ping_figures f;
    struct flooded other = {.door = r->door};
    pthread_t thread;
    wire_open(&w, &r->door);
    if (pthread_create(&thread, NULL, take_flood, &other) != 0)
        die("pthread_create");
    while (atomic_load(&other.bytes) < WARM_BYTES)
        usleep(1000);
    size_t bytes = atomic_load(&other.bytes);
    int64_t start = now_ns();
    const struct ping_run all = {.count = r->count, .pause_us = BESIDE_PAUSE_US, .proxy = r->proxy};
    ping_run(&w, &all, &f);
    bytes = atomic_load(&other.bytes) - bytes;
    int64_t ns = now_ns() - start;
    atomic_store(&other.enough, true);
    pthread_join(thread, NULL);
    wire_close(&w);
    ping_print(&f, "");
    printf(",\"mb_per_s\":%.1f}\n", (double)bytes / 1e6 / ((double)ns / 1e9));
    return 0;
}

/* ---- new viewers ---- */

struct entering {
    const struct run *run;
    atomic_long left;
};

static void *enter_some(void *entering)
{
    struct entering *e = entering;
    struct wire w;
    while (atomic_fetch_sub(&e->left, 1) > 0) {
        wire_open(&w, &e->run->door);
        wire_close(&w);
    }
    return NULL;
}

static void enter_all(struct entering *e)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, enter_some, e) != 0)
            die("pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static int enter(const struct run *r)
{
    struct entering warm = {.run = r, .left = 2 * THREADS}, all = {.run = r, .left = r->count};
    enter_all(&warm);
    int64_t cpu = cpu_of(r->proxy), start = now_ns();
    enter_all(&all);
    int64_t ns = now_ns() - start;
    cpu = cpu_of(r->proxy) - cpu;
    printf("{\"per_s\":%.1f,\"cpu_us\":%.1f}\n", (double)r->count / ((double)ns / 1e9),
           (double)cpu / 1e3 / (double)r->count);
    return 0;
}

static int idle(const struct run *r)
{
    return idle_run(&r->door, r->proxy, (size_t)r->count);
}

/* ---- streams that are asked ---- */

static int pull(const struct run *r)
{
    return pull_flood(&r->door, true, r->proxy, (size_t)r->count * 1000000);
}

static int redraw(const struct run *r)
{
    return pull_flood(&r->door, false, r->proxy, (size_t)r->count * 1000000);
}

static int trips(const struct run *r)
{
    return pull_trips(&r->door, r->proxy, r->count);
}

static int watch(const struct run *r)
{
    return pull_watch(&r->door);
}

static const struct {
    const char *name;
    int (*run)(const struct run *r);
    bool greedy; /* for one connection that takes all it can */
} works[] = {
    {"flood", flood, true},   {"updates", updates, false}, {"ping", ping, false},
    {"beside", beside, true}, {"enter", enter, false},     {"idle", idle, false},
    {"pull", pull, true},     {"redraw", redraw, true},    {"trips", trips, false},
    {"watch", watch, true},
};

int main(int argc, char **argv)
{
    raise_descriptors();
    for (size_t i = 0; argc == 7 && i < sizeof works / sizeof works[0]; i++) {
        if (strcmp(argv[1], works[i].name) != 0)
            continue;
        struct run r = {.proxy = (pid_t)atoi(argv[4]), .count = atol(argv[6])};
        door_init(&r.door, argv[2], argv[3], argv[5], works[i].greedy);
        int code = works[i].run(&r);
        door_finish(&r.door);
        return code;
    }
    fprintf(stderr, "usage: bench_viewer WORK KIND PORT PID TOKEN COUNT\n");
    return 1;
}
