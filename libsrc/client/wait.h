/* SPDX-License-Identifier: GPL-2.0-or-later
 * Waiting on a condition with a deadline and a cancel object. */
#ifndef CLIENT_WAIT_H
#define CLIENT_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "porthole.h"

enum { WAIT_DEFAULT_MS = 10000 };

/* One wait of one thread; lives on its stack. */
struct wait {
    pthread_mutex_t *lock;
    pthread_cond_t *changed; /* of CLOCK_MONOTONIC */
    int64_t deadline;        /* nanoseconds of CLOCK_MONOTONIC; negative: none */
    ph_cancel *cancel;       /* or NULL */
    bool looked;             /* a frame has been taken: see client_next_frame */
    struct wait *next;       /* in the cancel object's list */
};

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t wait_now(void);

/* Begins and ends a wait, with the lock not held. limit may be NULL, see ph_limit. */
void wait_begin(struct wait *w, const ph_limit *limit, pthread_mutex_t *lock,
                pthread_cond_t *changed);
void wait_end(struct wait *w);

/* With the lock held: sleeps until the condition is signalled. PH_OK (look again), PH_E_TIMEOUT or
 * PH_E_CANCELLED. */
int wait_more(struct wait *w);
/* The same, but sleeps no longer than to the moment until, in nanoseconds of CLOCK_MONOTONIC, and
 * answers PH_OK then. */
int wait_until(struct wait *w, int64_t until);
/* Without the lock, in a long computation: PH_OK, PH_E_TIMEOUT once the deadline has passed by
 * grace_ms, or PH_E_CANCELLED. */
int wait_check(const struct wait *w, int grace_ms);

#endif
