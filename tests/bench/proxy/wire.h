/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer of the proxy benchmark: one blocking TLS connection, with WebSocket in it or, for a
 * proxy that knows none, without; and the RFB handshake. Nothing is verified, nothing painted.
 * Whatever goes wrong ends the program. Each wire belongs to one thread. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where, and how. */
struct door {
    int port;          /* of 127.0.0.1 */
    bool websocket;    /* in the TLS connection */
    const char *token; /* of the stream; "": the proxy wants none */
    SSL_CTX *tls;
};

struct wire {
    SSL *ssl;
    int fd;
    bool websocket;
    unsigned width, height; /* of the framebuffer, as ServerInit has it */
    uint64_t left;          /* payload of the present WebSocket frame that is still to come */
};

/* The kind ("ws" or "tls"), the port and the token. greedy: reads the socket in large pieces. */
void door_init(struct door *d, const char *kind, const char *port, const char *token, bool greedy);
void door_finish(struct door *d);

/* Connects, and is through all handshakes when it comes back. */
void wire_open(struct wire *w, const struct door *d);
void wire_close(struct wire *w);
/* RFB bytes: n of them, at most 125 to send. in NULL: they are dropped. */
void wire_send(struct wire *w, const void *bytes, size_t n);
void wire_take(struct wire *w, void *in, size_t n);
/* Asks the source for a stream of updates of this size. */
void wire_request(struct wire *w, unsigned width, unsigned height);

/* What a viewer that is answered request by request says and reads: Raw alone, so that an update's
 * bytes are its pixels. */
void wire_encodings(struct wire *w);
void wire_ask(struct wire *w, bool incremental, unsigned width, unsigned height);
/* In two parts, between which the next one may be asked for. The second's answer: its pixels. */
unsigned wire_update_begin(struct wire *w);
size_t wire_update_end(struct wire *w, unsigned rectangles);

/* For an idle one whose socket is readable: answers a ping. False: the proxy has ended it. */
bool wire_tend(struct wire *w);

#endif
