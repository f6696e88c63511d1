/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the proxy benchmark's source and viewers agree on. */
#ifndef BENCH_SOURCE_H
#define BENCH_SOURCE_H

#include <stdbool.h>
#include <sys/resource.h>

enum { SOURCE_WIDTH = 1920, SOURCE_HEIGHT = 1080 };

/* As many descriptors as the hard limit allows. */
static inline void raise_descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

#endif
