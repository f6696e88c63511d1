/* SPDX-License-Identifier: GPL-2.0-or-later
 * clipboard: get and set. */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"
#include "progress.h"
#include "text.h"

struct request {
    char *text; /* owned; NULL: get */
    int stay_ms;
};

static int get(const struct app *app, ph_client *client)
{
    char *text = NULL;
    uint64_t serial = 0;
    ph_error error;
    progress_begin("waiting until something is copied");
    int rc = ph_clipboard_get(client, 0, &app->limit, &text, &serial, &error);
    progress_end();
    if (rc != PH_OK)
        return app_fail_error(&error);
    int code = EXIT_FINE;
    if (app->json)
        code = app_answer(json_pack("{s:s, s:I}", "text", text, "serial", (json_int_t)serial));
    else
        fputs(text, stdout);
    ph_free(text);
    return code;
}

/* Some servers forget the clipboard of who has gone. */
static int set(const struct app *app, ph_client *client, const struct request *r)
{
    struct pollfd interrupt = {.fd = app->interrupt_fd, .events = POLLIN};
    ph_error error;
    progress_begin("setting the clipboard");
    int rc = ph_clipboard_set(client, r->text, &app->limit, &error);
    progress_end();
    if (rc != PH_OK)
        return app_fail_error(&error);
    if (r->stay_ms != 0) {
        progress_begin("keeping the clipboard");
        poll(&interrupt, 1, r->stay_ms);
        progress_end();
    }
    return app->json ? app_answer(json_pack("{s:b}", "ok", 1)) : EXIT_FINE;
}

static int parse(const struct app *app, int argc, char **argv, struct request *r)
{
    int code = option_parse(app, app->command->options, argc, argv, r);
    if (code != EXIT_FINE)
        return code;
    const char *what = optind < argc ? argv[optind] : "";
    if (strcmp(what, "get") == 0 && argc - optind == 1)
        return r->stay_ms == 0 ? EXIT_FINE : app_usage(app, "--stay belongs to clipboard set");
    if (strcmp(what, "set") == 0 && argc - optind == 2)
        return text_read(argv[optind + 1], &r->text);
    return app_usage(app, "it is clipboard get, or clipboard set TEXT");
}

static int cmd_clipboard(struct app *app, int argc, char **argv)
{
    struct request r = {.text = NULL};
    ph_client *client;
    int code = parse(app, argc, argv, &r);
    if (code == EXIT_FINE)
        code = app_connect(app, true, NULL, &client);
    if (code == EXIT_FINE)
        code = app_close(app, client, r.text != NULL ? set(app, client, &r) : get(app, client));
    free(r.text);
    return code;
}

static const struct option_spec clipboard_options[] = {
    {.name = "stay",
     .value = "SECONDS",
     .take = option_seconds,
     .at = offsetof(struct request, stay_ms),
     .summary = "set: stay connected for so long, or until Ctrl-C"},
    {.name = NULL},
};

const struct command command_clipboard = {
    .name = "clipboard",
    .arguments = "get | [OPTION]... set TEXT",
    .summary = "print what is copied on the desktop next, or copy TEXT there",
    .details =
        "TEXT - reads standard input. TigerVNC forgets a text once its giver has gone: --stay.\n",
    .words = "get|set",
    .options = clipboard_options,
    .run = cmd_clipboard,
};
