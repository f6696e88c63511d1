/* SPDX-License-Identifier: GPL-2.0-or-later
 * HTTP/1.1 as bytes in and bytes out: request heads (the grammar is http-parser's) and answers.
 * Request bodies are not taken. */
#ifndef PROXY_HTTP_H
#define PROXY_HTTP_H

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rfb/buf.h"

enum {
    HTTP_HEAD_MAX = 8192, /* request line and headers */
    HTTP_ANSWER_MAX = 4096
};

/* The headers somebody here reads. */
enum http_header {
    HTTP_H_HOST,
    HTTP_H_ORIGIN,
    HTTP_H_UPGRADE,
    HTTP_H_WS_KEY,
    HTTP_H_WS_VERSION,
    HTTP_H_WS_PROTOCOL,
    HTTP_H_AUTHORIZATION,
    HTTP_H_IF_NONE_MATCH,
    HTTP_H_TRANSFER_ENCODING,
    HTTP_H_FORWARDED_FOR,
    HTTP_H_COUNT
};

/* One request head. Embedded by its owner; holds memory only between the first byte of a head and
 * http_head_reset. */
struct http_head {
    /* for the owner to read, once feed has answered 1 */
    const char *path;  /* without the query */
    const char *query; /* "" where there is none. It may hold a token: not for the log. */
    const char
        *headers[HTTP_H_COUNT]; /* NULL: absent. Lists on several lines are joined by ", ". */
    unsigned method;            /* HTTP_GET ... */
    bool keep_alive;
    bool upgrade; /* Connection: Upgrade and an Upgrade header */
    bool has_body;
    uint64_t content_length; /* of the body */

    /* private */
    http_parser parser;
    size_t seen; /* bytes of this head so far */
    struct rfb_buf url, values[HTTP_H_COUNT];
    int current; /* header whose value comes, -1: one that nobody reads */
    bool in_value, complete, duplicate, spaced;
    size_t name_len;
    char name[32]; /* longer than any name in the table */
};

void http_head_init(struct http_head *h);
/* Frees the storage and waits for the next head. */
void http_head_reset(struct http_head *h);

/* Feeds bytes, counts in *used what belongs to the head. 1: the head is complete. 0: all was taken,
 * more is needed. Otherwise the negated status to refuse with (-400, -431, -505), with the
 * words for the peer in *why. */
int http_head_feed(struct http_head *h, const uint8_t *data, size_t len, size_t *used,
                   const char **why);

/* Takes the next element of a comma-separated list (RFC 9110 section 5.6.1): *list moves behind it,
 * *element and *len tell where it is, without the white space around it. False at the end. */
bool http_list_next(const char **list, const char **element, size_t *len);

/* Finds the first NAME=VALUE in a query (without the sign), and where its value is, as it was sent.
 * False: there is none. */
bool http_query_find(const char *query, const char *name, const char **value, size_t *len);
/* Undoes the percent-encoding of RFC 3986 section 2.1; a plus sign stands for itself. to: of size
 * bytes, with the NUL that ends it. 0, or -1: a broken escape, a NUL in the text, or too long. */
int http_decode(const char *value, size_t len, char *to, size_t size);

/* Is it SCHEME://HOST or SCHEME://HOST:PORT and nothing else (RFC 6454 section 6.2)? */
bool http_is_origin(const char *text);
/* Do the Origin and the Host header of a request over TLS name the same host and port? A port that
 * is left out is the scheme's. */
bool http_same_origin(const char *origin, const char *host);

struct http_answer {
    unsigned status;
    const char *type;     /* Content-Type */
    const char *etag;     /* with its quotes; NULL: none */
    const char *extra;    /* further header lines, each ended by CRLF; NULL: none */
    unsigned retry_after; /* seconds; 0: none */
    size_t length;        /* bytes of the body */
    bool close;           /* the connection ends behind this answer */
};

/* Appends the head of an answer. 0, RFB_E_TOO_LARGE or RFB_E_NO_MEMORY. */
int http_put_answer(struct rfb_buf *out, const struct http_answer *a);
/* Appends the head that switches to WebSocket; protocol NULL: none selected. */
int http_put_switch(struct rfb_buf *out, const char *accept, const char *protocol);

#endif
