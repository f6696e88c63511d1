/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "streams.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    struct tally *next;
    char name[CONFIG_NAME_MAX + 1];
    unsigned refs, count;
    bool wanted; /* somebody waits for the count to fall */
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

static struct stream *create(struct streams *all, struct service *service,
                             const struct config_stream *config)
{
    struct stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    atomic_init(&s->refs, 1);
    s->config = config;
    s->current = true;
    s->service = service_ref(service);
    s->viewers = take_tally(&all->viewers_of, config->name);
    s->handshakes = take_tally(&all->handshakes_with, config->desktop->name);
    if (s->viewers != NULL && s->handshakes != NULL)
        return s;
    drop(all, s);
    return NULL;
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

/* May the viewers of the old one stay, now that list is what there is? */
static bool goes_on(const struct stream *old, const struct stream *list)
{
    for (const struct stream *s = list; s != NULL; s = s->next)
        if (strcmp(s->config->name, old->config->name) == 0)
            return same_desktop(old->config->desktop, s->config->desktop) &&
                   keeps_tokens(old->config, s->config) &&
                   keeps_rights(&old->config->policy, &s->config->policy);
    return false;
}

/* The new streams of a service, not in the list of all yet; NULL with *good false: no memory. */
static struct stream *create_list(struct streams *all, struct service *service, bool *good)
{
    struct stream *list = NULL, **end = &list;
    *good = true;
    for (const struct config_stream *c = service->config->streams; c != NULL && *good;
         c = c->next) {
        *end = create(all, service, c);
        *good = *end != NULL;
        if (*good)
            end = &(*end)->next;
    }
    while (!*good && list != NULL) {
        struct stream *next = list->next;
        drop(all, list);
        list = next;
    }
    return list;
}

/* Old streams stay in the list as long as somebody is in them, for the reloads to come. */
static void retire_all(struct streams *all, const struct stream *list)
{
    struct stream *next;
    for (struct stream *s = all->list; s != NULL; s = next) {
        next = s->next;
        if (!goes_on(s, list))
            atomic_store(&s->revoked, true);
        if (!s->current)
            continue;
        s->current = false;
        drop(all, s);
    }
}

int streams_load(struct streams *all, struct service *service)
{
    bool good;
    pthread_mutex_lock(&all->lock);
    struct stream *list = create_list(all, service, &good);
    if (good) {
        retire_all(all, list);
        struct stream **end = &all->list;
        while (*end != NULL)
            end = &(*end)->next;
        *end = list;
    }
    pthread_mutex_unlock(&all->lock);
    if (good)
        wake_all(all);
    return good ? 0 : -1;
}

void streams_destroy(struct streams *all)
{
    if (all == NULL)
        return;
    retire_all(all, NULL);
    while (all->watchers != NULL) {
        struct watcher *w = all->watchers;
        all->watchers = w->next;
        free(w);
    }
    pthread_mutex_destroy(&all->lock);
    free(all);
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
            if (CRYPTO_memcmp(digest, s->config->tokens[i], sizeof digest) == 0 && s->current)
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

bool streams_enter(struct streams *all, struct stream *s, uint64_t *id)
{
    unsigned max = s->config->max_viewers;
    pthread_mutex_lock(&all->lock);
    bool room = all->viewers < all->viewers_max && (max == 0 || s->viewers->count < max);
    if (room) {
        all->viewers++;
        s->viewers->count++;
        *id = ++all->last_id;
    }
    pthread_mutex_unlock(&all->lock);
    return room;
}

void streams_leave(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    all->viewers--;
    s->viewers->count--;
    pthread_mutex_unlock(&all->lock);
}

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
