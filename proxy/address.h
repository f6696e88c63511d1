/* SPDX-License-Identifier: GPL-2.0-or-later
 * Socket addresses as people write them. */
#ifndef PROXY_ADDRESS_H
#define PROXY_ADDRESS_H

#include <uv.h>

enum { ADDRESS_TEXT_MAX = INET6_ADDRSTRLEN + 8 };

/* "192.0.2.1:80" or "[2001:db8::1]:80". Thread-safe. */
void address_text(const struct sockaddr_storage *address, char text[ADDRESS_TEXT_MAX]);

#endif
