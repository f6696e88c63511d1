/* SPDX-License-Identifier: GPL-2.0-or-later
 * The actions that look at the desktop, or wait. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "action.h"
#include "base64.h"
#include "picture.h"
#include "save.h"

enum { QUIET_MS = 500 };

int action_pointer(struct action_context *context, ph_point *at, ph_error *error)
{
    ph_cursor_info info = PH_CURSOR_INFO_INIT;
    ph_cursor *cursor;
    int rc = ph_cursor_get(context->client, &cursor, error);
    if (rc != PH_OK)
        return rc;
    rc = ph_cursor_describe(cursor, &info, error);
    ph_cursor_unref(cursor);
    if (rc == PH_OK && !info.position_known)
        return action_error(error, PH_E_NOT_FOUND, "where the pointer is is not known yet");
    *at = (ph_point){info.x, info.y};
    return rc;
}

int action_cursor_position(struct action_context *context, const struct action_values *v,
                           json_t *answer, ph_error *error)
{
    ph_point at = {0, 0};
    int rc = action_pointer(context, &at, error);
    (void)v;
    if (rc == PH_OK)
        json_object_set_new(answer, "coordinate", json_pack("[i, i]", at.x, at.y));
    return rc;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int action_wait(struct action_context *context, const struct action_values *v, json_t *answer,
                ph_error *error)
{
    struct pollfd interrupt = {.fd = context->interrupt_fd, .events = POLLIN};
    const int64_t end = now_ms() + v->duration_ms;
    (void)answer;
    for (int64_t left = v->duration_ms; left > 0; left = end - now_ms())
        if (poll(&interrupt, 1, (int)left) > 0)
            return action_error(error, PH_E_CANCELLED, "interrupted while waiting");
    return PH_OK;
}

/* ---- waiting for the screen ---- */

static ph_watch watch_of(const struct action_values *v, const ph_rect *region)
{
    ph_watch watch = PH_WATCH_INIT;
    watch.region = *region;
    watch.masks = v->masks.rects;
    watch.mask_count = v->masks.count;
    return watch;
}

int action_await_change(struct action_context *context, const struct action_values *v,
                        const ph_rect *region, const ph_frame *since, ph_frame **frame,
                        ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    ph_watch watch = watch_of(v, region);
    watch.since = since;
    return ph_wait_change(context->client, &watch, &limit, frame, error);
}

int action_await_quiet(struct action_context *context, const struct action_values *v,
                       const ph_rect *region, int64_t quiet_ms, json_t *answer, ph_frame **frame,
                       ph_error *error)
{
    const ph_limit limit = action_limit(context, v, quiet_ms);
    const ph_watch watch = watch_of(v, region);
    int waited_ms = 0;
    int rc =
        ph_wait_quiet(context->client, &watch, (int)quiet_ms, &limit, frame, &waited_ms, error);
    json_object_set_new(answer, "waited_ms", json_integer(waited_ms));
    return rc;
}

int action_wait_change(struct action_context *context, const struct action_values *v,
                       json_t *answer, ph_error *error)
{
    const ph_frame *since = v->since != 0 ? action_held(context, v->since) : NULL;
    ph_frame *frame;
    if (v->since != 0 && since == NULL)
        return action_error(error, PH_E_ARGUMENT,
                            "since %lld is not the sequence of one of the last %d pictures",
                            (long long)v->since, ACTION_HELD);
    int rc = action_await_change(context, v, &v->region.rect, since, &frame, error);
    if (rc == PH_OK)
        action_hold(context, frame, answer);
    return rc;
}

int action_wait_quiet(struct action_context *context, const struct action_values *v, json_t *answer,
                      ph_error *error)
{
    ph_frame *frame = NULL;
    int rc = action_await_quiet(context, v, &v->region.rect,
                                v->quiet_ms != 0 ? v->quiet_ms : QUIET_MS, answer, &frame, error);
    if (frame != NULL)
        action_hold(context, frame, answer);
    return rc;
}

/* ---- pictures ---- */

int action_check_picture(const struct action_values *v, ph_error *error)
{
    if (v->file != NULL && (v->file[0] == '\0' || strcmp(v->file, "-") == 0))
        return action_error(error, PH_E_ARGUMENT,
                            "file must be the name of a file; without it the answer has the "
                            "picture");
    if (v->file != NULL && v->format == 0 && picture_format_of(v->file) < 0)
        return action_error(error, PH_E_ARGUMENT,
                            "file: '%.300s' ends in no format that is known: say format, one of %s",
                            v->file, PICTURE_FORMATS);
    return PH_OK;
}

static int add_picture(json_t *answer, const struct action_values *v, const uint8_t *bytes,
                       size_t len, const ph_image_info *info, ph_error *error)
{
    json_t *about = picture_json(info, len);
    int rc = json_object_update(answer, about) == 0 ? PH_OK : PH_E_NO_MEMORY;
    json_decref(about);
    if (rc == PH_OK && v->file != NULL) {
        json_object_set_new(answer, "file", json_string(v->file));
        return save_file(v->file, bytes, len, error);
    }
    char *text = rc == PH_OK ? base64_encode(bytes, len) : NULL;
    if (text == NULL || json_object_set_new(answer, "image", json_string_nocheck(text)) != 0)
        rc = action_error(error, PH_E_NO_MEMORY, "out of memory for the picture");
    free(text);
    return rc;
}

static int picture(struct action_context *context, const struct action_values *v, bool enlarge,
                   json_t *answer, ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    ph_image_options options = PH_IMAGE_OPTIONS_INIT;
    ph_image_info info = PH_IMAGE_INFO_INIT;
    ph_cursor *cursor = NULL;
    ph_frame *frame;
    uint8_t *bytes;
    size_t len;
    int rc = v->cursor ? ph_cursor_get(context->client, &cursor, error) : PH_OK;
    if (rc == PH_OK)
        rc = ph_frame_get(context->client, 0, &limit, &frame, error);
    if (rc != PH_OK) {
        ph_cursor_unref(cursor);
        return rc;
    }
    options.cursor = cursor;
    options.format = v->format != 0 || v->file == NULL ? v->format : picture_format_of(v->file);
    options.quality = (int)v->quality;
    options.lossless = v->lossless;
    options.region = v->region.rect;
    options.max_edge = (int)v->max_edge;
    options.max_pixels = (int)v->max_pixels;
    options.max_bytes = (size_t)v->max_bytes;
    options.enlarge = enlarge;
    if (enlarge && options.max_edge == 0 && options.max_pixels == 0)
        options.max_edge = ph_frame_width(frame) > ph_frame_height(frame) ? ph_frame_width(frame)
                                                                          : ph_frame_height(frame);
    rc = ph_image_encode(frame, &options, &bytes, &len, &info, error);
    if (rc == PH_OK) {
        rc = add_picture(answer, v, bytes, len, &info, error);
        ph_free(bytes);
    }
    ph_cursor_unref(cursor);
    action_hold(context, frame, answer);
    return rc;
}

int action_screenshot(struct action_context *context, const struct action_values *v, json_t *answer,
                      ph_error *error)
{
    return picture(context, v, false, answer, error);
}

int action_zoom(struct action_context *context, const struct action_values *v, json_t *answer,
                ph_error *error)
{
    return picture(context, v, true, answer, error);
}
