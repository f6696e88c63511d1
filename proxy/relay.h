/* SPDX-License-Identifier: GPL-2.0-or-later
 * Between a viewer and an upstream: bytes both ways, untouched where the stream's policy allows
 * everything and through its filter where not, with bounded memory. What one end does not take
 * stops the reading of the other. */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crop.h"
#include "filter.h"
#include "metrics.h"
#include "scratch.h"
#include "tls.h"
#include "upstream.h"
#include "ws/ws.h"

struct relay {
    struct tls_conn *front;
    struct upstream *back;
    struct scratch *scratch;
    struct filter *filter;           /* NULL: the policy allows everything */
    struct crop *crop;               /* NULL: the whole desktop; borrowed */
    struct metrics_shard *metrics;   /* may be NULL */
    uint64_t to_viewer, from_viewer; /* RFB bytes, for the log */
    bool front_paused;               /* the upstream does not take the viewer's bytes */
    bool detached;                   /* between two upstreams */
};

/* One WebSocket message to the viewer, of any kind. payload has WS_HEAD_MAX bytes of room before.
 * -1: the viewer's connection is broken. */
int relay_frame(struct relay *r, enum wslay_opcode opcode, uint8_t *payload, size_t len);
/* The same for bytes that lie somewhere else: at most 16 KB. */
int relay_frame_copy(struct relay *r, enum wslay_opcode opcode, const uint8_t *data, size_t len);

/* Makes the filter that the policy needs. -1: out of memory. */
int relay_begin(struct relay *r, const struct policy *policy, const struct rfb_server_init *init);
void relay_finish(struct relay *r);

/* Upstream's bytes, as its data event gives them. -1 as above; RELAY_UPSTREAM: the server broke the
 * protocol, relay_why. */
enum { RELAY_UPSTREAM = -2 };
int relay_to_viewer(struct relay *r, uint8_t *data, size_t len);
/* Where upstream's next bytes are to be read to, up to *n, which can become less; NULL: anywhere. A
 * filter moves them. */
uint8_t *relay_room(struct relay *r, size_t *n);
/* The viewer has taken all: sends on, reads on. As above; a crop may have something for the server
 * then. */
int relay_viewer_drained(struct relay *r);
/* What was wrong, after an error; static text. */
const char *relay_why(const struct relay *r);

/* Gathers payload from one TLS record of the viewer; relay_flush sends it and must follow before
 * anything else is done, as the place is shared. 0, or RFB_E_...: relay_why, or out of memory.
 */
int relay_from_viewer(struct relay *r, const uint8_t *data, size_t len);
int relay_flush(struct relay *r);
void relay_upstream_drained(struct relay *r);

/* The upstream goes: until the next one is there, what the viewer has for it waits. */
void relay_detach(struct relay *r);
/* r->back is ready to be started. */
void relay_attach(struct relay *r, const struct rfb_server_init *init);

#endif
