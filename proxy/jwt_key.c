/* SPDX-License-Identifier: GPL-2.0-or-later
 * On OpenSSL: of Debian 12's libraries for JWTs, libjwt 1.10 and José 11 have no EdDSA, and
 * rhonabwy 1.1.11 compares HMACs by strcmp and brings GnuTLS and libcurl along. */
#include "jwt_key.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 16 << 10, HMAC_SIZE = 32 };

static const char *const words[] = {
    [JWT_HS256] = "HS256", [JWT_RS256] = "RS256", [JWT_EDDSA] = "EdDSA"};

enum jwt_algorithm jwt_algorithm_of(const char *word)
{
    for (enum jwt_algorithm a = JWT_HS256; a <= JWT_EDDSA; a++)
        if (strcmp(words[a], word) == 0)
            return a;
    return JWT_NO_ALGORITHM;
}

const char *jwt_algorithm_word(enum jwt_algorithm a)
{
    return words[a];
}

/* ---- reading ---- */

static int fail(char why[JWT_KEY_ERROR_MAX], const char *words_for_it)
{
    snprintf(why, JWT_KEY_ERROR_MAX, "%s", words_for_it);
    return -1;
}

static int take_secret(struct jwt_key *key, const char *bytes, size_t len,
                       char why[JWT_KEY_ERROR_MAX])
{
    static const char pem[] = "-----BEGIN ";
    if (len != 0 && bytes[len - 1] == '\n')
        len--;
    if (len != 0 && bytes[len - 1] == '\r')
        len--;
    /* everybody has the public key, and could sign with it */
    if (len >= sizeof pem - 1 && memcmp(bytes, pem, sizeof pem - 1) == 0)
        return fail(why, "it is a PEM file; HS256 takes a secret");
    if (len < JWT_SECRET_MIN || len > JWT_SECRET_MAX) {
        snprintf(why, JWT_KEY_ERROR_MAX, "the secret has %zu bytes; HS256 takes %d to %d", len,
                 JWT_SECRET_MIN, JWT_SECRET_MAX);
        return -1;
    }
    memcpy(key->secret, bytes, len);
    key->secret_len = len;
    return 0;
}

/* One would ask the terminal otherwise. */
static int no_passphrase(char *buf, int size, int rwflag, void *user)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)user;
    return -1;
}

static int take_public(struct jwt_key *key, const char *bytes, size_t len,
                       char why[JWT_KEY_ERROR_MAX])
{
    BIO *in = BIO_new_mem_buf(bytes, (int)len);
    if (in != NULL)
        key->public = PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL);
    BIO_free(in);
    ERR_clear_error();
    if (key->public == NULL)
        return fail(why, "it holds no public key in PEM (-----BEGIN PUBLIC KEY-----)");
    if (key->algorithm == JWT_EDDSA)
        return EVP_PKEY_is_a(key->public, "ED25519")
                   ? 0
                   : fail(why, "its key is of another kind; EdDSA takes Ed25519");
    if (!EVP_PKEY_is_a(key->public, "RSA"))
        return fail(why, "its key is of another kind; RS256 takes RSA");
    int bits = EVP_PKEY_get_bits(key->public);
    if (bits >= JWT_RSA_MIN && bits <= JWT_RSA_MAX)
        return 0;
    snprintf(why, JWT_KEY_ERROR_MAX, "its RSA key has %d bits; RS256 takes %d to %d", bits,
             JWT_RSA_MIN, JWT_RSA_MAX);
    return -1;
}

int jwt_key_read(struct jwt_key *key, const char *path, char why[JWT_KEY_ERROR_MAX])
{
    char bytes[FILE_MAX];
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return fail(why, strerror(errno));
    setvbuf(in, NULL, _IONBF, 0); /* no copy of a secret stays behind */
    size_t len = fread(bytes, 1, sizeof bytes, in);
    int rc;
    if (ferror(in))
        rc = fail(why, strerror(errno));
    else if (len == sizeof bytes)
        rc = fail(why, "it is too large for a key");
    else if (key->algorithm == JWT_HS256)
        rc = take_secret(key, bytes, len, why);
    else
        rc = take_public(key, bytes, len, why);
    fclose(in);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return rc;
}

bool jwt_key_same(const struct jwt_key *a, const struct jwt_key *b)
{
    if (a->algorithm != b->algorithm || a->secret_len != b->secret_len ||
        CRYPTO_memcmp(a->secret, b->secret, a->secret_len) != 0)
        return false;
    return a->public == b->public ||
           (a->public != NULL && b->public != NULL && EVP_PKEY_eq(a->public, b->public) == 1);
}

void jwt_key_finish(struct jwt_key *key)
{
    OPENSSL_cleanse(key->secret, sizeof key->secret);
    key->secret_len = 0;
    EVP_PKEY_free(key->public);
    key->public = NULL;
}

/* ---- verifying ---- */

/* RFC 7518 section 3.2 */
static bool verify_hmac(const struct jwt_key *key, const char *text, size_t text_len,
                        const uint8_t *signature, size_t signature_len)
{
    uint8_t expected[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    bool good = HMAC(EVP_sha256(), key->secret, (int)key->secret_len, (const uint8_t *)text,
                     text_len, expected, &size) != NULL &&
                size == HMAC_SIZE && signature_len == HMAC_SIZE &&
                CRYPTO_memcmp(expected, signature, HMAC_SIZE) == 0;
    OPENSSL_cleanse(expected, sizeof expected);
    return good;
}

/* RFC 7518 section 3.3 (RSASSA-PKCS1-v1_5), RFC 8037 section 3.1 (Ed25519) */
static bool verify_public(const struct jwt_key *key, const char *text, size_t text_len,
                          const uint8_t *signature, size_t signature_len)
{
    bool rsa = key->algorithm == JWT_RS256;
    EVP_PKEY_CTX *pctx = NULL; /* the other's */
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        ctx != NULL &&
        EVP_DigestVerifyInit(ctx, &pctx, rsa ? EVP_sha256() : NULL, NULL, key->public) == 1 &&
        (!rsa || EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING) == 1) &&
        EVP_DigestVerify(ctx, signature, signature_len, (const uint8_t *)text, text_len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error(); /* TLS on this thread would take it for its own */
    return good;
}

bool jwt_key_verify(const struct jwt_key *key, const char *text, size_t text_len,
                    const uint8_t *signature, size_t signature_len)
{
    return key->algorithm == JWT_HS256
               ? verify_hmac(key, text, text_len, signature, signature_len)
               : verify_public(key, text, text_len, signature, signature_len);
}
