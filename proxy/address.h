/* SPDX-License-Identifier: GPL-2.0-or-later
 * Socket addresses as people write them. */
#ifndef PROXY_ADDRESS_H
#define PROXY_ADDRESS_H

#include <uv.h>

enum { ADDRESS_TEXT_MAX = INET6_ADDRSTRLEN + 8 };

/* "192.0.2.1:80" or "[2001:db8::1]:80"; with port 0, which stands for none, "192.0.2.1" or
 * "2001:db8::1". Thread-safe, as all here. */
void address_text(const struct sockaddr_storage *address, char text[ADDRESS_TEXT_MAX]);
/* An IPv4 address in IPv6's form (::ffff:192.0.2.1), as a listener for both has it, becomes IPv4:
 * one address has one name. */
void address_unmap(struct sockaddr_storage *address);

#endif
