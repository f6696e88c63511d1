/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose connection it is: networks, X-Forwarded-For, and the PROXY protocol, one byte at a time. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/address.h"
#include "proxy/forwarded.h"
#include "proxy/proxy_protocol.h"

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&a;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&a;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
        six->sin6_family = AF_INET6;
    }
    return a;
}

/* ---- networks ---- */

static void networks_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum network_error error;
        const char *means; /* NULL: nothing */
    } cases[] = {
        {"192.0.2.1", NETWORK_OK, "192.0.2.1"},
        {"192.0.2.1/32", NETWORK_OK, "192.0.2.1"},
        {"10.0.0.0/8", NETWORK_OK, "10.0.0.0/8"},
        {"0.0.0.0/0", NETWORK_OK, "0.0.0.0/0"},
        {"::/0", NETWORK_OK, "::/0"},
        {"2001:db8::/32", NETWORK_OK, "2001:db8::/32"},
        {"2001:DB8::1", NETWORK_OK, "2001:db8::1"},
        {"::ffff:10.0.0.0/104", NETWORK_OK, "10.0.0.0/8"},
        {"10.1.0.0/8", NETWORK_HOST_BITS, "10.0.0.0/8"},
        {"192.0.2.129/25", NETWORK_HOST_BITS, "192.0.2.128/25"},
        {"192.0.2.1/31", NETWORK_HOST_BITS, "192.0.2.0/31"},
        {"2001:db8::1/64", NETWORK_HOST_BITS, "2001:db8::/64"},
        {"192.0.2.1/33", NETWORK_NONE, NULL},
        {"::1/129", NETWORK_NONE, NULL},
        {"192.0.2.1/", NETWORK_NONE, NULL},
        {"192.0.2.1/08", NETWORK_NONE, NULL},
        {"192.0.2.1/-1", NETWORK_NONE, NULL},
        {"192.0.2.1/8/8", NETWORK_NONE, NULL},
        {"192.0.2.1/255.255.255.0", NETWORK_NONE, NULL},
        {"192.0.2", NETWORK_NONE, NULL},
        {"192.0.2.01", NETWORK_NONE, NULL},
        {"fe80::1%lo", NETWORK_NONE, NULL},
        {"localhost", NETWORK_NONE, NULL},
        {"", NETWORK_NONE, NULL},
        {"/8", NETWORK_NONE, NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NETWORK_NONE, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct network n;
        char text[NETWORK_TEXT_MAX];
        assert_int_equal(network_parse(cases[i].text, &n), cases[i].error);
        if (cases[i].means == NULL)
            continue;
        network_text(&n, text);
        assert_string_equal(text, cases[i].means);
    }
}

static struct network network(const char *text)
{
    struct network n;
    assert_int_equal(network_parse(text, &n), NETWORK_OK);
    return n;
}

static void addresses_are_in_networks(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},
        {"10.0.0.0/8", "a00::1", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.129", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.0", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "203.0.113.9", true}, /* as the kernel's dual-stack sockets have it */
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::2", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct network n = network(cases[i].network);
        struct sockaddr_storage a = address(cases[i].address);
        assert_int_equal(networks_have(&n, 1, &a), cases[i].in);
        assert_false(networks_have(&n, 0, &a));
    }
    struct network any = network("::/0");
    struct sockaddr_storage other = {.ss_family = AF_UNIX};
    assert_false(networks_have(&any, 1, &other));
}

static void an_address_has_one_name(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    struct sockaddr_storage mapped = address("::ffff:192.0.2.1"), six = address("2001:db8::1");
    ((struct sockaddr_in6 *)&mapped)->sin6_port = htons(443);
    address_unmap(&mapped);
    address_text(&mapped, text);
    assert_string_equal(text, "192.0.2.1:443");
    address_unmap(&six);
    address_text(&six, text);
    assert_string_equal(text, "2001:db8::1");
    ((struct sockaddr_in6 *)&six)->sin6_port = htons(443);
    address_text(&six, text);
    assert_string_equal(text, "[2001:db8::1]:443");
}

/* ---- X-Forwarded-For ---- */

static void the_first_untrusted_counts(void **state)
{
    (void)state;
    const struct network trusted[] = {network("10.0.0.0/8"), network("2001:db8:1::/48")};
    static const struct {
        const char *list, *client; /* client NULL: the list is garbage, and bad tells where */
        const char *bad;
    } cases[] = {
        {"", "10.0.0.1", NULL},
        {" , ,", "10.0.0.1", NULL},
        {"203.0.113.9", "203.0.113.9", NULL},
        {"203.0.113.9, 10.1.1.1", "203.0.113.9", NULL},
        {"203.0.113.9,10.1.1.1 ,\t2001:db8:1::5", "203.0.113.9", NULL},
        {"198.51.100.1, 203.0.113.9, 10.1.1.1", "203.0.113.9", NULL},
        {"lies, 203.0.113.9", "203.0.113.9", NULL},
        {"10.3.3.3, 10.2.2.2", "10.3.3.3", NULL},
        {"203.0.113.9,, 10.1.1.1,", "203.0.113.9", NULL},
        {"203.0.113.9:4711", "203.0.113.9:4711", NULL},
        {"2001:db8:2::7", "2001:db8:2::7", NULL},
        {"[2001:db8:2::7]", "2001:db8:2::7", NULL},
        {"[2001:db8:2::7]:4711, 10.1.1.1:80", "[2001:db8:2::7]:4711", NULL},
        {"::ffff:203.0.113.9", "203.0.113.9", NULL},
        {"unknown", NULL, "unknown"},
        {"203.0.113.9, unknown", NULL, "unknown"},
        {"203.0.113.9, unknown, 10.1.1.1", NULL, "unknown"},
        {"203.0.113.9:65536", NULL, "203.0.113.9:65536"},
        {"203.0.113.9:", NULL, "203.0.113.9:"},
        {"203.0.113.9:1:2", NULL, "203.0.113.9:1:2"},
        {"[2001:db8:2::7", NULL, "[2001:db8:2::7"},
        {"[2001:db8:2::7]4711", NULL, "[2001:db8:2::7]4711"},
        {"[203.0.113.9", NULL, "[203.0.113.9"},
        {"203.0.113.9 10.1.1.1", NULL, "203.0.113.9 10.1.1.1"},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL,
         "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[ADDRESS_TEXT_MAX];
        const char *bad = NULL;
        size_t bad_len = 0;
        struct sockaddr_storage client = address("10.0.0.1");
        int rc = forwarded_walk(cases[i].list, trusted, COUNT(trusted), &client, &bad, &bad_len);
        address_text(&client, text);
        assert_int_equal(rc, cases[i].client != NULL ? 0 : -1);
        assert_string_equal(text, cases[i].client != NULL ? cases[i].client : "10.0.0.1");
        if (rc != 0) {
            assert_int_equal(bad_len, strlen(cases[i].bad));
            assert_memory_equal(bad, cases[i].bad, bad_len);
        }
    }
}

/* ---- the PROXY protocol ---- */

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define FOUR "\xcb\x00\x71\x09\xc0\x00\x02\x01\x12\x67\x01\xbb" /* 203.0.113.9:4711 */
#define SIX                                                                                        \
    "\x20\x01\x0d\xb8\0\x02\0\0\0\0\0\0\0\0\0\x07"                                                 \
    "\x20\x01\x0d\xb8\0\x02\0\0\0\0\0\0\0\0\0\x08\x12\x67\x01\xbb"

/* All at once, and one byte at a time: the same. Answers what feed did. */
static int feed(const uint8_t *bytes, size_t len, size_t *used, char source[ADDRESS_TEXT_MAX],
                const char **why)
{
    struct proxy_protocol whole = {0}, single = {0};
    int rc = proxy_protocol_feed(&whole, bytes, len, used, why), again = 0;
    size_t total = 0;
    while (again == 0 && total < len) {
        size_t one;
        uint8_t *copy = malloc(1);
        *copy = bytes[total];
        again = proxy_protocol_feed(&single, copy, 1, &one, why);
        free(copy);
        assert_int_equal(one, 1);
        total += one;
    }
    assert_int_equal(again, rc);
    assert_int_equal(total, *used);
    assert_memory_equal(&whole.source, &single.source, sizeof whole.source);
    assert_int_equal(whole.known, single.known);
    strcpy(source, "");
    if (rc == 1 && whole.known)
        address_text(&whole.source, source);
    return rc;
}

static void headers_are_read(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *bytes;
        size_t len;
        const char *source; /* "": not known */
    } cases[] = {
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"), "203.0.113.9:4711"},
        {BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
         "255.255.255.255:65535"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 0 0\r\n"), "203.0.113.9"},
        {BYTES("PROXY TCP6 2001:db8:2::7 2001:db8::1 4711 443\r\n"), "[2001:db8:2::7]:4711"},
        {BYTES("PROXY UNKNOWN\r\n"), ""},
        {BYTES("PROXY UNKNOWN what ever\r\n"), ""},
        {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
               "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
         ""},                               /* 107 bytes */
        {BYTES(V2 "\x20\x00\x00\x00"), ""}, /* LOCAL */
        {BYTES(V2 "\x20\xff\x00\x03"
                  "abc"),
         ""},                                    /* LOCAL: its family is ignored */
        {BYTES(V2 "\x21\x00\x00\x00"), ""},      /* AF_UNSPEC */
        {BYTES(V2 "\x21\x10\x00\x0c" FOUR), ""}, /* AF_INET, no transport */
        {BYTES(V2 "\x21\x11\x00\x0c" FOUR), "203.0.113.9:4711"},
        {BYTES(V2 "\x21\x12\x00\x0c" FOUR), "203.0.113.9:4711"},
        {BYTES(V2 "\x21\x21\x00\x24" SIX), "[2001:db8:2::7]:4711"},
        {BYTES(V2 "\x21\x11\x00\x13" FOUR "\x04\x00\x04"
                  "noop"),
         "203.0.113.9:4711"}, /* a TLV */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char source[ADDRESS_TEXT_MAX];
        const char *why = NULL;
        size_t used;
        assert_int_equal(feed(cases[i].bytes, cases[i].len, &used, source, &why), 1);
        assert_int_equal(used, cases[i].len);
        assert_string_equal(source, cases[i].source);
        /* what is cut short is not complete, and no byte behind it is taken */
        for (size_t n = 0; n < cases[i].len; n++)
            assert_int_equal(feed(cases[i].bytes, n, &used, source, &why), 0);
        uint8_t *longer = malloc(cases[i].len + 3);
        memcpy(longer, cases[i].bytes, cases[i].len);
        memcpy(longer + cases[i].len, "\x16\x03\x01", 3);
        assert_int_equal(feed(longer, cases[i].len + 3, &used, source, &why), 1);
        assert_int_equal(used, cases[i].len);
        free(longer);
    }
}

static void a_unix_client_is_not_known(void **state)
{
    (void)state;
    uint8_t header[16 + 216] = V2 "\x21\x31\x00\xd8/run/client.sock";
    char source[ADDRESS_TEXT_MAX];
    const char *why = NULL;
    size_t used;
    assert_int_equal(feed(header, sizeof header, &used, source, &why), 1);
    assert_int_equal(used, sizeof header);
    assert_string_equal(source, "");
}

static void broken_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *bytes;
        size_t len, used; /* it is refused at this byte */
        const char *why;
    } cases[] = {
        {BYTES("\x16\x03\x01"), 1, "there is no header"}, /* TLS */
        {BYTES("GET / HTTP/1.1\r\n"), 1, "there is no header"},
        {BYTES("PROX "), 5, "there is no header"},
        {BYTES("proxy "), 1, "there is no header"},
        {BYTES("PROXY\tTCP4"), 6, "there is no header"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\n"), 42, "CRLF"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\r\n"), 43, "CRLF"},
        {BYTES("PROXY UNKNOWN \0\r\n"), 15, "CRLF"},
        {BYTES("PROXY \r\n"), 8, "neither TCP4"},
        {BYTES("PROXY UDP4 203.0.113.9 192.0.2.1 4711 443\r\n"), 43, "neither TCP4"},
        {BYTES("PROXY  TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"), 44, "neither TCP4"},
        {BYTES("PROXY UNKNOWNS\r\n"), 16, "neither TCP4"},
        {BYTES("PROXY TCP4 203.0.113.9\r\n"), 24, "an address"},
        {BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 4711 443\r\n"), 45, "an address"},
        {BYTES("PROXY TCP6 203.0.113.9 192.0.2.1 4711 443\r\n"), 43, "an address"},
        {BYTES("PROXY TCP4 203.0.113.09 192.0.2.1 4711 443\r\n"), 44, "an address"},
        {BYTES("PROXY TCP4 203.0.113.9  192.0.2.1 4711 443\r\n"), 44, "an address"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711\r\n"), 39, "a port"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 65536 443\r\n"), 44, "a port"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 04711 443\r\n"), 44, "a port"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 -1 443\r\n"), 41, "a port"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 \r\n"), 40, "a port"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443 \r\n"), 44, "more than two"},
        {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443 9\r\n"), 45, "more than two"},
        {BYTES("\r\n\r\n\1"), 5, "there is no header"},
        {BYTES(V2 "\x11\x11\x00\x0c" FOUR), 16, "another version"},
        {BYTES(V2 "\x22\x11\x00\x0c" FOUR), 16, "neither LOCAL"},
        {BYTES(V2 "\x21\x41\x00\x0c" FOUR), 16, "unknown address family"},
        {BYTES(V2 "\x21\x13\x00\x0c" FOUR), 16, "unknown address family"},
        {BYTES(V2 "\x21\x11\x00\x0b" FOUR), 16, "shorter than its addresses"},
        {BYTES(V2 "\x21\x21\x00\x23" SIX), 16, "shorter than its addresses"},
        {BYTES(V2 "\x21\x31\x00\xd7"), 16, "shorter than its addresses"},
        {BYTES(V2 "\x21\x11\x10\x01" FOUR), 16, "longer than 4112 bytes"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char source[ADDRESS_TEXT_MAX];
        const char *why = NULL;
        size_t used;
        assert_int_equal(feed(cases[i].bytes, cases[i].len, &used, source, &why), -1);
        assert_int_equal(used, cases[i].used);
        assert_non_null(strstr(why, cases[i].why));
        assert_memory_equal(why, "PROXY protocol: ", 16);
    }
}

static void headers_are_bounded(void **state)
{
    (void)state;
    char source[ADDRESS_TEXT_MAX];
    const char *why = NULL;
    size_t used;
    uint8_t line[200];
    memset(line, 'x', sizeof line);
    memcpy(line, "PROXY UNKNOWN ", 14);
    assert_int_equal(feed(line, sizeof line, &used, source, &why), -1);
    assert_int_equal(used, PROXY_PROTOCOL_V1_MAX);
    assert_non_null(strstr(why, "longer than 107 bytes"));

    uint8_t longest[16 + PROXY_PROTOCOL_V2_MAX] = V2 "\x21\x11\x10\x00" FOUR;
    assert_int_equal(feed(longest, sizeof longest - 1, &used, source, &why), 0);
    assert_int_equal(feed(longest, sizeof longest, &used, source, &why), 1);
    assert_string_equal(source, "203.0.113.9:4711");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_read),          cmocka_unit_test(addresses_are_in_networks),
        cmocka_unit_test(an_address_has_one_name),    cmocka_unit_test(the_first_untrusted_counts),
        cmocka_unit_test(headers_are_read),           cmocka_unit_test(a_unix_client_is_not_known),
        cmocka_unit_test(broken_headers_are_refused), cmocka_unit_test(headers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
