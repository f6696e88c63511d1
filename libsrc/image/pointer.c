/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pixman.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

/* From left to right and from top to bottom they overlap; the places are anybody's. */
static bool overlap(int64_t at, int64_t len, int64_t from, int64_t size)
{
    return at < from + size && from < at + len;
}

static uint32_t *copy_of(const struct image_view *view)
{
    size_t row = view->width * sizeof *view->pixels;
    uint32_t *to = malloc(row * view->height);
    for (uint32_t y = 0; to != NULL && y < view->height; y++)
        memcpy(to + (size_t)y * view->width, view->pixels + y * view->stride, row);
    return to;
}

static pixman_image_t *wrap(const uint32_t *pixels, int width, int height)
{
    return pixman_image_create_bits(PIXMAN_a8r8g8b8, width, height, (uint32_t *)pixels, width * 4);
}

int image_pointer(const struct image_view *view, const ph_rect *region, const ph_cursor_info *info,
                  uint32_t **pixels, ph_error *error)
{
    int64_t x = (int64_t)info->x - info->hot_x - region->x;
    int64_t y = (int64_t)info->y - info->hot_y - region->y;
    *pixels = NULL;
    if (!info->position_known || info->pixels == NULL || !overlap(x, info->width, 0, view->width) ||
        !overlap(y, info->height, 0, view->height))
        return PH_OK;
    uint32_t *to = copy_of(view);
    pixman_image_t *under = to != NULL ? wrap(to, region->width, region->height) : NULL;
    pixman_image_t *over = wrap(info->pixels, info->width, info->height);
    bool ok = under != NULL && over != NULL;
    if (ok)
        pixman_image_composite32(PIXMAN_OP_OVER, over, NULL, under, 0, 0, 0, 0, (int32_t)x,
                                 (int32_t)y, info->width, info->height);
    if (under != NULL)
        pixman_image_unref(under);
    if (over != NULL)
        pixman_image_unref(over);
    if (!ok) {
        free(to);
        return error_set(error, PH_E_NO_MEMORY, "out of memory for drawing the pointer");
    }
    *pixels = to;
    return PH_OK;
}
