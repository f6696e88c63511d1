/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a request is answered: the viewer page's files, /healthz, whether /stream and /windows may
 * be opened, and what may be done there.
 */
#ifndef PROXY_SITE_H
#define PROXY_SITE_H

#include "http.h"
#include "reason.h"
#include "streams.h"
#include "ws/ws.h"

/* An answer. The body is borrowed from the assets or is a literal. */
struct site_answer {
    struct http_answer head;
    const uint8_t *body; /* not to be sent when NULL */
    size_t body_len;
    char text[160];       /* a body of its own, in place of the other; not to be sent when "" */
    enum refusal refused; /* somebody wanted a stream, and this is why not */
    char detail[128];     /* not "": the same for the log; never for the answer */

    /* set when the request opens a stream; then the rest means nothing */
    struct stream *stream; /* a reference, the caller's */
    char accept[WS_ACCEPT_SIZE];
    const char *protocol; /* NULL: select none */
    struct crop_how how;  /* what of the desktop it is shown */
    bool list;            /* nothing: it is told which windows there are */
    const char *auth;     /* by what it was opened, a word for the audit trail: "token", "jwt" */
};

/* Answers a complete head. wait: seconds that its address must wait before it may try again to open
 * a stream; 0: it may. */
void site_answer(const struct service *service, struct streams *streams,
                 const struct http_head *head, unsigned wait, struct site_answer *answer);
/* Refuses a request that http_head_feed could not take; the connection ends behind it. */
void site_refuse(unsigned status, const char *why, struct site_answer *answer);

#endif
