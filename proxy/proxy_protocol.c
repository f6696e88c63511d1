/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { MORE, DONE, INVALID = -1 };

static const char v1_begin[] = "PROXY ";
static const uint8_t v2_begin[12] = "\r\n\r\n\0\r\nQUIT\n"; /* (2.2) */
enum { V1_BEGIN = sizeof v1_begin - 1, V2_BEGIN = sizeof v2_begin };

static int invalid(const char **why, const char *words)
{
    *why = words;
    return INVALID;
}

static void set_v4(struct sockaddr_storage *out, const void *address, uint16_t port)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    memcpy(&four->sin_addr, address, 4);
}

static void set_v6(struct sockaddr_storage *out, const void *address, uint16_t port)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    memcpy(&six->sin6_addr, address, 16);
}

/* ---- version 1: one line of text ---- */

/* The word up to the next space or the end; exactly one space stands between two. NULL: none. */
static char *next_word(char **rest)
{
    char *word = *rest;
    if (word == NULL || *word == '\0' || *word == ' ')
        return NULL;
    char *space = strchr(word, ' ');
    if (space != NULL)
        *space = '\0';
    *rest = space != NULL ? space + 1 : NULL;
    return word;
}

/* 0 to 65535 without leading zeros. */
static bool parse_port(const char *text, uint16_t *port)
{
    size_t len = text != NULL ? strlen(text) : 0;
    unsigned n = 0;
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len || (len > 1 && text[0] == '0'))
        return false;
    for (; *text != '\0'; text++)
        n = n * 10 + (unsigned)(*text - '0');
    *port = (uint16_t)n;
    return n <= 65535;
}

static int parse_line(struct proxy_protocol *p, char *line, const char **why)
{
    char *rest = line + V1_BEGIN;
    uint8_t addresses[2][16];
    uint16_t ports[2];
    const char *protocol = next_word(&rest);
    if (protocol != NULL && strcmp(protocol, "UNKNOWN") == 0)
        return DONE; /* whatever follows is to be ignored */
    bool four = protocol != NULL && strcmp(protocol, "TCP4") == 0;
    if (!four && (protocol == NULL || strcmp(protocol, "TCP6") != 0))
        return invalid(why, "PROXY protocol: neither TCP4, TCP6 nor UNKNOWN");
    for (int i = 0; i < 2; i++) {
        const char *word = next_word(&rest);
        if (word == NULL || inet_pton(four ? AF_INET : AF_INET6, word, addresses[i]) != 1)
            return invalid(why, "PROXY protocol: an address is wrong");
    }
    for (int i = 0; i < 2; i++)
        if (!parse_port(next_word(&rest), &ports[i]))
            return invalid(why, "PROXY protocol: a port is wrong");
    if (rest != NULL)
        return invalid(why, "PROXY protocol: there is more than two addresses and ports");
    p->known = true;
    (four ? set_v4 : set_v6)(&p->source, addresses[0], ports[0]);
    return DONE;
}

/* One byte more is in the head. */
static int step_v1(struct proxy_protocol *p, const char **why)
{
    uint8_t last = p->head[p->len - 1], before = p->head[p->len - 2];
    if (last == '\0' || (last == '\n') != (before == '\r'))
        return invalid(why, "PROXY protocol: the line does not end with CRLF");
    if (last == '\n') {
        p->head[p->len - 2] = '\0';
        return parse_line(p, (char *)p->head, why);
    }
    if (p->len == PROXY_PROTOCOL_V1_MAX)
        return invalid(why, "PROXY protocol: the line is longer than 107 bytes");
    return MORE;
}

/* ---- version 2: binary ---- */

enum { V2_VERSION = 2, LOCAL = 0, PROXY = 1 };
enum { UNSPEC = 0 };

/* By the address family's number: how many bytes of addresses and ports there must be. */
static const size_t v2_sizes[] = {[UNSPEC] = 0, [1] = 12, [2] = 36, [3] = 216};
enum { V2_FAMILIES = sizeof v2_sizes / sizeof v2_sizes[0], V2_PROTOCOLS = 3 };

/* How many bytes of addresses are wanted in the head. */
static size_t v2_wanted(const struct proxy_protocol *p)
{
    unsigned family = p->head[13] >> 4, protocol = p->head[13] & 15;
    if ((p->head[12] & 15) == LOCAL || protocol == UNSPEC || family > 2)
        return 0;
    return v2_sizes[family];
}

static size_t v2_length(const struct proxy_protocol *p)
{
    return (size_t)p->head[14] << 8 | p->head[15];
}

static int check_v2(const struct proxy_protocol *p, const char **why)
{
    unsigned version = p->head[12] >> 4, command = p->head[12] & 15;
    unsigned family = p->head[13] >> 4, protocol = p->head[13] & 15;
    if (version != V2_VERSION)
        return invalid(why, "PROXY protocol: another version than 1 and 2");
    if (command != LOCAL && command != PROXY)
        return invalid(why, "PROXY protocol: neither LOCAL nor PROXY");
    if (v2_length(p) > PROXY_PROTOCOL_V2_MAX)
        return invalid(why, "PROXY protocol: the header is longer than 4112 bytes");
    if (command == LOCAL)
        return DONE; /* the family is to be ignored */
    if (family >= V2_FAMILIES || protocol >= V2_PROTOCOLS)
        return invalid(why, "PROXY protocol: an unknown address family or transport");
    if (protocol != UNSPEC && v2_length(p) < v2_sizes[family])
        return invalid(why, "PROXY protocol: the header is shorter than its addresses");
    return DONE;
}

static uint16_t get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* One byte more is in the head. */
static int step_v2(struct proxy_protocol *p, const char **why)
{
    if (p->len < PROXY_PROTOCOL_V2_HEAD)
        return MORE;
    if (p->len == PROXY_PROTOCOL_V2_HEAD && check_v2(p, why) == INVALID)
        return INVALID;
    size_t wanted = v2_wanted(p);
    if (p->len < PROXY_PROTOCOL_V2_HEAD + wanted)
        return MORE;
    const uint8_t *source = p->head + PROXY_PROTOCOL_V2_HEAD;
    p->known = wanted != 0;
    if (wanted == v2_sizes[1])
        set_v4(&p->source, source, get_u16(source + 8));
    else if (wanted == v2_sizes[2])
        set_v6(&p->source, source, get_u16(source + 32));
    p->skip = v2_length(p) - wanted;
    p->skipping = true;
    return p->skip == 0 ? DONE : MORE;
}

/* ---- either ---- */

/* The first bytes tell which version it is, or that it is neither. */
static int step(struct proxy_protocol *p, const char **why)
{
    bool one = memcmp(p->head, v1_begin, p->len < V1_BEGIN ? p->len : V1_BEGIN) == 0;
    bool two = memcmp(p->head, v2_begin, p->len < V2_BEGIN ? p->len : V2_BEGIN) == 0;
    if (!one && !two)
        return invalid(why, "PROXY protocol: there is no header");
    if (p->len <= (one ? V1_BEGIN : V2_BEGIN))
        return MORE;
    return one ? step_v1(p, why) : step_v2(p, why);
}

int proxy_protocol_feed(struct proxy_protocol *p, const uint8_t *data, size_t len, size_t *used,
                        const char **why)
{
    int rc = MORE;
    *used = 0;
    while (rc == MORE && *used < len) {
        size_t left = len - *used;
        if (p->skipping) {
            size_t n = left < p->skip ? left : p->skip;
            p->skip -= n;
            *used += n;
            rc = p->skip == 0 ? DONE : MORE;
        } else {
            p->head[p->len++] = data[(*used)++];
            rc = step(p, why);
        }
    }
    return rc;
}
