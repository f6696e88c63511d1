/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "viewer.h"

enum {
    STOP_MS = 5000,  /* for the viewers to hear that it is over */
    ABORT_MS = 1000, /* for a name lookup that cannot be cancelled */
    INBOX_MAX = 64   /* sockets handed over and not taken yet */
};

struct worker {
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t timer; /* while stopping, the deadline */
    struct viewer_env env;
    unsigned spare;
    bool stopping, aborted;
    bool making_room; /* somebody was ended for another to come, and is not gone yet */
    atomic_uint load;
    atomic_bool look;            /* something has become of viewers */
    atomic_uint asked, answered; /* whether its loop goes on */

    uv_mutex_t lock; /* of what the other threads hand over */
    int inbox[INBOX_MAX];
    unsigned inbox_len;
    struct service *next_service; /* a reference, or NULL */
    bool stop;
};

static void wake(void *worker)
{
    uv_async_send(&((struct worker *)worker)->wake);
}

static void wake_to_look(void *worker)
{
    atomic_store(&((struct worker *)worker)->look, true);
    wake(worker);
}

/* ---- connections ---- */

static void count_load(struct worker *w)
{
    uv_mutex_lock(&w->lock);
    atomic_store(&w->load, w->env.connections + w->inbox_len);
    uv_mutex_unlock(&w->lock);
}

/* The socket that has waited longest; -1: none. */
static int next_socket(struct worker *w)
{
    int fd = -1;
    uv_mutex_lock(&w->lock);
    if (w->inbox_len != 0) {
        fd = w->inbox[0];
        w->inbox_len--;
        for (unsigned i = 0; i < w->inbox_len; i++)
            w->inbox[i] = w->inbox[i + 1];
    }
    uv_mutex_unlock(&w->lock);
    return fd;
}

static bool is_waited_for(struct worker *w)
{
    uv_mutex_lock(&w->lock);
    bool waits = w->inbox_len != 0;
    uv_mutex_unlock(&w->lock);
    return waits;
}

/* Takes in what waits. Where all places of those who are no viewers are taken, the oldest of them
 * goes, and on_freed comes back here. */
static void accept_waiting(struct worker *w)
{
    while (is_waited_for(w)) {
        if (w->env.connections - w->env.viewers >= w->spare) {
            w->making_room = w->making_room || viewer_make_room(&w->env);
            break;
        }
        viewer_accept(&w->env, next_socket(w)); /* nobody else takes one */
    }
    count_load(w);
}

/* ---- stopping ---- */

/* What is left on the loop closes; the loop then ends by itself. */
static void close_rest(struct worker *w)
{
    if (uv_is_closing((uv_handle_t *)&w->timer))
        return;
    uv_close((uv_handle_t *)&w->timer, NULL);
    uv_close((uv_handle_t *)&w->wake, NULL);
    seating_close(&w->env.seating);
}

static void on_stop_deadline(uv_timer_t *timer)
{
    struct worker *w = timer->data;
    if (w->aborted) {
        uv_stop(&w->loop);
        return;
    }
    w->aborted = true;
    viewer_abort_all(&w->env);
    uv_timer_start(&w->timer, on_stop_deadline, ABORT_MS, 0);
}

static void begin_stop(struct worker *w)
{
    int fd;
    w->stopping = true;
    while ((fd = next_socket(w)) >= 0)
        close(fd);
    uv_timer_start(&w->timer, on_stop_deadline, STOP_MS, 0);
    viewer_stop_all(&w->env);
    if (w->env.connections == 0)
        close_rest(w);
}

static void on_freed(struct viewer_env *env)
{
    struct worker *w = (struct worker *)((char *)env - offsetof(struct worker, env));
    w->making_room = false;
    if (!w->stopping)
        accept_waiting(w);
    else if (env->connections == 0)
        close_rest(w);
}

/* ---- what the other threads want ---- */

static void on_wake(uv_async_t *async)
{
    struct worker *w = async->data;
    atomic_store(&w->answered, atomic_load(&w->asked));
    uv_mutex_lock(&w->lock);
    struct service *service = w->next_service;
    bool stop = w->stop;
    w->next_service = NULL;
    uv_mutex_unlock(&w->lock);
    if (service != NULL) {
        service_unref(w->env.service);
        w->env.service = service;
    }
    if (w->stopping)
        return;
    if (stop) {
        begin_stop(w);
        return;
    }
    if (atomic_exchange(&w->look, false))
        viewer_look_around(&w->env);
    viewer_open_waiting(&w->env);
    accept_waiting(w);
}

bool worker_take(struct worker *w, int fd)
{
    uv_mutex_lock(&w->lock);
    bool room = w->inbox_len < INBOX_MAX;
    if (room) {
        w->inbox[w->inbox_len++] = fd;
        atomic_fetch_add(&w->load, 1);
    }
    uv_mutex_unlock(&w->lock);
    if (room)
        wake(w);
    return room;
}

bool worker_answers(struct worker *w)
{
    bool answered = atomic_load(&w->answered) == atomic_load(&w->asked);
    atomic_fetch_add(&w->asked, 1);
    wake(w);
    return answered;
}

unsigned worker_load(struct worker *w)
{
    return atomic_load(&w->load);
}

void worker_reload(struct worker *w, struct service *service)
{
    uv_mutex_lock(&w->lock);
    service_unref(w->next_service);
    w->next_service = service_ref(service);
    uv_mutex_unlock(&w->lock);
    wake(w);
}

void worker_stop(struct worker *w)
{
    uv_mutex_lock(&w->lock);
    w->stop = true;
    uv_mutex_unlock(&w->lock);
    wake(w);
}

/* ---- life ---- */

static void run(void *worker)
{
    struct worker *w = worker;
    uv_run(&w->loop, UV_RUN_DEFAULT);
}

/* rc: libuv's. */
static struct worker *fail(struct worker *w, struct scratch *scratch, int rc)
{
    log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", "start a worker"),
              LOG_TEXT("error", uv_strerror(rc)));
    scratch_destroy(scratch);
    free(w);
    return NULL;
}

struct worker *worker_create(struct streams *streams, struct backoff *backoff, struct seats *seats,
                             struct audit *audit, struct metrics_shard *metrics,
                             struct service *service, unsigned spare)
{
    struct worker *w = calloc(1, sizeof *w);
    struct scratch *scratch = scratch_create();
    int rc = w == NULL || scratch == NULL ? UV_ENOMEM : uv_loop_init(&w->loop);
    if (rc != 0)
        return fail(w, scratch, rc);
    uv_mutex_init(&w->lock);
    uv_timer_init(&w->loop, &w->timer);
    w->timer.data = w->wake.data = w;
    w->spare = spare;
    w->env = (struct viewer_env){.loop = &w->loop,
                                 .service = service_ref(service),
                                 .streams = streams,
                                 .backoff = backoff,
                                 .audit = audit,
                                 .metrics = metrics,
                                 .scratch = scratch,
                                 .freed = on_freed};
    rc = uv_async_init(&w->loop, &w->wake, on_wake);
    if (rc == 0)
        rc = seating_open(&w->env.seating, seats, &w->loop);
    if (rc == 0)
        rc = uv_thread_create(&w->thread, run, w);
    if (rc != 0) {
        service_unref(service);
        return fail(w, scratch, rc);
    }
    if (streams_watch(streams, wake_to_look, wake, w) == 0)
        return w;
    log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", "out of memory"));
    worker_stop(w);
    worker_join(w);
    worker_destroy(w);
    return NULL;
}

void worker_join(struct worker *w)
{
    uv_thread_join(&w->thread);
}

void worker_destroy(struct worker *w)
{
    /* a name lookup that does not end holds its viewer: the process ends with it */
    if (w->env.connections != 0)
        return;
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_loop_close(&w->loop);
    uv_mutex_destroy(&w->lock);
    scratch_destroy(w->env.scratch);
    service_unref(w->next_service);
    service_unref(w->env.service);
    free(w);
}
