/* SPDX-License-Identifier: GPL-2.0-or-later
 * One child of the root window and the client in it, as the X server tells of them. What a client
 * says of itself (its title, class, states) may be any bytes and is bounded here. */
#ifndef AGENT_WINDOW_H
#define AGENT_WINDOW_H

#include <stdint.h>

#include "display.h"

enum {
    WINDOW_TITLE_SIZE = 1024 + 1,
    WINDOW_CLASS_SIZE = 128 + 1,
    WINDOW_SHAPE_MAX = 256 /* rectangles; more are not told */
};

/* Signed, so that sums and what hangs over the screen's edges are what they are. */
struct rect {
    int x, y, width, height;
};

enum window_kind {
    WINDOW_NORMAL,
    WINDOW_DIALOG,
    WINDOW_MENU,
    WINDOW_TOOLTIP,
    WINDOW_UTILITY,
    WINDOW_TOOLBAR,
    WINDOW_SPLASH,
    WINDOW_NOTIFICATION,
    WINDOW_DOCK,
    WINDOW_DESKTOP,
    WINDOW_POPUP, /* override-redirect without a type */
    WINDOW_KINDS
};

/* Bits of states; their words are in snapshot.c. */
enum {
    WINDOW_MINIMIZED = 1,
    WINDOW_MAXIMIZED = 2,
    WINDOW_FULLSCREEN = 4,
    WINDOW_MODAL = 8,
    WINDOW_ABOVE = 16,
    WINDOW_BELOW = 32,
    WINDOW_ATTENTION = 64
};

struct window {
    /* by events, in their order */
    xcb_window_t frame; /* the root's child */
    struct rect outer;  /* with its border */
    int border;         /* pixels, each side */
    bool mapped;

    /* by asking, when something has changed */
    xcb_window_t client;      /* the application's window: the frame itself, or inside of it */
    bool input_only, managed; /* managed: it has WM_STATE */
    bool override_redirect;   /* the client; some managers' frames are that always */
    struct rect inner;        /* of the client, without the invisible part of its decorations */
    int extents[4];           /* _GTK_FRAME_EXTENTS: left, right, top, bottom; part of the client */
    bool shaped;
    int shape_count;    /* -1: more than WINDOW_SHAPE_MAX */
    struct rect *shape; /* screen pixels; NULL: none */
    char title[WINDOW_TITLE_SIZE], app[WINDOW_CLASS_SIZE], instance[WINDOW_CLASS_SIZE];
    uint32_t pid;
    xcb_window_t transient_for, group, leader; /* 0: none */
    enum window_kind kind;
    bool typed; /* kind is what _NET_WM_WINDOW_TYPE says */
    unsigned states;
    bool takes_delete; /* WM_DELETE_WINDOW is among its protocols */
    bool grounded;     /* it has been given a background */

    /* Its frame has held more than one client, or one of another's (fluxbox's tabs): the topmost is
     * the one that shows, and events of the frame's children tell when that may be another. */
    bool crowded;

    bool stale;        /* ask again */
    bool stale_client; /* and look for the client first */
    bool watched;      /* its client's events have been asked for */
};

/* Asks for all that asking tells of the count windows: one round trip for all of them. One that is
 * gone meanwhile keeps what it had; its event will come. */
void window_read(struct display *d, struct window *const *list, int count);

/* Another client has come into its frame, which has one, or out of another frame: from here on they
 * are watched. The newcomer need not have WM_STATE. */
void window_crowd(struct display *d, struct window *w, xcb_window_t newcomer);

void window_destroy(struct window *w);

#endif
