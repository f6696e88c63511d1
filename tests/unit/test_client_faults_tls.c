/* SPDX-License-Identifier: GPL-2.0-or-later
 * What lies around RFB: a TLS or WebSocket handshake that stalls, is cut or never ends, and a
 * server that keeps TLS itself busy. Calls keep their limits (late.h) and say where they were. */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "calls.h"
#include "fake_server.h"
#include "hex.h"
#include "late.h"
#include "porthole.h"
#include "rfb/msg.h"
#include "unit.h"

enum { SHORT_MS = 50, STALL_MS = 300, X509_NONE = 260, WIDTH = 32, HEIGHT = 16 };

#define VNCS "vncs://127.0.0.1::", ""
#define WSS "wss://127.0.0.1:", "/desktop"
#define WS "ws://127.0.0.1:", "/desktop"

static const ph_limit brief = {.timeout_ms = SHORT_MS}, stalled = {.timeout_ms = STALL_MS},
                      patient = {.timeout_ms = 20000};

/* ---- a server's TLS ---- */

static SSL_CTX *server; /* with a certificate of its own, which nobody trusts */

static int make_server(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    (void)state;
    server = SSL_CTX_new(TLS_server_method());
    if (key == NULL || x == NULL || server == NULL)
        return -1;
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    bool ok = X509_sign(x, key, EVP_sha256()) > 0 && SSL_CTX_use_certificate(server, x) == 1 &&
              SSL_CTX_use_PrivateKey(server, key) == 1;
    X509_free(x);
    EVP_PKEY_free(key);
    return ok ? 0 : -1;
}

static int free_server(void **state)
{
    (void)state;
    SSL_CTX_free(server);
    return 0;
}

static SSL *server_tls(void)
{
    SSL *ssl = SSL_new(server);
    if (ssl == NULL)
        abort();
    SSL_set_accept_state(ssl);
    return ssl;
}

/* RFB up to where VeNCrypt starts TLS. */
static void up_to_tls(int fd)
{
    uint8_t in[16], subtype[5] = {1};
    rfb_set_u32(subtype + 1, X509_NONE);
    fake_send(fd, "RFB 003.008\n", 12);
    fake_read(fd, in, 12);
    fake_send(fd, "\1\x13", 2);
    fake_read(fd, in, 1);
    fake_send(fd, "\0\2", 2);
    fake_read(fd, in, 2);
    fake_send(fd, "\0", 1);
    fake_send(fd, subtype, sizeof subtype);
    fake_read(fd, in, 4);
    fake_send(fd, "\1", 1);
}

/* ---- handshakes that go wrong ---- */

struct stall {
    const char *name, *before, *behind; /* the port, in the target */
    const char *bytes;                  /* hex.h: what is sent first */
    const char *flood;                  /* then this without end; or NULL: silence */
    bool vencrypt;                      /* RFB first */
    size_t tls;                         /* so many bytes of an honest TLS handshake */
    int code;
    const char *says;
};

/* The first n bytes that a server has to say to this ClientHello. */
static void answer_hello(int fd, size_t n)
{
    uint8_t hello[4096], answer[8192];
    SSL *ssl = server_tls();
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    ssize_t len = recv(fd, hello, sizeof hello, 0);
    SSL_set_bio(ssl, in, out);
    BIO_write(in, hello, len > 0 ? (int)len : 0);
    SSL_do_handshake(ssl);
    int said = BIO_read(out, answer, sizeof answer);
    if (said > 0)
        fake_send(fd, answer, n < (size_t)said ? n : (size_t)said);
    SSL_free(ssl);
}

static void stall(struct fake_server *s, int fd, void *argument)
{
    const struct stall *t = argument;
    struct hex bytes = hex_parse(t->bytes);
    (void)s;
    if (t->vencrypt)
        up_to_tls(fd);
    if (t->tls != 0)
        answer_hello(fd, t->tls);
    fake_send(fd, bytes.bytes, bytes.n);
    hex_finish(&bytes);
    if (t->flood != NULL) {
        bytes = hex_parse(t->flood);
        while (fake_send(fd, bytes.bytes, bytes.n))
            ;
        hex_finish(&bytes);
    }
    fake_drain(fd);
}

#define TLS_STALLS PH_E_TIMEOUT, "timed out while in the TLS handshake with"
#define WS_STALLS PH_E_TIMEOUT, "timed out while in the WebSocket handshake with"
#define ANSWER "'HTTP/1.1 101 Switching' 0d0a "

static const struct stall stalls[] = {
    {"VeNCrypt without its TLS", VNCS, "", NULL, true, 0, TLS_STALLS},
    {"one byte of TLS", VNCS, "", NULL, true, 1, TLS_STALLS},
    {"half a ServerHello", VNCS, "", NULL, true, 50, TLS_STALLS},
    {"half a certificate", VNCS, "", NULL, true, 300, TLS_STALLS},
    {"TLS that is something else", VNCS, "", "00*4096", true, 0, PH_E_PROTOCOL, "TLS handshake"},
    {"TLS records without end", VNCS, "", "16 0303 4000 ff*16384", true, 0, PH_E_PROTOCOL,
     "TLS handshake"},
    {"wss without TLS", WSS, "", NULL, false, 0, TLS_STALLS},
    {"wss that is http", WSS, "'HTTP/1.1 400 Bad Request' 0d0a0d0a", NULL, false, 0, PH_E_PROTOCOL,
     "TLS handshake"},
    {"ws that says nothing", WS, "", NULL, false, 0, WS_STALLS},
    {"half a head", WS, ANSWER "'Upgrade: web'", NULL, false, 0, WS_STALLS},
    {"heads without end", WS, ANSWER, "'A: b' 0d0a", false, 0, PH_E_PROTOCOL, "longer than"},
    {"a header without end", WS, ANSWER "'A: '", "61*1000", false, 0, PH_E_PROTOCOL, "longer than"},
    {"ws that is RFB", WS, "'RFB 003.008' 0a", NULL, false, 0, PH_E_PROTOCOL, "no HTTP"},
};

static void a_stalled_handshake_ends_in_time(void **state)
{
    int wrong = 0;
    (void)state;
    late_begin();
    for (size_t i = 0; i < COUNT(stalls); i++) {
        const struct stall *t = &stalls[i];
        struct fake_server *s = fake_server_start_tcp(t->before, t->behind, stall, (void *)t);
        ph_options o = PH_OPTIONS_INIT;
        ph_client *c;
        ph_error e = {.code = PH_OK};
        o.insecure = 1;
        int64_t start = late_start();
        int rc = ph_connect(fake_server_target(s), &o, &stalled, &c, &e);
        wrong += !late_check(start, STALL_MS, "ph_connect", t->name);
        if (rc != t->code || strstr(e.message, t->says) == NULL) {
            print_message("# %s: %d (%s)\n", t->name, rc, e.message);
            wrong++;
        }
        assert_null(c);
        assert_true(fake_server_stop(s));
    }
    late_end();
    assert_int_equal(wrong, 0);
}

/* ---- TLS kept busy ---- */

static void tls_send(SSL *ssl, const void *bytes, size_t n)
{
    size_t put;
    SSL_write_ex(ssl, bytes, n, &put);
}

static void tls_read(SSL *ssl, size_t n)
{
    uint8_t in[256];
    while (n != 0) {
        int got = SSL_read(ssl, in, (int)(n < sizeof in ? n : sizeof in));
        if (got <= 0)
            return;
        n -= (size_t)got;
    }
}

static void rekey_without_end(struct fake_server *s, int fd, void *argument)
{
    uint8_t init[24 + 4];
    SSL *ssl = server_tls();
    (void)argument;
    up_to_tls(fd);
    SSL_set_fd(ssl, fd);
    fake_expect(s, SSL_do_handshake(ssl) == 1, "a TLS handshake");
    tls_send(ssl, "\0\0\0\0", 4);
    tls_read(ssl, 1);
    rfb_set_u16(init, WIDTH);
    rfb_set_u16(init + 2, HEIGHT);
    rfb_msg_set_pixel_format(init + 4, &rfb_bgrx);
    rfb_set_u32(init + 20, 4);
    memcpy(init + 24, "fake", 4);
    tls_send(ssl, init, sizeof init);
    fake_await_go(s);
    while (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1)
        ;
    SSL_free(ssl);
}

/* None of it is data: the client's thread would never come back from TLS to let go of its lock. */
static void endless_key_updates_hold_nobody_up(void **state)
{
    int wrong = 0;
    ph_options o = PH_OPTIONS_INIT;
    ph_client *c;
    ph_error e = {.code = PH_OK};
    (void)state;
    struct fake_server *s = fake_server_start_tcp(VNCS, rekey_without_end, NULL);
    o.insecure = 1;
    if (ph_connect(fake_server_target(s), &o, &patient, &c, &e) != PH_OK)
        fail_msg("cannot connect: %s", e.message);
    fake_server_go(s);
    late_begin();
    for (const struct call *call = calls; call->name != NULL; call++) {
        int64_t start = late_start();
        int rc = call->run(c, &brief, &e);
        wrong += !late_check(start, SHORT_MS, call->name, "endless key updates");
        if (rc != PH_OK && rc != PH_E_TIMEOUT) {
            print_message("# %s: %d (%s)\n", call->name, rc, e.message);
            wrong++;
        }
    }
    int64_t start = late_start();
    ph_close(c, &brief, NULL);
    wrong += !late_check(start, SHORT_MS, "ph_close", "endless key updates");
    late_end();
    assert_true(fake_server_stop(s));
    assert_int_equal(wrong, 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* OpenSSL's sockets raise it */
    alarm(300);               /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stalled_handshake_ends_in_time),
        cmocka_unit_test(endless_key_updates_hold_nobody_up),
    };
    return cmocka_run_group_tests_name("client_faults_tls", tests, make_server, free_server);
}
