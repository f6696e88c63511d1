/* SPDX-License-Identifier: GPL-2.0-or-later
 * The streams that tokens open now, and who is in them: what the workers share. Counts hold across
 * workers and reloads. Thread-safe: one lock, held for moments. */
#ifndef PROXY_STREAMS_H
#define PROXY_STREAMS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service.h"

/* Counts of a name, which outlive a reload: a stream's viewers, a desktop's handshakes. */
struct tally;

/* What a token opens. Reference-counted; what it points at stays as long as it does. */
struct stream {
    const struct config_stream *config;
    atomic_bool revoked; /* its viewers are to be sent away */

    /* private */
    atomic_uint refs;
    struct service *service; /* a reference: config is in it */
    struct tally *viewers, *handshakes;
    bool current; /* tokens open it, and the list has a reference */
    struct stream *next;
};

struct streams;

/* NULL when out of memory. */
struct streams *streams_create(void);
/* No stream may be referred to any more. Accepts NULL. */
void streams_destroy(struct streams *all);

/* Called from any thread when a stream has been revoked or a handshake has ended that others wait
 * for. At most one for each worker; to be set before others use all. 0, or -1: out of memory. */
int streams_watch(struct streams *all, void (*wake)(void *owner), void *owner);

/* Takes over the streams of a configuration. One that is not there any more is revoked, and so is
 * one whose desktop, tokens or rights have become others or fewer: its viewers must come again. The
 * rest goes on. 0, or -1: out of memory, and nothing has changed. */
int streams_load(struct streams *all, struct service *service);
/* How many viewers there may be in all. */
void streams_limit(struct streams *all, unsigned viewers);
bool streams_are_full(struct streams *all);

/* The stream that the token opens, with a reference for the caller, or NULL. Takes the same time
 * whichever token matches. */
struct stream *streams_find(struct streams *all, const char *token, size_t len);
/* Accepts NULL. */
void stream_unref(struct streams *all, struct stream *s);

/* A viewer comes: true and a number of its own, or false: there are as many as there may be. */
bool streams_enter(struct streams *all, struct stream *s, uint64_t *id);
/* It goes; once for each that came. */
void streams_leave(struct streams *all, struct stream *s);

/* A turn to connect to the stream's desktop. TigerVNC takes five connections from one address that
 * have not finished their handshake for an attack and locks the address, which is the proxy, out
 * ("Too many security failures"): so there are never more than STREAMS_HANDSHAKES at once. False:
 * wait to be woken, and ask again. */
enum { STREAMS_HANDSHAKES = 2 };
bool streams_begin_handshake(struct streams *all, struct stream *s);
void streams_end_handshake(struct streams *all, struct stream *s);

#endif
