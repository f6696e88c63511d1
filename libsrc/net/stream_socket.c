/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"

int stream_lost(ph_error *error, int number)
{
    if (number == 0)
        return error_set(error, PH_E_CLOSED, "the server closed the connection");
    return error_errno(error, PH_E_CLOSED, number, "the connection was lost");
}

static bool would_block(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

static int socket_start(struct stream *s, ph_error *error)
{
    (void)s;
    (void)error;
    return 1;
}

static int socket_read(struct stream *s, void *to, size_t size, size_t *got, ph_error *error)
{
    ssize_t n = recv(s->fd, to, size, 0);
    *got = n > 0 ? (size_t)n : 0;
    if (n == 0)
        return STREAM_END;
    return n > 0 || would_block(errno) ? PH_OK : stream_lost(error, errno);
}

static bool socket_pending(const struct stream *s)
{
    (void)s;
    return false;
}

static int socket_write(struct stream *s, const void *from, size_t n, size_t *put, ph_error *error)
{
    ssize_t done = send(s->fd, from, n, MSG_NOSIGNAL);
    *put = done > 0 ? (size_t)done : 0;
    return done >= 0 || would_block(errno) ? PH_OK : stream_lost(error, errno);
}

static bool socket_flush(struct stream *s)
{
    (void)s;
    return true;
}

static int socket_finish(struct stream *s, ph_error *error)
{
    return shutdown(s->fd, SHUT_WR) == 0 ? 1 : stream_lost(error, errno);
}

static void socket_destroy(struct stream *s)
{
    close(s->fd);
    free(s);
}

static const struct stream_ops socket_ops = {socket_start,  socket_read,  socket_pending,
                                             socket_write,  socket_flush, socket_finish,
                                             socket_destroy};

struct stream *stream_socket(int fd, ph_error *error)
{
    struct stream *s = calloc(1, sizeof *s);
    int flags = fcntl(fd, F_GETFL);
    if (s == NULL) {
        error_set(error, PH_E_NO_MEMORY, "out of memory");
        goto failed;
    }
    if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)) {
        error_errno(error, PH_E_SYSTEM, errno, "cannot make a socket non-blocking");
        goto failed;
    }
    *s = (struct stream){.ops = &socket_ops, .fd = fd};
    return s;
failed:
    close(fd);
    free(s);
    return NULL;
}
