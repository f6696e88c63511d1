/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>

#include "shot.h"

enum { COORDINATE_MAX = 16384 };

static int cmd_zoom(struct app *app, int argc, char **argv)
{
    struct shot shot = {.image = PH_IMAGE_OPTIONS_INIT};
    int *values[] = {&shot.image.region.x, &shot.image.region.y, &shot.image.region.width,
                     &shot.image.region.height};
    static const char *const names[] = {"X", "Y", "W", "H"};
    int code = option_parse(app, app->command->options, argc, argv, &shot);
    if (code == EXIT_FINE && argc - optind != 5)
        code = app_usage(app, "X Y W H FILE are needed, apart, as in 300 200 160 90 part.png");
    for (int i = 0; code == EXIT_FINE && i < 4; i++)
        code = app_int(app, argv[optind + i], names[i], i < 2 ? 0 : 1, COORDINATE_MAX, values[i]);
    if (code != EXIT_FINE)
        return code;
    shot.path = argv[optind + 4];
    shot.image.enlarge = 1;
    return shot_take(app, &shot);
}

const struct command command_zoom = {
    .name = "zoom",
    .arguments = "[OPTION]... X Y W H FILE",
    .summary = "save a part of the screen, scaled up; FILE - is standard output",
    .details = "Without --max-edge and --max-pixels: as long as the screen's longest side.\n",
    .options = shot_options + SHOT_PART_OPTIONS,
    .run = cmd_zoom,
};
