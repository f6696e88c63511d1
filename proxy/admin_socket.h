/* SPDX-License-Identifier: GPL-2.0-or-later
 * The admin API's unix socket: mode 0600, so whoever may open it may ask. One request a connection,
 * a few connections at once, each with a deadline. Belongs to its loop's thread. */
#ifndef PROXY_ADMIN_SOCKET_H
#define PROXY_ADMIN_SOCKET_H

#include <uv.h>

#include "admin_http.h"

struct admin_socket;

/* Listens; a socket that a server before left behind is replaced. NULL with *error, an errno
 * value. */
struct admin_socket *admin_socket_open(uv_loop_t *loop, const char *path,
                                       const struct admin_door *door, int *error);
/* Stops listening, ends all connections and removes the socket; frees when the loop has closed all.
 * Accepts NULL. */
void admin_socket_close(struct admin_socket *s);

#endif
