/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams made while the server runs: the store that keeps them, the clock that ends them, the
 * admin API's doors, by which they are made. Belongs to the server's loop. */
#ifndef PROXY_GRANTS_H
#define PROXY_GRANTS_H

#include <uv.h>

#include "admin.h"

struct grants;

/* Opens the store and the listeners that the service's configuration names, and loads all streams.
 * base_url: of the viewer page. NULL: the reason has been logged. */
struct grants *grants_open(uv_loop_t *loop, struct service *service, struct streams *streams,
                           struct audit *audit, struct metrics *metrics, struct backoff *backoff,
                           const char *base_url);
/* The streams of another configuration, and the grants for its desktops. 0, or -1: the reason has
 * been logged, and all is as before. */
int grants_reload(struct grants *g, struct service *service, const char *base_url);
/* Frees when the loop has closed all. Accepts NULL. */
void grants_close(struct grants *g);

#endif
