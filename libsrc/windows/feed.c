/* SPDX-License-Identifier: GPL-2.0-or-later
 * The thread of a connection to an agent. It has no deadlines of its own: callers wait with theirs
 * and tell it to stop. */
#include <errno.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial.h"
#include "net/stream.h"
#include "windows/list.h"
#include "windows/windows.h"

enum { VERSION = 1, READ_SIZE = 64 << 10 };

void feed_wake(struct ph_windows *w)
{
    uint64_t one = 1;
    /* full means that it is awake already */
    while (write(w->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

/* ---- lines of the agent ---- */

static int take_snapshot(struct ph_windows *w, const json_t *line, ph_error *error)
{
    int no_memory;
    const ph_window_list *list = list_make(line, &no_memory), *old;
    if (list == NULL)
        return no_memory ? error_set(error, PH_E_NO_MEMORY, "out of memory for the windows")
                         : error_set(error, PH_E_PROTOCOL, "the agent's snapshot makes no sense");
    pthread_mutex_lock(&w->lock);
    old = w->newest;
    w->newest = list;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    ph_window_list_unref(old);
    return PH_OK;
}

/* A reply that nobody waits for any more is for a call that has timed out. */
static void take_reply(struct ph_windows *w, json_t *line)
{
    json_int_t id = json_integer_value(json_object_get(line, "id"));
    pthread_mutex_lock(&w->lock);
    for (struct call *c = w->calls; c != NULL; c = c->next)
        if (c->id == id && c->reply == NULL)
            c->reply = json_incref(line);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static int take_line(struct ph_windows *w, const char *text, size_t len, ph_error *error)
{
    json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(line, "type"));
    int rc = PH_OK;
    if (type == NULL) {
        rc = error_set(error, PH_E_PROTOCOL, "it does not speak the window feed's protocol");
    } else if (strcmp(type, "hello") == 0) {
        json_int_t version = json_integer_value(json_object_get(line, "version"));
        if (version != VERSION)
            rc = error_set(error, PH_E_UNSUPPORTED,
                           "the agent speaks version %lld of the window feed, this is %d",
                           (long long)version, VERSION);
    } else if (strcmp(type, "windows") == 0) {
        rc = take_snapshot(w, line, error);
    } else if (strcmp(type, "reply") == 0) {
        take_reply(w, line);
    }
    json_decref(line);
    return rc;
}

/* All whole lines. */
static int take_lines(struct ph_windows *w, struct rfb_buf *in, size_t fresh, ph_error *error)
{
    size_t looked = in->len - fresh;
    const uint8_t *end;
    while (in->len != 0 &&
           (end = memchr(rfb_buf_data(in) + looked, '\n', in->len - looked)) != NULL) {
        size_t len = (size_t)(end - rfb_buf_data(in));
        int rc = take_line(w, (const char *)rfb_buf_data(in), len, error);
        if (rc != PH_OK)
            return rc;
        rfb_buf_consume(in, len + 1);
        looked = 0;
    }
    return PH_OK;
}

/* ---- the connection ---- */

static int stopped(ph_error *error)
{
    return error_set(error, PH_E_CANCELLED, "the connection was closed on this side");
}

/* Before the first snapshot an agent says nothing about what it did not like. */
static int lost(struct ph_windows *w, ph_error *error)
{
    pthread_mutex_lock(&w->lock);
    bool opened = w->newest != NULL;
    pthread_mutex_unlock(&w->lock);
    if (opened || w->target.kind == NET_UNIX)
        return error_set(error, PH_E_CLOSED, "the agent closed the connection");
    return error_set(error, PH_E_PASSWORD,
                     w->token[0] != '\0' ? "the agent does not take this token"
                                         : "the agent closed the connection: over TCP it wants a "
                                           "token");
}

static int read_some(struct ph_windows *w, struct stream *s, struct rfb_buf *in, ph_error *error)
{
    uint8_t *where;
    size_t room = rfb_buf_room(in) < READ_SIZE ? rfb_buf_room(in) : READ_SIZE, got = 0;
    if (room == 0)
        return error_set(error, PH_E_PROTOCOL, "the agent's line is longer than %d bytes",
                         WINDOWS_LINE_MAX);
    if (rfb_buf_reserve(in, room, &where) != 0)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for the agent's line");
    int rc = stream_read(s, where, room, &got, error);
    if (rc == STREAM_END || rc == PH_E_CLOSED)
        return lost(w, error);
    if (rc != PH_OK)
        return rc;
    rfb_buf_commit(in, got);
    return take_lines(w, in, got, error);
}

/* What the socket takes now. False: it is to stop. */
static bool send_some(struct ph_windows *w, struct stream *s, bool *more)
{
    pthread_mutex_lock(&w->lock);
    bool go_on = !w->stop;
    while (w->out.len != 0) {
        size_t put;
        /* full, or lost: then the next read says why */
        stream_write(s, rfb_buf_data(&w->out), w->out.len, &put, NULL);
        if (put == 0)
            break;
        rfb_buf_consume(&w->out, put);
    }
    *more = w->out.len != 0;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static int converse(struct ph_windows *w, struct stream *s, struct rfb_buf *in, ph_error *error)
{
    for (;;) {
        bool more;
        if (!send_some(w, s, &more))
            return stopped(error);
        struct pollfd p[] = {{.fd = s->fd, .events = more ? POLLIN | POLLOUT : POLLIN},
                             {.fd = w->wake_fd, .events = POLLIN}};
        while (poll(p, 2, -1) < 0 && errno == EINTR)
            ;
        uint64_t count;
        if ((p[1].revents & POLLIN) && read(w->wake_fd, &count, sizeof count) < 0)
            return stopped(error);
        int rc = (p[0].revents & ~POLLOUT) != 0 ? read_some(w, s, in, error) : PH_OK;
        if (rc != PH_OK)
            return rc;
    }
}

static int say_token(struct ph_windows *w, ph_error *error)
{
    if (w->token[0] == '\0')
        return PH_OK;
    json_t *json = json_pack("{s:s}", "token", w->token);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    pthread_mutex_lock(&w->lock);
    /* commands may be waiting already, but none is made before the windows are known */
    bool good = text != NULL && rfb_buf_put(&w->out, text, strlen(text)) == 0 &&
                rfb_buf_put_u8(&w->out, '\n') == 0;
    pthread_mutex_unlock(&w->lock);
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
    return good ? PH_OK : error_set(error, PH_E_NO_MEMORY, "out of memory for the token");
}

static int run(struct ph_windows *w, struct stream **s, struct rfb_buf *in, ph_error *error)
{
    struct addrinfo *found = NULL;
    int fd = -1;
    int rc = net_resolve(&w->target, &found, error);
    if (rc == PH_OK)
        rc = net_dial(&w->target, found, w->wake_fd, &fd, error);
    if (found != NULL)
        freeaddrinfo(found);
    if (rc != PH_OK)
        return rc;
    *s = stream_socket(fd, error);
    if (*s == NULL)
        return error_code(error);
    rc = say_token(w, error);
    return rc == PH_OK ? converse(w, *s, in, error) : rc;
}

void *feed_thread(void *windows)
{
    struct ph_windows *w = windows;
    ph_error end = {.code = PH_OK};
    struct stream *s = NULL;
    struct rfb_buf in;
    rfb_buf_init(&in, WINDOWS_LINE_MAX);
    run(w, &s, &in, &end);
    stream_destroy(s);
    rfb_buf_finish(&in);
    pthread_mutex_lock(&w->lock);
    w->ended = true;
    w->end = end;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
