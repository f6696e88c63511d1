/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "idle.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>

#include "../bench.h"
#include "ping.h"

enum { OPENERS = 4, EVENTS = 64, WARM_COUNT = 200 };

struct crowd {
    const struct door *door;
    struct wire *wires;
    size_t count;
    atomic_size_t next, dropped;
    int epoll;
};

static void *open_some(void *crowd)
{
    struct crowd *c = crowd;
    for (size_t i; (i = atomic_fetch_add(&c->next, 1)) < c->count;)
        wire_open(&c->wires[i], c->door);
    return NULL;
}

static void open_all(struct crowd *c)
{
    pthread_t threads[OPENERS];
    for (int i = 0; i < OPENERS; i++)
        if (pthread_create(&threads[i], NULL, open_some, c) != 0)
            die("pthread_create");
    for (int i = 0; i < OPENERS; i++)
        pthread_join(threads[i], NULL);
}

/* Their thread from now on. */
static void *tend(void *crowd)
{
    struct crowd *c = crowd;
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(c->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct wire *w = events[i].data.ptr;
            if (wire_tend(w))
                continue;
            epoll_ctl(c->epoll, EPOLL_CTL_DEL, w->fd, NULL);
            atomic_fetch_add(&c->dropped, 1);
        }
    }
    return NULL;
}

static void start_tending(struct crowd *c)
{
    pthread_t thread;
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < c->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &c->wires[i]};
        if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->wires[i].fd, &event) < 0)
            die("epoll");
    }
    if (pthread_create(&thread, NULL, tend, c) != 0)
        die("pthread_create");
    pthread_detach(thread);
}

static void reload(pid_t proxy)
{
    if (kill(proxy, SIGHUP) < 0)
        die("SIGHUP");
}

static void obey(const struct crowd *c, struct wire *busy, pid_t proxy, char *line)
{
    struct ping_figures f;
    char *count = strchr(line, ' ');
    if (strncmp(line, "dropped", 7) == 0) {
        printf("ok %zu\n", atomic_load(&c->dropped));
    } else if (count != NULL && atol(count) > 0) {
        const struct ping_run warm = {.count = WARM_COUNT, .proxy = proxy};
        const struct ping_run all = {
            .count = atol(count), .proxy = proxy, .midway = *line == 'r' ? reload : NULL};
        ping_run(busy, &warm, &f);
        ping_run(busy, &all, &f);
        printf("ok ");
        ping_print(&f, "\n");
    } else {
        printf("what is that: %s", line);
    }
    fflush(stdout);
}

int idle_run(const struct door *door, pid_t proxy, size_t count)
{
    char line[64];
    struct wire busy = {0};
    static struct crowd c; /* its thread outlives this call */
    c.door = door;
    c.count = count;
    c.wires = calloc(count, sizeof *c.wires);
    if (c.wires == NULL)
        die("calloc");
    open_all(&c);
    start_tending(&c);
    puts("ok");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (busy.ssl == NULL)
            wire_open(&busy, door);
        obey(&c, &busy, proxy, line);
    }
    if (busy.ssl != NULL)
        wire_close(&busy);
    return 0;
}
