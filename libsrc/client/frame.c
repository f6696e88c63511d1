/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a frame tells about itself. */
#include "client/frame.h"

int ph_frame_width(const ph_frame *frame)
{
    return frame->width;
}

int ph_frame_height(const ph_frame *frame)
{
    return frame->height;
}

uint64_t ph_frame_sequence(const ph_frame *frame)
{
    return frame->damage.last;
}

int64_t ph_frame_time(const ph_frame *frame)
{
    return frame->time;
}

const uint32_t *ph_frame_pixels(const ph_frame *frame)
{
    return frame->pixels;
}

static ph_rect box_around(const pixman_box32_t *boxes, size_t n)
{
    pixman_box32_t all = boxes[0];
    for (size_t i = 1; i < n; i++) {
        all.x1 = boxes[i].x1 < all.x1 ? boxes[i].x1 : all.x1;
        all.y1 = boxes[i].y1 < all.y1 ? boxes[i].y1 : all.y1;
        all.x2 = boxes[i].x2 > all.x2 ? boxes[i].x2 : all.x2;
        all.y2 = boxes[i].y2 > all.y2 ? boxes[i].y2 : all.y2;
    }
    return (ph_rect){all.x1, all.y1, all.x2 - all.x1, all.y2 - all.y1};
}

/* Neighbours in the list are neighbours on the screen: pixman's boxes go by bands, top to bottom.
 */
static size_t tell(const pixman_region32_t *region, ph_rect *rects, size_t max)
{
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &count);
    size_t n = (size_t)count, told = n < max ? n : max;
    for (size_t i = 0; i < told; i++) {
        size_t from = i * n / told, to = (i + 1) * n / told;
        rects[i] = box_around(boxes + from, to - from);
    }
    return told;
}

size_t ph_frame_damage(const ph_frame *frame, uint64_t since, ph_rect *rects, size_t max)
{
    if (max == 0)
        return 0;
    pixman_region32_t region;
    pixman_region32_init(&region);
    size_t n = 1;
    if (damage_since(&frame->damage, since, &region))
        n = tell(&region, rects, max);
    else
        rects[0] = (ph_rect){0, 0, frame->width, frame->height};
    pixman_region32_fini(&region);
    return n;
}
