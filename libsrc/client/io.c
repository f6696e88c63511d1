/* SPDX-License-Identifier: GPL-2.0-or-later
 * The connection's thread: resolve, connect, handshake, then read until the end. It has no
 * deadlines of its own: callers wait with theirs and tell it to stop. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/client.h"
#include "client/session.h"
#include "net/dial.h"
#include "rfb/err.h"

/* Answers false when the client is to stop. */
static bool enter(struct ph_client *c, enum client_phase phase)
{
    pthread_mutex_lock(&c->lock);
    bool go_on = !atomic_load(&c->stop);
    if (go_on)
        c->phase = phase;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static int stopped(ph_error *error)
{
    return error_set(error, PH_E_CANCELLED, "the connection was closed on this side");
}

static int lost(ph_error *error, int number)
{
    if (number == 0)
        return error_set(error, PH_E_CLOSED, "the server closed the connection");
    return error_errno(error, PH_E_CLOSED, number, "the connection was lost");
}

static int dial(struct ph_client *c, int *fd, ph_error *error)
{
    struct addrinfo *found;
    int rc = net_resolve(&c->target, &found, error);
    if (rc != PH_OK)
        return rc;
    rc = enter(c, CLIENT_CONNECTING) ? net_dial(&c->target, found, c->wake_fd, fd, error)
                                     : stopped(error);
    if (found != NULL)
        freeaddrinfo(found);
    return rc;
}

/* Waits for what is asked of fd; false when the client has been woken. */
static bool wait_io(struct ph_client *c, int fd, short events, short *ready)
{
    struct pollfd p[] = {{.fd = fd, .events = events}, {.fd = c->wake_fd, .events = POLLIN}};
    while (poll(p, 2, -1) < 0 && errno == EINTR)
        ;
    *ready = p[0].revents;
    uint64_t count;
    return !(p[1].revents & POLLIN) || read(c->wake_fd, &count, sizeof count) < 0;
}

static bool would_block(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

/* Writes all of a handshake's answer: a few bytes, so a server that takes none is waited for. */
static int send_all(struct ph_client *c, int fd, struct rfb_buf *out, ph_error *error)
{
    while (out->len != 0) {
        ssize_t n = send(fd, rfb_buf_data(out), out->len, MSG_NOSIGNAL);
        if (n >= 0) {
            rfb_buf_consume(out, (size_t)n);
            continue;
        }
        short ready;
        if (!would_block(errno))
            return lost(error, errno);
        if (!wait_io(c, fd, POLLOUT, &ready))
            return stopped(error);
    }
    return PH_OK;
}

static int handshake(struct ph_client *c, int fd, struct rfb_client_hs *hs, ph_error *error)
{
    struct rfb_buf out;
    uint8_t in[512];
    int rc = 0;
    rfb_buf_init(&out, 512);
    while (rc == 0) {
        /* peeked, so that what follows the handshake stays in the socket */
        ssize_t n = recv(fd, in, sizeof in, MSG_PEEK);
        short ready;
        if (n < 0 && would_block(errno)) {
            if (!wait_io(c, fd, POLLIN, &ready))
                rc = stopped(error);
            continue;
        }
        if (n <= 0) {
            rc = n < 0 ? lost(error, errno)
                       : error_set(error, PH_E_CLOSED,
                                   "the server closed the connection in the handshake");
            break;
        }
        size_t used;
        int step = rfb_client_hs_feed(hs, in, (size_t)n, &used, &out);
        if (recv(fd, in, used, 0) != (ssize_t)used)
            rc = lost(error, errno);
        else if (step < 0)
            rc = error_set(error, error_from_rfb(step), "%s", hs->reason);
        else
            rc = send_all(c, fd, &out, error);
        if (rc == PH_OK && step == 1)
            rc = 1;
    }
    rfb_buf_finish(&out);
    return rc == 1 ? PH_OK : rc;
}

void io_flush(struct ph_client *c)
{
    while (c->fd >= 0 && c->out.len != 0) {
        ssize_t n = send(c->fd, rfb_buf_data(&c->out), c->out.len, MSG_NOSIGNAL);
        if (n < 0)
            return; /* full, or lost: then the thread's next read says why */
        rfb_buf_consume(&c->out, (size_t)n);
        pthread_cond_broadcast(&c->changed);
    }
}

static void publish_open(struct ph_client *c, int fd, const struct rfb_client_hs *hs)
{
    pthread_mutex_lock(&c->lock);
    c->fd = fd;
    c->width = hs->init.width;
    c->height = hs->init.height;
    c->rfb_minor = hs->minor;
    c->security_type = hs->security_type;
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
    io_flush(c);
    struct wishes w = {.stop = atomic_load(&c->stop), .drain = c->drain, .more = c->out.len != 0};
    pthread_mutex_unlock(&c->lock);
    return w;
}

/* One read, as much as there is room for. 1: the server has closed its half. */
static int read_some(struct session *s, int fd, ph_error *error)
{
    uint8_t *where;
    size_t room;
    int rc = session_reserve(s, &where, &room, error);
    if (rc != PH_OK)
        return rc;
    ssize_t n = recv(fd, where, room, 0);
    if (n > 0)
        return session_received(s, (size_t)n, error);
    if (n < 0 && would_block(errno))
        return PH_OK;
    return n == 0 ? 1 : lost(error, errno);
}

/* PH_OK only after a drain: the server has read everything and closed its half. */
static int converse(struct ph_client *c, struct session *s, int fd, ph_error *error)
{
    bool half_closed = false;
    for (;;) {
        struct wishes w = look(c);
        if (w.stop)
            return stopped(error);
        if (w.drain && !w.more && !half_closed) {
            half_closed = true;
            if (shutdown(fd, SHUT_WR) < 0)
                return lost(error, errno);
        }
        short ready;
        wait_io(c, fd, w.more && !half_closed ? POLLIN | POLLOUT : POLLIN, &ready);
        if (!(ready & (POLLIN | POLLHUP | POLLERR)))
            continue;
        int rc = read_some(s, fd, error);
        if (rc == 1)
            return half_closed ? PH_OK : lost(error, 0);
        if (rc != PH_OK)
            return rc;
    }
}

static int run(struct ph_client *c, int *fd, ph_error *error)
{
    int rc = dial(c, fd, error);
    if (rc != PH_OK)
        return rc;
    if (!enter(c, CLIENT_HANDSHAKE))
        return stopped(error);
    struct rfb_client_hs hs;
    rfb_client_hs_init(&hs);
    hs.password = c->password;
    rc = handshake(c, *fd, &hs, error);
    if (rc != PH_OK)
        return rc;
    publish_open(c, *fd, &hs);
    struct session *s = session_create(c, &hs.init, error);
    if (s == NULL)
        return error->code;
    rc = enter(c, CLIENT_OPEN) ? converse(c, s, *fd, error) : stopped(error);
    session_destroy(s);
    return rc;
}

void *io_thread(void *client)
{
    struct ph_client *c = client;
    ph_error end = {.code = PH_OK};
    int fd = -1;
    run(c, &fd, &end);
    pthread_mutex_lock(&c->lock);
    c->phase = CLIENT_ENDED;
    c->end = end;
    c->fd = -1;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (fd >= 0)
        close(fd);
    client_unref(c);
    return NULL;
}
