/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin_socket.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http.h"
#include "log.h"

enum { CONNECTIONS_MAX = 16, DEADLINE_MS = 10000, READ_SIZE = 4096, BACKLOG = 16 };

struct admin_socket {
    uv_loop_t *loop;
    uv_pipe_t pipe;
    char *path;
    struct admin *admin;
    void (*after)(void *owner);
    void *owner;
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
    struct http_head head;
    struct rfb_buf body, answer;
    bool head_done, answered, closing;
    unsigned handles; /* still to be closed */
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
    http_head_reset(&a->head);
    rfb_buf_finish(&a->body);
    rfb_buf_wipe(&a->answer); /* it may hold a token */
    free(a);
    s->count--;
    free_if_closed(s);
}

static void end(struct asker *a)
{
    if (a->closing)
        return;
    a->closing = true;
    uv_close((uv_handle_t *)&a->pipe, on_asker_closed);
    uv_close((uv_handle_t *)&a->deadline, on_asker_closed);
}

static void on_deadline(uv_timer_t *timer)
{
    end(timer->data);
}

/* ---- requests ---- */

static void on_written(uv_write_t *req, int status)
{
    (void)status;
    end(req->data);
}

static void send_answer(struct asker *a, struct admin_answer *answer)
{
    char allow[64] = "";
    if (answer->allow[0] != '\0')
        snprintf(allow, sizeof allow, "Allow: %s\r\n", answer->allow);
    const char *body = answer->body != NULL ? answer->body : "{\"error\":\"out of memory\"}\n";
    const struct http_answer head = {.status = answer->body != NULL ? answer->status : 503,
                                     .type = "application/json",
                                     .extra = allow,
                                     .length = strlen(body),
                                     .close = true};
    a->answered = true;
    uv_read_stop((uv_stream_t *)&a->pipe);
    bool good =
        http_put_answer(&a->answer, &head) == 0 && rfb_buf_put(&a->answer, body, strlen(body)) == 0;
    uv_buf_t buf = uv_buf_init((char *)a->answer.data + a->answer.off, (unsigned)a->answer.len);
    a->write.data = a;
    if (!good || uv_write(&a->write, (uv_stream_t *)&a->pipe, &buf, 1, on_written) != 0)
        end(a);
}

static void refuse(struct asker *a, unsigned status, const char *words)
{
    struct admin_answer answer = {.status = status};
    int n = (int)strcspn(words, "\n");
    if (asprintf(&answer.body, "{\"error\":\"%.*s\"}\n", n, words) < 0)
        answer.body = NULL;
    send_answer(a, &answer);
    free(answer.body);
}

static void ask(struct asker *a)
{
    struct admin_socket *s = a->socket;
    struct admin_answer answer;
    admin_answer(s->admin, a->head.method, a->head.path, rfb_buf_data(&a->body), a->body.len,
                 &answer);
    send_answer(a, &answer);
    if (answer.body != NULL)
        OPENSSL_cleanse(answer.body, strlen(answer.body));
    free(answer.body);
    s->after(s->owner);
}

static void take(struct asker *a, const uint8_t *data, size_t len)
{
    const char *why = "";
    size_t used = 0;
    if (!a->head_done) {
        int rc = http_head_feed(&a->head, data, len, &used, &why);
        if (rc < 0) {
            refuse(a, (unsigned)-rc, why);
            return;
        }
        if (rc == 0)
            return;
        a->head_done = true;
        if (a->head.content_length > ADMIN_BODY_MAX) {
            refuse(a, 413, "the body is longer than 65536 bytes");
            return;
        }
    }
    size_t missing = (size_t)a->head.content_length - a->body.len, rest = len - used;
    if (rest != 0 && rfb_buf_put(&a->body, data + used, rest < missing ? rest : missing) != 0)
        refuse(a, 503, "out of memory");
    else if (a->body.len == a->head.content_length)
        ask(a);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct asker *a = stream->data;
    if (n < 0)
        end(a);
    else if (n > 0 && !a->answered)
        take(a, (const uint8_t *)buf->base, (size_t)n);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct asker *a = handle->data;
    (void)suggested;
    *buf = uv_buf_init(a->in, sizeof a->in);
}

/* ---- connections ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct admin_socket *s = listener->data;
    struct asker *a = status == 0 ? calloc(1, sizeof *a) : NULL;
    if (a == NULL)
        return;
    a->socket = s;
    http_head_init(&a->head);
    rfb_buf_init(&a->body, ADMIN_BODY_MAX);
    rfb_buf_init(&a->answer, SIZE_MAX / 2);
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
        uv_timer_start(&a->deadline, on_deadline, DEADLINE_MS, 0) != 0 ||
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

static int listen_at(struct admin_socket *s)
{
    struct stat st;
    if (lstat(s->path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_served(s->path))
        unlink(s->path);
    mode_t mask = umask(0177);
    int rc = uv_pipe_bind(&s->pipe, s->path);
    umask(mask);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&s->pipe, BACKLOG, on_connection);
    return -rc;
}

struct admin_socket *admin_socket_open(uv_loop_t *loop, const char *path, struct admin *admin,
                                       void (*after)(void *owner), void *owner, int *error)
{
    struct admin_socket *s = calloc(1, sizeof *s);
    *error = ENOMEM;
    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->admin = admin;
    s->after = after;
    s->owner = owner;
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
