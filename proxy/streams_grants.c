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

int streams_revoke(struct streams *all, const char *id)
{
    int found = 0;
    pthread_mutex_lock(&all->lock);
    struct stream_name *name = streams_name(all, id);
    struct stream *next;
    for (struct stream *s = name != NULL ? name->newest : NULL; s != NULL && found >= 0; s = next) {
        next = s->older;
        if (s->grant == NULL)
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
    struct stream_name *name, *following;
    struct stream *next;
    all->earliest = 0;
    HASH_ITER(hh, all->names, name, following)
    {
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
