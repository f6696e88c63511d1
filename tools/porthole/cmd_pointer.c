/* SPDX-License-Identifier: GPL-2.0-or-later
 * move, click, drag and scroll. */
#include <getopt.h>
#include <stdlib.h>

#include "option.h"

enum { POINTS_MAX = 1000, COORDINATE_MAX = 65535, DRAG_STEP = 16 };

struct pointer {
    ph_point points[POINTS_MAX];
    size_t count; /* points */
    int button, clicks;
    int up, down, left, right; /* scroll steps */
    ph_input_options input;
};

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

static int parse(const struct app *app, int argc, char **argv, size_t min, size_t max,
                 struct pointer *p)
{
    *p = (struct pointer){.button = PH_BUTTON_LEFT, .clicks = 1, .input = PH_INPUT_INIT};
    int code = option_parse(app, app->command->options, argc, argv, p);
    return code != EXIT_FINE ? code : parse_points(app, argc, argv, min, max, p);
}

/* A direction may be named more than once: the steps add up. */
static int take_steps(const struct app *app, const struct option_spec *spec, const char *text,
                      void *into)
{
    (void)spec;
    int n = 0, code = app_int(app, text, "steps", 1, 1000, &n);
    *(int *)into += n;
    return code;
}

#define BUTTON                                                                                     \
    {                                                                                              \
        .name = "button", .value = "left|middle|right", .take = option_choice,                     \
        .at = offsetof(struct pointer, button), .min = PH_BUTTON_LEFT, .summary = "(left)"         \
    }
#define MODIFIERS                                                                                  \
    {                                                                                              \
        .name = "modifiers", .value = "KEYS", .take = option_string,                               \
        .at = offsetof(struct pointer, input.modifiers),                                           \
        .summary = "held down meanwhile, as in ctrl+shift"                                         \
    }
#define HOLD(what)                                                                                 \
    {                                                                                              \
        .name = "hold", .value = "SECONDS", .take = option_seconds,                                \
        .at = offsetof(struct pointer, input.hold_ms), .summary = what                             \
    }
#define INTERVAL(between)                                                                          \
    {                                                                                              \
        .name = "interval", .value = "SECONDS", .take = option_seconds,                            \
        .at = offsetof(struct pointer, input.interval_ms),                                         \
        .summary = "wait so long between " between                                                 \
    }

/* For a call that makes `count` events with the pauses that were asked for. */
static ph_limit limit_of(const struct app *app, const struct pointer *p, int count)
{
    return app_limit(app, (int64_t)count * ((int64_t)p->input.hold_ms + p->input.interval_ms));
}

static int do_move(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    return ph_move(client, p->points[0].x, p->points[0].y, &app->limit, error);
}

static int cmd_move(struct app *app, int argc, char **argv)
{
    struct pointer p;
    int code = parse(app, argc, argv, 1, 1, &p);
    return code != EXIT_FINE ? code : app_send(app, do_move, &p);
}

const struct command command_move = {
    .name = "move",
    .arguments = "X Y",
    .summary = "move the pointer",
    .run = cmd_move,
};

static int do_click(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    ph_limit limit = limit_of(app, p, p->clicks);
    return ph_click(client, p->points[0].x, p->points[0].y, p->button, p->clicks, &p->input, &limit,
                    error);
}

static int cmd_click(struct app *app, int argc, char **argv)
{
    struct pointer p;
    int code = parse(app, argc, argv, 1, 1, &p);
    return code != EXIT_FINE ? code : app_send(app, do_click, &p);
}

static const struct option_spec click_options[] = {
    BUTTON,
    {.name = "count",
     .value = "N",
     .take = option_int,
     .at = offsetof(struct pointer, clicks),
     .min = 1,
     .max = 10,
     .summary = "2: a double click (1)"},
    MODIFIERS,
    HOLD("keep the button down for so long"),
    INTERVAL("clicks"),
    {.name = NULL},
};

const struct command command_click = {
    .name = "click",
    .arguments = "[OPTION]... X Y",
    .summary = "click there",
    .options = click_options,
    .run = cmd_click,
};

static int do_drag(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    int steps = 2;
    for (size_t i = 1; i < p->count; i++)
        steps += 1 + abs(p->points[i].x - p->points[i - 1].x) / DRAG_STEP +
                 abs(p->points[i].y - p->points[i - 1].y) / DRAG_STEP;
    ph_limit limit = limit_of(app, p, steps);
    return ph_drag(client, p->points, p->count, p->button, &p->input, &limit, error);
}

static int cmd_drag(struct app *app, int argc, char **argv)
{
    struct pointer p;
    int code = parse(app, argc, argv, 2, POINTS_MAX, &p);
    return code != EXIT_FINE ? code : app_send(app, do_drag, &p);
}

static const struct option_spec drag_options[] = {
    BUTTON,
    MODIFIERS,
    HOLD("rest so long at the first and at the last point"),
    INTERVAL("the steps of the path"),
    {.name = NULL},
};

const struct command command_drag = {
    .name = "drag",
    .arguments = "[OPTION]... X Y X Y [X Y]...",
    .summary = "press, move along these points, release",
    .options = drag_options,
    .run = cmd_drag,
};

static int do_scroll(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct pointer *p = what;
    int right = p->right - p->left, down = p->down - p->up;
    ph_limit limit = limit_of(app, p, abs(right) + abs(down));
    return ph_scroll(client, p->points[0].x, p->points[0].y, right, down, &p->input, &limit, error);
}

static int cmd_scroll(struct app *app, int argc, char **argv)
{
    struct pointer p;
    int code = parse(app, argc, argv, 1, 1, &p);
    if (code == EXIT_FINE && p.right == p.left && p.down == p.up)
        code = app_usage(app, "no steps: say --down N or another direction");
    return code != EXIT_FINE ? code : app_send(app, do_scroll, &p);
}

#define STEPS(direction)                                                                           \
    {                                                                                              \
        .name = #direction, .value = "N", .take = take_steps,                                      \
        .at = offsetof(struct pointer, direction), .summary = "so many steps " #direction          \
    }

static const struct option_spec scroll_options[] = {
    STEPS(up), STEPS(down), STEPS(left), STEPS(right), MODIFIERS, INTERVAL("steps"), {.name = NULL},
};

const struct command command_scroll = {
    .name = "scroll",
    .arguments = "[OPTION]... X Y",
    .summary = "turn the wheel there",
    .options = scroll_options,
    .run = cmd_scroll,
};
