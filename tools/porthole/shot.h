/* SPDX-License-Identifier: GPL-2.0-or-later
 * From the desktop into a file: what screenshot and zoom share. */
#ifndef PORTHOLE_SHOT_H
#define PORTHOLE_SHOT_H

#include "option.h"

struct shot {
    const char *path;
    const char *encodings;  /* what the server may send; NULL: the default */
    int cursor;             /* draw the pointer */
    const char *window;     /* as window_parse has it: this one only; NULL: all */
    ph_image_options image; /* enlarge without a budget: to the screen's longest side */
};

/* The options of screenshot, into a struct shot. Without the first two, which choose a part of the
 * screen, they are zoom's. */
enum { SHOT_PART_OPTIONS = 2 };
extern const struct option_spec shot_options[];

/* Connects, takes a frame, writes it to path, and answers. The format is that of path's name where
 * no option has set it. */
int shot_take(struct app *app, struct shot *shot);

#endif
