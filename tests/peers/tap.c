/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tap.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rfb/handshake.h"
#include "rfb/s2c.h"

enum { CHUNK = 64 << 10, TIGHT_JPEG = 9 };

enum hold { PASSING, TO_HOLD, HELD };

struct tap {
    pthread_t thread;
    int listener;
    int wake; /* eventfd: look at hold again */
    const char *where;
    struct rfb_client_hs handshake;
    struct rfb_s2c framer;
    bool open;           /* behind the handshake */
    bool in_body;        /* of a pixel rectangle */
    struct rfb_buf said; /* by the handshake, to nobody */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct tap_counts counts;
    bool counted; /* the rectangle that is passing has been */
    enum hold hold;
    const char *lost; /* why the framer gave up */
};

/* ---- counting ---- */

static void count(struct tap *t, const struct rfb_s2c_event *ev)
{
    bool pixels = (ev->encoding->flags & RFB_ENC_F_PIXELS) != 0;
    uint64_t n = pixels ? (uint64_t)ev->rect.r.w * ev->rect.r.h : 1;
    if (ev->rect.encoding == RFB_ENC_TIGHT && ev->n != 0 && ev->bytes[0] >> 4 == TIGHT_JPEG) {
        t->counts.jpeg += n;
        return;
    }
    for (size_t i = 0; i < TAP_ENCODINGS && rfb_encoding_at(i) != NULL; i++)
        if (rfb_encoding_at(i) == ev->encoding)
            t->counts.of[i] += n;
}

static void follow_event(struct tap *t, const struct rfb_s2c_event *ev)
{
    if (ev->encoding == NULL)
        return;
    if (ev->kind == RFB_S2C_RECT)
        t->counted = false;
    /* Tight's first byte tells what it is: so not at the header already */
    if (!t->counted && (ev->kind == RFB_S2C_BODY || ev->kind == RFB_S2C_RECT_END)) {
        count(t, ev);
        t->counted = true;
    }
    t->in_body = ev->kind == RFB_S2C_BODY && (ev->encoding->flags & RFB_ENC_F_PIXELS);
}

static void follow_stream(struct tap *t, const uint8_t *data, size_t len)
{
    struct rfb_s2c_event ev;
    int rc;
    while ((rc = rfb_s2c_next(&t->framer, &data, &len, &ev)) == 1)
        follow_event(t, &ev);
    if (rc < 0)
        t->lost = t->framer.why;
}

static void follow(struct tap *t, const uint8_t *data, size_t len)
{
    size_t used = 0;
    if (!t->open && t->lost == NULL) {
        int rc = rfb_client_hs_feed(&t->handshake, data, len, &used, &t->said);
        rfb_buf_consume(&t->said, t->said.len);
        if (rc < 0)
            t->lost = t->handshake.reason;
        if (rc != 1)
            return;
        t->open = true;
        rfb_s2c_init(&t->framer, t->handshake.init.width, t->handshake.init.height, &rfb_bgrx);
    }
    if (t->lost == NULL)
        follow_stream(t, data + used, len - used);
}

/* ---- passing ---- */

static bool write_all(int fd, const uint8_t *bytes, size_t n)
{
    while (n != 0) {
        ssize_t did = send(fd, bytes, n, MSG_NOSIGNAL);
        if (did < 0 && errno == EINTR)
            continue;
        if (did < 0)
            return false;
        bytes += did;
        n -= (size_t)did;
    }
    return true;
}

/* One read; false at the end of this direction. */
static bool pass(struct tap *t, int from, int to, bool from_server)
{
    uint8_t chunk[CHUNK];
    ssize_t n = recv(from, chunk, sizeof chunk, 0);
    if (n < 0 && errno == EINTR)
        return true;
    if (n > 0 && from_server) {
        pthread_mutex_lock(&t->lock);
        follow(t, chunk, (size_t)n);
        if (t->hold == TO_HOLD && t->in_body)
            t->hold = HELD;
        pthread_cond_broadcast(&t->changed);
        pthread_mutex_unlock(&t->lock);
    }
    if (n > 0 && write_all(to, chunk, (size_t)n))
        return true;
    shutdown(to, SHUT_WR);
    return false;
}

static int connect_to(const char *where)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in port = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool tcp = strspn(where, "0123456789") == strlen(where);
    if (!tcp && strlen(where) >= sizeof path.sun_path)
        errx(1, "tap: %s is too long for a socket", where);
    strncpy(path.sun_path, where, sizeof path.sun_path - 1);
    port.sin_port = htons((uint16_t)strtoul(where, NULL, 10));
    int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, tcp ? (struct sockaddr *)&port : (struct sockaddr *)&path,
                          tcp ? sizeof port : sizeof path) < 0)
        err(1, "tap: cannot connect to %s", where);
    return fd;
}

static bool held(struct tap *t)
{
    pthread_mutex_lock(&t->lock);
    bool yes = t->hold == HELD;
    pthread_mutex_unlock(&t->lock);
    return yes;
}

static void *run(void *argument)
{
    struct tap *t = argument;
    int client = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        err(1, "tap: accept");
    int server = connect_to(t->where);
    bool from_client = true, from_server = true;
    while (from_client || from_server) {
        struct pollfd fds[] = {
            {.fd = from_client ? client : -1, .events = POLLIN},
            {.fd = from_server && !held(t) ? server : -1, .events = POLLIN},
            {.fd = t->wake, .events = POLLIN},
        };
        if (poll(fds, 3, -1) < 0 && errno != EINTR)
            err(1, "tap: poll");
        uint64_t times;
        if (fds[2].revents != 0 && read(t->wake, &times, sizeof times) < 0)
            err(1, "tap: eventfd");
        if (fds[0].revents != 0)
            from_client = pass(t, client, server, false);
        if (fds[1].revents != 0)
            from_server = pass(t, server, client, true);
    }
    close(client);
    close(server);
    return NULL;
}

/* ---- life ---- */

struct tap *tap_start(const char *path, const char *where, const char *password)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct tap *t = calloc(1, sizeof *t);
    if (t == NULL || strlen(path) >= sizeof address.sun_path)
        errx(1, "tap: cannot begin at %s", path);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    t->where = where;
    rfb_client_hs_init(&t->handshake);
    t->handshake.password = password;
    rfb_buf_init(&t->said, 4096);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    t->wake = eventfd(0, EFD_CLOEXEC);
    t->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (t->wake < 0 || t->listener < 0 ||
        bind(t->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(t->listener, 1) < 0)
        err(1, "tap: cannot listen at %s", path);
    if (pthread_create(&t->thread, NULL, run, t) != 0)
        errx(1, "tap: cannot start a thread");
    return t;
}

void tap_stop(struct tap *t)
{
    tap_release(t);
    pthread_join(t->thread, NULL);
    close(t->listener);
    close(t->wake);
    rfb_buf_finish(&t->said);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct tap_counts tap_take(struct tap *t)
{
    pthread_mutex_lock(&t->lock);
    if (t->lost != NULL)
        errx(1, "tap: %s", t->lost);
    struct tap_counts counts = t->counts;
    memset(&t->counts, 0, sizeof t->counts);
    pthread_mutex_unlock(&t->lock);
    return counts;
}

static void set_hold(struct tap *t, enum hold hold)
{
    uint64_t one = 1;
    pthread_mutex_lock(&t->lock);
    t->hold = hold;
    pthread_mutex_unlock(&t->lock);
    if (write(t->wake, &one, sizeof one) < 0)
        err(1, "tap: eventfd");
}

void tap_hold(struct tap *t)
{
    set_hold(t, TO_HOLD);
}

void tap_release(struct tap *t)
{
    set_hold(t, PASSING);
}

void tap_await_held(struct tap *t)
{
    pthread_mutex_lock(&t->lock);
    while (t->hold != HELD)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
}
