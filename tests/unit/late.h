/* SPDX-License-Identifier: GPL-2.0-or-later
 * How late a call comes back, where that is what is tested. A machine with too much to do is late
 * by itself: a thread that only sleeps measures how much, and that is taken off. */
#ifndef LATE_H
#define LATE_H

#include <stdbool.h>
#include <stdint.h>

/* What the library promises is 100 ms, and a build as users have it keeps to that. A sanitizer's
 * bookkeeping makes the work in between, such as letting go of a framebuffer, take several times as
 * long, that of threads the most; what never ends, or ends by another deadline, is late even so. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LATE_ADDRESS 1
#elif __has_feature(thread_sanitizer)
#define LATE_THREAD 1
#endif
#endif
#if defined(LATE_THREAD) || defined(__SANITIZE_THREAD__)
enum { LATE_MAX_MS = 5000 };
#elif defined(LATE_ADDRESS) || defined(__SANITIZE_ADDRESS__)
enum { LATE_MAX_MS = 1000 };
#else
enum { LATE_MAX_MS = 100 };
#endif

/* Starts and ends the measuring thread. Ending prints the worst call in between. */
void late_begin(void);
void late_end(void);

/* Nanoseconds of CLOCK_MONOTONIC; the first also begins to measure the machine anew. */
int64_t late_start(void);
int64_t late_now(void);
/* False, and printed, when more than limit_ms + LATE_MAX_MS lie between; late_check: up to now. The
 * names are for the message, and for late_end to print the worst with. */
bool late_between(int64_t start, int64_t end, int limit_ms, const char *call, const char *against);
bool late_check(int64_t start, int limit_ms, const char *call, const char *against);

#endif
