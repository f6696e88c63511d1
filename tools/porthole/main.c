/* SPDX-License-Identifier: GPL-2.0-or-later
 * porthole(1): see and drive a VNC desktop from the shell. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

const struct command *const commands[] = {
    &command_info,      &command_screenshot, &command_zoom,
    &command_move,      &command_click,      &command_drag,
    &command_scroll,    &command_key,        &command_type,
    &command_wait,      &command_cursor,     &command_size,
    &command_clipboard, &command_windows,    &command_focus,
    &command_close,     &command_launch,     &command_do,
    &command_stream,    &command_completion, NULL,
};

/* What the global options fill. */
struct globals {
    struct app app;
    int help, version;
};

const struct option_spec global_options[] = {
    {.name = "target",
     .letter = 't',
     .value = "TARGET",
     .take = option_string,
     .at = offsetof(struct globals, app.target),
     .summary = "vnc://HOST, vnc://HOST:DISPLAY, vnc://HOST::PORT, the same\n"
                "with vncs:// for TLS, ws://HOST:PORT/PATH, wss://...,\n"
                "vnc+unix:/PATH or fd:NUMBER; default: $PORTHOLE"},
    {.name = "user",
     .value = "NAME",
     .take = option_string,
     .at = offsetof(struct globals, app.user),
     .summary = "the user name, where the server wants one"},
    {.name = "password-file",
     .value = "FILE",
     .take = option_string,
     .at = offsetof(struct globals, app.password_file),
     .summary = "its first line is the password; default:\n"
                "$PORTHOLE_PASSWORD_FILE, else $PORTHOLE_PASSWORD holds it,\n"
                "else it is asked for on the terminal"},
    {.name = "token-file",
     .value = "FILE",
     .take = option_string,
     .at = offsetof(struct globals, app.token_file),
     .summary = "its first line is the token for ws:// and wss://; default:\n"
                "$PORTHOLE_TOKEN_FILE, else $PORTHOLE_TOKEN holds it"},
    {.name = "ca",
     .value = "FILE",
     .take = option_string,
     .at = offsetof(struct globals, app.ca_file),
     .summary = "trust these certificate authorities, not the system's"},
    {.name = "agent",
     .value = "ADDRESS",
     .take = option_string,
     .at = offsetof(struct globals, app.agent),
     .summary = "porthole-agent of the desktop, for what has to do with\n"
                "windows: unix:/PATH or tcp:HOST:PORT; default:\n"
                "$PORTHOLE_AGENT"},
    {.name = "agent-token-file",
     .value = "FILE",
     .take = option_string,
     .at = offsetof(struct globals, app.agent_token_file),
     .summary = "its first line is what the agent wants over TCP; default:\n"
                "$PORTHOLE_AGENT_TOKEN_FILE, else $PORTHOLE_AGENT_TOKEN\n"
                "holds it"},
    {.name = "insecure",
     .take = option_flag,
     .at = offsetof(struct globals, app.insecure),
     .summary = "TLS with any certificate, or with none"},
    {.name = "plaintext",
     .take = option_flag,
     .at = offsetof(struct globals, app.plaintext),
     .summary = "let user name, password and token cross the network\n"
                "unencrypted"},
    {.name = "timeout",
     .value = "SECONDS",
     .take = option_seconds,
     .at = offsetof(struct globals, app.limit.timeout_ms),
     .summary = "how long to wait for the server, at each step (10)"},
    {.name = "json",
     .take = option_flag,
     .at = offsetof(struct globals, app.json),
     .summary = "answer in JSON"},
    {.name = "help",
     .letter = 'h',
     .take = option_flag,
     .at = offsetof(struct globals, help),
     .summary = "this help; COMMAND --help: that of a command"},
    {.name = "version",
     .take = option_flag,
     .at = offsetof(struct globals, version),
     .summary = "the version"},
    {.name = NULL},
};

static const struct command *find_command(const char *name)
{
    for (const struct command *const *c = commands; *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static int unknown_command(const char *name)
{
    char known[512] = "";
    size_t used = 0;
    for (const struct command *const *c = commands; *c != NULL && used < sizeof known; c++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                 c == commands ? "" : ", ", (*c)->name);
    return app_fail(EXIT_USAGE, "unknown command '%s'; commands are %s", name, known);
}

/* How many arguments a word is when it is an option that fills the app, together with its value:
 * else 0. --help is none such: behind a command it is that command's. */
static int option_length(const char *word)
{
    for (const struct option_spec *o = global_options; o->name != NULL; o++) {
        size_t n = strlen(o->name);
        if (o->at >= sizeof(struct app))
            continue;
        if (word[0] == '-' && o->letter != '\0' && word[1] == o->letter && word[2] == '\0')
            return o->value != NULL ? 2 : 1;
        if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, o->name, n) != 0)
            continue;
        if (word[2 + n] == '\0')
            return o->value != NULL ? 2 : 1;
        if (word[2 + n] == '=' && o->value != NULL)
            return 1;
    }
    return 0;
}

/* Has the command an option of this name itself? */
static bool is_own(const struct command *command, const char *word)
{
    if (command == NULL || command->options == NULL || strncmp(word, "--", 2) != 0)
        return false;
    for (const struct option_spec *o = command->options; o->name != NULL; o++)
        if (strlen(o->name) == strcspn(word + 2, "=") &&
            strncmp(o->name, word + 2, strlen(o->name)) == 0)
            return true;
    return false;
}

/* People write global options behind the command too: moves those in front of it. */
static void hoist_options(int argc, char **argv)
{
    int command = 1, n;
    while (command < argc && (n = option_length(argv[command])) != 0)
        command += n;
    const struct command *named = command < argc ? find_command(argv[command]) : NULL;
    for (int i = command + 1; i < argc && strcmp(argv[i], "--") != 0; i += n != 0 ? n : 1) {
        n = is_own(named, argv[i]) ? 0 : option_length(argv[i]);
        for (int k = i; i + n <= argc && k < i + n; k++) { /* else its value is missing */
            char *moved = argv[k];
            memmove(argv + command + 1, argv + command, (size_t)(k - command) * sizeof *argv);
            argv[command++] = moved;
        }
    }
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(struct app *app, int argc, char **argv)
{
    bool help = strcmp(argv[0], "help") == 0;
    if (help && argc == 1) {
        help_print();
        return EXIT_FINE;
    }
    const struct command *command = find_command(argv[help ? 1 : 0]);
    if (command == NULL)
        return unknown_command(argv[help ? 1 : 0]);
    if (help || asks_for_help(argc, argv)) {
        help_print_command(command);
        return EXIT_FINE;
    }
    app->command = command;
    return command->run(app, argc, argv);
}

int main(int argc, char **argv)
{
    struct globals globals = {
        .app = {.target = getenv("PORTHOLE"),
                .password_file = getenv("PORTHOLE_PASSWORD_FILE"),
                .token_file = getenv("PORTHOLE_TOKEN_FILE"),
                .agent = getenv("PORTHOLE_AGENT"),
                .agent_token_file = getenv("PORTHOLE_AGENT_TOKEN_FILE"),
                .limit = {.timeout_ms = 10000},
                .interrupt_fd = -1},
    };
    hoist_options(argc, argv);
    int code = option_parse_leading(&globals.app, global_options, argc, argv, &globals);
    if (code != EXIT_FINE)
        return code;
    if (globals.help)
        help_print();
    else if (globals.version)
        printf("porthole %s\n", ph_version());
    else if (optind == argc)
        code = app_fail(EXIT_USAGE, "no command; see porthole --help");
    else
        code = run(&globals.app, argc - optind, argv + optind);
    if (fflush(stdout) != 0 || ferror(stdout))
        return app_fail(EXIT_OTHER, "cannot write to standard output");
    return code;
}
