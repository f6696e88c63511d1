/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who is in the streams, and how many there may be. */
#include <string.h>
#include <time.h>

#include "streams_private.h"

void streams_limit(struct streams *all, unsigned viewers)
{
    pthread_mutex_lock(&all->lock);
    all->viewers_max = viewers;
    pthread_mutex_unlock(&all->lock);
}

bool streams_are_full(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    bool full = all->viewers >= all->viewers_max;
    pthread_mutex_unlock(&all->lock);
    return full;
}

unsigned streams_viewers(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    unsigned viewers = all->viewers;
    pthread_mutex_unlock(&all->lock);
    return viewers;
}

void streams_drain(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    all->draining = true;
    pthread_mutex_unlock(&all->lock);
}

bool streams_are_draining(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    bool draining = all->draining;
    pthread_mutex_unlock(&all->lock);
    return draining;
}

/* ---- coming and going ---- */

/* Where its kind is counted. */
static unsigned *count_of(const struct stream *s, const struct presence *p)
{
    return p->list ? &s->name->lists : &s->name->viewers;
}

static enum entry may_enter(const struct streams *all, const struct stream *s,
                            const struct presence *p)
{
    unsigned max = s->config->max_viewers;
    if (s->spent || atomic_load(&s->end) != STREAM_GOES_ON || stream_has_expired(s) ||
        (s->jwt != NULL && streams_is_banned(all, s->name->text)))
        return ENTRY_ENDED;
    if (all->draining)
        return ENTRY_DRAINING;
    bool full = all->viewers >= all->viewers_max || (max != 0 && *count_of(s, p) >= max);
    return full ? ENTRY_FULL : ENTRY_GRANTED;
}

static int ban(struct streams *all, const struct stream *s)
{
    struct revocation r = {.until = streams_ban_end((int64_t)time(NULL))};
    memcpy(r.id, s->grant->id, sizeof r.id);
    memcpy(r.jti, s->jwt->jti, sizeof r.jti);
    return streams_put_ban(all, &r, false);
}

/* Uses up what is for a single use. 0, or else: out of memory, and it is not. */
static int spend(struct streams *all, struct stream *s)
{
    int rc = s->jwt != NULL ? ban(all, s) : streams_bury(all, s->grant->id);
    if (rc != 0)
        return rc;
    s->spent = true;
    streams_retire(all, s);
    return 0;
}

static void add(struct streams *all, struct stream *s, struct presence *p)
{
    all->viewers++;
    ++*count_of(s, p);
    p->id = ++all->last_id;
    p->since = (int64_t)time(NULL);
    p->stream = s;
    p->previous = NULL;
    p->next = all->present;
    if (p->next != NULL)
        p->next->previous = p;
    all->present = p;
}

enum entry streams_enter(struct streams *all, struct stream *s, struct presence *p)
{
    bool single = s->grant != NULL && s->grant->single_use;
    pthread_mutex_lock(&all->lock);
    enum entry entry = may_enter(all, s, p);
    if (entry == ENTRY_GRANTED && single && spend(all, s) != 0)
        entry = ENTRY_NO_MEMORY;
    if (entry == ENTRY_GRANTED)
        add(all, s, p);
    pthread_mutex_unlock(&all->lock);
    if (entry == ENTRY_GRANTED && single)
        streams_wake_all(all);
    return entry;
}

void streams_leave(struct streams *all, struct presence *p)
{
    pthread_mutex_lock(&all->lock);
    all->viewers--;
    --*count_of(p->stream, p);
    p->stream = NULL;
    if (p->previous != NULL)
        p->previous->next = p->next;
    else
        all->present = p->next;
    if (p->next != NULL)
        p->next->previous = p->previous;
    bool last = all->draining && all->viewers == 0;
    pthread_mutex_unlock(&all->lock);
    if (last)
        streams_wake_all(all);
}

/* ---- looking ---- */

void streams_each_viewer(struct streams *all, void (*fn)(void *owner, const struct presence *p),
                         void *owner)
{
    pthread_mutex_lock(&all->lock);
    for (const struct presence *p = all->present; p != NULL; p = p->next)
        fn(owner, p);
    pthread_mutex_unlock(&all->lock);
}

bool streams_send_away(struct streams *all, uint64_t viewer_id)
{
    pthread_mutex_lock(&all->lock);
    struct presence *p = all->present;
    while (p != NULL && p->id != viewer_id)
        p = p->next;
    if (p != NULL)
        atomic_store(&p->unwanted, true);
    pthread_mutex_unlock(&all->lock);
    if (p != NULL)
        streams_wake_all(all);
    return p != NULL;
}
