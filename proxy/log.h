/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log: one event a line on stderr, in logfmt:
 *   2026-01-01T00:00:00.123Z info event=ready url=https://127.0.0.1:6080/
 * Whatever stands in a text, one event stays one line of printable ASCII. The callers keep tokens,
 * passwords and query strings out. Thread-safe: a line is one write. A line that stderr does not
 * take at once is dropped, and the next that goes out says how many were: dropped=N. */
#ifndef PROXY_LOG_H
#define PROXY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Made by LOG_TEXT and LOG_NUMBER. */
struct log_field {
    const char *key;
    const char *text; /* NULL: a number */
    uint64_t number;
};

#define LOG_TEXT(k, v) ((struct log_field){.key = (k), .text = (v)})
#define LOG_NUMBER(k, v) ((struct log_field){.key = (k), .number = (v)})

/* log_event(level, "name", LOG_TEXT("peer", peer), ...): one field at least. */
#define log_event(level, name, ...)                                                                \
    log_write((level), (name), (const struct log_field[]){__VA_ARGS__, {.key = NULL}})

/* Debug events are left out unless this was asked for. Call before the first thread. */
void log_set_verbose(bool verbose);

/* Now, as RFC 3339 has it: 2026-01-01T00:00:00.123Z. */
enum { LOG_TIME_SIZE = 32 };
void log_put_time(char text[LOG_TIME_SIZE]);

/* fields ends with a NULL key. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* How many lines a second strangers can cause. Zeroed at first; belongs to one thread. */
enum { LOG_LINES_A_SECOND = 20 };
struct log_limit {
    uint64_t second, suppressed;
    unsigned lines;
};
/* May one more line be written? now is of any clock, in milliseconds. True: *suppressed tells how
 * many lines were not written since the last one was. */
bool log_allow(struct log_limit *limit, uint64_t now, uint64_t *suppressed);

/* Appends `text` as a logfmt value to the string in dst (dst_size bytes, NUL-ended), quoted and
 * escaped where needed and cut where too long. For log_write and its tests. */
void log_put_value(char *dst, size_t dst_size, const char *text);

#endif
