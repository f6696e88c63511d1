/* SPDX-License-Identifier: GPL-2.0-or-later
 * What of the screen a window stream shows: the canvas, and the part of it that is the
 * application's own. Pure arithmetic over snapshots; regions are pixman's. */
#ifndef PROXY_CROP_VIEW_H
#define PROXY_CROP_VIEW_H

#include <pixman.h>

#include "crop_how.h"
#include "windows.h"

struct crop_view {
    const struct crop_how *how;
    uint32_t main;              /* the window; 0: there is none */
    struct windows_rect canvas; /* screen pixels; keeps its place while there is none */
    pixman_region32_t visible;  /* screen pixels: the application's own, and on the screen */
    bool focused;               /* what is visible of it has the keyboard */

    /* private */
    struct windows_rect window; /* the main window's rectangle, by which the canvas is sticky */
};

void crop_view_init(struct crop_view *v, const struct crop_how *how);
void crop_view_finish(struct crop_view *v);
/* Takes in a snapshot. A window that was chosen stays chosen as long as it is there; then another
 * that fits is. */
/* Adds where others may have been since the last snapshot. */
void crop_view_add_touched(pixman_region32_t *region, const struct windows *w);
void crop_view_update(struct crop_view *v, const struct windows *w);

#endif
