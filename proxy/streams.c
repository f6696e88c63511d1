/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "streams.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tally {
    struct tally *next;
    char name[CONFIG_NAME_MAX + 1];
    unsigned refs, count;
    bool wanted; /* somebody waits for the count to fall */
};

/* A grant that must not open again, though the store may hold it. */
struct dead {
    struct dead *next;
    char id[GRANT_ID_SIZE];
};

struct watcher {
    struct watcher *next;
    void (*wake)(void *owner);
    void *owner;
};

struct streams {
    pthread_mutex_t lock;
    struct stream *list;
    struct tally *viewers_of, *handshakes_with;
    struct watcher *watchers; /* does not change while there are workers */
    unsigned viewers, viewers_max;
    uint64_t last_id;
    struct presence *present; /* the newest first */
    struct dead *dead;
};

struct streams *streams_create(void)
{
    struct streams *all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    if (pthread_mutex_init(&all->lock, NULL) != 0) {
        free(all);
        return NULL;
    }
    return all;
}

int streams_watch(struct streams *all, void (*wake)(void *owner), void *owner)
{
    struct watcher *w = malloc(sizeof *w);
    if (w == NULL)
        return -1;
    *w = (struct watcher){.next = all->watchers, .wake = wake, .owner = owner};
    all->watchers = w;
    return 0;
}

static void wake_all(struct streams *all)
{
    for (struct watcher *w = all->watchers; w != NULL; w = w->next)
        w->wake(w->owner);
}

/* ---- tallies; with the lock ---- */

static struct tally *take_tally(struct tally **list, const char *name)
{
    struct tally *t = *list;
    while (t != NULL && strcmp(t->name, name) != 0)
        t = t->next;
    if (t == NULL) {
        t = calloc(1, sizeof *t);
        if (t == NULL)
            return NULL;
        memcpy(t->name, name, strlen(name) + 1);
        t->next = *list;
        *list = t;
    }
    t->refs++;
    return t;
}

static void drop_tally(struct tally **list, struct tally *t)
{
    if (t == NULL || --t->refs != 0)
        return;
    while (*list != t)
        list = &(*list)->next;
    *list = t->next;
    free(t);
}

/* ---- streams; with the lock ---- */

static void drop(struct streams *all, struct stream *s)
{
    if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    struct stream **at = &all->list;
    while (*at != NULL && *at != s)
        at = &(*at)->next;
    if (*at == s)
        *at = s->next;
    drop_tally(&all->viewers_of, s->viewers);
    drop_tally(&all->handshakes_with, s->handshakes);
    service_unref(s->service);
    free(s);
}

/* What a grant allows, in the configuration's words. False: there is no such desktop. */
static bool describe(struct stream *s, const struct service *service, const struct grant *g)
{
    const struct config_desktop *d = service->config->desktops;
    while (d != NULL && strcmp(d->name, g->desktop) != 0)
        d = d->next;
    if (d == NULL)
        return false;
    s->own_grant = *g;
    s->own_config = (struct config_stream){
        .desktop = d, .token_count = 1, .policy = g->policy, .max_viewers = g->max_viewers};
    memcpy(s->own_config.name, g->id, sizeof g->id);
    memcpy(s->own_config.tokens[0], g->token, sizeof g->token);
    s->config = &s->own_config;
    s->grant = &s->own_grant;
    return true;
}

/* Gives the described stream what streams have; frees it where there is no memory. 0 or -1. */
static int complete(struct streams *all, struct service *service, struct stream *s,
                    struct stream **made)
{
    atomic_init(&s->refs, 1);
    atomic_init(&s->end, STREAM_GOES_ON);
    s->current = true;
    s->service = service_ref(service);
    s->viewers = take_tally(&all->viewers_of, s->config->name);
    s->handshakes = take_tally(&all->handshakes_with, s->config->desktop->name);
    if (s->viewers == NULL || s->handshakes == NULL) {
        drop(all, s);
        return -1;
    }
    *made = s;
    return 0;
}

/* Of a section of the configuration. 0, or -1: out of memory. */
static int create(struct streams *all, struct service *service, const struct config_stream *config,
                  struct stream **made)
{
    struct stream *s = calloc(1, sizeof *s);
    *made = NULL;
    if (s == NULL)
        return -1;
    s->config = config;
    return complete(all, service, s, made);
}

/* Of a grant. 0, 1: there is no such desktop, or -1: out of memory. */
static int create_granted(struct streams *all, struct service *service, const struct grant *g,
                          struct stream **made)
{
    struct stream *s = calloc(1, sizeof *s);
    *made = NULL;
    if (s == NULL)
        return -1;
    if (describe(s, service, g))
        return complete(all, service, s, made);
    free(s);
    return 1;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_desktop(const struct config_desktop *a, const struct config_desktop *b)
{
    return strcmp(a->name, b->name) == 0 && same_text(a->unix_path, b->unix_path) &&
           strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 &&
           same_text(a->password, b->password);
}

/* Are all tokens of a still tokens of b? */
static bool keeps_tokens(const struct config_stream *a, const struct config_stream *b)
{
    for (size_t i = 0; i < a->token_count; i++) {
        bool kept = false;
        for (size_t k = 0; k < b->token_count; k++)
            kept = kept || memcmp(a->tokens[i], b->tokens[k], CONFIG_TOKEN_SIZE) == 0;
        if (!kept)
            return false;
    }
    return true;
}

static bool keeps_rights(const struct policy *a, const struct policy *b)
{
    return a->control <= b->control && a->clipboard_in <= b->clipboard_in &&
           a->clipboard_out <= b->clipboard_out;
}

/* May the viewers of the old one stay, now that list and service are what there is? */
static bool goes_on(const struct stream *old, const struct stream *list,
                    const struct service *service)
{
    for (const struct stream *s = list; s != NULL; s = s->next)
        if (strcmp(s->config->name, old->config->name) == 0)
            return same_desktop(old->config->desktop, s->config->desktop) &&
                   keeps_tokens(old->config, s->config) &&
                   keeps_rights(&old->config->policy, &s->config->policy);
    if (!old->spent || service == NULL)
        return false;
    for (const struct config_desktop *d = service->config->desktops; d != NULL; d = d->next)
        if (same_desktop(old->config->desktop, d))
            return true;
    return false;
}

static void drop_list(struct streams *all, struct stream *list)
{
    while (list != NULL) {
        struct stream *next = list->next;
        drop(all, list);
        list = next;
    }
}

static bool is_dead(const struct streams *all, const char *id)
{
    const struct dead *d = all->dead;
    while (d != NULL && strcmp(d->id, id) != 0)
        d = d->next;
    return d != NULL;
}

/* d is the list's from here on. */
static void bury(struct streams *all, struct dead *d, const char *id)
{
    memcpy(d->id, id, strlen(id) + 1);
    d->next = all->dead;
    all->dead = d;
}

/* The new streams, not in the list of all yet. 0, or -1: out of memory. A grant whose desktop is
 * not there is left out. */
static int create_list(struct streams *all, struct service *service, const struct grant *grants,
                       size_t count, struct stream **list)
{
    struct stream **end = list;
    int rc = 0;
    *list = NULL;
    for (const struct config_stream *c = service->config->streams; c != NULL && rc == 0;
         c = c->next) {
        rc = create(all, service, c, end);
        if (*end != NULL)
            end = &(*end)->next;
    }
    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (is_dead(all, grants[i].id))
            continue;
        rc = create_granted(all, service, &grants[i], end);
        if (*end != NULL)
            end = &(*end)->next;
    }
    if (rc >= 0)
        return 0;
    drop_list(all, *list);
    return -1;
}

static void end_stream(struct stream *s, enum stream_end end)
{
    int goes_on = STREAM_GOES_ON;
    atomic_compare_exchange_strong(&s->end, &goes_on, (int)end);
}

/* No token opens it any more. It stays in the list as long as somebody is in it. */
static void retire(struct streams *all, struct stream *s)
{
    if (!s->current)
        return;
    s->current = false;
    drop(all, s);
}

static void retire_all(struct streams *all, const struct stream *list,
                       const struct service *service)
{
    struct stream *next;
    for (struct stream *s = all->list; s != NULL; s = next) {
        next = s->next;
        if (!goes_on(s, list, service))
            end_stream(s, STREAM_REVOKED);
        retire(all, s);
    }
}

static void append(struct streams *all, struct stream *list)
{
    struct stream **end = &all->list;
    while (*end != NULL)
        end = &(*end)->next;
    *end = list;
}

int streams_load(struct streams *all, struct service *service, const struct grant *grants,
                 size_t count)
{
    struct stream *list;
    pthread_mutex_lock(&all->lock);
    int rc = create_list(all, service, grants, count, &list);
    if (rc == 0) {
        retire_all(all, list, service);
        append(all, list);
    }
    pthread_mutex_unlock(&all->lock);
    if (rc == 0)
        wake_all(all);
    return rc;
}

/* ---- grants ---- */

int streams_add(struct streams *all, struct service *service, const struct grant *g)
{
    struct stream *s;
    unsigned grants = 0;
    pthread_mutex_lock(&all->lock);
    for (s = all->list; s != NULL; s = s->next)
        grants += s->current && s->grant != NULL;
    int rc = grants < STREAMS_GRANTS_MAX ? create_granted(all, service, g, &s) : 2;
    if (rc == 0)
        append(all, s);
    pthread_mutex_unlock(&all->lock);
    return rc;
}

int streams_revoke(struct streams *all, const char *id)
{
    int found = 0;
    struct stream *next;
    struct dead *d = malloc(sizeof *d);
    if (d == NULL)
        return -1;
    pthread_mutex_lock(&all->lock);
    for (struct stream *s = all->list; s != NULL; s = next) {
        next = s->next;
        if (s->grant == NULL || strcmp(s->grant->id, id) != 0)
            continue;
        found = 1;
        end_stream(s, STREAM_REVOKED);
        retire(all, s);
    }
    if (found && !is_dead(all, id)) {
        bury(all, d, id);
        d = NULL;
    }
    pthread_mutex_unlock(&all->lock);
    free(d);
    if (found)
        wake_all(all);
    return found;
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
    struct dead **at = &all->dead, *d;
    while (*at != NULL && strcmp((*at)->id, id) != 0)
        at = &(*at)->next;
    d = *at;
    if (d != NULL)
        *at = d->next;
    pthread_mutex_unlock(&all->lock);
    free(d);
}

bool streams_expire(struct streams *all, int64_t now, int64_t *next_time)
{
    bool any = false;
    struct stream *next;
    *next_time = 0;
    pthread_mutex_lock(&all->lock);
    for (struct stream *s = all->list; s != NULL; s = next) {
        next = s->next;
        int64_t expires = s->grant != NULL ? s->grant->expires : 0;
        if (expires == 0 || atomic_load(&s->end) != STREAM_GOES_ON)
            continue;
        if (expires <= now) {
            any = true;
            end_stream(s, STREAM_EXPIRED);
            retire(all, s);
        } else if (*next_time == 0 || expires < *next_time) {
            *next_time = expires;
        }
    }
    pthread_mutex_unlock(&all->lock);
    if (any)
        wake_all(all);
    return any;
}

void streams_destroy(struct streams *all)
{
    if (all == NULL)
        return;
    retire_all(all, NULL, NULL);
    char id[GRANT_ID_SIZE];
    while (streams_next_dead(all, id))
        streams_forget(all, id);
    while (all->watchers != NULL) {
        struct watcher *w = all->watchers;
        all->watchers = w->next;
        free(w);
    }
    pthread_mutex_destroy(&all->lock);
    free(all);
}

/* By the clock on the wall: the timer that ends streams stands still while the machine sleeps. */
static bool has_expired(const struct stream *s)
{
    return s->grant != NULL && s->grant->expires != 0 && s->grant->expires <= (int64_t)time(NULL);
}

struct stream *streams_find(struct streams *all, const char *token, size_t len)
{
    uint8_t digest[CONFIG_TOKEN_SIZE];
    struct stream *found = NULL;
    if (config_hash_token(token, len, digest) != 0)
        return NULL;
    pthread_mutex_lock(&all->lock);
    for (struct stream *s = all->list; s != NULL; s = s->next)
        for (size_t i = 0; i < s->config->token_count; i++)
            if (CRYPTO_memcmp(digest, s->config->tokens[i], sizeof digest) == 0 && s->current &&
                !has_expired(s))
                found = s;
    if (found != NULL)
        atomic_fetch_add(&found->refs, 1);
    pthread_mutex_unlock(&all->lock);
    OPENSSL_cleanse(digest, sizeof digest);
    return found;
}

void stream_unref(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    drop(all, s);
    pthread_mutex_unlock(&all->lock);
}

/* ---- counts ---- */

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

/* Behind the lock. */
static enum entry may_enter(const struct streams *all, const struct stream *s)
{
    unsigned max = s->config->max_viewers;
    if (s->spent || atomic_load(&s->end) != STREAM_GOES_ON || has_expired(s))
        return ENTRY_ENDED;
    bool full = all->viewers >= all->viewers_max || (max != 0 && s->viewers->count >= max);
    return full ? ENTRY_FULL : ENTRY_GRANTED;
}

enum entry streams_enter(struct streams *all, struct stream *s, struct presence *p)
{
    const struct grant *g = s->grant != NULL && s->grant->single_use ? s->grant : NULL;
    struct dead *dead = g != NULL ? malloc(sizeof *dead) : NULL;
    if (g != NULL && dead == NULL)
        return ENTRY_NO_MEMORY;
    pthread_mutex_lock(&all->lock);
    enum entry entry = may_enter(all, s);
    if (entry == ENTRY_GRANTED) {
        all->viewers++;
        s->viewers->count++;
        p->id = ++all->last_id;
        p->since = (int64_t)time(NULL);
        p->stream = s;
        p->previous = NULL;
        p->next = all->present;
        if (p->next != NULL)
            p->next->previous = p;
        all->present = p;
    }
    bool spent = entry == ENTRY_GRANTED && g != NULL;
    if (spent) {
        s->spent = true;
        bury(all, dead, g->id);
        dead = NULL;
        retire(all, s);
    }
    pthread_mutex_unlock(&all->lock);
    free(dead);
    if (spent)
        wake_all(all);
    return entry;
}

void streams_leave(struct streams *all, struct presence *p)
{
    pthread_mutex_lock(&all->lock);
    all->viewers--;
    p->stream->viewers->count--;
    p->stream = NULL;
    if (p->previous != NULL)
        p->previous->next = p->next;
    else
        all->present = p->next;
    if (p->next != NULL)
        p->next->previous = p->previous;
    pthread_mutex_unlock(&all->lock);
}

/* ---- looking ---- */

void streams_each(struct streams *all,
                  void (*fn)(void *owner, const struct stream *s, unsigned viewers), void *owner)
{
    pthread_mutex_lock(&all->lock);
    for (const struct stream *s = all->list; s != NULL; s = s->next)
        if (s->current)
            fn(owner, s, s->viewers->count);
    pthread_mutex_unlock(&all->lock);
}

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
        wake_all(all);
    return p != NULL;
}

/* ---- turns ---- */

bool streams_begin_handshake(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    bool begins = s->handshakes->count < STREAMS_HANDSHAKES;
    if (begins)
        s->handshakes->count++;
    else
        s->handshakes->wanted = true;
    pthread_mutex_unlock(&all->lock);
    return begins;
}

void streams_end_handshake(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    bool wanted = s->handshakes->wanted;
    s->handshakes->count--;
    s->handshakes->wanted = false;
    pthread_mutex_unlock(&all->lock);
    if (wanted)
        wake_all(all);
}
