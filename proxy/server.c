/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "audit.h"
#include "drain.h"
#include "grants.h"
#include "log.h"
#include "notify.h"
#include "streams.h"
#include "worker.h"

enum {
    BACKLOG = 511,
    ACCEPTS = 32,     /* at once; then what else there is has its turn */
    BREATH_MS = 200,  /* before accepting again after a shortage */
    STOP_S = 30,      /* what telling all viewers takes, and more */
    OTHER_FILES = 64, /* descriptors that are no connection's */
    SPARE = 256       /* connections that are no viewer's: page loads, handshakes, lingering ones */
};

struct server {
    const char *file;
    struct service *service; /* the present one, a reference */
    struct streams *streams;
    struct backoff *backoff;
    struct seats *seats;
    struct audit *audit;
    struct metrics metrics; /* a shard for each worker, and one for this thread */
    struct grants *grants;
    struct worker *workers[CONFIG_WORKERS_MAX];
    unsigned count;
    uv_loop_t loop;
    int fd;   /* the listener */
    int held; /* accepted, but no worker had room; -1: none */
    uv_poll_t listener;
    uv_timer_t breath;
    uv_signal_t terminate, interrupt, hangup;
    struct drain drain;
    struct notify notify;
};

/* ---- limits ---- */

struct limits {
    unsigned viewers, spare;
};

/* Every connection may need two descriptors: they must not run out, and viewers must not use up
 * what others need to become one. */
static struct limits find_limits(const struct config *config)
{
    struct rlimit files = {0, 0};
    struct limits l = {.viewers = config->max_viewers, .spare = SPARE};
    unsigned wanted = l.viewers + l.spare;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return l;
    rlim_t descriptors = 2 * (rlim_t)wanted + SPARE;
    if (files.rlim_cur < descriptors) {
        files.rlim_cur = files.rlim_max < descriptors ? files.rlim_max : descriptors;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    rlim_t usable = files.rlim_cur > 2 * OTHER_FILES ? (files.rlim_cur - OTHER_FILES) / 2 : 2;
    if (usable >= wanted)
        return l;
    unsigned room = (unsigned)usable, others = room / 2 < SPARE ? room / 2 : SPARE;
    if (l.viewers <= room - others) {
        l.spare = room - l.viewers;
        return l;
    }
    l.spare = others;
    l.viewers = room - others;
    log_event(LOG_LEVEL_WARN, "limited", LOG_NUMBER("viewers", l.viewers),
              LOG_TEXT("detail", "there are too few descriptors for max_viewers"));
    return l;
}

static void limit_viewers(struct server *s, unsigned viewers)
{
    s->metrics.viewers_max = viewers;
    streams_limit(s->streams, viewers);
}

/* ---- accepting ---- */

/* To the worker with the fewest connections. False: none has room for one more to wait. */
static bool hand_over(struct server *s, int fd)
{
    struct worker *best = s->workers[0];
    for (unsigned i = 1; i < s->count; i++)
        if (worker_load(s->workers[i]) < worker_load(best))
            best = s->workers[i];
    return worker_take(best, fd);
}

static void on_connection(uv_poll_t *listener, int status, int events);

static void on_breath(uv_timer_t *timer);

/* Nothing spins while there is a shortage: the listener is not looked at for a while. */
static void pause_accepting(struct server *s)
{
    uv_poll_stop(&s->listener);
    uv_timer_start(&s->breath, on_breath, BREATH_MS, 0);
}

static void on_breath(uv_timer_t *timer)
{
    struct server *s = timer->data;
    if (s->held >= 0 && !hand_over(s, s->held)) {
        pause_accepting(s);
        return;
    }
    s->held = -1;
    uv_poll_start(&s->listener, UV_READABLE, on_connection);
}

static void on_connection(uv_poll_t *listener, int status, int events)
{
    struct server *s = listener->data;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            log_event(LOG_LEVEL_WARN, "accept_failed", LOG_TEXT("detail", strerror(errno)));
            pause_accepting(s);
        }
        if (fd < 0)
            return;
        if (!hand_over(s, fd)) {
            s->held = fd;
            pause_accepting(s);
            return;
        }
    }
}

/* 0 or an errno value. */
static int listen_on(struct server *s)
{
    const struct sockaddr *address = (const struct sockaddr *)&s->service->config->listen;
    bool six = address->sa_family == AF_INET6;
    socklen_t len = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int on = 1;
    s->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(s->fd, address, len) < 0 || listen(s->fd, BACKLOG) < 0)
        return errno;
    return 0;
}

/* As the listener is bound: "https://127.0.0.1:6080". */
static void own_url(const struct server *s, char url[ADMIN_URL_MAX])
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    char text[ADDRESS_TEXT_MAX];
    getsockname(s->fd, (struct sockaddr *)&address, &len);
    address_text(&address, text);
    snprintf(url, ADMIN_URL_MAX, "https://%s", text);
}

/* How viewers reach the page. */
static const char *public_url(const struct config *config, const char *own)
{
    return config->public_url != NULL ? config->public_url : own;
}

static void tell_ready(struct server *s)
{
    char url[ADMIN_URL_MAX], page[ADMIN_URL_MAX + 2];
    own_url(s, url);
    snprintf(page, sizeof page, "%s/", url);
    log_event(LOG_LEVEL_INFO, "ready", LOG_TEXT("url", page), LOG_NUMBER("workers", s->count));
    notify_say(&s->notify, "READY=1\nSTATUS=Serving %s\n", page);
}

static void log_listen_failed(const struct server *s, int number)
{
    char text[ADDRESS_TEXT_MAX], detail[ADDRESS_TEXT_MAX + 16];
    address_text(&s->service->config->listen, text);
    snprintf(detail, sizeof detail, "listen on %s", text);
    log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", detail),
              LOG_TEXT("error", strerror(number)));
}

/* Opens the file that the service names, also where it is the same: it may have been moved away.
 * 0, or -1: the reason has been logged. */
static int use_audit_file(struct server *s, const struct service *service)
{
    const char *path = service->config->audit_file.path;
    char why[AUDIT_ERROR_MAX];
    if (audit_use(s->audit, path, why) == 0)
        return 0;
    log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", path != NULL ? path : "audit_file"),
              LOG_TEXT("error", why));
    return -1;
}

static void log_weak_passwords(const struct config *config)
{
    for (const struct config_stream *s = config->streams; s != NULL; s = s->next)
        if (config_weakness(s) != NULL)
            log_event(LOG_LEVEL_WARN, "weak_password", LOG_TEXT("stream", s->name),
                      LOG_TEXT("detail", config_weakness(s)));
}

/* ---- reading the configuration again ---- */

/* What was found in a file, one event each. */
static void log_lines(char *lines)
{
    char *rest = NULL;
    for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        bool warning = strstr(line, ": " CONFIG_WARNING) != NULL;
        log_event(warning ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR,
                  warning ? "reload_warning" : "reload_failed", LOG_TEXT("detail", line));
    }
}

static struct service *load_again(const char *file)
{
    char *lines = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&lines, &len);
    if (out == NULL) {
        log_event(LOG_LEVEL_ERROR, "reload_failed", LOG_TEXT("detail", "out of memory"));
        return NULL;
    }
    struct config_errors errors = {.file = file, .out = out, .warn = true};
    struct service *service = service_load(&errors);
    fclose(out);
    log_lines(lines);
    free(lines);
    return service;
}

static bool same_path(const struct config_path *a, const struct config_path *b)
{
    return a->path == b->path ||
           (a->path != NULL && b->path != NULL && strcmp(a->path, b->path) == 0);
}

/* What the running process cannot become. */
static void warn_of_restart(const struct config *old, const struct config *new)
{
    const struct {
        const char *key;
        bool same;
    } keys[] = {
        {"listen", memcmp(&old->listen, &new->listen, sizeof old->listen) == 0},
        {"workers", old->workers == new->workers},
        {"admin_listen",
         memcmp(&old->admin_listen, &new->admin_listen, sizeof old->admin_listen) == 0},
        {"admin_socket", same_path(&old->admin_socket, &new->admin_socket)},
        {"database", same_path(&old->database, &new->database)},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!keys[i].same)
            log_event(LOG_LEVEL_WARN, "restart_needed", LOG_TEXT("key", keys[i].key));
}

/* 0, or -1: all goes on as before, and the reason has been logged. */
static int take_over(struct server *s, struct service *service)
{
    char url[ADMIN_URL_MAX];
    own_url(s, url);
    if (use_audit_file(s, service) != 0)
        return -1;
    if (grants_reload(s->grants, service, public_url(service->config, url)) != 0) {
        use_audit_file(s, s->service);
        return -1;
    }
    warn_of_restart(s->service->config, service->config);
    limit_viewers(s, find_limits(service->config).viewers);
    for (unsigned i = 0; i < s->count; i++)
        worker_reload(s->workers[i], service);
    service_unref(s->service);
    s->service = service;
    return 0;
}

static bool reload(struct server *s)
{
    struct service *service = load_again(s->file);
    s->metrics.load_failed = service == NULL || take_over(s, service) != 0;
    if (s->metrics.load_failed) {
        service_unref(service);
        return false;
    }
    s->metrics.loaded = (int64_t)time(NULL);
    log_weak_passwords(service->config);
    log_event(LOG_LEVEL_INFO, "reloaded", LOG_TEXT("file", s->file));
    audit_event(s->audit, "reloaded", AUDIT_TEXT("file", s->file));
    return true;
}

static void on_hangup(uv_signal_t *signal, int number)
{
    struct server *s = signal->data;
    char url[ADMIN_URL_MAX];
    (void)number;
    notify_reloading(&s->notify);
    bool good = reload(s);
    own_url(s, url);
    notify_say(&s->notify, "READY=1\nSTATUS=Serving %s/%s\n", url,
               good ? "" : "; the configuration was not taken, see the log");
}

/* ---- stopping ---- */

static void stop(struct server *s, const char *signal)
{
    notify_say(&s->notify, "STOPPING=1\nSTATUS=Stopping\n");
    log_event(LOG_LEVEL_INFO, "stopping", LOG_TEXT("signal", signal),
              LOG_NUMBER("viewers", streams_viewers(s->streams)));
    /* a second signal ends the process at once */
    uv_signal_stop(&s->terminate);
    uv_signal_stop(&s->interrupt);
    uv_stop(&s->loop);
    close(s->fd);
    s->fd = -1;
    for (unsigned i = 0; i < s->count; i++)
        worker_stop(s->workers[i]);
}

static void on_drained(void *server)
{
    stop(server, "SIGTERM");
}

/* The listener stays open while it drains: a balancer's health check is answered "draining" and a
 * viewer that there is no room for it now, where a closed port would tell them of a crash. */
static void on_terminate(uv_signal_t *signal, int number)
{
    struct server *s = signal->data;
    unsigned seconds = s->service->config->drain_timeout;
    (void)number;
    if (seconds != 0 && !s->drain.on) {
        notify_say(&s->notify,
                   "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64
                   "\nSTATUS=Draining, for %u seconds at most\n",
                   (seconds + STOP_S) * UINT64_C(1000000), seconds);
        drain_begin(&s->drain, seconds);
        return;
    }
    drain_end(&s->drain);
    stop(s, "SIGTERM");
}

/* Whoever presses Ctrl-C waits for nobody. */
static void on_interrupt(uv_signal_t *signal, int number)
{
    struct server *s = signal->data;
    (void)number;
    drain_end(&s->drain);
    stop(s, "SIGINT");
}

/* ---- life ---- */

static int start_grants(struct server *s)
{
    char url[ADMIN_URL_MAX];
    own_url(s, url);
    s->grants = grants_open(&s->loop, s->service, s->streams, s->audit, &s->metrics, s->backoff,
                            public_url(s->service->config, url));
    return s->grants != NULL ? 0 : -1;
}

static int start_workers(struct server *s)
{
    struct limits l = find_limits(s->service->config);
    unsigned wanted = s->service->config->workers;
    limit_viewers(s, l.viewers);
    for (; s->count < wanted; s->count++) {
        s->workers[s->count] =
            worker_create(s->streams, s->backoff, s->seats, s->audit, &s->metrics.shards[s->count],
                          s->service, (l.spare + wanted - 1) / wanted);
        if (s->workers[s->count] == NULL)
            return -1;
    }
    return 0;
}

/* For whoever watches: this loop runs, and all workers have answered since the last time. */
static bool is_alive(void *server)
{
    const struct server *s = server;
    bool all = true;
    for (unsigned i = 0; i < s->count; i++)
        all = worker_answers(s->workers[i]) && all;
    return all;
}

static int start_loop(struct server *s)
{
    const struct {
        uv_signal_t *handle;
        uv_signal_cb callback;
        int number;
    } signals[] = {
        {&s->terminate, on_terminate, SIGTERM},
        {&s->interrupt, on_interrupt, SIGINT},
        {&s->hangup, on_hangup, SIGHUP},
    };
    if (uv_poll_init(&s->loop, &s->listener, s->fd) != 0 ||
        uv_timer_init(&s->loop, &s->breath) != 0)
        return -1;
    s->listener.data = s->breath.data = s;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        signals[i].handle->data = s;
        if (uv_signal_init(&s->loop, signals[i].handle) != 0 ||
            uv_signal_start(signals[i].handle, signals[i].callback, signals[i].number) != 0)
            return -1;
    }
    return uv_poll_start(&s->listener, UV_READABLE, on_connection) == 0 ? 0 : -1;
}

static void close_handle(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void finish(struct server *s)
{
    for (unsigned i = 0; i < s->count; i++)
        worker_join(s->workers[i]);
    for (unsigned i = 0; i < s->count; i++)
        worker_destroy(s->workers[i]);
    grants_close(s->grants); /* the workers wake it */
    uv_walk(&s->loop, close_handle, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    if (s->fd >= 0)
        close(s->fd);
    if (s->held >= 0)
        close(s->held);
    service_unref(s->service);
    streams_destroy(s->streams);
    backoff_destroy(s->backoff);
    seats_destroy(s->seats);
    audit_event(s->audit, "stopped", AUDIT_NUMBER("pid", (uint64_t)getpid()));
    audit_destroy(s->audit);
    notify_finish(&s->notify);
    metrics_finish(&s->metrics);
}

int server_run(struct service *service, const char *file)
{
    struct server s = {.file = file,
                       .service = service,
                       .streams = streams_create(),
                       .backoff = backoff_create(),
                       .seats = seats_create(),
                       .audit = audit_create(),
                       .fd = -1,
                       .held = -1};
    if (s.streams == NULL || s.backoff == NULL || s.seats == NULL || s.audit == NULL ||
        metrics_init(&s.metrics, service->config->workers + 1) != 0 || uv_loop_init(&s.loop) != 0) {
        log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", "out of memory"));
        streams_destroy(s.streams);
        backoff_destroy(s.backoff);
        seats_destroy(s.seats);
        audit_destroy(s.audit);
        metrics_finish(&s.metrics);
        return -1;
    }
    service_ref(service);
    notify_init(&s.notify);
    if (geteuid() == 0)
        log_event(LOG_LEVEL_WARN, "running_as_root",
                  LOG_TEXT("detail", "make a user for it, as portholed.service has one"));
    int number = listen_on(&s), rc = -1;
    if (number != 0) {
        log_listen_failed(&s, number);
    } else if (use_audit_file(&s, service) == 0 && start_grants(&s) == 0 &&
               drain_init(&s.drain, &s.loop, s.streams, on_drained, &s) == 0 &&
               start_workers(&s) == 0 && start_loop(&s) == 0) {
        log_weak_passwords(service->config);
        tell_ready(&s);
        notify_watch(&s.notify, &s.loop, is_alive, &s);
        audit_event(s.audit, "started", AUDIT_NUMBER("pid", (uint64_t)getpid()));
        uv_run(&s.loop, UV_RUN_DEFAULT);
        rc = 0;
    }
    for (unsigned i = 0; i < s.count && rc != 0; i++)
        worker_stop(s.workers[i]);
    finish(&s);
    if (rc == 0)
        log_event(LOG_LEVEL_INFO, "stopped", LOG_NUMBER("workers", s.count));
    return rc;
}
