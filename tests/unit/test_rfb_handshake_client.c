/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a client: what a server says, what is answered, how it ends, and that it ends at
 * the right byte. Every case whole, byte by byte and in random pieces. */
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "hex.h"
#include "rfb/err.h"
#include "rfb/handshake.h"
#include "unit.h"

#define V3 "'RFB 003.003'0a "
#define V7 "'RFB 003.007'0a "
#define V8 "'RFB 003.008'0a "
#define BGRX "20 18 00 01 00ff 00ff 00ff 10 08 00 000000 "
#define INIT "0500 0320 " BGRX "00000004 'demo'"
#define NO_NAME "00000000"
#define CHALLENGE "00112233445566778899aabbccddeeff "
#define SECRET "f19b50471f60f42298e5c0147db50e1e " /* the answer of "secret" */

struct hs_case {
    const char *what;
    const char *server; /* its bytes, up to the one that ends the handshake */
    const char *sent;
    int rc;
    const char *reason; /* NULL: ours, not empty; where it ends well, the way's name or NULL */
    int minor;
    uint8_t type;
    const char *password;
};

/* What else a client may have and do. */
struct means {
    const char *username;
    uint8_t allow; /* 0: what a handshake begins with */
    bool can_ask;
};
struct means_case {
    struct hs_case is;
    struct means with;
};

static void run(const struct hs_case *c, const struct means *with, struct feed_split split)
{
    static const char behind[] = "\x01\x02\x03";
    char text[20000];
    snprintf(text, sizeof text, "%s 010203", c->server);
    struct hex in = hex_parse(text), sent = hex_parse(c->sent);
    struct rfb_client_hs hs;
    struct rfb_buf out;
    size_t taken;
    rfb_buf_init(&out, 4000);
    rfb_client_hs_init(&hs);
    hs.password = c->password;
    hs.username = with->username;
    hs.can_ask = with->can_ask;
    if (with->allow != 0)
        hs.allow = with->allow;
    int rc = feed_client_hs(&hs, in.bytes, in.n, split, &taken, &out);
    if (rc != c->rc || taken != in.n - strlen(behind))
        fail_msg("%s: answered %d after %zu of %zu bytes: %s", c->what, rc, taken,
                 in.n - strlen(behind), hs.reason);
    if (out.len != sent.n || (sent.n != 0 && memcmp(rfb_buf_data(&out), sent.bytes, sent.n) != 0))
        fail_msg("%s: sent something else", c->what);
    if (c->reason != NULL)
        assert_string_equal(c->rc < 0 ? hs.reason : hs.way->name, c->reason);
    if (hs.minor != c->minor || hs.security_type != c->type)
        fail_msg("%s: version 3.%d, type %d", c->what, hs.minor, hs.security_type);
    rfb_buf_finish(&out);
    hex_finish(&sent);
    hex_finish(&in);
}

static void run_splits(const struct hs_case *c, const struct means *with)
{
    run(c, with, (struct feed_split){.kind = FEED_WHOLE});
    run(c, with, (struct feed_split){.kind = FEED_BYTES});
    for (uint64_t seed = 1; seed <= 20; seed++)
        run(c, with, (struct feed_split){.kind = FEED_RANDOM, .seed = seed});
}

static void run_all(const struct hs_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        run_splits(&cases[i], &(struct means){0});
}

static void run_all_with(const struct means_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        run_splits(&cases[i].is, &cases[i].with);
}

static void good_ends(void **state)
{
    (void)state;
    static const struct hs_case cases[] = {
        {"3.8 None", V8 "01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1, NULL},
        {"3.8 VncAuth", V8 "01 02 " CHALLENGE "00000000 " INIT, V8 "02 " SECRET "01", 1, NULL, 8, 2,
         "secret"},
        {"3.7 None", V7 "01 01 " INIT, V7 "01 01", 1, NULL, 7, 1, NULL},
        {"3.7 VncAuth", V7 "01 02 " CHALLENGE "00000000 " INIT, V7 "02 " SECRET "01", 1, NULL, 7, 2,
         "secret"},
        {"3.3 None", V3 "00000001 " INIT, V3 "01", 1, NULL, 3, 1, NULL},
        {"3.3 VncAuth", V3 "00000002 " CHALLENGE "00000000 " INIT, V3 SECRET "01", 1, NULL, 3, 2,
         "secret"},
        {"a password that is not asked for", V8 "01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1,
         "secret"},
        {"a password that is asked for", V8 "02 01 02 " CHALLENGE "00000000 " INIT,
         V8 "02 " SECRET "01", 1, NULL, 8, 2, "secret"},
        {"the same, in the other order", V8 "02 02 01 " CHALLENGE "00000000 " INIT,
         V8 "02 " SECRET "01", 1, NULL, 8, 2, "secret"},
        {"no password: None is taken", V8 "02 02 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1,
         NULL},
        {"the same, in the other order", V8 "02 01 02 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1,
         NULL},
        {"types of which two are known", V8 "06 13 10 02 1e 01 05 00000000 " INIT, V8 "01 01", 1,
         NULL, 8, 1, NULL},
        {"255 types, the last is known", V8 "ff 13*254 01 00000000 " INIT, V8 "01 01", 1, NULL, 8,
         1, NULL},
        {"255 types, the first is known", V8 "ff 01 13*254 00000000 " INIT, V8 "01 01", 1, NULL, 8,
         1, NULL},
        {"Apple's version", "'RFB 003.889'0a 01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1,
         NULL},
        {"version 3.9", "'RFB 003.009'0a 01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1, NULL},
        {"version 3.10", "'RFB 003.010'0a 01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1, NULL},
        {"version 4.1", "'RFB 004.001'0a 01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1, NULL},
        {"version 5.0", "'RFB 005.000'0a 01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1, NULL},
        {"version 999.999", "'RFB 999.999'0a 01 01 00000000 " INIT, V8 "01 01", 1, NULL, 8, 1,
         NULL},
        {"version 3.4 means 3.3", "'RFB 003.004'0a 00000001 " INIT, V3 "01", 1, NULL, 3, 1, NULL},
        {"version 3.5 means 3.3", "'RFB 003.005'0a 00000001 " INIT, V3 "01", 1, NULL, 3, 1, NULL},
        {"version 3.6 means 3.3", "'RFB 003.006'0a 00000001 " INIT, V3 "01", 1, NULL, 3, 1, NULL},
        {"no name", V8 "01 01 00000000 0500 0320 " BGRX NO_NAME, V8 "01 01", 1, NULL, 8, 1, NULL},
        {"the longest name", V8 "01 01 00000000 0500 0320 " BGRX "00001000 61*4096", V8 "01 01", 1,
         NULL, 8, 1, NULL},
        {"the smallest framebuffer", V8 "01 01 00000000 0001 0001 " BGRX NO_NAME, V8 "01 01", 1,
         NULL, 8, 1, NULL},
        {"the largest framebuffer", V8 "01 01 00000000 4000 1000 " BGRX NO_NAME, V8 "01 01", 1,
         NULL, 8, 1, NULL},
    };
    run_all(cases, COUNT(cases));
}

static void not_a_server(void **state)
{
    (void)state;
    static const char *const not_rfb =
        "this is no VNC server: it does not begin with an RFB version";
    static const char *const old = "the server's RFB version is older than 3.3";
    const struct hs_case cases[] = {
        {"SSH", "'SSH-2.0-Open'", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"HTTP", "'HTTP/1.1 400'", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"no newline", "'RFB 003.008 '", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"carriage return", "'RFB 003.008'0d", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"no point", "'RFB 003 008'0a", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"below 0", "'RFB 003.00/'0a", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"above 9", "'RFB 00:.008'0a", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"small letters", "'rfb 003.008'0a", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"zeros", "00*12", "", RFB_E_INVALID, not_rfb, 0, 0, NULL},
        {"a repeater", "'RFB 000.000'0a", "", RFB_E_UNSUPPORTED, old, 0, 0, NULL},
        {"3.2", "'RFB 003.002'0a", "", RFB_E_UNSUPPORTED, old, 0, 0, NULL},
        {"2.9", "'RFB 002.009'0a", "", RFB_E_UNSUPPORTED, old, 0, 0, NULL},
    };
    run_all(cases, COUNT(cases));
}

static void refusals(void **state)
{
    (void)state;
    static const char *const silent = "the server refused and gave no reason";
    static const char *const locked = "the server has seen too many failed tries";
    static const char *const wrong = "the server did not accept the password";
    const struct hs_case cases[] = {
        {"3.8", V8 "00 00000004 'full'", V8, RFB_E_REFUSED, "full", 8, 0, NULL},
        {"3.7", V7 "00 00000004 'full'", V7, RFB_E_REFUSED, "full", 7, 0, NULL},
        {"3.3", V3 "00000000 00000004 'full'", V3, RFB_E_REFUSED, "full", 3, 0, NULL},
        {"no reason", V8 "00 00000000", V8, RFB_E_REFUSED, silent, 8, 0, NULL},
        {"no reason in 3.3", V3 "00000000 00000000", V3, RFB_E_REFUSED, silent, 3, 0, NULL},
        {"a reason that begins with its end", V8 "00 00000003 00 'ab'", V8, RFB_E_REFUSED, silent,
         8, 0, NULL},
        {"wrong password", V8 "01 02 " CHALLENGE "00000001 00000005 'wrong'", V8 "02 " SECRET,
         RFB_E_AUTH, "wrong", 8, 2, "secret"},
        {"wrong password, no reason", V8 "01 02 " CHALLENGE "00000001 00000000", V8 "02 " SECRET,
         RFB_E_AUTH, silent, 8, 2, "secret"},
        {"wrong password in 3.7", V7 "01 02 " CHALLENGE "00000001", V7 "02 " SECRET, RFB_E_AUTH,
         wrong, 7, 2, "secret"},
        {"wrong password in 3.3", V3 "00000002 " CHALLENGE "00000001", V3 SECRET, RFB_E_AUTH, wrong,
         3, 2, "secret"},
        {"too many attempts", V8 "01 02 " CHALLENGE "00000002 00000004 'wait'", V8 "02 " SECRET,
         RFB_E_TOO_MANY, "wait", 8, 2, "secret"},
        {"too many attempts in 3.7", V7 "01 02 " CHALLENGE "00000002", V7 "02 " SECRET,
         RFB_E_TOO_MANY, locked, 7, 2, "secret"},
        {"too many failures before", V8 "00 0000001a 'Too many security failures'", V8,
         RFB_E_TOO_MANY, "Too many security failures", 8, 0, NULL},
        {"too many failures now", V8 "01 02 " CHALLENGE "00000001 0000000e 'too many tries'",
         V8 "02 " SECRET, RFB_E_TOO_MANY, "too many tries", 8, 2, "secret"},
        {"too many viewers", V8 "00 00000010 'Too many viewers'", V8, RFB_E_REFUSED,
         "Too many viewers", 8, 0, NULL},
        {"None is refused in 3.8 without words", V8 "01 01 00000001 00000000", V8 "01",
         RFB_E_REFUSED, silent, 8, 1, NULL},
        {"None is refused", V8 "01 01 00000001 00000003 'why'", V8 "01", RFB_E_REFUSED, "why", 8, 1,
         NULL},
    };
    run_all(cases, COUNT(cases));
}

static void no_way_in(void **state)
{
    (void)state;
#define NONE_OF(list) "the server offers no security type that may be used here, only " list
    static const char *const missing = "the server wants a password and none was given";
    static const char *const result = "the server sent an unknown security result";
    const struct hs_case cases[] = {
        {"VeNCrypt only", V8 "01 13", V8, RFB_E_UNSUPPORTED, NONE_OF("VeNCrypt"), 8, 0, NULL},
        {"255 unknown types", V8 "ff 13*255", V8, RFB_E_UNSUPPORTED, NULL, 8, 0, "secret"},
        {"the invalid type in a list", V8 "01 00", V8, RFB_E_UNSUPPORTED, NONE_OF("number 0"), 8, 0,
         NULL},
        {"an unknown type in 3.3", V3 "00000010", V3, RFB_E_UNSUPPORTED, NONE_OF("Tight"), 3, 0,
         NULL},
        {"3.3: None only in its low byte", V3 "00000101", V3, RFB_E_UNSUPPORTED,
         NONE_OF("number 257"), 3, 0, NULL},
        {"3.3: VncAuth only in its low byte", V3 "80000002", V3, RFB_E_UNSUPPORTED,
         NONE_OF("number 2147483650"), 3, 0, "secret"},
        {"no password", V8 "01 02", V8, RFB_E_AUTH, missing, 8, 2, NULL},
        {"no password in 3.3", V3 "00000002", V3, RFB_E_AUTH, missing, 3, 2, NULL},
        {"result 3", V8 "01 01 00000003", V8 "01", RFB_E_INVALID, result, 8, 1, NULL},
        {"result garbage", V8 "01 01 47455420", V8 "01", RFB_E_INVALID, result, 8, 1, NULL},
        {"result 2^32-1", V7 "01 02 " CHALLENGE "ffffffff", V7 "02 " SECRET, RFB_E_INVALID, result,
         7, 2, "secret"},
    };
    run_all(cases, COUNT(cases));
}

/* VeNCrypt, up to the server's choice of subtypes and what the client says to that. */
#define VC V8 "01 13 0002 00 "
#define SENT_VC V8 "13 0002 "
#define TLS "'<TLS>' "
#define ASK "'<ASK>' "
#define PLAIN "00000002 00000006 'me' 'secret' "
enum { SURE = RFB_ALLOW_X509, ANY = RFB_ALLOW_X509 | RFB_ALLOW_ANON_TLS, VENC = RFB_SEC_VENCRYPT };
enum { OPEN = RFB_ALLOW_CLEAR | RFB_ALLOW_PLAIN };

static void vencrypt_ways_in(void **state)
{
    (void)state;
    static const struct means_case cases[] = {
        {{"X509None", VC "01 00000104 01 00000000 " INIT, SENT_VC "00000104 " TLS "01", 1,
          "x509none", 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"X509Vnc", VC "01 00000105 01 " CHALLENGE "00000000 " INIT,
          SENT_VC "00000105 " TLS SECRET "01", 1, "x509vnc", 8, VENC, "secret"},
         {NULL, SURE, false}},
        {{"X509Plain", VC "01 00000106 01 00000000 " INIT, SENT_VC "00000106 " TLS PLAIN "01", 1,
          "x509plain", 8, VENC, "secret"},
         {"me", SURE, false}},
        {{"TLSNone", VC "01 00000101 01 00000000 " INIT, SENT_VC "00000101 " TLS "01", 1, "tlsnone",
          8, VENC, NULL},
         {NULL, ANY, false}},
        {{"TLSVnc", VC "01 00000102 01 " CHALLENGE "00000000 " INIT,
          SENT_VC "00000102 " TLS SECRET "01", 1, "tlsvnc", 8, VENC, "secret"},
         {NULL, ANY, false}},
        {{"TLSPlain", VC "01 00000103 01 00000000 " INIT, SENT_VC "00000103 " TLS PLAIN "01", 1,
          "tlsplain", 8, VENC, "secret"},
         {"me", ANY, false}},
        {{"Plain", VC "01 00000100 00000000 " INIT, SENT_VC "00000100 " PLAIN "01", 1, "plain", 8,
          VENC, "secret"},
         {"me", OPEN, false}},
        {{"empty name and password", VC "01 00000100 00000000 " INIT,
          SENT_VC "00000100 00000000 00000000 01", 1, "plain", 8, VENC, ""},
         {"", OPEN, false}},
        {{"3.7 has a result too", V7 "01 13 0002 00 01 00000104 01 00000000 " INIT,
          V7 "13 0002 00000104 " TLS "01", 1, "x509none", 7, VENC, NULL},
         {NULL, SURE, false}},
        {{"VeNCrypt 0.9 speaks 0.2", V8 "01 13 0009 00 01 00000104 01 00000000 " INIT,
          SENT_VC "00000104 " TLS "01", 1, "x509none", 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"None and VncAuth are passed by where TLS is wanted",
          V8 "03 01 02 13 0002 00 01 00000104 01 00000000 " INIT, SENT_VC "00000104 " TLS "01", 1,
          "x509none", 8, VENC, "secret"},
         {NULL, SURE, false}},
        {{"VeNCrypt is passed by where TLS is not wanted", V8 "02 13 01 00000000 " INIT, V8 "01 01",
          1, "none", 8, 1, NULL},
         {NULL, RFB_ALLOW_CLEAR, false}},
        {{"a password: VncAuth, without VeNCrypt", V8 "02 13 02 " CHALLENGE "00000000 " INIT,
          V8 "02 " SECRET "01", 1, "vncauth", 8, 2, "secret"},
         {NULL, OPEN, false}},
        {{"a user name: Plain", V8 "03 02 13 01 0002 00 01 00000100 00000000 " INIT,
          SENT_VC "00000100 " PLAIN "01", 1, "plain", 8, VENC, "secret"},
         {"me", OPEN, false}},
        {{"with a certificate before without",
          VC "04 00000101 00000104 00000103 00000102 01 00000000 " INIT,
          SENT_VC "00000104 " TLS "01", 1, "x509none", 8, VENC, NULL},
         {NULL, ANY, false}},
        {{"with a password before without one",
          VC "03 00000104 00000106 00000105 01 " CHALLENGE "00000000 " INIT,
          SENT_VC "00000105 " TLS SECRET "01", 1, "x509vnc", 8, VENC, "secret"},
         {NULL, SURE, false}},
        {{"with a user name before without one",
          VC "03 00000105 00000106 00000104 01 00000000 " INIT, SENT_VC "00000106 " TLS PLAIN "01",
          1, "x509plain", 8, VENC, "secret"},
         {"me", SURE, false}},
        {{"255 subtypes, the last is known", VC "ff 00*1016 00000104 01 00000000 " INIT,
          SENT_VC "00000104 " TLS "01", 1, "x509none", 8, VENC, NULL},
         {NULL, SURE, false}},
    };
    run_all_with(cases, COUNT(cases));
}

static void vencrypt_dead_ends(void **state)
{
    (void)state;
#define NO_SUBTYPE(list) "the server offers no type of VeNCrypt that may be used here, only " list
    static const char *const no_user = "the server wants a user name and none was given";
    static const char *const no_password = "the server wants a password and none was given";
    static const struct means_case cases[] = {
        {{"no TLS to be had", V8 "02 01 02", V8, RFB_E_UNSUPPORTED, NONE_OF("None, VncAuth"), 8, 0,
          "secret"},
         {NULL, ANY, false}},
        {{"anonymous TLS is not enough", VC "03 00000101 00000102 00000103", SENT_VC,
          RFB_E_UNSUPPORTED, NO_SUBTYPE("TLSNone, TLSVnc, TLSPlain"), 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"Plain is not enough", VC "02 00000100 00000107", SENT_VC, RFB_E_UNSUPPORTED,
          NO_SUBTYPE("Plain, number 263"), 8, VENC, "secret"},
         {"me", ANY, false}},
        {{"TLS where none is spoken", VC "01 00000106", SENT_VC, RFB_E_UNSUPPORTED,
          NO_SUBTYPE("X509Plain"), 8, VENC, "secret"},
         {"me", OPEN, false}},
        {{"Plain where it may not cross", V8 "01 13", V8, RFB_E_UNSUPPORTED, NONE_OF("VeNCrypt"), 8,
          0, "secret"},
         {"me", RFB_ALLOW_CLEAR, false}},
        {{"no subtypes", VC "00", SENT_VC, RFB_E_UNSUPPORTED, NULL, 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"many subtypes", VC "ff 00*1020", SENT_VC, RFB_E_UNSUPPORTED, NULL, 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"VeNCrypt 0.1", V8 "01 13 0001", V8 "13", RFB_E_UNSUPPORTED, NULL, 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"VeNCrypt 0.2 is refused", V8 "01 13 0002 01", SENT_VC, RFB_E_UNSUPPORTED, NULL, 8, VENC,
          NULL},
         {NULL, SURE, false}},
        {{"TLS is refused", VC "01 00000104 00", SENT_VC "00000104", RFB_E_REFUSED, NULL, 8, VENC,
          NULL},
         {NULL, SURE, false}},
        {{"TLS is answered with nonsense", VC "01 00000104 16", SENT_VC "00000104", RFB_E_INVALID,
          NULL, 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"no password", VC "01 00000105", SENT_VC, RFB_E_AUTH, no_password, 8, VENC, NULL},
         {NULL, SURE, false}},
        {{"no user name", VC "01 00000106", SENT_VC, RFB_E_AUTH, no_user, 8, VENC, "secret"},
         {NULL, SURE, false}},
        {{"asked in vain", VC "01 00000106", SENT_VC ASK, RFB_E_AUTH, no_user, 8, VENC, NULL},
         {NULL, SURE, true}},
        {{"asked in vain for VncAuth's", V8 "01 02", V8 ASK, RFB_E_AUTH, no_password, 8, 2, NULL},
         {NULL, 0, true}},
        {{"wrong password", VC "01 00000106 01 00000001 00000003 'bad'",
          SENT_VC "00000106 " TLS PLAIN, RFB_E_AUTH, "bad", 8, VENC, "secret"},
         {"me", SURE, false}},
        {{"refused without one", VC "01 00000104 01 00000001 00000003 'bad'",
          SENT_VC "00000104 " TLS, RFB_E_REFUSED, "bad", 8, VENC, NULL},
         {NULL, SURE, false}},
    };
    run_all_with(cases, COUNT(cases));
}

/* What the owner finds when it is asked goes to the server. */
static void what_is_asked_for_is_used(void **state)
{
    (void)state;
    struct hex in = hex_parse(VC "01 00000100"), sent = hex_parse(SENT_VC "00000100 " PLAIN);
    struct rfb_client_hs hs;
    struct rfb_buf out;
    size_t used;
    rfb_buf_init(&out, 100);
    rfb_client_hs_init(&hs);
    hs.can_ask = true;
    hs.allow = OPEN;
    hs.password = "secret";
    assert_int_equal(rfb_client_hs_feed(&hs, in.bytes, in.n, &used, &out), RFB_HS_ASK);
    assert_int_equal(used, in.n);
    assert_int_equal(hs.wanted, RFB_WANT_USERNAME);
    assert_int_equal(rfb_client_hs_wants(&hs), 0);
    hs.username = "me";
    assert_int_equal(rfb_client_hs_feed(&hs, NULL, 0, &used, &out), RFB_HS_MORE);
    assert_int_equal(out.len, sent.n);
    assert_memory_equal(rfb_buf_data(&out), sent.bytes, sent.n);
    rfb_buf_finish(&out);
    hex_finish(&in);
    hex_finish(&sent);
}

static void limits(void **state)
{
    (void)state;
    static const char *const reason = "the server's reason is longer than 4096 bytes";
    static const char *const name = "the server's desktop name is longer than 4096 bytes";
    static const char *const size =
        "the server's framebuffer is empty or above 16384 a side or 2^26 pixels";
    static const char *const format = "the server's pixel format is impossible";
#define BEFORE V8 "01 01 00000000 "
#define SENT V8 "01 01"
    const struct hs_case cases[] = {
        {"reason", V8 "00 00001001", V8, RFB_E_TOO_LARGE, reason, 8, 0, NULL},
        {"reason of 4 GB", V8 "00 ffffffff", V8, RFB_E_TOO_LARGE, reason, 8, 0, NULL},
        {"reason in 3.3", V3 "00000000 00001001", V3, RFB_E_TOO_LARGE, reason, 3, 0, NULL},
        {"reason of a wrong password", V8 "01 02 " CHALLENGE "00000001 00001001", V8 "02 " SECRET,
         RFB_E_TOO_LARGE, reason, 8, 2, "secret"},
        {"name", BEFORE "0500 0320 " BGRX "00001001", SENT, RFB_E_TOO_LARGE, name, 8, 1, NULL},
        {"name of 4 GB", BEFORE "0500 0320 " BGRX "ffffffff", SENT, RFB_E_TOO_LARGE, name, 8, 1,
         NULL},
        {"width 0", BEFORE "0000 0320 " BGRX "00000004", SENT, RFB_E_INVALID, size, 8, 1, NULL},
        {"height 0", BEFORE "0500 0000 " BGRX "00000004", SENT, RFB_E_INVALID, size, 8, 1, NULL},
        {"width 16385", BEFORE "4001 0001 " BGRX "00000004", SENT, RFB_E_TOO_LARGE, size, 8, 1,
         NULL},
        {"2^26 pixels and a row", BEFORE "4000 1001 " BGRX "00000004", SENT, RFB_E_TOO_LARGE, size,
         8, 1, NULL},
        {"24 bits a pixel", BEFORE "0500 0320 18 18 00 01 00ff00ff00ff 100800 000000 00000004",
         SENT, RFB_E_INVALID, format, 8, 1, NULL},
    };
    run_all(cases, COUNT(cases));
}

/* A reason is kept up to 255 bytes, read to its end, and cannot move a terminal's cursor. */
static void reasons_are_made_harmless(void **state)
{
    (void)state;
    static const struct {
        const char *reason, *kept;
    } cases[] = {
        {"00000006 'a' 1b 'b' 0a 'c' 7f", "a b c "},
        {"00000005 09 0d 08 'xy'", "   xy"},
        {"00000003 'a' 00 'b'", "a"},
        {"00000006 c3a9 'x' e282ac", "\xc3\xa9x\xe2\x82\xac"}, /* UTF-8 stays */
        {"00000007 'a' c29b '2J' c285", "a  2J  "},            /* C1 controls in UTF-8 */
        {"00000005 'a' 9b '2J' 90", "a 2J "},                  /* and in eight bits */
        {"00000004 c39b c2a0", "\xc3\x9b\xc2\xa0"},            /* not C1 controls */
        {"00000007 e2829b f09f9280", "\xe2\x82\x9b\xf0\x9f\x92\x80"},
        {"00000004 'gr' fc 'n'", "gr n"}, /* Latin-1 */
        {"00000003 'a' e282", "a  "},     /* cut */
        {"00000005 c3 'a' e282 'b'", " a  b"},
        {"00000004 c080 c1bf", "    "}, /* overlong */
        {"00000007 e09fbf f08fbfbf", "       "},
        {"00000006 eda080 efbfbf", "   \xef\xbf\xbf"},          /* a surrogate */
        {"00000008 f4908080 f48fbfbf", "    \xf4\x8f\xbf\xbf"}, /* beyond U+10FFFF */
        {"00000005 f5808080 80", "     "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char server[200];
        snprintf(server, sizeof server, V8 "00 %s", cases[i].reason);
        struct hs_case c = {cases[i].reason, server, V8, RFB_E_REFUSED, cases[i].kept, 8, 0, NULL};
        run_all(&c, 1);
    }
}

static void long_reasons_are_cut(void **state)
{
    (void)state;
    static const struct {
        const char *server;
        size_t kept;
    } cases[] = {
        {V8 "00 000000fe 61*254", 254},
        {V8 "00 000000ff 61*255", 255},
        {V8 "00 00000100 61*256", 255},
        {V8 "00 00001000 61*4096", 255},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char kept[256];
        memset(kept, 'a', sizeof kept);
        kept[cases[i].kept] = '\0';
        struct hs_case c = {"long reason", cases[i].server, V8, RFB_E_REFUSED, kept, 8, 0, NULL};
        run_all(&c, 1);
    }
}

static int feed_text(struct rfb_client_hs *hs, const char *server, struct rfb_buf *out)
{
    struct hex in = hex_parse(server);
    size_t taken;
    int rc =
        feed_client_hs(hs, in.bytes, in.n, (struct feed_split){.kind = FEED_BYTES}, &taken, out);
    assert_int_equal(taken, in.n);
    hex_finish(&in);
    return rc;
}

static void what_the_server_is(void **state)
{
    (void)state;
    struct rfb_client_hs hs;
    struct rfb_buf out;
    rfb_buf_init(&out, 100);
    rfb_client_hs_init(&hs);
    hs.exclusive = true;
    assert_int_equal(feed_text(&hs,
                               V8
                               "01 01 00000000 0500 0320 10 0f 01 01 001f 003f 000f 0b 05 01 eeeeee"
                               "00000005 'a' 00 1b 'bc'",
                               &out),
                     1);
    assert_int_equal(out.len, 14);
    assert_int_equal(rfb_buf_data(&out)[13], 0); /* exclusive: the shared flag is off */
    assert_int_equal(hs.init.width, 1280);
    assert_int_equal(hs.init.height, 800);
    assert_int_equal(hs.init.format.bits_per_pixel, 16);
    assert_int_equal(hs.init.format.depth, 15);
    assert_true(hs.init.format.big_endian);
    assert_int_equal(hs.init.format.blue_max, 15);
    assert_int_equal(hs.init.format.red_shift, 11);
    assert_int_equal(hs.init.format.blue_shift, 1);
    assert_int_equal(hs.init.name_len, 5);
    assert_memory_equal(hs.init.name,
                        "a\0\x1b"
                        "bc\0",
                        6); /* as sent */
    rfb_buf_finish(&out);
}

static void long_names_are_kept_whole(void **state)
{
    (void)state;
    struct rfb_client_hs hs;
    struct rfb_buf out;
    rfb_buf_init(&out, 100);
    rfb_client_hs_init(&hs);
    assert_int_equal(
        feed_text(&hs, V8 "01 01 00000000 0500 0320 " BGRX "00001000 61*4095 62", &out), 1);
    assert_int_equal(hs.init.name_len, 4096);
    assert_int_equal(hs.init.name[4094], 'a');
    assert_int_equal(hs.init.name[4095], 'b');
    assert_int_equal(hs.init.name[4096], '\0');
    rfb_buf_finish(&out);
}

/* An answer that does not fit into the owner's buffer ends the handshake, and stays its end. */
static void no_room_for_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *server, *password;
        size_t room;
    } cases[] = {
        {V8, NULL, 11},
        {V8 "01 01", NULL, 12},
        {V8 "01 02 " CHALLENGE, "secret", 28},
        {V8 "01 01 00000000", NULL, 13},
        {V3 "00000001", NULL, 12},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rfb_client_hs hs;
        struct rfb_buf out;
        rfb_buf_init(&out, cases[i].room);
        rfb_client_hs_init(&hs);
        hs.password = cases[i].password;
        assert_int_equal(feed_text(&hs, cases[i].server, &out), RFB_E_TOO_LARGE);
        assert_string_equal(hs.reason, rfb_strerror(RFB_E_TOO_LARGE));
        rfb_buf_finish(&out);
    }
}

/* Each proper beginning of a good handshake is taken whole and asks for more. */
static void beginnings_ask_for_more(void **state)
{
    (void)state;
    struct hex in = hex_parse(V8 "03 05 02 01 " CHALLENGE "00000000 " INIT);
    for (size_t n = 0; n < in.n; n++) {
        struct rfb_client_hs hs;
        struct rfb_buf out;
        size_t taken;
        rfb_buf_init(&out, 100);
        rfb_client_hs_init(&hs);
        hs.password = "secret";
        assert_int_equal(
            feed_client_hs(&hs, in.bytes, n, (struct feed_split){.kind = FEED_WHOLE}, &taken, &out),
            0);
        assert_int_equal(taken, n);
        rfb_buf_finish(&out);
    }
    hex_finish(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ends),
        cmocka_unit_test(not_a_server),
        cmocka_unit_test(refusals),
        cmocka_unit_test(no_way_in),
        cmocka_unit_test(vencrypt_ways_in),
        cmocka_unit_test(vencrypt_dead_ends),
        cmocka_unit_test(what_is_asked_for_is_used),
        cmocka_unit_test(limits),
        cmocka_unit_test(reasons_are_made_harmless),
        cmocka_unit_test(long_reasons_are_cut),
        cmocka_unit_test(what_the_server_is),
        cmocka_unit_test(long_names_are_kept_whole),
        cmocka_unit_test(no_room_for_the_answer),
        cmocka_unit_test(beginnings_ask_for_more),
    };
    return cmocka_run_group_tests_name("rfb/handshake client", tests, NULL, NULL);
}
