/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connected, non-blocking byte stream, in layers: a socket, TLS over it, a WebSocket over either.
 *
 * One thread, the reader, calls start, read, pending and finish; any thread may call write and
 * flush, one at a time, while the reader reads. No call ever blocks: the owner polls stream.fd, for
 * POLLIN always, and for POLLOUT while stream_flush answers false. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { STREAM_END = 1 }; /* the peer has closed its half */

struct stream;

struct stream_ops {
    int (*start)(struct stream *s, ph_error *error);
    int (*read)(struct stream *s, void *to, size_t size, size_t *got, ph_error *error);
    bool (*pending)(const struct stream *s);
    int (*write)(struct stream *s, const void *from, size_t n, size_t *put, ph_error *error);
    bool (*flush)(struct stream *s);
    int (*finish)(struct stream *s, ph_error *error);
    void (*destroy)(struct stream *s);
};

struct stream {
    const struct stream_ops *ops;
    int fd;          /* to poll */
    const char *tls; /* "TLSv1.3" once started; NULL: nothing encrypts. Static storage. */
    bool whole;      /* its two halves end together: a peer that is told of the end may throw away
                        what it has read before, as websockify 0.10 does */
};

/* The layer's own handshake, a piece at a time: 1 when it is done, 0 to be called again after a
 * poll, or a ph_code. Nothing else may be called before it is done, but flush and destroy. */
static inline int stream_start(struct stream *s, ph_error *error)
{
    return s->ops->start(s, error);
}
/* Reads at most size bytes (not 0). PH_OK; with *got 0 there is nothing now. STREAM_END, and how
 * the connection was lost: PH_E_CLOSED, _PROTOCOL, or what the peer says it closes for. */
static inline int stream_read(struct stream *s, void *to, size_t size, size_t *got, ph_error *error)
{
    return s->ops->read(s, to, size, got, error);
}
/* True: read again before polling, there are bytes inside that poll does not tell of. */
static inline bool stream_pending(const struct stream *s)
{
    return s->ops->pending(s);
}
/* Writes what is taken now: *put may be anything from 0 to n. What a layer has taken and its lower
 * one does not, it keeps, at most what one call has taken. PH_OK or PH_E_CLOSED. */
static inline int stream_write(struct stream *s, const void *from, size_t n, size_t *put,
                               ph_error *error)
{
    return s->ops->write(s, from, n, put, error);
}
/* Passes on what layers keep. True when nothing is left, or when it has become of no use. */
static inline bool stream_flush(struct stream *s)
{
    return s->ops->flush(s);
}
/* Closes the writing half, in the words of each layer: 1 once the kernel has it, 0 to be called
 * again, or a ph_code. Nothing may be written any more. */
static inline int stream_finish(struct stream *s, ph_error *error)
{
    return s->ops->finish(s, error);
}
/* Closes what is below, too. NULL is accepted. */
static inline void stream_destroy(struct stream *s)
{
    if (s != NULL)
        s->ops->destroy(s);
}

/* ---- the layers. Each takes what it is given, fd or lower, even when it fails: NULL then. ---- */

/* A connected stream socket; makes it non-blocking. */
struct stream *stream_socket(int fd, ph_error *error);

struct stream_tls {
    const char *host;    /* the name or address that the certificate must be made out to */
    const char *ca_file; /* PEM; NULL: the system's authorities */
    bool insecure;       /* take any certificate */
    bool anonymous;      /* without a certificate at all: VeNCrypt's TLS* types */
};
/* TLS 1.2 or later. start fails with PH_E_UNTRUSTED, _UNSUPPORTED, _PROTOCOL, _CLOSED; this with
 * PH_E_ARGUMENT where ca_file cannot be read. */
struct stream *stream_tls(struct stream *lower, const struct stream_tls *how, ph_error *error);

struct stream_ws {
    const char *host;  /* as in the target, without brackets */
    uint16_t port;     /* 0: the scheme's */
    const char *path;  /* with the query; begins with a slash */
    const char *token; /* or NULL */
};
/* The client's end of a WebSocket (RFC 6455) of binary messages. start fails as upgrade.h tells. */
struct stream *stream_ws(struct stream *lower, const struct stream_ws *how, ph_error *error);

/* One line for a connection that ended: number is an errno value, or 0 for the peer's end. */
int stream_lost(ph_error *error, int number);

#endif
