/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_pipe.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <stdio.h>
#include <string.h>

/* ---- the BIO: reads from the current piece of input, writes into the gather buffer ---- */

static int bio_read(BIO *bio, char *buf, size_t len, size_t *got)
{
    struct tls_pipe *p = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *got = len < p->in_len ? len : p->in_len;
    if (*got == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(buf, p->in, *got);
    p->in += *got;
    p->in_len -= *got;
    return 1;
}

static int bio_write(BIO *bio, const char *buf, size_t len, size_t *put)
{
    struct tls_pipe *p = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (rfb_buf_put(&p->scratch->gather, buf, len) != 0)
        return 0;
    *put = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *bio_method;

static void make_bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "portholed gather");
    if (m == NULL)
        return;
    BIO_meth_set_read_ex(m, bio_read);
    BIO_meth_set_write_ex(m, bio_write);
    BIO_meth_set_ctrl(m, bio_ctrl);
    bio_method = m;
}

static BIO *create_bio(struct tls_pipe *p)
{
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, make_bio_method);
    BIO *bio = bio_method != NULL ? BIO_new(bio_method) : NULL;
    if (bio == NULL)
        return NULL;
    BIO_set_data(bio, p);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- life ---- */

int tls_pipe_init(struct tls_pipe *p, SSL_CTX *ctx, bool server, struct scratch *scratch,
                  struct outq *out)
{
    *p = (struct tls_pipe){.scratch = scratch, .out = out, .ssl = SSL_new(ctx)};
    BIO *bio = p->ssl != NULL ? create_bio(p) : NULL;
    if (bio == NULL)
        return -1;
    SSL_set_bio(p->ssl, bio, bio);
    if (server)
        SSL_set_accept_state(p->ssl);
    else
        SSL_set_connect_state(p->ssl);
    return 0;
}

void tls_pipe_finish(struct tls_pipe *p)
{
    SSL_free(p->ssl);
    p->ssl = NULL;
}

/* ---- sending ---- */

/* Sends what has been gathered; the buffer is empty afterwards, whatever happens. */
static int flush(struct tls_pipe *p)
{
    struct rfb_buf *gather = &p->scratch->gather;
    int rc = outq_send(p->out, rfb_buf_data(gather), gather->len);
    rfb_buf_consume(gather, gather->len);
    return rc;
}

int tls_pipe_send(struct tls_pipe *p, const uint8_t *data, size_t len)
{
    size_t put;
    ERR_clear_error();
    int ok = len == 0 || SSL_write_ex(p->ssl, data, len, &put) == 1;
    int rc = flush(p);
    return ok && rc == 0 ? 0 : -1;
}

int tls_pipe_end(struct tls_pipe *p)
{
    ERR_clear_error();
    SSL_shutdown(p->ssl);
    return flush(p);
}

/* ---- receiving ---- */

static const char *failure(int error, char text[TLS_ERROR_MAX])
{
    char reason[TLS_ERROR_MAX - 8];
    if (error == SSL_ERROR_ZERO_RETURN)
        return TLS_PEER_CLOSED;
    unsigned long code = ERR_peek_error();
    const char *words = code != 0 ? ERR_reason_error_string(code) : NULL;
    snprintf(reason, sizeof reason, "%s", words != NULL ? words : "broken");
    snprintf(text, TLS_ERROR_MAX, "TLS: %s", reason);
    ERR_clear_error();
    return text;
}

static enum tls_step step(struct tls_pipe *p, uint8_t *to, size_t size, size_t *got,
                          const char **why, char text[TLS_ERROR_MAX])
{
    ERR_clear_error();
    int rc = p->open ? SSL_read_ex(p->ssl, to, size, got) : SSL_do_handshake(p->ssl);
    if (rc == 1 && p->open)
        return TLS_DATA;
    if (rc == 1) {
        p->open = true;
        return TLS_SHAKEN;
    }
    int error = SSL_get_error(p->ssl, rc);
    if (error == SSL_ERROR_WANT_READ)
        return TLS_MORE;
    /* OpenSSL knows it by its first bytes where it looks for a record */
    bool http = SSL_is_server(p->ssl) && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    *why = failure(error, text);
    return http ? TLS_HTTP : TLS_FAILED;
}

enum tls_step tls_pipe_take(struct tls_pipe *p, uint8_t *to, size_t size, size_t *got,
                            const char **why, char text[TLS_ERROR_MAX])
{
    *got = 0;
    enum tls_step taken = step(p, to, size, got, why, text);
    /* what OpenSSL itself had to say: handshake, alerts, key updates */
    if (p->scratch->gather.len != 0 && flush(p) != 0 && taken >= TLS_MORE) {
        *why = "the peer does not read";
        return TLS_FAILED;
    }
    return taken;
}
