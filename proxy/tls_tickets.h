/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of session tickets (RFC 5077, RFC 8446 section 4.6.1), by which a viewer that comes
 * again saves both sides the signature. Made anew every two hours and forgotten four hours after:
 * who steals a key cannot read what was recorded before. All workers share them. Thread-safe. */
#ifndef PROXY_TLS_TICKETS_H
#define PROXY_TLS_TICKETS_H

#include <openssl/ssl.h>

struct tls_tickets;

/* NULL: out of memory, or of random numbers. */
struct tls_tickets *tls_tickets_create(void);
/* Wipes the keys. No context that uses them may make connections any more. Accepts NULL. */
void tls_tickets_destroy(struct tls_tickets *t);

void tls_tickets_use(struct tls_tickets *t, SSL_CTX *ctx);

#endif
