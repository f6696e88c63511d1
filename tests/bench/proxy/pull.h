/* SPDX-License-Identifier: GPL-2.0-or-later
 * Viewers that ask for each update, as those of desktops do, and read it rectangle by rectangle: of
 * the source, or of a real server. What a stream shows of the desktop makes no difference to them.
 */
#ifndef BENCH_PULL_H
#define BENCH_PULL_H

#include <stdbool.h>
#include <sys/types.h>

#include "wire.h"

/* Each prints its figures, and answers 0. */

/* The whole framebuffer, again and again: the next one is asked for when one begins, if it has
 * changed or, not incremental, anyhow. */
int pull_flood(const struct door *door, bool incremental, pid_t proxy, size_t bytes);
/* Its corner, whether it changes or not, count times: the next one when one has come. */
int pull_trips(const struct door *door, pid_t proxy, long count);
/* What changes, until the end of standard input; for each of its lines "ok" and what has come so
 * far, as JSON. */
int pull_watch(const struct door *door);

#endif
