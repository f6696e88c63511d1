/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a target points. */
#ifndef NET_TARGET_H
#define NET_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum net_target_kind {
    NET_VNC,  /* RFB on TCP */
    NET_VNCS, /* the same, with TLS inside of RFB: VeNCrypt */
    NET_WS,   /* RFB in a WebSocket */
    NET_WSS,  /* the same, with TLS around */
    NET_UNIX, /* RFB on a unix socket */
    NET_FD,   /* RFB on a socket that is connected already */
};

struct net_target {
    enum net_target_kind kind;
    char host[256];     /* of the first four: a name or an address, without brackets */
    uint16_t port;      /* of the same */
    char path[1024];    /* unix: the socket's, at most 107 bytes; WebSocket: path and query */
    int fd;             /* NET_FD; else -1 */
    const char *server; /* who is to be there, for messages; NULL: "a VNC server" */
};

/* Reads vnc://HOST[:DISPLAY|::PORT], the same with vncs://, ws://HOST[:PORT]/PATH, the same with
 * wss://, vnc+unix:/PATH or fd:NUMBER. PH_E_ARGUMENT says what is wrong with it; a fd in *target is
 * the caller's even then. */
int net_target_parse(const char *text, struct net_target *target, ph_error *error);
/* What messages call it: "HOST port PORT", "/PATH", "fd 7". */
const char *net_target_label(const struct net_target *target, char label[320]);
/* True where, by its form, bytes do not leave the machine. */
bool net_target_is_local(const struct net_target *target);

#endif
