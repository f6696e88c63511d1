/* SPDX-License-Identifier: GPL-2.0-or-later
 * What every command of porthole(1) works with: the table of commands, the global options, the
 * connection, answers and exit codes. */
#ifndef PORTHOLE_APP_H
#define PORTHOLE_APP_H

#include <jansson.h>
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
    const char *target;           /* -t or $PORTHOLE; NULL: none given */
    const char *password_file;    /* --password-file or $PORTHOLE_PASSWORD_FILE; or NULL */
    const char *user;             /* --user; or NULL */
    const char *token_file;       /* --token-file or $PORTHOLE_TOKEN_FILE; or NULL */
    const char *ca_file;          /* --ca; or NULL */
    const char *agent;            /* --agent or $PORTHOLE_AGENT; NULL: none given */
    const char *agent_token_file; /* --agent-token-file or $PORTHOLE_AGENT_TOKEN_FILE; or NULL */
    int insecure, plaintext;      /* as in ph_options */
    int json;
    ph_limit limit;                /* for each call that waits on the connection */
    int interrupt_fd;              /* readable once a signal has cancelled; -1: not connected yet */
    const struct command *command; /* the one that runs; NULL: none yet */
};

/* argv[0] is the command's name. Answers an exit code; has printed what went wrong. */
typedef int command_fn(struct app *app, int argc, char **argv);

struct option_spec;

struct command {
    const char *name;
    const char *arguments;    /* as in "X Y"; "" for none */
    const char *summary;      /* one line, for the list of commands */
    const char *details;      /* further lines of its own help; NULL: none */
    void (*print_more)(void); /* still further ones, behind the options; NULL: none */
    const char *words; /* what its first argument can be, "get|set" or "FILE"; NULL: no such */
    const struct option_spec *options; /* or NULL */
    command_fn *run;
};

/* Every command, in the order of the help; NULL ends the table. */
extern const struct command *const commands[];

extern const struct command command_info, command_screenshot, command_zoom, command_move,
    command_click, command_drag, command_scroll, command_key, command_type, command_do,
    command_wait, command_cursor, command_size, command_clipboard, command_windows, command_focus,
    command_close, command_launch, command_stream, command_completion;

/* To standard output. */
void help_print(void);
void help_print_command(const struct command *command);

/* The exit code that belongs to a ph_code. */
int app_exit_code(int ph_code);
/* Its name in JSON answers, as in "timeout". */
const char *app_code_name(int ph_code);
/* Prints "porthole: ..." as one line and answers code. */
int app_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a failure of the library. */
int app_fail_error(const ph_error *error);
/* The same for wrong arguments, with the command's usage in the line. */
int app_usage(const struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads a whole number; EXIT_FINE, or EXIT_USAGE with what in the message. */
int app_int(const struct app *app, const char *text, const char *what, int min, int max,
            int *value);

/* Prints a JSON object as one line and drops the reference. answer NULL: it could not be made. */
int app_answer(json_t *answer);

/* From here on a signal cancels what waits by app->limit, in place of ending the process. An exit
 * code. */
int app_catch_signals(struct app *app);

/* Connects to app->target, from where to app_close a signal cancels what waits by app->limit.
 * EXIT_FINE with *client, or an exit code. input_only and encodings as in
 * ph_options. */
int app_connect(struct app *app, bool input_only, const char *encodings, ph_client **client);
/* Closes, which delivers the input. Answers code, or the failure to deliver when code is
 * EXIT_FINE. */
int app_close(const struct app *app, ph_client *client, int code);

/* The limit of a call that also waits by itself, for so many milliseconds: a key that is held down,
 * a pause between clicks. */
ph_limit app_limit(const struct app *app, int64_t waits_ms);

/* For the commands that do one thing: connects for input, lets act do it, closes, answers. */
typedef int app_action(const struct app *app, ph_client *client, const void *what, ph_error *error);
int app_send(struct app *app, app_action *act, const void *what);

#endif
