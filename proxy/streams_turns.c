/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is known of a desktop: who may shake hands with it now, and what can be promised to viewers
 * of its windows. */
#include <stdlib.h>
#include <string.h>

#include "streams_private.h"

/* Of a desktop's name: they outlive a reload. */
struct turns {
    struct turns *next;
    char desktop[CONFIG_NAME_MAX + 1];
    unsigned refs, count;
    bool wanted;      /* somebody waits for the count to fall */
    atomic_int bound; /* an enum bound */
};

struct turns *streams_take_turns(struct streams *all, const char *desktop)
{
    struct turns *t = all->turns; /* there are few desktops */
    while (t != NULL && strcmp(t->desktop, desktop) != 0)
        t = t->next;
    if (t == NULL) {
        t = calloc(1, sizeof *t);
        if (t == NULL)
            return NULL;
        memcpy(t->desktop, desktop, strlen(desktop) + 1);
        t->next = all->turns;
        all->turns = t;
    }
    t->refs++;
    return t;
}

void streams_drop_turns(struct streams *all, struct turns *t)
{
    if (t == NULL || --t->refs != 0)
        return;
    struct turns **at = &all->turns;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    free(t);
}

bool streams_begin_handshake(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    bool begins = s->turns->count < STREAMS_HANDSHAKES;
    if (begins)
        s->turns->count++;
    else
        s->turns->wanted = true;
    pthread_mutex_unlock(&all->lock);
    return begins;
}

void streams_end_handshake(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    bool wanted = s->turns->wanted;
    s->turns->count--;
    s->turns->wanted = false;
    pthread_mutex_unlock(&all->lock);
    if (wanted)
        streams_wake_turns(all);
}

const char *bound_word(enum bound bound)
{
    static const char *const words[] = {
        [BOUND_UNKNOWN] = NULL, [BOUND_STRICT] = "strict", [BOUND_BEST_EFFORT] = "best effort"};
    return words[bound];
}

void streams_set_bound(struct presence *p, enum bound bound)
{
    atomic_store(&p->bound, (int)bound);
    atomic_store(&p->stream->turns->bound, (int)bound);
}

enum bound stream_bound(const struct stream *s)
{
    return (enum bound)atomic_load(&s->turns->bound);
}

enum bound streams_desktop_bound(struct streams *all, const char *desktop)
{
    enum bound bound = BOUND_UNKNOWN;
    pthread_mutex_lock(&all->lock);
    for (const struct turns *t = all->turns; t != NULL; t = t->next)
        if (strcmp(t->desktop, desktop) == 0)
            bound = (enum bound)atomic_load(&t->bound);
    pthread_mutex_unlock(&all->lock);
    return bound;
}
