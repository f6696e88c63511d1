/* SPDX-License-Identifier: GPL-2.0-or-later
 * cursor and size. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"
#include "progress.h"
#include "save.h"

enum { SIDE_MAX = 16384 };

/* ---- cursor ---- */

struct request {
    const char *save;
};

static uint8_t straight(uint32_t value, uint32_t alpha)
{
    uint32_t v = alpha != 0 ? (value * 255 + alpha / 2) / alpha : 0;
    return (uint8_t)(v < 255 ? v : 255);
}

/* As a PAM file (netpbm's, RGB_ALPHA), whose alpha is not multiplied in. */
static int save_shape(const char *path, const ph_cursor_info *info)
{
    size_t count = (size_t)info->width * (size_t)info->height;
    uint8_t *bytes = malloc(count * 4 + 128);
    ph_error error;
    if (bytes == NULL)
        return app_fail(EXIT_OTHER, "out of memory");
    size_t len = (size_t)sprintf((char *)bytes,
                                 "P7\nWIDTH %d\nHEIGHT %d\nDEPTH 4\nMAXVAL 255\n"
                                 "TUPLTYPE RGB_ALPHA\nENDHDR\n",
                                 info->width, info->height);
    for (size_t i = 0; i < count; i++) {
        uint32_t pixel = info->pixels[i], alpha = pixel >> 24;
        bytes[len++] = straight(pixel >> 16 & 0xff, alpha);
        bytes[len++] = straight(pixel >> 8 & 0xff, alpha);
        bytes[len++] = straight(pixel & 0xff, alpha);
        bytes[len++] = (uint8_t)alpha;
    }
    int rc = save_file(path, bytes, len, &error);
    free(bytes);
    return rc == PH_OK ? EXIT_FINE : app_fail_error(&error);
}

static int print_cursor(const struct app *app, const ph_cursor_info *info)
{
    if (!app->json) {
        if (info->position_known)
            printf("position  %d %d\n", info->x, info->y);
        else
            printf("position  not known: this connection has not moved it, and the server does not "
                   "tell\n");
        if (info->width != 0)
            printf("shape     %dx%d, hot spot %d %d\n", info->width, info->height, info->hot_x,
                   info->hot_y);
        else
            printf("shape     hidden or not known\n");
        return EXIT_FINE;
    }
    json_t *answer = json_pack("{s:i, s:i}", "width", info->width, "height", info->height);
    json_object_set_new(answer, "coordinate",
                        info->position_known ? json_pack("[i, i]", info->x, info->y) : json_null());
    if (info->width != 0)
        json_object_set_new(answer, "hot_spot", json_pack("[i, i]", info->hot_x, info->hot_y));
    return app_answer(answer);
}

/* The server tells of the pointer with the first frame. */
static int read_cursor(const struct app *app, ph_client *client, const struct request *r)
{
    ph_cursor_info info = PH_CURSOR_INFO_INIT;
    ph_cursor *cursor = NULL;
    ph_frame *frame = NULL;
    ph_error error;
    progress_begin("waiting for the screen");
    int rc = ph_frame_get(client, 0, &app->limit, &frame, &error);
    progress_end();
    ph_frame_unref(frame);
    if (rc == PH_OK)
        rc = ph_cursor_get(client, &cursor, &error);
    if (rc == PH_OK)
        rc = ph_cursor_describe(cursor, &info, &error);
    int code = rc == PH_OK ? EXIT_FINE : app_fail_error(&error);
    if (code == EXIT_FINE && r->save != NULL)
        code = info.width != 0 ? save_shape(r->save, &info)
                               : app_fail(EXIT_NOT_FOUND, "the pointer has no shape to save: it is "
                                                          "hidden, or the server tells none");
    if (code == EXIT_FINE && (r->save == NULL || strcmp(r->save, "-") != 0))
        code = print_cursor(app, &info);
    ph_cursor_unref(cursor);
    return code;
}

static int cmd_cursor(struct app *app, int argc, char **argv)
{
    struct request r = {.save = NULL};
    ph_client *client;
    int code = option_parse(app, app->command->options, argc, argv, &r);
    if (code == EXIT_FINE && optind != argc)
        code = app_usage(app, "unexpected argument '%s'", argv[optind]);
    if (code == EXIT_FINE)
        code = app_connect(app, false, NULL, &client);
    return code != EXIT_FINE ? code : app_close(app, client, read_cursor(app, client, &r));
}

static const struct option_spec cursor_options[] = {
    {.name = "save",
     .value = "FILE",
     .take = option_string,
     .at = offsetof(struct request, save),
     .summary = "the shape, as a PAM file with alpha"},
    {.name = NULL},
};

const struct command command_cursor = {
    .name = "cursor",
    .arguments = "[OPTION]...",
    .summary = "print where the pointer is and how large",
    .options = cursor_options,
    .run = cmd_cursor,
};

/* ---- size ---- */

/* WxH; *width 0 when there is none. */
static int parse_size(const struct app *app, const char *text, int *width, int *height)
{
    char number[16];
    size_t n = strcspn(text, "x");
    if (n == 0 || n >= sizeof number || text[n] == '\0')
        return app_usage(app, "a size is WxH, as in 1280x800, not '%s'", text);
    memcpy(number, text, n);
    number[n] = '\0';
    int code = app_int(app, number, "W", 1, SIDE_MAX, width);
    return code != EXIT_FINE ? code : app_int(app, text + n + 1, "H", 1, SIDE_MAX, height);
}

static int size_of(const struct app *app, ph_client *client, int width, int height)
{
    ph_info info = PH_INFO_INIT;
    ph_error error;
    int rc = PH_OK;
    if (width != 0) {
        progress_begin("waiting for the size");
        rc = ph_resize(client, width, height, &app->limit, &error);
        progress_end();
    }
    if (rc == PH_OK)
        rc = ph_client_info(client, &info, &error);
    if (rc != PH_OK)
        return app_fail_error(&error);
    if (app->json)
        return app_answer(json_pack("{s:i, s:i}", "width", info.width, "height", info.height));
    if (width == 0)
        printf("%dx%d\n", info.width, info.height);
    return EXIT_FINE;
}

static int cmd_size(struct app *app, int argc, char **argv)
{
    int width = 0, height = 0;
    ph_client *client;
    int code = option_parse(app, NULL, argc, argv, NULL);
    if (code == EXIT_FINE && argc - optind > 1)
        code = app_usage(app, "unexpected argument '%s'", argv[optind + 1]);
    if (code == EXIT_FINE && optind < argc)
        code = parse_size(app, argv[optind], &width, &height);
    if (code == EXIT_FINE)
        code = app_connect(app, width == 0, NULL, &client);
    if (code != EXIT_FINE)
        return code;
    return app_close(app, client, size_of(app, client, width, height));
}

const struct command command_size = {
    .name = "size",
    .arguments = "[WxH]",
    .summary = "print the size of the screen, or ask the server for another",
    .run = cmd_size,
};
