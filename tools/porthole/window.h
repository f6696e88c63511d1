/* SPDX-License-Identifier: GPL-2.0-or-later
 * Windows on the command line: how one is named, and the agent that knows them. */
#ifndef PORTHOLE_WINDOW_H
#define PORTHOLE_WINDOW_H

#include "app.h"

/* Connects to app->agent. EXIT_FINE with *windows, or an exit code. */
int window_agent(struct app *app, ph_windows **windows);

/* What a WINDOW says: 0xID, app:NAME, title:PATTERN, pid:N, or just a NAME, which is an
 * application's. Points into text. EXIT_FINE or EXIT_USAGE. */
int window_parse(const struct app *app, const char *text, ph_window_match *match);

/* As text, a line, or JSON; what a window is in answers. */
json_t *window_json(const ph_window *window);

/* The part of a window that is on the screen. EXIT_FINE, or an exit code: none such, or nothing of
 * it. */
int window_region(struct app *app, const char *text, ph_rect *region);

/* wait window WINDOW: until there is one that is shown, or with gone none at all. */
int window_wait(struct app *app, const char *text, int gone);

#endif
