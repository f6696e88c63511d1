/* SPDX-License-Identifier: GPL-2.0-or-later
 * Waiting for a change, and for quiet. A change is a pixel that differs: servers send pixels that
 * are as they were. So frames are compared, but only where the server has sent something, and with
 * no lock held. */
#include "client/watch.h"

#include <string.h>

#include "client/screen.h"

enum { MASKS_MAX = 1000 };

/* ---- what is watched ---- */

int watch_take(const struct ph_client *c, const ph_watch *given, ph_watch *watch, ph_error *error)
{
    static const ph_watch everything = PH_WATCH_INIT;
    *watch = given != NULL ? *given : everything;
    if (watch->size != sizeof *watch)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_watch of an unknown size: begin with PH_WATCH_INIT");
    if (c->input_only)
        return error_set(error, PH_E_ARGUMENT, "an input-only connection has no frames");
    if (watch->mask_count > MASKS_MAX)
        return error_set(error, PH_E_ARGUMENT, "%zu masks: %d are possible", watch->mask_count,
                         MASKS_MAX);
    if (watch->since != NULL && watch->since->screen != c->screen)
        return error_set(error, PH_E_ARGUMENT, "a frame of another connection to compare with");
    return PH_OK;
}

static bool is_all(const ph_rect *r)
{
    return r->x == 0 && r->y == 0 && r->width == 0 && r->height == 0;
}

int watch_check_rect(const char *what, const ph_rect *r, const ph_frame *frame, ph_error *error)
{
    if (r->x >= 0 && r->y >= 0 && r->width > 0 && r->height > 0 &&
        r->width <= frame->width - r->x && r->height <= frame->height - r->y)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT,
                     "the %s %dx%d at (%d, %d) is not inside the screen, which is %dx%d", what,
                     r->width, r->height, r->x, r->y, frame->width, frame->height);
}

int watch_check(const ph_watch *watch, const ph_frame *frame, ph_error *error)
{
    int rc = PH_OK;
    if (!is_all(&watch->region))
        rc = watch_check_rect("region", &watch->region, frame, error);
    for (size_t i = 0; i < watch->mask_count && rc == PH_OK; i++)
        rc = watch_check_rect("mask", &watch->masks[i], frame, error);
    return rc;
}

bool watch_places(const ph_watch *watch, const ph_frame *frame, int width, int height,
                  pixman_region32_t *region)
{
    pixman_box32_t screen = {0, 0, frame->width, frame->height};
    pixman_box32_t box = screen;
    const ph_rect *r = &watch->region;
    if (!is_all(r))
        box = (pixman_box32_t){r->x, r->y, r->x + r->width, r->y + r->height};
    box.x2 = (box.x2 < screen.x2 ? box.x2 : screen.x2) - (width - 1);
    box.y2 = (box.y2 < screen.y2 ? box.y2 : screen.y2) - (height - 1);
    pixman_region32_clear(region);
    if (box.x2 <= box.x1 || box.y2 <= box.y1)
        return true;
    pixman_region32_t masks;
    pixman_region32_init(&masks);
    bool ok = true;
    for (size_t i = 0; i < watch->mask_count && ok; i++) {
        const ph_rect *m = &watch->masks[i];
        ok = pixman_region32_union_rect(&masks, &masks, m->x - (width - 1), m->y - (height - 1),
                                        (unsigned)(m->width + width - 1),
                                        (unsigned)(m->height + height - 1));
    }
    pixman_region32_reset(region, &box);
    ok = ok && pixman_region32_subtract(region, region, &masks);
    pixman_region32_fini(&masks);
    return ok;
}

/* ---- comparing ---- */

/* Does a pixel of the region, which is inside both, differ? */
static bool differ(const ph_frame *a, const ph_frame *b, pixman_region32_t *region)
{
    int n;
    const pixman_box32_t *boxes = pixman_region32_rectangles(region, &n);
    for (int i = 0; i < n; i++) {
        size_t bytes = (size_t)(boxes[i].x2 - boxes[i].x1) * sizeof *a->pixels;
        for (int32_t y = boxes[i].y1; y < boxes[i].y2; y++) {
            size_t at = (size_t)y * (size_t)a->width + (size_t)boxes[i].x1;
            if (memcmp(a->pixels + at, b->pixels + at, bytes) != 0)
                return true;
        }
    }
    return false;
}

static bool same_size(const ph_frame *a, const ph_frame *b)
{
    return a->width == b->width && a->height == b->height;
}

/* Has anything watched changed from base to frame? checked: a frame in between, up to which nothing
 * had. 1, 0 or PH_E_NO_MEMORY. */
static int changed(const ph_watch *watch, const ph_frame *base, const ph_frame *frame,
                   uint64_t checked)
{
    if (!same_size(base, frame))
        return 1;
    pixman_region32_t watched, sent;
    pixman_region32_init(&watched);
    pixman_region32_init(&sent);
    bool ok = watch_places(watch, frame, 1, 1, &watched);
    if (ok && damage_since(&frame->damage, checked, &sent))
        ok = pixman_region32_intersect(&watched, &watched, &sent);
    int rc = !ok ? PH_E_NO_MEMORY : differ(base, frame, &watched) ? 1 : 0;
    pixman_region32_fini(&watched);
    pixman_region32_fini(&sent);
    return rc;
}

static int no_memory(ph_error *error)
{
    return error_set(error, PH_E_NO_MEMORY, "out of memory for comparing frames");
}

/* ---- change ---- */

static int await_change(struct ph_client *c, struct wait *w, const ph_watch *watch,
                        const ph_frame *base, ph_frame **frame, ph_error *error)
{
    uint64_t checked = base->damage.last;
    for (;;) {
        ph_frame *f;
        int rc = client_next_frame(c, w, checked, -1, "a change", &f, error);
        if (rc != PH_OK)
            return rc;
        rc = changed(watch, base, f, checked);
        if (rc == 1) {
            *frame = f;
            return PH_OK;
        }
        checked = f->damage.last;
        ph_frame_unref(f);
        if (rc < 0)
            return no_memory(error);
    }
}

int ph_wait_change(ph_client *client, const ph_watch *watch, const ph_limit *limit,
                   ph_frame **frame, ph_error *error)
{
    ph_watch mine;
    ph_frame *base = NULL;
    struct wait w;
    *frame = NULL;
    int rc = watch_take(client, watch, &mine, error);
    if (rc != PH_OK)
        return rc;
    wait_begin(&w, limit, &client->lock, &client->changed);
    if (mine.since != NULL)
        base = ph_frame_ref((ph_frame *)mine.since);
    else
        rc = client_next_frame(client, &w, 0, -1, "a complete frame", &base, error);
    if (rc == PH_OK)
        rc = watch_check(&mine, base, error);
    if (rc == PH_OK)
        rc = await_change(client, &w, &mine, base, frame, error);
    wait_end(&w);
    ph_frame_unref(base);
    return rc;
}

/* ---- quiet ---- */

/* What one look goes through. */
struct look {
    const ph_frame *frame;
    pixman_region32_t watched, part;
    bool changed; /* q->frame is no longer what the screen showed */
};

/* 1: it had been quiet long enough before this was sent. */
static int look_at(struct quiet *q, struct look *l, const struct damage_record *r)
{
    if (!pixman_region32_intersect(&l->part, &l->watched, (pixman_region32_t *)&r->region))
        return PH_E_NO_MEMORY;
    if (!r->whole && !pixman_region32_not_empty(&l->part))
        return 0;
    if (!l->changed && r->time - q->last >= q->length)
        return 1;
    /* what has changed and changed back between two looks is not seen, as between two updates */
    if (!same_size(q->frame, l->frame) || differ(q->frame, l->frame, &l->part)) {
        l->changed = true;
        q->last = r->time > q->last ? r->time : q->last;
    }
    return 0;
}

int quiet_look(struct quiet *q, const ph_frame *frame)
{
    struct look l = {.frame = frame};
    pixman_region32_init(&l.watched);
    pixman_region32_init(&l.part);
    int rc = watch_places(q->watch, frame, 1, 1, &l.watched) ? 0 : PH_E_NO_MEMORY;
    bool forgotten = false;
    for (uint64_t i = q->frame->damage.last + 1; i <= frame->damage.last && rc == 0; i++) {
        const struct damage_record *r = damage_record(&frame->damage, i);
        if (r != NULL) {
            rc = look_at(q, &l, r);
        } else if (!forgotten) {
            forgotten = true; /* so long ago that nobody knows when */
            l.changed = !same_size(q->frame, frame) || differ(q->frame, frame, &l.watched);
            q->last = l.changed ? frame->time : q->last;
        }
        if (rc == 0 && q->wait != NULL)
            rc = wait_check(q->wait, 0);
    }
    pixman_region32_fini(&l.watched);
    pixman_region32_fini(&l.part);
    return rc;
}

static int interrupted(int code, ph_error *error)
{
    return error_set(error, code, "%s while waiting for the screen to be quiet",
                     code == PH_E_TIMEOUT ? "timed out" : "cancelled");
}

static int await_quiet(struct ph_client *c, struct wait *w, struct quiet *q, ph_error *error)
{
    for (;;) {
        ph_frame *f;
        int rc = client_next_frame(c, w, q->frame->damage.last, q->last + q->length,
                                   "the screen to be quiet", &f, error);
        if (rc != PH_OK || f == NULL)
            return rc;
        rc = quiet_look(q, f);
        if (rc == 1 || rc == PH_E_NO_MEMORY) {
            ph_frame_unref(f);
            return rc == 1 ? PH_OK : no_memory(error);
        }
        ph_frame_unref(q->frame);
        q->frame = f;
        if (rc != 0)
            return interrupted(rc, error);
    }
}

int ph_wait_quiet(ph_client *client, const ph_watch *watch, int quiet_ms, const ph_limit *limit,
                  ph_frame **frame, int *waited_ms, ph_error *error)
{
    ph_watch mine;
    struct wait w;
    *frame = NULL;
    if (quiet_ms < 0)
        return error_set(error, PH_E_ARGUMENT, "%d ms of quiet: 0 or more are possible", quiet_ms);
    int rc = watch_take(client, watch, &mine, error);
    if (rc != PH_OK)
        return rc;
    int64_t begun = wait_now();
    struct quiet q = {
        .watch = &mine, .length = (int64_t)quiet_ms * 1000000, .last = begun, .wait = &w};
    wait_begin(&w, limit, &client->lock, &client->changed);
    rc = client_next_frame(client, &w, 0, -1, "a complete frame", &q.frame, error);
    if (rc == PH_OK && q.frame->time > q.last)
        q.last = q.frame->time; /* the first of all */
    if (rc == PH_OK)
        rc = watch_check(&mine, q.frame, error);
    if (rc == PH_OK)
        rc = await_quiet(client, &w, &q, error);
    wait_end(&w);
    if (waited_ms != NULL)
        *waited_ms = (int)((q.last - begun) / 1000000);
    if (rc == PH_OK || rc == PH_E_TIMEOUT)
        *frame = q.frame;
    else
        ph_frame_unref(q.frame);
    return rc;
}
