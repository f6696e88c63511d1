/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the test's own pictures are made of: areas of one, two, few, many and countless colours, and
 * slopes, so that every way an encoding has of packing pixels is taken; then changes of them at odd
 * places, copies among them. Whoever owns the framebuffer draws; the same step draws the same. */
#ifndef SCENE_H
#define SCENE_H

#include <stdint.h>

struct scene_rect {
    int x, y, w, h;
};

/* What is drawn on, at most SCENE_WIDTH_MAX wide. Rectangles are inside it and not empty; colours
 * and pixels are 0xRRGGBB. */
struct scene_canvas {
    void *owner;
    int width, height;
    void (*fill)(void *owner, struct scene_rect r, uint32_t colour);
    void (*row)(void *owner, int x, int y, int w, const uint32_t *pixels);
    void (*copy)(void *owner, int from_x, int from_y, struct scene_rect to);
};

enum { SCENE_WIDTH_MAX = 16384 };

/* Step 0 paints everything; each later one changes some of it. */
void scene_draw(const struct scene_canvas *canvas, uint32_t step);

#endif
