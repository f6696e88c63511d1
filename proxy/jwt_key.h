/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys that sign JSON Web Tokens, each for exactly one algorithm (RFC 8725 section 3.1): a token
 * never chooses how its own signature is checked. Immutable once read, so any thread may look. */
#ifndef PROXY_JWT_KEY_H
#define PROXY_JWT_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JWT_SECRET_MIN = 32, /* bytes (RFC 7518 section 3.2) */
    JWT_SECRET_MAX = 1024,
    JWT_RSA_MIN = 2048, /* bits (RFC 7518 section 3.3) */
    JWT_RSA_MAX = 8192, /* a larger one costs a stranger nothing and us milliseconds */
    JWT_KEY_ERROR_MAX = 160
};

enum jwt_algorithm { JWT_NO_ALGORITHM, JWT_HS256, JWT_RS256, JWT_EDDSA };

struct jwt_key {
    enum jwt_algorithm algorithm;
    uint8_t secret[JWT_SECRET_MAX]; /* of HS256 */
    size_t secret_len;
    EVP_PKEY *public; /* of the others */
};

/* As in a token's header; JWT_NO_ALGORITHM for any other word. */
enum jwt_algorithm jwt_algorithm_of(const char *word);
const char *jwt_algorithm_word(enum jwt_algorithm a);

/* Reads what the key's algorithm takes from the file: a secret (all bytes but a line end at the
 * end), or a public key in PEM. 0, or -1 with the reason in why, which shows nothing of it. */
int jwt_key_read(struct jwt_key *key, const char *path, char why[JWT_KEY_ERROR_MAX]);
bool jwt_key_same(const struct jwt_key *a, const struct jwt_key *b);
/* Wipes it. */
void jwt_key_finish(struct jwt_key *key);

/* Is this the signature of the text? An HMAC is compared in constant time. */
bool jwt_key_verify(const struct jwt_key *key, const char *text, size_t text_len,
                    const uint8_t *signature, size_t signature_len);

#endif
