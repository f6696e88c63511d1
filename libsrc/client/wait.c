/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/wait.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* Lock order: a cancel object's lock before that of a wait. */
struct ph_cancel {
    pthread_mutex_t lock;
    struct wait *waits;
    atomic_bool triggered;
};

ph_cancel *ph_cancel_create(void)
{
    ph_cancel *cancel = calloc(1, sizeof *cancel);
    if (cancel != NULL && pthread_mutex_init(&cancel->lock, NULL) != 0) {
        free(cancel);
        return NULL;
    }
    return cancel;
}

void ph_cancel_trigger(ph_cancel *cancel)
{
    pthread_mutex_lock(&cancel->lock);
    atomic_store(&cancel->triggered, true);
    for (struct wait *w = cancel->waits; w != NULL; w = w->next) {
        /* with the lock, so that a thread between its look at the flag and its sleep is not missed
         */
        pthread_mutex_lock(w->lock);
        pthread_cond_broadcast(w->changed);
        pthread_mutex_unlock(w->lock);
    }
    pthread_mutex_unlock(&cancel->lock);
}

void ph_cancel_destroy(ph_cancel *cancel)
{
    if (cancel == NULL)
        return;
    pthread_mutex_destroy(&cancel->lock);
    free(cancel);
}

int64_t wait_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void wait_begin(struct wait *w, const ph_limit *limit, pthread_mutex_t *lock,
                pthread_cond_t *changed)
{
    int ms = limit != NULL ? limit->timeout_ms : WAIT_DEFAULT_MS;
    *w = (struct wait){
        .lock = lock,
        .changed = changed,
        .deadline = ms < 0 ? -1 : wait_now() + (int64_t)ms * 1000000,
        .cancel = limit != NULL ? limit->cancel : NULL,
    };
    if (w->cancel == NULL)
        return;
    pthread_mutex_lock(&w->cancel->lock);
    w->next = w->cancel->waits;
    w->cancel->waits = w;
    pthread_mutex_unlock(&w->cancel->lock);
}

void wait_end(struct wait *w)
{
    if (w->cancel == NULL)
        return;
    pthread_mutex_lock(&w->cancel->lock);
    struct wait **at = &w->cancel->waits;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    pthread_mutex_unlock(&w->cancel->lock);
}

/* at: when to wake at the latest; negative: never. */
static int sleep_until(struct wait *w, int64_t at)
{
    if (w->cancel != NULL && atomic_load(&w->cancel->triggered))
        return PH_E_CANCELLED;
    if (at < 0) {
        pthread_cond_wait(w->changed, w->lock);
        return PH_OK;
    }
    struct timespec t = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
    return pthread_cond_timedwait(w->changed, w->lock, &t) == ETIMEDOUT ? PH_E_TIMEOUT : PH_OK;
}

int wait_more(struct wait *w)
{
    return sleep_until(w, w->deadline);
}

int wait_until(struct wait *w, int64_t until)
{
    if (w->deadline >= 0 && w->deadline < until)
        return wait_more(w);
    int rc = sleep_until(w, until);
    return rc == PH_E_TIMEOUT ? PH_OK : rc;
}

int wait_check(const struct wait *w, int grace_ms)
{
    if (w->cancel != NULL && atomic_load(&w->cancel->triggered))
        return PH_E_CANCELLED;
    bool late = w->deadline >= 0 && wait_now() - w->deadline > (int64_t)grace_ms * 1000000;
    return late ? PH_E_TIMEOUT : PH_OK;
}
