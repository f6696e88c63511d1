/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>

#include "shot.h"

static int cmd_screenshot(struct app *app, int argc, char **argv)
{
    struct shot shot = {.image = PH_IMAGE_OPTIONS_INIT};
    int code = option_parse(app, app->command->options, argc, argv, &shot);
    if (code != EXIT_FINE)
        return code;
    if (argc - optind != 1)
        return app_usage(app, argc == optind ? "no FILE" : "more than one FILE");
    shot.path = argv[optind];
    return shot_take(app, &shot);
}

const struct command command_screenshot = {
    .name = "screenshot",
    .arguments = "[OPTION]... FILE",
    .summary = "save the screen as a PNG, JPEG or WebP; FILE - is standard output",
    .words = "FILE",
    .options = shot_options,
    .run = cmd_screenshot,
};
