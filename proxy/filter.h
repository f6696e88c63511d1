/* SPDX-License-Identifier: GPL-2.0-or-later
 * A stream's policy applied to the bytes between a viewer and its VNC server, behind the
 * handshakes. The viewer's messages are always framed; the server's only where its clipboard must
 * not leave, as a clipboard text is the only thing taken out of them. Nothing is gathered but heads
 * and a list of encodings. Belongs to one thread. */
#ifndef PROXY_FILTER_H
#define PROXY_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "rfb/buf.h"
#include "rfb/c2s.h"
#include "rfb/s2c.h"

enum { FILTER_ROOM = 32 /* in front of a read of the server: what the one before held back */ };

/* What becomes of the message that is going by. */
enum filter_fate {
    FILTER_PASS,
    FILTER_DROP,
    FILTER_HOLD /* until its clipboard flags are there */
};

struct filter_way {
    enum filter_fate fate;
    uint8_t held[12]; /* a clipboard message's head and flags */
    uint8_t held_len;
};

struct filter {
    const char *why;  /* for the owner to read: after an error, who did what; static text */
    bool server_text; /* the server has another clipboard, whether it goes on or not; for the owner
                         to clear */
    bool follows; /* for the owner to set: it tells the server's pixel format by filter_follow */

    /* private */
    const struct policy *policy;
    struct rfb_c2s viewer;
    struct rfb_s2c server;
    struct filter_way from_viewer, from_server;
    struct rfb_buf encodings; /* a viewer's list, until it is whole */
    bool asked;               /* the viewer has asked for anything: updates may be on their way */
    uint64_t taken, given, gone; /* the server's bytes: in, out, dropped */
};

/* init: what the server said in its handshake. policy is borrowed. finish frees the storage. */
void filter_init(struct filter *f, const struct policy *policy, const struct rfb_server_init *init);
void filter_finish(struct filter *f);
/* The server is another connection, with its first byte to come. */
void filter_reconnect(struct filter *f, const struct rfb_server_init *init);
/* The server's pixels, from its next update on, are in this format. */
void filter_follow(struct filter *f, const struct rfb_pixel_format *format);

/* Appends to out what of the viewer's bytes may go on. 0, RFB_E_INVALID or RFB_E_TOO_LARGE (the
 * viewer broke the protocol or a rule: f->why), RFB_E_NO_MEMORY. At most len + FILTER_ROOM + 4 KB
 * are appended. */
int filter_from_viewer(struct filter *f, const uint8_t *data, size_t len, struct rfb_buf *out);

/* Of a read of the server, *len bytes at *data with FILTER_ROOM writable ones in front, leaves what
 * may go on: both are moved, and *len may become 0. 0, or as above, of the server. */
int filter_from_server(struct filter *f, uint8_t **data, size_t *len);

#endif
