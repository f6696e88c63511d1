/* SPDX-License-Identifier: GPL-2.0-or-later
 * What of the screen the server of a window stream is asked for, in epochs (crop.h). */
#include <string.h>

#include "crop_private.h"
#include "rfb/err.h"

enum { REQUESTS_MAX = 2000 /* rectangles in one group */ };

static bool is_empty(const pixman_region32_t *r)
{
    return !pixman_region32_not_empty((pixman_region32_t *)(uintptr_t)r);
}

/* a - b; to be finished */
static void init_without(pixman_region32_t *to, const pixman_region32_t *a,
                         const pixman_region32_t *b)
{
    pixman_region32_init(to);
    pixman_region32_subtract(to, (pixman_region32_t *)(uintptr_t)a,
                             (pixman_region32_t *)(uintptr_t)b);
}

void crop_pop_epoch(struct crop *c)
{
    struct crop_epoch *e = &c->epochs[0];
    pixman_region32_fini(&e->asked);
    pixman_region32_fini(&e->safe);
    pixman_region32_fini(&e->whole);
    c->epoch_count--;
    memmove(c->epochs, c->epochs + 1, (size_t)c->epoch_count * sizeof c->epochs[0]);
}

void crop_drop_epochs(struct crop *c)
{
    while (c->epoch_count != 0)
        crop_pop_epoch(c);
}

/* There is room for it. */
static struct crop_epoch *push_epoch(struct crop *c)
{
    struct crop_epoch *e = &c->epochs[c->epoch_count++];
    *e = (struct crop_epoch){.x = c->canvas.x, .y = c->canvas.y};
    pixman_region32_init(&e->asked);
    pixman_region32_init(&e->safe);
    pixman_region32_init(&e->whole);
    return e;
}

int crop_put_requests(struct crop *c, bool incremental, const pixman_region32_t *region)
{
    int n, rc = RFB_OK;
    const pixman_box32_t *boxes =
        pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)region, &n);
    if (n > REQUESTS_MAX)
        return crop_broke(c, RFB_E_TOO_LARGE, "the window is covered by too many others");
    for (int i = 0; i < n && rc == RFB_OK; i++) {
        const struct rfb_rect r = {(uint16_t)boxes[i].x1, (uint16_t)boxes[i].y1,
                                   (uint16_t)(boxes[i].x2 - boxes[i].x1),
                                   (uint16_t)(boxes[i].y2 - boxes[i].y1)};
        rc = rfb_msg_put_request(&c->to_server, incremental, r);
    }
    return rc;
}

/* Is all that is wanted on its way already? */
static bool is_asked(const struct crop *c, const pixman_region32_t *need)
{
    struct crop_epoch *newest = (struct crop_epoch *)(uintptr_t)&c->epochs[c->epoch_count - 1];
    pixman_region32_t left;
    if (newest->answered || newest->x != c->canvas.x || newest->y != c->canvas.y ||
        !pixman_region32_equal(&newest->asked, (pixman_region32_t *)(uintptr_t)crop_wanted(c)))
        return false;
    init_without(&left, need, &newest->whole);
    bool asked = is_empty(&left);
    pixman_region32_fini(&left);
    return asked;
}

/* Drops what is still asked for and asks for what is wanted now: in one write. */
static int begin_epoch(struct crop *c, const pixman_region32_t *need)
{
    static const struct rfb_rect nothing;
    pixman_region32_t *wanted = (pixman_region32_t *)(uintptr_t)crop_wanted(c), rest;
    struct crop_epoch *e = push_epoch(c);
    pixman_region32_copy(&e->asked, wanted);
    pixman_region32_copy(&e->safe, wanted);
    pixman_region32_copy(&e->whole, (pixman_region32_t *)(uintptr_t)need);
    init_without(&rest, wanted, need);
    int rc = rfb_msg_put_continuous(&c->to_server, true, nothing);
    if (rc == RFB_OK)
        rc = rfb_msg_put_continuous(&c->to_server, false, nothing);
    if (rc == RFB_OK)
        rc = crop_end_probe(c);
    if (rc == RFB_OK)
        rc = crop_put_requests(c, false, need);
    if (rc == RFB_OK)
        rc = crop_put_requests(c, true, &rest);
    pixman_region32_fini(&rest);
    return rc;
}

int crop_ask(struct crop *c)
{
    const pixman_region32_t *wanted = crop_wanted(c);
    pixman_region32_t need;
    int rc = RFB_OK;
    if (!c->ready || is_empty(wanted) || c->epoch_count == CROP_EPOCHS)
        return RFB_OK; /* when the oldest ends there is room */
    init_without(&need, wanted, &c->known);
    if (c->plain)
        rc = crop_plain_ask(c, wanted, &need);
    else if (!is_asked(c, &need))
        rc = begin_epoch(c, &need);
    pixman_region32_fini(&need);
    return rc;
}

int crop_probe(struct crop *c)
{
    static const struct rfb_rect corner = {0, 0, 1, 1};
    struct crop_epoch *e = push_epoch(c);
    pixman_region32_union_rect(&e->asked, &e->asked, corner.x, corner.y, corner.w, corner.h);
    c->probing = true;
    int rc = crop_put_encodings(c);
    return rc == RFB_OK ? rfb_msg_put_request(&c->to_server, false, corner) : rc;
}
