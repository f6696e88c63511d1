/* SPDX-License-Identifier: GPL-2.0-or-later
 * A fixed rectangle of the screen in place of a window. It needs no agent: the crop is told that a
 * window is there, on top of all others. */
#ifndef PROXY_CROP_RECT_H
#define PROXY_CROP_RECT_H

#include "crop.h"

struct crop_rect {
    struct windows_rect rect;             /* screen pixels */
    uint16_t screen_width, screen_height; /* as the crop has been told; private */
};

/* Is all of it on the screen? */
bool crop_rect_fits(const struct crop_rect *r, const struct rfb_server_init *init);
/* In place of crop_init. */
int crop_rect_begin(struct crop_rect *r, struct crop *c, const struct crop_how *how,
                    const struct rfb_server_init *init);
/* After anything has gone into the crop, in place of crop_windows and crop_synced: follows the
 * screen's size, and lets updates go on at once, as nothing in them can be foreign. */
int crop_rect_serve(struct crop_rect *r, struct crop *c);

#endif
