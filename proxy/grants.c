/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin_listener.h"
#include "admin_socket.h"
#include "log.h"

enum {
    LOOK_AGAIN_S = 30, /* a clock may be set, a machine sleep: look at it now and then */
    RETRY_S = 5        /* when the store did not take it */
};

struct grants {
    struct admin admin;
    struct admin_socket *socket;     /* NULL: none is configured */
    struct admin_listener *listener; /* the same */
    uv_timer_t expiry;
    uv_async_t wake; /* something has ended */
    bool expired;    /* the store may hold what has expired */
    int64_t due;     /* when it looks around next, seconds since 1970 */
    bool failing;    /* it did not take the last change: it is asked again by the timer only */
    unsigned handles;
};

static void log_store_failed(const char *doing, const char *why)
{
    log_event(LOG_LEVEL_ERROR, "store_failed", LOG_TEXT("doing", doing), LOG_TEXT("error", why));
}

/* ---- grants whose desktop is not there ---- */

struct missing {
    const char *desktop; /* in the list of grants */
    uint64_t count;
    UT_hash_handle hh;
};

/* False: out of memory. */
static bool count_missing(struct missing **all, const char *desktop)
{
    struct missing *m;
    HASH_FIND_STR(*all, desktop, m);
    if (m == NULL) {
        m = calloc(1, sizeof *m);
        if (m == NULL)
            return false;
        m->desktop = desktop;
        HASH_ADD_KEYPTR(hh, *all, desktop, strlen(desktop), m);
        if (m->hh.tbl == NULL) {
            free(m);
            return false;
        }
    }
    m->count++;
    return true;
}

/* They wait for it: somebody may have given it another name by mistake. True: there are
 * some. */
static bool warn_of_asleep(const struct config *config, const struct grant *list, size_t count)
{
    struct missing *all = NULL, *m, *next;
    int64_t now = (int64_t)time(NULL);
    bool asleep = false;
    for (size_t i = 0; i < count; i++) {
        bool expired = list[i].expires != 0 && list[i].expires <= now;
        if (expired || config_find_desktop(config, list[i].desktop) != NULL)
            continue;
        asleep = true;
        if (!count_missing(&all, list[i].desktop))
            break; /* a line less */
    }
    HASH_ITER(hh, all, m, next)
    {
        HASH_DEL(all, m);
        log_event(LOG_LEVEL_WARN, "streams_asleep", LOG_TEXT("desktop", m->desktop),
                  LOG_NUMBER("streams", m->count),
                  LOG_TEXT("detail", "there is no such desktop in the configuration"));
        free(m);
    }
    return asleep;
}

/* ---- the end of grants ---- */

static void on_expiry(uv_timer_t *timer);

/* The store keeps which JWTs must not open again, for those that open from now on. */
static bool keep_revocations(struct grants *g)
{
    struct revocation r;
    char why[STORE_ERROR_MAX];
    while (streams_next_unkept(g->admin.streams, &r)) {
        if (store_revoke(g->admin.store, &r, why) != 0) {
            log_store_failed("keeping what was revoked", why);
            return false;
        }
        streams_kept(g->admin.streams);
    }
    return true;
}

/* The store forgets what must not open again. One failure is enough: whoever holds its lock would
 * hold this loop as long for each. */
static bool forget(struct grants *g, int64_t now)
{
    char id[GRANT_ID_SIZE], why[STORE_ERROR_MAX];
    bool good = !g->expired || store_expire(g->admin.store, now, why) == 0;
    g->expired = g->expired && !good;
    while (good && streams_next_dead(g->admin.streams, id)) {
        good = store_remove(g->admin.store, id, why) >= 0;
        if (good)
            streams_forget(g->admin.streams, id);
    }
    if (!good)
        log_store_failed("forgetting what has ended", why);
    return good;
}

/* Ends what has expired, and sleeps until the next does. */
static void look_around(struct grants *g)
{
    int64_t now = (int64_t)time(NULL), next;
    g->expired = streams_expire(g->admin.streams, now, &next) || g->expired;
    g->expired = streams_lift_bans(g->admin.streams, now) || g->expired;
    g->failing = !keep_revocations(g) || !forget(g, now);
    int64_t seconds = g->failing ? RETRY_S : LOOK_AGAIN_S;
    if (next != 0 && next - now < seconds)
        seconds = next - now;
    g->due = now + seconds;
    uv_timer_start(&g->expiry, on_expiry, (uint64_t)seconds * 1000, 0);
}

static void on_expiry(uv_timer_t *timer)
{
    look_around(timer->data);
}

/* Most of what wakes is the workers' own affair, and none of the store's. */
static void on_wake(uv_async_t *async)
{
    struct grants *g = async->data;
    struct streams *streams = g->admin.streams;
    struct revocation r;
    char id[GRANT_ID_SIZE];
    int64_t next = streams_earliest(streams);
    bool sooner = next != 0 && next < g->due; /* a JWT was opened */
    if (sooner ||
        (!g->failing && (streams_next_dead(streams, id) || streams_next_unkept(streams, &r))))
        look_around(g);
}

static void wake(void *grants)
{
    uv_async_send(&((struct grants *)grants)->wake);
}

static void after_request(void *grants)
{
    look_around(grants);
}

/* ---- life ---- */

int grants_reload(struct grants *g, struct service *service, const char *base_url)
{
    struct grant *list;
    size_t count;
    char why[STORE_ERROR_MAX];
    if (store_list(g->admin.store, &list, &count, why) != 0) {
        log_store_failed("reading", why);
        return -1;
    }
    int rc = streams_load(g->admin.streams, service, list, count);
    if (rc == 0)
        g->admin.asleep = warn_of_asleep(service->config, list, count);
    free(list);
    if (rc != 0) {
        log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", "out of memory for the streams"));
        return -1;
    }
    g->admin.service = service;
    snprintf(g->admin.base_url, sizeof g->admin.base_url, "%s", base_url);
    look_around(g);
    return 0;
}

static int open_store(struct grants *g, const char *path)
{
    char why[STORE_ERROR_MAX];
    g->admin.store = store_open(path, why);
    if (g->admin.store != NULL)
        return 0;
    log_store_failed(path != NULL ? path : "opening", why);
    return -1;
}

static void log_not_open(const char *where, int error)
{
    log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", where),
              LOG_TEXT("error", strerror(error)));
}

/* 0, or -1: the reason has been logged. */
static int open_doors(struct grants *g, uv_loop_t *loop, const struct config *config)
{
    struct admin_door door = {.admin = &g->admin, .after = after_request, .owner = g};
    int error;
    if (config->admin_socket.path != NULL) {
        g->socket = admin_socket_open(loop, config->admin_socket.path, &door, &error);
        if (g->socket == NULL) {
            log_not_open(config->admin_socket.path, error);
            return -1;
        }
    }
    if (config->admin_listen.ss_family != 0) {
        door.needs_token = true;
        g->listener = admin_listener_open(loop, &config->admin_listen, &door, &error);
        if (g->listener == NULL) {
            log_not_open("admin_listen", error);
            return -1;
        }
    }
    return 0;
}

/* 0, or -1: the reason has been logged. */
static int load_revocations(struct grants *g)
{
    struct revocation *list;
    size_t count;
    char why[STORE_ERROR_MAX];
    int rc = store_list_revocations(g->admin.store, &list, &count, why);
    if (rc != 0) {
        log_store_failed("reading", why);
        return -1;
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = streams_ban(g->admin.streams, &list[i], true);
    free(list);
    if (rc != 0)
        log_event(LOG_LEVEL_ERROR, "failed",
                  LOG_TEXT("detail", rc > 0 ? "too many revocations are stored" : "out of memory"));
    return rc == 0 ? 0 : -1;
}

struct grants *grants_open(uv_loop_t *loop, struct service *service, struct streams *streams,
                           struct audit *audit, struct metrics *metrics, struct backoff *backoff,
                           const char *base_url)
{
    const struct config *config = service->config;
    struct grants *g = calloc(1, sizeof *g);
    if (g == NULL || uv_async_init(loop, &g->wake, on_wake) != 0) {
        log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", "out of memory"));
        free(g);
        return NULL;
    }
    uv_timer_init(loop, &g->expiry);
    g->wake.data = g->expiry.data = g;
    g->handles = 2;
    g->expired = true; /* while no server ran */
    g->admin = (struct admin){.loop = loop,
                              .service = service,
                              .streams = streams,
                              .audit = audit,
                              .metrics = metrics,
                              .backoff = backoff};
    if (open_store(g, config->database.path) == 0 && load_revocations(g) == 0 &&
        grants_reload(g, service, base_url) == 0 && streams_watch(streams, wake, NULL, g) == 0 &&
        open_doors(g, loop, config) == 0)
        return g;
    grants_close(g);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct grants *g = handle->data;
    if (--g->handles != 0)
        return;
    store_close(g->admin.store);
    free(g);
}

void grants_close(struct grants *g)
{
    if (g == NULL)
        return;
    admin_socket_close(g->socket);
    admin_listener_close(g->listener);
    uv_close((uv_handle_t *)&g->wake, on_closed);
    uv_close((uv_handle_t *)&g->expiry, on_closed);
}
