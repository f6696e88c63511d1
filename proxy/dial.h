/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connecting to a unix socket, or to the first of a host's addresses that takes it. Belongs to its
 * loop's thread. */
#ifndef PROXY_DIAL_H
#define PROXY_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

union dial_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct dial;

/* How it has ended, never told from inside dial_begin. doing NULL: the handle is connected and the
 * caller's, who closes it; only dial_finish is to follow. Otherwise that went wrong with this libuv
 * error. */
typedef void dial_done(struct dial *d, const char *doing, int error);
/* Nothing of it is left. */
typedef void dial_closed(struct dial *d);

struct dial {
    bool resolving; /* for the owner to read: a name is looked up, and nobody knows of us yet */
    void *owner;    /* the same */

    /* private */
    uv_loop_t *loop;
    union dial_handle *to;
    dial_done *done;
    dial_closed *closed;
    bool open, closing; /* open: there is a handle */
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    struct addrinfo *found, *next; /* all addresses, and the one to be tried next */
};

/* To unix_path or, where that is NULL, to host and port, a number in text. The handle is the
 * caller's memory, and nothing of it is to be touched before it is connected. 0, or a libuv error
 * and done is not called. Where it is not connected, dial_close must follow. */
int dial_begin(struct dial *d, uv_loop_t *loop, union dial_handle *to, const char *unix_path,
               const char *host, const char *port, dial_done *done, void *owner);
/* Ends the attempt. closed follows, perhaps from inside. */
void dial_close(struct dial *d, dial_closed *closed);
/* Frees what the lookup has found. */
void dial_finish(struct dial *d);

/* For the log: "connecting to tcp:HOST:PORT: connection refused". */
void dial_describe(char *text, size_t size, const char *doing, const char *unix_path,
                   const char *host, const char *port, int error);

#endif
