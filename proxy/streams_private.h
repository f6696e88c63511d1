/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the rooms of the streams share: streams.c (which there are), streams_grants.c (made and
 * ended while the server runs), streams_jwt.c (what JWTs open), streams_viewers.c (who is in them)
 * and streams_desktop.c (what is known of a desktop). Nobody else includes this. Everything here is
 * behind the lock. */
#ifndef PROXY_STREAMS_PRIVATE_H
#define PROXY_STREAMS_PRIVATE_H

#include <pthread.h>

#include "streams.h"

/* All streams of one name: the one that its tokens open now, and those of earlier configurations as
 * long as somebody is in them. */
struct stream_name {
    char text[CONFIG_NAME_MAX + 1];
    unsigned viewers; /* in all of them, without lists of windows */
    unsigned lists;
    struct stream *newest; /* never NULL */
    UT_hash_handle hh;
};

/* A grant that must not open again, though the store may hold it. */
struct dead {
    char id[GRANT_ID_SIZE];
    UT_hash_handle hh;
};

/* A JWT that was revoked or used up. */
struct banned {
    struct revocation revocation;
    bool unkept; /* the store is to keep it */
    struct banned *next_unkept;
    UT_hash_handle hh; /* by the id */
};

struct watcher;

struct streams {
    pthread_mutex_t lock;
    struct stream_name *names;
    struct stream_opener *openers; /* of the current streams, by the token's digest */
    struct dead *dead;
    struct banned *banned; /* the oldest first */
    struct banned *first_unkept, **last_unkept;
    struct service *service; /* the present one, a reference */
    struct stream_desktop *desktops;
    struct watcher *watchers; /* does not change while there are workers */
    uint64_t loads;           /* counts configurations */
    unsigned grants;          /* current ones */
    int64_t earliest;         /* no stream expires before; 0: none does */
    unsigned viewers, viewers_max;
    bool draining;
    uint64_t last_id;
    struct presence *present; /* the newest first */
};

/* ---- streams.c ---- */

/* Makes a grant's stream, and lets its token open it; with openers NULL, one that no token opens:
 * the only reference is the caller's. 0, 1: there is no such desktop, or -1: out of
 * memory. */
int streams_create_granted(struct streams *all, struct service *service, const struct grant *g,
                           struct stream_opener **openers, struct stream **made);
/* One reference less. Accepts NULL. */
void streams_drop(struct streams *all, struct stream *s);
/* No token opens it any more. It stays as long as somebody is in it. */
void streams_retire(struct streams *all, struct stream *s);
/* Only the first end counts. */
void stream_end(struct stream *s, enum stream_end end);
/* By the clock on the wall: the timer that ends streams stands still while the machine sleeps. */
bool stream_has_expired(const struct stream *s);
/* NULL: there is none. */
struct stream_name *streams_name(const struct streams *all, const char *text);

/* ---- streams_grants.c ---- */

bool streams_is_dead(const struct streams *all, const char *id);
/* 0, or -1: out of memory. */
int streams_bury(struct streams *all, const char *id);

/* ---- streams_jwt.c ---- */

bool streams_is_banned(const struct streams *all, const char *id);
/* As streams_ban, but nobody is sent away. */
int streams_put_ban(struct streams *all, const struct revocation *r, bool kept);

/* ---- streams_desktop.c ---- */

/* What is known of the desktop of this name, with a reference; NULL: out of memory. */
struct stream_desktop *streams_take_desktop(struct streams *all, const char *desktop);
/* Accepts NULL. */
void streams_drop_desktop(struct streams *all, struct stream_desktop *t);

#endif
