/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "progress.h"

int secrets_read_line(const char *path, const char *what, char *to, size_t size)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return app_fail(EXIT_USAGE, "cannot read the %s file %s: %s", what, path, strerror(errno));
    setvbuf(f, NULL, _IONBF, 0); /* no copy of it is left behind */
    bool got = fgets(to, (int)size, f) != NULL;
    fclose(f);
    size_t n = got ? strcspn(to, "\r\n") : 0;
    if (n == 0 || n == size - 1)
        return app_fail(EXIT_USAGE, "the %s file %s has no %s of 1 to %zu bytes in its first line",
                        what, path, what, size - 2);
    to[n] = '\0';
    return EXIT_FINE;
}

/* A line that is typed; ends early when a signal has come. 0 or -1. */
static int read_typed(int tty, int interrupt_fd, char *to, size_t size)
{
    size_t n = 0;
    for (;;) {
        struct pollfd p[] = {{.fd = tty, .events = POLLIN}, {.fd = interrupt_fd, .events = POLLIN}};
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return -1;
        if (p[1].revents != 0 || n == size)
            return -1;
        if (p[0].revents == 0)
            continue;
        ssize_t got = read(tty, to + n, size - n);
        if (got <= 0)
            return -1;
        n += (size_t)got;
        if (to[n - 1] == '\n') {
            to[n - 1] = '\0';
            return 0;
        }
    }
}

static int ask(const struct app *app, const char *what, bool echo, char *to, size_t size)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before;
    if (tty < 0 || tcgetattr(tty, &before) < 0) {
        if (tty >= 0)
            close(tty);
        return -1;
    }
    struct termios quiet = before;
    if (!echo)
        quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(tty, TCSAFLUSH, &quiet);
    dprintf(tty, "%s for %s: ", what, app->target);
    int rc = read_typed(tty, app->interrupt_fd, to, size);
    if (!echo || rc < 0)
        dprintf(tty, "\n");
    tcsetattr(tty, TCSAFLUSH, &before);
    close(tty);
    return rc;
}

/* ph_secret_fn. Nobody is asked where nobody sits: standard input is a script's then. */
static int find(void *data, int which, char *to, size_t size)
{
    const struct secrets *secrets = data;
    if (!isatty(STDIN_FILENO))
        return -1;
    progress_end(); /* it would write over the question */
    return which == PH_SECRET_USERNAME ? ask(secrets->app, "User name", true, to, size)
                                       : ask(secrets->app, "Password", false, to, size);
}

int secrets_find(struct secrets *secrets, const struct app *app, ph_options *options)
{
    int code = EXIT_FINE;
    *secrets = (struct secrets){.app = app};
    options->username = app->user;
    options->password = getenv("PORTHOLE_PASSWORD");
    options->token = getenv("PORTHOLE_TOKEN");
    options->secret = find;
    options->secret_data = secrets;
    if (app->password_file != NULL) {
        code = secrets_read_line(app->password_file, "password", secrets->password,
                                 sizeof secrets->password);
        options->password = secrets->password;
    }
    if (code == EXIT_FINE && app->token_file != NULL) {
        code = secrets_read_line(app->token_file, "token", secrets->token, sizeof secrets->token);
        options->token = secrets->token;
    }
    return code;
}

int secrets_find_agent(struct secrets *secrets, const struct app *app, const char **token)
{
    *secrets = (struct secrets){.app = app};
    *token = getenv("PORTHOLE_AGENT_TOKEN");
    if (app->agent_token_file == NULL)
        return EXIT_FINE;
    *token = secrets->token;
    return secrets_read_line(app->agent_token_file, "token", secrets->token, sizeof secrets->token);
}

void secrets_wipe(struct secrets *secrets)
{
    explicit_bzero(secrets->password, sizeof secrets->password);
    explicit_bzero(secrets->token, sizeof secrets->token);
}
