/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics_text.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <uv.h>

/* Label values here are words of ours, and need no escapes. */

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void put_labelled(FILE *out, const char *name, const char *label, const char *word,
                         uint64_t value)
{
    fprintf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, word, value);
}

/* ---- what is now ---- */

struct present {
    uint64_t viewers[3]; /* view, control, list */
    uint64_t streams[3]; /* configured, granted, jwt */
};

static void count_viewer(void *present, const struct presence *p)
{
    ((struct present *)present)->viewers[p->list ? 2 : p->stream->config->policy.control ? 1 : 0]++;
}

static void count_stream(void *present, const struct stream *s, unsigned viewers)
{
    (void)viewers;
    ((struct present *)present)->streams[s->jwt != NULL ? 2 : s->grant != NULL ? 1 : 0]++;
}

static void put_present(FILE *out, const struct metrics *m, struct streams *streams)
{
    struct present now = {0};
    streams_each_viewer(streams, count_viewer, &now);
    streams_each(streams, count_stream, &now);
    begin(out, "portholed_viewers", "gauge", "Viewers connected now, by what they may do.");
    put_labelled(out, "portholed_viewers", "role", "view", now.viewers[0]);
    put_labelled(out, "portholed_viewers", "role", "control", now.viewers[1]);
    put_labelled(out, "portholed_viewers", "role", "list", now.viewers[2]);
    begin(out, "portholed_viewers_limit", "gauge", "Viewers that may be connected at once.");
    put(out, "portholed_viewers_limit", m->viewers_max);
    begin(out, "portholed_streams", "gauge",
          "Streams that can be opened now; of JWTs those that somebody is in.");
    put_labelled(out, "portholed_streams", "origin", "configured", now.streams[0]);
    put_labelled(out, "portholed_streams", "origin", "granted", now.streams[1]);
    put_labelled(out, "portholed_streams", "origin", "jwt", now.streams[2]);
    begin(out, "portholed_connections", "gauge",
          "Connections to the public listener now, viewers among them.");
    uint64_t closed = metrics_sum(m, METRIC_CONNECTIONS_CLOSED); /* first: never below 0 */
    put(out, "portholed_connections", metrics_sum(m, METRIC_CONNECTIONS_OPENED) - closed);
}

/* ---- what has been ---- */

static const struct {
    const char *name, *label, *word, *help; /* help NULL: of the same name as the one before */
    enum metric what;
} counters[] = {
    {"portholed_connections_total", NULL, NULL, "Connections to the public listener.",
     METRIC_CONNECTIONS_OPENED},
    {"portholed_tls_handshakes_total", "result", "done", "TLS handshakes on the public listener.",
     METRIC_TLS_DONE},
    {"portholed_tls_handshakes_total", "result", "failed", NULL, METRIC_TLS_FAILED},
    {"portholed_viewers_total", "role", "view", "Viewers that were let in.", METRIC_VIEW_BEGUN},
    {"portholed_viewers_total", "role", "control", NULL, METRIC_CONTROL_BEGUN},
    {"portholed_viewers_total", "role", "list", NULL, METRIC_LIST_BEGUN},
    {"portholed_viewer_sent_bytes_total", NULL, NULL, "Bytes of RFB to viewers.",
     METRIC_TO_VIEWERS},
    {"portholed_viewer_received_bytes_total", NULL, NULL, "Bytes of RFB from viewers.",
     METRIC_FROM_VIEWERS},
    {"portholed_window_reconnects_total", NULL, NULL,
     "VNC connections of window streams that were begun anew to drop what may not be shown.",
     METRIC_WINDOW_RECONNECTS},
    {"portholed_window_best_effort_total", "viewer", "told",
     "Times that a viewer of a window could be promised no more than best effort.",
     METRIC_WINDOW_BEST_EFFORT},
    {"portholed_window_best_effort_total", "viewer", "sent_away", NULL, METRIC_WINDOW_REFUSED},
};

static void put_counters(FILE *out, const struct metrics *m)
{
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        uint64_t value = metrics_sum(m, counters[i].what);
        if (counters[i].help != NULL)
            begin(out, counters[i].name, "counter", counters[i].help);
        if (counters[i].label == NULL)
            put(out, counters[i].name, value);
        else
            put_labelled(out, counters[i].name, counters[i].label, counters[i].word, value);
    }
}

static uint64_t sum_of(const struct metrics *m, const metrics_counter *first)
{
    size_t offset = (size_t)((const char *)first - (const char *)&m->shards[0]);
    uint64_t sum = 0;
    for (unsigned i = 0; i < m->count; i++)
        sum += atomic_load_explicit(
            (const metrics_counter *)(const void *)((const char *)&m->shards[i] + offset),
            memory_order_relaxed);
    return sum;
}

/* Reasons that share a word are one series. */
static void put_refusals(FILE *out, const struct metrics *m)
{
    uint64_t sums[REFUSAL_COUNT] = {0}, auth = 0;
    begin(out, "portholed_refusals_total", "counter",
          "Connections and requests that did not get what they asked for, by reason.");
    for (int r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++) {
        int first = REFUSAL_NONE + 1;
        while (strcmp(refusal_word((enum refusal)first), refusal_word((enum refusal)r)) != 0)
            first++;
        uint64_t sum = sum_of(m, &m->shards[0].refusals[r]);
        sums[first] += sum;
        auth += refusal_is_auth((enum refusal)r) ? sum : 0;
        sums[r] = first == r ? sums[r] : UINT64_MAX;
    }
    for (int r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++)
        if (sums[r] != UINT64_MAX)
            put_labelled(out, "portholed_refusals_total", "reason", refusal_word((enum refusal)r),
                         sums[r]);
    begin(out, "portholed_auth_failures_total", "counter",
          "Those of the refusals where a token or password was missing or wrong.");
    put(out, "portholed_auth_failures_total", auth);
}

static void put_reasons(FILE *out, const struct metrics *m)
{
    put_refusals(out, m);
    begin(out, "portholed_viewers_ended_total", "counter", "Viewers that are gone, by reason.");
    for (int e = 0; e < ENDING_COUNT; e++)
        if (e != ENDING_NONE)
            put_labelled(out, "portholed_viewers_ended_total", "reason",
                         ending_word((enum ending)e), sum_of(m, &m->shards[0].endings[e]));
    begin(out, "portholed_upstream_errors_total", "counter",
          "What went wrong with VNC servers, by kind.");
    for (int t = 0; t < TROUBLE_COUNT; t++)
        put_labelled(out, "portholed_upstream_errors_total", "kind", trouble_word((enum trouble)t),
                     sum_of(m, &m->shards[0].troubles[t]));
}

static void put_histogram(FILE *out, const struct metrics *m, enum timing what, const char *name,
                          const char *help)
{
    const struct metrics_histogram *h = &m->shards[0].timings[what];
    uint64_t total = 0;
    begin(out, name, "histogram", help);
    for (unsigned i = 0; i < METRICS_BOUNDS; i++) {
        total += sum_of(m, &h->buckets[i]);
        fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, metrics_bound(i), total);
    }
    total += sum_of(m, &h->buckets[METRICS_BOUNDS]);
    fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, total);
    fprintf(out, "%s_sum %.9f\n%s_count %" PRIu64 "\n", name, (double)sum_of(m, &h->sum_ns) / 1e9,
            name, total);
}

/* ---- the process ---- */

static void put_one(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    begin(out, name, type, help);
    put(out, name, value);
}

/* UINT64_MAX: it cannot be told. */
static uint64_t count_open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;
    if (folder == NULL)
        return UINT64_MAX;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(folder);
    return count - 1; /* the folder's own */
}

static void put_process(FILE *out, const struct metrics *m)
{
    size_t resident = 0;
    uv_rusage_t used;
    struct rlimit files;
    uint64_t open_files = count_open_files();
    put_one(out, "process_start_time_seconds", "gauge",
            "When the process started, in seconds since 1970.", (uint64_t)m->started);
    if (uv_resident_set_memory(&resident) == 0)
        put_one(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident);
    if (open_files != UINT64_MAX)
        put_one(out, "process_open_fds", "gauge", "Open file descriptors.", open_files);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        put_one(out, "process_max_fds", "gauge", "File descriptors that may be open.",
                files.rlim_cur);
    if (uv_getrusage(&used) != 0)
        return;
    begin(out, "process_cpu_seconds_total", "counter", "CPU time used.");
    fprintf(out, "process_cpu_seconds_total %.6f\n",
            (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
}

static void put_service(FILE *out, const struct metrics *m, const struct service *service)
{
    int64_t expiry = tls_server_expiry(service->tls);
    put_one(out, "portholed_config_last_reload_successful", "gauge",
            "Whether the configuration was read without an error the last time.", !m->load_failed);
    put_one(out, "portholed_config_last_reload_success_timestamp_seconds", "gauge",
            "When the configuration in force was read, in seconds since 1970.",
            (uint64_t)m->loaded);
    if (expiry > 0)
        put_one(out, "portholed_certificate_expiry_timestamp_seconds", "gauge",
                "When the first certificate expires, in seconds since 1970.", (uint64_t)expiry);
    begin(out, "portholed_build_info", "gauge", "Always 1; the version is in the label.");
    put_labelled(out, "portholed_build_info", "version", PORTHOLE_VERSION, 1);
}

char *metrics_text(const struct metrics *m, const struct service *service, struct streams *streams,
                   struct audit *audit)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return NULL;
    put_present(out, m, streams);
    put_counters(out, m);
    put_reasons(out, m);
    put_histogram(out, m, TIMING_UPSTREAM, "portholed_upstream_connect_seconds",
                  "From connecting to a VNC server to the end of its handshake.");
    put_histogram(out, m, TIMING_PING, "portholed_viewer_ping_seconds",
                  "From a WebSocket ping to the viewer's answer.");
    put_one(out, "portholed_audit_lost_lines_total", "counter",
            "Lines of the audit trail that were lost.", audit_lost(audit));
    put_service(out, m, service);
    put_process(out, m);
    bool good = ferror(out) == 0;
    if (fclose(out) == 0 && good)
        return text;
    free(text);
    return NULL;
}
