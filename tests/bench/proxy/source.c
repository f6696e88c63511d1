/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_source: a VNC server without a screen, on a TCP port of 127.0.0.1, for any number of
 * clients. It prints the port and goes on until it is killed. What it does for a client:
 *
 *   PointerEvent                            one update of 4x4 pixels
 *   FramebufferUpdateRequest of 16x16       updates of 16x16 pixels (1 KB), one every PACE_NS
 *   FramebufferUpdateRequest of 1920x1080   updates of the whole screen, as fast as they are read
 *
 * Both streams of updates end with the connection; each has a thread of its own, so that it stands
 * in nobody's way. So has a client that names encodings, as those do that want to be answered:
 *
 *   FramebufferUpdateRequest    one update of that rectangle at once: all of it changes all the
 * time EnableContinuousUpdates     of these the end alone, and its EndOfContinuousUpdates
 * (rfbproto): it is what separates a window stream's requests from the next ones
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../bench.h"
#include "source.h"

enum {
    SET_ENCODINGS = 2,
    UPDATE_REQUEST = 3,
    POINTER_EVENT = 5,
    CONTINUOUS_UPDATES = 150, /* both directions */
    ENCODING_CONTINUOUS_UPDATES = -313,
    INPUT_MAX = 1024,
    EVENTS = 64,
    BACKLOG = 4096,
    HEAD = 16, /* of an update with one rectangle */
    PACE_NS = 250000
};

struct client {
    int fd;
    int phase; /* of the handshake; PLAYING behind it */
    size_t len;
    uint8_t in[INPUT_MAX];
};

/* RFC 6143 7.1 to 7.3, with nothing to choose: what is awaited, and what it is answered. */
static const uint8_t server_init[] = {SOURCE_WIDTH >> 8,
                                      SOURCE_WIDTH & 255,
                                      SOURCE_HEIGHT >> 8,
                                      SOURCE_HEIGHT & 255,
                                      32,
                                      24,
                                      0,
                                      1,
                                      0,
                                      255,
                                      0,
                                      255,
                                      0,
                                      255,
                                      16,
                                      8,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      1,
                                      's'};
static const struct {
    size_t awaited;
    const void *answer;
    size_t len;
} phases[] = {
    {12, "\1\1", 2}, /* the version: one security type, None */
    {1, "\0\0\0\0", 4},
    {1, server_init, sizeof server_init},
};
enum { PLAYING = sizeof phases / sizeof phases[0] };

static uint8_t screen[HEAD + SOURCE_WIDTH * SOURCE_HEIGHT * 4];

static void put_u16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static unsigned get_u16(const uint8_t *p)
{
    return (unsigned)(p[0] << 8 | p[1]);
}

/* An update of w x h raw pixels into out; its bytes in all. */
static size_t put_update(uint8_t *out, unsigned w, unsigned h)
{
    memset(out, 0, HEAD);
    out[3] = 1;
    put_u16(out + 8, w);
    put_u16(out + 10, h);
    return HEAD + (size_t)w * h * 4;
}

static bool put(int fd, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n != 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        p += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* ---- the two streams ---- */

static void *flood(void *client)
{
    struct client *c = client;
    while (put(c->fd, screen, sizeof screen))
        ;
    close(c->fd);
    free(c);
    return NULL;
}

/* Whoever could not keep up gets no burst: each update is to be one by itself. */
static void *pace(void *client)
{
    struct client *c = client;
    uint8_t update[HEAD + 16 * 16 * 4];
    memset(update, 0x5a, sizeof update);
    size_t n = put_update(update, 16, 16);
    int64_t next = now_ns();
    do {
        next = next + PACE_NS > now_ns() ? next + PACE_NS : now_ns();
        struct timespec at = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    } while (put(c->fd, update, n));
    close(c->fd);
    free(c);
    return NULL;
}

static void stream(int epoll, struct client *c, void *(*run)(void *))
{
    pthread_t thread;
    epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
    if (pthread_create(&thread, NULL, run, c) != 0)
        die("pthread_create");
    pthread_detach(thread);
}

/* ---- what clients say ---- */

/* Bytes of the message at the front; 0: more are needed to tell. */
static size_t message_size(const uint8_t *m, size_t len)
{
    switch (m[0]) {
    case 0:
        return 20;
    case SET_ENCODINGS:
        return len < 4 ? 0 : 4 + 4 * (size_t)get_u16(m + 2);
    case UPDATE_REQUEST:
    case CONTINUOUS_UPDATES:
        return 10;
    case 4:
        return 8;
    case POINTER_EVENT:
        return 6;
    default:
        return SIZE_MAX;
    }
}

/* The front bytes have been taken. */
static void drop(struct client *c, size_t n)
{
    c->len -= n;
    memmove(c->in, c->in + n, c->len);
}

/* ---- one that is answered ---- */

/* What follows goes with it, as from a server that writes once what it has: the proxy then does the
 * same in each run, whoever is faster. */
static bool put_end(const struct client *c)
{
    static const uint8_t end = CONTINUOUS_UPDATES;
    return send(c->fd, &end, 1, MSG_NOSIGNAL | MSG_MORE) == 1;
}

/* The first bytes of the screen's pixels do for any rectangle. */
static bool put_asked(const struct client *c)
{
    uint8_t head[HEAD];
    const uint8_t *place = c->in + 2;
    unsigned w = get_u16(place + 4), h = get_u16(place + 6);
    if (w > SOURCE_WIDTH || h > SOURCE_HEIGHT)
        return false;
    size_t n = put_update(head, w, h);
    memcpy(head + 4, place, 4);
    return send(c->fd, head, HEAD, MSG_NOSIGNAL | MSG_MORE) == HEAD &&
           put(c->fd, screen + HEAD, n - HEAD);
}

/* That there are ContinuousUpdates, the answer to their encoding tells. */
static bool greet(const struct client *c)
{
    for (size_t at = 4; at < message_size(c->in, c->len); at += 4)
        if ((int16_t)get_u16(c->in + at + 2) == ENCODING_CONTINUOUS_UPDATES)
            return put_end(c);
    return true;
}

static bool reply(const struct client *c)
{
    switch (c->in[0]) {
    case SET_ENCODINGS:
        return greet(c);
    case UPDATE_REQUEST:
        return put_asked(c);
    case CONTINUOUS_UPDATES:
        return c->in[1] != 0 || put_end(c);
    default:
        return true;
    }
}

/* Its SetEncodings is at the front. */
static void *converse(void *client)
{
    struct client *c = client;
    for (;;) {
        size_t size = c->len != 0 ? message_size(c->in, c->len) : 0;
        if (size > sizeof c->in)
            break;
        if (size != 0 && size <= c->len) {
            if (!reply(c))
                break;
            drop(c, size);
            continue;
        }
        ssize_t n = recv(c->fd, c->in + c->len, sizeof c->in - c->len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        c->len += (size_t)n;
    }
    close(c->fd);
    free(c);
    return NULL;
}

/* ---- any of them ---- */

enum fate { STAYS, STREAMS, GONE };

/* STREAMS: it has a thread of its own now, which frees it. */
static enum fate take_message(int epoll, struct client *c)
{
    uint8_t update[HEAD + 4 * 4 * 4] = {0};
    switch (c->in[0]) {
    case POINTER_EVENT:
        return put(c->fd, update, put_update(update, 4, 4)) ? STAYS : GONE;
    case UPDATE_REQUEST:
        stream(epoll, c, get_u16(c->in + 6) == SOURCE_WIDTH ? flood : pace);
        return STREAMS;
    case SET_ENCODINGS:
        stream(epoll, c, converse);
        return STREAMS;
    default:
        return STAYS;
    }
}

static enum fate take(int epoll, struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->len, sizeof c->in - c->len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return STAYS;
    if (n <= 0)
        return GONE;
    c->len += (size_t)n;
    while (c->len != 0) {
        bool playing = c->phase == PLAYING;
        size_t size = playing ? message_size(c->in, c->len) : phases[c->phase].awaited;
        if (size > sizeof c->in) {
            fprintf(stderr, "a client's message of type %d\n", c->in[0]);
            return GONE;
        }
        if (size == 0 || size > c->len)
            return STAYS;
        enum fate fate = playing ? take_message(epoll, c) : STAYS;
        if (fate != STAYS)
            return fate;
        if (!playing && !put(c->fd, phases[c->phase].answer, phases[c->phase].len))
            return GONE;
        c->phase += !playing;
        drop(c, size);
    }
    return STAYS;
}

/* ---- the server ---- */

static void welcome(int epoll, int listener)
{
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        die("accept");
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL)
        die("calloc");
    c->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("a client");
    put(fd, "RFB 003.008\n", 12);
}

static int listen_somewhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        die("listen on 127.0.0.1");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

int main(void)
{
    raise_descriptors();
    for (size_t i = HEAD; i < sizeof screen; i++)
        screen[i] = (uint8_t)(i * 2654435761u >> 13);
    put_update(screen, SOURCE_WIDTH, SOURCE_HEIGHT);
    int listener = listen_somewhere(), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS], listening = {.events = EPOLLIN};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening) < 0)
        die("epoll");
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (c == NULL) {
                welcome(epoll, listener);
            } else if (take(epoll, c) == GONE) {
                close(c->fd);
                free(c);
            }
        }
    }
}
