/* SPDX-License-Identifier: GPL-2.0-or-later
 * Subscribers on sockets: lines to all of them, lines from each. Bounded, whoever comes: see
 * docs/PROTOCOL.feed. Belongs to its loop's thread. */
#ifndef AGENT_FEED_H
#define AGENT_FEED_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

struct feed;
struct subscriber;

struct feed_events {
    /* Somebody may listen from now on: the lines to begin with, by feed_send. */
    void (*joined)(void *owner, struct subscriber *s);
    /* A JSON object from one that joined. */
    void (*line)(void *owner, struct subscriber *s, const json_t *line);
};

/* token: what TCP subscribers must say first; NULL: there can be none. Both borrowed. NULL: out of
 * memory. */
struct feed *feed_create(uv_loop_t *loop, const char *token, const struct feed_events *events,
                         void *owner);
/* address: "unix:PATH" (made with mode 0600; what a dead agent left there is replaced) or
 * "tcp:ADDRESS:PORT", numeric, [ADDRESS] for IPv6, port 0: the kernel chooses. On success `bound`
 * is the address as bound. 0, -1 with the reason in it, or -2: so is what is wrong with the
 * address. */
enum { FEED_ADDRESS_MAX = 256 };
int feed_listen(struct feed *f, const char *address, char bound[FEED_ADDRESS_MAX]);

/* A line of JSON, without its line feed. One that does not take it is dropped. */
void feed_send(struct subscriber *s, const char *line, size_t len);
void feed_send_all(struct feed *f, const char *line, size_t len);

/* Ends all; frees when the loop has closed everything. */
void feed_close(struct feed *f);

#endif
