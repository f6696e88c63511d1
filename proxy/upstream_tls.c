/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upstream_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { SUBJECT_MAX = 256 };

static SSL_CTX *fail(SSL_CTX *ctx, const char *doing, char why[UPSTREAM_TLS_WORDS_MAX])
{
    unsigned long code = ERR_peek_error();
    const char *text =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    snprintf(why, UPSTREAM_TLS_WORDS_MAX, "%s (%s)", doing,
             text != NULL ? text : "no reason is given");
    ERR_clear_error();
    SSL_CTX_free(ctx);
    return NULL;
}

static const char *expected_host(const struct config_desktop *d)
{
    return d->tls_name != NULL ? d->tls_name : d->host;
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* An address as certificates hold it is without the zone of a link-local one. */
static bool expect_host(SSL_CTX *ctx, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
    char address[CONFIG_HOST_MAX + 1];
    snprintf(address, sizeof address, "%.*s", (int)strcspn(host, "%"), host);
    if (is_address(address))
        return X509_VERIFY_PARAM_set1_ip_asc(param, address) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

/* The anonymous suites end with TLS 1.2 and are below every security level but 0. */
static bool allow_anonymous(SSL_CTX *ctx)
{
    return SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "aNULL:!eNULL:@SECLEVEL=0") == 1;
}

static SSL_CTX *verify(SSL_CTX *ctx, const struct config_desktop *d,
                       char why[UPSTREAM_TLS_WORDS_MAX])
{
    char doing[UPSTREAM_TLS_WORDS_MAX / 2];
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (!expect_host(ctx, expected_host(d)))
        return fail(ctx, "the expected host cannot be set", why);
    if (d->ca_file.path == NULL)
        return SSL_CTX_set_default_verify_paths(ctx) == 1
                   ? ctx
                   : fail(ctx, "the system's certificate authorities cannot be used", why);
    snprintf(doing, sizeof doing, "no certificate can be read from %s", d->ca_file.path);
    return SSL_CTX_load_verify_file(ctx, d->ca_file.path) == 1 ? ctx : fail(ctx, doing, why);
}

SSL_CTX *upstream_tls_create(const struct config_desktop *d, char why[UPSTREAM_TLS_WORDS_MAX])
{
    bool anonymous = d->tls == CONFIG_TLS_ANONYMOUS;
    ERR_clear_error();
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        (anonymous && !allow_anonymous(ctx)))
        return fail(ctx, "TLS cannot be set up", why);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return anonymous ? ctx : verify(ctx, d, why);
}

int upstream_tls_name_host(SSL *ssl, const struct config_desktop *d)
{
    const char *host = expected_host(d);
    bool named = d->tls == CONFIG_TLS_X509 && strchr(host, ':') == NULL && !is_address(host);
    return !named || SSL_set_tlsext_host_name(ssl, host) == 1 ? 0 : -1;
}

static const struct {
    long code;
    const char *words, *hint;
} reasons[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "the certificate of the desktop's VNC server has expired",
     "have it renewed"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "the certificate of the desktop's VNC server is not valid yet",
     "look at the clocks of both machines"},
    {X509_V_ERR_HOSTNAME_MISMATCH,
     "the certificate of the desktop's VNC server is made out to another host",
     "name the host as the certificate does, in tls_name"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH,
     "the certificate of the desktop's VNC server is made out to another host",
     "name the host as the certificate does, in tls_name"},
    {X509_V_OK, /* any other */
     "the certificate of the desktop's VNC server comes from no authority that is trusted here",
     "name the authority to trust in ca_file"},
};

const char *upstream_tls_distrust(SSL *ssl, char detail[UPSTREAM_TLS_WORDS_MAX])
{
    char subject[SUBJECT_MAX] = "";
    long code = SSL_get_verify_result(ssl);
    if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE || code == X509_V_OK)
        return NULL;
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    if (chain != NULL && sk_X509_num(chain) > 0)
        X509_NAME_oneline(X509_get_subject_name(sk_X509_value(chain, 0)), subject, sizeof subject);
    size_t i = 0;
    while (reasons[i].code != code && reasons[i].code != X509_V_OK)
        i++;
    snprintf(detail, UPSTREAM_TLS_WORDS_MAX, "TLS: the certificate '%.200s' is not trusted: %s; %s",
             subject, X509_verify_cert_error_string(code), reasons[i].hint);
    return reasons[i].words;
}
