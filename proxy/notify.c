/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum {
    MESSAGE_MAX = 1024,
    SEND_S = 1 /* a supervisor that does not read holds this loop no longer */
};

static void complain(const char *detail)
{
    log_event(LOG_LEVEL_WARN, "notify_failed", LOG_TEXT("detail", detail));
}

/* A path, or @ and a name of the abstract name space. 0, or -1: neither. */
static int find_address(struct notify *n, const char *text)
{
    size_t len = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof n->address.sun_path)
        return -1;
    n->address.sun_family = AF_UNIX;
    memcpy(n->address.sun_path, text, len);
    if (text[0] == '@')
        n->address.sun_path[0] = '\0';
    /* an abstract name ends where its length says, a path with a NUL */
    n->address_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '@' ? 0 : 1));
    return 0;
}

static int open_socket(void)
{
    struct timeval timeout = {.tv_sec = SEND_S};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    return fd;
}

/* Both variables are numbers; the second tells whom the first is meant for. 0: not for us. */
static uint64_t find_watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    char *end;
    if (usec == NULL || (pid != NULL && strtoull(pid, NULL, 10) != (unsigned long long)getpid()))
        return 0;
    errno = 0;
    uint64_t n = strtoull(usec, &end, 10);
    if (errno == 0 && *end == '\0' && end != usec && n / 2000 != 0)
        return n;
    complain("WATCHDOG_USEC is no number of microseconds");
    return 0;
}

void notify_init(struct notify *n)
{
    const char *text = getenv("NOTIFY_SOCKET");
    *n = (struct notify){.fd = -1};
    if (text == NULL || text[0] == '\0')
        return;
    if (find_address(n, text) != 0) {
        complain("NOTIFY_SOCKET is neither a path nor @ and a name, or too long");
        return;
    }
    n->fd = open_socket();
    if (n->fd < 0)
        complain(strerror(errno));
    else
        n->watchdog_usec = find_watchdog();
}

void notify_finish(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

void notify_say(struct notify *n, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    if (n->fd < 0)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (sendto(n->fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&n->address,
               n->address_len) < 0)
        complain(strerror(errno));
}

void notify_reloading(struct notify *n)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    notify_say(n, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reading the configuration\n",
               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

static void on_watchdog(uv_timer_t *timer)
{
    struct notify *n = timer->data;
    if (n->alive(n->owner))
        notify_say(n, "WATCHDOG=1\n");
}

void notify_watch(struct notify *n, uv_loop_t *loop, bool (*alive)(void *owner), void *owner)
{
    if (n->fd < 0 || n->watchdog_usec == 0)
        return;
    n->alive = alive;
    n->owner = owner;
    uv_timer_init(loop, &n->watchdog);
    n->watchdog.data = n;
    uint64_t ms = n->watchdog_usec / 2000;
    uv_timer_start(&n->watchdog, on_watchdog, ms, ms);
}
