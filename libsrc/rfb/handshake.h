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
#include "rfb/security.h"
#include "rfb/vncauth.h"

enum {
    RFB_REASON_MAX = 255,    /* bytes kept of a reason a peer gives */
    RFB_REASON_LIMIT = 4096, /* a longer one is a broken peer */
    RFB_SECRET_MAX = 1023,   /* bytes of a user name or password */
    /* room that a client's answers take at most: Plain's lengths, user name and password */
    RFB_CLIENT_HS_OUT = 16 + 2 * RFB_SECRET_MAX,
    RFB_OFFERED_MAX = 120, /* bytes kept of the list of what a server offers */
};

/* ---- as a client of a VNC server ---- */

/* What rfb_client_hs_feed answers when it goes well. */
enum {
    RFB_HS_MORE = 0,
    RFB_HS_DONE = 1,
    RFB_HS_START_TLS = 2, /* the owner starts TLS; from here on it feeds what was inside of it */
    RFB_HS_ASK = 3,       /* the owner is to set what .wanted tells, if it can */
    RFB_HS_CHECK = 4,     /* a server's: the owner is to look whether the password is right */
};

/* Bits of rfb_client_hs.wanted */
enum { RFB_WANT_USERNAME = 1, RFB_WANT_PASSWORD = 2 };

struct rfb_client_hs {
    /* set by the owner after rfb_client_hs_init, before the first feed */
    const char *username; /* UTF-8 or bytes, borrowed until the handshake ends; NULL: none to */
    const char *password; /* give. At most RFB_SECRET_MAX bytes each. */
    bool can_ask;         /* RFB_HS_ASK is understood: a missing one is asked for before it fails */
    bool exclusive;       /* ask the server to disconnect its other clients (RFC 6143 7.3.1) */
    uint8_t allow;        /* of rfb_allow; RFB_ALLOW_CLEAR after rfb_client_hs_init */

    /* for the owner to read */
    int minor;                 /* 3, 7 or 8: the protocol version agreed on */
    uint8_t security_type;     /* RFB_SEC_* agreed on, 0 before */
    const struct rfb_way *way; /* what it was in full, NULL before */
    uint8_t wanted;            /* with RFB_HS_ASK */
    bool offers_vencrypt;
    struct rfb_server_init init;     /* valid once feed has answered RFB_HS_DONE */
    char reason[RFB_REASON_MAX + 1]; /* after a failure: the server's words (controls and what is
                                        not UTF-8 replaced), or ours; never empty then */

    /* private */
    int state;
    size_t need;     /* bytes this state waits for */
    uint32_t left;   /* of a text: bytes still to come; of a list: entries */
    size_t text_len; /* of a text: bytes kept */
    size_t have;     /* bytes gathered in in[] */
    uint8_t in[32];
    bool asked;
    char offered[RFB_OFFERED_MAX + 1]; /* "VeNCrypt, Tight" */
    int failure;                       /* code to answer once the reason has been read */
};

void rfb_client_hs_init(struct rfb_client_hs *hs);

/* How many bytes may be fed now so that surely none is beyond the handshake's end, or beyond a
 * point where TLS begins: who reads just so many from a connection needs to give none back. 0: feed
 * without any, to go on after RFB_HS_START_TLS and RFB_HS_ASK. */
size_t rfb_client_hs_wants(const struct rfb_client_hs *hs);

/* Reads from data, counts what it took in *used, appends answers to out.
 * RFB_HS_DONE: hs->init is filled, and the bytes behind *used belong to the message stream.
 * RFB_HS_MORE: all was taken, more is needed.
 * RFB_HS_START_TLS: out is to be sent first. The bytes behind *used belong to TLS.
 * RFB_HS_ASK: then feed again; what is still missing ends the handshake with RFB_E_AUTH.
 * RFB_E_INVALID, _TOO_LARGE, _NO_MEMORY, _REFUSED, _AUTH, _TOO_MANY, _UNSUPPORTED: hs->reason says
 * why. */
int rfb_client_hs_feed(struct rfb_client_hs *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out);

/* ---- as a server of a viewer ---- */

/* How a viewer may get in: one of these at least. The viewer chooses; it is told of them in this
 * order, and most take the first that they know. */
struct rfb_server_offer {
    bool plain; /* VeNCrypt's Plain (rfbproto): user name and password as they are, for connections
                   that nobody can read. RFB 3.3 does not have it. */
    bool vnc;   /* VncAuth, which is weak */
    bool none;
    uint8_t challenge[RFB_VNC_CHALLENGE]; /* VncAuth's: random, and never the same again */
};

/* Room that the answers to one feed take at most. */
enum { RFB_SERVER_HS_OUT = 32 + RFB_REASON_MAX };

struct rfb_server_hs {
    /* for the owner to read */
    int minor;                       /* 3, 7 or 8: what the viewer speaks */
    bool shared;                     /* the viewer's ClientInit flag, once feed has answered 1 */
    char reason[RFB_REASON_MAX + 1]; /* after a failure: what the viewer did wrong */

    /* with RFB_HS_CHECK: what the viewer gave, which the verdict wipes */
    enum rfb_auth auth; /* RFB_AUTH_PLAIN: user name and password, else challenge and response */
    uint32_t username_len, password_len;
    char username[RFB_SECRET_MAX + 1], password[RFB_SECRET_MAX + 1]; /* any bytes, and a NUL */
    uint8_t response[RFB_VNC_CHALLENGE];

    /* private */
    struct rfb_server_offer offer;
    int state;
    size_t have; /* bytes gathered in in[] or in a text */
    uint8_t in[RFB_VNC_CHALLENGE];
    char refusal[RFB_REASON_MAX + 1]; /* not empty: refuse with these words */
    int failure;                      /* code to answer from then on */
};

/* Begins the handshake: the version goes to out. offer is copied. With refusal != NULL (copied, cut
 * to RFB_REASON_MAX bytes) the viewer is told these words in place of the security types, whatever
 * is offered, and feed ends in RFB_E_REFUSED. 0, RFB_E_TOO_LARGE or RFB_E_NO_MEMORY. */
int rfb_server_hs_start(struct rfb_server_hs *hs, const struct rfb_server_offer *offer,
                        const char *refusal, struct rfb_buf *out);

/* As rfb_client_hs_feed. 1: ClientInit has been read; the owner sends ServerInit with
 * rfb_msg_put_server_init. RFB_HS_CHECK: the owner looks, which may take its time, and tells
 * rfb_server_hs_verdict; a viewer that says anything before that is broken, and a feed with bytes
 * then ends in RFB_E_INVALID. RFB_E_REFUSED: the refusal has been put into out whole. */
int rfb_server_hs_feed(struct rfb_server_hs *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out);

/* After RFB_HS_CHECK: puts the result into out, with words (cut to RFB_REASON_MAX bytes) where it
 * is bad and the viewer's version has room for them, and wipes what the viewer gave. 0: it was
 * good, and the handshake goes on. RFB_E_AUTH: it was bad, which is the end. RFB_E_TOO_LARGE or
 * RFB_E_NO_MEMORY. RFB_E_INVALID: nothing was to be checked. */
int rfb_server_hs_verdict(struct rfb_server_hs *hs, bool good, const char *words,
                          struct rfb_buf *out);

/* Wipes all of it: for an owner that ends between RFB_HS_CHECK and the verdict, or earlier. */
void rfb_server_hs_wipe(struct rfb_server_hs *hs);

#endif
