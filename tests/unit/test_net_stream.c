/* SPDX-License-Identifier: GPL-2.0-or-later
 * The layers of a stream, each against a peer that the test plays: TLS by OpenSSL on a thread, a
 * WebSocket by hand. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "rfb/buf.h"
#include "unit.h"
#include "ws/ws.h"

enum { PATIENCE_MS = 20000 };

static void await(struct stream *s)
{
    short events = stream_flush(s) ? POLLIN : POLLIN | POLLOUT;
    struct pollfd p = {.fd = s->fd, .events = events};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

static int start(struct stream *s, ph_error *e)
{
    int rc;
    while ((rc = stream_start(s, e)) == 0)
        await(s);
    return rc;
}

/* Up to n bytes; what ended it before, or PH_OK. Polls wherever nothing is said to be pending. */
static int take(struct stream *s, void *to, size_t n, size_t *got, ph_error *e)
{
    int rc = PH_OK;
    for (*got = 0; rc == PH_OK && *got < n;) {
        size_t more = 0;
        rc = stream_read(s, (char *)to + *got, n - *got, &more, e);
        *got += rc == PH_OK ? more : 0;
        if (rc == PH_OK && *got < n && !stream_pending(s))
            await(s);
    }
    return rc;
}

static struct stream *open_pair(int *peer)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    *peer = pair[1];
    struct stream *s = stream_socket(pair[0], NULL);
    assert_non_null(s);
    return s;
}

/* ---- TLS ---- */

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
    char ca_file[64];
};

static void add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_int_equal(X509_add_ext(x, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Signed by itself, and so an authority to trust. */
static int make_identity(void **state)
{
    struct identity *id = calloc(1, sizeof *id);
    assert_non_null(id);
    id->key = EVP_EC_gen("P-256");
    X509 *x = id->certificate = X509_new();
    assert_int_equal(X509_set_version(x, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"the test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, id->key);
    add_extension(x, NID_subject_alt_name, "DNS:box.example,IP:127.0.0.1,IP:::1");
    assert_true(X509_sign(x, id->key, EVP_sha256()) > 0);
    strcpy(id->ca_file, "/tmp/porthole-ca-XXXXXX");
    FILE *f = fdopen(mkstemp(id->ca_file), "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, x), 1);
    fclose(f);
    *state = id;
    return 0;
}

static int drop_identity(void **state)
{
    struct identity *id = *state;
    unlink(id->ca_file);
    X509_free(id->certificate);
    EVP_PKEY_free(id->key);
    free(id);
    return 0;
}

struct tls_peer {
    const struct identity *id; /* NULL: anonymous */
    void (*script)(SSL *ssl, int fd);
    int fd;
    pthread_t thread;
};

static void *serve(void *data)
{
    struct tls_peer *p = data;
    sigset_t pipe; /* this peer's own: what the stream does must not raise it */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (p->id != NULL) {
        SSL_CTX_use_certificate(ctx, p->id->certificate);
        SSL_CTX_use_PrivateKey(ctx, p->id->key);
    } else {
        SSL_CTX_set_cipher_list(ctx, "aNULL:@SECLEVEL=0");
        SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    }
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, p->fd);
    if (SSL_accept(ssl) == 1)
        p->script(ssl, p->fd);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(p->fd);
    return NULL;
}

static struct stream *open_tls(struct tls_peer *p, const struct stream_tls *how, ph_error *e)
{
    struct stream *s = stream_tls(open_pair(&p->fd), how, e);
    assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
    return s;
}

static void close_tls(struct tls_peer *p, struct stream *s)
{
    stream_destroy(s);
    pthread_join(p->thread, NULL);
}

static void nothing(SSL *ssl, int fd)
{
    (void)ssl;
    (void)fd;
}

static void certificates_are_verified(void **state)
{
    const struct identity *id = *state;
    const struct {
        struct stream_tls how;
        int rc;
        const char *part;
    } cases[] = {
        {{"box.example", id->ca_file, false, false}, 1, ""},
        {{"127.0.0.1", id->ca_file, false, false}, 1, ""},
        {{"::1", id->ca_file, false, false}, 1, ""},
        {{"::1%lo", id->ca_file, false, false}, 1, ""},
        {{"other.example", id->ca_file, false, false}, PH_E_UNTRUSTED, "hostname mismatch"},
        {{"127.0.0.2", id->ca_file, false, false}, PH_E_UNTRUSTED, "IP address mismatch"},
        {{"box.example", NULL, false, false}, PH_E_UNTRUSTED, "/CN=the test"},
        {{"other.example", NULL, true, false}, 1, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tls_peer p = {.id = id, .script = nothing};
        ph_error e = {.code = 0};
        struct stream *s = open_tls(&p, &cases[i].how, &e);
        int rc = start(s, &e);
        if (rc != cases[i].rc || strstr(e.message, cases[i].part) == NULL)
            fail_msg("%zu: %d, %s", i, rc, e.message);
        assert_true(rc != 1 || strcmp(s->tls, "TLSv1.3") == 0);
        close_tls(&p, s);
    }
}

static void anonymous_only_when_asked_for(void **state)
{
    const struct identity *id = *state;
    static const bool known[] = {true, false};
    for (size_t i = 0; i < 4; i++) {
        struct tls_peer p = {.id = known[i & 1] ? id : NULL, .script = nothing};
        struct stream_tls how = {.host = "box.example", .insecure = true, .anonymous = i >= 2};
        ph_error e = {.code = 0};
        struct stream *s = open_tls(&p, &how, &e);
        int expected = known[i & 1] != how.anonymous ? 1 : PH_E_UNSUPPORTED;
        int rc = start(s, &e);
        if (rc != expected)
            fail_msg("%zu: %d, %s", i, rc, e.message);
        close_tls(&p, s);
    }
}

static void bad_ca_files(void **state)
{
    struct stream_tls how = {.host = "box", .ca_file = "/nonexistent.pem"};
    ph_error e;
    int peer;
    (void)state;
    assert_null(stream_tls(open_pair(&peer), &how, &e));
    assert_int_equal(e.code, PH_E_ARGUMENT);
    assert_non_null(strstr(e.message, "/nonexistent.pem: No such file"));
    close(peer);
}

static void echo(SSL *ssl, int fd)
{
    char bytes[30000];
    int n;
    (void)fd;
    while ((n = SSL_read(ssl, bytes, sizeof bytes)) > 0)
        SSL_write(ssl, bytes, n);
    SSL_shutdown(ssl);
}

enum { WRITERS = 3, EACH = 1 << 20 };

struct writer {
    struct stream *s;
    pthread_mutex_t *lock;
    uint8_t value;
    pthread_t thread;
};

/* As callers of the library do: one at a time, while the reader reads. */
static void *write_much(void *data)
{
    struct writer *w = data;
    uint8_t bytes[5000];
    memset(bytes, w->value, sizeof bytes);
    for (size_t done = 0; done < EACH;) {
        size_t put = 0, n = EACH - done < sizeof bytes ? EACH - done : sizeof bytes;
        pthread_mutex_lock(w->lock);
        int rc = stream_write(w->s, bytes, n, &put, NULL);
        pthread_mutex_unlock(w->lock);
        if (rc != PH_OK)
            return data;
        done += put;
        struct pollfd p = {.fd = w->s->fd, .events = POLLOUT};
        if (put == 0)
            poll(&p, 1, PATIENCE_MS);
    }
    return NULL;
}

/* What several threads write comes back to another, which reads meanwhile. */
static void write_from_threads(struct stream *s)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct writer writers[WRITERS];
    size_t counts[WRITERS] = {0}, got = 0, total = 0;
    uint8_t bytes[70000];
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.s = s, .lock = &lock, .value = (uint8_t)i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_much, &writers[i]), 0);
    }
    for (; total < (size_t)WRITERS * EACH; total += got) {
        assert_int_equal(stream_read(s, bytes, sizeof bytes, &got, NULL), PH_OK);
        for (size_t i = 0; i < got; i++) {
            assert_true(bytes[i] < WRITERS);
            counts[bytes[i]]++;
        }
        if (got == 0 && !stream_pending(s))
            await(s);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(writers[i].thread, &failed);
        assert_null(failed);
        assert_int_equal(counts[i], EACH);
    }
    pthread_mutex_destroy(&lock);
}

static int finish(struct stream *s)
{
    int rc;
    while ((rc = stream_finish(s, NULL)) == 0)
        await(s);
    return rc;
}

static void tls_carries_what_threads_write(void **state)
{
    struct tls_peer p = {.id = *state, .script = echo};
    struct stream_tls how = {.host = "box.example", .insecure = true};
    struct stream *s = open_tls(&p, &how, NULL);
    size_t got;
    char byte;
    assert_int_equal(start(s, NULL), 1);
    write_from_threads(s);
    assert_int_equal(finish(s), 1);
    assert_int_equal(take(s, &byte, 1, &got, NULL), STREAM_END); /* the peer has seen the end */
    close_tls(&p, s);
}

static void say_bye(SSL *ssl, int fd)
{
    (void)fd;
    SSL_write(ssl, "bye", 3);
    SSL_shutdown(ssl);
}

static void say_bye_and_cut(SSL *ssl, int fd)
{
    (void)fd;
    SSL_write(ssl, "bye", 3);
}

static void say_bye_and_garbage(SSL *ssl, int fd)
{
    SSL_write(ssl, "bye", 3);
    assert_int_equal(write(fd, "garbage garbage garbage", 23), 23);
}

/* In one piece, so that one read gets it all; and then nothing, not even an end, comes. */
static void send_and_stay(int fd, BIO *records, const char *behind)
{
    char *bytes, byte;
    long n = BIO_get_mem_data(records, &bytes);
    char *piece = malloc((size_t)n + strlen(behind));
    memcpy(piece, bytes, (size_t)n);
    memcpy(piece + n, behind, strlen(behind));
    assert_int_equal(write(fd, piece, (size_t)n + strlen(behind)), (size_t)n + strlen(behind));
    free(piece);
    while (read(fd, &byte, 1) > 0)
        ;
}

static void say_bye_and_stay(SSL *ssl, int fd)
{
    BIO *records = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl, records);
    SSL_write(ssl, "bye", 3);
    SSL_shutdown(ssl);
    send_and_stay(fd, records, "");
}

static void say_bye_and_garbage_and_stay(SSL *ssl, int fd)
{
    BIO *records = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl, records);
    SSL_write(ssl, "bye", 3);
    send_and_stay(fd, records, "garbage garbage garbage");
}

static void tls_ends(void **state)
{
    static const struct {
        void (*script)(SSL *ssl, int fd);
        int rc;
    } cases[] = {
        {say_bye, STREAM_END},
        {say_bye_and_cut, STREAM_END},
        {say_bye_and_garbage, PH_E_PROTOCOL},
        {say_bye_and_stay, STREAM_END},
        {say_bye_and_garbage_and_stay, PH_E_PROTOCOL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tls_peer p = {.id = *state, .script = cases[i].script};
        struct stream_tls how = {.host = "box.example", .insecure = true};
        struct stream *s = open_tls(&p, &how, NULL);
        char text[100];
        size_t got;
        ph_error e;
        assert_int_equal(start(s, NULL), 1);
        assert_int_equal(take(s, text, sizeof text, &got, &e), cases[i].rc);
        assert_int_equal(got, 3);
        assert_memory_equal(text, "bye", 3);
        assert_int_equal(take(s, text, sizeof text, &got, &e), cases[i].rc); /* it stays so */
        close_tls(&p, s);
    }
}

/* ---- WebSocket ---- */

static void send_text(int fd, const char *text, size_t n)
{
    assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
}

/* Reads the request and answers it; behind the answer, in the same send, what follows. */
static struct stream *open_web(int *peer, const char *behind, size_t n)
{
    struct stream_ws how = {.host = "box", .path = "/"};
    struct stream *s = stream_ws(open_pair(peer), &how, NULL);
    char request[1024] = "", key[25] = "", accept[WS_ACCEPT_SIZE], answer[4096];
    assert_int_equal(stream_start(s, NULL), 0);
    assert_true(recv(*peer, request, sizeof request - 1, 0) > 0);
    memcpy(key, strstr(request, "Sec-WebSocket-Key: ") + 19, 24);
    assert_int_equal(ws_accept(key, accept), 0);
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: %s\r\n\r\n",
                       accept);
    memcpy(answer + len, behind, n);
    send_text(*peer, answer, (size_t)len + n);
    assert_int_equal(start(s, NULL), 1);
    return s;
}

#define FRAMES                                                                                     \
    "\x82\x03one\x02\x02tw\x89\x02hi\x00\x00\x80\x01o\x82\x05three\x82\x00\x8a\x00\x82\x04"        \
    "four"

static void web_payload_arrives(void **state)
{
    static const char frames[] = FRAMES, payload[] = "onetwothreefour";
    (void)state;
    for (size_t early = 0; early < sizeof frames; early++) {
        char text[sizeof payload] = "";
        size_t got;
        int peer;
        struct stream *s = open_web(&peer, frames, early);
        for (size_t at = early; at < sizeof frames - 1; at++)
            send_text(peer, frames + at, 1);
        for (size_t at = 0; at < sizeof payload - 1; at += got) /* in pieces of at most four */
            assert_int_equal(take(s, text + at, 1 + at % 4, &got, NULL), PH_OK);
        assert_string_equal(text, payload);
        uint8_t pong[8];
        assert_int_equal(recv(peer, pong, sizeof pong, MSG_WAITALL), 8);
        assert_int_equal(pong[0], 0x8a);
        assert_int_equal(pong[1], 0x82);
        assert_int_equal(pong[6] ^ pong[2], 'h');
        assert_int_equal(pong[7] ^ pong[3], 'i');
        stream_destroy(s);
        close(peer);
    }
}

static void web_ends(void **state)
{
    static const struct {
        const char *frames;
        size_t n;
        int rc;
        const char *part;
        uint16_t answered;
    } cases[] = {
#define CASE(bytes, rc, part, answered) {bytes, sizeof bytes - 1, rc, part, answered}
        CASE("\x88\x02\x03\xe8", PH_E_CLOSED, "close code 1000)", 1000),
        CASE("\x88\x00", PH_E_CLOSED, "closed the connection", 1000),
        CASE("\x88\x05\x03\xe9"
             "bye",
             PH_E_CLOSED, "close code 1001: bye", 1001),
        CASE("\x88\x06\x0f\xa1"
             "no\x1b!",
             PH_E_PASSWORD, "close code 4001: no !", 4001),
        CASE("\x88\x02\x0f\xa2", PH_E_REFUSED, "revoked", 4002),
        CASE("\x88\x02\x0f\xa3", PH_E_REFUSED, "window", 4003),
        CASE("\x88\x02\x0f\xa8", PH_E_REFUSED, "viewers", 4008),
        CASE("\x88\x02\x0f\xad", PH_E_UNREACHABLE, "lost the desktop", 4013),
        CASE("\x88\x02\x0f\xa0", PH_E_CLOSED, "close code 4000", 4000),
        CASE("\x88\x02\x03\xf0", PH_E_REFUSED, "refused", 1008),
        CASE("\x88\x02\x03\xea", PH_E_PROTOCOL, "broken client", 1002),
        CASE("\x88\x01\x03", PH_E_PROTOCOL, "close code 1002", 1002),
        CASE("\x82\x81\x00\x00\x00\x00!", PH_E_PROTOCOL, "broke the WebSocket protocol", 1002),
        CASE("\x81\x01!", PH_E_PROTOCOL, "broke the WebSocket protocol", 1003),
        CASE("\xc2\x01!", PH_E_PROTOCOL, "broke the WebSocket protocol", 1002),
        CASE("\x80\x01!", PH_E_PROTOCOL, "broke the WebSocket protocol", 1002),
        CASE("\x89\x7e\x00\x7e", PH_E_PROTOCOL, "broke the WebSocket protocol", 1002),
        CASE("\x82\x7f\x00\x00\x00\x00\xff\xff\xff\xff!", PH_E_PROTOCOL,
             "broke the WebSocket protocol", 1009),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[10];
        uint8_t answer[8] = {0};
        size_t got;
        ph_error e = {.code = 0};
        int peer;
        struct stream *s = open_web(&peer, "\x82\x01x", 3);
        send_text(peer, cases[i].frames, cases[i].n);
        int rc = take(s, text, sizeof text, &got, &e);
        if (rc != cases[i].rc || e.code != rc || strstr(e.message, cases[i].part) == NULL)
            fail_msg("%zu: %d, %s", i, rc, e.message);
        assert_int_equal(got, 1);
        assert_int_equal(take(s, text, sizeof text, &got, &e), rc); /* it stays so */
        assert_int_equal(recv(peer, answer, sizeof answer, MSG_WAITALL), 8);
        assert_int_equal(answer[0], 0x88);
        assert_int_equal((answer[6] ^ answer[2]) << 8 | (answer[7] ^ answer[3]), cases[i].answered);
        stream_destroy(s);
        close(peer);
    }
}

static void web_finishes(void **state)
{
    char byte;
    uint8_t close_frame[8];
    size_t got;
    int peer;
    (void)state;
    struct stream *s = open_web(&peer, "", 0);
    assert_int_equal(finish(s), 1);
    assert_int_equal(recv(peer, close_frame, sizeof close_frame, MSG_WAITALL), 8);
    send_text(peer, "\x82\x01x\x88\x02\x03\xe8", 7);
    assert_int_equal(take(s, &byte, 1, &got, NULL), PH_OK);
    assert_int_equal(take(s, &byte, 1, &got, NULL), STREAM_END);
    stream_destroy(s);
    close(peer);
}

/* A server that pings and does not read, until there is no room for another pong. */
static void fill_with_pongs(struct stream *s, int peer)
{
    static const char ping[2 + 125] = {(char)0x89, 125}, empty[2] = {(char)0x89, 0};
    char byte;
    size_t got;
    for (int i = 0; i < 700; i++) {
        send_text(peer, i < 600 ? ping : empty, i < 600 ? sizeof ping : sizeof empty);
        for (int piece = 0; piece < (i < 600 ? 127 : 2); piece++)
            assert_int_equal(stream_read(s, &byte, 1, &got, NULL), PH_OK);
    }
}

/* What there is now, of which the last eight bytes are kept; false: nothing. */
static bool read_some(int fd, uint8_t last[8])
{
    static uint8_t bytes[8 + (1 << 16)];
    ssize_t n = recv(fd, bytes + 8, sizeof bytes - 8, MSG_DONTWAIT);
    memcpy(bytes, last, 8);
    if (n > 0)
        memcpy(last, bytes + n, 8);
    return n > 0;
}

/* The close frame waits for its room, and goes last. */
static void web_finishes_once_there_is_room(void **state)
{
    static uint8_t bytes[1 << 16];
    uint8_t last[8] = {0};
    size_t put = 1;
    int peer;
    (void)state;
    struct stream *s = open_web(&peer, "", 0);
    while (put != 0)
        assert_int_equal(stream_write(s, bytes, sizeof bytes, &put, NULL), PH_OK);
    fill_with_pongs(s, peer);
    assert_int_equal(stream_finish(s, NULL), 0);
    while (stream_finish(s, NULL) != 1)
        read_some(peer, last);
    while (read_some(peer, last))
        ;
    assert_int_equal(last[0], 0x88);
    assert_int_equal(last[1], 0x82);
    assert_int_equal((last[6] ^ last[2]) << 8 | (last[7] ^ last[3]), 1000);
    stream_destroy(s);
    close(peer);
}

/* Sends the payload of what comes back, as a server. */
static void *echo_web(void *data)
{
    int fd = *(int *)data;
    uint8_t head[8], *bytes = malloc(1 << 16);
    while (recv(fd, head, 2, MSG_WAITALL) == 2 && head[0] == 0x82) {
        size_t n = head[1] & 0x7f;
        if (n == 126 && recv(fd, head + 2, 2, MSG_WAITALL) == 2)
            n = rfb_get_u16(head + 2);
        recv(fd, head + 4, 4, MSG_WAITALL);
        recv(fd, bytes, n, MSG_WAITALL);
        for (size_t i = 0; i < n; i++)
            bytes[i] ^= head[4 + i % 4];
        uint8_t out[4] = {0x82, 126, (uint8_t)(n >> 8), (uint8_t)n};
        send(fd, out, 4, MSG_NOSIGNAL);
        send(fd, bytes, n, MSG_NOSIGNAL);
    }
    free(bytes);
    return head[0] == 0x88 ? NULL : data; /* a close frame came */
}

static void web_carries_what_threads_write(void **state)
{
    pthread_t thread;
    void *failed;
    int peer;
    (void)state;
    struct stream *s = open_web(&peer, "", 0);
    assert_int_equal(pthread_create(&thread, NULL, echo_web, &peer), 0);
    write_from_threads(s);
    assert_int_equal(finish(s), 1);
    pthread_join(thread, &failed);
    assert_null(failed);
    stream_destroy(s);
    close(peer);
}

/* A peer that does not read is not waited for, and nothing is lost when it does. */
static void full_is_no_failure(void **state)
{
    static uint8_t bytes[WS_FRAME_MAX / 4];
    int peer;
    size_t put = 1, sent = 0;
    (void)state;
    struct stream *s = open_web(&peer, "", 0);
    while (put != 0) {
        assert_int_equal(stream_write(s, bytes, sizeof bytes, &put, NULL), PH_OK);
        sent += put;
    }
    assert_false(stream_flush(s));
    size_t read = 0, frames = sent >> 16;
    assert_int_equal(sent & 0xffff, 0); /* frames of 64 KiB: heads of 14 bytes */
    while (read < sent + frames * 14) {
        stream_flush(s);
        ssize_t n = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT);
        assert_true(n > 0);
        read += (size_t)n;
    }
    assert_true(stream_flush(s));
    stream_destroy(s);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_verified),
        cmocka_unit_test(anonymous_only_when_asked_for),
        cmocka_unit_test(bad_ca_files),
        cmocka_unit_test(tls_carries_what_threads_write),
        cmocka_unit_test(tls_ends),
        cmocka_unit_test(web_payload_arrives),
        cmocka_unit_test(web_ends),
        cmocka_unit_test(web_finishes),
        cmocka_unit_test(web_finishes_once_there_is_room),
        cmocka_unit_test(web_carries_what_threads_write),
        cmocka_unit_test(full_is_no_failure),
    };
    return cmocka_run_group_tests_name("net/stream", tests, make_identity, drop_identity);
}
