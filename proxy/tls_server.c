/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_server.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_tickets.h"

enum {
    SOON_DAYS = 14,
    SOON_PART = 10 /* of the lifetime */
};

/* Forward secrecy and authenticated encryption only (RFC 9325 section 4.2), AES-128 first, as
 * browsers have it too: nothing breaks it, and it is the fastest. Of TLS 1.3 all that there is. */
#define CIPHERS                                                                                    \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define CIPHERS_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
/* No finite fields: with the largest, a viewer's hello would cost us many times what it costs it.
 */
#define GROUPS "X25519:P-256:P-384"

/* Certificates for the same names, of one kind of key each. */
struct identity {
    SSL_CTX *ctx;
    X509 *leaf; /* one of them, for the names; the context's */
};

struct tls_server {
    struct identity *identities;
    size_t count;
    struct tls_tickets *tickets;
    int64_t expiry; /* the first one's; 0: not known */
};

/* ---- a context ---- */

/* A key with a pass phrase is an error, not a question on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *user)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)user;
    return -1;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *user)
{
    static const unsigned char http11[] = "\x08http/1.1";
    (void)ssl;
    (void)user;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, http11, sizeof http11 - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool matches(X509 *leaf, const char *name)
{
    const unsigned flags =
        X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    return X509_check_host(leaf, name, 0, flags, NULL) == 1;
}

/* The connection began with the first identity's context and keeps its settings; only who we are
 * changes. */
static int choose_identity(SSL *ssl, int *alert, void *server)
{
    const struct tls_server *s = server;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    for (size_t i = 0; name != NULL && i < s->count; i++) {
        if (!matches(s->identities[i].leaf, name))
            continue;
        return i == 0 || SSL_set_SSL_CTX(ssl, s->identities[i].ctx) != NULL
                   ? SSL_TLSEXT_ERR_OK
                   : SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

/* TLS 1.2 and up, tuned for many idle connections. Sessions are resumed by tickets, which the
 * viewer keeps: a cache would be memory of ours, and one lock for all workers. */
static SSL_CTX *create_ctx(struct tls_server *s)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, CIPHERS_13) != 1 ||
        SSL_CTX_set1_groups_list(ctx, GROUPS) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    /* who has no AES in hardware puts ChaCha20 first, and gets it */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1); /* for a page's next connection; each costs every viewer */
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    SSL_CTX_set_tlsext_servername_callback(ctx, choose_identity);
    SSL_CTX_set_tlsext_servername_arg(ctx, s);
    tls_tickets_use(s->tickets, ctx);
    return ctx;
}

/* ---- reading ---- */

static int openssl_failure(char why[TLS_ERROR_MAX])
{
    unsigned long code = ERR_peek_error();
    const char *text =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    snprintf(why, TLS_ERROR_MAX, "%s", text != NULL ? text : "TLS failed");
    ERR_clear_error();
    return -1;
}

/* Has the file a block of PEM of this kind? It may be a key: nothing of it stays behind. */
static bool holds(const char *path, const char *kind)
{
    BIO *in = BIO_new_file(path, "r");
    char *name, *header;
    unsigned char *data;
    long len;
    bool found = false;
    while (in != NULL && !found && PEM_read_bio(in, &name, &header, &data, &len) == 1) {
        size_t n = strlen(name), k = strlen(kind);
        found = n >= k && strcmp(name + n - k, kind) == 0;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)len);
    }
    BIO_free(in);
    ERR_clear_error();
    return found;
}

/* OpenSSL's words are about the file that it looked for. */
static void file_failure(const char *path, const char *wanted, const char *other,
                         char why[TLS_ERROR_MAX])
{
    bool unread = ERR_SYSTEM_ERROR(ERR_peek_error());
    openssl_failure(why);
    if (unread || holds(path, wanted))
        return;
    if (holds(path, other))
        snprintf(why, TLS_ERROR_MAX, "there is a %s in it and no %s (are the two exchanged?)",
                 other, wanted);
    else
        snprintf(why, TLS_ERROR_MAX, "there is no %s in it", wanted);
}

#define PEM_CERTIFICATE "CERTIFICATE"
#define PEM_KEY "PRIVATE KEY"

static enum tls_added read_pair(SSL_CTX *ctx, const char *certificate, const char *key,
                                char why[TLS_ERROR_MAX])
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
        file_failure(certificate, PEM_CERTIFICATE, PEM_KEY, why);
        return TLS_BAD_CERTIFICATE;
    }
    X509 *leaf = SSL_CTX_get0_certificate(ctx); /* of the key's slot, once there is a key */
    bool read = SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1;
    unsigned long code = ERR_peek_error();
    bool other = read ? X509_check_private_key(leaf, SSL_CTX_get0_privatekey(ctx)) != 1
                      : ERR_GET_LIB(code) == ERR_LIB_X509 &&
                            (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
                             ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
    if (other) {
        snprintf(why, TLS_ERROR_MAX, "it belongs to another certificate");
        ERR_clear_error();
    } else if (!read) {
        file_failure(key, PEM_KEY, PEM_CERTIFICATE, why);
    }
    return other || !read ? TLS_BAD_KEY : TLS_ADDED;
}

/* ---- what a certificate says ---- */

static void write_date(const ASN1_TIME *when, char text[TLS_DATE_MAX])
{
    struct tm tm;
    if (ASN1_TIME_to_tm(when, &tm) != 1 || strftime(text, TLS_DATE_MAX, "%Y-%m-%d", &tm) == 0)
        snprintf(text, TLS_DATE_MAX, "?");
}

/* Seconds from one time to another; NULL is now. */
static int64_t seconds_between(const ASN1_TIME *from, const ASN1_TIME *to)
{
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, from, to);
    return days * (int64_t)86400 + seconds;
}

static GENERAL_NAMES *names_of(X509 *leaf)
{
    return X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
}

static void tell_facts(X509 *leaf, struct tls_facts *facts)
{
    const ASN1_TIME *begin = X509_get0_notBefore(leaf), *end = X509_get0_notAfter(leaf);
    int64_t left = seconds_between(NULL, end), life = seconds_between(begin, end);
    GENERAL_NAMES *names = names_of(leaf);
    *facts =
        (struct tls_facts){.too_early = seconds_between(NULL, begin) > 0, .expired = left <= 0};
    facts->soon = left > 0 && left < life / SOON_PART && left < SOON_DAYS * 86400;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        facts->names_hosts |= sk_GENERAL_NAME_value(names, i)->type == GEN_DNS;
    write_date(begin, facts->begins);
    write_date(end, facts->ends);
    GENERAL_NAMES_free(names);
}

static bool has_all(const GENERAL_NAMES *names, const GENERAL_NAMES *of)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(of); i++) {
        int k = 0;
        while (k < sk_GENERAL_NAME_num(names) &&
               GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, k), sk_GENERAL_NAME_value(of, i)) != 0)
            k++;
        if (k >= sk_GENERAL_NAME_num(names))
            return false;
    }
    return true;
}

static bool same_names(X509 *a, X509 *b)
{
    GENERAL_NAMES *of_a = names_of(a), *of_b = names_of(b);
    bool same = of_a != NULL && of_b != NULL && has_all(of_a, of_b) && has_all(of_b, of_a);
    GENERAL_NAMES_free(of_a);
    GENERAL_NAMES_free(of_b);
    return same;
}

static bool has_kind(SSL_CTX *ctx, X509 *like)
{
    int kind = EVP_PKEY_get_base_id(X509_get0_pubkey(like));
    bool found = false;
    for (long at = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST); at == 1 && !found;
         at = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT))
        found = EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_CTX_get0_certificate(ctx))) == kind;
    return found;
}

/* ---- all of them ---- */

/* The pair of one context goes into another, which has none of its kind. */
static enum tls_added join(SSL_CTX *into, SSL_CTX *from, char why[TLS_ERROR_MAX])
{
    STACK_OF(X509) *chain = NULL;
    X509 *leaf = SSL_CTX_get0_certificate(from);
    if (has_kind(into, leaf)) {
        snprintf(why, TLS_ERROR_MAX, "there is one for the same names with such a key already");
        return TLS_TWICE;
    }
    SSL_CTX_get0_chain_certs(from, &chain);
    if (SSL_CTX_use_cert_and_key(into, leaf, SSL_CTX_get0_privatekey(from), chain, 1) == 1)
        return TLS_ADDED;
    openssl_failure(why);
    return TLS_BAD_CERTIFICATE;
}

static enum tls_added append(struct tls_server *s, SSL_CTX *ctx)
{
    struct identity *more = realloc(s->identities, (s->count + 1) * sizeof *more);
    if (more == NULL)
        return TLS_NO_MEMORY;
    SSL_CTX_up_ref(ctx);
    more[s->count++] = (struct identity){ctx, SSL_CTX_get0_certificate(ctx)};
    s->identities = more;
    return TLS_ADDED;
}

static void note_expiry(struct tls_server *s, X509 *leaf)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &tm) != 1)
        return;
    int64_t expiry = (int64_t)timegm(&tm);
    if (s->expiry == 0 || expiry < s->expiry)
        s->expiry = expiry;
}

enum tls_added tls_server_add(struct tls_server *s, const char *certificate, const char *key,
                              struct tls_facts *facts, char why[TLS_ERROR_MAX])
{
    SSL_CTX *ctx = create_ctx(s);
    if (ctx == NULL)
        return TLS_NO_MEMORY;
    enum tls_added added = read_pair(ctx, certificate, key, why);
    if (added == TLS_ADDED) {
        X509 *leaf = SSL_CTX_get0_certificate(ctx);
        size_t i = 0;
        tell_facts(leaf, facts);
        note_expiry(s, leaf);
        while (i < s->count && !same_names(s->identities[i].leaf, leaf))
            i++;
        added = i < s->count ? join(s->identities[i].ctx, ctx, why) : append(s, ctx);
    }
    SSL_CTX_free(ctx);
    return added;
}

struct tls_server *tls_server_create(void)
{
    struct tls_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->tickets = tls_tickets_create();
    if (s->tickets != NULL)
        return s;
    free(s);
    return NULL;
}

void tls_server_destroy(struct tls_server *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        SSL_CTX_free(s->identities[i].ctx);
    free(s->identities);
    tls_tickets_destroy(s->tickets);
    free(s);
}

int64_t tls_server_expiry(const struct tls_server *s)
{
    return s->expiry;
}

SSL_CTX *tls_server_ctx(const struct tls_server *s)
{
    return s->identities[0].ctx;
}
