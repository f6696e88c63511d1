/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rfb/msg.h"

struct fake_server {
    char folder[64], path[96], target[128];
    int listener;
    pthread_t thread;
    fake_script *script;
    void *argument;
    sem_t go;
    atomic_bool accepted;
    atomic_bool failed;
};

static void die(const char *what)
{
    perror(what);
    abort();
}

static void *serve(void *server)
{
    struct fake_server *s = server;
    int fd = accept(s->listener, NULL, NULL);
    atomic_store(&s->accepted, true);
    if (fd < 0)
        return NULL; /* nobody came */
    s->script(s, fd, s->argument);
    close(fd);
    return NULL;
}

/* Binds the listener and writes down the target. */
static void listen_unix(struct fake_server *s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(s->folder, "/tmp/porthole-fake-XXXXXX");
    if (mkdtemp(s->folder) == NULL)
        die("mkdtemp");
    snprintf(s->path, sizeof s->path, "%s/rfb", s->folder);
    snprintf(s->target, sizeof s->target, "vnc+unix:%s", s->path);
    memcpy(address.sun_path, s->path, sizeof s->path);
    s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s->listener < 0 || bind(s->listener, (const struct sockaddr *)&address, sizeof address) < 0)
        die("bind");
}

static void listen_tcp(struct fake_server *s, const char *before, const char *behind)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (s->listener < 0 || bind(s->listener, (const struct sockaddr *)&address, len) < 0 ||
        getsockname(s->listener, (struct sockaddr *)&address, &len) < 0)
        die("bind");
    snprintf(s->target, sizeof s->target, "%s%u%s", before, ntohs(address.sin_port), behind);
}

static struct fake_server *create(fake_script *script, void *argument)
{
    struct fake_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        die("calloc");
    if (sem_init(&s->go, 0, 0) < 0)
        die("sem_init");
    s->script = script;
    s->argument = argument;
    return s;
}

static struct fake_server *start(struct fake_server *s)
{
    if (listen(s->listener, 1) < 0)
        die("listen");
    if (pthread_create(&s->thread, NULL, serve, s) != 0)
        die("pthread_create");
    return s;
}

struct fake_server *fake_server_start(fake_script *script, void *argument)
{
    struct fake_server *s = create(script, argument);
    listen_unix(s);
    return start(s);
}

struct fake_server *fake_server_start_tcp(const char *before, const char *behind,
                                          fake_script *script, void *argument)
{
    struct fake_server *s = create(script, argument);
    listen_tcp(s, before, behind);
    return start(s);
}

const char *fake_server_target(const struct fake_server *s)
{
    return s->target;
}

void fake_server_go(struct fake_server *s)
{
    sem_post(&s->go);
}

bool fake_server_stop(struct fake_server *s)
{
    /* a client that gave up early may never have come: then nobody is waiting to be accepted */
    struct pollfd waiting = {.fd = s->listener, .events = POLLIN};
    if (!atomic_load(&s->accepted) && poll(&waiting, 1, 0) == 0)
        shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    bool fine = !atomic_load(&s->failed);
    close(s->listener);
    if (s->path[0] != '\0') {
        unlink(s->path);
        rmdir(s->folder);
    }
    sem_destroy(&s->go);
    free(s);
    return fine;
}

void fake_await_go(struct fake_server *s)
{
    while (sem_wait(&s->go) < 0)
        ; /* interrupted */
}

bool fake_send(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n != 0) {
        ssize_t done = send(fd, at, n, MSG_NOSIGNAL);
        if (done < 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

bool fake_read(int fd, void *to, size_t n)
{
    return n == 0 || recv(fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

void fake_drain(int fd)
{
    char lost[4096];
    while (recv(fd, lost, sizeof lost, 0) > 0)
        ;
}

void fake_handshake(int fd, uint16_t width, uint16_t height)
{
    uint8_t in[16], init[24 + 4];
    fake_send(fd, "RFB 003.008\n", 12);
    fake_read(fd, in, 12);
    fake_send(fd, "\1\1", 2);
    fake_read(fd, in, 1);
    fake_send(fd, "\0\0\0\0", 4);
    fake_read(fd, in, 1);
    rfb_set_u16(init, width);
    rfb_set_u16(init + 2, height);
    rfb_msg_set_pixel_format(init + 4, &rfb_bgrx);
    rfb_set_u32(init + 20, 4);
    memcpy(init + 24, "fake", 4);
    fake_send(fd, init, sizeof init);
}

void fake_take_setup(int fd)
{
    uint8_t in[256];
    fake_read(fd, in, 20 + 4);
    fake_read(fd, in + 24, rfb_get_u16(in + 22) * 4u);
    fake_read(fd, in, 10);
}

void fake_expect(struct fake_server *s, bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "# in the server's script: not so: %s\n", what);
    atomic_store(&s->failed, true);
}

void fake_rect(int fd, uint16_t x, uint16_t y, uint16_t w, uint16_t h, int32_t encoding,
               const void *body, size_t n)
{
    uint8_t head[16] = {0, 0, 0, 1};
    rfb_msg_set_rect_head(head + 4, &(struct rfb_rect_head){{x, y, w, h}, encoding});
    fake_send(fd, head, sizeof head);
    fake_send(fd, body, n);
}

void fake_fill(int fd, uint16_t x, uint16_t y, uint16_t w, uint16_t h, uint32_t colour)
{
    size_t n = (size_t)w * h;
    uint32_t *pixels = malloc(n * sizeof *pixels);
    if (pixels == NULL)
        die("malloc");
    for (size_t i = 0; i < n; i++)
        pixels[i] = colour;
    fake_rect(fd, x, y, w, h, RFB_ENC_RAW, pixels, n * sizeof *pixels);
    free(pixels);
}
