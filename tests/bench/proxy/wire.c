/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../bench.h"

enum {
    GREEDY = 256 << 10, /* one read of the socket */
    HEAD_MAX = 4096,    /* of the proxy's answer */
    OP_BINARY = 2,      /* RFC 6455 section 5.2 */
    OP_CLOSE = 8,
    OP_PING = 9,
    OP_PONG = 10
};

__attribute__((noreturn)) static void fail(const char *what)
{
    unsigned long code = ERR_get_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    fprintf(stderr, "%s%s%s\n", what, why != NULL ? ": " : "", why != NULL ? why : "");
    exit(1);
}

void door_init(struct door *d, const char *kind, const char *port, const char *token, bool greedy)
{
    *d = (struct door){.port = atoi(port), .websocket = strcmp(kind, "ws") == 0, .token = token};
    d->tls = SSL_CTX_new(TLS_client_method());
    if (d->tls == NULL)
        fail("TLS");
    SSL_CTX_set_verify(d->tls, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_ciphersuites(d->tls, "TLS_AES_128_GCM_SHA256"); /* what browsers put first */
    if (greedy) {
        SSL_CTX_set_read_ahead(d->tls, 1);
        SSL_CTX_set_default_read_buffer_len(d->tls, GREEDY);
    }
}

void door_finish(struct door *d)
{
    SSL_CTX_free(d->tls);
}

/* ---- TLS ---- */

static void put(struct wire *w, const void *bytes, size_t n)
{
    size_t sent;
    if (SSL_write_ex(w->ssl, bytes, n, &sent) != 1)
        fail("the proxy does not take what a viewer sends");
}

/* At most n bytes; the proxy's end is 0. */
static size_t get(struct wire *w, void *in, size_t n)
{
    static _Thread_local uint8_t nowhere[16 << 10];
    size_t got = 0;
    size_t most = in == NULL && n > sizeof nowhere ? sizeof nowhere : n;
    return SSL_read_ex(w->ssl, in != NULL ? in : nowhere, most, &got) == 1 ? got : 0;
}

static void get_all(struct wire *w, void *in, size_t n)
{
    uint8_t *to = in;
    while (n != 0) {
        size_t got = get(w, to, n);
        if (got == 0)
            fail("the proxy ended a viewer");
        to += to != NULL ? got : 0;
        n -= got;
    }
}

/* ---- WebSocket ---- */

static void send_frame(struct wire *w, uint8_t opcode, const void *payload, size_t n)
{
    uint8_t frame[6 + 125] = {(uint8_t)(0x80 | opcode), (uint8_t)(0x80 | n)}; /* the mask is 0 */
    memcpy(frame + 6, payload, n);
    put(w, frame, 6 + n);
}

/* Reads on to the next frame with payload of RFB in it. False: a close frame. */
static bool next_frame(struct wire *w)
{
    uint8_t head[2], more[8] = {0}, payload[125];
    get_all(w, head, 2);
    size_t len = head[1] & 0x7f, bytes = len == 126 ? 2 : len == 127 ? 8 : 0;
    get_all(w, more, bytes);
    w->left = bytes != 0 ? 0 : len;
    for (size_t i = 0; i < bytes; i++)
        w->left = w->left << 8 | more[i];
    uint8_t opcode = head[0] & 15;
    if (opcode < OP_CLOSE)
        return true;
    get_all(w, payload, len);
    w->left = 0;
    if (opcode == OP_PING)
        send_frame(w, OP_PONG, payload, len);
    return opcode != OP_CLOSE;
}

static void upgrade(struct wire *w, const struct door *d)
{
    char text[HEAD_MAX + 1];
    int n = snprintf(text, sizeof text,
                     "GET /stream HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n"
                     "Authorization: Bearer %s\r\n\r\n",
                     d->port, d->token);
    put(w, text, (size_t)n);
    size_t len = 0;
    do {
        if (len == HEAD_MAX)
            fail("the proxy's answer has no end");
        get_all(w, text + len, 1);
        text[++len] = '\0';
    } while (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4) != 0);
    if (strncmp(text, "HTTP/1.1 101", 12) != 0)
        fail(text);
}

/* ---- RFB ---- */

void wire_send(struct wire *w, const void *bytes, size_t n)
{
    if (w->websocket)
        send_frame(w, OP_BINARY, bytes, n);
    else
        put(w, bytes, n);
}

void wire_take(struct wire *w, void *in, size_t n)
{
    uint8_t *to = in;
    while (n != 0) {
        while (w->websocket && w->left == 0)
            if (!next_frame(w))
                fail("the proxy closed a viewer");
        size_t part = w->websocket && w->left < n ? (size_t)w->left : n;
        get_all(w, to, part);
        w->left -= w->websocket ? part : 0;
        to += to != NULL ? part : 0;
        n -= part;
    }
}

void wire_ask(struct wire *w, bool incremental, unsigned width, unsigned height)
{
    const uint8_t request[10] = {3,
                                 incremental,
                                 0,
                                 0,
                                 0,
                                 0,
                                 (uint8_t)(width >> 8),
                                 (uint8_t)width,
                                 (uint8_t)(height >> 8),
                                 (uint8_t)height};
    wire_send(w, request, sizeof request);
}

void wire_request(struct wire *w, unsigned width, unsigned height)
{
    wire_ask(w, false, width, height);
}

void wire_encodings(struct wire *w)
{
    wire_send(w, "\2\0\0\1\0\0\0\0", 8);
}

static unsigned get_u16(const uint8_t *p)
{
    return (unsigned)(p[0] << 8 | p[1]);
}

unsigned wire_update_begin(struct wire *w)
{
    uint8_t head[4];
    wire_take(w, head, sizeof head);
    if (head[0] != 0)
        fail("a message that is no update");
    return get_u16(head + 2);
}

size_t wire_update_end(struct wire *w, unsigned rectangles)
{
    size_t pixels = 0;
    for (; rectangles != 0; rectangles--) {
        uint8_t head[12];
        wire_take(w, head, sizeof head);
        if (memcmp(head + 8, "\0\0\0\0", 4) != 0)
            fail("a rectangle that is not Raw");
        size_t n = (size_t)get_u16(head + 4) * get_u16(head + 6);
        wire_take(w, NULL, 4 * n);
        pixels += n;
    }
    return pixels;
}

static void shake_hands(struct wire *w)
{
    uint8_t in[255];
    wire_take(w, in, 12);
    wire_send(w, "RFB 003.008\n", 12);
    wire_take(w, in, 1);
    wire_take(w, NULL, in[0]);
    wire_send(w, "\1", 1); /* None */
    wire_take(w, in, 4);
    if (memcmp(in, "\0\0\0\0", 4) != 0)
        fail("the RFB handshake failed");
    wire_send(w, "\1", 1); /* shared */
    wire_take(w, in, 24);
    w->width = get_u16(in);
    w->height = get_u16(in + 2);
    wire_take(w, NULL, in[23]); /* the name, which is short */
}

void wire_open(struct wire *w, const struct door *d)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)d->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    *w = (struct wire){.websocket = d->websocket};
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        die("connect to the proxy");
    w->ssl = SSL_new(d->tls);
    if (w->ssl == NULL || SSL_set_fd(w->ssl, w->fd) != 1 || SSL_connect(w->ssl) != 1)
        fail("TLS handshake");
    if (w->websocket)
        upgrade(w, d);
    shake_hands(w);
}

void wire_close(struct wire *w)
{
    SSL_shutdown(w->ssl);
    SSL_free(w->ssl);
    close(w->fd);
}

bool wire_tend(struct wire *w)
{
    uint8_t byte;
    size_t got;
    /* nothing but pings and the end comes to an idle one: TLS's own records are no news */
    if (SSL_peek_ex(w->ssl, &byte, 1, &got) != 1)
        return false;
    return w->websocket ? next_frame(w) : true;
}
