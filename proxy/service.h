/* SPDX-License-Identifier: GPL-2.0-or-later
 * All that a configuration file names, read and ready to serve: the only thing the workers share.
 * Immutable once loaded. */
#ifndef PROXY_SERVICE_H
#define PROXY_SERVICE_H

#include <openssl/ssl.h>

#include "assets.h"
#include "config.h"

struct service {
    struct config *config;
    struct assets *assets;
    SSL_CTX *tls;
};

/* Reads errors->file and every file it names; reports every error. 0, or -1 if there was one. The
 * caller calls service_finish in either case. */
int service_load(struct service *s, struct config_errors *errors);
void service_finish(struct service *s);

#endif
