/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act.h"

#include <xcb/xcb_icccm.h>

static bool is_managed(const struct tree *t, const struct window *w)
{
    return t->manager[0] != '\0' && !w->override_redirect;
}

/* EWMH section "Root Window Properties": to the root, as a pager. */
static const xcb_ewmh_client_source_type_t PAGER = XCB_EWMH_CLIENT_SOURCE_TYPE_OTHER;

static void send_to_root(struct tree *t, xcb_window_t window, xcb_atom_t type, uint32_t first)
{
    struct display *d = t->display;
    const xcb_client_message_event_t e = {.response_type = XCB_CLIENT_MESSAGE,
                                          .format = 32,
                                          .window = window,
                                          .type = type,
                                          .data.data32 = {first}};
    xcb_send_event(d->x, 0, d->root,
                   XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY,
                   (const char *)&e);
}

const char *act_activate(struct tree *t, const struct window *w)
{
    struct display *d = t->display;
    const uint32_t above = XCB_STACK_MODE_ABOVE;
    if (is_managed(t, w)) {
        struct window *active = t->focus != XCB_NONE ? tree_find(t, t->focus) : NULL;
        xcb_ewmh_request_change_active_window(&d->ewmh, 0, w->client, PAGER, XCB_CURRENT_TIME,
                                              active != NULL ? active->client : XCB_NONE);
        return NULL;
    }
    xcb_map_window(d->x, w->frame);
    xcb_configure_window(d->x, w->frame, XCB_CONFIG_WINDOW_STACK_MODE, &above);
    xcb_set_input_focus(d->x, XCB_INPUT_FOCUS_PARENT, w->client, XCB_CURRENT_TIME);
    return NULL;
}

/* values: x, y of the frame, width, height of the client's window; flags: which of them count. */
static const char *place(struct tree *t, const struct window *w, const int values[4],
                         xcb_ewmh_moveresize_window_opt_flags_t flags, uint16_t mask)
{
    struct display *d = t->display;
    if (is_managed(t, w)) {
        /* by the frame's corner: what the client's own would be, managers do not agree on */
        xcb_ewmh_request_moveresize_window(&d->ewmh, 0, w->client, XCB_GRAVITY_NORTH_WEST, PAGER,
                                           flags, (uint32_t)values[0], (uint32_t)values[1],
                                           (uint32_t)values[2], (uint32_t)values[3]);
        return NULL;
    }
    uint32_t list[2];
    int n = 0, from = mask & XCB_CONFIG_WINDOW_X ? 0 : 2;
    list[n++] = (uint32_t)values[from];
    list[n] = (uint32_t)values[from + 1];
    xcb_configure_window(d->x, w->frame, mask, list);
    return NULL;
}

const char *act_move(struct tree *t, const struct window *w, int x, int y)
{
    const int values[4] = {x - (w->inner.x - w->outer.x), y - (w->inner.y - w->outer.y), 0, 0};
    return place(t, w, values, XCB_EWMH_MOVERESIZE_WINDOW_X | XCB_EWMH_MOVERESIZE_WINDOW_Y,
                 XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y);
}

const char *act_resize(struct tree *t, const struct window *w, int width, int height)
{
    const int *e = w->extents;
    const int values[4] = {0, 0, width + e[0] + e[1], height + e[2] + e[3]};
    return place(t, w, values, XCB_EWMH_MOVERESIZE_WINDOW_WIDTH | XCB_EWMH_MOVERESIZE_WINDOW_HEIGHT,
                 XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT);
}

const char *act_close(struct tree *t, const struct window *w, bool force)
{
    struct display *d = t->display;
    if (force) {
        xcb_kill_client(d->x, w->client);
    } else if (is_managed(t, w)) {
        xcb_ewmh_request_close_window(&d->ewmh, 0, w->client, XCB_CURRENT_TIME, PAGER);
    } else if (w->takes_delete) {
        const xcb_client_message_event_t e = {.response_type = XCB_CLIENT_MESSAGE,
                                              .format = 32,
                                              .window = w->client,
                                              .type = d->ewmh.WM_PROTOCOLS,
                                              .data.data32 = {d->delete_window}};
        xcb_send_event(d->x, 0, w->client, XCB_EVENT_MASK_NO_EVENT, (const char *)&e);
    } else {
        return "the window does not take WM_DELETE_WINDOW; \"force\": true ends its client";
    }
    return NULL;
}

const char *act_minimize(struct tree *t, const struct window *w)
{
    if (!is_managed(t, w))
        return "minimizing needs a window manager that manages the window";
    send_to_root(t, w->client, t->display->change_state, XCB_ICCCM_WM_STATE_ICONIC);
    return NULL;
}

const char *act_restore(struct tree *t, const struct window *w)
{
    /* ICCCM section 4.1.4: mapping is what leads out of Iconic */
    xcb_map_window(t->display->x, w->client);
    return NULL;
}
