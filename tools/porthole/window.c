/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "secrets.h"

int window_agent(struct app *app, ph_windows **windows)
{
    ph_windows_options options = PH_WINDOWS_OPTIONS_INIT;
    struct secrets secrets;
    ph_error error;
    if (app->agent == NULL)
        return app_fail(EXIT_USAGE, "no agent: name one with --agent or in $PORTHOLE_AGENT, as in "
                                    "--agent unix:/run/desktop/agent.sock");
    int code = secrets_find_agent(&secrets, app, &options.token);
    /* without one the agent only waits for it, and says nothing */
    if (code == EXIT_FINE && options.token == NULL && strncmp(app->agent, "tcp:", 4) == 0)
        code = app_fail(EXIT_USAGE, "over TCP the agent wants a token: name its file with "
                                    "--agent-token-file or in $PORTHOLE_AGENT_TOKEN_FILE");
    if (code == EXIT_FINE)
        code = app_catch_signals(app);
    progress_begin("connecting to %s", app->agent);
    if (code == EXIT_FINE &&
        ph_windows_open(app->agent, &options, &app->limit, windows, &error) != PH_OK)
        code = app_fail_error(&error);
    progress_end();
    secrets_wipe(&secrets);
    return code;
}

/* A whole number above 0 in all of the text. */
static bool parse_number(const char *text, int base, uint32_t *to)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, base);
    *to = (uint32_t)n;
    return end != text && *end == '\0' && text[0] != '-' && text[0] != '+' && errno == 0 && n > 0 &&
           n <= UINT32_MAX;
}

int window_parse(const struct app *app, const char *text, ph_window_match *match)
{
    const ph_window_match empty = PH_WINDOW_MATCH_INIT;
    bool good = text[0] != '\0';
    *match = empty;
    if (strncmp(text, "0x", 2) == 0)
        good = parse_number(text + 2, 16, &match->id);
    else if (strncmp(text, "pid:", 4) == 0)
        good = parse_number(text + 4, 10, &match->pid);
    else if (strncmp(text, "title:", 6) == 0)
        match->title = text + 6;
    else
        match->app = strncmp(text, "app:", 4) == 0 ? text + 4 : text;
    return good ? EXIT_FINE
                : app_usage(app,
                            "'%s' names no window: use 0xID, NAME or app:NAME, title:PATTERN or "
                            "pid:N",
                            text);
}

json_t *window_json(const ph_window *w)
{
    static const struct {
        unsigned bit;
        const char *word;
    } states[] = {
        {PH_WINDOW_FOCUSED, "focused"},     {PH_WINDOW_MINIMIZED, "minimized"},
        {PH_WINDOW_MAXIMIZED, "maximized"}, {PH_WINDOW_FULLSCREEN, "fullscreen"},
        {PH_WINDOW_MODAL, "modal"},         {PH_WINDOW_ABOVE, "above"},
        {PH_WINDOW_BELOW, "below"},         {PH_WINDOW_ATTENTION, "attention"},
    };
    char id[16], owner[16];
    json_t *words = json_array();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (w->states & states[i].bit)
            json_array_append_new(words, json_string(states[i].word));
    snprintf(id, sizeof id, "0x%x", w->id);
    snprintf(owner, sizeof owner, "0x%x", w->owner);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s?, s:[i,i,i,i], s:[i,i,i,i], s:b, s:o}", "id",
                     id, "app", w->app, "title", w->title, "kind", w->kind, "pid",
                     (json_int_t)w->pid, "owner", w->owner != 0 ? owner : NULL, "rect", w->rect.x,
                     w->rect.y, w->rect.width, w->rect.height, "frame_rect", w->frame.x, w->frame.y,
                     w->frame.width, w->frame.height, "mapped", w->mapped, "states", words);
}

static int overlap(int *at, int *size, int limit)
{
    int end = *at + *size < limit ? *at + *size : limit;
    *at = *at > 0 ? *at : 0;
    *size = end - *at;
    return *size > 0;
}

int window_region(struct app *app, const char *text, ph_rect *region)
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
    match.mapped = 1;
    if (ph_windows_list(windows, 0, &app->limit, &list, &error) != PH_OK) {
        code = app_fail_error(&error);
    } else {
        const ph_window *w = ph_window_list_find(list, &match);
        if (w == NULL)
            code = app_fail(EXIT_NOT_FOUND, "no window '%s' is shown", text);
        else
            *region = w->rect;
        if (w != NULL && (!overlap(&region->x, &region->width, list->width) ||
                          !overlap(&region->y, &region->height, list->height)))
            code = app_fail(EXIT_NOT_FOUND, "nothing of the window '%s' is on the screen", text);
    }
    ph_window_list_unref(list);
    ph_windows_close(windows);
    return code;
}

int window_wait(struct app *app, const char *text, int gone)
{
    ph_window_match match;
    ph_windows *windows = NULL;
    const ph_window_list *list = NULL;
    const ph_window *w = NULL;
    ph_error error;
    int code = window_parse(app, text, &match);
    if (code == EXIT_FINE)
        code = window_agent(app, &windows);
    if (code != EXIT_FINE)
        return code;
    match.mapped = !gone;
    progress_begin("waiting for the window %s", gone ? "to go" : text);
    int rc = ph_windows_wait(windows, &match, gone, &app->limit, &list, &w, &error);
    progress_end();
    if (rc != PH_OK)
        code = app_fail_error(&error);
    else if (app->json)
        code = app_answer(w != NULL ? window_json(w) : json_pack("{s:b}", "ok", 1));
    else if (w != NULL)
        printf("0x%x\n", w->id);
    ph_window_list_unref(list);
    ph_windows_close(windows);
    return code;
}
