/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    SUBSCRIBERS_MAX = 64,
    LISTENERS_MAX = 8,
    LINE_SIZE = 64 << 10, /* a subscriber's, with its line feed */
    UNREAD_MAX = 8 << 20, /* bytes a subscriber may leave unread */
    TOKEN_MS = 10000,
    TELL_MS = 60000, /* between two lines about wrong tokens */
    BACKLOG = 16
};

union handle {
    uv_handle_t any;
    uv_stream_t stream;
    uv_pipe_t pipe;
    uv_tcp_t tcp;
};

struct listener {
    union handle h;
    struct feed *feed;
    bool tcp, open;
};

struct feed {
    uv_loop_t *loop;
    const char *token;
    const struct feed_events *events;
    void *owner;
    struct listener listeners[LISTENERS_MAX];
    struct subscriber *list;
    unsigned count;   /* subscribers that are not closing */
    unsigned handles; /* subscribers and listeners whose memory is not gone */
    bool closing;
    uint64_t told_at; /* of wrong tokens; 0: not yet */
    unsigned untold;  /* wrong tokens since then */
};

struct subscriber {
    struct feed *feed;
    struct subscriber *previous, *next;
    union handle h;
    uv_timer_t timer; /* for the token */
    unsigned handles;
    bool joined, closing;
    size_t unread; /* bytes that wait for it, with what it costs to keep them */
    size_t len;    /* of the line so far */
    char line[LINE_SIZE];
};

/* A line that goes to several is kept once. */
struct message {
    unsigned refs;
    size_t len;
    char bytes[];
};

struct sending {
    uv_write_t req;
    struct message *message;
};

static void message_unref(struct message *m)
{
    if (--m->refs == 0)
        free(m);
}

/* ---- the end ---- */

static void free_if_closed(struct feed *f)
{
    if (f->closing && f->handles == 0)
        free(f);
}

static void on_subscriber_closed(uv_handle_t *handle)
{
    struct subscriber *s = handle->data;
    struct feed *f = s->feed;
    if (--s->handles != 0)
        return;
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        f->list = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    free(s);
    f->handles--;
    free_if_closed(f);
}

static void drop(struct subscriber *s)
{
    if (s->closing)
        return;
    s->closing = true;
    s->joined = false;
    s->feed->count--;
    uv_close(&s->h.any, on_subscriber_closed);
    uv_close((uv_handle_t *)&s->timer, on_subscriber_closed);
}

/* ---- to subscribers ---- */

/* Many short lines cost more than their bytes. */
static size_t cost(const struct message *m)
{
    return sizeof(struct sending) + sizeof *m + m->len;
}

static void on_sent(uv_write_t *req, int status)
{
    struct sending *sending = req->data;
    struct subscriber *s = req->handle->data;
    s->unread -= cost(sending->message);
    message_unref(sending->message);
    free(sending);
    if (status < 0)
        drop(s);
}

static struct message *make_message(const char *line, size_t len)
{
    struct message *m = malloc(sizeof *m + len + 1);
    if (m == NULL)
        return NULL;
    m->refs = 1;
    m->len = len + 1;
    memcpy(m->bytes, line, len);
    m->bytes[len] = '\n';
    return m;
}

static void send_message(struct subscriber *s, struct message *m)
{
    if (!s->joined)
        return;
    struct sending *sending = malloc(sizeof *sending);
    if (sending == NULL || s->unread + cost(m) > UNREAD_MAX) {
        free(sending);
        drop(s);
        return;
    }
    uv_buf_t buf = uv_buf_init(m->bytes, (unsigned)m->len);
    sending->message = m;
    sending->req.data = sending;
    if (uv_write(&sending->req, &s->h.stream, &buf, 1, on_sent) != 0) {
        free(sending);
        drop(s);
        return;
    }
    s->unread += cost(m); /* on_sent is never called from inside uv_write */
    m->refs++;
}

void feed_send(struct subscriber *s, const char *line, size_t len)
{
    struct message *m = make_message(line, len);
    if (m == NULL) {
        drop(s);
        return;
    }
    send_message(s, m);
    message_unref(m);
}

void feed_send_all(struct feed *f, const char *line, size_t len)
{
    struct message *m = make_message(line, len);
    /* one that misses a snapshot would not know: it must come again */
    for (struct subscriber *s = f->list; s != NULL; s = s->next) {
        if (m != NULL)
            send_message(s, m);
        else
            drop(s);
    }
    if (m != NULL)
        message_unref(m);
}

/* ---- from subscribers ---- */

static void join(struct subscriber *s)
{
    s->joined = true;
    uv_timer_stop(&s->timer);
    s->feed->events->joined(s->feed->owner, s);
}

/* Takes as long whatever is wrong with it. */
static bool same_token(const char *said, const char *token)
{
    size_t n = strlen(token), m = strlen(said);
    volatile unsigned char differs = n != m;
    for (size_t i = 0; i < n; i++)
        differs |= (unsigned char)(token[i] ^ said[m != 0 ? i % m : 0]);
    return m != 0 && differs == 0;
}

/* Nobody who guesses may fill the log, or stop the agent by a log that nobody reads. */
static void tell_wrong_token(struct subscriber *s)
{
    struct feed *f = s->feed;
    struct pollfd log = {.fd = STDERR_FILENO, .events = POLLOUT};
    uint64_t now = uv_now(f->loop);
    f->untold++;
    if ((f->told_at != 0 && now - f->told_at < TELL_MS) || poll(&log, 1, 0) != 1 ||
        !(log.revents & POLLOUT))
        return;
    struct sockaddr_storage peer = {0};
    int len = sizeof peer;
    char host[64] = "?";
    if (uv_tcp_getpeername(&s->h.tcp, (struct sockaddr *)&peer, &len) == 0)
        uv_ip_name((const struct sockaddr *)&peer, host, sizeof host);
    fprintf(stderr,
            "porthole-agent: a wrong token, or none, came from %s (%u since the last such line)\n",
            host, f->untold);
    f->told_at = now;
    f->untold = 0;
}

static void refuse(struct subscriber *s)
{
    if (!s->joined)
        tell_wrong_token(s);
    drop(s);
}

static void take_line(struct subscriber *s, const char *text, size_t len)
{
    struct feed *f = s->feed;
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const char *token = json_string_value(json_object_get(json, "token"));
    if (s->joined && json_is_object(json))
        f->events->line(f->owner, s, json);
    else if (!s->joined && token != NULL && same_token(token, f->token))
        join(s);
    else
        refuse(s);
    json_decref(json);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct subscriber *s = handle->data;
    (void)suggested;
    *buf = uv_buf_init(s->line + s->len, (unsigned)(sizeof s->line - s->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct subscriber *s = stream->data;
    (void)buf;
    if (n < 0) {
        drop(s);
        return;
    }
    size_t begin = 0, looked = s->len;
    s->len += (size_t)n;
    char *end;
    while (!s->closing && (end = memchr(s->line + looked, '\n', s->len - looked)) != NULL) {
        take_line(s, s->line + begin, (size_t)(end - s->line) - begin);
        begin = looked = (size_t)(end - s->line) + 1;
    }
    memmove(s->line, s->line + begin, s->len - begin);
    s->len -= begin;
    if (s->len == sizeof s->line)
        drop(s);
}

static void on_late(uv_timer_t *timer)
{
    drop(timer->data);
}

/* There are too many: the one that has waited longest with its token goes, so that strangers who
 * say nothing keep nobody out. Those who have shown theirs are trusted. */
static void make_room(struct feed *f)
{
    struct subscriber *oldest = NULL;
    for (struct subscriber *s = f->list; s != NULL; s = s->next)
        if (!s->joined && !s->closing)
            oldest = s;
    if (oldest != NULL)
        drop(oldest);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    struct feed *f = l->feed;
    struct subscriber *s = status == 0 ? malloc(sizeof *s) : NULL;
    if (s == NULL)
        return;
    *s = (struct subscriber){.feed = f, .handles = 2, .next = f->list};
    if (l->tcp)
        uv_tcp_init(f->loop, &s->h.tcp);
    else
        uv_pipe_init(f->loop, &s->h.pipe, 0);
    uv_timer_init(f->loop, &s->timer);
    s->h.any.data = s->timer.data = s;
    if (s->next != NULL)
        s->next->previous = s;
    f->list = s;
    f->count++;
    f->handles++;
    if (uv_accept(stream, &s->h.stream) != 0 || uv_read_start(&s->h.stream, on_alloc, on_read) != 0)
        drop(s);
    if (f->count > SUBSCRIBERS_MAX)
        make_room(f); /* which may be this one */
    if (s->closing)
        return;
    if (l->tcp)
        uv_timer_start(&s->timer, on_late, TOKEN_MS, 0);
    else
        join(s);
}

/* ---- listening ---- */

/* Does somebody listen there? Then it is not ours to replace. */
static bool is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
    bool served = rc == 0 || errno != ECONNREFUSED;
    close(fd);
    return served;
}

/* libuv takes a folder that is not there for one that may not be written. */
static bool lacks_folder(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    struct stat st;
    if (len == 0 || len >= sizeof folder)
        return false;
    memcpy(folder, path, len);
    folder[len] = '\0';
    return stat(folder, &st) != 0 && errno == ENOENT;
}

/* What is to be done is in *hint, where that is known. */
static int bind_unix(struct listener *l, const char *path, const char **hint)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof address.sun_path)
        return UV_ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_served(&address))
        unlink(path);
    mode_t mask = umask(0177);
    int rc = uv_pipe_bind(&l->h.pipe, path);
    umask(mask);
    if (rc != UV_EACCES || !lacks_folder(path))
        return rc;
    *hint = "; make its folder first";
    return UV_ENOENT;
}

static int parse_tcp(const char *text, struct sockaddr_storage *address)
{
    const char *colon = strrchr(text, ':');
    char host[64], *end;
    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof host)
        return UV_EINVAL;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
        return UV_EINVAL;
    bool six = text[0] == '[' && colon[-1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(colon - text) - 2 * six, text + six);
    return six ? uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)address)
               : uv_ip4_addr(host, (int)port, (struct sockaddr_in *)address);
}

static void name_tcp(struct listener *l, char bound[FEED_ADDRESS_MAX])
{
    struct sockaddr_storage address = {0};
    int len = sizeof address;
    char host[64] = "";
    uv_tcp_getsockname(&l->h.tcp, (struct sockaddr *)&address, &len);
    uv_ip_name((const struct sockaddr *)&address, host, sizeof host);
    bool six = address.ss_family == AF_INET6;
    in_port_t port = six ? ((struct sockaddr_in6 *)&address)->sin6_port
                         : ((struct sockaddr_in *)&address)->sin_port;
    snprintf(bound, FEED_ADDRESS_MAX, six ? "tcp:[%s]:%u" : "tcp:%s:%u", host, ntohs(port));
}

static int bind_listener(struct listener *l, const char *address, const char **hint)
{
    struct sockaddr_storage where;
    if (!l->tcp)
        return bind_unix(l, address + 5, hint);
    int rc = parse_tcp(address + 4, &where);
    if (rc != 0)
        *hint = "; use a numeric address and a port, as in tcp:127.0.0.1:7000 or tcp:[::1]:7000";
    return rc != 0 ? rc : uv_tcp_bind(&l->h.tcp, (const struct sockaddr *)&where, 0);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    l->open = false;
    l->feed->handles--;
    free_if_closed(l->feed);
}

int feed_listen(struct feed *f, const char *address, char bound[FEED_ADDRESS_MAX])
{
    int i = 0;
    bool tcp = strncmp(address, "tcp:", 4) == 0;
    while (i < LISTENERS_MAX && f->listeners[i].open)
        i++;
    if ((!tcp && (strncmp(address, "unix:", 5) != 0 || address[5] == '\0')) || i == LISTENERS_MAX) {
        snprintf(bound, FEED_ADDRESS_MAX, "use unix:PATH or tcp:ADDRESS:PORT, at most %d of them",
                 LISTENERS_MAX);
        return -2;
    }
    if (tcp && f->token == NULL) {
        snprintf(bound, FEED_ADDRESS_MAX, "TCP needs a token; add --token-file FILE");
        return -2;
    }
    struct listener *l = &f->listeners[i];
    *l = (struct listener){.feed = f, .tcp = tcp, .open = true};
    if (tcp)
        uv_tcp_init(f->loop, &l->h.tcp);
    else
        uv_pipe_init(f->loop, &l->h.pipe, 0);
    l->h.any.data = l;
    f->handles++;
    const char *hint = "";
    int rc = bind_listener(l, address, &hint);
    if (rc == 0)
        rc = uv_listen(&l->h.stream, BACKLOG, on_connection);
    if (rc != 0) {
        snprintf(bound, FEED_ADDRESS_MAX, "%s%s", uv_strerror(rc), hint);
        uv_close(&l->h.any, on_listener_closed);
        return rc == UV_EINVAL ? -2 : -1;
    }
    if (tcp)
        name_tcp(l, bound);
    else
        snprintf(bound, FEED_ADDRESS_MAX, "%s", address);
    return 0;
}

/* ---- life ---- */

struct feed *feed_create(uv_loop_t *loop, const char *token, const struct feed_events *events,
                         void *owner)
{
    struct feed *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->loop = loop;
    f->token = token;
    f->events = events;
    f->owner = owner;
    return f;
}

void feed_close(struct feed *f)
{
    if (f == NULL)
        return;
    f->closing = true;
    for (struct subscriber *s = f->list; s != NULL; s = s->next)
        drop(s);
    for (int i = 0; i < LISTENERS_MAX; i++)
        if (f->listeners[i].open && !uv_is_closing(&f->listeners[i].h.any))
            uv_close(&f->listeners[i].h.any, on_listener_closed);
    free_if_closed(f);
}
