/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which streams there are: of the configuration and of grants, and which token opens which. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "streams_private.h"

struct watcher {
    struct watcher *next;
    void (*wake)(void *owner);
    void (*turn)(void *owner); /* or NULL */
    void *owner;
};

struct streams *streams_create(void)
{
    struct streams *all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    all->last_unkept = &all->first_unkept;
    if (pthread_mutex_init(&all->lock, NULL) != 0) {
        free(all);
        return NULL;
    }
    return all;
}

int streams_watch(struct streams *all, void (*wake)(void *owner), void (*turn)(void *owner),
                  void *owner)
{
    struct watcher *w = malloc(sizeof *w);
    if (w == NULL)
        return -1;
    *w = (struct watcher){.next = all->watchers, .wake = wake, .turn = turn, .owner = owner};
    all->watchers = w;
    return 0;
}

void streams_wake_all(struct streams *all)
{
    for (struct watcher *w = all->watchers; w != NULL; w = w->next)
        w->wake(w->owner);
}

void streams_wake_turns(struct streams *all)
{
    for (struct watcher *w = all->watchers; w != NULL; w = w->next)
        if (w->turn != NULL)
            w->turn(w->owner);
}

/* ---- one stream ---- */

struct stream_name *streams_name(const struct streams *all, const char *text)
{
    struct stream_name *name;
    HASH_FIND_STR(all->names, text, name);
    return name;
}

/* 0, or -1: out of memory. */
static int join_name(struct streams *all, struct stream *s)
{
    struct stream_name *name = streams_name(all, s->config->name);
    if (name == NULL) {
        name = calloc(1, sizeof *name);
        if (name == NULL)
            return -1;
        memcpy(name->text, s->config->name, sizeof name->text);
        HASH_ADD_STR(all->names, text, name);
        if (name->hh.tbl == NULL) {
            free(name);
            return -1;
        }
    }
    s->name = name;
    s->older = name->newest;
    name->newest = s;
    return 0;
}

static void leave_name(struct streams *all, struct stream *s)
{
    struct stream_name *name = s->name;
    if (name == NULL)
        return;
    struct stream **at = &name->newest;
    while (*at != s)
        at = &(*at)->older;
    *at = s->older;
    if (name->newest != NULL)
        return;
    HASH_DEL(all->names, name);
    free(name);
}

/* 0, or -1: out of memory, and no token of s is in the table. */
static int let_open(struct stream_opener **openers, struct stream *s)
{
    for (size_t i = 0; i < s->config->token_count; i++) {
        struct stream_opener *o = &s->openers[i];
        o->stream = s;
        HASH_ADD_KEYPTR(hh, *openers, s->config->tokens[i], CONFIG_TOKEN_SIZE, o);
        if (o->hh.tbl != NULL)
            continue;
        while (i-- > 0)
            HASH_DEL(*openers, &s->openers[i]);
        return -1;
    }
    return 0;
}

void streams_drop(struct streams *all, struct stream *s)
{
    if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    leave_name(all, s);
    streams_drop_desktop(all, s->desktop);
    service_unref(s->service);
    free((struct stream_jwt *)s->jwt);
    free(s);
}

void streams_retire(struct streams *all, struct stream *s)
{
    if (!s->current)
        return;
    s->current = false;
    all->grants -= s->grant != NULL;
    for (size_t i = 0; i < s->config->token_count; i++)
        HASH_DEL(all->openers, &s->openers[i]);
    streams_drop(all, s);
}

void stream_end(struct stream *s, enum stream_end end)
{
    int goes_on = STREAM_GOES_ON;
    atomic_compare_exchange_strong(&s->end, &goes_on, (int)end);
}

bool stream_has_expired(const struct stream *s)
{
    return s->grant != NULL && s->grant->expires != 0 && s->grant->expires <= (int64_t)time(NULL);
}

/* What a grant allows, in the configuration's words. False: there is no such desktop. */
static bool describe(struct stream *s, const struct service *service, const struct grant *g)
{
    const struct config_desktop *d = config_find_desktop(service->config, g->desktop);
    if (d == NULL)
        return false;
    s->own_grant = *g;
    s->own_config = (struct config_stream){.desktop = d,
                                           .token_count = g->by_name ? 0 : 1,
                                           .policy = g->policy,
                                           .window = g->window,
                                           .max_viewers = g->max_viewers};
    memcpy(s->own_config.name, g->id, sizeof g->id);
    memcpy(s->own_config.tokens[0], g->token, sizeof g->token);
    memcpy(s->own_config.password, g->password, sizeof g->password);
    s->config = &s->own_config;
    s->grant = &s->own_grant;
    return true;
}

/* Gives the described stream what streams have; frees it where there is no memory. 0 or -1. */
static int complete(struct streams *all, struct service *service, struct stream *s,
                    struct stream_opener **openers, struct stream **made)
{
    atomic_init(&s->refs, 1);
    atomic_init(&s->end, STREAM_GOES_ON);
    s->service = service_ref(service);
    s->load = all->loads;
    s->desktop = streams_take_desktop(all, s->config->desktop->name);
    s->current = openers != NULL;
    if (s->desktop == NULL || join_name(all, s) != 0 || (s->current && let_open(openers, s) != 0)) {
        streams_drop(all, s);
        return -1;
    }
    if (s->grant != NULL) {
        int64_t expires = s->grant->expires;
        all->grants += s->current;
        if (expires != 0 && (all->earliest == 0 || expires < all->earliest))
            all->earliest = expires;
    }
    *made = s;
    return 0;
}

/* Of a section of the configuration. 0, or -1: out of memory. */
static int create(struct streams *all, struct service *service, const struct config_stream *config,
                  struct stream_opener **openers, struct stream **made)
{
    struct stream *s = calloc(1, sizeof *s);
    *made = NULL;
    if (s == NULL)
        return -1;
    s->config = config;
    return complete(all, service, s, openers, made);
}

int streams_create_granted(struct streams *all, struct service *service, const struct grant *g,
                           struct stream_opener **openers, struct stream **made)
{
    struct stream *s = calloc(1, sizeof *s);
    *made = NULL;
    if (s == NULL)
        return -1;
    if (describe(s, service, g))
        return complete(all, service, s, openers, made);
    free(s);
    return 1;
}

/* ---- another configuration ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const struct config_jwt *find_key(const struct config *config, const char *name)
{
    const struct config_jwt *j = config->jwts;
    while (j != NULL && strcmp(j->name, name) != 0)
        j = j->next;
    return j;
}

static bool same_desktop(const struct config_desktop *a, const struct config_desktop *b)
{
    return strcmp(a->name, b->name) == 0 && same_text(a->unix_path, b->unix_path) &&
           strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 &&
           same_text(a->password, b->password) && same_text(a->username, b->username) &&
           a->tls == b->tls && same_text(a->tls_name, b->tls_name) &&
           same_text(a->ca_file.path, b->ca_file.path);
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

/* Is whoever was let in by the passwords of a let in by those of b, or without any? */
static bool keeps_passwords(const struct config_stream *a, const struct config_stream *b)
{
    return !config_asks_password(b) ||
           (strcmp(a->password, b->password) == 0 && strcmp(a->vnc_password, b->vnc_password) == 0);
}

/* A JWT's: as long as its key is there, and would take it. */
static bool jwt_goes_on(const struct stream *old, const struct service *service)
{
    const char *desktop = old->config->desktop->name;
    const struct config_jwt *before = find_key(old->service->config, old->jwt->key),
                            *now = find_key(service->config, old->jwt->key);
    const struct config_desktop *d = config_find_desktop(service->config, desktop);
    return now != NULL && config_jwt_same(before, now) && d != NULL &&
           same_desktop(old->config->desktop, d);
}

static bool same_window(const struct crop_how *a, const struct crop_how *b)
{
    return strcmp(a->selector, b->selector) == 0 && a->popups == b->popups &&
           a->on_close == b->on_close && a->frame == b->frame && a->strict == b->strict;
}

/* May the viewers of the old one stay, now that the last load and service are what there is? */
static bool goes_on(const struct streams *all, const struct stream *old,
                    const struct service *service)
{
    const struct stream *s = old->name->newest;
    if (old->jwt != NULL)
        return service != NULL && jwt_goes_on(old, service);
    if (s->load == all->loads && s->current)
        return same_desktop(old->config->desktop, s->config->desktop) &&
               same_window(&old->config->window, &s->config->window) &&
               keeps_tokens(old->config, s->config) && keeps_passwords(old->config, s->config) &&
               policy_covers(&s->config->policy, &old->config->policy);
    if (!old->spent || service == NULL)
        return false;
    for (const struct config_desktop *d = service->config->desktops; d != NULL; d = d->next)
        if (same_desktop(old->config->desktop, d))
            return true;
    return false;
}

/* Takes back what a load has made that did not come to its end. */
static void undo(struct streams *all, struct stream_opener **openers, struct stream *list)
{
    HASH_CLEAR(hh, *openers);
    while (list != NULL) {
        struct stream *next = list->next_loaded;
        all->grants -= list->grant != NULL;
        streams_drop(all, list);
        list = next;
    }
}

/* The new streams, with a table of their own: until all are there, tokens open the old ones. 0, or
 * -1: out of memory. A grant whose desktop is not there is left out. */
static int create_all(struct streams *all, struct service *service, const struct grant *grants,
                      size_t count, struct stream_opener **openers)
{
    struct stream *list = NULL, *made;
    int rc = 0;
    all->loads++;
    for (const struct config_stream *c = service->config->streams; c != NULL && rc == 0;
         c = c->next) {
        rc = create(all, service, c, openers, &made);
        if (made != NULL) {
            made->next_loaded = list;
            list = made;
        }
    }
    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (streams_is_dead(all, grants[i].id))
            continue;
        rc = streams_create_granted(all, service, &grants[i], openers, &made);
        if (made != NULL) {
            made->next_loaded = list;
            list = made;
        }
    }
    if (rc >= 0)
        return 0;
    undo(all, openers, list);
    return -1;
}

/* All but those of the last load. */
static void retire_old(struct streams *all, const struct service *service)
{
    struct stream_name *following;
    struct stream *next;
    for (struct stream_name *name = all->names; name != NULL; name = following) {
        following = name->hh.next; /* a name goes with its last stream */
        for (struct stream *s = name->newest; s != NULL; s = next) {
            next = s->older;
            if (s->load == all->loads)
                continue;
            if (!goes_on(all, s, service))
                stream_end(s, STREAM_REVOKED);
            streams_retire(all, s);
        }
    }
}

int streams_load(struct streams *all, struct service *service, const struct grant *grants,
                 size_t count)
{
    struct stream_opener *openers = NULL;
    pthread_mutex_lock(&all->lock);
    int rc = create_all(all, service, grants, count, &openers);
    if (rc == 0) {
        retire_old(all, service);
        all->openers = openers;
        struct service *before = all->service;
        all->service = service_ref(service);
        service_unref(before);
    }
    pthread_mutex_unlock(&all->lock);
    if (rc == 0)
        streams_wake_all(all);
    return rc;
}

void streams_destroy(struct streams *all)
{
    if (all == NULL)
        return;
    all->loads++;
    retire_old(all, NULL);
    char id[GRANT_ID_SIZE];
    while (streams_next_dead(all, id))
        streams_forget(all, id);
    struct banned *b, *following;
    HASH_ITER(hh, all->banned, b, following)
    {
        HASH_DEL(all->banned, b);
        free(b);
    }
    service_unref(all->service);
    while (all->watchers != NULL) {
        struct watcher *w = all->watchers;
        all->watchers = w->next;
        free(w);
    }
    pthread_mutex_destroy(&all->lock);
    free(all);
}

/* ---- looking ---- */

/* How long this takes tells nothing that helps to guess a token: what is compared are digests, and
 * who can choose a digest to come closer to one in the table has broken SHA-256. */
struct stream *streams_find(struct streams *all, const char *token, size_t len)
{
    uint8_t digest[CONFIG_TOKEN_SIZE];
    struct stream_opener *opener;
    struct stream *found = NULL;
    if (config_hash_token(token, len, digest) != 0)
        return NULL;
    pthread_mutex_lock(&all->lock);
    HASH_FIND(hh, all->openers, digest, sizeof digest, opener);
    if (opener != NULL && !stream_has_expired(opener->stream)) {
        found = opener->stream;
        atomic_fetch_add(&found->refs, 1);
    }
    pthread_mutex_unlock(&all->lock);
    OPENSSL_cleanse(digest, sizeof digest);
    return found;
}

/* What has neither stays shut, whatever made it so. */
static bool opens_by_name(const struct config_stream *s)
{
    return s->token_count == 0 && config_asks_password(s);
}

struct stream *streams_find_named(struct streams *all, const char *name, size_t len)
{
    char text[CONFIG_NAME_MAX + 1];
    if (len >= sizeof text)
        return NULL;
    memcpy(text, name, len);
    text[len] = '\0';
    pthread_mutex_lock(&all->lock);
    const struct stream_name *known = streams_name(all, text);
    struct stream *s = known != NULL ? known->newest : NULL;
    while (s != NULL && (!s->current || !opens_by_name(s->config) || stream_has_expired(s)))
        s = s->older;
    if (s != NULL)
        atomic_fetch_add(&s->refs, 1);
    pthread_mutex_unlock(&all->lock);
    return s;
}

void stream_unref(struct streams *all, struct stream *s)
{
    pthread_mutex_lock(&all->lock);
    streams_drop(all, s);
    pthread_mutex_unlock(&all->lock);
}

void streams_each(struct streams *all,
                  void (*fn)(void *owner, const struct stream *s, unsigned viewers), void *owner)
{
    pthread_mutex_lock(&all->lock);
    for (const struct stream_name *name = all->names; name != NULL; name = name->hh.next)
        for (const struct stream *s = name->newest; s != NULL; s = s->older)
            if (s->current || (s->jwt != NULL && atomic_load(&s->end) == STREAM_GOES_ON))
                fn(owner, s, name->viewers);
    pthread_mutex_unlock(&all->lock);
}
