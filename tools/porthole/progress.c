/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 256, COLUMNS = 80, TAIL = 16 /* "... 86400 s" */ };

/* The process has one terminal, so there is one of this. The thread ends with the process. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t begun;
    bool started; /* the thread */
    bool active, shown;
    char text[TEXT_MAX];
    struct timespec begin;
} line = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void show(long seconds)
{
    struct winsize size = {.ws_col = 0};
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    int room = (size.ws_col != 0 ? size.ws_col : COLUMNS) - TAIL;
    if (room < 1)
        return;
    size_t len = strnlen(line.text, (size_t)room);
    while (len > 0 && (line.text[len] & 0xc0) == 0x80) /* not within a character of UTF-8 */
        len--;
    fprintf(stderr, "\r%.*s... %ld s\033[K", (int)len, line.text, seconds);
    line.shown = true;
}

static void *tell(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&line.lock);
    for (;;) {
        if (!line.active) {
            pthread_cond_wait(&line.begun, &line.lock);
            continue;
        }
        struct timespec now, next = line.begin;
        clock_gettime(CLOCK_MONOTONIC, &now);
        long seconds = now.tv_sec - line.begin.tv_sec - (now.tv_nsec < line.begin.tv_nsec);
        if (seconds > 0)
            show(seconds);
        next.tv_sec += seconds + 1;
        pthread_cond_timedwait(&line.begun, &line.lock, &next);
    }
    return NULL;
}

/* Signals are for the other threads. */
static bool start(void)
{
    pthread_condattr_t clock;
    pthread_t thread;
    sigset_t all, before;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&line.begun, &clock);
    pthread_condattr_destroy(&clock);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, tell, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

static bool on_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

void progress_begin(const char *format, ...)
{
    va_list args;
    if (!on_terminal())
        return;
    progress_end();
    if (!line.started)
        line.started = start();
    if (!line.started)
        return;
    pthread_mutex_lock(&line.lock);
    va_start(args, format);
    vsnprintf(line.text, sizeof line.text, format, args);
    va_end(args);
    clock_gettime(CLOCK_MONOTONIC, &line.begin);
    line.active = true;
    pthread_cond_signal(&line.begun);
    pthread_mutex_unlock(&line.lock);
}

void progress_end(void)
{
    pthread_mutex_lock(&line.lock);
    line.active = false;
    if (line.shown)
        fputs("\r\033[K", stderr);
    line.shown = false;
    pthread_mutex_unlock(&line.lock);
}
