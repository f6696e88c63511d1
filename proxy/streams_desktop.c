/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is known of a desktop: who may shake hands with it now, and what can be promised to viewers
 * of its windows. */
#include <stdlib.h>
#include <string.h>

#include "streams_private.h"

/* Of a desktop's name: they outlive a reload. */
struct stream_desktop {
    struct stream_desktop *next;
    char desktop[CONFIG_NAME_MAX + 1];
    unsigned refs, count;
    bool wanted;      /* somebody waits for the count to fall */
    atomic_int bound; /* an enum bound */
};

struct stream_desktop *streams_take_desktop(struct streams *all, const char *desktop)
{
    struct stream_desktop *t = all->desktops; /* there are few desktops */
    while (t != NULL && strcmp(t->desktop, desktop) != 0)
        t = t->next;
    if (t == NULL) {
        t = calloc(1, sizeof *t);
        if (t == NULL)
            return NULL;
        memcpy(t->desktop, desktop, strlen(desktop) + 1);
        t->next = all->desktops;
        all->desktops = t;
    }
    t->refs++;
    return t;
}

void streams_drop_desktop(struct streams *all, struct stream_desktop *t)
{
    if (t == NULL || --t->refs != 0)
        return;
    struct stream_desktop **at = &all->desktops;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    free(t);
}

bool streams_begin_handshake(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    bool begins = s->desktop->count < STREAMS_HANDSHAKES;
    if (begins)
        s->desktop->count++;
    else
        s->desktop->wanted = true;
    pthread_mutex_unlock(&all->lock);
    return begins;
}

void streams_end_handshake(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    bool wanted = s->desktop->wanted;
    s->desktop->count--;
    s->desktop->wanted = false;
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
    atomic_store(&p->stream->desktop->bound, (int)bound);
}

enum bound stream_bound(const struct stream *s)
{
    return (enum bound)atomic_load(&s->desktop->bound);
}

enum bound streams_desktop_bound(struct streams *all, const char *desktop)
{
    enum bound bound = BOUND_UNKNOWN;
    pthread_mutex_lock(&all->lock);
    for (const struct stream_desktop *t = all->desktops; t != NULL; t = t->next)
        if (strcmp(t->desktop, desktop) == 0)
            bound = (enum bound)atomic_load(&t->bound);
    pthread_mutex_unlock(&all->lock);
    return bound;
}
