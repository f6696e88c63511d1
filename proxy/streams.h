/* SPDX-License-Identifier: GPL-2.0-or-later
 * The streams that tokens open now, and who is in them: what the workers share. Counts hold across
 * workers and reloads. Thread-safe: one lock, held for moments. */
#ifndef PROXY_STREAMS_H
#define PROXY_STREAMS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grant.h"
#include "service.h"
#include "table.h"

/* What outlives a reload: the viewers of a stream's name, and what is known of a desktop's. */
struct stream_name;
struct stream_desktop;

/* One of a stream's tokens, in the table of all. */
struct stream_opener {
    struct stream *stream;
    UT_hash_handle hh; /* its key is the token's digest, in the stream's configuration */
};

/* Whether it is certain that a viewer of one window gets nothing of others, or only tried. */
enum bound { BOUND_UNKNOWN, BOUND_STRICT, BOUND_BEST_EFFORT };
/* "strict", "best effort"; NULL: it is not known. */
const char *bound_word(enum bound bound);

enum stream_end { STREAM_GOES_ON, STREAM_REVOKED, STREAM_EXPIRED, STREAM_REDUCED };

/* Where the stream of a JWT comes from. */
struct stream_jwt {
    char key[CONFIG_NAME_MAX + 1]; /* the name of [jwt NAME] */
    char jti[JWT_JTI_MAX + 1];     /* "": none */
};

/* What a token opens: a section of the configuration, a grant, or what a JWT says.
 * Reference-counted; what it points at stays as long as it does. */
struct stream {
    const struct config_stream *config; /* a grant's too: its id is the name */
    const struct grant *grant;          /* NULL: of the configuration; a JWT's has one too */
    const struct stream_jwt *jwt;       /* NULL: of no JWT */
    atomic_int end;                     /* a stream_end: whether its viewers are to be sent away */

    /* private */
    atomic_uint refs;
    struct service *service; /* a reference: config is in it */
    struct stream_name *name;
    struct stream_desktop *desktop;
    bool current;  /* tokens, or its name, open it, and have a reference */
    bool spent;    /* a grant for a single use, which has been made */
    uint64_t load; /* which configuration it came with */
    struct stream_opener openers[CONFIG_TOKENS_MAX];
    struct config_stream own_config; /* a grant's */
    struct grant own_grant;
    struct stream *older;       /* of the same name */
    struct stream *next_loaded; /* while a configuration is loaded */
};

/* A viewer in a stream; embedded by its owner. */
struct presence {
    uint64_t id;           /* counted from 1 */
    char peer[64];         /* its address, set by the owner before it enters */
    const char *window;    /* its selector, or "": the whole desktop; set as peer, and stays */
    bool list;             /* it is told which windows there are, and shown none; the same */
    int64_t since;         /* seconds since 1970 */
    atomic_bool unwanted;  /* it is to be sent away */
    atomic_int bound;      /* an enum bound: of what it sees of a window */
    struct stream *stream; /* while it is in; private as what follows */
    struct presence *previous, *next;
};

struct streams;

/* NULL when out of memory. */
struct streams *streams_create(void);
/* No stream may be referred to any more. Accepts NULL. */
void streams_destroy(struct streams *all);

/* wake is called from any thread when a stream has ended or been spent, a viewer is unwanted, or
 * the last viewer leaves while streams drain; turn, unless it is NULL, when a handshake, or a
 * password's check, has ended that others wait for. The former takes a look at every viewer, and
 * the latter happens with every new one. To be set before others use all. 0, or -1: out of memory.
 */
int streams_watch(struct streams *all, void (*wake)(void *owner), void (*turn)(void *owner),
                  void *owner);

/* Calls them back. */
void streams_wake_all(struct streams *all);
void streams_wake_turns(struct streams *all);

/* Takes over the streams of a configuration, and the grants for its desktops. A stream that is not
 * there any more is revoked, and so is one whose desktop, tokens, passwords or rights have become
 * others or fewer: its viewers must come again. The rest goes on. 0, or -1: out of memory, and
 * nothing has changed. */
int streams_load(struct streams *all, struct service *service, const struct grant *grants,
                 size_t count);

/* One more grant. 0, 1: there is no such desktop, 2: there are STREAMS_GRANTS_MAX, or -1: out of
 * memory. */
enum { STREAMS_GRANTS_MAX = 100000 /* of about 1 KB: 100 MB, and twice that in a reload */ };
int streams_add(struct streams *all, struct service *service, const struct grant *g);
/* A grant has become another, with its id, desktop and token: at once. Viewers who had a right that
 * it does not give any more are sent away; the others keep the rights they came with. 0, 1: no
 * token opens it now, or -1: out of memory, and nothing has changed. */
int streams_change(struct streams *all, struct service *service, const struct grant *g);
/* Ends a grant, its viewers included, and counts it among the dead. 1, 0: there is none such, or
 * -1: out of memory, and nothing has happened. */
int streams_revoke(struct streams *all, const char *id);
/* When the next stream expires, or a little earlier; 0: none will. */
int64_t streams_earliest(struct streams *all);
/* Ends what has expired by now (seconds since 1970). True: there was something. *next: when the
 * next will, 0: none. */
bool streams_expire(struct streams *all, int64_t now, int64_t *next);
/* Has the grant been spent or revoked, whatever the store says? */
bool streams_is_over(struct streams *all, const char *id);
/* Grants that have been spent or revoked, but that the store may still hold: streams_load leaves
 * them out. Of them one that the store is to forget next; false: there is none. */
bool streams_next_dead(struct streams *all, char id[GRANT_ID_SIZE]);
/* The store has forgotten it. */
void streams_forget(struct streams *all, const char *id);

/* JWTs whose stream has this id open nothing any more, and their viewers are sent away. kept: the
 * store has it. 0, 2: there are STREAMS_REVOCATIONS_MAX, or -1: out of memory. */
enum { STREAMS_REVOCATIONS_MAX = 100000 /* of 0.2 KB */ };
int64_t streams_ban_end(int64_t now); /* until when a ban is needed that begins now */
int streams_ban(struct streams *all, const struct revocation *r, bool kept);
/* The id of the stream that JWTs with this jti (of up to JWT_JTI_MAX bytes) open. 0 or -1. */
int streams_jti_id(const char *jti, char id[GRANT_ID_SIZE]);
/* The jti, or "", of a JWT's stream that somebody is in. False: there is none such. */
bool streams_find_jti(struct streams *all, const char *id, char jti[JWT_JTI_MAX + 1]);
/* One that the store is to keep next; false: there is none. */
bool streams_next_unkept(struct streams *all, struct revocation *r);
/* The store has that one. */
void streams_kept(struct streams *all);
/* Forgets those whose time is over by now. True: there were some. */
bool streams_lift_bans(struct streams *all, int64_t now);
/* Calls back for each; behind the lock as below. */
void streams_each_ban(struct streams *all, void (*fn)(void *owner, const struct revocation *r),
                      void *owner);

/* Calls back for each stream that tokens open, with how many viewers it has, or for each viewer;
 * behind the lock, so nothing here may be called from inside. */
void streams_each(struct streams *all,
                  void (*fn)(void *owner, const struct stream *s, unsigned viewers), void *owner);
void streams_each_viewer(struct streams *all, void (*fn)(void *owner, const struct presence *p),
                         void *owner);
/* False: there is no such viewer. */
bool streams_send_away(struct streams *all, uint64_t viewer_id);

/* How many viewers there may be in all. */
void streams_limit(struct streams *all, unsigned viewers);
bool streams_are_full(struct streams *all);
/* How many there are. */
unsigned streams_viewers(struct streams *all);
/* From here on nobody is to be let in, and whoever watches is woken when the last viewer leaves. */
void streams_drain(struct streams *all);
bool streams_are_draining(struct streams *all);

/* The stream that the token opens, with a reference for the caller, or NULL. */
struct stream *streams_find(struct streams *all, const char *token, size_t len);
/* The stream of this name, where a password alone opens it, as above. */
struct stream *streams_find_named(struct streams *all, const char *name, size_t len);
/* The stream that a JWT opens which one of the present configuration's keys has signed, with a
 * reference for the caller in *found. Otherwise *why says what is wrong, for the log; NULL: it is
 * no JWT. */
enum opening { OPENING_GRANTED, OPENING_WRONG, OPENING_EXPIRED, OPENING_NO_MEMORY };
enum opening streams_open_jwt(struct streams *all, const char *token, size_t len,
                              struct stream **found, const char **why);
/* Accepts NULL. */
void stream_unref(struct streams *all, struct stream *s);

enum entry { ENTRY_GRANTED, ENTRY_FULL, ENTRY_ENDED, ENTRY_DRAINING, ENTRY_NO_MEMORY };

/* A viewer comes. Granted: p has its id. Full: there are as many viewers as there may be; of a
 * stream's, lists of windows are counted apart, and may be as many. Ended:
 * since the stream was found it was revoked, has expired, or its token has been spent. Draining:
 * since then nobody is let in any more. */
enum entry streams_enter(struct streams *all, struct stream *s, struct presence *p);
/* It goes. */
void streams_leave(struct streams *all, struct presence *p);

/* A turn to connect to the stream's desktop. TigerVNC takes five connections from one address that
 * have not finished their handshake for an attack and locks the address, which is the proxy, out
 * ("Too many security failures"): so there are never more than STREAMS_HANDSHAKES at once. False:
 * wait to be woken, and ask again. */
enum { STREAMS_HANDSHAKES = 2 };
bool streams_begin_handshake(struct streams *all, struct stream *s);
void streams_end_handshake(struct streams *all, struct stream *s);

/* A viewer of one window, which is in a stream, has found what can be promised to it; so it will be
 * with those who come to the desktop later, as far as is known. */
void streams_set_bound(struct presence *p, enum bound bound);
/* What the last such viewer of its desktop has found; also behind the lock. */
enum bound stream_bound(const struct stream *s);
/* The same of the desktop of this name. */
enum bound streams_desktop_bound(struct streams *all, const char *desktop);

#endif
