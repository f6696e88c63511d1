/* SPDX-License-Identifier: GPL-2.0-or-later
 * From a target to a VNC server that has let us in: the connection, the layers of its stream, and
 * RFB's handshake, which may put one more layer in. On the connection's thread. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "client/client.h"
#include "net/dial.h"
#include "rfb/err.h"

static int dial(struct ph_client *c, int *fd, ph_error *error)
{
    struct addrinfo *found;
    int rc = net_resolve(&c->target, &found, error);
    if (rc != PH_OK)
        return rc;
    rc = io_enter(c, CLIENT_CONNECTING) ? net_dial(&c->target, found, c->wake_fd, fd, error)
                                        : io_stopped(error);
    if (found != NULL)
        freeaddrinfo(found);
    return rc;
}

/* Polls until the stream may go on. PH_OK, or that the client is to stop. */
static int await_stream(struct ph_client *c, struct stream *s, ph_error *error)
{
    short ready;
    bool woken = !io_wait(c, s->fd, stream_flush(s) ? POLLIN : POLLIN | POLLOUT, &ready);
    return woken ? io_stopped(error) : PH_OK;
}

/* A layer's own handshake. */
static int start(struct ph_client *c, struct stream *s, ph_error *error)
{
    for (;;) {
        int rc = stream_start(s, error);
        if (rc != 0)
            return rc == 1 ? PH_OK : rc;
        rc = await_stream(c, s, error);
        if (rc != PH_OK)
            return rc;
    }
}

/* *s becomes the layer above, or NULL with all that was below closed. */
static int put_tls(struct ph_client *c, struct stream **s, bool anonymous, ph_error *error)
{
    const struct stream_tls how = {
        .host = c->target.host,
        .ca_file = c->login.ca_file,
        .insecure = c->login.insecure,
        .anonymous = anonymous,
    };
    *s = stream_tls(*s, &how, error);
    if (*s == NULL)
        return error_code(error);
    return io_enter(c, CLIENT_TLS) ? start(c, *s, error) : io_stopped(error);
}

static int put_web_socket(struct ph_client *c, struct stream **s, ph_error *error)
{
    const struct net_target *t = &c->target;
    bool usual = t->port == (t->kind == NET_WS ? 80 : 443);
    const struct stream_ws how = {
        .host = t->host,
        .port = usual ? 0 : t->port,
        .path = t->path,
        .token = c->login.token,
    };
    if (t->kind == NET_WS && c->login.token != NULL && !c->login.plaintext &&
        !net_is_local((*s)->fd))
        return error_set(error, PH_E_REFUSED,
                         "the token would cross the network unencrypted; use wss://, or allow it "
                         "with plaintext (--plaintext)");
    *s = stream_ws(*s, &how, error);
    if (*s == NULL)
        return error_code(error);
    return io_enter(c, CLIENT_WEB_SOCKET) ? start(c, *s, error) : io_stopped(error);
}

/* What the target is made of, below RFB. */
static int put_layers(struct ph_client *c, struct stream **s, ph_error *error)
{
    enum net_target_kind kind = c->target.kind;
    int rc = PH_OK;
    if (kind == NET_WSS)
        rc = put_tls(c, s, false, error);
    if (rc == PH_OK && (kind == NET_WS || kind == NET_WSS))
        rc = put_web_socket(c, s, error);
    return rc;
}

/* ---- RFB's handshake ---- */

/* What may be spoken. Plain shows the password to whoever sees the bytes, so these are encrypted or
 * stay on this machine, or the caller has said that it may be. */
static uint8_t allowed(const struct ph_client *c, const struct stream *s)
{
    if (c->target.kind == NET_VNCS)
        return RFB_ALLOW_X509 | (c->login.insecure ? RFB_ALLOW_ANON_TLS : 0);
    bool private = s->tls != NULL || c->login.plaintext || net_is_local(s->fd);
    return RFB_ALLOW_CLEAR | (private ? RFB_ALLOW_PLAIN : 0);
}

/* What would have helped where nothing fits. */
static const char *hint(const struct ph_client *c, const struct rfb_client_hs *hs, int code)
{
    bool vncs = c->target.kind == NET_VNCS;
    if (code != RFB_E_UNSUPPORTED || hs->minor == 0)
        return "";
    if (vncs && !hs->offers_vencrypt)
        return "; it has no TLS, vnc:// goes without";
    if (vncs && !c->login.insecure)
        return "; TLS without certificates is allowed with insecure (--insecure)";
    if (c->target.kind == NET_VNC && hs->offers_vencrypt)
        return "; vncs:// speaks TLS with it";
    return "";
}

/* Some bytes, at most *n. */
static int receive(struct ph_client *c, struct stream *s, uint8_t *to, size_t *n, ph_error *error)
{
    size_t size = *n;
    for (;;) {
        int rc = stream_read(s, to, size, n, error);
        if (rc == STREAM_END)
            return error_set(error, PH_E_CLOSED,
                             "the server closed the connection in the handshake");
        if (rc == PH_OK && *n == 0 && !stream_pending(s))
            rc = await_stream(c, s, error);
        if (rc != PH_OK || *n != 0)
            return rc;
    }
}

/* All of an answer. Where the connection is lost meanwhile, what is read next tells more: the
 * server's reason may be on its way. */
static int send_all(struct ph_client *c, struct stream *s, struct rfb_buf *out, ph_error *error)
{
    while (out->len != 0) {
        size_t put;
        if (stream_write(s, rfb_buf_data(out), out->len, &put, NULL) != PH_OK)
            put = out->len;
        rfb_buf_consume(out, put);
        short ready;
        if (put == 0 && !io_wait(c, s->fd, POLLOUT, &ready))
            return io_stopped(error);
    }
    return PH_OK;
}

static int proceed(struct ph_client *c, struct stream **s, struct rfb_client_hs *hs, int step,
                   ph_error *error)
{
    switch (step) {
    case RFB_HS_START_TLS: {
        int rc = put_tls(c, s, hs->way->allow == RFB_ALLOW_ANON_TLS, error);
        return rc != PH_OK || io_enter(c, CLIENT_HANDSHAKE) ? rc : io_stopped(error);
    }
    case RFB_HS_ASK: {
        int rc = login_ask(c, hs->wanted, error);
        if (rc != PH_OK)
            return rc;
        hs->username = c->login.username;
        hs->password = c->login.password;
        return PH_OK;
    }
    default:
        return PH_OK;
    }
}

static int handshake(struct ph_client *c, struct stream **s, struct rfb_client_hs *hs,
                     ph_error *error)
{
    struct rfb_buf out;
    uint8_t in[512];
    int rc = PH_OK, step = RFB_HS_MORE;
    rfb_buf_init(&out, RFB_CLIENT_HS_OUT);
    while (rc == PH_OK && step != RFB_HS_DONE) {
        size_t n = rfb_client_hs_wants(hs), used;
        n = n < sizeof in ? n : sizeof in;
        if (n != 0 && (rc = receive(c, *s, in, &n, error)) != PH_OK)
            break;
        step = rfb_client_hs_feed(hs, in, n, &used, &out);
        if (step < 0) {
            rc = error_set(error, error_from_rfb(step), "%s%s", hs->reason, hint(c, hs, step));
            break;
        }
        rc = send_all(c, *s, &out, error);
        if (rc == PH_OK)
            rc = proceed(c, s, hs, step, error);
    }
    rfb_buf_wipe(&out); /* a password was in it */
    return rc;
}

int open_connection(struct ph_client *c, struct stream **stream, struct rfb_client_hs *hs,
                    ph_error *error)
{
    int fd = -1;
    int rc = dial(c, &fd, error);
    if (rc != PH_OK)
        return rc;
    c->given_fd = -1; /* the stream's from here on */
    *stream = stream_socket(fd, error);
    if (*stream == NULL)
        return error_code(error);
    rc = put_layers(c, stream, error);
    if (rc != PH_OK)
        return rc;
    if (!io_enter(c, CLIENT_HANDSHAKE))
        return io_stopped(error);
    rfb_client_hs_init(hs);
    hs->username = c->login.username;
    hs->password = c->login.password;
    hs->can_ask = c->login.secret != NULL;
    hs->allow = allowed(c, *stream);
    rc = handshake(c, stream, hs, error);
    if (rc == PH_OK) /* otherwise the other thread may be asking for a password still */
        login_finish(&c->login);
    return rc;
}
