/* SPDX-License-Identifier: GPL-2.0-or-later
 * key and type. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"
#include "text.h"

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

static int cmd_type(struct app *app, int argc, char **argv)
{
    struct request r = {.input = PH_INPUT_INIT};
    char *text = NULL;
    int code = option_parse(app, app->command->options, argc, argv, &r);
    if (code != EXIT_FINE)
        return code;
    if (argc - optind != 1)
        return app_usage(app, argc == optind ? "no text" : "more than one text: quote it");
    code = text_read(argv[optind], &text);
    r.text = text;
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
    {.name = "any-symbols",
     .take = option_flag,
     .at = offsetof(struct request, input.new_symbols),
     .min = -1,
     .summary = "type more than 16 different symbols that no key may have:\n"
                "servers may lose some of them without a word"},
    {.name = "paste",
     .take = option_flag,
     .at = offsetof(struct request, input.paste),
     .summary = "through the clipboard, which then holds the text"},
    {.name = "paste-chord",
     .value = "CHORD",
     .take = option_string,
     .at = offsetof(struct request, input.paste_chord),
     .summary = "what pastes on the desktop (ctrl+v)"},
    {.name = NULL},
};

const struct command command_type = {
    .name = "type",
    .arguments = "[OPTION]... [--] TEXT",
    .summary = "type UTF-8 text; TEXT - reads standard input",
    .options = type_options,
    .run = cmd_type,
};
