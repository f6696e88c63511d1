/* SPDX-License-Identifier: GPL-2.0-or-later
 * Opens the socket that a target names. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <netdb.h>
#include <stdbool.h>

#include "net/target.h"

/* Looks the target's host up; blocks as long as the resolver does, and cannot be interrupted.
 * *found is the caller's, for freeaddrinfo; NULL where the target has no host. PH_E_UNREACHABLE. */
int net_resolve(const struct net_target *target, struct addrinfo **found, ph_error *error);

/* Connects to the first address that answers; the socket is non-blocking and close-on-exec, and
 * without Nagle's delay. Ends with PH_E_CANCELLED once wake_fd is readable. PH_E_UNREACHABLE says
 * why the last address failed. For NET_FD: checks that it is a connected stream socket, else
 * PH_E_ARGUMENT; *fd is target->fd then. */
int net_dial(const struct net_target *target, const struct addrinfo *found, int wake_fd, int *fd,
             ph_error *error);

/* True where the socket's peer is on this machine: a unix socket, or the loopback. */
bool net_is_local(int fd);

#endif
