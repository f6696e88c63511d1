/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLS as bytes in, bytes out, for either role: what the owner reads from a socket goes in,
 * plaintext comes out, and the records of one call go to the owner's queue as one send. Between
 * calls nothing is left gathered, so the connections of a worker share the place. Belongs to its
 * loop's thread. */
#ifndef PROXY_TLS_PIPE_H
#define PROXY_TLS_PIPE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outq.h"
#include "scratch.h"

enum { TLS_ERROR_MAX = 256 };

/* Of the ended event: that it was the peer's own wish. */
#define TLS_PEER_CLOSED "the peer closed the connection"

struct tls_pipe {
    SSL *ssl; /* for the owner to look at */

    /* private */
    struct scratch *scratch;
    struct outq *out;
    bool open;
    const uint8_t *in; /* the part of the current read that OpenSSL has not taken */
    size_t in_len;
};

/* The scratch and the queue are borrowed until finish. -1: out of memory; finish all the same. */
int tls_pipe_init(struct tls_pipe *p, SSL_CTX *ctx, bool server, struct scratch *scratch,
                  struct outq *out);
/* Accepts what is all zeros. */
void tls_pipe_finish(struct tls_pipe *p);

/* What has been read from the socket, borrowed until it is replaced: by NULL and 0 before the
 * memory goes. */
static inline void tls_pipe_feed(struct tls_pipe *p, const uint8_t *data, size_t len)
{
    p->in = data;
    p->in_len = len;
}

enum tls_step {
    TLS_HTTP = -2,   /* failed, as a server: the client speaks HTTP in clear */
    TLS_FAILED = -1, /* or the peer's end: why tells */
    TLS_MORE,        /* all that was fed has been taken */
    TLS_SHAKEN,      /* the handshake is through */
    TLS_DATA         /* up to size bytes, but of one record: ask again */
};

/* One step: the handshake goes on, or a piece of plaintext is put to `to`. A client calls it once
 * without input to begin. *why stays good as long as text does. */
enum tls_step tls_pipe_take(struct tls_pipe *p, uint8_t *to, size_t size, size_t *got,
                            const char **why, char text[TLS_ERROR_MAX]);

/* Encrypts and sends; at most SCRATCH_UP + WS_HEAD_MAX bytes a call, and only behind TLS_SHAKEN.
 * -1: the connection is broken. */
int tls_pipe_send(struct tls_pipe *p, const uint8_t *data, size_t len);
/* Tells the peer that nothing follows. */
int tls_pipe_end(struct tls_pipe *p);

#endif
