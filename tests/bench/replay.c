/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_replay FILE SOCKET: a VNC server that says what bench_record has kept, as fast as it is
 * read, to one client after the other, whatever they ask. Prints "ready" and goes on until it is
 * killed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

static void put(int fd, const void *bytes, size_t n)
{
    if (write(fd, bytes, n) != (ssize_t)n)
        die("write to the client");
}

static void take(int fd, size_t n)
{
    uint8_t in[16];
    if (recv(fd, in, n, MSG_WAITALL) != (ssize_t)n)
        die("read from the client");
}

/* RFC 6143 7.1 to 7.3, with nothing to choose. size: width and height as on the wire */
static void shake_hands(int fd, const uint8_t size[4])
{
    uint8_t init[25] = {0,   0,  0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0,
                        255, 16, 8, 0, 0,  0,  0, 0, 0, 0,   1, 'r'};
    memcpy(init, size, 4);
    put(fd, "RFB 003.008\n", 12);
    take(fd, 12);
    put(fd, "\1\1", 2);
    take(fd, 1);
    put(fd, "\0\0\0\0", 4);
    take(fd, 1);
    put(fd, init, sizeof init);
}

/* Until the client has gone. */
static void play(int fd, const uint8_t *bytes, size_t n)
{
    uint8_t asked[4096];
    struct pollfd p = {.fd = fd};
    for (;;) {
        p.events = n != 0 ? POLLIN | POLLOUT : POLLIN;
        if (poll(&p, 1, -1) < 0)
            die("poll");
        if (p.revents & (POLLIN | POLLHUP | POLLERR) && read(fd, asked, sizeof asked) <= 0)
            return;
        if (!(p.revents & POLLOUT))
            continue;
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            return;
        bytes += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench_replay FILE SOCKET\n");
        return 1;
    }
    struct stat st;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &st) < 0)
        die(argv[1]);
    const uint8_t *bytes =
        mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED)
        die("mmap");
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(at.sun_path, argv[2], sizeof at.sun_path - 1);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) < 0 ||
        listen(listener, 8) < 0)
        die(argv[2]);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            die("accept");
        shake_hands(fd, bytes);
        play(fd, bytes + 4, (size_t)st.st_size - 4);
        close(fd);
    }
}
