/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forwarded.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
    V4_BITS = 96,     /* of an IPv4 address within IPv6 (RFC 4291 section 2.5.5.2) */
    ELEMENT_MAX = 55, /* "[IPv6]:65535" in its longest form */
    PORT_DIGITS_MAX = 5
};

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* ---- networks ---- */

static void set_v4(uint8_t address[16], const void *four)
{
    memcpy(address, v4_prefix, sizeof v4_prefix);
    memcpy(address + sizeof v4_prefix, four, 4);
}

static bool is_v4(const uint8_t address[16])
{
    return memcmp(address, v4_prefix, sizeof v4_prefix) == 0;
}

/* Which family it is, 4 or 6; 0: none. */
static int parse_address(const char *text, uint8_t address[16])
{
    struct in_addr four;
    if (inet_pton(AF_INET, text, &four) == 1) {
        set_v4(address, &four);
        return 4;
    }
    return inet_pton(AF_INET6, text, address) == 1 ? 6 : 0;
}

/* Up to three digits without leading zeros. */
static bool parse_bits(const char *text, unsigned max, unsigned *bits)
{
    size_t len = strlen(text);
    if (len == 0 || len > 3 || strspn(text, "0123456789") != len || (len > 1 && text[0] == '0'))
        return false;
    *bits = 0;
    for (; *text != '\0'; text++)
        *bits = *bits * 10 + (unsigned)(*text - '0');
    return *bits <= max;
}

/* True: there were others behind the first bits. */
static bool clear_host_bits(struct network *n)
{
    bool set = false;
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = n->bits <= i * 8 ? 0 : n->bits - i * 8 < 8 ? n->bits - i * 8 : 8;
        uint8_t mask = (uint8_t)(0xff00u >> kept);
        set = set || (n->address[i] & (uint8_t)~mask) != 0;
        n->address[i] &= mask;
    }
    return set;
}

enum network_error network_parse(const char *text, struct network *n)
{
    char host[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof host)
        return NETWORK_NONE;
    memcpy(host, text, len);
    host[len] = '\0';
    int family = parse_address(host, n->address);
    n->bits = family == 4 ? 32 : 128;
    if (family == 0 || (slash != NULL && !parse_bits(slash + 1, n->bits, &n->bits)))
        return NETWORK_NONE;
    if (family == 4)
        n->bits += V4_BITS;
    return clear_host_bits(n) ? NETWORK_HOST_BITS : NETWORK_OK;
}

void network_text(const struct network *n, char text[NETWORK_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    bool four = is_v4(n->address) && n->bits >= V4_BITS;
    unsigned all = four ? 32 : 128, bits = four ? n->bits - V4_BITS : n->bits;
    inet_ntop(four ? AF_INET : AF_INET6, four ? n->address + V4_BITS / 8 : n->address, host,
              sizeof host);
    if (bits == all)
        snprintf(text, NETWORK_TEXT_MAX, "%s", host);
    else
        snprintf(text, NETWORK_TEXT_MAX, "%s/%u", host, bits);
}

static bool network_has(const struct network *n, const uint8_t address[16])
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    if (memcmp(n->address, address, whole) != 0)
        return false;
    return rest == 0 || ((n->address[whole] ^ address[whole]) & (uint8_t)(0xff00u >> rest)) == 0;
}

bool networks_have(const struct network *list, size_t count, const struct sockaddr_storage *a)
{
    uint8_t address[16];
    if (a->ss_family == AF_INET)
        set_v4(address, &((const struct sockaddr_in *)a)->sin_addr);
    else if (a->ss_family == AF_INET6)
        memcpy(address, &((const struct sockaddr_in6 *)a)->sin6_addr, sizeof address);
    else
        return false;
    for (size_t i = 0; i < count; i++)
        if (network_has(&list[i], address))
            return true;
    return false;
}

/* ---- X-Forwarded-For ---- */

/* The element that ends at text[*len], without the white space around it; *len moves before its
 * comma. An empty one means nothing (RFC 9110 section 5.6.1.2), and neither does the list's
 * beginning: element_len is 0. */
static const char *last_element(const char *text, size_t *len, size_t *element_len)
{
    static const char space[] = " \t";
    size_t end = *len, begin;
    while (end != 0 && strchr(space, text[end - 1]) != NULL)
        end--;
    for (begin = end; begin != 0 && text[begin - 1] != ','; begin--) {
    }
    *len = begin != 0 ? begin - 1 : 0;
    while (begin != end && strchr(space, text[begin]) != NULL)
        begin++;
    *element_len = end - begin;
    return text + begin;
}

static bool parse_port(const char *text, unsigned *port)
{
    size_t len = strlen(text);
    if (len == 0 || len > PORT_DIGITS_MAX || strspn(text, "0123456789") != len)
        return false;
    *port = 0;
    for (; *text != '\0'; text++)
        *port = *port * 10 + (unsigned)(*text - '0');
    return *port <= 65535;
}

/* Takes ADDRESS, ADDRESS:PORT with IPv4, [ADDRESS] or [ADDRESS]:PORT apart, in place. False: it
 * cannot be one. */
static bool split_port(char *element, char **host, unsigned *port)
{
    char *colon = strchr(element, ':');
    *host = element;
    if (element[0] == '[') {
        char *close = strchr(element, ']');
        if (close == NULL)
            return false;
        *host = element + 1;
        *close = '\0';
        return close[1] == '\0' || (close[1] == ':' && parse_port(close + 2, port));
    }
    if (colon == NULL || strchr(colon + 1, ':') != NULL)
        return true; /* bare IPv4, or bare IPv6 */
    *colon = '\0';
    return parse_port(colon + 1, port);
}

static bool parse_element(const char *text, size_t len, struct sockaddr_storage *out)
{
    char element[ELEMENT_MAX + 1], *host;
    uint8_t address[16];
    unsigned port = 0;
    if (len > ELEMENT_MAX)
        return false;
    memcpy(element, text, len);
    element[len] = '\0';
    if (!split_port(element, &host, &port) || parse_address(host, address) == 0)
        return false;
    memset(out, 0, sizeof *out);
    if (is_v4(address)) {
        struct sockaddr_in *four = (struct sockaddr_in *)out;
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        memcpy(&four->sin_addr, address + sizeof v4_prefix, 4);
    } else {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        memcpy(&six->sin6_addr, address, sizeof address);
    }
    return true;
}

int forwarded_walk(const char *list, const struct network *trusted, size_t count,
                   struct sockaddr_storage *client, const char **bad, size_t *bad_len)
{
    struct sockaddr_storage at = *client;
    size_t len = strlen(list);
    while (len != 0 && networks_have(trusted, count, &at)) {
        size_t n;
        const char *element = last_element(list, &len, &n);
        if (n == 0)
            continue;
        if (!parse_element(element, n, &at)) {
            *bad = element;
            *bad_len = n;
            return -1;
        }
    }
    *client = at;
    return 0;
}
