/* SPDX-License-Identifier: GPL-2.0-or-later
 * From the desktop into a file: what screenshot and zoom share. */
#ifndef PORTHOLE_SHOT_H
#define PORTHOLE_SHOT_H

#include "option.h"

struct shot {
    const char *path;
    const char *encodings;  /* what the server may send; NULL: the default */
    int cursor;             /* draw the pointer */
    ph_image_options image; /* enlarge without a budget: to the screen's longest side */
};

/* The options of screenshot, into a struct shot. Without the first, --region, they are zoom's. */
extern const struct option_spec shot_options[];

/* Connects, takes a frame, writes it to path, and answers. The format is that of path's name where
 * no option has set it. */
int shot_take(struct app *app, struct shot *shot);

#endif
