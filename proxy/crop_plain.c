/* SPDX-License-Identifier: GPL-2.0-or-later
 * A window out of a server without ContinuousUpdates, as LibVNCServer and x11vnc are. What was
 * asked for there cannot be taken back, and nothing tells the answers to one request from those to
 * another. So before something else is asked for, the server is drained: it is asked for one pixel
 * beside all the rest. It reads requests in their order, and an update answers all that it has read
 * (RFC 6143 section 7.5.3): the one that has this pixel is the last that may have anything of what
 * was asked for before. As long as the same is asked for again, and was the application's all the
 * time, that is not needed.
 *
 * Only encodings are asked for whose rectangles can be dropped one by one: the pixel is nobody's.
 */
#include "crop_private.h"
#include "rfb/err.h"

enum { FEW = 4 /* rectangles that are asked for where more would not come one by one */ };

static bool is_around(const pixman_box32_t *b, int x, int y)
{
    return x >= b->x1 && x < b->x2 && y >= b->y1 && y < b->y2;
}

static bool same(const pixman_region32_t *a, const pixman_region32_t *b)
{
    return pixman_region32_equal((pixman_region32_t *)(uintptr_t)a,
                                 (pixman_region32_t *)(uintptr_t)b);
}

void crop_plain_begin(struct crop *c)
{
    c->ready = c->plain = c->restless = true;
    c->probing = false;
    c->drain.begun = true; /* the probe is as good a pixel as any */
    c->drain.clean = c->drain.seen = false;
    c->drain.x = c->drain.y = 0;
    c->drain.how = DRAIN_OUTSIDE;
    pixman_region32_clear(&c->drain.stray);
    pixman_region32_union_rect(&c->drain.stray, &c->drain.stray, 0, 0, 1, 1);
}

/* ---- what comes ---- */

/* All that may come; to be finished. */
static void init_expected(const struct crop *c, pixman_region32_t *all)
{
    pixman_region32_init(all);
    pixman_region32_union(all, (pixman_region32_t *)(uintptr_t)&c->epochs[0].asked,
                          (pixman_region32_t *)(uintptr_t)&c->drain.stray);
}

/* The rectangle that was kept last is the first one of the update with pixels. */
static bool is_first(const struct crop *c)
{
    for (size_t i = 0; i + 1 < c->held_count; i++)
        if (c->held[i].pixels)
            return false;
    return true;
}

static bool is_within(const pixman_box32_t *a, const pixman_box32_t *b)
{
    return a->x1 >= b->x1 && a->y1 >= b->y1 && a->x2 <= b->x2 && a->y2 <= b->y2;
}

bool crop_plain_expects(struct crop *c, const struct rfb_rect *r)
{
    struct crop_drain *d = &c->drain;
    pixman_box32_t box = {r->x, r->y, r->x + r->w, r->y + r->h};
    pixman_region32_t all;
    if (d->lumped)
        return false;
    init_expected(c, &all);
    bool inside = pixman_region32_contains_rectangle(&all, &box) == PIXMAN_REGION_IN;
    /* In place of more than 50 rectangles LibVNCServer sends one that is around them all: it is
     * dropped, and less asked for at once. */
    d->lumped = !inside && is_first(c) && is_within(&box, pixman_region32_extents(&all));
    d->sparing = d->sparing || d->lumped;
    if (d->begun && is_around(&box, d->x, d->y)) {
        d->seen = true;
        d->sure = d->how == DRAIN_OUTSIDE || (d->how == DRAIN_BETWEEN && !d->lumped) ||
                  (r->w == 1 && r->h == 1);
    }
    pixman_region32_fini(&all);
    return inside || d->lumped;
}

/* ---- the pixel ---- */

/* Where nothing that was asked for is, or would be if it came lumped together. */
static enum crop_drain_how find_pixel(const struct crop *c, int *x, int *y)
{
    int right = c->server.width - 1, bottom = c->server.height - 1;
    const int corners[][2] = {{0, 0}, {right, bottom}, {right, 0}, {0, bottom}};
    pixman_region32_t expected, left;
    int n;
    init_expected(c, &expected);
    pixman_box32_t extents = *pixman_region32_extents(&expected);
    *x = *y = 0;
    for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++) {
        if (is_around(&extents, corners[i][0], corners[i][1]))
            continue;
        *x = corners[i][0];
        *y = corners[i][1];
        pixman_region32_fini(&expected);
        return DRAIN_OUTSIDE;
    }
    pixman_region32_init_rect(&left, 0, 0, c->server.width, c->server.height);
    pixman_region32_subtract(&left, &left, &expected);
    const pixman_box32_t *boxes = pixman_region32_rectangles(&left, &n);
    if (n > 0) {
        *x = boxes[0].x1;
        *y = boxes[0].y1;
    }
    pixman_region32_fini(&left);
    pixman_region32_fini(&expected);
    return n > 0 ? DRAIN_BETWEEN : DRAIN_INSIDE;
}

static int drain(struct crop *c)
{
    struct crop_drain *d = &c->drain;
    d->how = find_pixel(c, &d->x, &d->y);
    d->begun = true;
    pixman_region32_union_rect(&d->stray, &d->stray, d->x, d->y, 1, 1);
    const struct rfb_rect pixel = {(uint16_t)d->x, (uint16_t)d->y, 1, 1};
    return rfb_msg_put_request(&c->to_server, false, pixel);
}

int crop_plain_end(struct crop *c)
{
    struct crop_drain *d = &c->drain;
    struct crop_epoch *e = &c->epochs[0];
    bool gone = d->x >= c->server.width || d->y >= c->server.height; /* the screen has shrunk */
    d->lumped = false;
    if (!d->seen && !(d->begun && gone))
        return RFB_OK;
    if (!d->seen) {
        pixman_region32_intersect_rect(&d->stray, &d->stray, 0, 0, c->server.width,
                                       c->server.height);
        return drain(c);
    }
    /* where it may have been something else that was there, all that was asked for may still come
     */
    if (d->sure)
        pixman_region32_clear(&d->stray);
    else
        pixman_region32_union(&d->stray, &d->stray, &e->asked);
    pixman_region32_clear(&e->asked);
    pixman_region32_clear(&e->safe);
    pixman_region32_clear(&e->whole);
    d->begun = d->seen = false;
    d->clean = true;
    return RFB_OK;
}

/* ---- what is asked for ---- */

/* The first few rectangles of what is missing; to be finished. */
static void init_few(pixman_region32_t *to, const pixman_region32_t *need)
{
    int n;
    const pixman_box32_t *b = pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)need, &n);
    pixman_region32_init(to);
    for (int i = 0; i < n && i < FEW; i++)
        pixman_region32_union_rect(to, to, b[i].x1, b[i].y1, (unsigned)(b[i].x2 - b[i].x1),
                                   (unsigned)(b[i].y2 - b[i].y1));
}

static int request(struct crop *c, const pixman_region32_t *ask, const pixman_region32_t *need)
{
    struct crop_epoch *e = &c->epochs[0];
    pixman_region32_t whole, rest;
    pixman_region32_init(&whole);
    pixman_region32_init(&rest);
    pixman_region32_intersect(&whole, (pixman_region32_t *)(uintptr_t)ask,
                              (pixman_region32_t *)(uintptr_t)need);
    pixman_region32_subtract(&rest, (pixman_region32_t *)(uintptr_t)ask, &whole);
    if (!c->drain.clean && !e->answered) { /* the rest of it is on its way */
        pixman_region32_subtract(&whole, &whole, &e->whole);
        pixman_region32_clear(&rest);
    }
    if (c->drain.clean) {
        pixman_region32_copy(&e->asked, (pixman_region32_t *)(uintptr_t)ask);
        pixman_region32_copy(&e->safe, (pixman_region32_t *)(uintptr_t)ask);
        e->x = c->canvas.x;
        e->y = c->canvas.y;
        c->drain.clean = false;
    }
    if (e->answered)
        pixman_region32_clear(&e->whole);
    pixman_region32_union(&e->whole, &e->whole, &whole);
    e->answered = false;
    int rc = crop_put_requests(c, false, &whole);
    if (rc == RFB_OK)
        rc = crop_put_requests(c, true, &rest);
    pixman_region32_fini(&whole);
    pixman_region32_fini(&rest);
    return rc;
}

/* Is what is to be asked for on its way? */
static bool is_coming(const struct crop_epoch *e, const pixman_region32_t *ask,
                      const pixman_region32_t *need)
{
    pixman_region32_t left;
    if (e->answered)
        return false;
    pixman_region32_init(&left);
    pixman_region32_intersect(&left, (pixman_region32_t *)(uintptr_t)ask,
                              (pixman_region32_t *)(uintptr_t)need);
    pixman_region32_subtract(&left, &left, (pixman_region32_t *)(uintptr_t)&e->whole);
    bool coming = !pixman_region32_not_empty(&left);
    pixman_region32_fini(&left);
    return coming;
}

int crop_plain_ask(struct crop *c, const pixman_region32_t *wanted, const pixman_region32_t *need)
{
    const struct crop_epoch *e = &c->epochs[0];
    bool missing = pixman_region32_not_empty((pixman_region32_t *)(uintptr_t)need);
    pixman_region32_t ask;
    int rc = RFB_OK;
    if (c->drain.begun)
        return RFB_OK;
    c->drain.sparing = c->drain.sparing && missing;
    if (c->drain.sparing) {
        init_few(&ask, need);
    } else {
        pixman_region32_init(&ask);
        pixman_region32_copy(&ask, (pixman_region32_t *)(uintptr_t)wanted);
    }
    bool goes_on =
        e->x == c->canvas.x && e->y == c->canvas.y && same(&e->asked, &ask) && same(&e->safe, &ask);
    if (c->drain.clean || (goes_on && !is_coming(e, &ask, need)))
        rc = request(c, &ask, need);
    else if (!goes_on)
        rc = drain(c);
    pixman_region32_fini(&ask);
    return rc;
}
