/* SPDX-License-Identifier: GPL-2.0-or-later
 * portholed: options, then the server. Exit codes: 0 ended in good order, 1 cannot serve, 2 wrong
 * usage or configuration. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "hash_password.h"
#include "log.h"
#include "server.h"

static const char usage[] =
    "Usage: portholed [-c FILE] [--check] [-v]\n"
    "Shows VNC desktops to browsers: a TLS WebSocket proxy.\n"
    "\n"
    "  -c, --config FILE  read FILE (default " PORTHOLE_SYSCONFDIR "/porthole/portholed.conf)\n"
    "      --check        read the configuration and every file it names, say whether all is well\n"
    "      --hash-password  read a password, print what a stream's password_file holds\n"
    "  -v, --verbose      log debug events too\n"
    "      --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "The configuration is described in portholed.conf(5).\n";

struct options {
    const char *file;
    bool check;
};

enum { GO_ON = -1, WRONG = 2 };

/* GO_ON, or the exit code. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"hash-password", no_argument, NULL, 'p'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:vh", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            o->file = optarg;
            break;
        case 'k':
            o->check = true;
            break;
        case 'p':
            return hash_password() == 0 ? 0 : 1;
        case 'v':
            log_set_verbose(true);
            break;
        case 'V':
            puts("portholed " PORTHOLE_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return WRONG; /* getopt has said what is wrong */
        }
    }
    if (optind == argc)
        return GO_ON;
    fprintf(stderr, "%s: unexpected argument '%s'; see --help\n", argv[0], argv[optind]);
    return WRONG;
}

int main(int argc, char **argv)
{
    struct options o = {.file = PORTHOLE_SYSCONFDIR "/porthole/portholed.conf"};
    int code = parse_options(argc, argv, &o);
    if (code != GO_ON)
        return code;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error where it is written */
    struct config_errors errors = {.file = o.file, .out = stderr, .warn = o.check};
    struct service *service = service_load(&errors);
    if (service == NULL) {
        code = WRONG;
    } else if (o.check) {
        for (const struct config_stream *s = service->config->streams; s != NULL; s = s->next)
            if (config_weakness(s) != NULL)
                fprintf(stderr, "%s: [stream %s]: warning: %s\n", o.file, s->name,
                        config_weakness(s));
        printf("%s: ok\n", o.file);
        code = 0;
    } else {
        code = server_run(service, o.file) == 0 ? 0 : 1;
    }
    service_unref(service);
    return code;
}
