/* SPDX-License-Identifier: GPL-2.0-or-later
 * The connection to the X server, and what of EWMH, ICCCM and the extensions it was found to have.
 * One thread's. */
#ifndef AGENT_DISPLAY_H
#define AGENT_DISPLAY_H

#include <stdbool.h>
#include <xcb/xcb.h>
#include <xcb/xcb_ewmh.h>

enum { DISPLAY_ERROR_MAX = 128 };

struct display {
    xcb_connection_t *x;
    xcb_screen_t *screen;
    xcb_window_t root;
    xcb_ewmh_connection_t ewmh;
    xcb_atom_t client_leader, frame_extents, state, change_state, delete_window, compositor;
    bool has_resource, has_shape, has_fixes;
    uint8_t shape_event, fixes_event; /* the extensions' first event numbers */
};

/* name: as in $DISPLAY, NULL for that. 0, or -1 with the reason in why. */
int display_open(struct display *d, const char *name, char why[DISPLAY_ERROR_MAX]);
/* Accepts what display_open has failed on. */
void display_close(struct display *d);

/* All requests so far have been answered, and their events are in the queue. -1: the connection
 * is broken. */
int display_round_trip(struct display *d);

#endif
