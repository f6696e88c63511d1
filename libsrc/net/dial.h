/* SPDX-License-Identifier: GPL-2.0-or-later
 * Opens the socket that a target names. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <netdb.h>

#include "net/target.h"

/* Looks a TCP target's host up; blocks as long as the resolver does, and cannot be interrupted.
 * *found is the caller's, for freeaddrinfo. For a unix target *found is NULL. PH_E_UNREACHABLE. */
int net_resolve(const struct net_target *target, struct addrinfo **found, ph_error *error);

/* Connects to the first address that answers; the socket is non-blocking and close-on-exec, and
 * without Nagle's delay. Ends with PH_E_CANCELLED once wake_fd is readable. PH_E_UNREACHABLE says
 * why the last address failed. */
int net_dial(const struct net_target *target, const struct addrinfo *found, int wake_fd, int *fd,
             ph_error *error);

#endif
