/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* The strictest policy under which the viewer page and Debian's noVNC work: noVNC draws its cursor
 * from data: and blob: images and rings its bell from a file of its own (media-src). 'self' covers
 * wss: to the same host and port. */
#define CONTENT_SECURITY_POLICY                                                                    \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "        \
    "connect-src 'self'; font-src 'self'; media-src 'self'; base-uri 'none'; "                     \
    "form-action 'none'; frame-ancestors 'self'"

enum { ORIGIN_MAX = 300 }; /* a DNS name of 253 bytes fits, with scheme and port */

static const struct {
    const char *name;
    bool list; /* may stand on several lines */
} table[HTTP_H_COUNT] = {
    [HTTP_H_HOST] = {"Host", false},
    [HTTP_H_ORIGIN] = {"Origin", false},
    [HTTP_H_UPGRADE] = {"Upgrade", true},
    [HTTP_H_WS_KEY] = {"Sec-WebSocket-Key", false},
    [HTTP_H_WS_VERSION] = {"Sec-WebSocket-Version", false},
    [HTTP_H_WS_PROTOCOL] = {"Sec-WebSocket-Protocol", true},
    [HTTP_H_AUTHORIZATION] = {"Authorization", false},
    [HTTP_H_IF_NONE_MATCH] = {"If-None-Match", true},
    [HTTP_H_TRANSFER_ENCODING] = {"Transfer-Encoding", true},
    [HTTP_H_FORWARDED_FOR] = {"X-Forwarded-For", true},
};

/* ---- heads ---- */

static int find_header(const char *name, size_t len)
{
    for (int i = 0; i < HTTP_H_COUNT; i++)
        if (strlen(table[i].name) == len && strncasecmp(table[i].name, name, len) == 0)
            return i;
    return -1;
}

static int on_url(http_parser *p, const char *at, size_t len)
{
    struct http_head *h = p->data;
    return rfb_buf_put(&h->url, at, len);
}

static int on_field(http_parser *p, const char *at, size_t len)
{
    struct http_head *h = p->data;
    if (h->in_value)
        h->name_len = 0;
    h->in_value = false;
    size_t room = sizeof h->name - h->name_len;
    if (len > room)
        len = room; /* a name that fills the array is none of the table's */
    memcpy(h->name + h->name_len, at, len);
    h->name_len += len;
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t len)
{
    struct http_head *h = p->data;
    if (!h->in_value) {
        h->in_value = true;
        h->spaced = h->spaced || (h->name_len != 0 && h->name[h->name_len - 1] == ' ');
        h->current = find_header(h->name, h->name_len);
        if (h->current >= 0 && h->headers[h->current] != NULL) {
            h->duplicate = h->duplicate || !table[h->current].list;
            if (rfb_buf_put(&h->values[h->current], ", ", 2) != 0)
                return -1;
        }
    }
    if (h->current < 0)
        return 0;
    h->headers[h->current] = ""; /* present; on_complete points it at the text */
    return rfb_buf_put(&h->values[h->current], at, len);
}

/* Splits the URL in place into path and query. */
static int split_url(struct http_head *h)
{
    struct http_parser_url url;
    http_parser_url_init(&url);
    size_t len = h->url.len;
    h->path = h->query = "";
    if (rfb_buf_put_u8(&h->url, 0) != 0)
        return -1;
    char *text = (char *)h->url.data + h->url.off;
    if (http_parser_parse_url(text, len, h->parser.method == HTTP_CONNECT, &url) != 0)
        return -1;
    if (url.field_set & 1u << UF_PATH) {
        h->path = text + url.field_data[UF_PATH].off;
        text[url.field_data[UF_PATH].off + url.field_data[UF_PATH].len] = '\0';
    }
    if (url.field_set & 1u << UF_QUERY) {
        h->query = text + url.field_data[UF_QUERY].off;
        text[url.field_data[UF_QUERY].off + url.field_data[UF_QUERY].len] = '\0';
    }
    return 0;
}

static int on_complete(http_parser *p)
{
    struct http_head *h = p->data;
    for (int i = 0; i < HTTP_H_COUNT; i++) {
        if (h->headers[i] == NULL)
            continue;
        if (rfb_buf_put_u8(&h->values[i], 0) != 0)
            return -1;
        h->headers[i] = (const char *)rfb_buf_data(&h->values[i]);
    }
    if (split_url(h) != 0)
        return -1;
    h->method = p->method;
    h->keep_alive = http_should_keep_alive(p) != 0;
    h->upgrade = p->upgrade && h->headers[HTTP_H_UPGRADE] != NULL;
    h->has_body = p->content_length != 0 && p->content_length != UINT64_MAX;
    h->content_length = h->has_body ? p->content_length : 0;
    h->complete = true;
    return 2; /* the parser stops behind this head: bodies are not taken */
}

void http_head_init(struct http_head *h)
{
    *h = (struct http_head){.current = -1};
    rfb_buf_init(&h->url, HTTP_HEAD_MAX + 1);
    for (int i = 0; i < HTTP_H_COUNT; i++)
        rfb_buf_init(&h->values[i],
                     2 * HTTP_HEAD_MAX); /* ", " may be longer than a header's head */
    http_parser_init(&h->parser, HTTP_REQUEST);
    h->parser.data = h;
}

void http_head_reset(struct http_head *h)
{
    rfb_buf_wipe(&h->url); /* either may hold a token */
    for (int i = 0; i < HTTP_H_COUNT; i++)
        rfb_buf_wipe(&h->values[i]);
    http_head_init(h);
}

static int refuse_head(int status, const char *words, const char **why)
{
    *why = words;
    return -status;
}

/* What http-parser takes but nobody may send. */
static int check_head(struct http_head *h, const char **why)
{
    if (h->parser.http_major != 1)
        return refuse_head(505, "Only HTTP/1.1 is spoken here.\n", why);
    if (h->duplicate)
        return refuse_head(400, "A header that may come once came twice.\n", why);
    if (h->parser.http_minor >= 1 && h->headers[HTTP_H_HOST] == NULL)
        return refuse_head(400, "The Host header is missing.\n", why);
    /* how long such a body is, nobody here could tell: what follows must not be taken for a request
     */
    if (h->headers[HTTP_H_TRANSFER_ENCODING] != NULL)
        return refuse_head(400, "Transfer-Encoding is not taken here.\n", why);
    if (h->spaced)
        return refuse_head(400, "A header's name ends with white space.\n", why);
    return 1;
}

int http_head_feed(struct http_head *h, const uint8_t *data, size_t len, size_t *used,
                   const char **why)
{
    static const http_parser_settings settings = {.on_url = on_url,
                                                  .on_header_field = on_field,
                                                  .on_header_value = on_value,
                                                  .on_headers_complete = on_complete};
    size_t room = HTTP_HEAD_MAX - h->seen;
    size_t n = len < room ? len : room;
    *used = http_parser_execute(&h->parser, &settings, (const char *)data, n);
    h->seen += *used;
    if (h->complete)
        return check_head(h, why);
    if (HTTP_PARSER_ERRNO(&h->parser) != HPE_OK)
        return refuse_head(400, "This is not a request that HTTP/1.1 allows.\n", why);
    if (h->seen == HTTP_HEAD_MAX)
        return refuse_head(431, "The request's head is longer than 8192 bytes.\n", why);
    return 0;
}

bool http_list_next(const char **list, const char **element, size_t *len)
{
    static const char space[] = " \t";
    const char *p = *list + strspn(*list, " \t,");
    size_t n = strcspn(p, ",");
    *list = p + n;
    while (n != 0 && strchr(space, p[n - 1]) != NULL)
        n--;
    *element = p;
    *len = n;
    return n != 0;
}

/* ---- queries ---- */

bool http_query_find(const char *query, const char *name, const char **value, size_t *len)
{
    size_t n = strlen(name);
    for (; *query != '\0'; query += strcspn(query, "&")) {
        query += *query == '&';
        if (strncmp(query, name, n) == 0 && query[n] == '=') {
            *value = query + n + 1;
            *len = strcspn(*value, "&");
            return true;
        }
    }
    return false;
}

int http_decode(const char *value, size_t len, char *to, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++, n++) {
        if (n + 1 >= size)
            return -1;
        to[n] = value[i];
        if (value[i] != '%')
            continue;
        int high = i + 2 < len ? OPENSSL_hexchar2int((unsigned char)value[i + 1]) : -1;
        int low = high >= 0 ? OPENSSL_hexchar2int((unsigned char)value[i + 2]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return -1;
        to[n] = (char)(high * 16 + low);
        i += 2;
    }
    to[n] = '\0';
    return 0;
}

/* ---- origins ---- */

struct origin {
    const char *host;
    size_t host_len;
    unsigned port; /* 0: a scheme whose port is not known */
};

static bool parse_origin(const char *text, struct origin *o)
{
    const unsigned needed = 1u << UF_SCHEMA | 1u << UF_HOST, port = 1u << UF_PORT;
    struct http_parser_url url;
    http_parser_url_init(&url);
    size_t len = strlen(text);
    if (http_parser_parse_url(text, len, 0, &url) != 0 || (url.field_set & ~port) != needed ||
        text[len - 1] == '?' || text[len - 1] == '#')
        return false;
    size_t scheme = url.field_data[UF_SCHEMA].len;
    o->host = text + url.field_data[UF_HOST].off;
    o->host_len = url.field_data[UF_HOST].len;
    o->port = url.field_set & port                                     ? url.port
              : scheme == 5 && strncasecmp(text, "https", scheme) == 0 ? 443
              : scheme == 4 && strncasecmp(text, "http", scheme) == 0  ? 80
                                                                       : 0;
    return true;
}

bool http_is_origin(const char *text)
{
    struct origin o;
    return parse_origin(text, &o);
}

bool http_same_origin(const char *origin, const char *host)
{
    char own[ORIGIN_MAX];
    struct origin a, b;
    int n = snprintf(own, sizeof own, "https://%s", host);
    return n > 0 && (size_t)n < sizeof own && parse_origin(origin, &a) && parse_origin(own, &b) &&
           a.port == b.port && a.host_len == b.host_len &&
           strncasecmp(a.host, b.host, a.host_len) == 0;
}

/* ---- answers ---- */

static void put_date(char date[64])
{
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(date, 64, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static int put_text(struct rfb_buf *out, int rc, const char *text)
{
    return rc != 0 ? rc : rfb_buf_put(out, text, strlen(text));
}

int http_put_answer(struct rfb_buf *out, const struct http_answer *a)
{
    char head[512], date[64], length[64] = "";
    put_date(date);
    if (a->status != HTTP_STATUS_NOT_MODIFIED)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", a->length);
    snprintf(head, sizeof head, "HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: %s\r\n%s", a->status,
             http_status_str((enum http_status)a->status), date, a->close ? "close" : "keep-alive",
             length);
    int rc = put_text(out, 0, head);
    if (a->type != NULL) {
        rc = put_text(out, rc, "Content-Type: ");
        rc = put_text(out, rc, a->type);
        rc = put_text(out, rc, "\r\n");
    }
    if (a->etag != NULL) {
        rc = put_text(out, rc, "ETag: ");
        rc = put_text(out, rc, a->etag);
        rc = put_text(out, rc, "\r\n");
    }
    if (a->retry_after != 0) {
        snprintf(head, sizeof head, "Retry-After: %u\r\n", a->retry_after);
        rc = put_text(out, rc, head);
    }
    if (a->extra != NULL)
        rc = put_text(out, rc, a->extra);
    return put_text(out, rc,
                    "Cache-Control: no-cache\r\n"
                    "Content-Security-Policy: " CONTENT_SECURITY_POLICY "\r\n"
                    "Referrer-Policy: no-referrer\r\n"
                    "X-Content-Type-Options: nosniff\r\n\r\n");
}

int http_put_switch(struct rfb_buf *out, const char *accept, const char *protocol)
{
    int rc = put_text(out, 0,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
    rc = put_text(out, rc, accept);
    if (protocol != NULL) {
        rc = put_text(out, rc, "\r\nSec-WebSocket-Protocol: ");
        rc = put_text(out, rc, protocol);
    }
    return put_text(out, rc, "\r\n\r\n");
}
