/* SPDX-License-Identifier: GPL-2.0-or-later
 * The client-to-server framer: cuts a viewer's bytes, after the handshake, into messages, under the
 * same rules as the server-to-client one (s2c.h): the same events however the input is split, each
 * input byte in exactly one event, nothing allocated. A message it cannot frame ends the
 * connection. Not thread-safe: one owner at a time. Sources: RFC 6143 section 7.5, rfbproto. */
#ifndef RFB_C2S_H
#define RFB_C2S_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rfb/head.h"

enum rfb_c2s_kind {
    RFB_C2S_MESSAGE,     /* a message's head, for most types the whole of it; type, body */
    RFB_C2S_BODY,        /* some of the current message's body */
    RFB_C2S_MESSAGE_END, /* no bytes; type */
};

struct rfb_c2s_event {
    enum rfb_c2s_kind kind;
    const uint8_t *bytes; /* valid until the next call: in the framer, or (BODY) in the input */
    size_t n;
    uint8_t type;  /* RFB_C2S_* */
    uint64_t body; /* MESSAGE: length of the body that follows */
};

struct rfb_c2s {
    /* for the owner to set, between messages */
    uint32_t cut_text_max;       /* bytes, RFB_CUT_TEXT_MAX at first */
    bool extended_mouse_buttons; /* the server has offered them (rfbproto, -316) */

    const char *why; /* for the owner to read: static text, after an error */

    /* private */
    int state;
    int failed;
    struct rfb_head head;
    uint64_t pass;
};

void rfb_c2s_init(struct rfb_c2s *f);

/* As rfb_s2c_next. */
int rfb_c2s_next(struct rfb_c2s *f, const uint8_t **data, size_t *len, struct rfb_c2s_event *ev);

#endif
