/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/target.h"
#include "unit.h"

static void good_targets(void **state)
{
    static const struct {
        const char *text;
        enum net_target_kind kind;
        const char *host, *path;
        int port;
        bool local;
    } cases[] = {
        {"vnc://box", NET_VNC, "box", "", 5900, false},
        {"vnc://box/", NET_VNC, "box", "", 5900, false},
        {"vnc://box:0", NET_VNC, "box", "", 5900, false},
        {"vnc://box:59635", NET_VNC, "box", "", 65535, false},
        {"vnc://box::1", NET_VNC, "box", "", 1, false},
        {"vnc://127.0.0.1::5901", NET_VNC, "127.0.0.1", "", 5901, true},
        {"vnc://127.box", NET_VNC, "127.box", "", 5900, false},
        {"vnc://[::1]:2", NET_VNC, "::1", "", 5902, true},
        {"vnc://[fe80::1%eth0]::5950/", NET_VNC, "fe80::1%eth0", "", 5950, false},
        {"vnc://localhost", NET_VNC, "localhost", "", 5900, true},
        {"vncs://box:1", NET_VNCS, "box", "", 5901, false},
        {"vncs://[::1]::443", NET_VNCS, "::1", "", 443, true},
        {"vnc+unix:/run/a b.sock", NET_UNIX, "", "/run/a b.sock", 0, true},
        {"vnc+unix:///run/x", NET_UNIX, "", "/run/x", 0, true},
        {"ws://box", NET_WS, "box", "/", 80, false},
        {"ws://box/", NET_WS, "box", "/", 80, false},
        {"ws://box:6080/websockify", NET_WS, "box", "/websockify", 6080, false},
        {"ws://[::1]:6080/a?b=c&d", NET_WS, "::1", "/a?b=c&d", 6080, true},
        {"wss://box/stream", NET_WSS, "box", "/stream", 443, false},
        {"wss://box?x", NET_WSS, "box", "/?x", 443, false},
        {"wss://127.0.0.1:65535/a%20b/@:?tokens=1", NET_WSS, "127.0.0.1", "/a%20b/@:?tokens=1",
         65535, true},
        {"fd:2147483647", NET_FD, "", "", 0, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct net_target t;
        ph_error e;
        if (net_target_parse(cases[i].text, &t, &e) != PH_OK)
            fail_msg("%s", e.message);
        assert_int_equal(t.kind, cases[i].kind);
        assert_string_equal(t.host, cases[i].host);
        assert_string_equal(t.path, cases[i].path);
        assert_int_equal(t.port, cases[i].port);
        assert_int_equal(t.fd, t.kind == NET_FD ? 2147483647 : -1);
        assert_int_equal(net_target_is_local(&t), cases[i].local);
    }
}

/* A socket that is given is local where its peer is. */
static void given_sockets(void **state)
{
    struct net_target t;
    ph_error e;
    int pair[2];
    char text[32];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    snprintf(text, sizeof text, "fd:%d", pair[0]);
    assert_int_equal(net_target_parse(text, &t, &e), PH_OK);
    assert_int_equal(t.fd, pair[0]);
    assert_true(net_target_is_local(&t));
    close(pair[0]);
    close(pair[1]);
}

static void bad_targets_say_what_is_wrong(void **state)
{
    char long_host[300] = "vnc://", long_path[200] = "vnc+unix:/", long_query[1100] = "ws://box/";
    memset(long_host + 6, 'h', 256);
    memset(long_path + 10, 'p', 107);
    memset(long_query + 9, 'q', 1023);
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
        {"vnc://bo x", "a blank or a control character in the host"},
        {"vnc://box\n", "a blank or a control character in the host"},
        {"vnc://me@box", "not into a target"},
        {"vncs://me:secret@box", "not into a target"},
        {"vncs://", "there is no host"},
        {"vncs://box:1:2", "the display behind :"},
        {"vncs:box", "unknown scheme"},
        {"ws://", "there is no host"},
        {"wss:///stream", "there is no host"},
        {"ws://box::6080/", "the port behind :"},
        {"ws://box:/", "the port behind :"},
        {"ws://box:0/", "the port behind :"},
        {"ws://box:65536/", "the port behind :"},
        {"ws://box:080808/", "the port behind :"},
        {"ws://box:+80/", "the port behind :"},
        {"ws://[::1]x/", "something behind the host"},
        {"wss://me:secret@box/", "not into a target"},
        {"wss://box/stream?token=abc", "not into a target"},
        {"wss://box/stream?a=b&Token=abc", "not into a target"},
        {"wss://box/?access_token=abc", "not into a target"},
        {"ws://box/?password=abc", "not into a target"},
        {"wss://box/#token=abc", "behind #, which is for browsers"},
        {"ws://box/a b", "written as %XX"},
        {"ws://box/a\r\nX: y", "written as %XX"},
        {"ws://box/\xc3\xa9", "written as %XX"},
        {long_query, "longer than 1023 bytes"},
        {"fd:", "no file descriptor's number"},
        {"fd:-1", "no file descriptor's number"},
        {"fd:3x", "no file descriptor's number"},
        {"fd:2147483648", "no file descriptor's number"},
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
        assert_null(strstr(e.message, "secret"));
        assert_null(strstr(e.message, "abc"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_targets),
        cmocka_unit_test(given_sockets),
        cmocka_unit_test(bad_targets_say_what_is_wrong),
    };
    return cmocka_run_group_tests_name("net_target", tests, NULL, NULL);
}
