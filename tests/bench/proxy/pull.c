/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pull.h"

#include <pthread.h>
#include <stdatomic.h>

#include "../bench.h"
#include "cpu.h"
#include "ping.h"

enum {
    WARM_FLOOD = 64 << 20, /* bytes: socket buffers have grown by then */
    WARM_COUNT = 200,
    CORNER = 64 /* its side */
};

/* Connects, and has the whole framebuffer once: what is asked for then is small, or what changes.
 */
static void enter(struct wire *w, const struct door *door)
{
    wire_open(w, door);
    wire_encodings(w);
    size_t wanted = (size_t)w->width * w->height;
    for (size_t came = 0; came < wanted;) {
        wire_ask(w, came != 0, w->width, w->height);
        came += wire_update_end(w, wire_update_begin(w));
    }
}

/* At least n bytes of updates; how many it was. One more is on its way. */
static size_t take(struct wire *w, bool incremental, size_t n)
{
    size_t bytes = 0;
    while (bytes < n) {
        unsigned rectangles = wire_update_begin(w);
        wire_ask(w, incremental, w->width, w->height);
        bytes += 4 * wire_update_end(w, rectangles);
    }
    return bytes;
}

int pull_flood(const struct door *door, bool incremental, pid_t proxy, size_t bytes)
{
    struct wire w;
    enter(&w, door);
    wire_ask(&w, incremental, w.width, w.height);
    take(&w, incremental, WARM_FLOOD);
    int64_t cpu = cpu_of(proxy), start = now_ns();
    bytes = take(&w, incremental, bytes);
    int64_t ns = now_ns() - start;
    cpu = cpu_of(proxy) - cpu;
    wire_close(&w);
    printf("{\"mb_per_s\":%.1f,\"cpu_s_per_gb\":%.4f}\n", (double)bytes / 1e6 / ((double)ns / 1e9),
           (double)cpu / (double)bytes);
    return 0;
}

/* What else changes may come first, and an update is then used up. */
static void trip(struct wire *w)
{
    wire_ask(w, false, CORNER, CORNER);
    for (size_t came = 0;;) {
        came += wire_update_end(w, wire_update_begin(w));
        if (came >= (size_t)CORNER * CORNER)
            return;
        wire_ask(w, true, w->width, w->height);
    }
}

int pull_trips(const struct door *door, pid_t proxy, long count)
{
    struct wire w;
    struct ping_figures f;
    int64_t *ns = calloc((size_t)count, sizeof *ns);
    if (ns == NULL)
        die("calloc");
    enter(&w, door);
    for (int i = 0; i < WARM_COUNT; i++)
        trip(&w);
    int64_t cpu = cpu_of(proxy);
    for (long i = 0; i < count; i++) {
        int64_t start = now_ns();
        trip(&w);
        ns[i] = now_ns() - start;
    }
    ping_sum(&f, ns, count, cpu_of(proxy) - cpu);
    wire_close(&w);
    free(ns);
    ping_print(&f, "\n");
    return 0;
}

/* ---- what changes ---- */

struct watcher {
    struct wire wire;
    atomic_size_t updates, pixels;
};

/* Its thread from now on. */
static void *watch(void *watcher)
{
    struct watcher *w = watcher;
    for (;;) {
        wire_ask(&w->wire, true, w->wire.width, w->wire.height);
        size_t pixels = wire_update_end(&w->wire, wire_update_begin(&w->wire));
        atomic_fetch_add(&w->pixels, pixels);
        atomic_fetch_add(&w->updates, 1);
    }
    return NULL;
}

int pull_watch(const struct door *door)
{
    static struct watcher w; /* its thread outlives this call */
    pthread_t thread;
    char line[64];
    enter(&w.wire, door);
    if (pthread_create(&thread, NULL, watch, &w) != 0)
        die("pthread_create");
    pthread_detach(thread);
    do {
        printf("ok {\"updates\":%zu,\"pixels\":%zu,\"framebuffer\":%zu}\n", atomic_load(&w.updates),
               atomic_load(&w.pixels), (size_t)w.wire.width * w.wire.height);
        fflush(stdout);
    } while (fgets(line, sizeof line, stdin) != NULL);
    return 0;
}
