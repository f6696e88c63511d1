/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where grants are kept across restarts. Of a token and a password there is only the hash. One
 * thread's at a time. */
#ifndef PROXY_STORE_H
#define PROXY_STORE_H

#include <stddef.h>

#include "grant.h"

enum { STORE_ERROR_MAX = 256 };

struct store;

/* Opens the file, or makes it; one of an older version gets the tables of this one. NULL in place
 * of a path: memory, and nothing outlives the process. NULL with the reason in why. */
struct store *store_open(const char *path, char why[STORE_ERROR_MAX]);
/* Accepts NULL. */
void store_close(struct store *s);

/* All grants, oldest first, in *list for free(). 0, or -1 with the reason in why. */
int store_list(struct store *s, struct grant **list, size_t *count, char why[STORE_ERROR_MAX]);
/* 0, or -1 with the reason in why: then it is not kept. */
int store_add(struct store *s, const struct grant *g, char why[STORE_ERROR_MAX]);
/* 1: the grant of this id is in *g, 0: there is none such, or -1 as above. */
int store_get(struct store *s, const char *id, struct grant *g, char why[STORE_ERROR_MAX]);
/* Label, rights, max_viewers and expires of the grant of g's id become g's. 1, 0 or -1 as above. */
int store_change(struct store *s, const struct grant *g, char why[STORE_ERROR_MAX]);
/* 1: it is forgotten, 0: there is none such, or -1 as above. */
int store_remove(struct store *s, const char *id, char why[STORE_ERROR_MAX]);
/* All revocations of JWTs, oldest first, as store_list. */
int store_list_revocations(struct store *s, struct revocation **list, size_t *count,
                           char why[STORE_ERROR_MAX]);
/* 0, or -1 as above. One that is there already is well. */
int store_revoke(struct store *s, const struct revocation *r, char why[STORE_ERROR_MAX]);
/* Forgets what has expired by now, seconds since 1970, and revocations that nobody needs then. */
int store_expire(struct store *s, int64_t now, char why[STORE_ERROR_MAX]);

#endif
