/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams that are made, and end, while the server runs. */
#include <stdlib.h>
#include <string.h>

#include "streams_private.h"

int streams_add(struct streams *all, struct service *service, const struct grant *g)
{
    struct stream *s;
    pthread_mutex_lock(&all->lock);
    int rc = all->grants < STREAMS_GRANTS_MAX
                 ? streams_create_granted(all, service, g, &all->openers, &s)
                 : 2;
    pthread_mutex_unlock(&all->lock);
    return rc;
}

/* What does not need another stream; the lock's holders alone look at it. */
static void change_in_place(struct streams *all, struct stream_name *name, const struct grant *g)
{
    for (struct stream *s = name->newest; s != NULL; s = s->older) {
        if (s->grant == NULL)
            continue;
        s->own_grant.expires = g->expires;
        s->own_grant.max_viewers = s->own_config.max_viewers = g->max_viewers;
    }
    if (g->expires != 0 && (all->earliest == 0 || g->expires < all->earliest))
        all->earliest = g->expires;
}

/* Another stream for those to come: what viewers' threads look at never changes. 0, or -1: out of
 * memory. */
static int change_others(struct streams *all, struct service *service, struct stream *old,
                         const struct grant *g)
{
    struct stream *made;
    int rc = streams_create_granted(all, service, g, &all->openers, &made);
    if (rc != 0)
        return rc;
    for (struct stream *s = made->older; s != NULL; s = s->older)
        if (s->grant != NULL && !policy_covers(&g->policy, &s->config->policy))
            stream_end(s, STREAM_REDUCED);
    streams_retire(all, old);
    return 0;
}

int streams_change(struct streams *all, struct service *service, const struct grant *g)
{
    int rc = 1;
    pthread_mutex_lock(&all->lock);
    struct stream_name *name = streams_name(all, g->id);
    struct stream *s = name != NULL ? name->newest : NULL;
    while (s != NULL && !(s->current && s->grant != NULL))
        s = s->older;
    if (s != NULL) {
        bool same = policy_covers(&g->policy, &s->config->policy) &&
                    policy_covers(&s->config->policy, &g->policy) &&
                    strcmp(g->label, s->grant->label) == 0;
        rc = same ? 0 : change_others(all, service, s, g);
    }
    if (rc == 0)
        change_in_place(all, name, g);
    pthread_mutex_unlock(&all->lock);
    if (rc == 0)
        streams_wake_all(all);
    return rc;
}

int streams_revoke(struct streams *all, const char *id)
{
    int found = 0;
    pthread_mutex_lock(&all->lock);
    struct stream_name *name = streams_name(all, id);
    struct stream *next;
    for (struct stream *s = name != NULL ? name->newest : NULL; s != NULL && found >= 0; s = next) {
        next = s->older;
        if (s->grant == NULL || s->jwt != NULL)
            continue;
        if (!found && streams_bury(all, id) != 0) {
            found = -1;
            break;
        }
        found = 1;
        stream_end(s, STREAM_REVOKED);
        streams_retire(all, s);
    }
    pthread_mutex_unlock(&all->lock);
    if (found > 0)
        streams_wake_all(all);
    return found;
}

/* ---- what the store is to forget ---- */

static struct dead *find_dead(const struct streams *all, const char *id)
{
    struct dead *d;
    HASH_FIND_STR(all->dead, id, d);
    return d;
}

bool streams_is_dead(const struct streams *all, const char *id)
{
    return find_dead(all, id) != NULL;
}

int streams_bury(struct streams *all, const char *id)
{
    if (streams_is_dead(all, id))
        return 0;
    struct dead *d = calloc(1, sizeof *d);
    if (d == NULL)
        return -1;
    memcpy(d->id, id, strlen(id) + 1);
    HASH_ADD_STR(all->dead, id, d);
    if (d->hh.tbl != NULL)
        return 0;
    free(d);
    return -1;
}

bool streams_is_over(struct streams *all, const char *id)
{
    pthread_mutex_lock(&all->lock);
    bool over = streams_is_dead(all, id);
    pthread_mutex_unlock(&all->lock);
    return over;
}

bool streams_next_dead(struct streams *all, char id[GRANT_ID_SIZE])
{
    pthread_mutex_lock(&all->lock);
    bool any = all->dead != NULL;
    if (any)
        memcpy(id, all->dead->id, GRANT_ID_SIZE);
    pthread_mutex_unlock(&all->lock);
    return any;
}

void streams_forget(struct streams *all, const char *id)
{
    pthread_mutex_lock(&all->lock);
    struct dead *d = find_dead(all, id);
    if (d != NULL)
        HASH_DEL(all->dead, d);
    pthread_mutex_unlock(&all->lock);
    free(d);
}

/* ---- expiry ---- */

/* Looks at every stream; only when one of them may have expired. */
static bool end_expired(struct streams *all, int64_t now)
{
    bool any = false;
    struct stream_name *following;
    struct stream *next;
    all->earliest = 0;
    for (struct stream_name *name = all->names; name != NULL; name = following) {
        following = name->hh.next; /* a name goes with its last stream */
        for (struct stream *s = name->newest; s != NULL; s = next) {
            next = s->older;
            int64_t expires = s->grant != NULL ? s->grant->expires : 0;
            if (expires == 0 || atomic_load(&s->end) != STREAM_GOES_ON)
                continue;
            if (expires <= now) {
                any = true;
                stream_end(s, STREAM_EXPIRED);
                streams_retire(all, s);
            } else if (all->earliest == 0 || expires < all->earliest) {
                all->earliest = expires;
            }
        }
    }
    return any;
}

int64_t streams_earliest(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    int64_t earliest = all->earliest;
    pthread_mutex_unlock(&all->lock);
    return earliest;
}

bool streams_expire(struct streams *all, int64_t now, int64_t *next)
{
    pthread_mutex_lock(&all->lock);
    bool any = all->earliest != 0 && all->earliest <= now && end_expired(all, now);
    *next = all->earliest;
    pthread_mutex_unlock(&all->lock);
    if (any)
        streams_wake_all(all);
    return any;
}
