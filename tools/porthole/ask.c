/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"

#include <errno.h>
#include <http_parser.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 20 /* a list of very many streams */ };

/* An answer's body, gathered. */
struct answer {
    char *text;
    size_t len;
    bool complete;
};

static int on_body(http_parser *p, const char *at, size_t len)
{
    struct answer *a = p->data;
    char *more = len <= ANSWER_MAX - a->len ? realloc(a->text, a->len + len) : NULL;
    if (more == NULL)
        return -1;
    memcpy(more + a->len, at, len);
    a->text = more;
    a->len += len;
    return 0;
}

static int on_complete(http_parser *p)
{
    ((struct answer *)p->data)->complete = true;
    return 0;
}

static int failed(const char *path, const char *doing, int number)
{
    return app_fail(number == EAGAIN ? EXIT_TIMEOUT : EXIT_UNREACHABLE, "%s %s: %s", doing, path,
                    number == EAGAIN ? "timed out" : strerror(number));
}

/* Milliseconds of CLOCK_MONOTONIC. */
static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the socket is ready for the events: 0, or an errno value, EAGAIN at the deadline. */
static int await(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = deadline - now();
        int n = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (n >= 0)
            return n > 0 ? 0 : EAGAIN;
        if (errno != EINTR)
            return errno;
    }
}

/* Of a call on the socket that did not wait: it is to be made again. */
static bool not_yet(int number)
{
    return number == EAGAIN || number == EINTR;
}

/* A connected socket, or -1 with *code. */
static int dial(const char *path, int timeout_ms, int *code)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* while the queue of those who connect is full; 0 would be for ever */
    struct timeval t = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 + 1};
    if (strlen(path) >= sizeof address.sun_path) {
        *code = app_fail(EXIT_USAGE, "the socket's path is longer than 107 bytes: %s", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) == 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    *code = failed(path, "cannot ask portholed (--admin or $PORTHOLE_ADMIN) at", errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int send_all(int fd, const char *text, size_t len, int64_t deadline)
{
    while (len != 0) {
        int number = await(fd, POLLOUT, deadline);
        if (number != 0)
            return number;
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && !not_yet(errno))
            return errno;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static int send_request(int fd, const char *method, const char *path, json_t *body,
                        int64_t deadline)
{
    char *json = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL, *request = NULL;
    int n = asprintf(&request,
                     "%s %s HTTP/1.1\r\nHost: portholed\r\nConnection: close\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     method, path, json != NULL ? strlen(json) : 0, json != NULL ? json : "");
    int number = n < 0 || (body != NULL && json == NULL) ? ENOMEM : 0;
    if (number == 0)
        number = send_all(fd, request, (size_t)n, deadline);
    free(request);
    free(json);
    return number;
}

/* 0 with *status and the body, or an errno value; EPROTO for what is no such answer. */
static int receive(int fd, unsigned *status, struct answer *a, int64_t deadline)
{
    static const http_parser_settings settings = {.on_body = on_body,
                                                  .on_message_complete = on_complete};
    http_parser parser;
    char in[4096];
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = a;
    while (!a->complete) {
        int number = await(fd, POLLIN, deadline);
        if (number != 0)
            return number;
        ssize_t n = recv(fd, in, sizeof in, MSG_DONTWAIT);
        if (n < 0 && not_yet(errno))
            continue;
        if (n < 0)
            return errno;
        http_parser_execute(&parser, &settings, in, (size_t)n);
        if (HTTP_PARSER_ERRNO(&parser) != HPE_OK || (n == 0 && !a->complete))
            return EPROTO;
    }
    *status = parser.status_code;
    return 0;
}

static int refused(unsigned status, json_t *json)
{
    const char *words = json_string_value(json_object_get(json, "error"));
    int code = status == 404 ? EXIT_NOT_FOUND : status < 500 ? EXIT_USAGE : EXIT_OTHER;
    app_fail(code, "portholed says: %s", words != NULL ? words : "no");
    json_decref(json);
    return code;
}

int ask(const char *socket_path, const char *method, const char *path, json_t *body, int timeout_ms,
        json_t **answer)
{
    struct answer a = {.text = NULL};
    unsigned status = 0;
    int64_t deadline = now() + timeout_ms;
    int code = EXIT_FINE, fd = dial(socket_path, timeout_ms, &code);
    *answer = NULL;
    if (fd < 0)
        return code;
    int number = send_request(fd, method, path, body, deadline);
    if (number == 0)
        number = receive(fd, &status, &a, deadline);
    close(fd);
    if (number == 0 && (*answer = json_loadb(a.text != NULL ? a.text : "", a.len, 0, NULL)) == NULL)
        number = EPROTO;
    free(a.text);
    if (number == EPROTO)
        return app_fail(EXIT_PROTOCOL, "what answers at %s is not portholed", socket_path);
    if (number != 0)
        return failed(socket_path, "asking portholed at", number);
    if (status < 300)
        return EXIT_FINE;
    code = refused(status, *answer);
    *answer = NULL;
    return code;
}
