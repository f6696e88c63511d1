/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "rfb/text.h"

enum {
    RETRY_S = 1,  /* after a failure */
    QUIET_S = 10, /* between two log lines about failures */
    FINISH_S = 3  /* for what waits at the end */
};

struct line {
    struct line *next;
    size_t len;
    char bytes[];
};

struct audit {
    atomic_bool on;
    bool has_thread; /* of the thread that calls audit_use */
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t changed, done;
    struct line *first, **end;
    size_t waiting; /* bytes in the queue */
    uint64_t lost;  /* lines, since one was queued */
    uint64_t all_lost;
    int next_fd; /* the writer is to take it; -1: none */
    bool shut;   /* the writer is to close the file behind what waits */
    bool finish, finished;
    time_t quiet_until; /* for the log; monotonic seconds */

    int fd; /* the writer's own; -1: none */
};

/* ---- trouble ---- */

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* With the lock. */
static void log_failed(struct audit *a, const char *error)
{
    if (now_s() < a->quiet_until)
        return;
    a->quiet_until = now_s() + QUIET_S;
    log_event(LOG_LEVEL_ERROR, "audit_failed", LOG_TEXT("error", error),
              LOG_NUMBER("waiting", a->waiting), LOG_NUMBER("lost", a->lost));
}

/* ---- the writer ---- */

/* 0 or an errno value. What of a line got in before the disk was full is taken out again: only this
 * thread writes the file. */
static int write_line(int fd, const struct line *l)
{
    ssize_t n;
    do
        n = write(fd, l->bytes, l->len);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)l->len)
        return 0;
    if (n < 0)
        return errno;
    struct stat st;
    if (fstat(fd, &st) == 0 && st.st_size >= n && ftruncate(fd, st.st_size - n) != 0)
        return errno;
    return ENOSPC;
}

/* Closes the file, and goes on with the next. */
static void take_file(struct audit *a)
{
    if (a->fd >= 0)
        close(a->fd);
    a->fd = a->next_fd;
    a->next_fd = -1;
}

static void drop_first(struct audit *a)
{
    struct line *l = a->first;
    a->first = l->next;
    if (a->first == NULL)
        a->end = &a->first;
    a->waiting -= l->len;
    free(l);
}

static void wait_s(pthread_cond_t *cond, pthread_mutex_t *lock, int seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_cond_timedwait(cond, lock, &until);
}

/* Writes the first line, without the lock meanwhile: nobody else takes it out. 0 or an errno
 * value. */
static int write_first(struct audit *a)
{
    const struct line *l = a->first;
    pthread_mutex_unlock(&a->lock);
    int error = write_line(a->fd, l);
    pthread_mutex_lock(&a->lock);
    if (error == 0)
        drop_first(a);
    return error;
}

static void *run(void *audit)
{
    struct audit *a = audit;
    pthread_mutex_lock(&a->lock);
    for (;;) {
        if (a->next_fd >= 0) {
            take_file(a);
        } else if (a->shut && a->first == NULL) {
            take_file(a);
            a->shut = false;
        }
        if (a->first != NULL) {
            int error = write_first(a);
            if (error != 0) {
                log_failed(a, strerror(error));
                if (a->finish)
                    break;
                wait_s(&a->changed, &a->lock, RETRY_S);
            }
        } else if (a->finish) {
            break;
        } else {
            pthread_cond_wait(&a->changed, &a->lock);
        }
    }
    a->finished = true;
    pthread_cond_signal(&a->done);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* ---- lines ---- */

static json_t *text_value(const char *text)
{
    json_t *json = json_string(text);
    char *copy = json == NULL ? strdup(text) : NULL;
    if (copy != NULL) {
        rfb_text_make_utf8(copy);
        json = json_string(copy);
    }
    free(copy);
    return json;
}

static void put_field(json_t *json, const struct audit_field *f)
{
    if (f->is_number)
        json_object_set_new(json, f->key, json_integer((json_int_t)f->number));
    else if (f->text != NULL)
        json_object_set_new(json, f->key, text_value(f->text));
}

/* NULL: out of memory, or longer than a line may be. */
static struct line *make_line(const char *event, const struct audit_field *fields, uint64_t lost)
{
    char now[LOG_TIME_SIZE];
    log_put_time(now);
    json_t *json = json_pack("{s:s, s:s}", "time", now, "event", event);
    if (json == NULL)
        return NULL;
    for (; fields->key != NULL; fields++)
        put_field(json, fields);
    if (lost != 0)
        json_object_set_new(json, "lost", json_integer((json_int_t)lost));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    size_t len = text != NULL ? strlen(text) + 1 : 0;
    struct line *l = len != 0 && len <= AUDIT_LINE_MAX ? malloc(sizeof *l + len) : NULL;
    if (l != NULL) {
        memcpy(l->bytes, text, len - 1);
        l->bytes[len - 1] = '\n';
        l->len = len;
        l->next = NULL;
    }
    free(text);
    return l;
}

static void count_lost(struct audit *a)
{
    a->lost++;
    a->all_lost++;
}

uint64_t audit_lost(struct audit *a)
{
    if (a == NULL)
        return 0;
    pthread_mutex_lock(&a->lock);
    uint64_t lost = a->all_lost;
    pthread_mutex_unlock(&a->lock);
    return lost;
}

void audit_write(struct audit *a, const char *event, const struct audit_field *fields)
{
    if (a == NULL || !atomic_load(&a->on))
        return;
    pthread_mutex_lock(&a->lock);
    if (!atomic_load(&a->on)) { /* meanwhile; the writer has no file for it */
        pthread_mutex_unlock(&a->lock);
        return;
    }
    /* behind the lock, so that the order of the lines is the order of their times */
    struct line *l = make_line(event, fields, a->lost);
    if (l == NULL) {
        count_lost(a);
        log_failed(a, "out of memory, or the line is too long");
    } else if (a->waiting + l->len > AUDIT_QUEUE_MAX) {
        count_lost(a);
        log_failed(a, "the file does not take the lines");
        free(l);
    } else {
        *a->end = l;
        a->end = &l->next;
        a->waiting += l->len;
        a->lost = 0;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
}

/* ---- the file ---- */

static int fail(char why[AUDIT_ERROR_MAX], const char *words)
{
    snprintf(why, AUDIT_ERROR_MAX, "%s", words);
    return -1;
}

/* The descriptor, or -1 with the reason, in errno too. O_NONBLOCK: a FIFO must not hold us until it
 * is seen that it is none of the files wanted here. */
static int open_file(const char *path, int flags, char why[AUDIT_ERROR_MAX])
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0600);
    int error = errno;
    if (fd < 0) {
        fail(why, error == ENXIO ? "not a regular file" : strerror(error));
        errno = error;
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    fail(why, "not a regular file");
    errno = EINVAL;
    return -1;
}

int audit_check(const char *path, char why[AUDIT_ERROR_MAX])
{
    int fd = open_file(path, 0, why);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    if (errno != ENOENT)
        return -1;
    /* it is to be made: may it be? */
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    char *folder = len == 0 ? strdup(".") : strndup(path, len);
    int rc = folder != NULL ? access(folder, W_OK | X_OK) : -1;
    if (rc != 0)
        fail(why, strerror(errno));
    free(folder);
    return rc;
}

static pthread_cond_t *init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return cond;
}

struct audit *audit_create(void)
{
    struct audit *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    pthread_mutex_init(&a->lock, NULL);
    init_cond(&a->changed);
    init_cond(&a->done);
    a->end = &a->first;
    a->fd = a->next_fd = -1;
    return a;
}

static int start_writer(struct audit *a, char why[AUDIT_ERROR_MAX])
{
    int error = a->has_thread ? 0 : pthread_create(&a->thread, NULL, run, a);
    a->has_thread = a->has_thread || error == 0;
    return error == 0 ? 0 : fail(why, strerror(error));
}

int audit_use(struct audit *a, const char *path, char why[AUDIT_ERROR_MAX])
{
    int fd = -1;
    if (path == NULL && !a->has_thread)
        return 0;
    if (path != NULL && (fd = open_file(path, O_CREAT, why)) < 0)
        return -1;
    if (start_writer(a, why) != 0) {
        close(fd);
        return -1;
    }
    pthread_mutex_lock(&a->lock);
    if (fd >= 0 && a->next_fd >= 0)
        close(a->next_fd);
    if (fd >= 0)
        a->next_fd = fd;
    a->shut = fd < 0;
    atomic_store(&a->on, path != NULL);
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    return 0;
}

/* True: the writer has ended. */
static bool finish_writer(struct audit *a)
{
    pthread_mutex_lock(&a->lock);
    a->finish = true;
    pthread_cond_signal(&a->changed);
    time_t deadline = now_s() + FINISH_S;
    while (!a->finished && now_s() < deadline)
        wait_s(&a->done, &a->lock, 1);
    bool finished = a->finished;
    if (a->first != NULL) {
        a->quiet_until = 0;
        log_failed(a, "the process ends, and lines are not written");
    }
    pthread_mutex_unlock(&a->lock);
    if (finished)
        pthread_join(a->thread, NULL);
    return finished;
}

void audit_destroy(struct audit *a)
{
    if (a == NULL || (a->has_thread && !finish_writer(a)))
        return; /* a disk that hangs holds the writer: the process ends with it */
    while (a->first != NULL)
        drop_first(a);
    if (a->next_fd >= 0)
        close(a->next_fd);
    if (a->fd >= 0)
        close(a->fd);
    pthread_cond_destroy(&a->changed);
    pthread_cond_destroy(&a->done);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
