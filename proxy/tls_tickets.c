/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    ROTATE_S = 2 * 3600, /* as long as OpenSSL lets a session be resumed */
    NAME_SIZE = 16       /* OpenSSL's own */
};

struct key {
    uint8_t name[NAME_SIZE], cipher[32], mac[32];
    uint64_t made; /* seconds of the monotonic clock */
};

struct tls_tickets {
    uv_mutex_t lock;
    struct key keys[2]; /* the one that is used, and the one before */
};

static uint64_t now_s(void)
{
    return uv_hrtime() / UINT64_C(1000000000);
}

static bool make(struct key *k)
{
    k->made = now_s();
    return RAND_bytes(k->name, sizeof k->name) == 1 &&
           RAND_priv_bytes(k->cipher, sizeof k->cipher) == 1 &&
           RAND_priv_bytes(k->mac, sizeof k->mac) == 1;
}

/* With the lock. */
static bool rotate(struct tls_tickets *t)
{
    struct key fresh;
    if (now_s() - t->keys[0].made < ROTATE_S)
        return true;
    bool made = make(&fresh);
    if (made) {
        t->keys[1] = t->keys[0];
        t->keys[0] = fresh;
    }
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return made;
}

static bool current_key(struct tls_tickets *t, struct key *out)
{
    uv_mutex_lock(&t->lock);
    bool good = rotate(t);
    *out = t->keys[0];
    uv_mutex_unlock(&t->lock);
    return good;
}

/* 1: the one that is used; 2: the one before, so that a new ticket is due; 0: neither. */
static int find_key(struct tls_tickets *t, const uint8_t name[NAME_SIZE], struct key *out)
{
    int found = 0;
    uv_mutex_lock(&t->lock);
    for (int i = 0; i < 2 && found == 0; i++) {
        const struct key *k = &t->keys[i];
        if (memcmp(k->name, name, NAME_SIZE) != 0 || now_s() - k->made >= 2 * ROTATE_S)
            continue;
        *out = *k;
        found = i + 1;
    }
    uv_mutex_unlock(&t->lock);
    return found;
}

static bool set_up(const struct key *k, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, const uint8_t *iv,
                   int encrypt)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->cipher, iv, encrypt) == 1 &&
           EVP_MAC_init(mac, k->mac, sizeof k->mac, params) == 1;
}

/* OpenSSL's callback: SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
static int use_key(SSL *ssl, unsigned char name[NAME_SIZE], unsigned char iv[EVP_MAX_IV_LENGTH],
                   EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    struct tls_tickets *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct key k;
    int found = encrypt ? current_key(t, &k) && RAND_bytes(iv, 16) == 1 : find_key(t, name, &k);
    if (found != 0 && !set_up(&k, cipher, mac, iv, encrypt))
        found = -1;
    if (found > 0 && encrypt)
        memcpy(name, k.name, NAME_SIZE);
    OPENSSL_cleanse(&k, sizeof k);
    return found;
}

struct tls_tickets *tls_tickets_create(void)
{
    struct tls_tickets *t = calloc(1, sizeof *t);
    if (t == NULL || uv_mutex_init(&t->lock) != 0) {
        free(t);
        return NULL;
    }
    /* the second is made too: no ticket may be good by a key of zeros */
    if (make(&t->keys[0]) && make(&t->keys[1]))
        return t;
    tls_tickets_destroy(t);
    return NULL;
}

void tls_tickets_destroy(struct tls_tickets *t)
{
    if (t == NULL)
        return;
    uv_mutex_destroy(&t->lock);
    OPENSSL_cleanse(t->keys, sizeof t->keys);
    free(t);
}

void tls_tickets_use(struct tls_tickets *t, SSL_CTX *ctx)
{
    SSL_CTX_set_app_data(ctx, t);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, use_key);
}
