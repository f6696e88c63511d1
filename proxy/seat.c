/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seat.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct seat {
    struct seat *next;
    char *desktop;
    unsigned claims;
    struct seat_claim *line; /* the first has the seat */
};

struct seats {
    pthread_mutex_t lock;
    struct seat *list; /* there are few desktops */
};

struct seats *seats_create(void)
{
    struct seats *all = calloc(1, sizeof *all);
    if (all != NULL)
        pthread_mutex_init(&all->lock, NULL);
    return all;
}

void seats_destroy(struct seats *all)
{
    if (all == NULL)
        return;
    pthread_mutex_destroy(&all->lock);
    free(all);
}

/* ---- behind the lock ---- */

static struct seat *find(struct seats *all, const char *desktop)
{
    struct seat *s = all->list;
    while (s != NULL && strcmp(s->desktop, desktop) != 0)
        s = s->next;
    return s;
}

static struct seat *create(struct seats *all, const char *desktop)
{
    struct seat *s = calloc(1, sizeof *s);
    if (s == NULL || (s->desktop = strdup(desktop)) == NULL) {
        free(s);
        return NULL;
    }
    s->next = all->list;
    all->list = s;
    return s;
}

static void drop(struct seats *all, struct seat *s)
{
    if (--s->claims != 0)
        return;
    struct seat **at = &all->list;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    free(s->desktop);
    free(s);
}

static void leave_line(struct seat_claim *c)
{
    struct seat *s = c->seat;
    bool had = s->line == c;
    struct seat_claim **at = &s->line;
    if (!c->in_line)
        return;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->next = NULL;
    c->in_line = false;
    if (had && s->line != NULL)
        s->line->wake(s->line->owner);
}

/* ---- for all ---- */

int seat_claim_begin(struct seats *all, const char *desktop, struct seat_claim *c,
                     void (*wake)(void *owner), void *owner)
{
    pthread_mutex_lock(&all->lock);
    struct seat *s = find(all, desktop);
    if (s == NULL)
        s = create(all, desktop);
    if (s != NULL)
        s->claims++;
    *c = (struct seat_claim){.seat = s, .wake = wake, .owner = owner};
    pthread_mutex_unlock(&all->lock);
    return s != NULL ? 0 : -1;
}

void seat_claim_end(struct seats *all, struct seat_claim *c)
{
    if (c->seat == NULL)
        return;
    pthread_mutex_lock(&all->lock);
    leave_line(c);
    drop(all, c->seat);
    c->seat = NULL;
    pthread_mutex_unlock(&all->lock);
}

void seat_ask(struct seats *all, struct seat_claim *c, bool urgent)
{
    pthread_mutex_lock(&all->lock);
    struct seat_claim **end = &c->seat->line, *first;
    bool news = !c->in_line || (urgent && !c->urgent);
    c->urgent = urgent || (c->in_line && c->urgent);
    while (!c->in_line && *end != NULL)
        end = &(*end)->next;
    if (!c->in_line) {
        *end = c;
        c->in_line = true;
    }
    first = c->seat->line;
    if (news)
        first->wake(first->owner);
    pthread_mutex_unlock(&all->lock);
}

bool seat_is_mine(struct seats *all, struct seat_claim *c)
{
    pthread_mutex_lock(&all->lock);
    bool mine = c->seat->line == c;
    pthread_mutex_unlock(&all->lock);
    return mine;
}

enum seat_wanted seat_is_wanted(struct seats *all, struct seat_claim *c)
{
    enum seat_wanted wanted = SEAT_UNWANTED;
    pthread_mutex_lock(&all->lock);
    for (const struct seat_claim *other = c->next; other != NULL; other = other->next)
        if (wanted != SEAT_WANTED_URGENTLY)
            wanted = other->urgent ? SEAT_WANTED_URGENTLY : SEAT_WANTED;
    pthread_mutex_unlock(&all->lock);
    return wanted;
}

void seat_give(struct seats *all, struct seat_claim *c)
{
    pthread_mutex_lock(&all->lock);
    leave_line(c);
    pthread_mutex_unlock(&all->lock);
}
