/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shot.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "picture.h"
#include "progress.h"
#include "save.h"
#include "window.h"

enum { EDGE_MAX = 16384, PIXELS_MAX = 1 << 26 };

/* ---- options ---- */

/* A number of bytes, or of 1024 (K) or 1024 * 1024 (M) of them. */
static int take_bytes(const struct app *app, const struct option_spec *spec, const char *text,
                      void *into)
{
    static const char units[] = "KM";
    char *end;
    errno = 0;
    unsigned long long n = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
    const char *unit = n != 0 && *end != '\0' ? strchr(units, toupper((unsigned char)*end)) : NULL;
    int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;
    if (n == 0 || errno != 0 || end[unit != NULL] != '\0' || n > SIZE_MAX >> shift)
        return app_usage(app, "%s '%s' is not a number of bytes, as in 500000, 500K or 2M",
                         spec->name, text);
    *(size_t *)into = (size_t)n << shift;
    return EXIT_FINE;
}

const struct option_spec shot_options[] = {
    {.name = "region",
     .value = "X,Y,W,H",
     .take = option_region,
     .at = offsetof(struct shot, image.region),
     .summary = "this part only"},
    {.name = "window",
     .value = "WINDOW",
     .take = option_string,
     .at = offsetof(struct shot, window),
     .summary = "where this window is, with what lies on it; as in porthole\n"
                "windows"},
    {.name = "format",
     .value = PICTURE_FORMATS,
     .take = option_choice,
     .min = PH_IMAGE_PNG,
     .at = offsetof(struct shot, image.format),
     .summary = "default: by the name of FILE, else png"},
    {.name = "quality",
     .value = "N",
     .take = option_int,
     .at = offsetof(struct shot, image.quality),
     .min = 1,
     .max = 100,
     .summary = "JPEG and WebP, 1 to 100 (85)"},
    {.name = "lossless",
     .take = option_flag,
     .at = offsetof(struct shot, image.lossless),
     .summary = "WebP without loss, as PNG always is"},
    {.name = "max-edge",
     .value = "N",
     .take = option_int,
     .at = offsetof(struct shot, image.max_edge),
     .min = 1,
     .max = EDGE_MAX,
     .summary = "scale so that the longest side has at most N pixels"},
    {.name = "max-pixels",
     .value = "N",
     .take = option_int,
     .at = offsetof(struct shot, image.max_pixels),
     .min = 1,
     .max = PIXELS_MAX,
     .summary = "scale so that there are at most N pixels in all"},
    {.name = "max-bytes",
     .value = "N[K|M]",
     .take = take_bytes,
     .at = offsetof(struct shot, image.max_bytes),
     .summary = "a file of at most so many bytes: quality, then scale give way"},
    {.name = "cursor",
     .take = option_flag,
     .at = offsetof(struct shot, cursor),
     .summary = "draw the pointer, where its shape and place are known"},
    {.name = "encodings",
     .value = "LIST",
     .take = option_string,
     .at = offsetof(struct shot, encodings),
     .summary = "what the server may send, e.g. zrle,raw"},
    {.name = NULL},
};

/* ---- taking ---- */

static int check(const struct app *app, struct shot *shot)
{
    if (strcmp(shot->path, "-") == 0)
        return isatty(STDOUT_FILENO) ? app_usage(app, "standard output is a terminal: redirect it "
                                                      "or name a FILE")
                                     : EXIT_FINE;
    if (shot->image.format == 0)
        shot->image.format = picture_format_of(shot->path);
    return shot->image.format >= 0
               ? EXIT_FINE
               : app_usage(app, "the name '%s' ends in no format that is known: say --format %s",
                           shot->path, PICTURE_FORMATS);
}

/* [x, y], or null when the pointer cannot be drawn. */
static json_t *place(const ph_cursor *cursor)
{
    ph_cursor_info info = PH_CURSOR_INFO_INIT;
    ph_error error;
    if (ph_cursor_describe(cursor, &info, &error) != PH_OK || !info.position_known ||
        info.pixels == NULL)
        return json_null();
    return json_pack("[i, i]", info.x, info.y);
}

static int report(const struct app *app, const struct shot *shot, const ph_frame *frame,
                  const ph_image_info *info, size_t len)
{
    if (!app->json || strcmp(shot->path, "-") == 0)
        return EXIT_FINE;
    json_t *answer = picture_json(info, len);
    json_t *path = json_string(shot->path);
    if (path == NULL) {
        json_decref(answer);
        return app_fail(EXIT_OTHER, "the name of FILE is not UTF-8");
    }
    if (json_object_set_new(answer, "file", path) != 0 ||
        (shot->cursor && json_object_set_new(answer, "cursor", place(shot->image.cursor)) != 0) ||
        json_object_set_new(answer, "sequence",
                            json_integer((json_int_t)ph_frame_sequence(frame))) != 0) {
        json_decref(answer);
        answer = NULL;
    }
    return app_answer(answer);
}

static int write_shot(const struct app *app, struct shot *shot, const ph_frame *frame)
{
    ph_image_info info = PH_IMAGE_INFO_INIT;
    ph_error error;
    uint8_t *bytes;
    size_t len;
    int width = ph_frame_width(frame), height = ph_frame_height(frame);
    if (shot->image.enlarge && shot->image.max_edge == 0 && shot->image.max_pixels == 0)
        shot->image.max_edge = width > height ? width : height;
    if (ph_image_encode(frame, &shot->image, &bytes, &len, &info, &error) != PH_OK)
        return app_fail_error(&error);
    int code = save_file(shot->path, bytes, len, &error) == PH_OK
                   ? report(app, shot, frame, &info, len)
                   : app_fail_error(&error);
    ph_free(bytes);
    return code;
}

int shot_take(struct app *app, struct shot *shot)
{
    ph_client *client;
    ph_frame *frame;
    ph_cursor *cursor = NULL;
    ph_error error;
    int code = check(app, shot);
    if (code == EXIT_FINE && shot->window != NULL)
        code = shot->image.region.width == 0
                   ? window_region(app, shot->window, &shot->image.region)
                   : app_usage(app, "--region and --window do not go together");
    if (code == EXIT_FINE)
        code = app_connect(app, false, shot->encodings, &client);
    if (code != EXIT_FINE)
        return code;
    progress_begin("waiting for the screen");
    if (ph_frame_get(client, 0, &app->limit, &frame, &error) != PH_OK)
        return app_close(app, client, app_fail_error(&error));
    progress_end();
    int rc = shot->cursor ? ph_cursor_get(client, &cursor, &error) : PH_OK;
    app_close(app, client, EXIT_FINE); /* no input was sent: there is nothing to lose */
    shot->image.cursor = cursor;
    code = rc == PH_OK ? write_shot(app, shot, frame) : app_fail_error(&error);
    ph_cursor_unref(cursor);
    ph_frame_unref(frame);
    return code;
}
