/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tells whoever supervises this process, systemd mostly, how it is: datagrams to $NOTIFY_SOCKET, as
 * sd_notify(3) documents them. That page invites implementations of one's own; libsystemd would
 * bring four more libraries along for one sendto. Belongs to the server's loop. */
#ifndef PROXY_NOTIFY_H
#define PROXY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>
#include <uv.h>

/* Embedded by its owner; all private. */
struct notify {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un address;
    socklen_t address_len;
    uint64_t watchdog_usec; /* 0: nobody watches */
    uv_timer_t watchdog;
    bool (*alive)(void *owner);
    void *owner;
};

/* Looks at the environment. What is wrong there is logged: portholed runs without. */
void notify_init(struct notify *n);
void notify_finish(struct notify *n);

/* Says NAME=VALUE lines, each with its end. */
void notify_say(struct notify *n, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The configuration is about to be read again: this goes on until READY=1 is said. */
void notify_reloading(struct notify *n);
/* Where it is wanted ($WATCHDOG_USEC), says so twice in each interval that it lives, if alive
 * answers true. The timer is closed with the loop's other handles. */
void notify_watch(struct notify *n, uv_loop_t *loop, bool (*alive)(void *owner), void *owner);

#endif
