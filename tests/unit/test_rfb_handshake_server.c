/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a server of a viewer, as test_rfb_handshake_client.c has it for the other role.
 */
#include <string.h>

#include "feed.h"
#include "hex.h"
#include "rfb/err.h"
#include "rfb/handshake.h"
#include "unit.h"

#define V3 "'RFB 003.003'0a "
#define V7 "'RFB 003.007'0a "
#define V8 "'RFB 003.008'0a "

static const char bad_version[] = "the viewer did not answer with RFB version 3.3, 3.7 or 3.8";
static const char bad_type[] = "the viewer chose a security type that was not offered";
static const char too_long[] = "the viewer's user name or password is longer than 1023 bytes";

enum { NONE, PLAIN, VNC, BOTH, ALL };
#define CHALLENGE                                                                                  \
    {                                                                                              \
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,  \
            0xff                                                                                   \
    }
static const struct rfb_server_offer offers[] = {
    [NONE] = {.none = true},
    [PLAIN] = {.plain = true},
    [VNC] = {.vnc = true, .challenge = CHALLENGE},
    [BOTH] = {.plain = true, .vnc = true, .challenge = CHALLENGE},
    [ALL] = {.plain = true, .vnc = true, .none = true, .challenge = CHALLENGE},
};

/* What the password "sesame" answers, made with openssl enc -des-ede3, its bits turned round. */
#define RESPONSE "d90ab5c75e35c50204f6653a2e0bb01b"
#define CHALLENGED "00112233445566778899aabbccddeeff"
#define SUBTYPES "0002 00 01 00000100 "
#define PLAIN_WAY "13 0002 00000100 "
#define WRONG "00000001 00000005 'wrong'"

struct hs_case {
    const char *what, *refusal;
    int offer;
    const char *viewer; /* its bytes, up to the one that ends the handshake */
    const char *sent;   /* behind the version */
    int rc, minor;
    bool shared;
    const char *reason;
};

static const struct hs_case cases[] = {
    {"3.8", NULL, NONE, V8 "01 01", "01 01 00000000", 1, 8, true, ""},
    {"3.8 not shared", NULL, NONE, V8 "01 00", "01 01 00000000", 1, 8, false, ""},
    {"any other flag is shared", NULL, NONE, V8 "01 80", "01 01 00000000", 1, 8, true, ""},
    {"3.7", NULL, NONE, V7 "01 01", "01 01", 1, 7, true, ""},
    {"3.3", NULL, NONE, V3 "01", "00000001", 1, 3, true, ""},
    {"3.3 not shared", NULL, NONE, V3 "00", "00000001", 1, 3, false, ""},
    {"3.4", NULL, NONE, "'RFB 003.004'0a 01", "00000001", 1, 3, true, ""},
    {"3.5", NULL, NONE, "'RFB 003.005'0a 01", "00000001", 1, 3, true, ""},
    {"3.6", NULL, NONE, "'RFB 003.006'0a 01", "00000001", 1, 3, true, ""},
    {"3.9 was not offered", NULL, NONE, "'RFB 003.009'0a", "", RFB_E_INVALID, 0, false,
     bad_version},
    {"nor was Apple's", NULL, NONE, "'RFB 003.889'0a", "", RFB_E_INVALID, 0, false, bad_version},
    {"nor 3.2", NULL, NONE, "'RFB 003.002'0a", "", RFB_E_INVALID, 0, false, bad_version},
    {"HTTP", NULL, NONE, "'GET / HTTP/1'", "", RFB_E_INVALID, 0, false, bad_version},
    {"no newline", NULL, NONE, "'RFB 003.008'0d", "", RFB_E_INVALID, 0, false, bad_version},
    {"VncAuth was not offered", NULL, NONE, V8 "02", "01 01", RFB_E_INVALID, 8, false, bad_type},
    {"nor was 0", NULL, NONE, V8 "00", "01 01", RFB_E_INVALID, 8, false, bad_type},
    {"nor VeNCrypt in 3.7", NULL, NONE, V7 "13", "01 01", RFB_E_INVALID, 7, false, bad_type},
    {"refused in 3.8", "gone", NONE, V8, "00 00000004 'gone'", RFB_E_REFUSED, 8, false, "gone"},
    {"refused in 3.7", "gone", NONE, V7, "00 00000004 'gone'", RFB_E_REFUSED, 7, false, "gone"},
    {"refused in 3.3", "gone", NONE, V3, "00000000 00000004 'gone'", RFB_E_REFUSED, 3, false,
     "gone"},
    {"refused without words", "", NONE, V8, "00 0000001a 'the connection was refused'",
     RFB_E_REFUSED, 8, false, "the connection was refused"},
    {"refused, but not even a viewer", "gone", NONE, "'GET / HTTP/1'", "", RFB_E_INVALID, 0, false,
     bad_version},

    /* passwords */
    {"Plain", NULL, PLAIN, V8 PLAIN_WAY "00000003 00000006 'ada' 'sesame' 01",
     "01 13 " SUBTYPES "00000000", 1, 8, true, ""},
    {"Plain in 3.7", NULL, PLAIN, V7 PLAIN_WAY "00000003 00000006 'ada' 'sesame' 01",
     "01 13 " SUBTYPES "00000000", 1, 7, true, ""},
    {"Plain without a user", NULL, PLAIN, V8 PLAIN_WAY "00000000 00000006 'sesame' 00",
     "01 13 " SUBTYPES "00000000", 1, 8, false, ""},
    {"a wrong password", NULL, PLAIN, V8 PLAIN_WAY "00000001 00000006 'a' 'Sesame'",
     "01 13 " SUBTYPES WRONG, RFB_E_AUTH, 8, false, "wrong"},
    {"3.7 has no words for it", NULL, PLAIN, V7 PLAIN_WAY "00000001 00000006 'a' 'Sesame'",
     "01 13 " SUBTYPES "00000001", RFB_E_AUTH, 7, false, "wrong"},
    {"none at all", NULL, PLAIN, V8 PLAIN_WAY "00000000 00000000", "01 13 " SUBTYPES WRONG,
     RFB_E_AUTH, 8, false, "wrong"},
    {"a user only", NULL, PLAIN, V8 PLAIN_WAY "00000006 00000000 'sesame'", "01 13 " SUBTYPES WRONG,
     RFB_E_AUTH, 8, false, "wrong"},
    {"more than the password", NULL, PLAIN, V8 PLAIN_WAY "00000000 00000007 'sesame' 00",
     "01 13 " SUBTYPES WRONG, RFB_E_AUTH, 8, false, "wrong"},
    {"as long as may be", NULL, PLAIN, V8 PLAIN_WAY "000003ff 000003ff 61*1023 62*1023",
     "01 13 " SUBTYPES WRONG, RFB_E_AUTH, 8, false, "wrong"},
    {"too long a user", NULL, PLAIN, V8 PLAIN_WAY "00000400 00000006", "01 13 " SUBTYPES,
     RFB_E_TOO_LARGE, 8, false, too_long},
    {"too long a password", NULL, PLAIN, V8 PLAIN_WAY "00000001 ffffffff", "01 13 " SUBTYPES,
     RFB_E_TOO_LARGE, 8, false, too_long},
    {"another VeNCrypt", NULL, PLAIN, V8 "13 0001", "01 13 0002 ff", RFB_E_UNSUPPORTED, 8, false,
     "the viewer does not speak VeNCrypt 0.2"},
    {"a subtype with TLS", NULL, PLAIN, V8 "13 0002 00000103", "01 13 " SUBTYPES, RFB_E_INVALID, 8,
     false, bad_type},
    {"VeNCrypt's None", NULL, PLAIN, V8 "13 0002 00000001", "01 13 " SUBTYPES, RFB_E_INVALID, 8,
     false, bad_type},
    {"None was not offered", NULL, PLAIN, V8 "01", "01 13", RFB_E_INVALID, 8, false, bad_type},
    {"nor VncAuth", NULL, PLAIN, V8 "02", "01 13", RFB_E_INVALID, 8, false, bad_type},
    {"3.3 has no Plain", NULL, PLAIN, V3,
     "00000000 0000003a 'the password here needs a viewer of "
     "RFB version 3.7 or 3.8'",
     RFB_E_REFUSED, 3, false, "the password here needs a viewer of RFB version 3.7 or 3.8"},
    {"VncAuth", NULL, VNC, V8 "02" RESPONSE "01", "01 02" CHALLENGED "00000000", 1, 8, true, ""},
    {"VncAuth in 3.7", NULL, VNC, V7 "02" RESPONSE "01", "01 02" CHALLENGED "00000000", 1, 7, true,
     ""},
    {"VncAuth in 3.3", NULL, VNC, V3 RESPONSE "01", "00000002" CHALLENGED "00000000", 1, 3, true,
     ""},
    {"a wrong answer", NULL, VNC, V8 "02 00*16", "01 02" CHALLENGED WRONG, RFB_E_AUTH, 8, false,
     "wrong"},
    {"a wrong answer in 3.3", NULL, VNC, V3 "00*16", "00000002" CHALLENGED "00000001", RFB_E_AUTH,
     3, false, "wrong"},
    {"the challenge is no answer", NULL, VNC, V8 "02" CHALLENGED, "01 02" CHALLENGED WRONG,
     RFB_E_AUTH, 8, false, "wrong"},
    {"VeNCrypt was not offered", NULL, VNC, V8 "13", "01 02", RFB_E_INVALID, 8, false, bad_type},
    {"the better first", NULL, BOTH, V8 PLAIN_WAY "00000000 00000006 'sesame' 01",
     "02 13 02" SUBTYPES "00000000", 1, 8, true, ""},
    {"the other", NULL, BOTH, V8 "02" RESPONSE "01", "02 13 02" CHALLENGED "00000000", 1, 8, true,
     ""},
    {"what 3.3 has", NULL, BOTH, V3 RESPONSE "01", "00000002" CHALLENGED "00000000", 1, 3, true,
     ""},
    {"None beside them", NULL, ALL, V8 "01 01", "03 13 02 01 00000000", 1, 8, true, ""},
    {"None beside them in 3.3", NULL, ALL, V3 "01", "00000001", 1, 3, true, ""},
    {"refused whatever is offered", "gone", ALL, V8, "00 00000004 'gone'", RFB_E_REFUSED, 8, false,
     "gone"},
};

static void run(const struct hs_case *c, struct feed_split split)
{
    struct hex in = hex_parse(c->viewer), sent = hex_parse(c->sent), version = hex_parse(V8);
    struct hex more = hex_parse("01*40");
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t taken;
    rfb_buf_init(&out, 400);
    assert_int_equal(rfb_server_hs_start(&hs, &offers[c->offer], c->refusal, &out), RFB_OK);
    assert_int_equal(out.len, RFB_VERSION_LEN);
    assert_memory_equal(rfb_buf_data(&out), version.bytes, RFB_VERSION_LEN);
    rfb_buf_consume(&out, out.len);
    /* bytes behind the end belong to somebody else */
    uint8_t all[3000];
    memcpy(all, in.bytes, in.n);
    memcpy(all + in.n, more.bytes, more.n < sizeof all - in.n ? more.n : sizeof all - in.n);
    int rc = feed_server_hs(&hs, all, in.n + 3, split, &taken, &out);
    if (rc != c->rc || taken != in.n)
        fail_msg("%s: answered %d after %zu of %zu bytes: %s", c->what, rc, taken, in.n, hs.reason);
    if (out.len != sent.n || (sent.n != 0 && memcmp(rfb_buf_data(&out), sent.bytes, sent.n) != 0))
        fail_msg("%s: sent something else", c->what);
    if (hs.minor != c->minor || hs.shared != c->shared)
        fail_msg("%s: version 3.%d, shared %d", c->what, hs.minor, hs.shared);
    assert_string_equal(hs.reason, c->reason);
    rfb_buf_finish(&out);
    hex_finish(&more);
    hex_finish(&version);
    hex_finish(&sent);
    hex_finish(&in);
}

static void whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        run(&cases[i], (struct feed_split){.kind = FEED_WHOLE});
}

static void byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        run(&cases[i], (struct feed_split){.kind = FEED_BYTES});
}

static void in_random_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (uint64_t seed = 1; seed <= 20; seed++)
            run(&cases[i], (struct feed_split){.kind = FEED_RANDOM, .seed = seed});
}

static void long_refusals_are_cut(void **state)
{
    (void)state;
    char words[400];
    memset(words, 'a', sizeof words);
    words[399] = '\0';
    struct hex in = hex_parse(V8), sent = hex_parse("00 000000ff 61*255");
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t used;
    rfb_buf_init(&out, 400);
    assert_int_equal(rfb_server_hs_start(&hs, &offers[NONE], words, &out), RFB_OK);
    memset(words, 'b', sizeof words); /* it was copied */
    rfb_buf_consume(&out, RFB_VERSION_LEN);
    assert_int_equal(rfb_server_hs_feed(&hs, in.bytes, in.n, &used, &out), RFB_E_REFUSED);
    assert_int_equal(out.len, sent.n);
    assert_memory_equal(rfb_buf_data(&out), sent.bytes, sent.n);
    assert_int_equal(strlen(hs.reason), RFB_REASON_MAX);
    rfb_buf_finish(&out);
    hex_finish(&sent);
    hex_finish(&in);
}

/* An answer that does not fit into the owner's buffer ends the handshake, and stays its end. */
static void no_room_for_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *refusal, *viewer;
        int offer;
        size_t room, sent; /* behind the version */
    } tight[] = {
        {NULL, V8, NONE, 13, 0},
        {NULL, V8 "01", NONE, 17, 2},
        {NULL, V3, NONE, 15, 0},
        {"gone", V8, NONE, 20, 0},
        {"gone", V3, NONE, 23, 0},
        {NULL, V8, ALL, 15, 0},
        {NULL, V8 "13", PLAIN, 15, 2},
        {NULL, V8 "13 0002", PLAIN, 21, 4},
        {NULL, V8 "13 0001", PLAIN, 16, 4},
        {NULL, V3, VNC, 31, 4},
        {NULL, V8 "02" RESPONSE, VNC, 33, 18},
    };
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t taken;
    rfb_buf_init(&out, 11);
    assert_int_equal(rfb_server_hs_start(&hs, &offers[NONE], NULL, &out), RFB_E_TOO_LARGE);
    rfb_buf_finish(&out);
    for (size_t i = 0; i < COUNT(tight); i++) {
        struct hex in = hex_parse(tight[i].viewer);
        rfb_buf_init(&out, tight[i].room);
        assert_int_equal(rfb_server_hs_start(&hs, &offers[tight[i].offer], tight[i].refusal, &out),
                         RFB_OK);
        assert_int_equal(feed_server_hs(&hs, in.bytes, in.n,
                                        (struct feed_split){.kind = FEED_WHOLE}, &taken, &out),
                         RFB_E_TOO_LARGE);
        assert_int_equal(taken, in.n);
        assert_int_equal(out.len, RFB_VERSION_LEN + tight[i].sent);
        assert_string_equal(hs.reason, rfb_strerror(RFB_E_TOO_LARGE));
        rfb_buf_finish(&out);
        hex_finish(&in);
    }
}

static void beginnings_ask_for_more(void **state)
{
    (void)state;
    struct hex in = hex_parse(V8 "01 01");
    for (size_t n = 0; n < in.n; n++) {
        struct rfb_server_hs hs;
        struct rfb_buf out;
        size_t taken;
        rfb_buf_init(&out, 100);
        assert_int_equal(rfb_server_hs_start(&hs, &offers[NONE], NULL, &out), RFB_OK);
        assert_int_equal(
            feed_server_hs(&hs, in.bytes, n, (struct feed_split){.kind = FEED_WHOLE}, &taken, &out),
            0);
        assert_int_equal(taken, n);
        rfb_buf_finish(&out);
    }
    hex_finish(&in);
}

/* Until its password was checked, a viewer waits. */
static void nothing_before_the_verdict(void **state)
{
    (void)state;
    struct hex in = hex_parse(V8 PLAIN_WAY "00000003 00000006 'ada' 'sesame'");
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t used;
    rfb_buf_init(&out, 100);
    assert_int_equal(rfb_server_hs_start(&hs, &offers[PLAIN], NULL, &out), RFB_OK);
    assert_int_equal(rfb_server_hs_feed(&hs, in.bytes, in.n, &used, &out), RFB_HS_CHECK);
    assert_int_equal(used, in.n);
    assert_int_equal(hs.auth, RFB_AUTH_PLAIN);
    assert_string_equal(hs.username, "ada");
    assert_string_equal(hs.password, "sesame");
    assert_int_equal(rfb_server_hs_feed(&hs, in.bytes, 0, &used, &out), RFB_HS_MORE);
    size_t sent = out.len;
    assert_int_equal(rfb_server_hs_feed(&hs, in.bytes, 1, &used, &out), RFB_E_INVALID);
    assert_int_equal(used, 0);
    assert_string_equal(hs.reason, "the viewer went on before its password was checked");
    assert_int_equal(hs.password[0], 0); /* wiped */
    assert_int_equal(rfb_server_hs_verdict(&hs, true, NULL, &out), RFB_E_INVALID);
    assert_int_equal(out.len, sent);
    rfb_buf_finish(&out);
    hex_finish(&in);
}

static void a_verdict_needs_a_question(void **state)
{
    (void)state;
    static const struct hex nothing = {0};
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t used;
    rfb_buf_init(&out, 100);
    assert_int_equal(rfb_server_hs_start(&hs, &offers[VNC], NULL, &out), RFB_OK);
    assert_int_equal(rfb_server_hs_verdict(&hs, true, NULL, &out), RFB_E_INVALID);
    rfb_server_hs_wipe(&hs);
    assert_int_equal(rfb_server_hs_feed(&hs, nothing.bytes, 0, &used, &out), RFB_E_INVALID);
    rfb_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(in_random_pieces),
        cmocka_unit_test(long_refusals_are_cut),
        cmocka_unit_test(no_room_for_the_answer),
        cmocka_unit_test(beginnings_ask_for_more),
        cmocka_unit_test(nothing_before_the_verdict),
        cmocka_unit_test(a_verdict_needs_a_question),
    };
    return cmocka_run_group_tests_name("rfb/handshake server", tests, NULL, NULL);
}
