/* SPDX-License-Identifier: GPL-2.0-or-later
 * The ways into a VNC server that a client knows: security types (RFC 6143 section 7.2) and
 * VeNCrypt's subtypes (rfbproto), which of them an owner lets be taken, and which comes first. */
#ifndef RFB_SECURITY_H
#define RFB_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an owner may let be taken. */
enum rfb_allow {
    RFB_ALLOW_CLEAR = 1,    /* None and VncAuth as they are */
    RFB_ALLOW_PLAIN = 2,    /* Plain as it is: user name and password can be read on the way */
    RFB_ALLOW_X509 = 4,     /* inside TLS with a certificate, which the owner verifies */
    RFB_ALLOW_ANON_TLS = 8, /* inside TLS with nobody known */
};

/* How a client shows who it is. */
enum rfb_auth { RFB_AUTH_NONE, RFB_AUTH_VNC, RFB_AUTH_PLAIN };

struct rfb_way {
    uint32_t number;   /* a security type, or a subtype of VeNCrypt */
    const char *label; /* as rfbproto writes it */
    const char *name;  /* the same in small letters */
    enum rfb_auth auth;
    enum rfb_allow allow; /* the one that it takes */
    bool tls;
};

/* Finds a security type that is a way by itself, or a subtype of VeNCrypt. NULL: not known. */
const struct rfb_way *rfb_way_of_type(uint32_t number);
const struct rfb_way *rfb_way_of_subtype(uint32_t number);
/* What messages call a security type. NULL: no name known. */
const char *rfb_security_label(uint32_t number);

/* The better of two ways, each of which may be NULL: the one that uses what the owner has at hand,
 * since that is what it expects to be asked for; of equals the one with the better encryption. */
const struct rfb_way *rfb_way_better(const struct rfb_way *a, const struct rfb_way *b,
                                     bool username, bool password);

#endif
