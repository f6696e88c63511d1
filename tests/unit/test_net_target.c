/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "net/target.h"
#include "unit.h"

static void good_targets(void **state)
{
    static const struct {
        const char *text, *host, *path;
        int port;
        bool local;
    } cases[] = {
        {"vnc://box", "box", "", 5900, false},
        {"vnc://box/", "box", "", 5900, false},
        {"vnc://box:0", "box", "", 5900, false},
        {"vnc://box:59635", "box", "", 65535, false},
        {"vnc://box::1", "box", "", 1, false},
        {"vnc://127.0.0.1::5901", "127.0.0.1", "", 5901, true},
        {"vnc://[::1]:2", "::1", "", 5902, true},
        {"vnc://[fe80::1%eth0]::5950/", "fe80::1%eth0", "", 5950, false},
        {"vnc://localhost", "localhost", "", 5900, true},
        {"vnc+unix:/run/a b.sock", "", "/run/a b.sock", 0, true},
        {"vnc+unix:///run/x", "", "/run/x", 0, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct net_target t;
        ph_error e;
        if (net_target_parse(cases[i].text, &t, &e) != PH_OK)
            fail_msg("%s", e.message);
        assert_string_equal(t.host, cases[i].host);
        assert_string_equal(t.path, cases[i].path);
        assert_int_equal(t.port, cases[i].port);
        assert_int_equal(t.kind, cases[i].path[0] != '\0' ? NET_UNIX : NET_TCP);
        assert_int_equal(net_target_is_local(&t), cases[i].local);
    }
}

static void bad_targets_say_what_is_wrong(void **state)
{
    char long_host[300] = "vnc://", long_path[200] = "vnc+unix:/";
    memset(long_host + 6, 'h', 256);
    memset(long_path + 10, 'p', 107);
    const struct {
        const char *text, *part;
    } cases[] = {
        {"", "unknown scheme"},
        {"box:1", "unknown scheme"},
        {"/run/x.sock", "is written vnc+unix:/PATH"},
        {"unix:/run/x.sock", "is written vnc+unix:/PATH"},
        {"https://box:6080/", "an address for browsers"},
        {"VNC://box", "unknown scheme"},
        {"vnc://", "there is no host"},
        {"vnc://:1", "there is no host"},
        {"vnc://[]", "there is no host"},
        {"vnc://[::1", "has no ]"},
        {"vnc://[::1]x", "something behind the host"},
        {"vnc://box:", "the display behind :"},
        {"vnc://box:x", "the display behind :"},
        {"vnc://box:-1", "the display behind :"},
        {"vnc://box:59636", "the display behind :"},
        {"vnc://box::", "the port behind ::"},
        {"vnc://box::0", "the port behind ::"},
        {"vnc://box::65536", "the port behind ::"},
        {"vnc://box::000001", "the port behind ::"},
        {"vnc://box/desk", "something behind the host"},
        {"vnc://me@box", "do not belong into a target"},
        {"vnc+unix:run", "does not begin with /"},
        {"vnc+unix:", "does not begin with /"},
        {long_host, "longer than 255 bytes"},
        {long_path, "longer than 107 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct net_target t;
        ph_error e = {.code = 0};
        assert_int_equal(net_target_parse(cases[i].text, &t, &e), PH_E_ARGUMENT);
        assert_int_equal(e.code, PH_E_ARGUMENT);
        if (strstr(e.message, cases[i].part) == NULL)
            fail_msg("'%s' does not hold '%s'", e.message, cases[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_targets),
        cmocka_unit_test(bad_targets_say_what_is_wrong),
    };
    return cmocka_run_group_tests_name("net_target", tests, NULL, NULL);
}
