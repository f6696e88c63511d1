/* SPDX-License-Identifier: GPL-2.0-or-later
 * What tells the proxy where a connection comes from. Input: one byte (odd: X-Forwarded-For, in
 * which that many trusted networks are walked over; even: a PROXY header, cut in pieces of half of
 * it), then what the peer says. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proxy/address.h"
#include "proxy/forwarded.h"
#include "proxy/proxy_protocol.h"

static void check(bool truth)
{
    if (!truth)
        abort();
}

static void walk(size_t count, const uint8_t *bytes, size_t len)
{
    static const char *const words[] = {"10.0.0.0/8", "2001:db8::/32", "::1", "0.0.0.0/0"};
    struct network trusted[4];
    struct sockaddr_storage client = {.ss_family = AF_INET};
    char text[ADDRESS_TEXT_MAX];
    const char *bad = NULL;
    size_t bad_len = 0;
    char *list = malloc(len + 1);
    if (list == NULL)
        return;
    memcpy(list, bytes, len);
    list[len] = '\0';
    ((struct sockaddr_in *)&client)->sin_addr.s_addr = htonl(0x0a000001);
    for (size_t i = 0; i < count; i++)
        check(network_parse(words[i], &trusted[i]) == NETWORK_OK);
    if (forwarded_walk(list, trusted, count, &client, &bad, &bad_len) != 0)
        check(bad >= list && bad + bad_len <= list + strlen(list) && bad_len != 0);
    address_text(&client, text);
    struct network n;
    if (network_parse(list, &n) != NETWORK_NONE) {
        char again[NETWORK_TEXT_MAX];
        network_text(&n, again);
        check(network_parse(again, &n) == NETWORK_OK);
    }
    free(list);
}

/* Each piece is a block of its own, so that no byte outside it is looked at unnoticed. */
static int feed(struct proxy_protocol *p, const uint8_t *bytes, size_t len, size_t piece,
                size_t *total)
{
    int rc = 0;
    *total = 0;
    while (rc == 0 && *total < len) {
        size_t n = len - *total < piece ? len - *total : piece, used = 0;
        const char *why = NULL;
        uint8_t *copy = malloc(n);
        if (copy == NULL)
            return 0;
        memcpy(copy, bytes + *total, n);
        rc = proxy_protocol_feed(p, copy, n, &used, &why);
        free(copy);
        check(used <= n && (rc != 0 || used == n) && (rc != -1 || why != NULL));
        *total += used;
    }
    return rc;
}

static void prelude(size_t piece, const uint8_t *bytes, size_t len)
{
    struct proxy_protocol whole = {0}, pieces = {0};
    size_t used, used_again;
    int rc = feed(&whole, bytes, len, len + 1, &used);
    int again = feed(&pieces, bytes, len, piece, &used_again);
    check(rc == again && used == used_again && whole.known == pieces.known);
    check(memcmp(&whole.source, &pieces.source, sizeof whole.source) == 0);
    check(used <= 16 + PROXY_PROTOCOL_V2_MAX);
    check(!whole.known || whole.source.ss_family == AF_INET || whole.source.ss_family == AF_INET6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (data[0] & 1)
        walk(data[0] / 2 % 5, data + 1, size - 1);
    else
        prelude(data[0] / 2 + 1, data + 1, size - 1);
    return 0;
}
