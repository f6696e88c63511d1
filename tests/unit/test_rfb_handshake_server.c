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

struct hs_case {
    const char *what, *refusal;
    const char *viewer; /* its bytes, up to the one that ends the handshake */
    const char *sent;   /* behind the version */
    int rc, minor;
    bool shared;
    const char *reason;
};

static const struct hs_case cases[] = {
    {"3.8", NULL, V8 "01 01", "01 01 00000000", 1, 8, true, ""},
    {"3.8 not shared", NULL, V8 "01 00", "01 01 00000000", 1, 8, false, ""},
    {"any other flag is shared", NULL, V8 "01 80", "01 01 00000000", 1, 8, true, ""},
    {"3.7", NULL, V7 "01 01", "01 01", 1, 7, true, ""},
    {"3.3", NULL, V3 "01", "00000001", 1, 3, true, ""},
    {"3.3 not shared", NULL, V3 "00", "00000001", 1, 3, false, ""},
    {"3.4", NULL, "'RFB 003.004'0a 01", "00000001", 1, 3, true, ""},
    {"3.5", NULL, "'RFB 003.005'0a 01", "00000001", 1, 3, true, ""},
    {"3.6", NULL, "'RFB 003.006'0a 01", "00000001", 1, 3, true, ""},
    {"3.9 was not offered", NULL, "'RFB 003.009'0a", "", RFB_E_INVALID, 0, false, bad_version},
    {"nor was Apple's", NULL, "'RFB 003.889'0a", "", RFB_E_INVALID, 0, false, bad_version},
    {"nor 3.2", NULL, "'RFB 003.002'0a", "", RFB_E_INVALID, 0, false, bad_version},
    {"HTTP", NULL, "'GET / HTTP/1'", "", RFB_E_INVALID, 0, false, bad_version},
    {"no newline", NULL, "'RFB 003.008'0d", "", RFB_E_INVALID, 0, false, bad_version},
    {"VncAuth was not offered", NULL, V8 "02", "01 01", RFB_E_INVALID, 8, false, bad_type},
    {"nor was 0", NULL, V8 "00", "01 01", RFB_E_INVALID, 8, false, bad_type},
    {"nor VeNCrypt in 3.7", NULL, V7 "13", "01 01", RFB_E_INVALID, 7, false, bad_type},
    {"refused in 3.8", "gone", V8, "00 00000004 'gone'", RFB_E_REFUSED, 8, false, "gone"},
    {"refused in 3.7", "gone", V7, "00 00000004 'gone'", RFB_E_REFUSED, 7, false, "gone"},
    {"refused in 3.3", "gone", V3, "00000000 00000004 'gone'", RFB_E_REFUSED, 3, false, "gone"},
    {"refused without words", "", V8, "00 0000001a 'the connection was refused'", RFB_E_REFUSED, 8,
     false, "the connection was refused"},
    {"refused, but not even a viewer", "gone", "'GET / HTTP/1'", "", RFB_E_INVALID, 0, false,
     bad_version},
};

static void run(const struct hs_case *c, struct feed_split split)
{
    struct hex in = hex_parse(c->viewer), sent = hex_parse(c->sent), version = hex_parse(V8);
    struct hex more = hex_parse("01*40");
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t taken;
    rfb_buf_init(&out, 400);
    assert_int_equal(rfb_server_hs_start(&hs, c->refusal, &out), RFB_OK);
    assert_int_equal(out.len, RFB_VERSION_LEN);
    assert_memory_equal(rfb_buf_data(&out), version.bytes, RFB_VERSION_LEN);
    rfb_buf_consume(&out, out.len);
    /* bytes behind the end belong to somebody else */
    uint8_t all[64];
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
    assert_int_equal(rfb_server_hs_start(&hs, words, &out), RFB_OK);
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
        size_t room;
    } tight[] = {
        {NULL, V8, 13}, {NULL, V8 "01", 17}, {NULL, V3, 15}, {"gone", V8, 20}, {"gone", V3, 23},
    };
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t taken;
    rfb_buf_init(&out, 11);
    assert_int_equal(rfb_server_hs_start(&hs, NULL, &out), RFB_E_TOO_LARGE);
    rfb_buf_finish(&out);
    for (size_t i = 0; i < COUNT(tight); i++) {
        struct hex in = hex_parse(tight[i].viewer);
        rfb_buf_init(&out, tight[i].room);
        assert_int_equal(rfb_server_hs_start(&hs, tight[i].refusal, &out), RFB_OK);
        size_t before = out.len;
        assert_int_equal(feed_server_hs(&hs, in.bytes, in.n,
                                        (struct feed_split){.kind = FEED_WHOLE}, &taken, &out),
                         RFB_E_TOO_LARGE);
        assert_int_equal(taken, in.n);
        assert_int_equal(out.len, before + (in.n == 13 ? 2 : 0));
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
        assert_int_equal(rfb_server_hs_start(&hs, NULL, &out), RFB_OK);
        assert_int_equal(
            feed_server_hs(&hs, in.bytes, n, (struct feed_split){.kind = FEED_WHOLE}, &taken, &out),
            0);
        assert_int_equal(taken, n);
        rfb_buf_finish(&out);
    }
    hex_finish(&in);
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
    };
    return cmocka_run_group_tests_name("rfb/handshake server", tests, NULL, NULL);
}
