/* SPDX-License-Identifier: GPL-2.0-or-later
 * porthole(1): see and drive a VNC desktop from the shell. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

static const struct command commands[] = {
    {"info", "", "print the desktop's name, size and security", "", cmd_info},
    {"screenshot", "[OPTION]... FILE",
     "save the screen as a PNG or JPEG; FILE - is standard output",
     "  --format png|jpeg   default: by the name of FILE, else png\n"
     "  --quality N         JPEG, 1 to 100 (85)\n"
     "  --region X,Y,W,H    this part only\n"
     "  --encodings LIST    what the server may send, e.g. zrle,raw\n",
     cmd_screenshot},
    {"move", "X Y", "move the pointer", "", cmd_move},
    {"click", "[OPTION]... X Y", "click there",
     "  --button left|middle|right   (left)\n"
     "  --count N                    2: a double click\n",
     cmd_click},
    {"drag", "[OPTION]... X Y X Y [X Y]...", "press, move along these points, release",
     "  --button left|middle|right   (left)\n", cmd_drag},
    {"scroll", "X Y [--up|--down|--left|--right N]...", "turn the wheel there",
     "  --up N, --down N, --left N, --right N   steps\n", cmd_scroll},
    {"key", "CHORD...", "press and release keys, e.g. Return or ctrl+shift+t", "", cmd_key},
    {"type", "[--] TEXT", "type UTF-8 text; TEXT - reads standard input", "", cmd_type},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char global_options[] =
    "  -t, --target TARGET      vnc://HOST, vnc://HOST:DISPLAY, vnc://HOST::PORT or\n"
    "                           vnc+unix:/PATH; default: $PORTHOLE\n"
    "      --password-file FILE its first line is the VNC password; default:\n"
    "                           $PORTHOLE_PASSWORD_FILE, else $PORTHOLE_PASSWORD holds it\n"
    "      --timeout SECONDS    how long to wait for the server (10)\n"
    "      --json               answer in JSON\n"
    "  -h, --help               this help; COMMAND --help: that of a command\n"
    "      --version            the version\n";

static int print_help(void)
{
    printf("Usage: porthole [OPTION]... COMMAND [ARGUMENT]...\n"
           "See and drive a VNC desktop.\n\nCommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].summary);
    printf("\nOptions:\n%s"
           "\nExit status: 0 done, 2 usage, 3 unreachable, 4 refused, 5 timed out,\n"
           "6 protocol error, 130 interrupted, 1 any other failure.\n",
           global_options);
    return EXIT_FINE;
}

static int print_command_help(const struct command *c)
{
    printf("Usage: porthole [OPTION]... %s%s%s\n%c%s.\n", c->name,
           c->arguments[0] != '\0' ? " " : "", c->arguments, c->summary[0] - 'a' + 'A',
           c->summary + 1);
    if (c->options[0] != '\0')
        printf("\n%s", c->options);
    return EXIT_FINE;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    char known[512] = "";
    for (size_t i = 0; i < COMMANDS; i++) {
        strcat(known, i == 0 ? "" : ", ");
        strcat(known, commands[i].name);
    }
    return app_fail(EXIT_USAGE, "unknown command '%s'; commands are %s", name, known);
}

static int parse_timeout(const char *text, int *ms)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= 86400))
        return app_fail(EXIT_USAGE, "--timeout '%s' is not a number of seconds up to 86400", text);
    *ms = (int)(seconds * 1000);
    return EXIT_FINE;
}

/* The global options; *ended: nothing more is to be done. */
static int parse_options(struct app *app, int argc, char **argv, bool *ended)
{
    enum { OPT_PASSWORD_FILE = 256, OPT_TIMEOUT, OPT_JSON, OPT_VERSION };
    static const struct option options[] = {
        {"target", required_argument, NULL, 't'},
        {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
        {"timeout", required_argument, NULL, OPT_TIMEOUT},
        {"json", no_argument, NULL, OPT_JSON},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, OPT_VERSION},
        {NULL, 0, NULL, 0},
    };
    int c, code = EXIT_FINE;
    *ended = false;
    while (code == EXIT_FINE && !*ended &&
           (c = getopt_long(argc, argv, "+:t:h", options, NULL)) != -1) {
        switch (c) {
        case 't':
            app->target = optarg;
            break;
        case OPT_PASSWORD_FILE:
            app->password_file = optarg;
            break;
        case OPT_TIMEOUT:
            code = parse_timeout(optarg, &app->limit.timeout_ms);
            break;
        case OPT_JSON:
            app->json = true;
            break;
        case 'h':
            *ended = true;
            code = print_help();
            break;
        case OPT_VERSION:
            *ended = true;
            printf("porthole %s\n", ph_version());
            break;
        case ':':
            code = app_fail(EXIT_USAGE, "option '%s' needs a value; see porthole --help",
                            argv[optind - 1]);
            break;
        default:
            code =
                app_fail(EXIT_USAGE, "unknown option '%s'; see porthole --help", argv[optind - 1]);
            break;
        }
    }
    return code;
}

/* How many arguments a global option is, 0 when it is none. */
static int option_length(const char *word)
{
    static const char *const with_value[] = {"-t", "--target", "--password-file", "--timeout"};
    if (strcmp(word, "--json") == 0)
        return 1;
    for (size_t i = 0; i < sizeof with_value / sizeof with_value[0]; i++) {
        size_t n = strlen(with_value[i]);
        if (strncmp(word, with_value[i], n) == 0 && (word[n] == '\0' || word[n] == '='))
            return word[n] == '=' ? 1 : 2;
    }
    return 0;
}

/* People write global options behind the command too: moves those in front of it. */
static void hoist_options(int argc, char **argv)
{
    int command = 1, n;
    while (command < argc && (n = option_length(argv[command])) != 0)
        command += n;
    for (int i = command + 1; i < argc && strcmp(argv[i], "--") != 0; i += n != 0 ? n : 1) {
        n = option_length(argv[i]);
        for (int k = i; i + n <= argc && k < i + n; k++) { /* else its value is missing */
            char *moved = argv[k];
            memmove(argv + command + 1, argv + command, (size_t)(k - command) * sizeof *argv);
            argv[command++] = moved;
        }
    }
}

int main(int argc, char **argv)
{
    struct app app = {
        .target = getenv("PORTHOLE"),
        .password_file = getenv("PORTHOLE_PASSWORD_FILE"),
        .limit = {.timeout_ms = 10000},
    };
    bool ended;
    hoist_options(argc, argv);
    int code = parse_options(&app, argc, argv, &ended);
    if (code != EXIT_FINE || ended)
        return code;
    argc -= optind;
    argv += optind;
    if (argc == 0)
        return app_fail(EXIT_USAGE, "no command; see porthole --help");
    bool help = strcmp(argv[0], "help") == 0;
    if (help && argc == 1)
        return print_help();
    const char *name = argv[help ? 1 : 0];
    app.command = find_command(name);
    if (app.command == NULL)
        return unknown_command(name);
    if (help)
        return print_command_help(app.command);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return print_command_help(app.command);
    optind = 0; /* begin anew, with the command's arguments */
    code = app.command->run(&app, argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return app_fail(EXIT_OTHER, "cannot write to standard output");
    return code;
}
