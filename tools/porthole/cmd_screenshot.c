/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "option.h"
#include "progress.h"
#include "save.h"

struct request {
    const char *path;
    const char *encodings;
    ph_image_options image;
};

static int parse_format(const struct app *app, const char *name, int *format)
{
    if (strcasecmp(name, "png") == 0)
        *format = PH_IMAGE_PNG;
    else if (strcasecmp(name, "jpeg") == 0 || strcasecmp(name, "jpg") == 0)
        *format = PH_IMAGE_JPEG;
    else
        return app_usage(app, "unknown format '%s': there are png and jpeg", name);
    return EXIT_FINE;
}

static int take_format(const struct app *app, const struct option_spec *spec, const char *text,
                       void *into)
{
    (void)spec;
    return parse_format(app, text, into);
}

static int take_region(const struct app *app, const struct option_spec *spec, const char *text,
                       void *into)
{
    (void)spec;
    return option_read_region(app, text, into);
}

static int format_by_name(const struct app *app, const char *path, int *format)
{
    const char *dot = strrchr(path, '.');
    if (dot == NULL || strchr(dot, '/') != NULL || strcmp(path, "-") == 0)
        return EXIT_FINE;
    if (strcasecmp(dot, ".png") != 0 && strcasecmp(dot, ".jpg") != 0 &&
        strcasecmp(dot, ".jpeg") != 0)
        return app_usage(
            app, "the name '%s' ends in no format that is known: say --format png or jpeg", path);
    return parse_format(app, dot + 1, format);
}

static int parse(const struct app *app, int argc, char **argv, struct request *r)
{
    int code = option_parse(app, app->command->options, argc, argv, r);
    if (code != EXIT_FINE)
        return code;
    if (argc - optind != 1)
        return app_usage(app, argc == optind ? "no FILE" : "more than one FILE");
    r->path = argv[optind];
    return r->image.format == 0 ? format_by_name(app, r->path, &r->image.format) : EXIT_FINE;
}

static int report(const struct app *app, const struct request *r, const ph_frame *frame, size_t len)
{
    if (!app->json || strcmp(r->path, "-") == 0)
        return EXIT_FINE;
    bool part = r->image.region.width != 0;
    json_t *answer = json_pack("{s:s, s:s, s:i, s:i, s:I, s:I}", "file", r->path, "format",
                               r->image.format == PH_IMAGE_JPEG ? "jpeg" : "png", "width",
                               part ? r->image.region.width : ph_frame_width(frame), "height",
                               part ? r->image.region.height : ph_frame_height(frame), "bytes",
                               (json_int_t)len, "sequence", (json_int_t)ph_frame_sequence(frame));
    return answer != NULL ? app_answer(answer)
                          : app_fail(EXIT_OTHER, "the name of FILE is not UTF-8");
}

static int cmd_screenshot(struct app *app, int argc, char **argv)
{
    struct request r = {.path = "", .image = PH_IMAGE_OPTIONS_INIT};
    ph_client *client;
    ph_frame *frame;
    ph_error error;
    uint8_t *bytes;
    size_t len;
    int code = parse(app, argc, argv, &r);
    if (code != EXIT_FINE)
        return code;
    if (strcmp(r.path, "-") == 0 && isatty(STDOUT_FILENO))
        return app_usage(app, "standard output is a terminal: redirect it or name a FILE");
    code = app_connect(app, false, r.encodings, &client);
    if (code != EXIT_FINE)
        return code;
    progress_begin("waiting for the screen");
    if (ph_frame_get(client, 0, &app->limit, &frame, &error) != PH_OK)
        return app_close(app, client, app_fail_error(&error));
    progress_end();
    app_close(app, client, EXIT_FINE); /* no input was sent: there is nothing to lose */
    if (ph_image_encode(frame, &r.image, &bytes, &len, NULL, &error) != PH_OK) {
        code = app_fail_error(&error);
    } else {
        code = save_file(r.path, bytes, len, &error) == PH_OK ? report(app, &r, frame, len)
                                                              : app_fail_error(&error);
        ph_free(bytes);
    }
    ph_frame_unref(frame);
    return code;
}

static const struct option_spec screenshot_options[] = {
    {.name = "format",
     .value = "png|jpeg",
     .take = take_format,
     .at = offsetof(struct request, image.format),
     .summary = "default: by the name of FILE, else png"},
    {.name = "quality",
     .value = "N",
     .take = option_int,
     .at = offsetof(struct request, image.quality),
     .min = 1,
     .max = 100,
     .summary = "JPEG, 1 to 100 (85)"},
    {.name = "region",
     .value = "X,Y,W,H",
     .take = take_region,
     .at = offsetof(struct request, image.region),
     .summary = "this part only"},
    {.name = "encodings",
     .value = "LIST",
     .take = option_string,
     .at = offsetof(struct request, encodings),
     .summary = "what the server may send, e.g. zrle,raw"},
    {.name = NULL},
};

const struct command command_screenshot = {
    .name = "screenshot",
    .arguments = "[OPTION]... FILE",
    .summary = "save the screen as a PNG or JPEG; FILE - is standard output",
    .words = "FILE",
    .options = screenshot_options,
    .run = cmd_screenshot,
};
