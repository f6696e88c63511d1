/* SPDX-License-Identifier: GPL-2.0-or-later
 * One event loop with its listener and its viewers. Workers share nothing but the service, so there
 * may be one a core. */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include "service.h"

struct worker;

/* Binds the listener. NULL: the reason has been logged. */
struct worker *worker_create(const struct service *service);
/* Serves until SIGTERM or SIGINT and until all viewers have been told. */
void worker_run(struct worker *w);
/* Accepts NULL. */
void worker_destroy(struct worker *w);

#endif
