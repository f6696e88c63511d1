/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_view.h"

#include "rfb/proto.h"

void crop_view_init(struct crop_view *v, const struct crop_how *how)
{
    *v = (struct crop_view){.how = how};
    pixman_region32_init(&v->visible);
}

void crop_view_finish(struct crop_view *v)
{
    pixman_region32_fini(&v->visible);
}

static void add(pixman_region32_t *region, const struct windows_rect *r)
{
    if (r->width == 0 || r->height == 0)
        return; /* pixman complains of them */
    pixman_region32_union_rect(region, region, r->x, r->y, (unsigned)r->width, (unsigned)r->height);
}

void crop_view_add_touched(pixman_region32_t *region, const struct windows *w)
{
    for (size_t i = 0; i < w->touched_count; i++)
        add(region, &w->touched[i]);
}

static void take_away(pixman_region32_t *region, const struct windows_rect *r)
{
    pixman_region32_t other;
    if (r->width == 0 || r->height == 0)
        return;
    pixman_region32_init_rect(&other, r->x, r->y, (unsigned)r->width, (unsigned)r->height);
    pixman_region32_subtract(region, region, &other);
    pixman_region32_fini(&other);
}

/* What of an own window may be shown: of one that is shaped, what its shape says; of one whose
 * shape is not known, nothing. */
static void add_own(pixman_region32_t *region, const struct window *w,
                    const struct windows_rect *shown)
{
    pixman_region32_t own, shape;
    if (!w->clips || shown->width == 0 || shown->height == 0) {
        add(region, shown);
        return;
    }
    pixman_region32_init_rect(&own, shown->x, shown->y, (unsigned)shown->width,
                              (unsigned)shown->height);
    pixman_region32_init(&shape);
    for (size_t i = 0; i < w->shape_count; i++)
        add(&shape, &w->shape[i]);
    pixman_region32_intersect(&own, &own, &shape);
    pixman_region32_union(region, region, &own);
    pixman_region32_fini(&own);
    pixman_region32_fini(&shape);
}

static struct windows_rect shown_of(const struct crop_view *v, const struct window *w)
{
    return v->how->frame ? w->frame : w->rect;
}

/* Is it of what the viewer is to have? */
static bool is_wanted(const struct crop_view *v, const struct windows *w, const struct window *one,
                      uint32_t main)
{
    return v->how->popups == CROP_POPUPS_NONE ? one->id == main : windows_belongs(w, one, main);
}

/* What the X server was asked later than its events were told may be somewhere else already. */
static struct windows_rect inside(struct windows_rect a, const struct windows_rect *b)
{
    int x = a.x > b->x ? a.x : b->x, y = a.y > b->y ? a.y : b->y;
    int right = a.x + a.width < b->x + b->width ? a.x + a.width : b->x + b->width;
    int bottom = a.y + a.height < b->y + b->height ? a.y + a.height : b->y + b->height;
    if (right <= x || bottom <= y)
        return (struct windows_rect){x, y, 0, 0};
    return (struct windows_rect){x, y, right - x, bottom - y};
}

static struct windows_rect around(const struct windows_rect *a, const struct windows_rect *b)
{
    int x = a->x < b->x ? a->x : b->x, y = a->y < b->y ? a->y : b->y;
    int right = a->x + a->width > b->x + b->width ? a->x + a->width : b->x + b->width;
    int bottom = a->y + a->height > b->y + b->height ? a->y + a->height : b->y + b->height;
    return (struct windows_rect){x, y, right - x, bottom - y};
}

static bool same(const struct windows_rect *a, const struct windows_rect *b)
{
    return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

/* A canvas that RFB can have. */
static bool is_canvas(const struct windows_rect *r)
{
    return r->width >= 1 && r->height >= 1 && r->width <= RFB_SIDE_MAX &&
           r->height <= RFB_SIDE_MAX && (int64_t)r->width * r->height <= RFB_PIXELS_MAX;
}

static void place_canvas(struct crop_view *v, const struct windows *w, const struct window *main)
{
    struct windows_rect canvas = shown_of(v, main);
    if (!main->mapped || !is_canvas(&canvas))
        return; /* minimised: it keeps its place */
    if (same(&canvas, &v->window))
        canvas = v->canvas;
    v->window = shown_of(v, main);
    for (size_t i = 0; i < w->count && v->how->popups == CROP_POPUPS_EXPAND; i++) {
        const struct window *one = &w->list[i];
        if (!one->mapped || one == main || !windows_belongs(w, one, main->id))
            continue;
        struct windows_rect shown = shown_of(v, one), grown = around(&canvas, &shown);
        if (shown.width > 0 && shown.height > 0 && is_canvas(&grown))
            canvas = grown;
    }
    v->canvas = canvas;
}

/* Bottom to top: what is foreign hides what lies below it, whole, whatever its shape; so does the
 * frame of an own window, which is the window manager's. */
static void find_visible(struct crop_view *v, const struct windows *w)
{
    pixman_region32_clear(&v->visible);
    if (v->main == 0 || !w->complete)
        return;
    for (size_t i = 0; i < w->count; i++) {
        const struct window *one = &w->list[i];
        if (!one->mapped)
            continue;
        take_away(&v->visible, &one->frame);
        if (!is_wanted(v, w, one, v->main))
            continue;
        struct windows_rect shown = inside(shown_of(v, one), &one->frame);
        add_own(&v->visible, one, &shown);
    }
    pixman_region32_intersect_rect(&v->visible, &v->visible, 0, 0, (unsigned)w->width,
                                   (unsigned)w->height);
    pixman_region32_intersect_rect(&v->visible, &v->visible, v->canvas.x, v->canvas.y,
                                   (unsigned)v->canvas.width, (unsigned)v->canvas.height);
}

void crop_view_update(struct crop_view *v, const struct windows *w)
{
    const struct window *main = v->main != 0 ? windows_find(w, v->main) : NULL;
    if (main == NULL || !main->main || !windows_still_fits(main, v->how->selector))
        main = windows_select(w, v->how->selector);
    if (main != NULL && main->id != v->main)
        v->window = (struct windows_rect){0}; /* what the canvas has grown by was the other's */
    v->main = main != NULL ? main->id : 0;
    if (main != NULL)
        place_canvas(v, w, main);
    find_visible(v, w);
    const struct window *focus = w->focus != 0 ? windows_find(w, w->focus) : NULL;
    v->focused = main != NULL && focus != NULL && is_wanted(v, w, focus, main->id);
}
