/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 2048, /* a longer line is cut */
    VALUE_MAX_BYTES = 512  /* so that one long value does not push the others out */
};

static bool log_verbose;

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

static void put_time(char *dst, size_t dst_size)
{
    struct timespec now;
    struct tm tm;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(dst, dst_size, "%s.%03ldZ ", seconds, now.tv_nsec / 1000000);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char line[LINE_MAX_BYTES] = "";
    if (level == LOG_LEVEL_DEBUG && !log_verbose)
        return;
    put_time(line, sizeof line);
    put(line, sizeof line, levels[level]);
    put(line, sizeof line, " event=");
    put(line, sizeof line, event);
    for (; fields->key != NULL; fields++) {
        put(line, sizeof line, " ");
        put(line, sizeof line, fields->key);
        put(line, sizeof line, "=");
        if (fields->text != NULL) {
            log_put_value(line, sizeof line, fields->text);
        } else {
            char number[24];
            snprintf(number, sizeof number, "%" PRIu64, fields->number);
            put(line, sizeof line, number);
        }
    }
    size_t len = strlen(line);
    if (len == sizeof line - 1)
        len--;
    line[len] = '\n';
    /* a log that cannot be written must not stop the proxy */
    if (write(STDERR_FILENO, line, len + 1) < 0)
        return;
}
