/* SPDX-License-Identifier: GPL-2.0-or-later
 * Metrics as Prometheus reads them: its text format 0.0.4. portholed(8) names them. */
#ifndef PROXY_METRICS_TEXT_H
#define PROXY_METRICS_TEXT_H

#include "audit.h"
#include "metrics.h"
#include "streams.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* All of them, for free(); NULL: out of memory. */
char *metrics_text(const struct metrics *m, const struct service *service, struct streams *streams,
                   struct audit *audit);

#endif
