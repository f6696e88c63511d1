/* SPDX-License-Identifier: GPL-2.0-or-later
 * The admin API over TLS: who has the token of admin_token_file may ask. One request a connection,
 * each with a deadline; of too many that have not shown the token, the oldest goes. Belongs to its
 * loop's thread. */
#ifndef PROXY_ADMIN_LISTENER_H
#define PROXY_ADMIN_LISTENER_H

#include <uv.h>

#include "admin_http.h"

struct admin_listener;

/* Listens, and logs where. Connections are of the service that door->admin has when they come. NULL
 * with *error, an errno value. */
struct admin_listener *admin_listener_open(uv_loop_t *loop, const struct sockaddr_storage *address,
                                           const struct admin_door *door, int *error);
/* Stops listening and ends all connections; frees when the loop has closed all. Accepts NULL. */
void admin_listener_close(struct admin_listener *l);

#endif
