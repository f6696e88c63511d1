/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *ending;
    int format;
} endings[] = {
    {".png", PH_IMAGE_PNG},
    {".jpeg", PH_IMAGE_JPEG},
    {".webp", PH_IMAGE_WEBP},
    {".jpg", PH_IMAGE_JPEG},
};
enum { ENDINGS = sizeof endings / sizeof endings[0] };

int picture_format_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');
    if (dot == NULL)
        return 0;
    for (size_t i = 0; i < ENDINGS; i++)
        if (strcasecmp(dot, endings[i].ending) == 0)
            return endings[i].format;
    return -1;
}

static const char *format_name(int format)
{
    for (size_t i = 0; i < ENDINGS; i++)
        if (endings[i].format == format)
            return endings[i].ending + 1;
    return "unknown";
}

json_t *picture_region_json(const ph_rect *r)
{
    return json_pack("[i, i, i, i]", r->x, r->y, r->x + r->width, r->y + r->height);
}

json_t *picture_json(const ph_image_info *info, size_t len)
{
    const ph_rect *r = &info->region;
    json_t *about =
        json_pack("{s:s, s:i, s:i, s:o, s:f, s:f, s:I}", "format", format_name(info->format),
                  "width", info->width, "height", info->height, "region", picture_region_json(r),
                  "scale_x", (double)r->width / info->width, "scale_y",
                  (double)r->height / info->height, "bytes", (json_int_t)len);
    if (info->quality != 0)
        json_object_set_new(about, "quality", json_integer(info->quality));
    return about;
}
