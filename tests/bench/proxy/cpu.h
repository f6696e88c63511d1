/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a proxy has used so far: it and its children, for websockify has one for each viewer. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stdint.h>
#include <sys/types.h>

/* Processor time of the process and of its children, all their threads, user and kernel. */
int64_t cpu_of(pid_t pid);

#endif
