/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backoff.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum { STEP_MS = 1000, SEED = 16, KEY_MAX = SEED + 1 + 16 + CONFIG_NAME_MAX };

struct entry {
    uint64_t key; /* of the hash */
    uint64_t last;
    unsigned failures; /* 0: a free place */
};

struct backoff {
    pthread_mutex_t lock;
    uint8_t seed[SEED];
    struct entry entries[BACKOFF_BUCKETS][BACKOFF_WAYS];
};

struct backoff *backoff_create(void)
{
    struct backoff *b = calloc(1, sizeof *b);
    if (b == NULL || RAND_bytes(b->seed, sizeof b->seed) != 1 ||
        pthread_mutex_init(&b->lock, NULL) != 0) {
        free(b);
        return NULL;
    }
    return b;
}

void backoff_destroy(struct backoff *b)
{
    if (b == NULL)
        return;
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* ---- keys ---- */

/* What of an address is somebody's: 16 bytes, IPv4 as IPv6 maps it. */
static void put_address(uint8_t *to, const struct sockaddr_storage *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    memset(to, 0, 16);
    if (address->ss_family == AF_INET) {
        memcpy(to, mapped, sizeof mapped);
        memcpy(to + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address->ss_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
        memcpy(to, six, memcmp(six, mapped, sizeof mapped) == 0 ? 16 : 8);
    }
}

/* Of an address, a stream's name, or both; NULL leaves one out. Keyed by the seed, which nobody
 * knows, and nobody sees the hash either. 0 stands for OpenSSL's failure. */
static uint64_t key_of(const struct backoff *b, const struct sockaddr_storage *address,
                       const char *stream)
{
    uint8_t text[KEY_MAX] = {0};
    unsigned char digest[EVP_MAX_MD_SIZE];
    uint64_t key = 0;
    size_t len = SEED + 1 + 16;
    memcpy(text, b->seed, SEED);
    text[SEED] = (uint8_t)((address != NULL) + 2 * (stream != NULL));
    if (address != NULL)
        put_address(text + SEED + 1, address);
    if (stream != NULL) {
        size_t n = strnlen(stream, CONFIG_NAME_MAX);
        memcpy(text + len, stream, n);
        len += n;
    }
    if (EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) == 1)
        memcpy(&key, digest, sizeof key);
    return key;
}

/* ---- entries; with the lock ---- */

/* Another thread may have read the clock later and got the lock earlier: then now is before last.
 */
static bool is_forgotten(const struct entry *e, uint64_t now)
{
    return e->failures == 0 || (now > e->last && now - e->last > BACKOFF_QUIET_MS);
}

/* NULL: it has not failed lately. */
static struct entry *find(struct backoff *b, uint64_t key, uint64_t now)
{
    struct entry *bucket = b->entries[key % BACKOFF_BUCKETS];
    for (size_t i = 0; i < BACKOFF_WAYS; i++)
        if (bucket[i].key == key && !is_forgotten(&bucket[i], now))
            return &bucket[i];
    return NULL;
}

/* Should a go before b? */
static bool is_lighter(const struct entry *a, const struct entry *b, uint64_t now)
{
    bool free_a = is_forgotten(a, now), free_b = is_forgotten(b, now);
    if (free_a != free_b)
        return free_a;
    return a->failures != b->failures ? a->failures < b->failures : a->last < b->last;
}

static struct entry *find_or_make(struct backoff *b, uint64_t key, uint64_t now)
{
    struct entry *e = find(b, key, now), *bucket = b->entries[key % BACKOFF_BUCKETS];
    if (e != NULL)
        return e;
    e = &bucket[0];
    for (size_t i = 1; i < BACKOFF_WAYS; i++)
        if (is_lighter(&bucket[i], e, now))
            e = &bucket[i];
    *e = (struct entry){.key = key};
    return e;
}

static struct entry *count(struct backoff *b, uint64_t key, uint64_t now)
{
    struct entry *e = find_or_make(b, key, now);
    e->failures += e->failures < UINT32_MAX;
    e->last = now > e->last ? now : e->last;
    return e;
}

static void take_back(struct entry *e, unsigned n)
{
    if (e != NULL)
        e->failures -= n < e->failures ? n : e->failures;
}

/* What follows so many failures. */
static uint64_t penalty(unsigned failures, unsigned free, uint64_t max)
{
    if (failures <= free)
        return 0;
    unsigned doublings = failures - free - 1;
    uint64_t ms = doublings < 32 ? (uint64_t)STEP_MS << doublings : max;
    return ms < max ? ms : max;
}

/* How long one must wait who has failed so often. */
static uint64_t left(const struct entry *e, unsigned free, uint64_t now)
{
    uint64_t end = e != NULL ? e->last + penalty(e->failures, free, BACKOFF_WAIT_MAX_MS) : 0;
    return end > now ? end - now : 0;
}

/* ---- for the outside ---- */

uint64_t backoff_wait(struct backoff *b, const struct sockaddr_storage *address, unsigned free,
                      uint64_t now)
{
    if (free == 0)
        return 0;
    uint64_t key = key_of(b, address, NULL);
    pthread_mutex_lock(&b->lock);
    uint64_t wait = left(find(b, key, now), free, now);
    pthread_mutex_unlock(&b->lock);
    return wait;
}

void backoff_failed(struct backoff *b, const struct sockaddr_storage *address, unsigned free,
                    uint64_t now)
{
    if (free == 0)
        return;
    uint64_t key = key_of(b, address, NULL);
    pthread_mutex_lock(&b->lock);
    count(b, key, now);
    pthread_mutex_unlock(&b->lock);
}

uint64_t backoff_charge(struct backoff *b, const struct sockaddr_storage *address,
                        const char *stream, unsigned free, uint64_t now, uint64_t *delay)
{
    *delay = 0;
    if (free == 0)
        return 0;
    uint64_t who = key_of(b, address, NULL), where = key_of(b, NULL, stream),
             both = key_of(b, address, stream);
    pthread_mutex_lock(&b->lock);
    uint64_t wait = left(find(b, who, now), free, now);
    if (wait == 0) {
        count(b, who, now);
        count(b, both, now);
        /* this one is not known to be wrong yet */
        *delay = penalty(count(b, where, now)->failures - 1, free, BACKOFF_DELAY_MAX_MS);
    }
    pthread_mutex_unlock(&b->lock);
    return wait;
}

void backoff_refund(struct backoff *b, const struct sockaddr_storage *address, const char *stream,
                    unsigned free, uint64_t now)
{
    if (free == 0)
        return;
    uint64_t who = key_of(b, address, NULL), where = key_of(b, NULL, stream),
             both = key_of(b, address, stream);
    pthread_mutex_lock(&b->lock);
    struct entry *e = find(b, both, now);
    unsigned n = e != NULL ? e->failures : 1; /* pushed out: at least this one */
    take_back(find(b, who, now), n);
    take_back(find(b, where, now), n);
    take_back(e, n);
    pthread_mutex_unlock(&b->lock);
}
