/* SPDX-License-Identifier: GPL-2.0-or-later
 * The whole server: the listener, the workers that it hands connections to, and the signals. */
#ifndef PROXY_SERVER_H
#define PROXY_SERVER_H

#include "service.h"

/* Serves until SIGTERM or SIGINT and until all viewers have been told; SIGHUP reads the file again.
 * The service is the caller's still. 0, or -1: the reason has been logged. */
int server_run(struct service *service, const char *file);

#endif
