/* SPDX-License-Identifier: GPL-2.0-or-later
 * Why somebody did not get what was asked for, and why a viewer's connection ended: in words that
 * stay the same, for the audit trail and the metrics, and for people. A new reason is a line of the
 * table in reason.c. */
#ifndef PROXY_REASON_H
#define PROXY_REASON_H

#include <stdbool.h>

enum refusal {
    REFUSAL_NONE,
    REFUSAL_NO_TOKEN,
    REFUSAL_WRONG_TOKEN,
    REFUSAL_EXPIRED_TOKEN, /* a JWT: of the others nobody knows any more */
    REFUSAL_ENCODED_TOKEN,
    REFUSAL_WRONG_NAME,
    REFUSAL_WRONG_PASSWORD,
    REFUSAL_MUST_WAIT,
    REFUSAL_ORIGIN,
    REFUSAL_NO_WEBSOCKET,
    REFUSAL_WEBSOCKET_VERSION,
    REFUSAL_WEBSOCKET_KEY,
    REFUSAL_FULL,
    REFUSAL_DRAINING,
    REFUSAL_STREAM_FULL,
    REFUSAL_STREAM_ENDED,
    REFUSAL_WINDOW, /* not this one, by this token */
    REFUSAL_NO_MEMORY,
    REFUSAL_TLS,
    REFUSAL_PROXY,
    REFUSAL_SLOW,
    REFUSAL_DISPLACED,
    REFUSAL_COUNT
};

/* Of letters and underscores. */
const char *refusal_word(enum refusal r);
/* For the log. */
const char *refusal_text(enum refusal r);
/* Was it somebody who tried to open a stream? The audit trail tells of them. */
bool refusal_is_attempt(enum refusal r);
/* Was a secret missing or wrong? */
bool refusal_is_auth(enum refusal r);
/* Was a secret wrong? Then it may have been a guess. */
bool refusal_is_guess(enum refusal r);

enum ending {
    ENDING_LEFT,     /* the viewer closed */
    ENDING_BROKEN,   /* its connection broke, or it took nothing any more */
    ENDING_SILENT,   /* it answered no ping */
    ENDING_PROTOCOL, /* it broke WebSocket's or RFB's rules */
    ENDING_SLOW,     /* no RFB handshake in time */
    ENDING_REVOKED,
    ENDING_EXPIRED,
    ENDING_REDUCED,       /* its stream has fewer rights now */
    ENDING_SENT_AWAY,     /* by the operator */
    ENDING_WINDOW_CLOSED, /* the window of its stream */
    ENDING_UNBOUND,       /* its stream is strict, and that cannot be promised */
    ENDING_UPSTREAM_LOST, /* the VNC server, before or after it was there */
    ENDING_STOPPING,      /* portholed */
    ENDING_NO_MEMORY,
    ENDING_NONE, /* a connection that was no viewer's */
    ENDING_COUNT
};

const char *ending_word(enum ending e);

/* What went wrong with a VNC server. */
enum trouble {
    TROUBLE_UNREACHABLE,
    TROUBLE_HANDSHAKE, /* it closed, or did not let the proxy in */
    TROUBLE_TIMEOUT,   /* no answer in time */
    TROUBLE_LOST,
    TROUBLE_STALLED, /* it takes no input */
    TROUBLE_PROTOCOL,
    TROUBLE_COUNT
};

const char *trouble_word(enum trouble t);

#endif
