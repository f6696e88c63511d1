/* SPDX-License-Identifier: GPL-2.0-or-later
 * The root's children in their stacking order, kept up to date by the X server's events. One
 * thread's. */
#ifndef AGENT_TREE_H
#define AGENT_TREE_H

#include "window.h"

enum {
    TREE_MAX = 4096,      /* windows; more are counted only */
    TREE_TOUCHED_MAX = 64 /* rectangles; more grow the last one */
};

struct tree {
    struct display *display;
    struct window **windows; /* bottom to top */
    int count;
    int left_out;       /* windows beyond TREE_MAX, or that there was no memory for */
    int width, height;  /* of the root */
    xcb_window_t focus; /* the root's child that has the keyboard; 0: none */
    bool compositing;
    char manager[WINDOW_CLASS_SIZE]; /* "": none */
    /* Where windows have come, gone, moved, grown or been restacked since tree_forget_touched: what
     * was on top there meanwhile, the list may not tell any more. */
    struct rect touched[TREE_TOUCHED_MAX];
    int touched_count;

    /* private: to be asked at the next tree_settle */
    bool stale_focus, stale_manager;
};

/* Reads what there is, and asks for events of what comes. 0, or -1: the connection is broken or
 * memory is out. */
int tree_init(struct tree *t, struct display *d);
void tree_finish(struct tree *t);

/* Takes in one event. True: something may have changed. */
bool tree_event(struct tree *t, const xcb_generic_event_t *event);
/* Asks the X server for what events do not tell; a few round trips at most. */
void tree_settle(struct tree *t);

void tree_forget_touched(struct tree *t);

/* By the root's child or by the client's id; NULL: there is none. */
struct window *tree_find(const struct tree *t, xcb_window_t id);

#endif
