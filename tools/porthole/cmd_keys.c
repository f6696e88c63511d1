/* SPDX-License-Identifier: GPL-2.0-or-later
 * key and type. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

enum { TEXT_MAX = 1 << 20 };

/* What the two commands do, and how. */
struct request {
    char *const *chords;
    const char *text;
    ph_input_options input;
};

/* All chords are looked at before the first is sent: a wrong one leaves nothing half typed. */
static int do_keys(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct request *r = what;
    const ph_limit limit = app_limit(app, r->input.hold_ms);
    int rc = PH_OK;
    for (char *const *chord = r->chords; *chord != NULL && rc == PH_OK; chord++)
        rc = ph_chord(client, *chord, &r->input, &limit, error);
    return rc;
}

static int cmd_key(struct app *app, int argc, char **argv)
{
    struct request r = {.input = PH_INPUT_INIT};
    int code = option_parse(app, app->command->options, argc, argv, &r);
    if (code != EXIT_FINE)
        return code;
    if (optind == argc)
        return app_usage(app, "no keys");
    r.chords = argv + optind;
    for (char *const *chord = r.chords; *chord != NULL; chord++) {
        ph_error error;
        if (ph_chord_check(*chord, &error) != PH_OK)
            return app_fail_error(&error);
    }
    return app_send(app, do_keys, &r);
}

static const struct option_spec key_options[] = {
    {.name = "hold",
     .value = "SECONDS",
     .take = option_seconds,
     .at = offsetof(struct request, input.hold_ms),
     .summary = "keep each chord down for so long"},
    {.name = NULL},
};

const struct command command_key = {
    .name = "key",
    .arguments = "[OPTION]... CHORD...",
    .summary = "press and release keys, e.g. Return or ctrl+shift+t",
    .options = key_options,
    .run = cmd_key,
};

static int do_type(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    const struct request *r = what;
    const ph_limit limit = app_limit(app, (int64_t)strlen(r->text) * r->input.interval_ms);
    return ph_type(client, r->text, &r->input, &limit, error);
}

/* Standard input as one string of at most TEXT_MAX bytes, the caller's to free. */
static int read_input(char **text)
{
    *text = malloc(TEXT_MAX + 1);
    if (*text == NULL)
        return app_fail(EXIT_OTHER, "out of memory");
    size_t n = fread(*text, 1, TEXT_MAX + 1, stdin);
    const char *why = ferror(stdin)                 ? "cannot be read"
                      : n > TEXT_MAX                ? "holds more than 1 MiB"
                      : memchr(*text, 0, n) != NULL ? "holds a NUL byte"
                                                    : NULL;
    if (why != NULL)
        return app_fail(EXIT_USAGE, "standard input %s", why);
    (*text)[n] = '\0';
    return EXIT_FINE;
}

static int cmd_type(struct app *app, int argc, char **argv)
{
    struct request r = {.input = PH_INPUT_INIT};
    char *text = NULL;
    int code = option_parse(app, app->command->options, argc, argv, &r);
    if (code != EXIT_FINE)
        return code;
    if (argc - optind != 1)
        return app_usage(app, argc == optind ? "no text" : "more than one text: quote it");
    r.text = argv[optind];
    if (strcmp(r.text, "-") == 0) {
        code = read_input(&text);
        r.text = text;
    }
    if (code == EXIT_FINE)
        code = app_send(app, do_type, &r);
    free(text);
    return code;
}

static const struct option_spec type_options[] = {
    {.name = "interval",
     .value = "SECONDS",
     .take = option_seconds,
     .at = offsetof(struct request, input.interval_ms),
     .summary = "wait so long between characters"},
    {.name = NULL},
};

const struct command command_type = {
    .name = "type",
    .arguments = "[OPTION]... [--] TEXT",
    .summary = "type UTF-8 text; TEXT - reads standard input",
    .options = type_options,
    .run = cmd_type,
};
