/* SPDX-License-Identifier: GPL-2.0-or-later
 * A stream made while the server runs, as the store keeps it. */
#ifndef PROXY_GRANT_H
#define PROXY_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "jwt.h"
#include "policy.h"

enum {
    GRANT_ID_SIZE = 16 + 1, /* 64 random bits as hexadecimal digits, and the NUL */
    GRANT_LABEL_MAX = 100   /* bytes of UTF-8 */
};

struct grant {
    char id[GRANT_ID_SIZE];
    char label[GRANT_LABEL_MAX + 1]; /* for people; may be "" */
    char desktop[CONFIG_NAME_MAX + 1];
    uint8_t token[CONFIG_TOKEN_SIZE];  /* SHA-256 of the token; by name: of one that nobody knows */
    char password[PASSWORD_HASH_SIZE]; /* as password.h has it; "": none */
    bool by_name;                      /* its id and the password open it, and no token does */
    struct policy policy;
    struct crop_how window; /* selector "": the whole desktop */
    unsigned max_viewers;   /* at once; 0: no limit but the server's */
    bool single_use;        /* the first viewer uses it up */
    int64_t created;        /* seconds since 1970 */
    int64_t expires;        /* the same; 0: never */
};

/* A JWT that opens nothing any more. */
struct revocation {
    char id[GRANT_ID_SIZE];    /* of its stream */
    char jti[JWT_JTI_MAX + 1]; /* "": it has none */
    int64_t until;             /* seconds since 1970: then it has expired in any case */
};

#endif
