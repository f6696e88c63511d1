/* SPDX-License-Identifier: GPL-2.0-or-later
 * The agent: a display's events in, snapshots to subscribers out, their commands done. One loop,
 * one thread. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "feed.h"
#include "tree.h"

struct agent {
    uv_loop_t *loop;
    const char *display_name;
    struct display display;
    struct tree tree;
    struct feed *feed;
    uv_poll_t poll;
    uv_async_t again; /* events wait in xcb's queue */
    char *body;       /* the newest snapshot as JSON, without type and serial */
    uint64_t serial;
    bool broken; /* the display is gone; the loop has been stopped */
};

/* Opens the display and begins to follow it. 0, or -1 with the reason in why. */
int agent_init(struct agent *a, uv_loop_t *loop, const char *display, const char *token,
               char why[DISPLAY_ERROR_MAX]);
/* Closes the handles; the loop is to run once more. */
void agent_close(struct agent *a);
/* Frees. */
void agent_finish(struct agent *a);

#endif
