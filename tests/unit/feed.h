/* SPDX-License-Identifier: GPL-2.0-or-later
 * For tests and fuzz targets: feeds the wire code in pieces, writes down what it answers, and
 * checks on the way what must hold for any input. A broken promise of the wire code ends in
 * abort(). Each piece is an allocation of its own size, so that a sanitizer sees a read beyond it.
 */
#ifndef FEED_H
#define FEED_H

#include <stddef.h>
#include <stdint.h>

#include "rfb/c2s.h"
#include "rfb/handshake.h"
#include "rfb/s2c.h"

/* How the input is cut. */
enum feed_kind { FEED_WHOLE, FEED_BYTES, FEED_RANDOM };
struct feed_split {
    enum feed_kind kind;
    uint64_t seed; /* FEED_RANDOM: pieces of 0 bytes and more */
};

/* The next of a row of pseudo-random numbers (splitmix64). */
uint64_t feed_random(uint64_t *seed);

/* What came of it. Words, one blank between them:
 *   update:COUNT  ENCODING:X,Y,WxH  TYPE:HEAD+BODY (any other message)  body:N (pieces joined)
 *   end (of a rectangle or message)  done (end of an update)  INVALID  TOO_LARGE */
struct feed_trace {
    char *text;
    size_t text_len, text_cap;
    uint8_t *bytes; /* of all events, in order */
    size_t n, cap;
    size_t taken; /* bytes of the input that were taken */
    int rc;       /* 0, or the error that ended it */
    const char *why;
    uint64_t body; /* body bytes not written down yet */
    uint64_t left; /* body bytes a message still owes */
};
void feed_trace_finish(struct feed_trace *t);

/* t is made anew; f is a framer as its owner would have set it up. */
void feed_s2c(struct feed_trace *t, struct rfb_s2c *f, const uint8_t *data, size_t len,
              struct feed_split split);
void feed_c2s(struct feed_trace *t, struct rfb_c2s *f, const uint8_t *data, size_t len,
              struct feed_split split);
/* Aborts unless both tell the same. */
void feed_same(const struct feed_trace *a, const struct feed_trace *b);

/* The handshakes: out collects the answers. A client's owner starts TLS when told to, which leaves
 * the mark <TLS> in out, and has nothing to give when asked (<ASK>). A server's takes one password
 * and tells its verdict at once. Returns what the last feed did; *taken counts the bytes. */
#define FEED_PASSWORD "sesame"
int feed_client_hs(struct rfb_client_hs *hs, const uint8_t *data, size_t len,
                   struct feed_split split, size_t *taken, struct rfb_buf *out);
int feed_server_hs(struct rfb_server_hs *hs, const uint8_t *data, size_t len,
                   struct feed_split split, size_t *taken, struct rfb_buf *out);

/* A skim alone: as rfb_skim_feed over the whole input. */
int feed_skim(struct rfb_skim *s, const uint8_t *data, size_t len, struct feed_split split,
              size_t *taken);

#endif
