/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connection to porthole-agent: what its thread (feed.c) and its callers (windows.c) share. */
#ifndef WINDOWS_WINDOWS_H
#define WINDOWS_WINDOWS_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

#include "net/target.h"
#include "porthole.h"
#include "rfb/buf.h"

enum {
    WINDOWS_LINE_MAX = 4 << 20, /* bytes of the agent's longest line */
    WINDOWS_OUT_MAX = 1 << 20,  /* of commands that wait to be sent */
    WINDOWS_TOKEN_MAX = 512
};

/* A command that waits for its reply; on its caller's stack. */
struct call {
    struct call *next;
    json_int_t id;
    json_t *reply; /* NULL: none yet; a reference */
};

struct ph_windows {
    struct net_target target; /* does not change */
    char token[WINDOWS_TOKEN_MAX + 1];
    int wake_fd; /* an eventfd: there is something to send, or it is to stop */
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool stop, ended;
    ph_error end; /* why it has ended */
    const ph_window_list *newest;
    struct call *calls;
    json_int_t last_id;
    struct rfb_buf out;
};

/* The thread: connects, then passes lines both ways until the end. */
void *feed_thread(void *windows);
void feed_wake(struct ph_windows *w);

#endif
