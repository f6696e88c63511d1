/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/shape.h>
#include <xcb/xfixes.h>

#include "text.h"

enum { ANCESTORS_MAX = 16 };

/* ---- the list ---- */

static int index_of(const struct tree *t, xcb_window_t frame)
{
    for (int i = 0; i < t->count; i++)
        if (t->windows[i]->frame == frame)
            return i;
    return -1;
}

struct window *tree_find(const struct tree *t, xcb_window_t id)
{
    for (int i = 0; i < t->count; i++)
        if (t->windows[i]->frame == id || t->windows[i]->client == id)
            return t->windows[i];
    return NULL;
}

static struct window *find_client(const struct tree *t, xcb_window_t client)
{
    for (int i = 0; i < t->count; i++)
        if (t->windows[i]->client == client)
            return t->windows[i];
    return NULL;
}

/* ---- what was touched ---- */

static void grow(struct rect *to, const struct rect *r)
{
    int right = to->x + to->width > r->x + r->width ? to->x + to->width : r->x + r->width;
    int bottom = to->y + to->height > r->y + r->height ? to->y + to->height : r->y + r->height;
    to->x = to->x < r->x ? to->x : r->x;
    to->y = to->y < r->y ? to->y : r->y;
    to->width = right - to->x;
    to->height = bottom - to->y;
}

/* w is, or was until now, where it may be seen. */
static void touch(struct tree *t, const struct window *w)
{
    if (!w->mapped || w->outer.width == 0 || w->outer.height == 0)
        return;
    if (t->touched_count == TREE_TOUCHED_MAX)
        grow(&t->touched[TREE_TOUCHED_MAX - 1], &w->outer);
    else
        t->touched[t->touched_count++] = w->outer;
}

void tree_forget_touched(struct tree *t)
{
    t->touched_count = 0;
}

/* ---- changing the list ---- */

/* On top of all. NULL: it is only counted. */
static struct window *add(struct tree *t, xcb_window_t frame)
{
    struct window *w = t->count < TREE_MAX ? calloc(1, sizeof *w) : NULL;
    if (w == NULL) {
        t->left_out++;
        return NULL;
    }
    w->frame = w->client = frame;
    w->stale = w->stale_client = true;
    t->windows[t->count++] = w;
    return w;
}

static void take_out(struct tree *t, int i)
{
    t->count--;
    memmove(t->windows + i, t->windows + i + 1, (size_t)(t->count - i) * sizeof(struct window *));
}

static void remove_window(struct tree *t, xcb_window_t frame)
{
    int i = index_of(t, frame);
    if (i < 0) {
        t->left_out -= t->left_out > 0;
        return;
    }
    touch(t, t->windows[i]);
    window_destroy(t->windows[i]);
    take_out(t, i);
}

/* Right above the sibling; none: below all. One that is left out is taken for the bottom, too. */
static void restack(struct tree *t, int from, xcb_window_t sibling)
{
    struct window *w = t->windows[from];
    take_out(t, from);
    int to = sibling != XCB_NONE ? index_of(t, sibling) + 1 : 0;
    memmove(t->windows + to + 1, t->windows + to,
            (size_t)(t->count - to) * sizeof(struct window *));
    t->windows[to] = w;
    t->count++;
}

static void place(struct window *w, int x, int y, int width, int height, int border)
{
    w->outer = (struct rect){x, y, width + 2 * border, height + 2 * border};
    w->border = border;
    w->stale = true;
}

/* Frames whose client is not known yet may have got one. */
static void doubt_clients(struct tree *t)
{
    for (int i = 0; i < t->count; i++) {
        struct window *w = t->windows[i];
        if (!w->override_redirect && w->client == w->frame && !w->managed)
            w->stale = w->stale_client = true;
    }
}

/* ---- events ---- */

/* What shows in the frame may be another's from here on. */
static void doubt(struct tree *t, struct window *w)
{
    touch(t, w);
    w->stale = w->stale_client = true;
}

/* An event of a window in a frame that has held several. */
static void on_child(struct tree *t, xcb_window_t frame)
{
    int i = index_of(t, frame);
    if (i >= 0 && t->windows[i]->crowded)
        doubt(t, t->windows[i]);
}

static void on_create(struct tree *t, const xcb_create_notify_event_t *e)
{
    struct window *w = e->parent == t->display->root ? add(t, e->window) : NULL;
    if (w == NULL)
        return;
    w->override_redirect = e->override_redirect;
    place(w, e->x, e->y, e->width, e->height, e->border_width);
}

static void on_destroy(struct tree *t, const xcb_destroy_notify_event_t *e)
{
    if (e->event == t->display->root) {
        remove_window(t, e->window);
        return;
    }
    on_child(t, e->event);
    struct window *w = find_client(t, e->window);
    if (w != NULL && w->frame != e->window) {
        w->client = w->frame;
        w->stale = w->stale_client = true;
    }
}

static void on_map(struct tree *t, xcb_window_t event, xcb_window_t id, bool mapped)
{
    struct window *w = event == t->display->root ? tree_find(t, id) : NULL;
    if (w == NULL || w->frame != id) {
        if (event == t->display->root)
            return;
        on_child(t, event);
        if ((w = find_client(t, id)) != NULL)
            w->stale = true;
        return;
    }
    touch(t, w);
    w->mapped = mapped;
    touch(t, w);
    w->stale = true;
    w->stale_client = w->stale_client || (mapped && !w->override_redirect && w->client == id);
}

static void on_configure(struct tree *t, const xcb_configure_notify_event_t *e)
{
    if (e->window == t->display->root) {
        t->width = e->width;
        t->height = e->height;
        return;
    }
    if (e->event != t->display->root) {
        on_child(t, e->event);
        struct window *w = find_client(t, e->window);
        if (w != NULL)
            w->stale = true;
        return;
    }
    int i = index_of(t, e->window);
    if (i < 0)
        return;
    struct window *w = t->windows[i];
    touch(t, w);
    place(w, e->x, e->y, e->width, e->height, e->border_width);
    touch(t, w);
    restack(t, i, e->above_sibling);
}

static void on_circulate(struct tree *t, const xcb_circulate_notify_event_t *e)
{
    int i = e->event == t->display->root ? index_of(t, e->window) : -1;
    if (i < 0)
        return;
    touch(t, t->windows[i]);
    xcb_window_t top = t->windows[t->count - 1]->frame;
    if (e->place == XCB_PLACE_ON_BOTTOM)
        restack(t, i, XCB_NONE);
    else if (top != e->window)
        restack(t, i, top);
}

/* Of one frame into another; the root is told of all else. */
static void on_moved_over(struct tree *t, const xcb_reparent_notify_event_t *e)
{
    struct window *from = find_client(t, e->window);
    int to = index_of(t, e->parent);
    on_child(t, e->event);
    if (from != NULL && from->frame != e->parent)
        doubt(t, from);
    if (to < 0 || t->windows[to]->client == e->window)
        return;
    window_crowd(t->display, t->windows[to], e->window);
    doubt(t, t->windows[to]);
}

static void on_reparent(struct tree *t, const xcb_reparent_notify_event_t *e)
{
    if (e->event != t->display->root) {
        on_moved_over(t, e);
        return;
    }
    if (e->parent != t->display->root) {
        remove_window(t, e->window);
        int i = index_of(t, e->parent);
        if (i >= 0 && t->windows[i]->client == e->parent) {
            /* it need not be searched for, and has no WM_STATE yet by which it would be found */
            t->windows[i]->client = e->window;
            t->windows[i]->stale = true;
            t->windows[i]->stale_client = t->windows[i]->watched = false;
            t->windows[i]->grounded = false;
        } else if (i >= 0) {
            window_crowd(t->display, t->windows[i], e->window);
            doubt(t, t->windows[i]);
        } else {
            doubt_clients(t);
        }
        return;
    }
    struct window *frame = find_client(t, e->window);
    if (frame != NULL && frame->frame != e->window)
        doubt(t, frame);
    struct window *w = index_of(t, e->window) < 0 ? add(t, e->window) : NULL;
    if (w == NULL)
        return;
    w->override_redirect = e->override_redirect;
    /* size and border come with tree_settle */
    place(w, e->x, e->y, 0, 0, 0);
    doubt_clients(t);
}

static void on_property(struct tree *t, const xcb_property_notify_event_t *e)
{
    const struct display *d = t->display;
    if (e->window == d->root) {
        t->stale_focus = t->stale_focus || e->atom == d->ewmh._NET_ACTIVE_WINDOW;
        t->stale_manager = t->stale_manager || e->atom == d->ewmh._NET_SUPPORTING_WM_CHECK;
        return;
    }
    struct window *w = tree_find(t, e->window);
    if (w != NULL)
        w->stale = true;
    for (int i = 0; w == NULL && e->atom == d->state && i < t->count; i++)
        if (t->windows[i]->crowded) /* it may be one of those that came into its frame */
            doubt(t, t->windows[i]);
}

static bool on_extension(struct tree *t, const xcb_generic_event_t *event, uint8_t type)
{
    const struct display *d = t->display;
    if (d->has_shape && type == d->shape_event + XCB_SHAPE_NOTIFY) {
        const xcb_shape_notify_event_t *e = (const xcb_shape_notify_event_t *)event;
        struct window *w = tree_find(t, e->affected_window);
        if (w != NULL) {
            touch(t, w);
            w->stale = true;
        }
        return true;
    }
    if (d->has_fixes && type == d->fixes_event + XCB_XFIXES_SELECTION_NOTIFY) {
        const xcb_xfixes_selection_notify_event_t *e =
            (const xcb_xfixes_selection_notify_event_t *)event;
        t->compositing = e->owner != XCB_NONE;
        return true;
    }
    return false;
}

bool tree_event(struct tree *t, const xcb_generic_event_t *event)
{
    uint8_t type = event->response_type & 0x7f;
    switch (type) {
    case XCB_CREATE_NOTIFY:
        on_create(t, (const xcb_create_notify_event_t *)event);
        return true;
    case XCB_DESTROY_NOTIFY:
        on_destroy(t, (const xcb_destroy_notify_event_t *)event);
        return true;
    case XCB_MAP_NOTIFY: {
        const xcb_map_notify_event_t *e = (const xcb_map_notify_event_t *)event;
        on_map(t, e->event, e->window, true);
        return true;
    }
    case XCB_UNMAP_NOTIFY: {
        const xcb_unmap_notify_event_t *e = (const xcb_unmap_notify_event_t *)event;
        on_map(t, e->event, e->window, false);
        return true;
    }
    case XCB_CONFIGURE_NOTIFY:
        on_configure(t, (const xcb_configure_notify_event_t *)event);
        return true;
    case XCB_CIRCULATE_NOTIFY:
        on_circulate(t, (const xcb_circulate_notify_event_t *)event);
        return true;
    case XCB_REPARENT_NOTIFY:
        on_reparent(t, (const xcb_reparent_notify_event_t *)event);
        return true;
    case XCB_PROPERTY_NOTIFY:
        on_property(t, (const xcb_property_notify_event_t *)event);
        return true;
    case XCB_FOCUS_IN:
    case XCB_FOCUS_OUT:
        t->stale_focus = true;
        return true;
    default:
        return on_extension(t, event, type);
    }
}

/* ---- asking ---- */

/* The geometry of one that came in without: by reparenting. */
static void complete_place(struct tree *t, struct window *w)
{
    xcb_connection_t *x = t->display->x;
    xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(x, xcb_get_geometry(x, w->frame), NULL);
    if (g != NULL)
        place(w, g->x, g->y, g->width, g->height, g->border_width);
    free(g);
}

/* The root's child that the window lies in. */
static xcb_window_t find_top(struct tree *t, xcb_window_t id)
{
    xcb_connection_t *x = t->display->x;
    for (int i = 0; i < ANCESTORS_MAX && id != XCB_NONE; i++) {
        struct window *w = tree_find(t, id);
        if (w != NULL)
            return w->frame;
        xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x, xcb_query_tree(x, id), NULL);
        id = tree != NULL ? tree->parent : XCB_NONE;
        free(tree);
    }
    return XCB_NONE;
}

static void settle_focus(struct tree *t)
{
    struct display *d = t->display;
    xcb_get_input_focus_reply_t *r =
        xcb_get_input_focus_reply(d->x, xcb_get_input_focus(d->x), NULL);
    /* 0 and 1 are None and PointerRoot */
    t->focus = r != NULL && r->focus > 1 && r->focus != d->root ? find_top(t, r->focus) : XCB_NONE;
    free(r);
    t->stale_focus = false;
}

/* The window that the property names must name itself (EWMH, _NET_SUPPORTING_WM_CHECK): one that a
 * window manager left behind when it died does not. */
static void settle_manager(struct tree *t)
{
    struct display *d = t->display;
    xcb_window_t check = XCB_NONE, again = XCB_NONE;
    xcb_ewmh_get_utf8_strings_reply_t name;
    xcb_ewmh_connection_t *e = &d->ewmh;
    t->manager[0] = '\0';
    t->stale_manager = false;
    if (!xcb_ewmh_get_supporting_wm_check_reply(e, xcb_ewmh_get_supporting_wm_check(e, d->root),
                                                &check, NULL) ||
        !xcb_ewmh_get_supporting_wm_check_reply(e, xcb_ewmh_get_supporting_wm_check(e, check),
                                                &again, NULL) ||
        again != check)
        return;
    text_copy(t->manager, sizeof t->manager, "unknown", 7, false);
    if (xcb_ewmh_get_wm_name_reply(e, xcb_ewmh_get_wm_name(e, check), &name, NULL)) {
        text_copy(t->manager, sizeof t->manager, name.strings, name.strings_len, false);
        xcb_ewmh_get_utf8_strings_reply_wipe(&name);
    }
}

void tree_settle(struct tree *t)
{
    struct window **stale = calloc((size_t)t->count + 1, sizeof(struct window *));
    int n = 0;
    if (stale == NULL)
        return;
    for (int i = 0; i < t->count; i++) {
        if (!t->windows[i]->stale)
            continue;
        if (t->windows[i]->outer.width == 0)
            complete_place(t, t->windows[i]);
        stale[n++] = t->windows[i];
    }
    window_read(t->display, stale, n);
    free(stale);
    if (t->stale_manager)
        settle_manager(t);
    if (t->stale_focus)
        settle_focus(t);
}

/* ---- life ---- */

static void read_existing(struct tree *t, xcb_window_t id)
{
    xcb_connection_t *x = t->display->x;
    xcb_get_window_attributes_cookie_t asked = xcb_get_window_attributes(x, id);
    xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(x, xcb_get_geometry(x, id), NULL);
    xcb_get_window_attributes_reply_t *a = xcb_get_window_attributes_reply(x, asked, NULL);
    struct window *w = g != NULL && a != NULL ? add(t, id) : NULL;
    if (w != NULL) {
        w->override_redirect = a->override_redirect;
        w->mapped = a->map_state != XCB_MAP_STATE_UNMAPPED;
        place(w, g->x, g->y, g->width, g->height, g->border_width);
    }
    free(g);
    free(a);
}

static void watch_compositor(struct tree *t)
{
    struct display *d = t->display;
    if (d->has_fixes)
        xcb_xfixes_select_selection_input(
            d->x, d->root, d->compositor,
            XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER |
                XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_WINDOW_DESTROY |
                XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_CLIENT_CLOSE);
    xcb_get_selection_owner_reply_t *r =
        xcb_get_selection_owner_reply(d->x, xcb_get_selection_owner(d->x, d->compositor), NULL);
    t->compositing = r != NULL && r->owner != XCB_NONE;
    free(r);
}

int tree_init(struct tree *t, struct display *d)
{
    const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_STRUCTURE_NOTIFY |
                          XCB_EVENT_MASK_PROPERTY_CHANGE;
    *t = (struct tree){.display = d,
                       .windows = calloc(TREE_MAX, sizeof(struct window *)),
                       .width = d->screen->width_in_pixels,
                       .height = d->screen->height_in_pixels,
                       .stale_focus = true,
                       .stale_manager = true};
    if (t->windows == NULL)
        return -1;
    /* nothing may happen between the events that were asked for and what is read */
    xcb_grab_server(d->x);
    xcb_change_window_attributes(d->x, d->root, XCB_CW_EVENT_MASK, &mask);
    watch_compositor(t);
    xcb_query_tree_reply_t *tree = xcb_query_tree_reply(d->x, xcb_query_tree(d->x, d->root), NULL);
    xcb_get_geometry_reply_t *g =
        xcb_get_geometry_reply(d->x, xcb_get_geometry(d->x, d->root), NULL);
    for (int i = 0; tree != NULL && i < xcb_query_tree_children_length(tree); i++)
        read_existing(t, xcb_query_tree_children(tree)[i]);
    if (g != NULL) {
        t->width = g->width;
        t->height = g->height;
    }
    xcb_ungrab_server(d->x);
    xcb_flush(d->x);
    bool good = tree != NULL && g != NULL;
    free(tree);
    free(g);
    if (good)
        tree_settle(t);
    return good ? 0 : -1;
}

void tree_finish(struct tree *t)
{
    while (t->count > 0)
        window_destroy(t->windows[--t->count]);
    free(t->windows);
}
