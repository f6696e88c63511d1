/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_values.h"
#include "dial.h"
#include "rfb/buf.h"

enum {
    LINE_MAX_BYTES = 4 << 20, /* the agent's longest (docs/PROTOCOL.feed) */
    READ_SIZE = 64 << 10,
    COMMAND_MAX = 128, /* bytes */
    CONNECT_MS = 5000, /* until the first snapshot */
    ANSWER_MS = 10000, /* until a reply */
    KEEPALIVE_S = 60,  /* of silence, before TCP asks whether the agent is still there */
    LOST_WORDS_MAX = 512
};

struct feed {
    struct feed *next, **list;
    char *name, *token; /* whose agent it is, and what it wants to hear; NULL: nothing */
    struct dial dial;
    union dial_handle h;
    uv_timer_t timer;              /* for the first snapshot, then for replies */
    char why[LOST_WORDS_MAX];      /* what it means that the timer runs out */
    bool late;                     /* is that the agent's taking too long? */
    unsigned handles;              /* still to be closed */
    bool closing, connected, told; /* told: that it is lost */
    bool greeted;                  /* the agent has said something */
    struct feed_client *clients;
    struct windows *newest;
    struct rfb_buf in;
    uint64_t last_id;
};

static const char unsent[] = "a command cannot be sent to the agent";

/* ---- the end ---- */

static void destroy(struct feed *f)
{
    dial_finish(&f->dial);
    windows_unref(f->newest);
    rfb_buf_finish(&f->in);
    config_wipe(f->token);
    free(f->name);
    free(f);
}

static void on_closed(uv_handle_t *handle)
{
    struct feed *f = handle->data;
    if (--f->handles == 0)
        destroy(f);
}

static void on_dial_closed(struct dial *d)
{
    struct feed *f = d->owner;
    if (--f->handles == 0)
        destroy(f);
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
    uv_close((uv_handle_t *)&f->timer, on_closed);
    if (f->connected)
        uv_close(&f->h.handle, on_closed);
    else
        dial_close(&f->dial, on_dial_closed);
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
    size_t len;
    char text[]; /* it may be the token */
};

static void free_command(struct command *c)
{
    OPENSSL_cleanse(c->text, c->len);
    free(c);
}

static void on_written(uv_write_t *req, int status)
{
    (void)status; /* reading tells how it ends */
    free_command(req->data);
}

/* 0 or -1. */
static int send_line(struct feed *f, const char *text)
{
    size_t len = strlen(text);
    struct command *c = f->connected ? malloc(sizeof *c + len + 1) : NULL;
    if (c == NULL)
        return -1;
    memcpy(c->text, text, len);
    c->text[len] = '\n';
    c->len = len + 1;
    c->req.data = c;
    uv_buf_t buf = uv_buf_init(c->text, (unsigned)c->len);
    if (uv_write(&c->req, &f->h.stream, &buf, 1, on_written) == 0)
        return 0;
    free_command(c);
    return -1;
}

static void on_late(uv_timer_t *timer)
{
    struct feed *f = timer->data;
    for (struct feed_client *c = f->clients; c != NULL; c = c->next)
        c->late = f->late;
    lose(f, f->why);
}

static void set_why(struct feed *f, const char *why, bool late)
{
    snprintf(f->why, sizeof f->why, "%s", why);
    f->late = late;
}

static void expect(struct feed *f, uint64_t ms, const char *why)
{
    set_why(f, why, true);
    uv_timer_start(&f->timer, on_late, ms, 0);
}

/* Not from inside: who asks is not done yet. */
static void lose_soon(struct feed *f, const char *why)
{
    set_why(f, why, false);
    uv_timer_start(&f->timer, on_late, 0, 0);
}

/* Whoever waits for a reply shows nothing meanwhile: it comes in time, or the agent is lost. */
static void expect_reply(struct feed *f)
{
    expect(f, ANSWER_MS, "the agent does not answer");
}

__attribute__((format(printf, 2, 3))) static void say(struct feed *f, const char *format, ...)
{
    char text[COMMAND_MAX];
    va_list args;
    if (f->closing)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (send_line(f, text) != 0)
        lose_soon(f, unsent);
    else if (!uv_is_active((uv_handle_t *)&f->timer))
        expect_reply(f);
}

void feed_sync(struct feed_client *c)
{
    c->sync = ++c->feed->last_id;
    say(c->feed, "{\"id\":%" PRIu64 ",\"command\":\"sync\"}", c->sync);
}

void feed_activate(struct feed_client *c, uint32_t id)
{
    c->again = c->activate != 0 ? id : 0;
    if (c->activate != 0)
        return;
    c->activate = ++c->feed->last_id;
    say(c->feed, "{\"id\":%" PRIu64 ",\"command\":\"activate\",\"window\":\"0x%x\"}", c->activate,
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
        lose(f, "the agent does not speak the window feed's protocol");
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
        lose(f, f->token != NULL && !f->greeted
                    ? "the agent closed the connection: agent_token_file is not its token"
                    : "the agent closed the connection");
        return;
    }
    f->greeted = true;
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

/* What whoever comes over TCP says first (docs/PROTOCOL.feed). 0 or -1. */
static int say_token(struct feed *f)
{
    char text[2 * CONFIG_TOKEN_MAX + sizeof "{\"token\":\"\"}"] = "";
    json_t *token = json_string(f->token), *json = json_pack("{s:O?}", "token", token);
    size_t len = json != NULL ? json_dumpb(json, text, sizeof text - 1, JSON_COMPACT) : 0;
    int rc = token != NULL && len != 0 && len < sizeof text ? send_line(f, text) : -1;
    if (token != NULL)
        OPENSSL_cleanse((char *)(uintptr_t)json_string_value(token), json_string_length(token));
    OPENSSL_cleanse(text, sizeof text);
    json_decref(json);
    json_decref(token);
    return rc;
}

/* The name is the address as dial_describe writes it. */
static void describe(const struct feed *f, char why[LOST_WORDS_MAX], const char *doing,
                     const char *words)
{
    snprintf(why, LOST_WORDS_MAX, "the agent: %s %s: %s", doing, f->name, words);
}

static void on_connected(struct dial *d, const char *doing, int error)
{
    struct feed *f = d->owner;
    char why[LOST_WORDS_MAX];
    if (doing != NULL) {
        describe(f, why, doing, uv_strerror(error));
        lose(f, why);
        return;
    }
    f->connected = true;
    f->h.handle.data = f;
    if (f->h.handle.type == UV_TCP) {
        uv_tcp_nodelay(&f->h.tcp, 1);
        uv_tcp_keepalive(&f->h.tcp, 1, KEEPALIVE_S);
    }
    set_why(f, "the agent does not tell its windows", true);
    error = uv_read_start(&f->h.stream, on_alloc, on_read);
    if (error != 0) {
        describe(f, why, "reading from", uv_strerror(error));
        lose(f, why);
    } else if (f->token != NULL && say_token(f) != 0) {
        lose(f, unsent);
    }
}

static struct feed *create(struct feed **list, uv_loop_t *loop, const struct config_agent *agent)
{
    struct feed *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->name = strdup(agent->name);
    f->token = agent->token != NULL ? strdup(agent->token) : NULL;
    if (f->name == NULL || (f->token == NULL && agent->token != NULL)) {
        config_wipe(f->token);
        free(f->name);
        free(f);
        return NULL;
    }
    f->list = list;
    f->next = *list;
    *list = f;
    f->handles = 2;
    rfb_buf_init(&f->in, LINE_MAX_BYTES);
    uv_timer_init(loop, &f->timer);
    f->timer.data = f;
    char why[LOST_WORDS_MAX];
    describe(f, why, "connecting to", "it cannot be reached in time");
    expect(f, CONNECT_MS, why);
    int rc = dial_begin(&f->dial, loop, &f->h, agent->unix_path, agent->host, agent->port,
                        on_connected, f);
    if (rc != 0) {
        describe(f, why, "connecting to", uv_strerror(rc));
        lose_soon(f, why);
    }
    return f;
}

/* ---- clients ---- */

/* With another token it is another: it may be wrong. */
static bool is_of(const struct feed *f, const struct config_agent *agent)
{
    bool same = (f->token == NULL) == (agent->token == NULL) &&
                (f->token == NULL || strcmp(f->token, agent->token) == 0);
    return !f->told && same && strcmp(f->name, agent->name) == 0;
}

int feed_attach(struct feed **list, uv_loop_t *loop, const struct config_agent *agent,
                struct feed_client *c, const struct feed_events *events)
{
    struct feed *f = *list;
    while (f != NULL && !is_of(f, agent))
        f = f->next;
    if (f == NULL)
        f = create(list, loop, agent);
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
