/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bare.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

static void put(const struct bare *b, const void *bytes, size_t n)
{
    if (write(b->fd, bytes, n) != (ssize_t)n)
        die("write to the VNC server");
}

static void take(const struct bare *b, void *bytes, size_t n)
{
    if (n != 0 && recv(b->fd, bytes, n, MSG_WAITALL) != (ssize_t)n)
        die("read from the VNC server");
}

static void skip(const struct bare *b, size_t n)
{
    static uint8_t nowhere[256 << 10];
    for (size_t part; n != 0; n -= part) {
        part = n < sizeof nowhere ? n : sizeof nowhere;
        take(b, nowhere, part);
    }
}

static uint16_t u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)u16(p) << 16 | u16(p + 2);
}

static void set_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void dial(struct bare *b, const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, path, sizeof to.sun_path - 1);
    b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (b->fd < 0 || connect(b->fd, (struct sockaddr *)&to, sizeof to) < 0)
        die(path);
}

void bare_open(struct bare *b, const char *path, const int32_t *encodings, size_t count)
{
    static const uint8_t bgrx[20] = {0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0};
    uint8_t in[256], list[4 + 4 * 16] = {2, 0, 0, (uint8_t)count};
    dial(b, path);
    take(b, in, 12);
    put(b, "RFB 003.008\n", 12);
    take(b, in, 1);
    skip(b, in[0]);
    put(b, "\1", 1); /* None */
    take(b, in, 4);
    if (u32(in) != 0)
        die("the VNC server refuses security type None");
    put(b, "\1", 1); /* shared */
    take(b, in, 24);
    b->width = u16(in);
    b->height = u16(in + 2);
    skip(b, u32(in + 20));
    put(b, bgrx, sizeof bgrx);
    for (size_t i = 0; i < count; i++)
        set_u32(list + 4 + 4 * i, (uint32_t)encodings[i]);
    put(b, list, 4 + 4 * count);
}

void bare_close(struct bare *b)
{
    close(b->fd);
}

void bare_request(const struct bare *b, bool incremental)
{
    uint8_t request[10] = {3, incremental};
    request[6] = (uint8_t)(b->width >> 8);
    request[7] = (uint8_t)b->width;
    request[8] = (uint8_t)(b->height >> 8);
    request[9] = (uint8_t)b->height;
    put(b, request, sizeof request);
}

void bare_key(const struct bare *b, uint32_t keysym, bool down)
{
    uint8_t key[8] = {4, down};
    set_u32(key + 4, keysym);
    put(b, key, sizeof key);
}

void bare_await_update(const struct bare *b)
{
    uint8_t head[12];
    take(b, head, 4);
    if (head[0] != 0)
        die("a message of the VNC server that is no update");
    bare_request(b, true);
    for (unsigned left = u16(head + 2); left != 0; left--) {
        take(b, head, 12);
        switch (u32(head + 8)) {
        case 0:
            skip(b, (size_t)u16(head + 4) * u16(head + 6) * 4);
            break;
        case 1:
            skip(b, 4);
            break;
        default:
            die("an encoding that was not asked for");
        }
    }
}

void bare_drain(const struct bare *b)
{
    struct pollfd p = {.fd = b->fd, .events = POLLIN};
    while (poll(&p, 1, 0) > 0)
        bare_await_update(b);
}
