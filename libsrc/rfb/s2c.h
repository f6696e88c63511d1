/* SPDX-License-Identifier: GPL-2.0-or-later
 * The server-to-client framer: cuts a VNC server's bytes, after the handshake, into events without
 * decoding a pixel. However the input is split, the events are the same, but for where BODY is cut.
 * Each input byte is in exactly one event's bytes, in order: a relay that writes out the bytes of
 * all events has written what the server sent. Nothing is allocated and nothing is gathered but
 * heads. Not thread-safe: one owner at a time. Sources: RFC 6143 section 7.6 to 7.8, rfbproto. */
#ifndef RFB_S2C_H
#define RFB_S2C_H

#include <stddef.h>
#include <stdint.h>

#include "rfb/head.h"
#include "rfb/msg.h"
#include "rfb/skim.h"

enum rfb_s2c_kind {
    RFB_S2C_UPDATE,      /* the 4 bytes that begin a FramebufferUpdate; count */
    RFB_S2C_RECT,        /* a rectangle's 12 bytes; rect, encoding */
    RFB_S2C_BODY,        /* some of the current rectangle's or message's body */
    RFB_S2C_RECT_END,    /* no bytes; rect as in RFB_S2C_RECT */
    RFB_S2C_UPDATE_END,  /* no bytes */
    RFB_S2C_MESSAGE,     /* the head of any other message; type, body: the bytes that follow */
    RFB_S2C_MESSAGE_END, /* no bytes; type */
};

struct rfb_s2c_event {
    enum rfb_s2c_kind kind;
    const uint8_t *bytes; /* valid until the next call: in the framer, or (BODY) in the input */
    size_t n;
    uint8_t type;                        /* RFB_S2C_* of the message */
    uint16_t count;                      /* UPDATE: rectangles announced; 0xffff: until LastRect */
    struct rfb_rect_head rect;           /* RECT, RECT_END, and BODY within a rectangle */
    const struct rfb_encoding *encoding; /* the same; NULL outside a rectangle */
    uint64_t body;                       /* MESSAGE: length of its body */
};

struct rfb_s2c {
    /* for the owner to set, between messages; a change of the format while an update is outstanding
     * is ambiguous on the wire, and the owner's to prevent */
    struct rfb_pixel_format format;
    uint32_t cut_text_max; /* bytes, RFB_CUT_TEXT_MAX at first */

    /* for the owner to read */
    uint16_t width, height; /* of the framebuffer; a size rectangle has changed them when its RECT
                               event comes */
    const char *why;        /* static text, after an error */

    /* private */
    int state;
    int failed;
    int broken; /* what the body will fail with at its next byte */
    struct rfb_head head;
    struct rfb_skim skim;
    struct rfb_rect_head rect;
    const struct rfb_encoding *encoding;
    uint32_t rects_left;
    uint64_t pass;
};

void rfb_s2c_init(struct rfb_s2c *f, uint16_t width, uint16_t height,
                  const struct rfb_pixel_format *format);

/* Takes bytes from *data and *len, both moved on, up to the next event.
 * 1: *ev is filled; call again. 0: all was taken, feed more.
 * RFB_E_INVALID or RFB_E_TOO_LARGE: f->why says it; every later call answers the same. */
int rfb_s2c_next(struct rfb_s2c *f, const uint8_t **data, size_t *len, struct rfb_s2c_event *ev);

/* How many bytes are still to come that are sure to be of the current rectangle's body. */
uint64_t rfb_s2c_sure(const struct rfb_s2c *f);
/* The next byte is of a rectangle's body, or behind it. */
bool rfb_s2c_in_rect(const struct rfb_s2c *f);

#endif
