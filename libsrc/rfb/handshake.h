/* SPDX-License-Identifier: GPL-2.0-or-later
 * The RFB handshake, both roles, as bytes in and bytes out (RFC 6143 section 7.1 to 7.3; versions
 * 3.3, 3.7 and 3.8). A handshake is embedded by its owner, allocates nothing by a peer's number,
 * and consumes not one byte beyond its own end. Not thread-safe: one owner at a time. */
#ifndef RFB_HANDSHAKE_H
#define RFB_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rfb/buf.h"
#include "rfb/msg.h"

enum {
    RFB_REASON_MAX = 255,   /* bytes kept of a reason a peer gives */
    RFB_REASON_LIMIT = 4096 /* a longer one is a broken peer */
};

/* ---- as a client of a VNC server ---- */

struct rfb_client_hs {
    /* set by the owner after rfb_client_hs_init, before the first feed */
    const char
        *password;  /* UTF-8 or bytes, borrowed until the handshake ends; NULL: none to give */
    bool exclusive; /* ask the server to disconnect its other clients (RFC 6143 7.3.1) */

    /* for the owner to read */
    int minor;                       /* 3, 7 or 8: the protocol version agreed on */
    uint8_t security_type;           /* RFB_SEC_* agreed on, 0 before */
    struct rfb_server_init init;     /* valid once feed has answered 1 */
    char reason[RFB_REASON_MAX + 1]; /* after a failure: the server's words (controls and what is
                                        not UTF-8 replaced), or ours; never empty then */

    /* private */
    int state;
    size_t need;     /* bytes this state waits for */
    uint32_t left;   /* of a text: bytes still to come */
    size_t text_len; /* of a text: bytes kept */
    size_t have;     /* bytes gathered in in[] */
    uint8_t in[32];
    int failure; /* code to answer once the reason has been read */
};

void rfb_client_hs_init(struct rfb_client_hs *hs);

/* Reads from data, counts what it took in *used, appends answers to out.
 * 1: done, hs->init is filled, and the bytes behind *used belong to the message stream.
 * 0: all was taken, more is needed.
 * RFB_E_INVALID, _TOO_LARGE, _NO_MEMORY, _REFUSED, _AUTH, _TOO_MANY, _UNSUPPORTED: hs->reason says
 * why. */
int rfb_client_hs_feed(struct rfb_client_hs *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out);

/* ---- as a server of a viewer ---- */

struct rfb_server_hs {
    /* for the owner to read */
    int minor;                       /* 3, 7 or 8: what the viewer speaks */
    bool shared;                     /* the viewer's ClientInit flag, once feed has answered 1 */
    char reason[RFB_REASON_MAX + 1]; /* after a failure: what the viewer did wrong */

    /* private */
    int state;
    size_t have;
    uint8_t in[16];
    char refusal[RFB_REASON_MAX + 1]; /* not empty: refuse with these words */
    int failure;                      /* code to answer from then on */
};

/* Begins the handshake: the version goes to out. With refusal != NULL (copied, cut to
 * RFB_REASON_MAX bytes) the viewer is told these words in place of the security types, and feed
 * ends in RFB_E_REFUSED. Otherwise the security type None is offered.
 * 0, RFB_E_TOO_LARGE or RFB_E_NO_MEMORY. */
int rfb_server_hs_start(struct rfb_server_hs *hs, const char *refusal, struct rfb_buf *out);

/* As rfb_client_hs_feed. 1: ClientInit has been read; the owner sends ServerInit with
 * rfb_msg_put_server_init. RFB_E_REFUSED: the refusal has been put into out whole. */
int rfb_server_hs_feed(struct rfb_server_hs *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out);

#endif
