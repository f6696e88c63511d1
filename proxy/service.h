/* SPDX-License-Identifier: GPL-2.0-or-later
 * All that a configuration file names, read and ready to serve. Immutable once loaded; a reload
 * makes another, and the old one goes with the last connection that began under it. Any thread may
 * look, and count references. */
#ifndef PROXY_SERVICE_H
#define PROXY_SERVICE_H

#include <stdatomic.h>

#include "assets.h"
#include "config.h"
#include "tls_server.h"

struct service {
    struct config *config;
    struct assets *assets;
    struct tls_server *tls;
    atomic_uint refs; /* private */
};

/* Reads errors->file and every file it names; reports every error, and what
 * deserves a warning. NULL if there was an error; else a reference for the caller. */
struct service *service_load(struct config_errors *errors);
struct service *service_ref(struct service *s);
/* Accepts NULL. */
void service_unref(struct service *s);

#endif
