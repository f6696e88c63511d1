/* SPDX-License-Identifier: GPL-2.0-or-later
 * The admin API: a request in, JSON out. Whether somebody may ask is the caller's to have checked.
 * One thread's.
 */
#ifndef PROXY_ADMIN_H
#define PROXY_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "audit.h"
#include "backoff.h"
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
    struct service *service;
    struct streams *streams;
    struct audit *audit;
    struct metrics *metrics;
    struct backoff *backoff; /* of all who show secrets */
    struct store *store;
    bool asleep; /* the store has grants whose desktop is not in the configuration */
    char base_url[ADMIN_URL_MAX]; /* of the viewer page, as viewers reach it: https://HOST:PORT */
    struct log_limit refusals;    /* private */
    const struct admin_asker *asker; /* private: of the present request */
};

struct admin_answer {
    unsigned status;
    const char *type;
    char *body;     /* JSON and a newline, or what type says, for free(); NULL: out of memory */
    char allow[32]; /* the methods of a 405, else "" */
};

/* method: HTTP_GET ...; path without query. A grant that was made may be the next to expire. */
void admin_answer(struct admin *a, const struct admin_asker *asker, unsigned method,
                  const char *path, const uint8_t *body, size_t len, struct admin_answer *answer);

#endif
