/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 16, DEADLINE_MS = 10000, READ_SIZE = 4096, BACKLOG = 16 };

struct admin_socket {
    uv_loop_t *loop;
    uv_pipe_t pipe;
    char *path;
    struct admin_door door;
    struct asker *list;
    unsigned count; /* connections whose memory is not gone */
    bool closing, closed;
};

/* One connection. */
struct asker {
    struct admin_socket *socket;
    struct asker *previous, *next;
    uv_pipe_t pipe;
    uv_timer_t deadline;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct admin_http http;
    struct admin_asker who;
    bool asked, closing; /* asked: the answer is there, or comes by itself */
    bool answered;       /* it is on its way: from here on input is thrown away, but read */
    bool said, sent;     /* the other end has said all; it has been sent all */
    unsigned handles;    /* still to be closed */
    char in[READ_SIZE];
};

/* ---- the end ---- */

static void free_if_closed(struct admin_socket *s)
{
    if (!s->closed || s->count != 0)
        return;
    free(s->path);
    free(s);
}

static void on_asker_closed(uv_handle_t *handle)
{
    struct asker *a = handle->data;
    struct admin_socket *s = a->socket;
    if (--a->handles != 0)
        return;
    if (a->previous != NULL)
        a->previous->next = a->next;
    else
        s->list = a->next;
    if (a->next != NULL)
        a->next->previous = a->previous;
    admin_http_finish(&a->http);
    free(a);
    s->count--;
    free_if_closed(s);
}

static void end(struct asker *a)
{
    if (a->closing)
        return;
    a->closing = true;
    admin_http_drop(&a->http);
    uv_close((uv_handle_t *)&a->pipe, on_asker_closed);
    uv_close((uv_handle_t *)&a->deadline, on_asker_closed);
}

static void on_deadline(uv_timer_t *timer)
{
    end(timer->data);
}

/* ---- requests ---- */

static void on_shut_down(uv_shutdown_t *req, int status)
{
    struct asker *a = req->data;
    a->sent = true;
    if (status != 0 || a->said)
        end(a);
}

/* Of one who has said all this is the end. One who has not is read on: an end with input that
 * nobody has read would break what the other still writes, and with it perhaps what it was
 * answered. */
static void send_answer(struct asker *a)
{
    const struct rfb_buf *answer = &a->http.answer;
    uv_buf_t buf = uv_buf_init((char *)answer->data + answer->off, (unsigned)answer->len);
    a->answered = true;
    a->said = a->said || admin_http_is_whole(&a->http);
    a->shutdown.data = a;
    if (uv_timer_start(&a->deadline, on_deadline, DEADLINE_MS, 0) != 0 ||
        uv_write(&a->write, (uv_stream_t *)&a->pipe, &buf, 1, NULL) != 0 ||
        uv_shutdown(&a->shutdown, (uv_stream_t *)&a->pipe, on_shut_down) != 0)
        end(a);
}

static void on_answered(struct admin_http *x, int rc)
{
    struct asker *a = (struct asker *)((char *)x - offsetof(struct asker, http));
    if (rc == 1)
        send_answer(a);
    else
        end(a);
}

static void take(struct asker *a, const uint8_t *data, size_t len)
{
    int rc = admin_http_feed(&a->http, &a->socket->door, &a->who, data, len);
    a->asked = rc != 0;
    if (rc == 2)
        uv_timer_stop(&a->deadline); /* whoever waits for us keeps nobody waiting */
    else if (rc != 0)
        on_answered(&a->http, rc);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct asker *a = stream->data;
    a->said = a->said || n < 0;
    if (n < 0 && (!a->answered || a->sent))
        end(a);
    else if (n > 0 && !a->asked)
        take(a, (const uint8_t *)buf->base, (size_t)n);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct asker *a = handle->data;
    (void)suggested;
    *buf = uv_buf_init(a->in, sizeof a->in);
}

/* ---- connections ---- */

/* Who was at the other end when it connected. */
static int name_asker(struct asker *a)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&a->pipe, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return -1;
    a->who = (struct admin_asker){
        .by = "unix", .local = true, .uid = peer.uid, .pid = (uint64_t)peer.pid};
    return 0;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct admin_socket *s = listener->data;
    struct asker *a = status == 0 ? calloc(1, sizeof *a) : NULL;
    if (a == NULL)
        return;
    a->socket = s;
    admin_http_init(&a->http, on_answered);
    uv_pipe_init(s->loop, &a->pipe, 0);
    uv_timer_init(s->loop, &a->deadline);
    a->pipe.data = a->deadline.data = a;
    a->handles = 2;
    a->next = s->list;
    if (a->next != NULL)
        a->next->previous = a;
    s->list = a;
    s->count++;
    if (uv_accept(listener, (uv_stream_t *)&a->pipe) != 0 || s->count > CONNECTIONS_MAX ||
        name_asker(a) != 0 || uv_timer_start(&a->deadline, on_deadline, DEADLINE_MS, 0) != 0 ||
        uv_read_start((uv_stream_t *)&a->pipe, on_alloc, on_read) != 0)
        end(a);
}

/* Does somebody listen there? Then it is not ours to replace. */
static bool is_served(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int rc = connect(fd, (const struct sockaddr *)&address, sizeof address);
    bool served = rc == 0 || errno != ECONNREFUSED;
    close(fd);
    return served;
}

static int stat_folder(const char *path, struct stat *st)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    if (len == 0 || len >= sizeof folder)
        return 0;
    memcpy(folder, path, len);
    folder[len] = '\0';
    return stat(folder, st);
}

static int listen_at(struct admin_socket *s)
{
    struct stat st;
    if (lstat(s->path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_served(s->path))
        unlink(s->path);
    mode_t mask = umask(0177);
    int rc = uv_pipe_bind(&s->pipe, s->path);
    umask(mask);
    if (rc == UV_EACCES && stat_folder(s->path, &st) != 0)
        rc = -errno; /* libuv takes a folder that is not there for one that may not be written */
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&s->pipe, BACKLOG, on_connection);
    return -rc;
}

struct admin_socket *admin_socket_open(uv_loop_t *loop, const char *path,
                                       const struct admin_door *door, int *error)
{
    struct admin_socket *s = calloc(1, sizeof *s);
    *error = ENOMEM;
    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->door = *door;
    uv_pipe_init(loop, &s->pipe, 0);
    s->pipe.data = s;
    *error = listen_at(s);
    if (*error == 0)
        return s;
    admin_socket_close(s);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct admin_socket *s = handle->data;
    s->closed = true;
    free_if_closed(s);
}

void admin_socket_close(struct admin_socket *s)
{
    if (s == NULL || s->closing)
        return;
    s->closing = true;
    for (struct asker *a = s->list; a != NULL; a = a->next)
        end(a);
    uv_close((uv_handle_t *)&s->pipe, on_closed); /* libuv removes the socket it has bound */
}
