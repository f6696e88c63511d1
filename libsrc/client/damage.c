/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/damage.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Holds the frames whose sequence / DAMAGE_HISTORY is the same. */
struct damage_block {
    atomic_int refs;
    struct damage_record records[DAMAGE_HISTORY]; /* [sequence % DAMAGE_HISTORY] */
};

static struct damage_block *block_create(void)
{
    struct damage_block *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    atomic_init(&b->refs, 1);
    for (int i = 0; i < DAMAGE_HISTORY; i++)
        pixman_region32_init(&b->records[i].region);
    return b;
}

static struct damage_block *block_ref(struct damage_block *b)
{
    if (b != NULL)
        atomic_fetch_add(&b->refs, 1);
    return b;
}

static void block_unref(struct damage_block *b)
{
    if (b == NULL || atomic_fetch_sub(&b->refs, 1) != 1)
        return;
    for (int i = 0; i < DAMAGE_HISTORY; i++)
        pixman_region32_fini(&b->records[i].region);
    free(b);
}

bool damage_append(struct damage_history *h, int64_t time, bool whole, pixman_region32_t *region)
{
    uint64_t sequence = h->last + 1;
    if (h->now == NULL || sequence % DAMAGE_HISTORY == 0) {
        struct damage_block *next = block_create();
        if (next == NULL)
            return false;
        block_unref(h->before);
        h->before = h->now;
        h->now = next;
    }
    struct damage_record *r = &h->now->records[sequence % DAMAGE_HISTORY];
    pixman_region32_t empty = r->region;
    r->region = *region;
    *region = empty;
    r->time = time;
    r->whole = whole;
    h->last = sequence;
    return true;
}

struct damage_history damage_share(const struct damage_history *h)
{
    return (struct damage_history){block_ref(h->now), block_ref(h->before), h->last};
}

void damage_release(struct damage_history *h)
{
    block_unref(h->now);
    block_unref(h->before);
    *h = (struct damage_history){.last = h->last};
}

const struct damage_record *damage_record(const struct damage_history *h, uint64_t sequence)
{
    const struct damage_block *b = NULL;
    if (sequence / DAMAGE_HISTORY == h->last / DAMAGE_HISTORY)
        b = h->now;
    else if (sequence / DAMAGE_HISTORY + 1 == h->last / DAMAGE_HISTORY)
        b = h->before;
    return b != NULL ? &b->records[sequence % DAMAGE_HISTORY] : NULL;
}

void damage_bound(pixman_region32_t *region)
{
    if (pixman_region32_n_rects(region) <= DAMAGE_RECTS_MAX)
        return;
    pixman_box32_t box = *pixman_region32_extents(region);
    pixman_region32_reset(region, &box);
}

bool damage_since(const struct damage_history *h, uint64_t since, pixman_region32_t *region)
{
    for (uint64_t i = h->last; i > since; i--) {
        const struct damage_record *r = damage_record(h, i);
        if (r == NULL || r->whole || !pixman_region32_union(region, region, &r->region))
            return false;
        damage_bound(region);
    }
    return true;
}
