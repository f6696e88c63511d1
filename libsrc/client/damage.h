/* SPDX-License-Identifier: GPL-2.0-or-later
 * What each frame of a connection has changed, kept for at least the last 256 of them. A record is
 * written once, before its frame is published, and only read afterwards, so nobody needs a lock:
 * whoever holds a frame holds the blocks that reach back from it. A new frame costs its own record
 * and two references. */
#ifndef CLIENT_DAMAGE_H
#define CLIENT_DAMAGE_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    DAMAGE_HISTORY = 256,
    /* A region of more rectangles than this costs more than the box around it. */
    DAMAGE_RECTS_MAX = 128,
};

struct damage_record {
    int64_t time; /* of the frame */
    bool whole;   /* the first frame of its size: nothing before it can be compared with it */
    pixman_region32_t region;
};

struct damage_block;

/* The records up to a frame; all zero: none. */
struct damage_history {
    struct damage_block *now, *before; /* references; before: the block in front of now, or NULL */
    uint64_t last;                     /* the newest record's frame */
};

/* Appends the record of the next frame and takes what region holds, which is empty afterwards.
 * False when out of memory; the history is unchanged then. */
bool damage_append(struct damage_history *h, int64_t time, bool whole, pixman_region32_t *region);
/* Another reference to the same records, for damage_release. */
struct damage_history damage_share(const struct damage_history *h);
void damage_release(struct damage_history *h);

/* The record of a frame up to h->last; NULL for one too old. */
const struct damage_record *damage_record(const struct damage_history *h, uint64_t sequence);
/* Adds what the frames after since, up to h->last, have changed to *region. False: everything may
 * have, and *region is undefined (a resize in between, since too old, or out of memory). */
bool damage_since(const struct damage_history *h, uint64_t since, pixman_region32_t *region);
/* Makes one box of a region of more than DAMAGE_RECTS_MAX rectangles. */
void damage_bound(pixman_region32_t *region);

#endif
