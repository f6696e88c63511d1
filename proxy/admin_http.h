/* SPDX-License-Identifier: GPL-2.0-or-later
 * One request to the admin API and its answer, whatever carries the bytes: its HTTP, and who may
 * ask. Belongs to its loop's thread. */
#ifndef PROXY_ADMIN_HTTP_H
#define PROXY_ADMIN_HTTP_H

#include "admin.h"
#include "http.h"

/* What the connections of a listener share. */
struct admin_door {
    struct admin *admin;
    void (*after)(void *owner); /* called behind each request */
    void *owner;
    bool needs_token; /* that of admin->service; false: whoever gets here may ask */
};

/* Embedded by its owner. */
struct admin_http {
    struct rfb_buf answer; /* for the owner to send, then the connection ends */
    bool head_done;        /* it has come, and who sent it may ask */

    /* private */
    struct http_head head;
    struct rfb_buf body;
    unsigned wait; /* seconds, for who has failed too often */
    struct admin_answer got;
    void (*answered)(struct admin_http *x, int rc);
};

/* answered: called where the answer comes later, with what admin_http_feed would have answered. */
void admin_http_init(struct admin_http *x, void (*answered)(struct admin_http *x, int rc));
/* Nobody waits for an answer any more, and none comes. At the latest when the door closes. */
void admin_http_drop(struct admin_http *x);
/* Wipes the answer, which may hold a token, and the body, which may hold a password. */
void admin_http_finish(struct admin_http *x);

/* The request has come to its end: nothing of it is on its way still. */
bool admin_http_is_whole(const struct admin_http *x);
/* Feeds what came. 0: more is to come. 1: there is an answer, and nothing more may be fed. 2: the
 * same, but the answer comes later, within seconds. -1: out of memory. */
int admin_http_feed(struct admin_http *x, const struct admin_door *door,
                    const struct admin_asker *asker, const uint8_t *data, size_t len);

#endif
