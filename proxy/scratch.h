/* SPDX-License-Identifier: GPL-2.0-or-later
 * The large buffers of one worker loop. Each is in use within one callback only, so that thousands
 * of viewers share them and an idle viewer holds none. */
#ifndef PROXY_SCRATCH_H
#define PROXY_SCRATCH_H

#include <stdint.h>

#include "filter.h"
#include "rfb/buf.h"
#include "ws/ws.h"

enum {
    SCRATCH_CIPHER = 64 << 10, /* one read of a viewer's socket */
    SCRATCH_PLAIN = 16 << 10,  /* one TLS record's content (RFC 8446 section 5.1) */
    SCRATCH_UP = 128 << 10,    /* one read of an upstream */
    SCRATCH_UP_HEAD = WS_HEAD_MAX + FILTER_ROOM,     /* in front of it */
    SCRATCH_FROM_VIEWER = SCRATCH_PLAIN + (8 << 10), /* a filter may have held back as much */
    SCRATCH_GATHER = 160 << 10, /* SCRATCH_UP as TLS records, with room for control frames */
};

struct scratch {
    uint8_t cipher[SCRATCH_CIPHER];
    uint8_t plain[SCRATCH_PLAIN];
    uint8_t from_upstream[SCRATCH_UP_HEAD + SCRATCH_UP];
    struct rfb_buf gather;      /* TLS records on their way to one send */
    struct rfb_buf from_viewer; /* the payload of one of a viewer's TLS records, for one write */
    struct ws_framer framer;
};

/* NULL without memory. destroy accepts NULL. */
struct scratch *scratch_create(void);
void scratch_destroy(struct scratch *s);

#endif
