/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/upgrade.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NONCE = 16, REQUEST_MAX = 4096 };

/* ---- the request ---- */

/* An IPv6 address has its brackets here; a zone is this machine's own affair (RFC 6874). */
static void put_host(char *to, size_t size, const struct stream_ws *how)
{
    bool six = strchr(how->host, ':') != NULL;
    int len = six ? (int)strcspn(how->host, "%") : (int)strlen(how->host);
    char port[8] = "";
    if (how->port != 0)
        snprintf(port, sizeof port, ":%u", how->port);
    snprintf(to, size, "%s%.*s%s%s", six ? "[" : "", len, how->host, six ? "]" : "", port);
}

static int on_status(http_parser *p, const char *at, size_t len);
static int on_field(http_parser *p, const char *at, size_t len);
static int on_value(http_parser *p, const char *at, size_t len);
static int on_head(http_parser *p);
static int on_body(http_parser *p, const char *at, size_t len);
static int on_all(http_parser *p);

static const http_parser_settings settings = {
    .on_status = on_status,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_all,
};

int upgrade_begin(struct upgrade *u, const struct stream_ws *how, struct rfb_buf *out,
                  ph_error *error)
{
    unsigned char nonce[NONCE];
    char key[25], host[300], text[REQUEST_MAX];
    *u = (struct upgrade){.header = -1, .token = how->token != NULL};
    snprintf(u->path, sizeof u->path, "%s", how->path);
    http_parser_init(&u->parser, HTTP_RESPONSE);
    u->parser.data = u;
    if (RAND_bytes(nonce, sizeof nonce) != 1)
        return error_set(error, PH_E_SYSTEM, "OpenSSL has no random bytes");
    EVP_EncodeBlock((unsigned char *)key, nonce, sizeof nonce);
    if (ws_accept(key, u->accept) != 0)
        return error_set(error, PH_E_SYSTEM, "SHA-1 is not available in this OpenSSL");
    put_host(host, sizeof host, how);
    int len =
        snprintf(text, sizeof text,
                 "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Protocol: binary\r\n%s%s%s\r\n",
                 how->path, host, key, u->token ? "Authorization: Bearer " : "",
                 u->token ? how->token : "", u->token ? "\r\n" : "");
    int rc = PH_OK;
    if (len >= REQUEST_MAX || rfb_buf_put(out, text, (size_t)len) != 0)
        rc = error_set(error, PH_E_NO_MEMORY, "no room for the WebSocket request");
    explicit_bzero(text, sizeof text);
    return rc;
}

/* ---- the answer ---- */

static const char *const names[UPGRADE_H_COUNT] = {
    [UPGRADE_H_UPGRADE] = "Upgrade",
    [UPGRADE_H_CONNECTION] = "Connection",
    [UPGRADE_H_ACCEPT] = "Sec-WebSocket-Accept",
    [UPGRADE_H_PROTOCOL] = "Sec-WebSocket-Protocol",
    [UPGRADE_H_EXTENSIONS] = "Sec-WebSocket-Extensions",
    [UPGRADE_H_CONTENT_TYPE] = "Content-Type",
};

static void keep(struct upgrade_text *t, const char *at, size_t len)
{
    size_t room = UPGRADE_VALUE_MAX - t->len, n = len < room ? len : room;
    memcpy(t->text + t->len, at, n);
    t->len += n;
}

static int on_status(http_parser *p, const char *at, size_t len)
{
    struct upgrade *u = p->data;
    keep(&u->status, at, len);
    return 0;
}

static int on_field(http_parser *p, const char *at, size_t len)
{
    struct upgrade *u = p->data;
    if (u->in_value)
        u->name = (struct upgrade_text){0};
    u->in_value = false;
    keep(&u->name, at, len);
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t len)
{
    struct upgrade *u = p->data;
    if (!u->in_value) {
        u->in_value = true;
        u->header = -1;
        for (int i = 0; i < UPGRADE_H_COUNT; i++)
            if (strcasecmp(u->name.text, names[i]) == 0)
                u->header = i;
        if (u->header >= 0 && u->values[u->header].len != 0)
            keep(&u->values[u->header], ", ", 2);
    }
    if (u->header >= 0)
        keep(&u->values[u->header], at, len);
    return 0;
}

static int on_head(http_parser *p)
{
    struct upgrade *u = p->data;
    u->head_done = true;
    for (int i = 0; i < UPGRADE_H_COUNT; i++) { /* http-parser leaves blanks at the end */
        struct upgrade_text *value = &u->values[i];
        while (value->len != 0 && strchr(" \t", value->text[value->len - 1]) != NULL)
            value->text[--value->len] = '\0';
    }
    return 0;
}

/* A refusal's words, where they are for people. */
static int on_body(http_parser *p, const char *at, size_t len)
{
    struct upgrade *u = p->data;
    if (strncasecmp(u->values[UPGRADE_H_CONTENT_TYPE].text, "text/plain", 10) == 0)
        keep(&u->words, at, len);
    return 0;
}

static int on_all(http_parser *p)
{
    struct upgrade *u = p->data;
    u->all_done = true;
    http_parser_pause(p, 1); /* what follows is no other answer */
    return 0;
}

static const struct {
    unsigned status;
    int code;
    const char *hint;
} refusals[] = {
    {401, PH_E_PASSWORD, ""},
    {403, PH_E_REFUSED, ""},
    {404, PH_E_NOT_FOUND, "; is this the path of its WebSocket?"},
    {407, PH_E_PASSWORD, ""},
    {429, PH_E_TOO_MANY_TRIES, ""},
    {502, PH_E_UNREACHABLE, ""},
    {503, PH_E_UNREACHABLE, ""},
    {504, PH_E_UNREACHABLE, ""},
};

static int refuse(const struct upgrade *u, ph_error *error)
{
    int code = PH_E_PROTOCOL;
    const char *hint = "; there is no WebSocket";
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].status == u->parser.status_code) {
            code = refusals[i].code;
            hint = refusals[i].hint;
        }
    }
    if (code == PH_E_PASSWORD && !u->token)
        hint = "; it wants a token and none was given";
    const char *words = u->words.text;
    return error_set(error, code, "the server answered %u %s to %s%s%.*s%s", u->parser.status_code,
                     u->status.text, u->path, words[0] != '\0' ? ": " : "",
                     (int)strcspn(words, "\r\n"), words, hint);
}

/* One of a header's values, which stand between commas. */
static bool has_token(const char *list, const char *token)
{
    size_t len = strlen(token);
    for (const char *at = list; *at != '\0'; at += strcspn(at, ",")) {
        at += strspn(at, ", \t");
        if (strncasecmp(at, token, len) == 0 && strchr(", \t", at[len]) != NULL)
            return true;
    }
    return false;
}

/* RFC 6455 section 4.1, what a client checks. */
static int check(const struct upgrade *u, ph_error *error)
{
    const char *protocol = u->values[UPGRADE_H_PROTOCOL].text, *why = NULL;
    if (!has_token(u->values[UPGRADE_H_UPGRADE].text, "websocket") ||
        !has_token(u->values[UPGRADE_H_CONNECTION].text, "upgrade"))
        why = "it upgrades to something else";
    else if (strcmp(u->values[UPGRADE_H_ACCEPT].text, u->accept) != 0)
        why = "Sec-WebSocket-Accept does not fit the key";
    else if (protocol[0] != '\0' && strcmp(protocol, "binary") != 0)
        why = "it chose a subprotocol that was not offered";
    else if (u->values[UPGRADE_H_EXTENSIONS].len != 0)
        why = "it chose an extension that was not offered";
    if (why == NULL)
        return 1;
    return error_set(error, PH_E_PROTOCOL, "the server answers no WebSocket request: %s", why);
}

int upgrade_feed(struct upgrade *u, const void *data, size_t len, size_t *used, ph_error *error)
{
    size_t room = UPGRADE_HEAD_MAX - u->fed, n = len < room ? len : room;
    *used = http_parser_execute(&u->parser, &settings, data, n);
    u->fed += *used;
    if (u->all_done && u->parser.status_code == 101 && u->parser.upgrade)
        return check(u, error);
    if (u->all_done)
        return refuse(u, error);
    if (HTTP_PARSER_ERRNO(&u->parser) != HPE_OK)
        return error_set(error, PH_E_PROTOCOL,
                         "the server's answer is no HTTP; an address of a VNC server itself begins "
                         "with vnc://");
    if (u->fed < UPGRADE_HEAD_MAX)
        return 0;
    if (u->head_done)
        return refuse(u, error);
    return error_set(error, PH_E_PROTOCOL,
                     "the head of the server's answer is longer than %d bytes", UPGRADE_HEAD_MAX);
}

int upgrade_end(struct upgrade *u, ph_error *error)
{
    if (u->head_done && u->parser.status_code != 101)
        return refuse(u, error);
    return error_set(error, PH_E_CLOSED,
                     "the server closed the connection in the WebSocket handshake");
}
