/* SPDX-License-Identifier: GPL-2.0-or-later
 * The context of the server's end: which TLS it speaks, and as whom. Made while the configuration
 * is loaded; then any thread may make connections of it. */
#ifndef PROXY_TLS_CTX_H
#define PROXY_TLS_CTX_H

#include <openssl/ssl.h>

#include "tls_pipe.h"

/* A server's context: TLS 1.2 and up, tuned for many idle connections. NULL: out of memory. */
SSL_CTX *tls_ctx_create(void);
/* Reads the chain and the key (PEM). 0, or -1 with the reason in why. The key comes second. */
int tls_ctx_use_certificate(SSL_CTX *ctx, const char *path, char why[TLS_ERROR_MAX]);
int tls_ctx_use_key(SSL_CTX *ctx, const char *path, char why[TLS_ERROR_MAX]);

#endif
