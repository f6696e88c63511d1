/* SPDX-License-Identifier: GPL-2.0-or-later
 * The connection's thread: opens the connection, then reads until the end. It has no
 * deadlines of its own: callers wait with theirs and tell it to stop. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "client/client.h"
#include "client/requests.h"
#include "client/session.h"

bool io_enter(struct ph_client *c, enum client_phase phase)
{
    pthread_mutex_lock(&c->lock);
    bool go_on = !atomic_load(&c->stop);
    if (go_on)
        c->phase = phase;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

int io_stopped(ph_error *error)
{
    return error_set(error, PH_E_CANCELLED, "the connection was closed on this side");
}

bool io_wait(struct ph_client *c, int fd, short events, short *ready)
{
    struct pollfd p[] = {{.fd = fd, .events = events}, {.fd = c->wake_fd, .events = POLLIN}};
    while (poll(p, 2, -1) < 0 && errno == EINTR)
        ;
    *ready = p[0].revents;
    uint64_t count;
    return !(p[1].revents & POLLIN) || read(c->wake_fd, &count, sizeof count) < 0;
}

void io_flush(struct ph_client *c)
{
    while (c->stream != NULL && c->out.len != 0) {
        size_t put;
        /* full, or lost: then the thread's next read says why */
        stream_write(c->stream, rfb_buf_data(&c->out), c->out.len, &put, NULL);
        if (put == 0)
            return;
        rfb_buf_consume(&c->out, put);
        pthread_cond_broadcast(&c->changed);
    }
}

void io_push(struct ph_client *c)
{
    io_flush(c);
    if (c->stream != NULL && (c->out.len != 0 || !stream_flush(c->stream)))
        client_wake(c);
}

static void publish_open(struct ph_client *c, struct stream *stream, const struct rfb_client_hs *hs)
{
    pthread_mutex_lock(&c->lock);
    c->stream = stream;
    c->width = hs->init.width;
    c->height = hs->init.height;
    c->rfb_minor = hs->minor;
    c->security = hs->way->name;
    client_set_name(c, (const uint8_t *)hs->init.name, hs->init.name_len);
    pthread_mutex_unlock(&c->lock);
}

/* What the callers want now. */
struct wishes {
    bool stop, drain, more;
};

static struct wishes look(struct ph_client *c)
{
    pthread_mutex_lock(&c->lock);
    clipboard_provide(c);
    io_flush(c);
    struct wishes w = {.stop = atomic_load(&c->stop),
                       .drain = c->drain,
                       .more = c->out.len != 0 || c->clipboard.wanted || !stream_flush(c->stream)};
    pthread_mutex_unlock(&c->lock);
    return w;
}

/* One read, as much as there is room for. PH_OK or STREAM_END. */
static int read_some(struct session *s, struct stream *stream, ph_error *error)
{
    uint8_t *where;
    size_t room, got = 0;
    int rc = session_reserve(s, &where, &room, error);
    if (rc == PH_OK)
        rc = stream_read(stream, where, room, &got, error);
    return rc == PH_OK && got != 0 ? session_received(s, got, error) : rc;
}

/* How a connection ends after a drain. */
struct ending {
    int asked;        /* how often */
    uint64_t updates; /* when it was asked last */
    bool continuous;  /* it was asked to end ContinuousUpdates, and says when it has */
    bool finishing, half_closed;
};

/* Has the server read all that was sent? Its end tells, once ours has come to it; where that could
 * destroy what is on its way, its answers do. The first update after a request may answer an
 * earlier one, which was on its way; the second does not. */
static int has_read_all(struct ph_client *c, const struct session *s, struct ending *e,
                        ph_error *error)
{
    enum { TIMES = 2 };
    int rc = PH_OK;
    pthread_mutex_lock(&c->lock);
    bool on = c->continuous == CLIENT_CONTINUOUS_ON;
    bool answered = e->continuous ? !on : session_updates(s) > e->updates;
    if (e->asked == 0 || (answered && !e->continuous && e->asked < TIMES)) {
        e->asked++;
        e->updates = session_updates(s);
        e->continuous = on;
        rc = requests_last(c, error);
        io_flush(c);
        answered = false;
    }
    pthread_mutex_unlock(&c->lock);
    return rc != PH_OK ? rc : answered;
}

static int end(struct ph_client *c, const struct session *s, struct stream *stream,
               struct ending *e, ph_error *error)
{
    int rc = e->finishing || !stream->whole ? 1 : has_read_all(c, s, e, error);
    if (rc != 1)
        return rc;
    e->finishing = true;
    rc = stream_finish(stream, error);
    e->half_closed = rc == 1;
    return rc;
}

/* PH_OK only after a drain: the server has read everything and closed its half. */
static int converse(struct ph_client *c, struct session *s, struct stream *stream, ph_error *error)
{
    struct ending ending = {.asked = 0};
    for (;;) {
        struct wishes w = look(c);
        int rc = PH_OK;
        if (w.stop)
            return io_stopped(error);
        if (w.drain && !w.more && !ending.half_closed)
            rc = end(c, s, stream, &ending, error);
        if (rc < 0)
            return rc;
        if (!stream_pending(stream)) {
            bool more = !ending.half_closed && (w.more || ending.finishing);
            short ready;
            io_wait(c, stream->fd, more ? POLLIN | POLLOUT : POLLIN, &ready);
            if (ready == 0)
                continue;
        }
        rc = read_some(s, stream, error);
        if (rc == STREAM_END)
            return ending.half_closed ? PH_OK : stream_lost(error, 0);
        if (rc != PH_OK)
            return rc;
    }
}

static int run(struct ph_client *c, struct stream **stream, ph_error *error)
{
    struct rfb_client_hs hs;
    int rc = open_connection(c, stream, &hs, error);
    if (rc != PH_OK)
        return rc;
    publish_open(c, *stream, &hs);
    struct session *s = session_create(c, &hs.init, error);
    if (s == NULL)
        return error_code(error);
    rc = io_enter(c, CLIENT_OPEN) ? converse(c, s, *stream, error) : io_stopped(error);
    session_destroy(s);
    return rc;
}

void *io_thread(void *client)
{
    struct ph_client *c = client;
    ph_error end = {.code = PH_OK};
    struct stream *stream = NULL;
    run(c, &stream, &end);
    pthread_mutex_lock(&c->lock);
    c->phase = CLIENT_ENDED;
    c->end = end;
    c->stream = NULL;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    stream_destroy(stream);
    client_unref(c);
    return NULL;
}
