/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLS as the server of viewers: which versions and ciphers, and as whom. Several certificates stand
 * side by side; which of them a viewer is shown, the name it asks for decides (SNI, RFC 6066
 * section 3), and of those made out to the same names its taste for RSA or ECDSA. Filled while the
 * configuration is loaded; then any thread may make connections of it. */
#ifndef PROXY_TLS_SERVER_H
#define PROXY_TLS_SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "tls_pipe.h"

enum { TLS_DATE_MAX = 32 };

/* What a certificate says that may be worth a word. */
struct tls_facts {
    bool names_hosts; /* in its subjectAltName: nobody looks anywhere else */
    bool too_early, expired;
    bool soon; /* it expires within a tenth of its lifetime, and within two weeks */
    char begins[TLS_DATE_MAX], ends[TLS_DATE_MAX];
};

struct tls_server;

/* NULL: out of memory, or OpenSSL cannot be used. */
struct tls_server *tls_server_create(void);
/* Accepts NULL. No connection of it may be in its handshake. */
void tls_server_destroy(struct tls_server *s);

enum tls_added {
    TLS_ADDED,
    TLS_BAD_CERTIFICATE, /* cannot be read or used */
    TLS_BAD_KEY,         /* cannot be read, or belongs to another certificate */
    TLS_TWICE,           /* there is one for the same names, with the same kind of key */
    TLS_NO_MEMORY
};
/* Reads a chain and its key (PEM files). The first one is for whoever asks for no name that is
 * known. why is set with the first three failures, facts when it was added. */
enum tls_added tls_server_add(struct tls_server *s, const char *certificate, const char *key,
                              struct tls_facts *facts, char why[TLS_ERROR_MAX]);

/* When the first of the certificates expires, in seconds since 1970; 0: it cannot be told. */
int64_t tls_server_expiry(const struct tls_server *s);
/* For new connections, once one has been added; borrowed. */
SSL_CTX *tls_server_ctx(const struct tls_server *s);

#endif
