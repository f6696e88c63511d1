/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/res.h>
#include <xcb/shape.h>
#include <xcb/xfixes.h>

static xcb_screen_t *find_screen(xcb_connection_t *x, int number)
{
    xcb_screen_iterator_t it = xcb_setup_roots_iterator(xcb_get_setup(x));
    while (number-- > 0 && it.rem > 1)
        xcb_screen_next(&it);
    return it.rem > 0 ? it.data : NULL;
}

static int intern_atoms(struct display *d, int screen)
{
    char compositor[32];
    snprintf(compositor, sizeof compositor, "_NET_WM_CM_S%d", screen);
    const struct {
        const char *name;
        xcb_atom_t *atom;
    } wanted[] = {
        {"WM_CLIENT_LEADER", &d->client_leader},
        {"_GTK_FRAME_EXTENTS", &d->frame_extents},
        {"WM_STATE", &d->state},
        {"WM_CHANGE_STATE", &d->change_state},
        {"WM_DELETE_WINDOW", &d->delete_window},
        {compositor, &d->compositor},
    };
    enum { COUNT = sizeof wanted / sizeof wanted[0] };
    xcb_intern_atom_cookie_t cookies[COUNT];
    int rc = 0;
    for (int i = 0; i < COUNT; i++)
        cookies[i] = xcb_intern_atom(d->x, 0, (uint16_t)strlen(wanted[i].name), wanted[i].name);
    for (int i = 0; i < COUNT; i++) {
        xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(d->x, cookies[i], NULL);
        if (reply == NULL)
            rc = -1;
        else
            *wanted[i].atom = reply->atom;
        free(reply);
    }
    return rc;
}

/* Asking for its version is what turns an extension on for this client. */
static void find_extensions(struct display *d)
{
    const xcb_query_extension_reply_t *e = xcb_get_extension_data(d->x, &xcb_shape_id);
    d->has_shape = e != NULL && e->present;
    d->shape_event = d->has_shape ? e->first_event : 0;
    e = xcb_get_extension_data(d->x, &xcb_xfixes_id);
    if (e != NULL && e->present) {
        xcb_xfixes_query_version_reply_t *v =
            xcb_xfixes_query_version_reply(d->x, xcb_xfixes_query_version(d->x, 2, 0), NULL);
        d->has_fixes = v != NULL;
        d->fixes_event = e->first_event;
        free(v);
    }
    e = xcb_get_extension_data(d->x, &xcb_res_id);
    if (e != NULL && e->present) {
        xcb_res_query_version_reply_t *v =
            xcb_res_query_version_reply(d->x, xcb_res_query_version(d->x, 1, 2), NULL);
        /* pids came with 1.2 */
        d->has_resource = v != NULL && (v->server_major > 1 || v->server_minor >= 2);
        free(v);
    }
}

int display_open(struct display *d, const char *name, char why[DISPLAY_ERROR_MAX])
{
    int screen = 0;
    *d = (struct display){.x = xcb_connect(name, &screen)};
    if (xcb_connection_has_error(d->x)) {
        const char *shown = name != NULL ? name : getenv("DISPLAY");
        snprintf(why, DISPLAY_ERROR_MAX, "the X display \"%.80s\" cannot be opened",
                 shown != NULL ? shown : "");
        return -1;
    }
    d->screen = find_screen(d->x, screen);
    if (d->screen == NULL) {
        snprintf(why, DISPLAY_ERROR_MAX, "the X display has no screen %d", screen);
        return -1;
    }
    d->root = d->screen->root;
    if (!xcb_ewmh_init_atoms_replies(&d->ewmh, xcb_ewmh_init_atoms(d->x, &d->ewmh), NULL) ||
        intern_atoms(d, screen) != 0) {
        snprintf(why, DISPLAY_ERROR_MAX, "the X server does not answer");
        return -1;
    }
    find_extensions(d);
    return 0;
}

void display_close(struct display *d)
{
    if (d->x == NULL)
        return;
    xcb_ewmh_connection_wipe(&d->ewmh);
    xcb_disconnect(d->x);
    d->x = NULL;
}

int display_round_trip(struct display *d)
{
    free(xcb_get_input_focus_reply(d->x, xcb_get_input_focus(d->x), NULL));
    return xcb_connection_has_error(d->x) ? -1 : 0;
}
