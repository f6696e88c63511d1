/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { UNUSUAL_PORT = 5900 + 1000 /* of a display that was meant to be a port, perhaps */ };

int net_resolve(const struct net_target *target, struct addrinfo **found, ph_error *error)
{
    *found = NULL;
    if (target->host[0] == '\0')
        return PH_OK;
    char port[8];
    snprintf(port, sizeof port, "%u", target->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int rc = getaddrinfo(target->host, port, &hints, found);
    if (rc == 0)
        return PH_OK;
    *found = NULL;
    return error_set(error, PH_E_UNREACHABLE, "cannot find host '%s': %s", target->host,
                     rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
}

/* Waits for a connect in progress: 0, or an errno value; ECANCELED once wake_fd is readable. */
static int finish_connect(int fd, int wake_fd)
{
    struct pollfd p[] = {{.fd = fd, .events = POLLOUT}, {.fd = wake_fd, .events = POLLIN}};
    while (poll(p, 2, -1) < 0)
        if (errno != EINTR)
            return errno;
    if (p[1].revents != 0)
        return ECANCELED;
    int number = 0;
    socklen_t len = sizeof number;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len) < 0)
        return errno;
    return number;
}

/* A unix socket whose server has too many to accept says EAGAIN, and cannot be waited for. */
static int breathe(int wake_fd)
{
    struct pollfd p = {.fd = wake_fd, .events = POLLIN};
    return poll(&p, 1, 10) > 0 ? ECANCELED : EAGAIN;
}

/* 0 with *fd, or an errno value. */
static int open_one(int family, const struct sockaddr *address, socklen_t len, int wake_fd, int *fd)
{
    int s = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return errno;
    int number = 0;
    while (connect(s, address, len) < 0) {
        number = errno;
        if (number == EINPROGRESS)
            number = finish_connect(s, wake_fd);
        else if (number == EAGAIN)
            number = breathe(wake_fd);
        if (number != EAGAIN)
            break;
        number = 0;
    }
    int on = 1;
    if (number == 0 && family != AF_UNIX &&
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        number = errno;
    if (number != 0) {
        close(s);
        return number;
    }
    *fd = s;
    return 0;
}

static int dial_unix(const struct net_target *target, int wake_fd, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* a unix target's path is shorter, which compilers cannot know */
    memcpy(address.sun_path, target->path, strnlen(target->path, sizeof address.sun_path - 1));
    return open_one(AF_UNIX, (const struct sockaddr *)&address, sizeof address, wake_fd, fd);
}

/* Somebody else has connected it. */
static int adopt(int fd, ph_error *error)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;
    int type = 0, on = 1;
    socklen_t type_len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 || type != SOCK_STREAM ||
        getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
        return error_set(error, PH_E_ARGUMENT, "fd %d is no connected stream socket", fd);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        (peer.ss_family != AF_UNIX && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0))
        return error_errno(error, PH_E_SYSTEM, errno, "cannot set up the socket of the target");
    return PH_OK;
}

bool net_is_local(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_storage room;
    } peer = {.any.sa_family = AF_UNSPEC};
    socklen_t len = sizeof peer;
    if (getpeername(fd, &peer.any, &len) < 0)
        return false;
    if (peer.any.sa_family == AF_INET)
        return ntohl(peer.four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (peer.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&peer.six.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&peer.six.sin6_addr) &&
                peer.six.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
    return peer.any.sa_family == AF_UNIX;
}

int net_dial(const struct net_target *target, const struct addrinfo *found, int wake_fd, int *fd,
             ph_error *error)
{
    int number = EADDRNOTAVAIL;
    if (target->kind == NET_FD) {
        *fd = target->fd;
        return adopt(target->fd, error);
    }
    if (target->kind == NET_UNIX) {
        number = dial_unix(target, wake_fd, fd);
    } else {
        for (; found != NULL && number != 0 && number != ECANCELED; found = found->ai_next)
            number = open_one(found->ai_family, found->ai_addr, found->ai_addrlen, wake_fd, fd);
    }
    if (number == 0)
        return PH_OK;
    if (number == ECANCELED)
        return error_set(error, PH_E_CANCELLED, "cancelled while connecting");
    char what[340], label[320];
    snprintf(what, sizeof what, "cannot connect to %s", net_target_label(target, label));
    int rc = error_errno(error, PH_E_UNREACHABLE, number, what);
    const char *server = target->server != NULL ? target->server : "a VNC server";
    bool vnc = target->kind == NET_VNC || target->kind == NET_VNCS;
    bool port = vnc && target->server == NULL && target->port >= UNUSUAL_PORT;
    if (error == NULL || (number != ECONNREFUSED && number != ENOENT))
        return rc;
    size_t at = strlen(error->message);
    snprintf(error->message + at, sizeof error->message - at, "; is %s running there?%s", server,
             port ? " HOST:N is display N, port 5900 + N: a port is written HOST::PORT" : "");
    return rc;
}
