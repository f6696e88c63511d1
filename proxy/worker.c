/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "address.h"
#include "log.h"
#include "viewer.h"

enum {
    BACKLOG = 511,
    STOP_MS = 5000,   /* for the viewers to hear that it is over */
    ABORT_MS = 1000,  /* for a name lookup that cannot be cancelled */
    BREATH_MS = 200,  /* before accepting again after a shortage */
    OTHER_FILES = 64, /* descriptors that are no connection's */
    SPARE = 256       /* connections that are no viewer's: page loads, handshakes, lingering ones */
};

struct worker {
    uv_loop_t loop;
    const struct service *service;
    struct scratch *scratch;
    struct viewer_env env;
    unsigned spare; /* connections that are no viewer's, at most */
    uv_tcp_t listener;
    uv_signal_t terminate, interrupt;
    uv_timer_t timer; /* a pause in accepting; while stopping, the deadline */
    bool waiting;     /* a connection has not been accepted yet: libuv holds the others back */
    bool stopping, aborted;
};

/* ---- accepting ---- */

static void on_breath(uv_timer_t *timer);

static void accept_waiting(struct worker *w)
{
    if (!w->waiting || w->stopping)
        return;
    bool full = w->env.connections - w->env.viewers >= w->spare;
    if (full && viewer_make_room(&w->env))
        return; /* on_freed comes back here */
    if (!full && viewer_accept(&w->env, (uv_stream_t *)&w->listener) == 0)
        w->waiting = false;
    else
        uv_timer_start(&w->timer, on_breath, BREATH_MS, 0);
}

static void on_breath(uv_timer_t *timer)
{
    accept_waiting(timer->data);
}

/* Not accepting is enough to make libuv stop polling the listener, so nothing spins. */
static void on_connection(uv_stream_t *listener, int status)
{
    struct worker *w = listener->data;
    if (status < 0) {
        log_event(LOG_LEVEL_WARN, "accept_failed", LOG_TEXT("detail", uv_strerror(status)));
        return;
    }
    w->waiting = true;
    accept_waiting(w);
}

/* Every connection may need two descriptors: they must not run out, and viewers must not use up
 * what others need to become one. */
static void limit_connections(struct worker *w)
{
    struct rlimit files = {0, 0};
    unsigned limit = w->service->config->max_viewers + SPARE;
    w->spare = SPARE;
    w->env.viewers_max = w->service->config->max_viewers;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    rlim_t wanted = 2 * (rlim_t)limit + SPARE;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    rlim_t usable = files.rlim_cur > 2 * OTHER_FILES ? (files.rlim_cur - OTHER_FILES) / 2 : 2;
    if (usable >= limit)
        return;
    unsigned room = (unsigned)usable, others = room / 2 < SPARE ? room / 2 : SPARE;
    if (w->env.viewers_max <= room - others) {
        w->spare = room - w->env.viewers_max;
        return;
    }
    w->spare = others;
    w->env.viewers_max = room - others;
    log_event(LOG_LEVEL_WARN, "limited", LOG_NUMBER("viewers", w->env.viewers_max),
              LOG_TEXT("detail", "there are too few descriptors for max_viewers"));
}

/* ---- stopping ---- */

/* What is left on the loop closes; the loop then ends by itself. */
static void close_rest(struct worker *w)
{
    if (!uv_is_closing((uv_handle_t *)&w->timer))
        uv_close((uv_handle_t *)&w->timer, NULL);
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

static void on_signal(uv_signal_t *signal, int number)
{
    struct worker *w = signal->data;
    log_event(LOG_LEVEL_INFO, "stopping",
              LOG_TEXT("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"),
              LOG_NUMBER("viewers", w->env.viewers));
    w->stopping = true;
    uv_close((uv_handle_t *)&w->listener, NULL);
    /* a second signal ends the process at once */
    uv_close((uv_handle_t *)&w->terminate, NULL);
    uv_close((uv_handle_t *)&w->interrupt, NULL);
    uv_timer_start(&w->timer, on_stop_deadline, STOP_MS, 0);
    viewer_stop_all(&w->env);
    if (w->env.connections == 0)
        close_rest(w);
}

static void on_freed(struct viewer_env *env)
{
    struct worker *w = (struct worker *)((char *)env - offsetof(struct worker, env));
    if (w->waiting && !w->stopping)
        uv_timer_start(&w->timer, on_breath, 0, 0);
    else if (w->stopping && env->connections == 0)
        close_rest(w);
}

/* ---- life ---- */

static void log_ready(struct worker *w)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    char text[ADDRESS_TEXT_MAX], url[ADDRESS_TEXT_MAX + 16];
    if (uv_tcp_getsockname(&w->listener, (struct sockaddr *)&address, &len) != 0)
        return;
    address_text(&address, text);
    snprintf(url, sizeof url, "https://%s/", text);
    log_event(LOG_LEVEL_INFO, "ready", LOG_TEXT("url", url));
}

static void log_failed(const struct worker *w, int rc)
{
    char text[ADDRESS_TEXT_MAX], detail[ADDRESS_TEXT_MAX + 16];
    address_text(&w->service->config->listen, text);
    snprintf(detail, sizeof detail, "listen on %s", text);
    log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", detail),
              LOG_TEXT("error", uv_strerror(rc)));
}

static int start(struct worker *w)
{
    const struct sockaddr *address = (const struct sockaddr *)&w->service->config->listen;
    uv_timer_init(&w->loop, &w->timer);
    int rc = uv_tcp_init(&w->loop, &w->listener);
    w->listener.data = w;
    if (rc == 0)
        rc = uv_tcp_bind(&w->listener, address, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&w->listener, BACKLOG, on_connection);
    if (rc == 0)
        rc = uv_signal_init(&w->loop, &w->terminate);
    if (rc == 0)
        rc = uv_signal_init(&w->loop, &w->interrupt);
    w->timer.data = w->terminate.data = w->interrupt.data = w;
    if (rc == 0)
        rc = uv_signal_start(&w->terminate, on_signal, SIGTERM);
    if (rc == 0)
        rc = uv_signal_start(&w->interrupt, on_signal, SIGINT);
    return rc;
}

struct worker *worker_create(const struct service *service)
{
    struct worker *w = calloc(1, sizeof *w);
    struct scratch *scratch = scratch_create();
    if (w == NULL || scratch == NULL || uv_loop_init(&w->loop) != 0) {
        log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", "out of memory"));
        scratch_destroy(scratch);
        free(w);
        return NULL;
    }
    w->service = service;
    w->scratch = scratch;
    w->env = (struct viewer_env){
        .loop = &w->loop, .service = service, .scratch = scratch, .freed = on_freed};
    limit_connections(w);
    int rc = start(w);
    if (rc != 0) {
        log_failed(w, rc);
        worker_destroy(w);
        return NULL;
    }
    log_ready(w);
    return w;
}

void worker_run(struct worker *w)
{
    uv_run(&w->loop, UV_RUN_DEFAULT);
    log_event(LOG_LEVEL_INFO, "stopped", LOG_NUMBER("connections", w->env.connections));
}

static void close_handle(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void worker_destroy(struct worker *w)
{
    if (w == NULL)
        return;
    /* a name lookup that does not end holds its viewer: the process ends with it */
    if (w->env.connections != 0)
        return;
    uv_walk(&w->loop, close_handle, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_loop_close(&w->loop);
    scratch_destroy(w->scratch);
    free(w);
}
