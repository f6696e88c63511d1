/* SPDX-License-Identifier: GPL-2.0-or-later
 * The audit trail: who watched or controlled what. One event a line, a JSON object, appended to a
 * file; portholed(8) has the table of events and fields. The callers keep tokens and passwords out.
 *
 * Streams never wait for it. A line goes into a bounded queue, and a thread of its own writes;
 * while the file takes nothing (a full disk) lines wait there and are tried again, and only when
 * the queue is full too they are lost: the log says so, and the next line in the file says how
 * many: "lost". The other way round whoever fills a disk could end every desktop. */
#ifndef PROXY_AUDIT_H
#define PROXY_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AUDIT_QUEUE_MAX = 4 << 20, /* bytes that wait for the file */
    AUDIT_LINE_MAX = 8 << 10,  /* a longer line is lost */
    AUDIT_ERROR_MAX = 128
};

struct audit;

/* Made by the macros below. */
struct audit_field {
    const char *key;
    bool is_number;
    const char *text; /* NULL: the field is left out */
    uint64_t number;
};

#define AUDIT_TEXT(k, v) ((struct audit_field){.key = (k), .text = (v)})
#define AUDIT_NUMBER(k, v) ((struct audit_field){.key = (k), .is_number = true, .number = (v)})
/* Left out unless the condition holds. */
#define AUDIT_NUMBER_IF(c, k, v) ((struct audit_field){.key = (k), .is_number = (c), .number = (v)})

/* audit_event(audit, "name", AUDIT_TEXT("peer", peer), ...): the time comes by itself. Any thread.
 * audit NULL, or one without a file: nothing happens. What is no UTF-8 in a text is replaced. */
#define audit_event(audit, name, ...)                                                              \
    audit_write((audit), (name), (const struct audit_field[]){__VA_ARGS__, {.key = NULL}})

/* fields ends with a NULL key. */
void audit_write(struct audit *a, const char *event, const struct audit_field *fields);

/* Lines that were lost since the beginning. NULL: 0. Any thread. */
uint64_t audit_lost(struct audit *a);

/* Could the file be written? Makes none. 0, or -1 with the reason in why. */
int audit_check(const char *path, char why[AUDIT_ERROR_MAX]);

/* Without a file yet, and without a thread. NULL: out of memory. */
struct audit *audit_create(void);
/* Lines from now on go to this file, which is opened anew (it may have been moved away), and made
 * with mode 0600 where there is none; NULL: nowhere. Always from the same thread. 0, or -1 with the
 * reason in why: then it goes on as before. */
int audit_use(struct audit *a, const char *path, char why[AUDIT_ERROR_MAX]);
/* Writes what waits, for a few seconds at most, and frees. No other thread may use it any more.
 * Accepts NULL. */
void audit_destroy(struct audit *a);

#endif
