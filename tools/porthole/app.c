/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "progress.h"
#include "secrets.h"

int app_fail(int code, const char *format, ...)
{
    va_list args;
    progress_end();
    va_start(args, format);
    fputs("porthole: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

/* What each ph_code is for whoever started us. */
static const struct {
    int exit_code;
    const char *name;
} outcomes[] = {
    [-PH_OK] = {EXIT_FINE, "ok"},
    [-PH_E_ARGUMENT] = {EXIT_USAGE, "argument"},
    [-PH_E_UNREACHABLE] = {EXIT_UNREACHABLE, "unreachable"},
    [-PH_E_REFUSED] = {EXIT_REFUSED, "refused"},
    [-PH_E_TIMEOUT] = {EXIT_TIMEOUT, "timeout"},
    [-PH_E_PROTOCOL] = {EXIT_PROTOCOL, "protocol"},
    [-PH_E_NOT_FOUND] = {EXIT_NOT_FOUND, "not_found"},
    [-PH_E_CANCELLED] = {EXIT_INTERRUPTED, "cancelled"},
    [-PH_E_CLOSED] = {EXIT_UNREACHABLE, "closed"},
    [-PH_E_NO_MEMORY] = {EXIT_OTHER, "no_memory"},
    [-PH_E_SYSTEM] = {EXIT_OTHER, "system"},
    [-PH_E_PASSWORD] = {EXIT_REFUSED, "password"},
    [-PH_E_TOO_MANY_TRIES] = {EXIT_REFUSED, "too_many_tries"},
    [-PH_E_UNTRUSTED] = {EXIT_REFUSED, "untrusted"},
    [-PH_E_UNSUPPORTED] = {EXIT_PROTOCOL, "unsupported"},
};
enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };

int app_exit_code(int ph_code)
{
    return ph_code <= 0 && -ph_code < OUTCOMES ? outcomes[-ph_code].exit_code : EXIT_OTHER;
}

const char *app_code_name(int ph_code)
{
    return ph_code <= 0 && -ph_code < OUTCOMES ? outcomes[-ph_code].name : "unknown";
}

int app_fail_error(const ph_error *error)
{
    return app_fail(app_exit_code(error->code), "%s", error->message);
}

int app_usage(const struct app *app, const char *format, ...)
{
    const struct command *c = app->command;
    va_list args;
    progress_end();
    va_start(args, format);
    fputs("porthole: ", stderr);
    vfprintf(stderr, format, args);
    if (c == NULL)
        fprintf(stderr, "; see porthole --help\n");
    else
        fprintf(stderr, "; usage: porthole %s%s%s\n", c->name, c->arguments[0] != '\0' ? " " : "",
                c->arguments);
    va_end(args);
    return EXIT_USAGE;
}

int app_int(const struct app *app, const char *text, const char *what, int min, int max, int *value)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end != '\0')
        return app_usage(app, "%s '%s' is not a whole number", what, text);
    if (errno != 0 || n < min || n > max)
        return app_usage(app, "%s %s is not %d to %d", what, text, min, max);
    *value = (int)n;
    return EXIT_FINE;
}

int app_answer(json_t *answer)
{
    if (answer == NULL)
        return app_fail(EXIT_OTHER, "out of memory for the answer");
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(answer);
    return EXIT_FINE;
}

/* ---- signals: while there is a connection, they end a command through its cancel object, so that
 * what is held down is released; before and after, they end the process as usual ---- */

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* Static, as the process may end while the thread still runs. */
static struct interrupt {
    ph_cancel *cancel;
    int fd;
} interrupt;

static void *await_signal(void *unused)
{
    (void)unused;
    sigset_t set;
    int number;
    ending_signals(&set);
    sigwait(&set, &number);
    ph_cancel_trigger(interrupt.cancel);
    eventfd_write(interrupt.fd, 1);
    return NULL;
}

/* The thread, the cancel object and the descriptor go with the process. */
int app_catch_signals(struct app *app)
{
    sigset_t set;
    pthread_t thread;
    if (app->limit.cancel != NULL)
        return EXIT_FINE; /* it has been done */
    interrupt.cancel = ph_cancel_create();
    if (interrupt.cancel == NULL)
        return app_fail(EXIT_OTHER, "out of memory");
    interrupt.fd = eventfd(0, EFD_CLOEXEC);
    if (interrupt.fd < 0)
        return app_fail(EXIT_OTHER, "cannot make an event descriptor: %s", strerror(errno));
    app->limit.cancel = interrupt.cancel;
    app->interrupt_fd = interrupt.fd;
    ending_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int number = pthread_create(&thread, NULL, await_signal, NULL);
    if (number != 0)
        return app_fail(EXIT_OTHER, "cannot start a thread: %s", strerror(number));
    pthread_detach(thread);
    return EXIT_FINE;
}

static void let_signals_through(void)
{
    sigset_t set;
    ending_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- the connection ---- */

int app_connect(struct app *app, bool input_only, const char *encodings, ph_client **client)
{
    struct secrets secrets;
    ph_options options = PH_OPTIONS_INIT;
    ph_error error;
    if (app->target == NULL)
        return app_fail(EXIT_USAGE,
                        "no target: name one with -t or in $PORTHOLE, as in -t vnc://HOST:1 or -t "
                        "vnc+unix:/PATH");
    int code = secrets_find(&secrets, app, &options);
    options.input_only = input_only;
    options.encodings = encodings;
    options.ca_file = app->ca_file;
    options.insecure = app->insecure;
    options.plaintext = app->plaintext;
    if (code == EXIT_FINE)
        code = app_catch_signals(app);
    progress_begin("connecting to %s", app->target);
    if (code == EXIT_FINE &&
        ph_connect(app->target, &options, &app->limit, client, &error) != PH_OK)
        code = app_fail_error(&error);
    progress_end();
    secrets_wipe(&secrets);
    return code;
}

int app_close(const struct app *app, ph_client *client, int code)
{
    /* not cancelled by a signal: what is held down is released even then */
    const ph_limit limit = {.timeout_ms = app->limit.timeout_ms};
    ph_error error;
    progress_begin("delivering the input");
    int rc = ph_close(client, &limit, &error);
    progress_end();
    let_signals_through();
    return code == EXIT_FINE && rc != PH_OK ? app_fail_error(&error) : code;
}

ph_limit app_limit(const struct app *app, int64_t waits_ms)
{
    int64_t ms = waits_ms + app->limit.timeout_ms;
    return (ph_limit){.timeout_ms = ms > INT_MAX ? -1 : (int)ms, .cancel = app->limit.cancel};
}

int app_send(struct app *app, app_action *act, const void *what)
{
    ph_client *client = NULL;
    ph_error error;
    int code = app_connect(app, true, NULL, &client);
    if (code != EXIT_FINE)
        return code;
    progress_begin("sending the input");
    if (act(app, client, what, &error) != PH_OK)
        code = app_fail_error(&error);
    progress_end();
    code = app_close(app, client, code);
    return code == EXIT_FINE && app->json ? app_answer(json_pack("{s:b}", "ok", 1)) : code;
}
