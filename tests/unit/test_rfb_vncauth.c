/* SPDX-License-Identifier: GPL-2.0-or-later
 * VncAuth's answer. The vectors were made once with LibVNCClient 0.9.14, that of the empty
 * password, which it refuses, with OpenSSL's single DES. */
#include <string.h>

#include "hex.h"
#include "rfb/err.h"
#include "rfb/vncauth.h"
#include "unit.h"

static void answers(void **state)
{
    (void)state;
    static const char counting[] = "00112233445566778899aabbccddeeff";
    static const struct {
        const char *password, *challenge, *answer;
    } cases[] = {
        {"secret", counting, "f19b50471f60f42298e5c0147db50e1e"},
        {"secret", "00*16", "9613a23f1dcac5419613a23f1dcac541"},
        {"a", counting, "dfd0c9ce0d7d22da744cba97f6cc88b6"},
        {"password", counting, "b7b9c87777661a7a2299733209bfdfce"},
        {"passwordlonger", counting, "b7b9c87777661a7a2299733209bfdfce"},
        {"p\xc3\xa4ss\x80\xff", counting, "c17ecb59e3820999ab42e2c7084063f0"},
        {"", counting, "74f4ae777aa431e89ca4757b2414f4d7"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hex challenge = hex_parse(cases[i].challenge);
        struct hex expected = hex_parse(cases[i].answer);
        uint8_t answer[RFB_VNC_CHALLENGE];
        memset(answer, 0xee, sizeof answer);
        assert_int_equal(challenge.n, RFB_VNC_CHALLENGE);
        assert_int_equal(expected.n, RFB_VNC_CHALLENGE);
        assert_int_equal(rfb_vncauth_answer(cases[i].password, challenge.bytes, answer), RFB_OK);
        if (memcmp(answer, expected.bytes, sizeof answer) != 0)
            fail_msg("another answer for \"%s\"", cases[i].password);
        hex_finish(&challenge);
        hex_finish(&expected);
    }
}

/* Eight bytes count, and no more of the password is read: it need not even end there. */
static void eight_bytes_count(void **state)
{
    (void)state;
    static const uint8_t challenge[RFB_VNC_CHALLENGE] = {1, 2, 3};
    uint8_t eight[RFB_VNC_CHALLENGE], more[RFB_VNC_CHALLENGE], seven[RFB_VNC_CHALLENGE];
    struct hex unterminated = hex_parse("'12345678'");
    assert_int_equal(unterminated.n, RFB_VNC_PASSWORD);
    assert_int_equal(rfb_vncauth_answer((const char *)unterminated.bytes, challenge, eight), 0);
    assert_int_equal(rfb_vncauth_answer("123456789", challenge, more), 0);
    assert_int_equal(rfb_vncauth_answer("1234567", challenge, seven), 0);
    assert_memory_equal(eight, more, sizeof eight);
    assert_memory_not_equal(eight, seven, sizeof eight);
    hex_finish(&unterminated);
}

static void checks(void **state)
{
    (void)state;
    struct hex challenge = hex_parse("00112233445566778899aabbccddeeff");
    struct hex answer = hex_parse("f19b50471f60f42298e5c0147db50e1e");
    assert_int_equal(rfb_vncauth_check("secret", challenge.bytes, answer.bytes), 1);
    assert_int_equal(rfb_vncauth_check("secreT", challenge.bytes, answer.bytes), 0);
    answer.bytes[15] ^= 1;
    assert_int_equal(rfb_vncauth_check("secret", challenge.bytes, answer.bytes), 0);
    hex_finish(&answer);
    hex_finish(&challenge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(checks),
        cmocka_unit_test(eight_bytes_count),
    };
    return cmocka_run_group_tests_name("rfb/vncauth", tests, NULL, NULL);
}
