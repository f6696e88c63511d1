/* SPDX-License-Identifier: GPL-2.0-or-later
 * windows, focus, close, launch: what porthole-agent tells and does. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "option.h"
#include "window.h"

/* ---- windows ---- */

static void print_line(const ph_window *w)
{
    char place[64];
    snprintf(place, sizeof place, "%dx%d%+d%+d", w->rect.width, w->rect.height, w->rect.x,
             w->rect.y);
    printf("0x%-8x  %c%c  %-12s  %-20s  %-16s  %s\n", w->id,
           w->states & PH_WINDOW_FOCUSED ? '*' : '-', w->mapped ? '-' : 'm', w->kind, place,
           w->app[0] != '\0' ? w->app : "?", w->title);
}

static json_t *list_json(const ph_window_list *list, const ph_window_match *match)
{
    json_t *windows = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const ph_window_list one = {.count = 1, .windows = list->windows + i};
        if (ph_window_list_find(&one, match) != NULL)
            json_array_append_new(windows, window_json(list->windows[i]));
    }
    return json_pack("{s:I, s:[i,i], s:s?, s:o}", "serial", (json_int_t)list->serial, "screen",
                     list->width, list->height, "manager", list->manager, "windows", windows);
}

static int cmd_windows(struct app *app, int argc, char **argv)
{
    ph_window_match match = PH_WINDOW_MATCH_INIT;
    ph_windows *windows = NULL;
    const ph_window_list *list = NULL;
    ph_error error;
    if (argc > 2)
        return app_usage(app, "unexpected argument '%s'", argv[2]);
    int code = argc == 2 ? window_parse(app, argv[1], &match) : EXIT_FINE;
    if (code == EXIT_FINE)
        code = window_agent(app, &windows);
    if (code != EXIT_FINE)
        return code;
    if (ph_windows_list(windows, 0, &app->limit, &list, &error) != PH_OK) {
        code = app_fail_error(&error);
    } else if (argc == 2 && ph_window_list_find(list, &match) == NULL) {
        code = app_fail(EXIT_NOT_FOUND, "there is no window '%s'", argv[1]);
    } else if (app->json) {
        code = app_answer(list_json(list, &match));
    } else {
        for (size_t i = list->count; i > 0; i--) {
            const ph_window_list one = {.count = 1, .windows = list->windows + i - 1};
            if (ph_window_list_find(&one, &match) != NULL)
                print_line(list->windows[i - 1]);
        }
    }
    ph_window_list_unref(list);
    ph_windows_close(windows);
    return code;
}

const struct command command_windows = {
    .name = "windows",
    .arguments = "[WINDOW]",
    .summary = "list the desktop's windows, the topmost first, or those that are WINDOW",
    .details = "WINDOW is 0xID, NAME or app:NAME of an application, title:PATTERN or pid:N;\n"
               "it stands for the topmost one that fits. A line has the id, * where it has the\n"
               "keyboard, m where it is minimized, its kind, place, application and title.\n"
               "Needs porthole-agent on the desktop: --agent.\n",
    .run = cmd_windows,
};

/* ---- focus, close ---- */

struct order {
    int force;
    int no_wait;
};

typedef int order_fn(ph_windows *windows, const ph_window *w, const struct order *order,
                     const ph_limit *limit, ph_error *error);

/* Finds the window that the argument names, and has it done. */
static int order(struct app *app, const char *text, const struct order *o, order_fn *fn)
{
    ph_window_match match;
    ph_windows *windows = NULL;
    const ph_window_list *list = NULL;
    ph_error error;
    int code = window_parse(app, text, &match);
    if (code == EXIT_FINE)
        code = window_agent(app, &windows);
    if (code != EXIT_FINE)
        return code;
    int rc = ph_windows_list(windows, 0, &app->limit, &list, &error);
    const ph_window *w = rc == PH_OK ? ph_window_list_find(list, &match) : NULL;
    if (rc == PH_OK && w == NULL)
        code = app_fail(EXIT_NOT_FOUND, "there is no window '%s'", text);
    else if (rc == PH_OK)
        rc = fn(windows, w, o, &app->limit, &error);
    if (rc != PH_OK)
        code = app_fail_error(&error);
    else if (code == EXIT_FINE && app->json)
        code = app_answer(json_pack("{s:b}", "ok", 1));
    ph_window_list_unref(list);
    ph_windows_close(windows);
    return code;
}

static int parse_order(struct app *app, int argc, char **argv, struct order *o, const char **text)
{
    int code = option_parse(app, app->command->options, argc, argv, o);
    if (code != EXIT_FINE)
        return code;
    if (argc - optind != 1)
        return app_usage(app, argc == optind ? "which window?" : "more than one WINDOW");
    *text = argv[optind];
    return EXIT_FINE;
}

/* Who types next must know that it reaches this window: it has the keyboard when this is done. */
static int focus(ph_windows *windows, const ph_window *w, const struct order *o,
                 const ph_limit *limit, ph_error *error)
{
    ph_window_match match = PH_WINDOW_MATCH_INIT;
    int rc = ph_window_activate(windows, w->id, limit, error);
    if (rc != PH_OK || o->no_wait)
        return rc;
    match.id = w->id;
    match.states = PH_WINDOW_FOCUSED;
    return ph_windows_wait(windows, &match, 0, limit, NULL, NULL, error);
}

static int cmd_focus(struct app *app, int argc, char **argv)
{
    struct order o = {.force = 0};
    const char *text = NULL;
    int code = parse_order(app, argc, argv, &o, &text);
    return code == EXIT_FINE ? order(app, text, &o, focus) : code;
}

static const struct option_spec focus_options[] = {
    {.name = "no-wait",
     .take = option_flag,
     .at = offsetof(struct order, no_wait),
     .summary = "do not wait until it has the keyboard"},
    {.name = NULL},
};

const struct command command_focus = {
    .name = "focus",
    .arguments = "[OPTION]... WINDOW",
    .summary = "raise a window and give it the keyboard",
    .details = "WINDOW is as in porthole windows.\n",
    .options = focus_options,
    .run = cmd_focus,
};

static int close_window(ph_windows *windows, const ph_window *w, const struct order *o,
                        const ph_limit *limit, ph_error *error)
{
    ph_window_match match = PH_WINDOW_MATCH_INIT;
    int rc = ph_window_close(windows, w->id, o->force, limit, error);
    if (rc != PH_OK || o->no_wait)
        return rc;
    match.id = w->id;
    return ph_windows_wait(windows, &match, 1, limit, NULL, NULL, error);
}

static int cmd_close(struct app *app, int argc, char **argv)
{
    struct order o = {.force = 0};
    const char *text = NULL;
    int code = parse_order(app, argc, argv, &o, &text);
    return code == EXIT_FINE ? order(app, text, &o, close_window) : code;
}

static const struct option_spec close_options[] = {
    {.name = "force",
     .take = option_flag,
     .at = offsetof(struct order, force),
     .summary = "end its program's connection to the display"},
    {.name = "no-wait",
     .take = option_flag,
     .at = offsetof(struct order, no_wait),
     .summary = "do not wait until it is gone"},
    {.name = NULL},
};

const struct command command_close = {
    .name = "close",
    .arguments = "[OPTION]... WINDOW",
    .summary = "ask a window to close",
    .details = "WINDOW is as in porthole windows. A program may ask whether to save, and stay:\n"
               "then this times out.\n",
    .options = close_options,
    .run = cmd_close,
};

/* ---- launch ---- */

struct launch {
    const char *folder;
};

static int cmd_launch(struct app *app, int argc, char **argv)
{
    struct launch l = {.folder = NULL};
    ph_windows *windows = NULL;
    ph_error error;
    uint32_t pid;
    int code = option_parse_leading(app, app->command->options, argc, argv, &l);
    if (code == EXIT_FINE && optind == argc)
        code = app_usage(app, "launch what?");
    if (code == EXIT_FINE)
        code = window_agent(app, &windows);
    if (code != EXIT_FINE)
        return code;
    if (ph_windows_launch(windows, (const char *const *)(argv + optind), l.folder, &app->limit,
                          &pid, &error) != PH_OK)
        code = app_fail_error(&error);
    else if (app->json)
        code = app_answer(json_pack("{s:I}", "pid", (json_int_t)pid));
    else
        printf("%u\n", pid);
    ph_windows_close(windows);
    return code;
}

static const struct option_spec launch_options[] = {
    {.name = "folder",
     .value = "DIR",
     .take = option_string,
     .at = offsetof(struct launch, folder),
     .summary = "where it starts; default: where the agent runs"},
    {.name = NULL},
};

const struct command command_launch = {
    .name = "launch",
    .arguments = "[OPTION]... PROGRAM [ARGUMENT]...",
    .summary = "start a program on the desktop; prints its process id there",
    .options = launch_options,
    .run = cmd_launch,
};
