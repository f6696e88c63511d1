/* SPDX-License-Identifier: GPL-2.0-or-later
 * What of a desktop a window stream shows, as its maker wants it. */
#ifndef PROXY_CROP_HOW_H
#define PROXY_CROP_HOW_H

#include <stdbool.h>

enum {
    CROP_SELECTOR_MAX = 128, /* bytes, without the NUL */
    CROP_WAIT_MAX = 86400    /* seconds */
};

/* The numbers stand in databases. */
enum crop_popups {
    CROP_POPUPS_EXPAND = 0, /* the canvas grows with the window's own menus and dialogs, and keeps
                               that size until the window itself moves or is resized */
    CROP_POPUPS_CLIP = 1,   /* they are shown as far as they lie on the window */
    CROP_POPUPS_NONE = 2    /* they are as foreign as everything else */
};

/* What becomes of the viewers when the window is closed and no other fits. The same. */
enum crop_on_close {
    CROP_ON_CLOSE_END = 0, /* they are sent away */
    CROP_ON_CLOSE_WAIT = 1 /* they stay, with a flat canvas, until there is another */
};

struct crop_how {
    char
        selector[CROP_SELECTOR_MAX + 1]; /* as windows_is_selector wants it; "": no window stream */
    enum crop_popups popups;
    enum crop_on_close on_close;
    bool frame;      /* with the window manager's frame */
    bool strict;     /* whoever cannot be given this window and surely nothing else is sent away */
    unsigned wait_s; /* for a window to come */
};

/* What counts where nothing is said. */
#define CROP_HOW_INIT ((struct crop_how){.wait_s = 10})

/* False: there is no such word. */
bool crop_how_set_popups(struct crop_how *how, const char *word);
bool crop_how_set_on_close(struct crop_how *how, const char *word);

#endif
