/* SPDX-License-Identifier: GPL-2.0-or-later
 * porthole-agent: options, signals, the loop. Exit codes: 0 ended by a signal, 1 cannot go on,
 * 2 wrong usage. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent.h"

enum { ADDRESSES_MAX = 8, TOKEN_MIN = 32, TOKEN_MAX = 512, GO_ON = -1, WRONG = 2 };

static const char usage[] =
    "Usage: porthole-agent --listen ADDRESS [--listen ADDRESS]... [-d DISPLAY] [--token-file "
    "FILE]\n"
    "Tells which windows an X display has, and acts on them when asked.\n"
    "\n"
    "  -l, --listen ADDRESS   unix:PATH, or tcp:ADDRESS:PORT with a token; a numeric\n"
    "                         address, as in tcp:127.0.0.1:7000\n"
    "  -d, --display DISPLAY  the X display (default $DISPLAY)\n"
    "      --token-file FILE  what subscribers over TCP must say: the file's first line\n"
    "      --version          print the version\n"
    "  -h, --help             print this\n"
    "\n"
    "It prints a line \"READY ADDRESS\" for each address when it listens. See porthole-agent(1).\n";

struct options {
    const char *display, *token_file, *addresses[ADDRESSES_MAX];
    int count;
};

static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"listen", required_argument, NULL, 'l'},
        {"display", required_argument, NULL, 'd'},
        {"token-file", required_argument, NULL, 't'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "l:d:h", known, NULL)) != -1) {
        switch (option) {
        case 'l':
            if (o->count == ADDRESSES_MAX) {
                fprintf(stderr, "porthole-agent: at most %d addresses\n", ADDRESSES_MAX);
                return WRONG;
            }
            o->addresses[o->count++] = optarg;
            break;
        case 'd':
            o->display = optarg;
            break;
        case 't':
            o->token_file = optarg;
            break;
        case 'V':
            puts("porthole-agent " PORTHOLE_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return WRONG; /* getopt has said what is wrong */
        }
    }
    if (optind != argc || o->count == 0) {
        fprintf(stderr, "porthole-agent: %s; see --help\n",
                o->count == 0 ? "--listen ADDRESS is needed" : "unexpected arguments");
        return WRONG;
    }
    if (o->display == NULL)
        o->display = getenv("DISPLAY");
    if (o->display != NULL && o->display[0] != '\0')
        return GO_ON;
    fprintf(stderr, "porthole-agent: there is no display; use -d DISPLAY or set $DISPLAY\n");
    return WRONG;
}

/* The first line of the file. False after reporting. */
static bool read_token(const char *file, char token[TOKEN_MAX + 2])
{
    FILE *in = fopen(file, "re");
    bool good = in != NULL && fgets(token, TOKEN_MAX + 2, in) != NULL;
    struct stat st;
    if (in != NULL && fstat(fileno(in), &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
        fprintf(stderr, "porthole-agent: %s: warning: everybody may read or write it; chmod 600\n",
                file);
    if (in != NULL)
        fclose(in);
    size_t n = good ? strcspn(token, "\r\n") : 0;
    if (good)
        token[n] = '\0';
    if (n >= TOKEN_MIN && n <= TOKEN_MAX)
        return true;
    fprintf(stderr, "porthole-agent: %s: %s\n", file,
            in == NULL ? "cannot be read" : "its first line must have 32 to 512 characters");
    return false;
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

/* 0, or an exit code after reporting. */
static int listen_all(struct agent *a, const struct options *o)
{
    char bound[ADDRESSES_MAX][FEED_ADDRESS_MAX];
    for (int i = 0; i < o->count; i++) {
        int rc = feed_listen(a->feed, o->addresses[i], bound[i]);
        if (rc == 0)
            continue;
        fprintf(stderr, "porthole-agent: %s: %s\n", o->addresses[i], bound[i]);
        return rc == -2 ? WRONG : 1;
    }
    for (int i = 0; i < o->count; i++)
        printf("READY %s\n", bound[i]);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int serve(const struct options *o, const char *token)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    uv_signal_t signals[3];
    uv_loop_t loop;
    struct agent agent;
    char why[DISPLAY_ERROR_MAX] = "out of memory";
    if (uv_loop_init(&loop) != 0) {
        fprintf(stderr, "porthole-agent: %s\n", why);
        return 1;
    }
    if (agent_init(&agent, &loop, o->display, token, why) != 0) {
        fprintf(stderr, "porthole-agent: %s\n", why);
        uv_loop_close(&loop);
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        uv_signal_init(&loop, &signals[i]);
        uv_signal_start(&signals[i], on_signal, numbers[i]);
    }
    int code = listen_all(&agent, o);
    if (code == 0)
        uv_run(&loop, UV_RUN_DEFAULT);
    if (agent.broken) {
        fprintf(stderr, "porthole-agent: the X display has gone\n");
        code = 1;
    }
    for (int i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    agent_close(&agent);
    uv_run(&loop, UV_RUN_DEFAULT);
    agent_finish(&agent);
    uv_loop_close(&loop);
    return code;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    char token[TOKEN_MAX + 2] = "";
    int code = parse_options(argc, argv, &o);
    if (code != GO_ON)
        return code;
    if (o.token_file != NULL && !read_token(o.token_file, token))
        return WRONG;
    signal(SIGPIPE, SIG_IGN);
    return serve(&o, o.token_file != NULL ? token : NULL);
}
