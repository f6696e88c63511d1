/* SPDX-License-Identifier: GPL-2.0-or-later
 * The admin API: a request in, JSON out. Whether somebody may ask is the caller's to have checked.
 * Belongs to its loop's thread. */
#ifndef PROXY_ADMIN_H
#define PROXY_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "audit.h"
#include "backoff.h"
#include "config.h"
#include "feed.h"
#include "log.h"
#include "metrics.h"
#include "store.h"
#include "streams.h"

enum { ADMIN_BODY_MAX = 64 << 10, ADMIN_URL_MAX = 300 };

/* Who asks. */
struct admin_asker {
    const char *by;   /* "unix" or "admin_token" */
    const char *peer; /* address and port; NULL: of this machine, and so is: */
    const struct sockaddr_storage *address;
    bool local; /* then the kernel knows these: */
    uint64_t uid, pid;
};

/* What it works on; the owner keeps it up to date. */
struct admin {
    uv_loop_t *loop;
    struct service *service;
    struct streams *streams;
    struct audit *audit;
    struct metrics *metrics;
    struct backoff *backoff; /* of all who show secrets */
    struct store *store;
    bool asleep; /* the store has grants whose desktop is not in the configuration */
    char base_url[ADMIN_URL_MAX]; /* of the viewer page, as viewers reach it: https://HOST:PORT */

    /* private */
    struct log_limit refusals;
    const struct admin_asker *asker; /* of the present request */
    struct feed *feeds;              /* from the agents that are being asked */
};

/* Embedded by who asks. Zeroed, it is none. */
struct admin_answer {
    /* set by who asks; called from the loop, once, where it is not there at once */
    void (*ready)(struct admin_answer *answer);
    bool awaited; /* it comes later */
    unsigned status;
    const char *type;
    char *body;     /* JSON and a newline, or what type says, for free(); NULL: out of memory */
    char allow[32]; /* the methods of a 405, else "" */

    /* private */
    struct feed_client feed; /* of the agent that knows it */
    char desktop[CONFIG_NAME_MAX + 1];
};

/* method: HTTP_GET ...; path without query. A grant that was made may be the next to expire. What
 * is passed is read before it returns, but for the answer. */
void admin_answer(struct admin *a, const struct admin_asker *asker, unsigned method,
                  const char *path, const uint8_t *body, size_t len, struct admin_answer *answer);
/* Nobody waits for it any more: it is never ready. Any answer may be dropped, more than once. */
void admin_drop(struct admin_answer *answer);

#endif
