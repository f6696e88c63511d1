/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLS by OpenSSL. Its records go through a BIO of ours: what it writes is gathered, so that one
 * write of the owner's is one send, and no call of OpenSSL's ever waits for room. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/stream.h"
#include "rfb/buf.h"

enum {
    WRITE_MAX = 64 << 10, /* plaintext of one call */
    OUT_MAX = 128 << 10,  /* records not sent yet: a write's, and what OpenSSL itself has to say */
    READ_BUFFER = 64 << 10, /* for one read of the lower stream */
};

struct tls {
    struct stream base;
    struct stream *lower;
    char host[256];    /* for messages */
    char subject[256]; /* of the certificate that was not trusted */

    /* Guards what follows and is held during OpenSSL's calls: callers of the library write while
     * the connection's thread reads, and an SSL object takes one thread at a time. */
    pthread_mutex_t lock;
    SSL_CTX *ctx;
    BIO_METHOD *method;
    SSL *ssl;
    struct rfb_buf out;
    bool has_read;   /* this call of OpenSSL's has had its one read of the lower stream */
    bool at_end;     /* the lower stream's end has been read */
    bool broken;     /* nothing can be written any more: the next read says why */
    bool notified;   /* close_notify has been written */
    ph_error failed; /* of the lower stream, while code is not 0 */

    /* The reader's: its last read got all it had room for, or stopped at what ends it all. */
    bool more;
};

static struct tls *of(struct stream *s)
{
    return (struct tls *)(void *)s; /* base is its first member */
}

/* ---- the BIO ---- */

static int bio_read(BIO *bio, char *to, size_t size, size_t *got)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    /* Or a server that sends what is no data, such as key updates, would keep OpenSSL inside one
     * call, and so the lock, for as long as it likes. */
    *got = 0;
    int rc = t->has_read ? PH_OK : stream_read(t->lower, to, size, got, &t->failed);
    t->has_read = true;
    if (rc == PH_OK && *got != 0)
        return 1;
    if (rc == PH_OK)
        BIO_set_retry_read(bio);
    t->at_end = rc == STREAM_END;
    return 0;
}

static int bio_write(BIO *bio, const char *from, size_t n, size_t *put)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (rfb_buf_put(&t->out, from, n) != 0)
        return 0;
    *put = n;
    return 1;
}

static long bio_ctrl(BIO *bio, int cmd, long number, void *pointer)
{
    const struct tls *t = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (cmd == BIO_CTRL_EOF)
        return t->at_end;
    return cmd == BIO_CTRL_FLUSH;
}

/* The method is the stream's own: a shared one would be state of the whole process. */
static BIO *create_bio(struct tls *t)
{
    t->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "porthole");
    if (t->method == NULL)
        return NULL;
    BIO_meth_set_read_ex(t->method, bio_read);
    BIO_meth_set_write_ex(t->method, bio_write);
    BIO_meth_set_ctrl(t->method, bio_ctrl);
    BIO *bio = BIO_new(t->method);
    if (bio != NULL) {
        BIO_set_data(bio, t);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* With the lock. */
static bool flush(struct tls *t)
{
    while (t->out.len != 0 && !t->broken) {
        size_t put;
        t->broken = stream_write(t->lower, rfb_buf_data(&t->out), t->out.len, &put, NULL) != PH_OK;
        rfb_buf_consume(&t->out, put);
        if (put == 0)
            break;
    }
    return (t->out.len == 0 || t->broken) && stream_flush(t->lower);
}

/* ---- how it fails ---- */

static const char *openssl_words(char words[128])
{
    unsigned long code = ERR_peek_error();
    const char *text = ERR_SYSTEM_ERROR(code) ? strerror_r(ERR_GET_REASON(code), words, 128)
                                              : ERR_reason_error_string(code);
    return text != NULL ? text : "no reason is given";
}

/* OpenSSL's own verification; whose certificate failed it is known nowhere else afterwards. */
static int verify(X509_STORE_CTX *store, void *stream)
{
    struct tls *t = stream;
    int good = X509_verify_cert(store);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    if (good != 1 && certificate != NULL)
        X509_NAME_oneline(X509_get_subject_name(certificate), t->subject, sizeof t->subject);
    return good;
}

static int untrusted(const struct tls *t, long why, ph_error *error)
{
    const char *hint;
    switch (why) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        hint = "name the host as the certificate does";
        break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        hint = "have it renewed";
        break;
    default:
        hint = "name the authority to trust in ca_file (--ca)";
    }
    return error_set(error, PH_E_UNTRUSTED,
                     "%s is not trusted, because of the certificate '%s': %s; %s, or take any with "
                     "insecure (--insecure)",
                     t->host, t->subject, X509_verify_cert_error_string(why), hint);
}

/* Of what a peer says that shares nothing with us. */
static bool nothing_in_common(int reason)
{
    static const int reasons[] = {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
                                  SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
                                  SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY,
                                  SSL_R_UNSUPPORTED_PROTOCOL,
                                  SSL_R_VERSION_TOO_LOW,
                                  SSL_R_NO_PROTOCOLS_AVAILABLE,
                                  SSL_R_DH_KEY_TOO_SMALL};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reason == reasons[i])
            return true;
    return false;
}

/* With the lock, behind an OpenSSL call that failed for good. */
static int failure(struct tls *t, const char *doing, ph_error *error)
{
    if (t->failed.code != 0)
        return error_set(error, t->failed.code, "%s", t->failed.message);
    int reason = ERR_GET_REASON(ERR_peek_error());
    int code = nothing_in_common(reason) ? PH_E_UNSUPPORTED : PH_E_PROTOCOL;
    char words[128];
    return error_set(error, code, "%s failed: %s", doing, openssl_words(words));
}

/* ---- the operations ---- */

static int tls_start(struct stream *s, ph_error *error)
{
    struct tls *t = of(s);
    pthread_mutex_lock(&t->lock);
    ERR_clear_error();
    t->has_read = false;
    int rc = SSL_do_handshake(t->ssl);
    int why = SSL_get_error(t->ssl, rc);
    long verified = SSL_get_verify_result(t->ssl);
    bool sent = flush(t);
    if (rc == 1)
        rc = sent;
    else if (why == SSL_ERROR_WANT_READ)
        rc = 0;
    else if (SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE && verified != X509_V_OK)
        rc = untrusted(t, verified, error);
    else if (t->at_end)
        rc = error_set(error, PH_E_CLOSED, "the server closed the connection in the TLS handshake");
    else
        rc = failure(t, "the TLS handshake", error);
    if (rc == 1)
        s->tls = SSL_get_version(t->ssl);
    ERR_clear_error();
    pthread_mutex_unlock(&t->lock);
    return rc;
}

/* What one record holds, as far as there is room. The lock is taken anew for each, so that a caller
 * who writes comes in between. */
static int read_record(struct tls *t, char *to, size_t size, size_t *got, ph_error *error)
{
    int rc = PH_OK;
    *got = 0;
    pthread_mutex_lock(&t->lock);
    ERR_clear_error();
    t->has_read = false;
    int ok = SSL_read_ex(t->ssl, to, size, got);
    int why = SSL_get_error(t->ssl, ok);
    /* many servers end without a close_notify; RFB tells where something was cut off */
    if (ok != 1 && (why == SSL_ERROR_ZERO_RETURN || t->at_end))
        rc = STREAM_END;
    else if (ok != 1 && why != SSL_ERROR_WANT_READ)
        rc = failure(t, "TLS", error);
    else if (ok != 1 && t->broken)
        rc = stream_lost(error, 0);
    ERR_clear_error();
    pthread_mutex_unlock(&t->lock);
    return rc;
}

static int tls_read(struct stream *s, void *to, size_t size, size_t *got, ph_error *error)
{
    struct tls *t = of(s);
    size_t n;
    *got = 0;
    for (;;) {
        int rc = read_record(t, (char *)to + *got, size - *got, &n, error);
        *got += n;
        t->more = *got == size || rc != PH_OK;
        if (rc != PH_OK && *got == 0)
            return rc; /* behind data, it comes again with the next call */
        if (n == 0 || t->more)
            return PH_OK;
    }
}

static bool tls_pending(const struct stream *s)
{
    return ((const struct tls *)(const void *)s)->more;
}

static int tls_write(struct stream *s, const void *from, size_t n, size_t *put, ph_error *error)
{
    struct tls *t = of(s);
    *put = 0;
    pthread_mutex_lock(&t->lock);
    if (flush(t) && !t->broken) {
        ERR_clear_error();
        t->broken = SSL_write_ex(t->ssl, from, n < WRITE_MAX ? n : WRITE_MAX, put) != 1;
        ERR_clear_error();
        flush(t);
    }
    int rc = t->broken ? stream_lost(error, 0) : PH_OK;
    pthread_mutex_unlock(&t->lock);
    return rc;
}

static bool tls_flush(struct stream *s)
{
    struct tls *t = of(s);
    pthread_mutex_lock(&t->lock);
    bool done = flush(t);
    pthread_mutex_unlock(&t->lock);
    return done;
}

/* close_notify, then the end of what is below: a server takes the one or the other for the end. */
static int tls_finish(struct stream *s, ph_error *error)
{
    struct tls *t = of(s);
    pthread_mutex_lock(&t->lock);
    if (!t->notified) {
        ERR_clear_error();
        SSL_shutdown(t->ssl);
        ERR_clear_error();
        t->notified = true;
    }
    bool done = flush(t);
    pthread_mutex_unlock(&t->lock);
    return done ? stream_finish(t->lower, error) : 0;
}

static void tls_destroy(struct stream *s)
{
    struct tls *t = of(s);
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->method);
    rfb_buf_finish(&t->out);
    pthread_mutex_destroy(&t->lock);
    stream_destroy(t->lower);
    free(t);
}

static const struct stream_ops tls_ops = {tls_start, tls_read,   tls_pending, tls_write,
                                          tls_flush, tls_finish, tls_destroy};

/* ---- setting up ---- */

/* The anonymous suites end with TLS 1.2 and are below every security level but 0. */
static bool allow_anonymous(SSL_CTX *ctx)
{
    return SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "aNULL:!eNULL:@SECLEVEL=0") == 1;
}

/* An address as certificates hold it: without the zone of a link-local one. */
static bool is_address(const char *host, char address[256])
{
    unsigned char bytes[16];
    snprintf(address, 256, "%.*s", (int)strcspn(host, "%"), host);
    return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    char address[256];
    if (is_address(host, address))
        return X509_VERIFY_PARAM_set1_ip_asc(param, address) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, host) == 1;
}

static int trust(struct tls *t, const struct stream_tls *how, ph_error *error)
{
    if (how->insecure || how->anonymous)
        return PH_OK;
    char words[128];
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(t->ctx, verify, t);
    if (how->ca_file == NULL && SSL_CTX_set_default_verify_paths(t->ctx) != 1)
        return error_set(error, PH_E_SYSTEM, "cannot set the system's certificate authorities: %s",
                         openssl_words(words));
    if (how->ca_file != NULL && SSL_CTX_load_verify_file(t->ctx, how->ca_file) != 1)
        return error_set(error, PH_E_ARGUMENT, "cannot read certificates from %s: %s", how->ca_file,
                         openssl_words(words));
    return PH_OK;
}

/* PH_OK, or a code with *error filled. */
static int set_up(struct tls *t, const struct stream_tls *how, ph_error *error)
{
    char words[128];
    t->ctx = SSL_CTX_new(TLS_client_method());
    if (t->ctx == NULL || SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1 ||
        (how->anonymous && !allow_anonymous(t->ctx)))
        goto no_tls;
    SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_read_buffer_len(t->ctx, READ_BUFFER);
    SSL_CTX_set_read_ahead(t->ctx, 1);
    int rc = trust(t, how, error);
    if (rc != PH_OK)
        return rc;
    BIO *bio = create_bio(t);
    if (bio == NULL)
        goto no_tls;
    t->ssl = SSL_new(t->ctx);
    if (t->ssl == NULL) {
        BIO_free(bio);
        goto no_tls;
    }
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_connect_state(t->ssl);
    if (how->anonymous || expect_host(t->ssl, how->host))
        return PH_OK;
no_tls:
    return error_set(error, PH_E_SYSTEM, "cannot set up TLS: %s", openssl_words(words));
}

struct stream *stream_tls(struct stream *lower, const struct stream_tls *how, ph_error *error)
{
    struct tls *t = calloc(1, sizeof *t);
    if (t == NULL) {
        error_set(error, PH_E_NO_MEMORY, "out of memory");
        stream_destroy(lower);
        return NULL;
    }
    t->base = (struct stream){.ops = &tls_ops, .fd = lower->fd};
    t->lower = lower;
    snprintf(t->host, sizeof t->host, "%s", how->host);
    pthread_mutex_init(&t->lock, NULL);
    rfb_buf_init(&t->out, OUT_MAX);
    ERR_clear_error();
    int rc = set_up(t, how, error);
    ERR_clear_error();
    if (rc == PH_OK)
        return &t->base;
    tls_destroy(&t->base);
    return NULL;
}
