/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the rooms of the admin API share: admin.c (which request is answered by what),
 * admin_streams.c, admin_jwt.c and admin_windows.c. Nobody else includes this. */
#ifndef PROXY_ADMIN_PRIVATE_H
#define PROXY_ADMIN_PRIVATE_H

#include <http_parser.h>
#include <jansson.h>

#include "admin.h"

/* ---- admin.c ---- */

/* Takes the reference to json; NULL, or no memory: a body of NULL. */
void admin_put_json(struct admin_answer *out, unsigned status, json_t *json);
/* {"error": the words}, printable. */
void admin_refuse(struct admin_answer *out, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What is promised to who sees the window, or was to the last who came to its desktop: into json,
 * which may be NULL, where the selector is one's. */
void admin_put_bound(json_t *json, const char *window, enum bound bound);

/* Answers of requests: id is what the path has for the route's *, "" where there is none; body is
 * an object where the method has one, else NULL. */
typedef void admin_answer_fn(struct admin *a, const char *id, const json_t *body,
                             struct admin_answer *out);

/* ---- admin_streams.c ---- */

admin_answer_fn admin_list_streams, admin_make_stream, admin_change_stream, admin_end_stream;

/* ---- admin_jwt.c ---- */

admin_answer_fn admin_list_revocations, admin_revoke_jti;
/* r has an id and a jti. */
void admin_revoke_jwt(struct admin *a, struct revocation *r, struct admin_answer *out);

/* ---- admin_windows.c ---- */

admin_answer_fn admin_list_windows;
/* For a desktop that has no agent, and its name. */
#define ADMIN_NO_AGENT                                                                             \
    "desktop \"%s\" has no agent, which knows the windows; add agent = unix:PATH to it"

#endif
