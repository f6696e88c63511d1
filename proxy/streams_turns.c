/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who may shake hands with a desktop now. */
#include <stdlib.h>
#include <string.h>

#include "streams_private.h"

/* Of a desktop's name: they outlive a reload. */
struct turns {
    struct turns *next;
    char desktop[CONFIG_NAME_MAX + 1];
    unsigned refs, count;
    bool wanted; /* somebody waits for the count to fall */
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
