/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a target points. */
#ifndef NET_TARGET_H
#define NET_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum net_target_kind { NET_TCP, NET_UNIX };

struct net_target {
    enum net_target_kind kind;
    char host[256]; /* TCP: a name or an address, without brackets */
    uint16_t port;  /* TCP */
    char path[108]; /* unix socket; the size of sockaddr_un's path */
};

/* Reads vnc://HOST[:DISPLAY|::PORT] or vnc+unix:/PATH. PH_E_ARGUMENT says what is wrong with it. */
int net_target_parse(const char *text, struct net_target *target, ph_error *error);
/* True where bytes do not leave the machine. */
bool net_target_is_local(const struct net_target *target);

#endif
