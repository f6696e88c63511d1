/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections to the agents of desktops, on unix sockets or TCP: one for each desktop whose windows
 * somebody in this loop wants to know, shared by all of them. Belongs to its loop's thread. */
#ifndef PROXY_FEED_H
#define PROXY_FEED_H

#include <uv.h>

#include "config.h"
#include "windows.h"

struct feed;
struct feed_client;

struct feed_events {
    /* A snapshot; the first one comes some time after feed_attach. */
    void (*windows)(struct feed_client *c, struct windows *w);
    /* All that had happened on the display when feed_sync was called has been told. */
    void (*synced)(struct feed_client *c);
    /* The agent cannot be reached or is gone; only feed_detach is of use now. why: for the log. */
    void (*lost)(struct feed_client *c, const char *why);
};

/* Embedded by its owner. Zeroed, it is attached to nothing. */
struct feed_client {
    struct feed *feed; /* NULL: not attached */
    bool late;         /* it was lost because it did not answer in time */

    /* private */
    const struct feed_events *events;
    struct feed_client *next;
    uint64_t sync, activate; /* the commands whose replies are awaited; 0: none */
    uint32_t again;          /* to be activated when that reply has come; 0: none */
};

/* list: of the loop's feeds, NULL at first. What the agent's section says is copied. Events come
 * later, never from inside. 0, or -1: out of memory. */
int feed_attach(struct feed **list, uv_loop_t *loop, const struct config_agent *agent,
                struct feed_client *c, const struct feed_events *events);
/* Nothing comes any more. The connection ends with its last client. */
void feed_detach(struct feed_client *c);

/* The newest snapshot, borrowed; NULL: none yet. */
struct windows *feed_newest(const struct feed_client *c);
void feed_sync(struct feed_client *c);
/* Asks for the keyboard for a window; nobody tells whether it gets it but snapshots. While the
 * agent has not answered, it is asked no more than once again, however often this is called. */
void feed_activate(struct feed_client *c, uint32_t id);

#endif
