/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a JWT says. Input: one byte, then (odd) a token as a stranger sends it, which must open
 * nothing, as its sender does not have the key; or (even) a header, a newline, and a payload, which
 * the key signs: whoever has a key must not say what a token may not. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "fuzz.h"
#include "proxy/jwt.h"
#include "proxy/windows.h"

enum { NOW = 1700000000, INPUT_MAX = 3000 };

static const struct config_jwt key = {
    .name = "key", .key = {.algorithm = JWT_HS256, .secret = {7, 1, 8}, .secret_len = 32}};
static struct config_jwt strict;

static size_t put_base64url(const uint8_t *bytes, size_t len, char *out)
{
    EVP_EncodeBlock((uint8_t *)out, bytes, (int)len);
    for (char *p = out; *p != '\0'; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    return strcspn(out, "=");
}

/* The token's length. */
static size_t sign(const uint8_t *data, size_t size, char *token)
{
    const uint8_t *line = memchr(data, '\n', size);
    size_t header = line != NULL ? (size_t)(line - data) : size, n;
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    n = put_base64url(data, header, token);
    token[n++] = '.';
    if (line != NULL)
        n += put_base64url(line + 1, size - header - 1, token + n);
    FUZZ_CHECK(HMAC(EVP_sha256(), key.key.secret, 32, (uint8_t *)token, n, mac, &mac_len) != NULL);
    token[n++] = '.';
    return n + put_base64url(mac, mac_len, token + n);
}

static void check_claims(const struct jwt_claims *c)
{
    FUZZ_CHECK(c->desktop[0] != '\0' && memchr(c->desktop, '\0', sizeof c->desktop) != NULL);
    FUZZ_CHECK(c->jti[0] == '\0' || jwt_is_jti(c->jti));
    FUZZ_CHECK(!c->single_use || c->jti[0] != '\0');
    FUZZ_CHECK(memchr(c->window.selector, '\0', sizeof c->window.selector) != NULL);
    FUZZ_CHECK(c->window.selector[0] == '\0' || windows_is_selector(c->window.selector));
    FUZZ_CHECK(c->window.wait_s <= CROP_WAIT_MAX);
    FUZZ_CHECK(c->max_viewers <= CONFIG_VIEWERS_MAX);
    FUZZ_CHECK(c->expires > NOW && c->issued <= NOW + JWT_LEEWAY);
    FUZZ_CHECK(c->expires - c->issued <= CONFIG_JWT_TTL_MAX + 1);
}

static enum jwt_result verify(const struct config_jwt *keys, const char *token, size_t len)
{
    struct jwt_claims claims;
    const struct config_jwt *by;
    const char *why = NULL;
    enum jwt_result result = jwt_verify(keys, token, len, NOW, &claims, &by, &why);
    FUZZ_CHECK((result == JWT_GOOD) == (by == keys));
    FUZZ_CHECK((result == JWT_GOOD) == (why == NULL));
    if (result == JWT_GOOD)
        check_claims(&claims);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char issuer[] = "us", audience[] = "porthole", desktops[] = "d e";
    if (size < 1 || size > INPUT_MAX)
        return 0;
    strict = key;
    strict.issuer = issuer;
    strict.audience = audience;
    strict.desktops = desktops;
    strict.max_ttl = CONFIG_JWT_TTL_MAX;
    struct config_jwt loose = key;
    loose.max_ttl = CONFIG_JWT_TTL_MAX;
    char *token = malloc(2 * INPUT_MAX);
    FUZZ_CHECK(token != NULL);
    size_t len = size - 1;
    if (data[0] & 1) {
        memcpy(token, data + 1, len);
        FUZZ_CHECK(verify(&loose, token, len) != JWT_GOOD);
    } else {
        len = sign(data + 1, len, token);
        enum jwt_result result = verify(&loose, token, len);
        /* what more is asked for lets nothing more in */
        FUZZ_CHECK(verify(&strict, token, len) != JWT_GOOD || result == JWT_GOOD ||
                   memmem(data, size, "aud", 3) != NULL || memmem(data, size, "\\u", 2) != NULL);
    }
    free(token);
    return 0;
}
