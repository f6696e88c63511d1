/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where the server has no ContinuousUpdates or a compositing manager draws, what comes is late:
 * x11vnc looks from time to time, a compositing manager draws when it comes to it. Pixels that were
 * somebody else's a moment ago may still be his there, whatever the windows are by now. So what has
 * lately become the application's, or was touched, is not asked for before some time has passed.
 * Until then the viewer keeps what it has of it, or what is flat. */
#include "crop_private.h"
#include "rfb/err.h"

static void find_steady(struct crop *c)
{
    struct crop_settle *s = &c->settle;
    c->settling = false;
    pixman_region32_copy(&s->steady, &c->view.visible);
    for (int i = 0; i < CROP_SETTLE_PLAIN; i++) {
        c->settling = c->settling || pixman_region32_not_empty(&s->lately[i]);
        pixman_region32_subtract(&s->steady, &s->steady, &s->lately[i]);
    }
}

void crop_settle_init(struct crop *c)
{
    pixman_region32_init(&c->settle.steady);
    pixman_region32_init(&c->settle.before);
    for (int i = 0; i < CROP_SETTLE_PLAIN; i++)
        pixman_region32_init(&c->settle.lately[i]);
}

void crop_settle_finish(struct crop *c)
{
    pixman_region32_fini(&c->settle.steady);
    pixman_region32_fini(&c->settle.before);
    for (int i = 0; i < CROP_SETTLE_PLAIN; i++)
        pixman_region32_fini(&c->settle.lately[i]);
}

void crop_settle_begin(struct crop *c, bool late)
{
    c->late = late;
    c->settling = false;
    pixman_region32_clear(&c->settle.before);
    for (int i = 0; i < CROP_SETTLE_PLAIN; i++)
        pixman_region32_clear(&c->settle.lately[i]);
    crop_settle_windows(c, NULL);
}

int crop_relax(struct crop *c, bool relaxed, bool late)
{
    if (c->relaxed == relaxed && c->late == late)
        return RFB_OK;
    c->title_due = c->title_due || c->relaxed != relaxed;
    c->relaxed = relaxed;
    if (c->late != late)
        crop_settle_begin(c, late);
    return crop_pump(c);
}

void crop_settle_windows(struct crop *c, const struct windows *w)
{
    struct crop_settle *s = &c->settle;
    pixman_region32_t fresh;
    if (!c->late)
        return;
    pixman_region32_init(&fresh);
    pixman_region32_subtract(&fresh, &c->view.visible, &s->before);
    if (w != NULL)
        crop_view_add_touched(&fresh, w);
    pixman_region32_intersect(&fresh, &fresh, &c->view.visible);
    pixman_region32_union(&s->lately[0], &s->lately[0], &fresh);
    pixman_region32_copy(&s->before, &c->view.visible);
    pixman_region32_fini(&fresh);
    find_steady(c);
}

const pixman_region32_t *crop_wanted(const struct crop *c)
{
    return c->late ? &c->settle.steady : &c->view.visible;
}

int crop_settle(struct crop *c)
{
    int last = (c->plain ? CROP_SETTLE_PLAIN : CROP_SETTLE_STEPS) - 1;
    pixman_region32_t oldest = c->settle.lately[last];
    for (int i = last; i > 0; i--)
        c->settle.lately[i] = c->settle.lately[i - 1];
    pixman_region32_clear(&oldest);
    c->settle.lately[0] = oldest;
    find_steady(c);
    return crop_pump(c);
}
