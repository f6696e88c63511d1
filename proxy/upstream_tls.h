/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLS towards a VNC server, as its desktop's section wants it: whom to trust, whom to expect. The
 * context is made while the configuration is loaded; then any thread may connect by it. */
#ifndef PROXY_UPSTREAM_TLS_H
#define PROXY_UPSTREAM_TLS_H

#include <openssl/ssl.h>

#include "config.h"

enum { UPSTREAM_TLS_WORDS_MAX = 512 };

/* For a desktop whose tls is not off: TLS 1.2 and up and a verified certificate, or, where
 * anonymous TLS is wanted, that alone. NULL with the reason in why. */
SSL_CTX *upstream_tls_create(const struct config_desktop *desktop,
                             char why[UPSTREAM_TLS_WORDS_MAX]);

/* Names the expected host to the server (RFC 6066 section 3), where it is a name. 0, or -1: out of
 * memory. */
int upstream_tls_name_host(SSL *ssl, const struct config_desktop *desktop);

/* Behind a handshake that failed: whether it was for the certificate, in words for the viewer; and
 * for the log in detail. NULL: it was something else, and detail is unchanged. */
const char *upstream_tls_distrust(SSL *ssl, char detail[UPSTREAM_TLS_WORDS_MAX]);

#endif
