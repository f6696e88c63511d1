/* SPDX-License-Identifier: GPL-2.0-or-later
 * wait: until something is to be seen, or heard. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"
#include "progress.h"
#include "save.h"
#include "window.h"

enum { MASKS_MAX = 16, QUIET_MS = 500, PATTERN_BYTES_MAX = 1 << 26 };

struct request {
    const struct kind *kind;
    ph_rect region, masks[MASKS_MAX];
    size_t mask_count;
    int quiet_ms, tolerance, gone;
    const char *window; /* as window_parse has it */
    uint32_t *pixels;   /* of the pattern, owned; or NULL */
    ph_pattern pattern;
};

/* What came of it. */
struct result {
    ph_frame *frame;
    ph_point at;
    int waited_ms;
    uint64_t bells;
};

typedef int wait_fn(const struct app *app, ph_client *client, const struct request *request,
                    const ph_watch *watch, struct result *result, ph_error *error);

/* A kind of waiting: what is read for it, what it takes and tells. */
struct kind {
    const char *name;
    const char *waiting_for; /* for the terminal */
    int arguments;
    const char *usage;
    int (*read)(const struct app *app, struct request *request, char **arguments); /* or NULL */
    wait_fn *wait;
    bool watches, quiet, matches; /* which of the options it takes */
};

static int wait_change(const struct app *app, ph_client *client, const struct request *r,
                       const ph_watch *watch, struct result *result, ph_error *error)
{
    (void)r;
    return ph_wait_change(client, watch, &app->limit, &result->frame, error);
}

static int wait_quiet(const struct app *app, ph_client *client, const struct request *r,
                      const ph_watch *watch, struct result *result, ph_error *error)
{
    int quiet_ms = r->quiet_ms != 0 ? r->quiet_ms : QUIET_MS;
    const ph_limit limit = app_limit(app, quiet_ms);
    return ph_wait_quiet(client, watch, quiet_ms, &limit, &result->frame, &result->waited_ms,
                         error);
}

static int wait_match(const struct app *app, ph_client *client, const struct request *r,
                      const ph_watch *watch, struct result *result, ph_error *error)
{
    return ph_wait_match(client, watch, &r->pattern, &app->limit, &result->frame, &result->at,
                         error);
}

static int wait_bell(const struct app *app, ph_client *client, const struct request *r,
                     const ph_watch *watch, struct result *result, ph_error *error)
{
    (void)r, (void)watch;
    return ph_bell_wait(client, 0, &app->limit, &result->bells, error);
}

static int read_picture(const struct app *app, struct request *r, char **arguments)
{
    uint8_t *bytes;
    size_t len;
    ph_error error;
    (void)app;
    if (load_file(arguments[0], PATTERN_BYTES_MAX, &bytes, &len, &error) != PH_OK)
        return app_fail(EXIT_USAGE, "%s", error.message);
    int rc = ph_image_decode(bytes, len, &r->pixels, &r->pattern.width, &r->pattern.height, &error);
    free(bytes);
    return rc == PH_OK ? EXIT_FINE : app_fail(EXIT_USAGE, "%s: %s", arguments[0], error.message);
}

static int read_pixel(const struct app *app, struct request *r, char **arguments)
{
    const char *colour = arguments[2] + (arguments[2][0] == '#');
    if (strlen(colour) != 6 || strspn(colour, "0123456789abcdefABCDEF") != 6)
        return app_usage(app, "a colour is RRGGBB in hexadecimal, not '%s'", arguments[2]);
    int code = app_int(app, arguments[0], "X", 0, 65535, &r->region.x);
    if (code == EXIT_FINE)
        code = app_int(app, arguments[1], "Y", 0, 65535, &r->region.y);
    r->region.width = r->region.height = 1;
    r->pixels = malloc(sizeof *r->pixels);
    if (r->pixels == NULL)
        return app_fail(EXIT_OTHER, "out of memory");
    r->pixels[0] = 0xff000000 | (uint32_t)strtoul(colour, NULL, 16);
    r->pattern.width = r->pattern.height = 1;
    return code;
}

static int read_window(const struct app *app, struct request *r, char **arguments)
{
    (void)app;
    r->window = arguments[0];
    return EXIT_FINE;
}

static const struct kind kinds[] = {
    {"change", "a change", 0, "", NULL, wait_change, true, false, false},
    {"quiet", "quiet", 0, "", NULL, wait_quiet, true, true, false},
    {"match", "the picture", 1, " FILE", read_picture, wait_match, true, false, true},
    {"pixel", "the pixel", 3, " X Y RRGGBB", read_pixel, wait_match, false, false, true},
    {"bell", "the bell", 0, "", NULL, wait_bell, false, false, false},
    {"window", "the window", 1, " WINDOW", read_window, NULL, false, false, false},
    {.name = NULL},
};

/* ---- the command line ---- */

static int take_mask(const struct app *app, const struct option_spec *spec, const char *text,
                     void *into)
{
    struct request *r = into;
    if (r->mask_count == MASKS_MAX)
        return app_usage(app, "more than %d masks", MASKS_MAX);
    return option_region(app, spec, text, &r->masks[r->mask_count++]);
}

/* An option that the kind does not heed would be a mistake that nobody sees. */
static int check_options(const struct app *app, const struct request *r)
{
    const struct kind *k = r->kind;
    if (!k->watches && ((r->region.width != 0) || r->mask_count != 0))
        return app_usage(app, "wait %s takes no --region and no --mask", k->name);
    if (!k->quiet && r->quiet_ms != 0)
        return app_usage(app, "--for belongs to wait quiet");
    if (!k->matches && r->tolerance != 0)
        return app_usage(app, "--tolerance belongs to wait match and wait pixel");
    if (k->wait != NULL && r->gone)
        return app_usage(app, "--gone belongs to wait window");
    return EXIT_FINE;
}

static int parse(const struct app *app, int argc, char **argv, struct request *r)
{
    int code = option_parse(app, app->command->options, argc, argv, r);
    if (code != EXIT_FINE)
        return code;
    if (optind == argc)
        return app_usage(app, "wait for what?");
    for (r->kind = kinds; r->kind->name != NULL; r->kind++)
        if (strcmp(r->kind->name, argv[optind]) == 0)
            break;
    if (r->kind->name == NULL)
        return app_usage(app, "cannot wait for '%s'", argv[optind]);
    if (argc - optind - 1 != r->kind->arguments)
        return app_usage(app, "it is wait %s%s", r->kind->name, r->kind->usage);
    code = check_options(app, r);
    if (code == EXIT_FINE && r->kind->read != NULL)
        code = r->kind->read(app, r, argv + optind + 1);
    r->pattern.pixels = r->pixels;
    r->pattern.tolerance = r->tolerance;
    return code;
}

/* ---- waiting ---- */

static int report(const struct app *app, const struct request *r, const struct result *result)
{
    if (!app->json) {
        if (r->kind->matches)
            printf("%d %d\n", result->at.x, result->at.y);
        return EXIT_FINE;
    }
    json_t *answer = json_object();
    if (result->frame != NULL)
        json_object_set_new(answer, "sequence",
                            json_integer((json_int_t)ph_frame_sequence(result->frame)));
    if (r->kind->matches)
        json_object_set_new(answer, "coordinate", json_pack("[i, i]", result->at.x, result->at.y));
    if (r->kind->quiet)
        json_object_set_new(answer, "waited_ms", json_integer(result->waited_ms));
    if (result->bells != 0)
        json_object_set_new(answer, "bells", json_integer((json_int_t)result->bells));
    return app_answer(answer);
}

/* From the first frame on: before it there is nothing to compare with. */
static int wait_on(const struct app *app, ph_client *client, const struct request *r)
{
    ph_watch watch = PH_WATCH_INIT;
    struct result result = {.frame = NULL};
    ph_frame *first = NULL;
    ph_error error;
    progress_begin("waiting for %s", r->kind->waiting_for);
    int rc = ph_frame_get(client, 0, &app->limit, &first, &error);
    watch.region = r->region;
    watch.masks = r->masks;
    watch.mask_count = r->mask_count;
    if (rc == PH_OK)
        rc = r->kind->wait(app, client, r, &watch, &result, &error);
    progress_end();
    int code = rc == PH_OK ? report(app, r, &result) : app_fail_error(&error);
    ph_frame_unref(result.frame);
    ph_frame_unref(first);
    return code;
}

static int cmd_wait(struct app *app, int argc, char **argv)
{
    struct request r = {.kind = NULL};
    ph_client *client;
    int code = parse(app, argc, argv, &r);
    if (code == EXIT_FINE && r.window != NULL) /* the agent tells, not the screen */
        return window_wait(app, r.window, r.gone);
    if (code == EXIT_FINE)
        code = app_connect(app, false, NULL, &client);
    if (code == EXIT_FINE)
        code = app_close(app, client, wait_on(app, client, &r));
    ph_free(r.pixels);
    return code;
}

static const struct option_spec wait_options[] = {
    {.name = "region",
     .value = "X,Y,W,H",
     .take = option_region,
     .at = offsetof(struct request, region),
     .summary = "this part of the screen only"},
    {.name = "mask",
     .value = "X,Y,W,H",
     .take = take_mask,
     .summary = "what does not count in it: clocks, carets; up to 16 times"},
    {.name = "for",
     .value = "SECONDS",
     .take = option_seconds,
     .at = offsetof(struct request, quiet_ms),
     .summary = "quiet: for how long nothing may change (0.5)"},
    {.name = "tolerance",
     .value = "N",
     .take = option_int,
     .at = offsetof(struct request, tolerance),
     .min = 0,
     .max = 255,
     .summary = "match, pixel: how much red, green and blue may differ (0)"},
    {.name = "gone",
     .take = option_flag,
     .at = offsetof(struct request, gone),
     .summary = "window: until there is none"},
    {.name = NULL},
};

const struct command command_wait = {
    .name = "wait",
    .arguments = "[OPTION]... change|quiet|match FILE|pixel X Y RRGGBB|bell|window WINDOW",
    .summary = "wait until the screen changes, is quiet or shows something",
    .details = "match finds a PNG, JPEG or WebP and prints where its top left corner is;\n"
               "its transparent pixels match anything. window prints the window's id.\n",
    .words = "change|quiet|match|pixel|bell|window",
    .options = wait_options,
    .run = cmd_wait,
};
