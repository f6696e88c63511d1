/* SPDX-License-Identifier: GPL-2.0-or-later
 * How a client asks for a WebSocket (RFC 6455 section 4.1), as bytes out and bytes in. The grammar
 * of HTTP is http-parser's. */
#ifndef NET_UPGRADE_H
#define NET_UPGRADE_H

#include <http_parser.h>

#include "error.h"
#include "net/stream.h"
#include "rfb/buf.h"
#include "ws/ws.h"

enum {
    UPGRADE_HEAD_MAX = 8192, /* bytes of the answer: its head, or all of it where it refuses */
    UPGRADE_VALUE_MAX = 127, /* bytes kept of a header or of the words of a refusal */
};

/* The headers of an answer that count. */
enum upgrade_header {
    UPGRADE_H_UPGRADE,
    UPGRADE_H_CONNECTION,
    UPGRADE_H_ACCEPT,
    UPGRADE_H_PROTOCOL,
    UPGRADE_H_EXTENSIONS,
    UPGRADE_H_CONTENT_TYPE,
    UPGRADE_H_COUNT
};

/* A text that is kept as far as it fits. */
struct upgrade_text {
    char text[UPGRADE_VALUE_MAX + 1];
    size_t len;
};

struct upgrade {
    /* private */
    char accept[WS_ACCEPT_SIZE]; /* the answer that our key asks for */
    char path[64];               /* for messages, cut */
    bool token;                  /* one was sent */
    http_parser parser;
    size_t fed;
    bool head_done, all_done;
    bool in_value;
    int header; /* an upgrade_header, or -1 */
    struct upgrade_text name, words, status, values[UPGRADE_H_COUNT];
};

/* Puts the request into out. PH_OK, or PH_E_NO_MEMORY or _SYSTEM. */
int upgrade_begin(struct upgrade *u, const struct stream_ws *how, struct rfb_buf *out,
                  ph_error *error);

/* Reads the answer from data and counts what it took in *used. 1: the WebSocket is open, and what
 * is behind *used belongs to it. 0: more is needed. Otherwise the server has none for us:
 * PH_E_PASSWORD, _REFUSED, _TOO_MANY_TRIES, _NOT_FOUND, _UNREACHABLE (what it stands in front of),
 * _PROTOCOL. */
int upgrade_feed(struct upgrade *u, const void *data, size_t len, size_t *used, ph_error *error);
/* The same for the end of the connection: never 1 or 0. */
int upgrade_end(struct upgrade *u, ph_error *error);

#endif
