/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 2048, /* a longer line is cut */
    DROPPED_MAX_BYTES = 32,
    VALUE_MAX_BYTES = 512 /* so that one long value does not push the others out */
};

/* A pipe that can be written to takes this much without blocking. */
_Static_assert(LINE_MAX_BYTES <= PIPE_BUF, "a line is one write");

static bool log_verbose;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t log_dropped; /* lines, since one went out; under the lock */

void log_set_verbose(bool verbose)
{
    log_verbose = verbose;
}

static bool is_bare(unsigned char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           (ch != '\0' && strchr("._:/@+-[]", ch) != NULL);
}

static bool all_bare(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (!is_bare((unsigned char)*text))
            return false;
    return true;
}

/* One character of a quoted value; bytes outside ASCII too are written as \xNN, so that neither a
 * terminal nor a log reader ever sees a peer's control sequence. */
static int escape(char out[5], unsigned char ch)
{
    if (ch == '"' || ch == '\\')
        return snprintf(out, 5, "\\%c", ch);
    if (ch >= 0x20 && ch < 0x7f)
        return snprintf(out, 5, "%c", ch);
    return snprintf(out, 5, "\\x%02x", ch);
}

void log_put_value(char *dst, size_t dst_size, const char *text)
{
    size_t at = strlen(dst);
    if (dst_size - at < 4)
        return;
    size_t end = dst_size - 1;
    if (end - at > VALUE_MAX_BYTES)
        end = at + VALUE_MAX_BYTES;
    bool bare = all_bare(text);
    if (!bare)
        dst[at++] = '"';
    for (; *text != '\0'; text++) {
        char piece[5];
        size_t n = (size_t)escape(piece, (unsigned char)*text);
        if (n > end - 1 - at)
            break;
        memcpy(dst + at, piece, n);
        at += n;
    }
    if (!bare)
        dst[at++] = '"';
    dst[at] = '\0';
}

static void put(char *dst, size_t dst_size, const char *text)
{
    size_t at = strlen(dst);
    snprintf(dst + at, dst_size - at, "%s", text);
}

void log_put_time(char text[LOG_TIME_SIZE])
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t len = strftime(text, LOG_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, LOG_TIME_SIZE - len, ".%03ldZ", now.tv_nsec / 1000000);
}

/* stderr may be shared, so it stays blocking, and is asked before each write. */
static bool write_line(const char *line, size_t len)
{
    struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};
    int rc;
    while ((rc = poll(&err, 1, 0)) < 0 && errno == EINTR) {
    }
    return rc == 1 && (err.revents & POLLOUT) != 0 && write(STDERR_FILENO, line, len) >= 0;
}

/* Ends the line and sends it. A log that cannot be written must not stop the proxy. */
static void send_line(char *line, size_t size)
{
    pthread_mutex_lock(&log_lock);
    if (log_dropped != 0) {
        size_t at = strlen(line);
        snprintf(line + at, size - at, " dropped=%" PRIu64, log_dropped);
    }
    size_t len = strlen(line);
    line[len] = '\n';
    log_dropped = write_line(line, len + 1) ? 0 : log_dropped + 1;
    pthread_mutex_unlock(&log_lock);
}

bool log_allow(struct log_limit *limit, uint64_t now, uint64_t *suppressed)
{
    if (limit->second != now / 1000) {
        limit->second = now / 1000;
        limit->lines = 0;
    }
    if (limit->lines == LOG_LINES_A_SECOND) {
        limit->suppressed++;
        return false;
    }
    limit->lines++;
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    return true;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char line[LINE_MAX_BYTES] = "", now[LOG_TIME_SIZE];
    const size_t size = sizeof line - DROPPED_MAX_BYTES;
    if (level == LOG_LEVEL_DEBUG && !log_verbose)
        return;
    log_put_time(now);
    put(line, size, now);
    put(line, size, " ");
    put(line, size, levels[level]);
    put(line, size, " event=");
    put(line, size, event);
    for (; fields->key != NULL; fields++) {
        put(line, size, " ");
        put(line, size, fields->key);
        put(line, size, "=");
        if (fields->text != NULL) {
            log_put_value(line, size, fields->text);
        } else {
            char number[24];
            snprintf(number, sizeof number, "%" PRIu64, fields->number);
            put(line, size, number);
        }
    }
    send_line(line, sizeof line - 1);
}
