/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfb/buf.h"

enum {
    LINE_MAX_BYTES = 4 << 20, /* the agent's longest (docs/PROTOCOL.feed) */
    READ_SIZE = 64 << 10,
    COMMAND_MAX = 128, /* bytes */
    CONNECT_MS = 5000, /* until the first snapshot */
    ANSWER_MS = 10000  /* until a reply */
};

struct feed {
    struct feed *next, **list;
    char *path; /* whose agent it is */
    uv_pipe_t pipe;
    uv_connect_t connect;
    uv_timer_t timer;              /* for the first snapshot, then for replies */
    const char *late;              /* what it means that the timer runs out */
    unsigned handles;              /* still to be closed */
    bool closing, connected, told; /* told: that it is lost */
    struct feed_client *clients;
    struct windows *newest;
    struct rfb_buf in;
    uint64_t last_id;
};

static const char unsent[] = "a command cannot be sent to the agent";

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct feed *f = handle->data;
    if (--f->handles != 0)
        return;
    windows_unref(f->newest);
    rfb_buf_finish(&f->in);
    free(f->path);
    free(f);
}

/* Nobody finds it any more; its memory goes when the loop has closed it. */
static void close_feed(struct feed *f)
{
    if (f->closing)
        return;
    f->closing = true;
    struct feed **at = f->list;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    uv_close((uv_handle_t *)&f->pipe, on_closed);
    uv_close((uv_handle_t *)&f->timer, on_closed);
}

/* Clients may detach from inside, one or all. */
static void lose(struct feed *f, const char *why)
{
    if (f->told || f->closing)
        return;
    f->told = true;
    while (f->clients != NULL) {
        struct feed_client *c = f->clients;
        f->clients = c->next;
        c->next = NULL;
        c->feed = NULL;
        c->events->lost(c, why);
    }
    close_feed(f);
}

void feed_detach(struct feed_client *c)
{
    struct feed *f = c->feed;
    if (f == NULL)
        return;
    struct feed_client **at = &f->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->feed = NULL;
    c->next = NULL;
    if (f->clients == NULL && !f->told)
        close_feed(f);
}

/* ---- to the agent ---- */

struct command {
    uv_write_t req;
    char text[COMMAND_MAX];
};

static void on_written(uv_write_t *req, int status)
{
    (void)status; /* reading tells how it ends */
    free(req->data);
}

static void on_late(uv_timer_t *timer)
{
    struct feed *f = timer->data;
    for (struct feed_client *c = f->clients; c != NULL; c = c->next)
        c->late = f->late != unsent;
    lose(f, f->late);
}

static void expect(struct feed *f, uint64_t ms, const char *late)
{
    f->late = late;
    uv_timer_start(&f->timer, on_late, ms, 0);
}

/* Whoever waits for a reply shows nothing meanwhile: it comes in time, or the agent is lost. */
static void expect_reply(struct feed *f)
{
    expect(f, ANSWER_MS, "the agent does not answer");
}

__attribute__((format(printf, 2, 3))) static void say(struct feed *f, const char *format, ...)
{
    if (f->closing)
        return;
    struct command *c = malloc(sizeof *c);
    if (c != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(c->text, sizeof c->text, format, args);
        va_end(args);
        uv_buf_t buf = uv_buf_init(c->text, (unsigned)strlen(c->text));
        c->req.data = c;
        if (uv_write(&c->req, (uv_stream_t *)&f->pipe, &buf, 1, on_written) == 0) {
            if (!uv_is_active((uv_handle_t *)&f->timer))
                expect_reply(f);
            return;
        }
        free(c);
    }
    /* not from inside: who asks is not done yet */
    expect(f, 0, unsent);
}

void feed_sync(struct feed_client *c)
{
    c->sync = ++c->feed->last_id;
    say(c->feed, "{\"id\":%" PRIu64 ",\"command\":\"sync\"}\n", c->sync);
}

void feed_activate(struct feed_client *c, uint32_t id)
{
    c->again = c->activate != 0 ? id : 0;
    if (c->activate != 0)
        return;
    c->activate = ++c->feed->last_id;
    say(c->feed, "{\"id\":%" PRIu64 ",\"command\":\"activate\",\"window\":\"0x%x\"}\n", c->activate,
        id);
}

/* ---- from the agent ---- */

static void take_snapshot(struct feed *f, const json_t *line)
{
    struct windows *w = windows_read(line);
    if (w == NULL) {
        lose(f, "the agent's snapshot makes no sense");
        return;
    }
    if (f->newest == NULL)
        uv_timer_stop(&f->timer);
    windows_unref(f->newest);
    f->newest = w;
    struct feed_client *next;
    windows_ref(w); /* a client may detach, and the feed with it */
    for (struct feed_client *c = f->clients; c != NULL; c = next) {
        next = c->next;
        c->events->windows(c, w);
    }
    windows_unref(w);
}

static void take_reply(struct feed *f, const json_t *line)
{
    uint64_t id = (uint64_t)json_integer_value(json_object_get(line, "id"));
    bool owed = false;
    if (f->newest == NULL)
        return; /* to nobody's command: what is awaited is the first snapshot */
    for (const struct feed_client *c = f->clients; c != NULL; c = c->next)
        owed = owed || (c->sync != 0 && c->sync != id) || (c->activate != 0 && c->activate != id);
    if (owed)
        expect_reply(f);
    else
        uv_timer_stop(&f->timer);
    for (struct feed_client *c = f->clients; c != NULL && id != 0; c = c->next) {
        if (c->activate == id) {
            c->activate = 0;
            if (c->again != 0)
                feed_activate(c, c->again);
            return;
        }
        if (c->sync != id)
            continue;
        c->sync = 0;
        if (json_is_true(json_object_get(line, "ok")))
            c->events->synced(c);
        else
            lose(f, "the agent does not know sync");
        return; /* the list may have changed */
    }
}

static void take_line(struct feed *f, const char *text, size_t len)
{
    json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(line, "type"));
    if (type == NULL)
        lose(f, "it does not speak the window feed's protocol");
    else if (strcmp(type, "hello") == 0 &&
             json_integer_value(json_object_get(line, "version")) != 1)
        lose(f, "the agent speaks another version of the window feed");
    else if (strcmp(type, "windows") == 0)
        take_snapshot(f, line);
    else if (strcmp(type, "reply") == 0)
        take_reply(f, line);
    json_decref(line);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct feed *f = stream->data;
    (void)buf;
    if (n < 0) {
        lose(f, "the agent closed the connection");
        return;
    }
    size_t looked = f->in.len;
    rfb_buf_commit(&f->in, (size_t)n);
    const uint8_t *end;
    while (!f->closing && !f->told && f->in.len != 0 &&
           (end = memchr(rfb_buf_data(&f->in) + looked, '\n', f->in.len - looked)) != NULL) {
        size_t len = (size_t)(end - rfb_buf_data(&f->in));
        take_line(f, (const char *)rfb_buf_data(&f->in), len);
        rfb_buf_consume(&f->in, len + 1);
        looked = 0;
    }
    if (rfb_buf_room(&f->in) == 0)
        lose(f, "the agent's line is too long");
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct feed *f = handle->data;
    uint8_t *where;
    size_t room = rfb_buf_room(&f->in) < READ_SIZE ? rfb_buf_room(&f->in) : READ_SIZE;
    (void)suggested;
    /* without room libuv answers UV_ENOBUFS, which ends the feed */
    if (rfb_buf_reserve(&f->in, room, &where) != 0)
        room = 0;
    *buf = uv_buf_init(room != 0 ? (char *)where : NULL, (unsigned)room);
}

/* ---- connecting ---- */

static void on_connected(uv_connect_t *req, int status)
{
    struct feed *f = req->handle->data;
    if (f->closing)
        return;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&f->pipe, on_alloc, on_read);
    if (status != 0) {
        lose(f, uv_strerror(status));
        return;
    }
    f->connected = true;
}

static struct feed *create(struct feed **list, uv_loop_t *loop, const char *path)
{
    struct feed *f = calloc(1, sizeof *f);
    if (f == NULL || (f->path = strdup(path)) == NULL) {
        free(f);
        return NULL;
    }
    f->list = list;
    f->next = *list;
    *list = f;
    f->handles = 2;
    rfb_buf_init(&f->in, LINE_MAX_BYTES);
    uv_timer_init(loop, &f->timer);
    uv_pipe_init(loop, &f->pipe, 0);
    f->timer.data = f->pipe.data = f;
    expect(f, CONNECT_MS, "the agent does not tell its windows");
    uv_pipe_connect(&f->connect, &f->pipe, path, on_connected);
    return f;
}

/* ---- clients ---- */

int feed_attach(struct feed **list, uv_loop_t *loop, const char *path, struct feed_client *c,
                const struct feed_events *events)
{
    struct feed *f = *list;
    while (f != NULL && (f->told || strcmp(f->path, path) != 0))
        f = f->next;
    if (f == NULL)
        f = create(list, loop, path);
    if (f == NULL)
        return -1;
    *c = (struct feed_client){.feed = f, .events = events, .next = f->clients};
    f->clients = c;
    return 0;
}

struct windows *feed_newest(const struct feed_client *c)
{
    return c->feed != NULL ? c->feed->newest : NULL;
}
