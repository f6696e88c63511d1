/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls.h"

#include <linux/sockios.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
    LINGER_TICK_MS = 250,
    LINGER_STALL_TICKS = 20, /* 5 s without progress: the peer does not read any more */
    LINGER_MAX_TICKS = 480   /* two minutes in all, however slowly it goes forward */
};

/* ---- the context ---- */

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

SSL_CTX *tls_ctx_create(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    return ctx;
}

static int openssl_failure(char why[TLS_ERROR_MAX])
{
    unsigned long code = ERR_peek_error();
    const char *text =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    snprintf(why, TLS_ERROR_MAX, "%s", text != NULL ? text : "TLS failed");
    ERR_clear_error();
    return -1;
}

int tls_ctx_use_certificate(SSL_CTX *ctx, const char *path, char why[TLS_ERROR_MAX])
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, path) != 1)
        return openssl_failure(why);
    return 0;
}

int tls_ctx_use_key(SSL_CTX *ctx, const char *path, char why[TLS_ERROR_MAX])
{
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        return openssl_failure(why);
    return 0;
}

/* ---- the BIO: reads from the current piece of input, writes into the gather buffer ---- */

static int bio_read(BIO *bio, char *buf, size_t len, size_t *got)
{
    struct tls_conn *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *got = len < c->in_len ? len : c->in_len;
    if (*got == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(buf, c->in, *got);
    c->in += *got;
    c->in_len -= *got;
    return 1;
}

static int bio_write(BIO *bio, const char *buf, size_t len, size_t *put)
{
    struct tls_conn *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (rfb_buf_put(&c->scratch->gather, buf, len) != 0)
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

static BIO *create_bio(struct tls_conn *c)
{
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, make_bio_method);
    BIO *bio = bio_method != NULL ? BIO_new(bio_method) : NULL;
    if (bio == NULL)
        return NULL;
    BIO_set_data(bio, c);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- sending ---- */

static void end(struct tls_conn *c, const char *why)
{
    if (c->state != TLS_HANDSHAKE && c->state != TLS_OPEN)
        return;
    c->state = TLS_ENDED;
    uv_read_stop((uv_stream_t *)&c->tcp);
    c->events->ended(c, why);
}

static void shut_down_when_sent(struct tls_conn *c);

static void on_progress(struct outq *q, int status)
{
    struct tls_conn *c = q->stream->data;
    if (c->state == TLS_CLOSED)
        return;
    if (status < 0) {
        if (c->state == TLS_LINGER)
            tls_conn_abort(c);
        else
            end(c, uv_strerror(status));
    } else if (c->state == TLS_LINGER) {
        shut_down_when_sent(c);
    } else if (c->state == TLS_OPEN) {
        c->events->drained(c);
    }
}

/* Sends what has been gathered; the buffer is empty afterwards, whatever happens. */
static int flush(struct tls_conn *c)
{
    struct rfb_buf *gather = &c->scratch->gather;
    int rc = outq_send(&c->out, rfb_buf_data(gather), gather->len);
    rfb_buf_consume(gather, gather->len);
    return rc;
}

int tls_conn_send(struct tls_conn *c, const uint8_t *data, size_t len)
{
    if (c->state != TLS_OPEN)
        return -1;
    size_t put;
    ERR_clear_error();
    int ok = len == 0 || SSL_write_ex(c->ssl, data, len, &put) == 1;
    int rc = flush(c);
    return ok && rc == 0 ? 0 : -1;
}

/* ---- receiving ---- */

static const char *tls_failure(int error, char why[TLS_ERROR_MAX])
{
    if (error == SSL_ERROR_ZERO_RETURN)
        return TLS_PEER_CLOSED;
    char reason[TLS_ERROR_MAX - 8];
    unsigned long code = ERR_peek_error();
    const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;
    snprintf(reason, sizeof reason, "%s", text != NULL ? text : "broken");
    snprintf(why, TLS_ERROR_MAX, "TLS: %s", reason);
    ERR_clear_error();
    return why;
}

/* Decrypts all of the current read. 1: connection still good; 0: why it is not. */
static int decrypt(struct tls_conn *c, const char **why, char text[TLS_ERROR_MAX])
{
    while (c->state == TLS_HANDSHAKE || c->state == TLS_OPEN) {
        size_t got = 0;
        ERR_clear_error();
        int rc = c->state == TLS_HANDSHAKE
                     ? SSL_do_handshake(c->ssl)
                     : SSL_read_ex(c->ssl, c->scratch->plain, SCRATCH_PLAIN, &got);
        if (rc != 1) {
            int error = SSL_get_error(c->ssl, rc);
            if (error == SSL_ERROR_WANT_READ)
                return 1;
            *why = tls_failure(error, text);
            return 0;
        }
        if (c->state == TLS_HANDSHAKE)
            c->state = TLS_OPEN;
        else
            c->events->data(c, c->scratch->plain, got);
    }
    return 1;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tls_conn *c = stream->data;
    char text[TLS_ERROR_MAX];
    const char *why = NULL;
    if (n == 0)
        return;
    if (c->state == TLS_LINGER) {
        if (n < 0)
            tls_conn_abort(c);
        return;
    }
    if (n < 0) {
        end(c, n == UV_EOF ? TLS_PEER_CLOSED : uv_strerror((int)n));
        return;
    }
    c->in = (const uint8_t *)buf->base;
    c->in_len = (size_t)n;
    int good = decrypt(c, &why, text);
    c->in = NULL;
    c->in_len = 0;
    if (c->state != TLS_HANDSHAKE && c->state != TLS_OPEN) {
        /* closed meanwhile: what was gathered must not become another connection's first bytes */
        rfb_buf_consume(&c->scratch->gather, c->scratch->gather.len);
        return;
    }
    /* what OpenSSL itself had to say: handshake, alerts, key updates */
    int rc = flush(c);
    if (!good)
        end(c, why);
    else if (rc != 0)
        end(c, "the peer does not read");
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tls_conn *c = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)c->scratch->cipher, SCRATCH_CIPHER);
}

/* ---- life ---- */

int tls_conn_init(struct tls_conn *c, uv_loop_t *loop, const struct tls_events *events,
                  struct scratch *scratch)
{
    *c = (struct tls_conn){.events = events, .scratch = scratch};
    int rc = uv_tcp_init(loop, &c->tcp);
    if (rc != 0)
        return rc;
    uv_timer_init(loop, &c->linger);
    outq_init(&c->out, (uv_stream_t *)&c->tcp, TLS_QUEUE_MAX, on_progress);
    c->tcp.data = c;
    c->linger.data = c;
    c->handles = 2;
    return 0;
}

int tls_conn_start(struct tls_conn *c, SSL_CTX *ctx)
{
    c->ssl = SSL_new(ctx);
    BIO *bio = c->ssl != NULL ? create_bio(c) : NULL;
    if (bio == NULL)
        return -1;
    SSL_set_bio(c->ssl, bio, bio);
    SSL_set_accept_state(c->ssl);
    uv_tcp_nodelay(&c->tcp, 1);
    c->wants_read = true;
    return uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) == 0 ? 0 : -1;
}

void tls_conn_pause(struct tls_conn *c, bool pause)
{
    if ((c->state != TLS_OPEN && c->state != TLS_HANDSHAKE) || c->wants_read == !pause)
        return;
    c->wants_read = !pause;
    if (pause)
        uv_read_stop((uv_stream_t *)&c->tcp);
    else
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

static void on_closed(uv_handle_t *handle)
{
    struct tls_conn *c = handle->data;
    if (--c->handles != 0)
        return;
    SSL_free(c->ssl);
    c->ssl = NULL;
    c->events->closed(c);
}

void tls_conn_abort(struct tls_conn *c)
{
    if (c->state == TLS_CLOSED)
        return;
    c->state = TLS_CLOSED;
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    uv_close((uv_handle_t *)&c->linger, on_closed);
}

/* Bytes the kernel still holds: SIOCOUTQ counts what the peer has not acknowledged. */
static int kernel_queue(struct tls_conn *c)
{
    uv_os_fd_t fd;
    int bytes = 0;
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &bytes) != 0)
        return 0;
    return bytes;
}

static void on_linger(uv_timer_t *timer)
{
    struct tls_conn *c = timer->data;
    int waiting = kernel_queue(c) + (int)uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
    c->stalled = waiting < c->last_outq ? 0 : c->stalled + 1;
    c->last_outq = waiting;
    if (c->stalled >= LINGER_STALL_TICKS || ++c->lingered >= LINGER_MAX_TICKS)
        tls_conn_abort(c);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct tls_conn *c = req->handle->data;
    if (status < 0 && c->state == TLS_LINGER)
        tls_conn_abort(c);
}

static void shut_down_when_sent(struct tls_conn *c)
{
    if (c->out.queued != 0 || c->shut_down)
        return;
    c->shut_down = true;
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0)
        tls_conn_abort(c);
}

void tls_conn_finish(struct tls_conn *c)
{
    if (c->state != TLS_OPEN) {
        if (c->state != TLS_LINGER)
            tls_conn_abort(c);
        return;
    }
    c->state = TLS_LINGER;
    ERR_clear_error();
    SSL_shutdown(c->ssl);
    if (flush(c) != 0 ||
        uv_timer_start(&c->linger, on_linger, LINGER_TICK_MS, LINGER_TICK_MS) != 0) {
        tls_conn_abort(c);
        return;
    }
    c->last_outq = INT32_MAX;
    /* from here on input is thrown away, but read: unread input would turn the close into a reset
     */
    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
    shut_down_when_sent(c);
}
