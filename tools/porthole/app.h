/* SPDX-License-Identifier: GPL-2.0-or-later
 * What every command of porthole(1) works with: the global options, the connection, exit codes. */
#ifndef PORTHOLE_APP_H
#define PORTHOLE_APP_H

#include <porthole.h>
#include <stdbool.h>

enum exit_code {
    EXIT_FINE = 0,
    EXIT_OTHER = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_REFUSED = 4,
    EXIT_TIMEOUT = 5,
    EXIT_PROTOCOL = 6,
    EXIT_NOT_FOUND = 7,
    EXIT_INTERRUPTED = 130, /* as shells count a SIGINT */
};

struct app {
    const char *target;        /* -t or $PORTHOLE; NULL: none given */
    const char *password_file; /* --password-file or $PORTHOLE_PASSWORD_FILE; or NULL */
    bool json;
    ph_limit limit;                /* for each call that waits on the connection */
    const struct command *command; /* the one that runs */
};

/* argv[0] is the command's name. Answers an exit code; has printed what went wrong. */
typedef int command_fn(struct app *app, int argc, char **argv);

struct command {
    const char *name;
    const char *arguments; /* as in "X Y" */
    const char *summary;   /* one line */
    const char *options;   /* further lines of help, or "" */
    command_fn *run;
};

command_fn cmd_info, cmd_screenshot, cmd_move, cmd_click, cmd_drag, cmd_scroll, cmd_key, cmd_type;

/* Prints "porthole: ..." as one line and answers code. */
int app_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a failure of the library. */
int app_fail_error(const ph_error *error);
/* The same for wrong arguments, with the command's usage in the line. */
int app_usage(const struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads a whole number; EXIT_FINE, or EXIT_USAGE with what in the message. */
int app_int(const struct app *app, const char *text, const char *what, int min, int max,
            int *value);

/* Connects to app->target, from where to app_close a signal cancels what waits by app->limit.
 * EXIT_FINE with *client, or an exit code. input_only and encodings as in
 * ph_options. */
int app_connect(struct app *app, bool input_only, const char *encodings, ph_client **client);
/* Closes, which delivers the input. Answers code, or the failure to deliver when code is
 * EXIT_FINE. */
int app_close(const struct app *app, ph_client *client, int code);

/* For the commands that do one thing: connects for input, lets act do it, closes. */
typedef int app_action(const struct app *app, ph_client *client, const void *what, ph_error *error);
int app_send(struct app *app, app_action *act, const void *what);

#endif
