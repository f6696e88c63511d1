/* SPDX-License-Identifier: GPL-2.0-or-later
 * Viewers that do nothing but stay, and one that is busy beside them. */
#ifndef BENCH_IDLE_H
#define BENCH_IDLE_H

#include <sys/types.h>

#include "wire.h"

/* Opens count viewers and says "ok". Then for each line of standard input it says "ok" and what
 * there is to tell:
 *
 *   ping COUNT     round trips of one more viewer, as JSON
 *   reload COUNT   the same, and after half of them the proxy gets a SIGHUP
 *   dropped        how many of the idle ones the proxy has ended
 *
 * The idle ones answer the proxy's pings all the while. 0 at the end of input. */
int idle_run(const struct door *door, pid_t proxy, size_t count);

#endif
