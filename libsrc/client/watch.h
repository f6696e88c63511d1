/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the waits for frames share: the part of the screen that is watched. */
#ifndef CLIENT_WATCH_H
#define CLIENT_WATCH_H

#include <pixman.h>

#include "client/client.h"
#include "client/frame.h"

/* Checks what a caller has passed, but for places; fills *watch, of which only since may be NULL's
 * default. PH_E_ARGUMENT. */
int watch_take(const struct ph_client *c, const ph_watch *given, ph_watch *watch, ph_error *error);
/* Are the region and the masks inside this frame? PH_E_ARGUMENT. */
int watch_check(const ph_watch *watch, const ph_frame *frame, ph_error *error);
/* Is this rectangle, other than all 0, inside? PH_E_ARGUMENT calls it what. */
int watch_check_rect(const char *what, const ph_rect *r, const ph_frame *frame, ph_error *error);
/* What of a screen of this size is watched: a place is when the rectangle of width x height there
 * is inside the region and touches no mask; 1x1 are the pixels. A region that a resize has left
 * outside holds nothing. False when out of memory; *region has been initialised. */
bool watch_places(const ph_watch *watch, const ph_frame *frame, int width, int height,
                  pixman_region32_t *region);

/* An ongoing wait for quiet. */
struct quiet {
    const ph_watch *watch;
    int64_t length;          /* nanoseconds without a change that are quiet */
    int64_t last;            /* when the last change was, or the call */
    ph_frame *frame;         /* a reference: the last one looked at */
    const struct wait *wait; /* whose limit a look keeps; or NULL */
};

/* Goes through all that was sent up to frame, by its own time: how late this thread has woken does
 * not matter. 1: it was quiet before this frame; 0: not yet; PH_E_NO_MEMORY, _TIMEOUT, _CANCELLED.
 */
int quiet_look(struct quiet *q, const ph_frame *frame);

#endif
