/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams that JWTs open: each begins with its first viewer and ends with its last, its id is made
 * of its jti, and a list of those that were revoked keeps them out. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "streams_private.h"
#include "windows.h"

/* ---- ids ---- */

static void put_id(const uint8_t digest[CONFIG_TOKEN_SIZE], char id[GRANT_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < GRANT_ID_SIZE / 2; i++) {
        id[2 * i] = digits[digest[i] >> 4];
        id[2 * i + 1] = digits[digest[i] & 15];
    }
    id[GRANT_ID_SIZE - 1] = '\0';
}

int streams_jti_id(const char *jti, char id[GRANT_ID_SIZE])
{
    char text[sizeof "jti:" + JWT_JTI_MAX]; /* with what no token begins with */
    uint8_t digest[CONFIG_TOKEN_SIZE];
    size_t len = strlen(jti);
    if (len > JWT_JTI_MAX)
        return -1;
    memcpy(text, "jti:", 4);
    memcpy(text + 4, jti, len);
    if (config_hash_token(text, 4 + len, digest) != 0)
        return -1;
    put_id(digest, id);
    return 0;
}

/* ---- revoking ---- */

static struct banned *find_banned(const struct streams *all, const char *id)
{
    struct banned *b;
    HASH_FIND_STR(all->banned, id, b);
    return b;
}

bool streams_is_banned(const struct streams *all, const char *id)
{
    return find_banned(all, id) != NULL;
}

int64_t streams_ban_end(int64_t now)
{
    return now + CONFIG_JWT_TTL_MAX + JWT_LEEWAY;
}

int streams_put_ban(struct streams *all, const struct revocation *r, bool kept)
{
    if (streams_is_banned(all, r->id))
        return 0;
    if (HASH_COUNT(all->banned) >= STREAMS_REVOCATIONS_MAX)
        return 2;
    struct banned *b = calloc(1, sizeof *b);
    if (b == NULL)
        return -1;
    b->revocation = *r;
    HASH_ADD_KEYPTR(hh, all->banned, b->revocation.id, GRANT_ID_SIZE - 1, b);
    if (b->hh.tbl == NULL) {
        free(b);
        return -1;
    }
    if (kept)
        return 0;
    b->unkept = true;
    *all->last_unkept = b;
    all->last_unkept = &b->next_unkept;
    return 0;
}

int streams_ban(struct streams *all, const struct revocation *r, bool kept)
{
    pthread_mutex_lock(&all->lock);
    int rc = streams_put_ban(all, r, kept);
    struct stream_name *name = rc == 0 ? streams_name(all, r->id) : NULL;
    for (struct stream *s = name != NULL ? name->newest : NULL; s != NULL; s = s->older)
        if (s->jwt != NULL)
            stream_end(s, STREAM_REVOKED);
    pthread_mutex_unlock(&all->lock);
    if (name != NULL)
        streams_wake_all(all);
    return rc;
}

bool streams_find_jti(struct streams *all, const char *id, char jti[JWT_JTI_MAX + 1])
{
    pthread_mutex_lock(&all->lock);
    struct stream_name *name = streams_name(all, id);
    struct stream *s = name != NULL ? name->newest : NULL;
    while (s != NULL && s->jwt == NULL)
        s = s->older;
    if (s != NULL)
        memcpy(jti, s->jwt->jti, JWT_JTI_MAX + 1);
    pthread_mutex_unlock(&all->lock);
    return s != NULL;
}

bool streams_next_unkept(struct streams *all, struct revocation *r)
{
    pthread_mutex_lock(&all->lock);
    const struct banned *b = all->first_unkept;
    if (b != NULL)
        *r = b->revocation;
    pthread_mutex_unlock(&all->lock);
    return b != NULL;
}

void streams_kept(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    struct banned *b = all->first_unkept;
    all->first_unkept = b->next_unkept;
    if (all->first_unkept == NULL)
        all->last_unkept = &all->first_unkept;
    b->unkept = false;
    pthread_mutex_unlock(&all->lock);
}

/* The oldest come first, as all are kept for the same time. */
bool streams_lift_bans(struct streams *all, int64_t now)
{
    bool any = false;
    pthread_mutex_lock(&all->lock);
    struct banned *b;
    while ((b = all->banned) != NULL && b->revocation.until <= now && !b->unkept) {
        any = true;
        HASH_DEL(all->banned, b);
        free(b);
    }
    pthread_mutex_unlock(&all->lock);
    return any;
}

void streams_each_ban(struct streams *all, void (*fn)(void *owner, const struct revocation *r),
                      void *owner)
{
    pthread_mutex_lock(&all->lock);
    for (const struct banned *b = all->banned; b != NULL; b = b->hh.next)
        fn(owner, &b->revocation);
    pthread_mutex_unlock(&all->lock);
}

/* ---- opening ---- */

static void describe(const struct jwt_claims *c, const uint8_t digest[CONFIG_TOKEN_SIZE],
                     const char *id, struct grant *g)
{
    *g = (struct grant){.policy = c->policy,
                        .window = c->window,
                        .max_viewers = c->max_viewers,
                        .single_use = c->single_use,
                        .created = c->issued,
                        .expires = c->expires};
    memcpy(g->id, id, GRANT_ID_SIZE);
    memcpy(g->desktop, c->desktop, sizeof c->desktop);
    memcpy(g->token, digest, CONFIG_TOKEN_SIZE);
}

/* The one that this very token has opened already. */
static struct stream *find_open(const struct streams *all, const struct grant *g)
{
    struct stream_name *name = streams_name(all, g->id);
    struct stream *s = name != NULL ? name->newest : NULL;
    while (s != NULL && !(s->jwt != NULL && atomic_load(&s->end) == STREAM_GOES_ON &&
                          memcmp(s->grant->token, g->token, CONFIG_TOKEN_SIZE) == 0))
        s = s->older;
    return s;
}

static enum opening create(struct streams *all, const struct grant *g,
                           const struct stream_jwt *origin, struct stream **made, const char **why)
{
    struct stream_jwt *jwt = malloc(sizeof *jwt);
    int rc = jwt != NULL ? streams_create_granted(all, all->service, g, NULL, made) : -1;
    if (rc != 0) {
        free(jwt);
        *why = rc > 0 ? "there is no such desktop" : "out of memory";
        return rc > 0 ? OPENING_WRONG : OPENING_NO_MEMORY;
    }
    *jwt = *origin;
    (*made)->jwt = jwt;
    return OPENING_GRANTED;
}

/* Somebody must know its window. What there is no desktop for is found out later. */
static bool lacks_agent(const struct service *service, const struct jwt_claims *c)
{
    const struct config_desktop *d = config_find_desktop(service->config, c->desktop);
    return windows_needs_agent(c->window.selector) && d != NULL && d->agent == NULL;
}

static enum opening open_it(struct streams *all, const struct grant *g,
                            const struct stream_jwt *origin, struct stream **found,
                            const char **why)
{
    if (streams_is_banned(all, g->id)) {
        *why = "it has been revoked, or its single use was another's";
        return OPENING_WRONG;
    }
    *found = find_open(all, g);
    if (*found == NULL)
        return create(all, g, origin, found, why);
    atomic_fetch_add(&(*found)->refs, 1);
    return OPENING_GRANTED;
}

static struct service *present_service(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    struct service *service = all->service != NULL ? service_ref(all->service) : NULL;
    pthread_mutex_unlock(&all->lock);
    return service;
}

/* By the keys of service. *late: it is not the present one any more, and this must be done again:
 * a key that has been removed opens nothing, whenever the connection began. */
static enum opening try_keys(struct streams *all, struct service *service, const char *token,
                             size_t len, struct stream **found, const char **why, bool *late)
{
    struct jwt_claims claims;
    const struct config_jwt *by;
    uint8_t digest[CONFIG_TOKEN_SIZE];
    struct stream_jwt origin = {.jti = ""};
    struct grant g;
    char id[GRANT_ID_SIZE];
    enum jwt_result result =
        jwt_verify(service->config->jwts, token, len, (int64_t)time(NULL), &claims, &by, why);
    if (result == JWT_NONE)
        *why = NULL;
    if (result != JWT_GOOD)
        return result == JWT_EXPIRED ? OPENING_EXPIRED : OPENING_WRONG;
    if (lacks_agent(service, &claims)) {
        *why = "a window of a desktop that has no agent";
        return OPENING_WRONG;
    }
    if (config_hash_token(token, len, digest) != 0)
        return OPENING_NO_MEMORY;
    if (claims.jti[0] == '\0')
        put_id(digest, id);
    else if (streams_jti_id(claims.jti, id) != 0)
        return OPENING_NO_MEMORY;
    describe(&claims, digest, id, &g);
    memcpy(origin.key, by->name, sizeof origin.key);
    memcpy(origin.jti, claims.jti, sizeof origin.jti);
    pthread_mutex_lock(&all->lock);
    int64_t earliest = all->earliest;
    *late = all->service != service;
    enum opening opening = *late ? OPENING_WRONG : open_it(all, &g, &origin, found, why);
    bool sooner = all->earliest != earliest;
    pthread_mutex_unlock(&all->lock);
    if (sooner)
        streams_wake_all(all);
    return opening;
}

enum opening streams_open_jwt(struct streams *all, const char *token, size_t len,
                              struct stream **found, const char **why)
{
    enum opening opening = OPENING_WRONG;
    bool late = true;
    while (late) {
        late = false;
        *found = NULL;
        *why = NULL;
        struct service *service = present_service(all);
        if (service != NULL && service->config->jwts != NULL)
            opening = try_keys(all, service, token, len, found, why, &late);
        service_unref(service);
    }
    return opening;
}
