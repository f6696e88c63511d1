/* SPDX-License-Identifier: GPL-2.0-or-later
 * move, click, drag and scroll. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

enum { POINTS_MAX = 1000, COORDINATE_MAX = 65535 };

struct pointer {
    ph_point points[POINTS_MAX];
    size_t count; /* points */
    int button, clicks;
    int right, down; /* scroll steps */
};

static int parse_button(const struct app *app, const char *name, int *button)
{
    static const char *const names[] = {"left", "middle", "right"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            *button = PH_BUTTON_LEFT + i;
            return EXIT_FINE;
        }
    }
    return app_usage(app, "unknown button '%s': there are left, middle and right", name);
}

/* Coordinates beyond the screen are the library's to refuse: it knows the size. */
static int parse_points(const struct app *app, int argc, char **argv, size_t min, size_t max,
                        struct pointer *p)
{
    size_t numbers = (size_t)(argc - optind);
    if (numbers % 2 != 0 || numbers / 2 < min)
        return app_usage(app, "%zu coordinates where %s%zu are needed, apart, as in 300 400",
                         numbers, min == max ? "" : "an even number of at least ", min * 2);
    if (numbers / 2 > max)
        return app_usage(app, "unexpected argument '%s'", argv[(size_t)optind + max * 2]);
    p->count = numbers / 2;
    for (size_t i = 0; i < numbers; i++) {
        ph_point *point = &p->points[i / 2];
        int code = app_int(app, argv[(size_t)optind + i], i % 2 == 0 ? "X" : "Y", -COORDINATE_MAX,
                           COORDINATE_MAX, i % 2 == 0 ? &point->x : &point->y);
        if (code != EXIT_FINE)
            return code;
    }
    return EXIT_FINE;
}

enum { OPT_BUTTON = 256, OPT_COUNT, OPT_UP, OPT_DOWN, OPT_LEFT, OPT_RIGHT };

static int parse_option(const struct app *app, int c, char **argv, struct pointer *p)
{
    int n = 0, code;
    switch (c) {
    case OPT_BUTTON:
        return parse_button(app, optarg, &p->button);
    case OPT_COUNT:
        return app_int(app, optarg, "count", 1, 10, &p->clicks);
    case OPT_UP:
    case OPT_DOWN:
        code = app_int(app, optarg, "steps", 1, 1000, &n);
        p->down += c == OPT_DOWN ? n : -n;
        return code;
    case OPT_LEFT:
    case OPT_RIGHT:
        code = app_int(app, optarg, "steps", 1, 1000, &n);
        p->right += c == OPT_RIGHT ? n : -n;
        return code;
    default:
        return app_usage(app, c == ':' ? "option '%s' needs a value" : "unknown option '%s'",
                         argv[optind - 1]);
    }
}

/* Numbers may be negative, so that the refusal can name them: only words are options. */
static int parse(const struct app *app, int argc, char **argv, const struct option *options,
                 size_t min, size_t max, struct pointer *p)
{
    int c, code = EXIT_FINE;
    *p = (struct pointer){.button = PH_BUTTON_LEFT, .clicks = 1};
    while (code == EXIT_FINE && (c = getopt_long(argc, argv, ":0123456789", options, NULL)) != -1) {
        if (c >= '0' && c <= '9')
            return app_usage(app, "a negative number: X and Y count from the top left corner");
        code = parse_option(app, c, argv, p);
    }
    return code != EXIT_FINE ? code : parse_points(app, argc, argv, min, max, p);
}

static const struct option no_options[] = {{NULL, 0, NULL, 0}};

static int do_move(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    return ph_move(client, p->points[0].x, p->points[0].y, &app->limit, error);
}

int cmd_move(struct app *app, int argc, char **argv)
{
    struct pointer p;
    int code = parse(app, argc, argv, no_options, 1, 1, &p);
    return code != EXIT_FINE ? code : app_send(app, do_move, &p);
}

static int do_click(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    return ph_click(client, p->points[0].x, p->points[0].y, p->button, p->clicks, NULL, &app->limit,
                    error);
}

int cmd_click(struct app *app, int argc, char **argv)
{
    static const struct option options[] = {
        {"button", required_argument, NULL, OPT_BUTTON},
        {"count", required_argument, NULL, OPT_COUNT},
        {NULL, 0, NULL, 0},
    };
    struct pointer p;
    int code = parse(app, argc, argv, options, 1, 1, &p);
    return code != EXIT_FINE ? code : app_send(app, do_click, &p);
}

static int do_drag(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    return ph_drag(client, p->points, p->count, p->button, NULL, &app->limit, error);
}

int cmd_drag(struct app *app, int argc, char **argv)
{
    static const struct option options[] = {
        {"button", required_argument, NULL, OPT_BUTTON},
        {NULL, 0, NULL, 0},
    };
    struct pointer p;
    int code = parse(app, argc, argv, options, 2, POINTS_MAX, &p);
    return code != EXIT_FINE ? code : app_send(app, do_drag, &p);
}

static int do_scroll(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    return ph_scroll(client, p->points[0].x, p->points[0].y, p->right, p->down, NULL, &app->limit,
                     error);
}

int cmd_scroll(struct app *app, int argc, char **argv)
{
    static const struct option options[] = {
        {"up", required_argument, NULL, OPT_UP},
        {"down", required_argument, NULL, OPT_DOWN},
        {"left", required_argument, NULL, OPT_LEFT},
        {"right", required_argument, NULL, OPT_RIGHT},
        {NULL, 0, NULL, 0},
    };
    struct pointer p;
    int code = parse(app, argc, argv, options, 1, 1, &p);
    if (code == EXIT_FINE && p.right == 0 && p.down == 0)
        code = app_usage(app, "no steps: say --down N or another direction");
    return code != EXIT_FINE ? code : app_send(app, do_scroll, &p);
}
