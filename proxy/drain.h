/* SPDX-License-Identifier: GPL-2.0-or-later
 * The time between being told to stop and stopping: nobody new is let in, and the viewers that
 * there are go on until they leave or the time is over. Belongs to the server's loop. */
#ifndef PROXY_DRAIN_H
#define PROXY_DRAIN_H

#include <uv.h>

#include "streams.h"

/* Embedded by its owner; all private. */
struct drain {
    uv_timer_t deadline;
    uv_async_t wake; /* the last viewer has left */
    struct streams *streams;
    void (*over)(void *owner);
    void *owner;
    bool on;
};

/* Before there are workers. 0, or -1: the reason has been logged. The handles are closed with the
 * loop's others. */
int drain_init(struct drain *d, uv_loop_t *loop, struct streams *streams, void (*over)(void *owner),
               void *owner);
/* Lets nobody in from here on. Calls over once, perhaps from inside. seconds: at the latest. */
void drain_begin(struct drain *d, unsigned seconds);
/* It is over, without a call. */
void drain_end(struct drain *d);

#endif
