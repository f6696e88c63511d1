/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* for new ones: one of the settings of OWASP's Password Storage Cheat Sheet */
    LN = 15,
    R = 8,
    P = 3,
    SALT = 16, /* bytes */
    HASH = 32,
    /* of those that are read. Whoever writes the file or the database is trusted, but a slip of a
     * digit must not cost the machine its memory with each viewer that comes. */
    LN_MIN = 10,
    LN_MAX = 20,
    R_MAX = 32,
    P_MAX = 64,
    SALT_MIN = 8,
    SALT_MAX = 32,
    HASH_MIN = 16,
    HASH_MAX = 32,
};
static const uint64_t memory_max = 64 << 20, work_max = 8 * (uint64_t)R * P << LN;

struct setting {
    unsigned ln, r, p;
    uint8_t salt[SALT_MAX], hash[HASH_MAX];
    size_t salt_len, hash_len;
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- the form ---- */

/* Takes "NAME=NUMBER" and moves behind it. */
static int take_number(const char **text, const char *name, unsigned min, unsigned max,
                       unsigned *number)
{
    size_t n = strlen(name);
    if (strncmp(*text, name, n) != 0)
        return -1;
    const char *value = *text + n;
    size_t len = strspn(value, "0123456789");
    if (len == 0 || len > 3 || value[0] == '0')
        return -1;
    *number = (unsigned)strtoul(value, NULL, 10);
    *text = value + len;
    return *number >= min && *number <= max ? 0 : -1;
}

/* Takes "$" and base64 without padding, up to the next "$" or the end. */
static int take_bytes(const char **text, uint8_t *bytes, size_t min, size_t max, size_t *len)
{
    unsigned char padded[4 * ((HASH_MAX + 2) / 3) + 1], plain[3 * ((HASH_MAX + 2) / 3)];
    if (**text != '$')
        return -1;
    const char *value = *text + 1;
    size_t n = strspn(value, digits), pad = (4 - n % 4) % 4;
    if (n % 4 == 1 || n + pad >= sizeof padded)
        return -1;
    memcpy(padded, value, n);
    memset(padded + n, '=', pad);
    if (EVP_DecodeBlock(plain, padded, (int)(n + pad)) < 0)
        return -1;
    *len = (n + pad) / 4 * 3 - pad;
    *text = value + n;
    if (*len < min || *len > max)
        return -1;
    memcpy(bytes, plain, *len);
    return 0;
}

static const char *read_setting(const char *text, struct setting *s)
{
    static const char prefix[] = "$scrypt$";
    if (strlen(text) >= PASSWORD_HASH_SIZE || strncmp(text, prefix, sizeof prefix - 1) != 0)
        return "it does not begin with $scrypt$";
    text += sizeof prefix - 1;
    if (take_number(&text, "ln=", LN_MIN, LN_MAX, &s->ln) != 0)
        return "behind $scrypt$ stands no ln=10 to ln=20";
    if (take_number(&text, ",r=", 1, R_MAX, &s->r) != 0)
        return "behind ln stands no ,r=1 to ,r=32";
    if (take_number(&text, ",p=", 1, P_MAX, &s->p) != 0)
        return "behind r stands no ,p=1 to ,p=64";
    if ((uint64_t)128 * s->r << s->ln > memory_max)
        return "it asks for more than 64 MB of memory";
    if ((uint64_t)s->r * s->p << s->ln > work_max)
        return "it asks for more than eight times the usual work";
    if (take_bytes(&text, s->salt, SALT_MIN, SALT_MAX, &s->salt_len) != 0)
        return "its salt is not 8 to 32 bytes of base64 without padding";
    if (take_bytes(&text, s->hash, HASH_MIN, HASH_MAX, &s->hash_len) != 0)
        return "its hash is not 16 to 32 bytes of base64 without padding";
    return *text == '\0' ? NULL : "something stands behind the hash";
}

const char *password_hash_flaw(const char *hash)
{
    struct setting s;
    return read_setting(hash, &s);
}

/* Appends "$" and base64. */
static void put_bytes(char *text, const uint8_t *bytes, size_t len)
{
    size_t at = strlen(text);
    text[at++] = '$';
    EVP_EncodeBlock((unsigned char *)text + at, bytes, (int)len);
    text[at + strspn(text + at, digits)] = '\0'; /* without the padding */
}

/* ---- scrypt ---- */

static int derive(const struct setting *s, const char *password, size_t len, uint8_t *out,
                  size_t out_len)
{
    uint64_t n = (uint64_t)1 << s->ln, memory = 128 * (uint64_t)s->r * (n + s->p + 2);
    return EVP_PBE_scrypt(password, len, s->salt, s->salt_len, n, s->r, s->p, memory, out,
                          out_len) == 1
               ? 0
               : -1;
}

int password_hash(const char *password, size_t len, char hash[PASSWORD_HASH_SIZE])
{
    struct setting s = {.ln = LN, .r = R, .p = P, .salt_len = SALT, .hash_len = HASH};
    if (RAND_bytes(s.salt, SALT) != 1 || derive(&s, password, len, s.hash, HASH) != 0)
        return -1;
    snprintf(hash, PASSWORD_HASH_SIZE, "$scrypt$ln=%d,r=%d,p=%d", LN, R, P);
    put_bytes(hash, s.salt, SALT);
    put_bytes(hash, s.hash, HASH);
    OPENSSL_cleanse(&s, sizeof s);
    return 0;
}

int password_matches(const char *hash, const char *password, size_t len)
{
    struct setting s;
    uint8_t derived[HASH_MAX];
    if (read_setting(hash, &s) != NULL || derive(&s, password, len, derived, s.hash_len) != 0)
        return -1;
    int same = CRYPTO_memcmp(derived, s.hash, s.hash_len) == 0;
    OPENSSL_cleanse(derived, sizeof derived);
    OPENSSL_cleanse(&s, sizeof s);
    return same;
}
