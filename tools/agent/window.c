/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/res.h>
#include <xcb/shape.h>
#include <xcb/xcb_icccm.h>

#include "text.h"

enum {
    NEST_MAX = 3,          /* how deep window managers put a client */
    CHILDREN_MAX = 256,    /* looked at, the topmost: openbox's frames have 56 */
    NEST_CHILDREN_MAX = 8, /* a frame that nests its client deeper has few */
    TITLE_WORDS = WINDOW_TITLE_SIZE / 4 + 1,
    ATOMS_MAX = 32
};

/* ---- where the client is ---- */

static xcb_get_property_cookie_t ask_state(struct display *d, xcb_window_t w)
{
    return xcb_get_property(d->x, 0, w, d->state, XCB_GET_PROPERTY_TYPE_ANY, 0, 1);
}

static bool has_state(struct display *d, xcb_get_property_cookie_t asked)
{
    xcb_get_property_reply_t *r = xcb_get_property_reply(d->x, asked, NULL);
    bool has = r != NULL && r->type != XCB_NONE;
    free(r);
    return has;
}

/* Has somebody else made the child than the frame? */
static bool is_theirs(const struct display *d, xcb_window_t child, xcb_window_t frame)
{
    return ((child ^ frame) & ~xcb_get_setup(d->x)->resource_id_mask) != 0;
}

/* The topmost of the parent's children that has it, or that has one inside. Where there are others
 * beside it, which *crowded tells, not all need have it: fluxbox gives it to the first of its tabs
 * alone. There the topmost is taken that is not of the window manager's own making. */
static xcb_window_t find_below(struct display *d, const struct window *w, xcb_window_t parent,
                               int depth, bool *crowded)
{
    xcb_get_property_cookie_t asked[CHILDREN_MAX] = {{0}};
    xcb_window_t found = XCB_NONE, first = XCB_NONE;
    int clients = 0;
    xcb_query_tree_reply_t *tree = xcb_query_tree_reply(d->x, xcb_query_tree(d->x, parent), NULL);
    if (tree == NULL)
        return XCB_NONE;
    int all = xcb_query_tree_children_length(tree), n = all < CHILDREN_MAX ? all : CHILDREN_MAX;
    const xcb_window_t *top = xcb_query_tree_children(tree) + all - n;
    for (int i = 0; i < n; i++)
        asked[i] = ask_state(d, top[i]);
    for (int i = n - 1; i >= 0; i--) {
        bool has = has_state(d, asked[i]);
        if (!has && !is_theirs(d, top[i], w->frame))
            continue;
        clients++;
        first = first != XCB_NONE ? first : top[i];
        found = found != XCB_NONE || !has ? found : top[i];
    }
    *crowded = *crowded || (found != XCB_NONE && clients > 1);
    if (*crowded)
        found = first;
    for (int i = n - 1; i >= 0 && found == XCB_NONE && depth > 1 && n <= NEST_CHILDREN_MAX; i--)
        found = find_below(d, w, top[i], depth - 1, crowded);
    free(tree);
    return found;
}

/* The window with WM_STATE in the tree below the frame, as window managers nest them: the client,
 * or the frame itself where there is none. */
static xcb_window_t find_client(struct display *d, const struct window *w, bool *crowded)
{
    if (has_state(d, ask_state(d, w->frame)))
        return w->frame;
    xcb_window_t found = find_below(d, w, w->frame, NEST_MAX, crowded);
    return found != XCB_NONE ? found : w->frame;
}

static void watch_children(struct display *d, struct window *w)
{
    const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
    xcb_change_window_attributes(d->x, w->frame, XCB_CW_EVENT_MASK, &mask);
    w->crowded = true;
}

void window_crowd(struct display *d, struct window *w, xcb_window_t newcomer)
{
    const uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;
    xcb_change_window_attributes(d->x, newcomer, XCB_CW_EVENT_MASK, &mask);
    if (!w->crowded)
        watch_children(d, w);
}

static void look_for_client(struct display *d, struct window *w)
{
    bool crowded = w->crowded;
    w->client = find_client(d, w, &crowded);
    if (crowded && !w->crowded) {
        watch_children(d, w);
        w->client = find_client(d, w, &crowded); /* another's turn may have been missed */
    }
}

/* ---- asking ---- */

enum property {
    P_STATE,
    P_NET_NAME,
    P_NAME,
    P_CLASS,
    P_PID,
    P_TRANSIENT,
    P_HINTS,
    P_LEADER,
    P_TYPE,
    P_NET_STATE,
    P_PROTOCOLS,
    P_EXTENTS,
    PROPERTIES
};

struct question {
    xcb_get_window_attributes_cookie_t attributes;
    xcb_get_geometry_cookie_t geometry;
    xcb_translate_coordinates_cookie_t place;
    xcb_get_property_cookie_t properties[PROPERTIES];
    xcb_res_query_client_ids_cookie_t ids;
    xcb_shape_query_extents_cookie_t extents;
    xcb_shape_get_rectangles_cookie_t shape;
};

/* From here on changes of the client and of the frame's shape come as events: what is asked
 * afterwards misses none. */
static void watch(struct display *d, struct window *w)
{
    const uint32_t children =
        w->crowded && w->client == w->frame ? XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY : 0;
    const uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY |
                          XCB_EVENT_MASK_FOCUS_CHANGE | children;
    xcb_change_window_attributes(d->x, w->client, XCB_CW_EVENT_MASK, &mask);
    if (d->has_shape)
        xcb_shape_select_input(d->x, w->frame, 1);
    w->watched = true;
}

static void ask(struct display *d, const struct window *w, struct question *q)
{
    const struct {
        xcb_atom_t atom;
        uint32_t words;
    } wanted[PROPERTIES] = {
        [P_STATE] = {d->state, 1},
        [P_NET_NAME] = {d->ewmh._NET_WM_NAME, TITLE_WORDS},
        [P_NAME] = {XCB_ATOM_WM_NAME, TITLE_WORDS},
        [P_CLASS] = {XCB_ATOM_WM_CLASS, 2 * WINDOW_CLASS_SIZE / 4},
        [P_PID] = {d->ewmh._NET_WM_PID, 1},
        [P_TRANSIENT] = {XCB_ATOM_WM_TRANSIENT_FOR, 1},
        [P_HINTS] = {XCB_ATOM_WM_HINTS, 9},
        [P_LEADER] = {d->client_leader, 1},
        [P_TYPE] = {d->ewmh._NET_WM_WINDOW_TYPE, ATOMS_MAX},
        [P_NET_STATE] = {d->ewmh._NET_WM_STATE, ATOMS_MAX},
        [P_PROTOCOLS] = {d->ewmh.WM_PROTOCOLS, ATOMS_MAX},
        [P_EXTENTS] = {d->frame_extents, 4},
    };
    const xcb_res_client_id_spec_t spec = {w->client, XCB_RES_CLIENT_ID_MASK_LOCAL_CLIENT_PID};
    q->attributes = xcb_get_window_attributes(d->x, w->client);
    q->geometry = xcb_get_geometry(d->x, w->client);
    q->place = xcb_translate_coordinates(d->x, w->client, d->root, 0, 0);
    for (int i = 0; i < PROPERTIES; i++)
        q->properties[i] = xcb_get_property(d->x, 0, w->client, wanted[i].atom,
                                            XCB_GET_PROPERTY_TYPE_ANY, 0, wanted[i].words);
    if (d->has_resource)
        q->ids = xcb_res_query_client_ids(d->x, 1, &spec);
    if (d->has_shape) {
        q->extents = xcb_shape_query_extents(d->x, w->frame);
        q->shape = xcb_shape_get_rectangles(d->x, w->frame, XCB_SHAPE_SK_BOUNDING);
    }
}

/* ---- what is answered ---- */

/* Values of 32 bits; how many there are, at most max. */
static int words_of(const xcb_get_property_reply_t *r, uint32_t *to, int max)
{
    if (r == NULL || r->format != 32)
        return 0;
    int n = xcb_get_property_value_length(r) / 4;
    if (n > max)
        n = max;
    memcpy(to, xcb_get_property_value(r), 4 * (size_t)n);
    return n;
}

static uint32_t word_of(const xcb_get_property_reply_t *r)
{
    uint32_t word = 0;
    words_of(r, &word, 1);
    return word;
}

static size_t bytes_of(const xcb_get_property_reply_t *r, const char **bytes)
{
    if (r == NULL || r->format != 8)
        return 0;
    *bytes = xcb_get_property_value(r);
    return (size_t)xcb_get_property_value_length(r);
}

static void read_title(struct window *w, const xcb_get_property_reply_t *net,
                       const xcb_get_property_reply_t *old)
{
    const char *bytes = "";
    size_t n = bytes_of(net, &bytes);
    bool latin1 = false;
    if (n == 0) {
        n = bytes_of(old, &bytes);
        latin1 = n != 0 && old->type == XCB_ATOM_STRING;
    }
    text_copy(w->title, sizeof w->title, bytes, n, latin1);
}

/* ICCCM section 4.1.2.5: instance, NUL, class, NUL. */
static void read_class(struct window *w, const xcb_get_property_reply_t *r)
{
    const char *bytes = "";
    size_t n = bytes_of(r, &bytes), first = strnlen(bytes, n);
    text_copy(w->instance, sizeof w->instance, bytes, first, true);
    size_t at = first < n ? first + 1 : n;
    text_copy(w->app, sizeof w->app, bytes + at, strnlen(bytes + at, n - at), true);
}

static void read_kind(const struct display *d, struct window *w, const xcb_get_property_reply_t *r)
{
    const xcb_ewmh_connection_t *e = &d->ewmh;
    const struct {
        xcb_atom_t atom;
        enum window_kind kind;
    } types[] = {
        {e->_NET_WM_WINDOW_TYPE_NORMAL, WINDOW_NORMAL},
        {e->_NET_WM_WINDOW_TYPE_DIALOG, WINDOW_DIALOG},
        {e->_NET_WM_WINDOW_TYPE_MENU, WINDOW_MENU},
        {e->_NET_WM_WINDOW_TYPE_DROPDOWN_MENU, WINDOW_MENU},
        {e->_NET_WM_WINDOW_TYPE_POPUP_MENU, WINDOW_MENU},
        {e->_NET_WM_WINDOW_TYPE_COMBO, WINDOW_MENU},
        {e->_NET_WM_WINDOW_TYPE_TOOLTIP, WINDOW_TOOLTIP},
        {e->_NET_WM_WINDOW_TYPE_UTILITY, WINDOW_UTILITY},
        {e->_NET_WM_WINDOW_TYPE_TOOLBAR, WINDOW_TOOLBAR},
        {e->_NET_WM_WINDOW_TYPE_SPLASH, WINDOW_SPLASH},
        {e->_NET_WM_WINDOW_TYPE_NOTIFICATION, WINDOW_NOTIFICATION},
        {e->_NET_WM_WINDOW_TYPE_DOCK, WINDOW_DOCK},
        {e->_NET_WM_WINDOW_TYPE_DESKTOP, WINDOW_DESKTOP},
    };
    uint32_t atoms[ATOMS_MAX];
    int n = words_of(r, atoms, ATOMS_MAX);
    w->typed = false;
    /* the first that is known counts (EWMH, _NET_WM_WINDOW_TYPE) */
    for (int i = 0; i < n && !w->typed; i++)
        for (size_t k = 0; k < sizeof types / sizeof types[0] && !w->typed; k++)
            if (types[k].atom == atoms[i]) {
                w->kind = types[k].kind;
                w->typed = true;
            }
    if (!w->typed)
        w->kind = w->override_redirect           ? WINDOW_POPUP
                  : w->transient_for != XCB_NONE ? WINDOW_DIALOG
                                                 : WINDOW_NORMAL;
}

static void read_states(const struct display *d, struct window *w,
                        const xcb_get_property_reply_t *r, uint32_t wm_state)
{
    const xcb_ewmh_connection_t *e = &d->ewmh;
    const struct {
        xcb_atom_t atom;
        unsigned bit;
    } known[] = {
        {e->_NET_WM_STATE_MAXIMIZED_VERT, WINDOW_MAXIMIZED},
        {e->_NET_WM_STATE_FULLSCREEN, WINDOW_FULLSCREEN},
        {e->_NET_WM_STATE_MODAL, WINDOW_MODAL},
        {e->_NET_WM_STATE_ABOVE, WINDOW_ABOVE},
        {e->_NET_WM_STATE_BELOW, WINDOW_BELOW},
        {e->_NET_WM_STATE_DEMANDS_ATTENTION, WINDOW_ATTENTION},
    };
    uint32_t atoms[ATOMS_MAX];
    int n = words_of(r, atoms, ATOMS_MAX);
    w->states = wm_state == XCB_ICCCM_WM_STATE_ICONIC ? WINDOW_MINIMIZED : 0;
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (known[k].atom == atoms[i])
                w->states |= known[k].bit;
}

static bool has_atom(const xcb_get_property_reply_t *r, xcb_atom_t atom)
{
    uint32_t atoms[ATOMS_MAX];
    int n = words_of(r, atoms, ATOMS_MAX);
    while (n > 0 && atoms[n - 1] != atom)
        n--;
    return n > 0;
}

/* ICCCM section 4.1.2.4: WindowGroupHint is bit 6, window_group the ninth word. */
static xcb_window_t group_of(const xcb_get_property_reply_t *r)
{
    uint32_t hints[9];
    return words_of(r, hints, 9) == 9 && (hints[0] & 1u << 6) ? hints[8] : XCB_NONE;
}

/* Toolkits (GTK, Qt, browsers) make their windows without a background: until they have painted,
 * such a window shows what lay there before, which is somebody else's. A background does not change
 * how they look, as they paint all of themselves. What answers pings (EWMH, _NET_WM_PING) is a
 * toolkit's; a plain X client may rely on the background that it has chosen, and keeps it. A popup
 * is cleared, too, as it is on the screen already; it is told to paint again. */
static void give_background(struct display *d, struct window *w)
{
    const uint32_t black = 0; /* of any visual */
    w->grounded = true;
    xcb_change_window_attributes(d->x, w->client, XCB_CW_BACK_PIXEL, &black);
    if (w->override_redirect && w->mapped)
        xcb_clear_area(d->x, 1, w->client, 0, 0, 0, 0);
}

static void read_properties(struct display *d, struct window *w, const struct question *q)
{
    xcb_get_property_reply_t *r[PROPERTIES];
    for (int i = 0; i < PROPERTIES; i++)
        r[i] = xcb_get_property_reply(d->x, q->properties[i], NULL);
    uint32_t extents[4] = {0};
    w->managed = (r[P_STATE] != NULL && r[P_STATE]->type != XCB_NONE) ||
                 (w->crowded && w->client != w->frame);
    read_title(w, r[P_NET_NAME], r[P_NAME]);
    read_class(w, r[P_CLASS]);
    w->pid = word_of(r[P_PID]);
    w->transient_for = word_of(r[P_TRANSIENT]);
    w->group = group_of(r[P_HINTS]);
    w->leader = word_of(r[P_LEADER]);
    read_kind(d, w, r[P_TYPE]);
    read_states(d, w, r[P_NET_STATE], word_of(r[P_STATE]));
    w->takes_delete = has_atom(r[P_PROTOCOLS], d->delete_window);
    if (!w->grounded && has_atom(r[P_PROTOCOLS], d->ewmh._NET_WM_PING))
        give_background(d, w);
    bool full = words_of(r[P_EXTENTS], extents, 4) == 4;
    for (int i = 0; i < 4; i++)
        w->extents[i] = full && extents[i] <= INT16_MAX ? (int)extents[i] : 0;
    for (int i = 0; i < PROPERTIES; i++)
        free(r[i]);
}

/* What the X server knows of the connection is better than what the client says of itself. */
static void read_pid(struct display *d, struct window *w, const struct question *q)
{
    if (!d->has_resource)
        return;
    xcb_res_query_client_ids_reply_t *r = xcb_res_query_client_ids_reply(d->x, q->ids, NULL);
    if (r == NULL)
        return;
    xcb_res_client_id_value_iterator_t it = xcb_res_query_client_ids_ids_iterator(r);
    for (; it.rem > 0; xcb_res_client_id_value_next(&it))
        if ((it.data->spec.mask & XCB_RES_CLIENT_ID_MASK_LOCAL_CLIENT_PID) &&
            xcb_res_client_id_value_value_length(it.data) > 0)
            w->pid = *xcb_res_client_id_value_value(it.data);
    free(r);
}

static void read_attributes(struct display *d, struct window *w, const struct question *q)
{
    xcb_get_window_attributes_reply_t *a =
        xcb_get_window_attributes_reply(d->x, q->attributes, NULL);
    if (a != NULL) {
        w->input_only = a->_class == XCB_WINDOW_CLASS_INPUT_ONLY;
        w->override_redirect = a->override_redirect;
    }
    free(a);
}

static void read_geometry(struct display *d, struct window *w, const struct question *q)
{
    xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(d->x, q->geometry, NULL);
    xcb_translate_coordinates_reply_t *t = xcb_translate_coordinates_reply(d->x, q->place, NULL);
    if (g != NULL && t != NULL) {
        const int *e = w->extents;
        w->inner = (struct rect){t->dst_x + e[0], t->dst_y + e[2], g->width - e[0] - e[1],
                                 g->height - e[2] - e[3]};
        if (w->inner.width <= 0 || w->inner.height <= 0) /* decorations larger than the window */
            w->inner = (struct rect){t->dst_x, t->dst_y, g->width, g->height};
    }
    free(g);
    free(t);
}

static void read_shape(struct display *d, struct window *w, const struct question *q)
{
    if (!d->has_shape)
        return;
    xcb_shape_query_extents_reply_t *e = xcb_shape_query_extents_reply(d->x, q->extents, NULL);
    xcb_shape_get_rectangles_reply_t *s = xcb_shape_get_rectangles_reply(d->x, q->shape, NULL);
    free(w->shape);
    w->shape = NULL;
    w->shape_count = 0;
    w->shaped = e != NULL && e->bounding_shaped && s != NULL;
    if (w->shaped) {
        int n = xcb_shape_get_rectangles_rectangles_length(s);
        const xcb_rectangle_t *from = xcb_shape_get_rectangles_rectangles(s);
        w->shape = n <= WINDOW_SHAPE_MAX ? calloc((size_t)n + 1, sizeof *w->shape) : NULL;
        w->shape_count = w->shape != NULL ? n : -1;
        for (int i = 0; i < w->shape_count; i++)
            w->shape[i] =
                (struct rect){w->outer.x + w->border + from[i].x,
                              w->outer.y + w->border + from[i].y, from[i].width, from[i].height};
    }
    free(e);
    free(s);
}

void window_read(struct display *d, struct window *const *list, int count)
{
    struct question *q = calloc((size_t)count + 1, sizeof *q);
    if (q == NULL)
        return; /* they stay stale */
    for (int i = 0; i < count; i++) {
        if (list[i]->stale_client) {
            look_for_client(d, list[i]);
            list[i]->stale_client = list[i]->watched = list[i]->grounded = false;
        }
        if (!list[i]->watched)
            watch(d, list[i]);
    }
    for (int i = 0; i < count; i++)
        ask(d, list[i], &q[i]);
    for (int i = 0; i < count; i++) {
        read_attributes(d, list[i], &q[i]);
        read_properties(d, list[i], &q[i]);
        read_pid(d, list[i], &q[i]);
        read_geometry(d, list[i], &q[i]);
        read_shape(d, list[i], &q[i]);
        list[i]->stale = false;
    }
    free(q);
}

void window_destroy(struct window *w)
{
    if (w == NULL)
        return;
    free(w->shape);
    free(w);
}
