/* SPDX-License-Identifier: GPL-2.0-or-later
 * Picture files, as commands and actions tell of them. */
#ifndef PORTHOLE_PICTURE_H
#define PORTHOLE_PICTURE_H

#include <jansson.h>
#include <porthole.h>

/* In the order of ph_image_format, as option and parameter choices. */
#define PICTURE_FORMATS "png|jpeg|webp"

/* By the end of a file's name: a ph_image_format, 0 for a name without an ending, -1 for an unknown
 * one. */
int picture_format_of(const char *path);

/* {"format", "width", "height" of the picture, "region": [x0, y0, x1, y1] of the desktop that it
 * shows, "scale_x", "scale_y": pixels of the desktop to one of the picture, "bytes", and "quality"
 * of a lossy one}. docs/porthole.1 says how to find a pixel's place on the desktop. */
json_t *picture_json(const ph_image_info *info, size_t len);

/* [x0, y0, x1, y1], the second corner not in it. */
json_t *picture_region_json(const ph_rect *rect);

#endif
