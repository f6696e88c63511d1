/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose request it is behind proxies: networks, and the walk over X-Forwarded-For. Pure functions,
 * for any thread. IPv4 addresses and their form within IPv6 (::ffff:192.0.2.1) are the same here.
 */
#ifndef PROXY_FORWARDED_H
#define PROXY_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address, or all that share its first bits. */
struct network {
    uint8_t address[16]; /* in network byte order; IPv4 as ::ffff:0:0/96 has it */
    unsigned bits;       /* of the 128 */
};

enum network_error { NETWORK_OK, NETWORK_NONE, NETWORK_HOST_BITS };
enum { NETWORK_TEXT_MAX = 64 };

/* "192.0.2.1", "10.0.0.0/8", "2001:db8::/32". HOST_BITS: bits behind the prefix are set, which
 * may be a slip in either part; n is then what the prefix alone means. */
enum network_error network_parse(const char *text, struct network *n);
/* As network_parse takes it. */
void network_text(const struct network *n, char text[NETWORK_TEXT_MAX]);
/* Is the address in one of them? */
bool networks_have(const struct network *list, size_t count, const struct sockaddr_storage *a);

/* Walks X-Forwarded-For from its right end, which the nearest proxy wrote, over addresses that are
 * trusted to the first that is not, as nginx's real_ip_recursive does; what stands left of that,
 * anybody may have written, and nobody looks at it. Where all are trusted, the leftmost counts.
 * Ports and brackets are taken where proxies write them. Called only when `client` itself, from
 * which the walk sets out, is trusted. 0: client is the one that counts, and unchanged where the
 * list is empty. -1: an element that was walked over is no address; client is unchanged, and *bad
 * and *bad_len tell where it stands in list. */
int forwarded_walk(const char *list, const struct network *trusted, size_t count,
                   struct sockaddr_storage *client, const char **bad, size_t *bad_len);

#endif
