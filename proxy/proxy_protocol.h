/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a TCP proxy says in front of a connection about where it came from: the PROXY protocol,
 * versions 1 and 2, as HAProxy's doc/proxy-protocol.txt has it (sections 2.1 and 2.2 are cited).
 * Bytes in, an address out: no socket, no allocation. */
#ifndef PROXY_PROXY_PROTOCOL_H
#define PROXY_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    PROXY_PROTOCOL_V1_MAX = 107, /* bytes of the line, CRLF included (2.1) */
    PROXY_PROTOCOL_V2_HEAD = 16, /* bytes before those that are counted (2.2) */
    /* bytes behind the head, addresses and TLVs. The wire allows 65535; two names and a client's
     * certificate's subject, which is what proxies send, fit many times over. */
    PROXY_PROTOCOL_V2_MAX = 4096
};

/* Zeroed at first. */
struct proxy_protocol {
    /* for the owner to read, once feed has answered 1 */
    bool known; /* false: the proxy speaks for itself or cannot tell (LOCAL, UNKNOWN, AF_UNSPEC,
                   AF_UNIX): the connection's own addresses count */
    struct sockaddr_storage source; /* when it is known */

    /* private */
    uint8_t head[PROXY_PROTOCOL_V1_MAX + 1]; /* the line, or head and addresses */
    size_t len;                              /* bytes of head */
    size_t skip; /* bytes behind the addresses that are still to come: TLVs, which nobody reads */
    bool skipping;
};

/* Feeds bytes, counts in *used what belongs to the header: the connection's own bytes begin behind
 * them. 1: it is complete. 0: all was taken, more is needed. -1: it is none, *why tells people how
 * so; the connection must end (2: receivers must not guess). */
int proxy_protocol_feed(struct proxy_protocol *p, const uint8_t *data, size_t len, size_t *used,
                        const char **why);

#endif
