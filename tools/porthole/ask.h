/* SPDX-License-Identifier: GPL-2.0-or-later
 * portholed's admin API, from its other side: one request over a unix socket. */
#ifndef PORTHOLE_ASK_H
#define PORTHOLE_ASK_H

#include "app.h"

/* Sends method and path with a JSON body (or NULL; borrowed) and awaits the answer, all of it
 * within timeout_ms. EXIT_FINE with *answer, the caller's, for a status of 2xx; else an exit code:
 * has printed the server's words. */
int ask(const char *socket_path, const char *method, const char *path, json_t *body, int timeout_ms,
        json_t **answer);

#endif
