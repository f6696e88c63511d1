/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jwt.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crop_json.h"

#define TIME_MAX 9007199254740992.0 /* 2^53: what JSON's numbers carry exactly */

/* ---- the compact form ---- */

struct part {
    const char *text;
    size_t len;
};

/* header.payload.signature, none of them empty: one without signature is unsecured (RFC 7519
 * section 6), one with five parts is encrypted, and neither is taken. */
static bool cut(const char *token, size_t len, struct part parts[3])
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = 0;
    parts[0] = (struct part){.text = token};
    for (size_t i = 0; i < len; i++) {
        if (token[i] == '.') {
            if (parts[n].len == 0 || ++n == 3)
                return false;
            parts[n] = (struct part){.text = token + i + 1};
        } else if (token[i] == '\0' || strchr(chars, token[i]) == NULL) {
            return false;
        } else {
            parts[n].len++;
        }
    }
    return n == 2 && parts[2].len != 0;
}

static unsigned digit(char c)
{
    return c >= 'A' && c <= 'Z'   ? (unsigned)(c - 'A')
           : c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 26
           : c >= '0' && c <= '9' ? (unsigned)(c - '0') + 52
           : c == '-'             ? 62
                                  : 63;
}

/* base64url without padding (RFC 7515 section 2), of characters that cut() has checked; what is
 * left over of the last one must be 0 (RFC 4648 section 3.5), or one token had many faces. The
 * length, or -1. out has room for 3/4 of the characters. */
static long decode(struct part p, uint8_t *out)
{
    unsigned bits = 0, left = 0;
    size_t n = 0;
    if (p.len % 4 == 1)
        return -1;
    for (size_t i = 0; i < p.len; i++) {
        left = (left << 6 | digit(p.text[i])) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (uint8_t)(left >> bits);
        }
    }
    return (left & ((1U << bits) - 1)) == 0 ? (long)n : -1;
}

/* A JSON object without names that stand twice (RFC 7515 section 4, RFC 7519 section 4); jansson
 * has checked that it is UTF-8 and that no string has a NUL. buffer: of JWT_MAX bytes. */
static json_t *decode_object(struct part p, uint8_t *buffer)
{
    long n = decode(p, buffer);
    json_t *json =
        n >= 0 ? json_loadb((const char *)buffer, (size_t)n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

/* ---- the header ---- */

/* NULL, or what is wrong. */
static const char *read_header(const json_t *header, enum jwt_algorithm *algorithm,
                               const char **kid)
{
    const json_t *alg = json_object_get(header, "alg"), *typ = json_object_get(header, "typ"),
                 *id = json_object_get(header, "kid");
    *kid = json_string_value(id);
    if (!json_is_string(alg))
        return "no algorithm in its header";
    *algorithm = jwt_algorithm_of(json_string_value(alg));
    /* no extension is understood here (RFC 7515 section 4.1.11) */
    if (json_object_get(header, "crit") != NULL)
        return "crit in its header";
    /* one that was signed for something else (RFC 8725 section 3.11) */
    if (typ != NULL && (!json_is_string(typ) || strcasecmp(json_string_value(typ), "JWT") != 0))
        return "another typ than JWT in its header";
    if (id != NULL && *kid == NULL)
        return "a kid in its header that is no text";
    return NULL;
}

/* A key with a kid takes tokens with this kid only; one without takes any. */
static bool fits(const struct config_jwt *key, enum jwt_algorithm algorithm, const char *kid)
{
    return key->key.algorithm == algorithm &&
           (key->kid == NULL || (kid != NULL && strcmp(key->kid, kid) == 0));
}

/* NULL, or what is wrong. */
static const char *find_signer(const struct config_jwt *keys, const json_t *header,
                               const struct part parts[3], uint8_t *buffer,
                               const struct config_jwt **by)
{
    enum jwt_algorithm algorithm = JWT_NO_ALGORITHM;
    const char *kid, *wrong = read_header(header, &algorithm, &kid);
    size_t signed_len = parts[0].len + 1 + parts[1].len;
    bool tried = false;
    if (wrong != NULL)
        return wrong;
    if (algorithm == JWT_NO_ALGORITHM)
        return "an algorithm in its header that is not taken";
    long n = decode(parts[2], buffer);
    if (n < 0)
        return "its signature is no base64url";
    for (*by = keys; *by != NULL; *by = (*by)->next) {
        if (!fits(*by, algorithm, kid))
            continue;
        tried = true;
        if (jwt_key_verify(&(*by)->key, parts[0].text, signed_len, buffer, (size_t)n))
            return NULL;
    }
    return tried ? "a wrong signature" : "no key for its algorithm and kid";
}

/* ---- the claims ---- */

bool jwt_is_jti(const char *text)
{
    size_t len = 0;
    while (text[len] >= 0x20 && text[len] <= 0x7e && len <= JWT_JTI_MAX)
        len++;
    return text[len] == '\0' && len != 0 && len <= JWT_JTI_MAX;
}

/* What a claim's function fills, and what it looks at. */
struct reading {
    struct jwt_claims *claims;
    const struct config_jwt *key;
    int64_t now;
    double not_before, issued, expires; /* as they are in the token; 0: not there */
};

/* NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction. */
static bool take_time(const json_t *value, double *seconds)
{
    *seconds = json_number_value(value);
    return json_is_number(value) && *seconds > 0 && *seconds < TIME_MAX;
}

/* Each takes a value; NULL, or what is wrong. */

static const char *take_desktop(struct reading *r, const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) > CONFIG_NAME_MAX)
        return "a desktop that is no name";
    memcpy(r->claims->desktop, text, strlen(text) + 1);
    return NULL;
}

static const char *take_role(struct reading *r, const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && policy_set_role(&r->claims->policy, text) ? NULL : "an unknown role";
}

static const char *take_clipboard(struct reading *r, const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && policy_set_clipboard(&r->claims->policy, text) ? NULL
                                                                          : "an unknown clipboard";
}

static const char *take_max_viewers(struct reading *r, const json_t *value)
{
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > CONFIG_VIEWERS_MAX)
        return "a max_viewers that is no number of viewers";
    r->claims->max_viewers = (unsigned)n;
    return NULL;
}

static const char *take_single_use(struct reading *r, const json_t *value)
{
    r->claims->single_use = json_is_true(value);
    return json_is_boolean(value) ? NULL : "a single_use that is neither true nor false";
}

static const char *take_jti(struct reading *r, const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL || !jwt_is_jti(text))
        return "a jti that is no text of 1 to 64 bytes of printable ASCII";
    memcpy(r->claims->jti, text, strlen(text) + 1);
    return NULL;
}

static const char *take_iss(struct reading *r, const json_t *value)
{
    const char *text = json_string_value(value);
    return r->key->issuer == NULL || (text != NULL && strcmp(text, r->key->issuer) == 0)
               ? NULL
               : "another issuer";
}

/* For somebody else, unless we are among those that are named (RFC 7519 section 4.1.3). */
static const char *take_aud(struct reading *r, const json_t *value)
{
    const char *own = r->key->audience, *text = json_string_value(value);
    size_t i;
    json_t *element;
    if (own != NULL && text != NULL && strcmp(text, own) == 0)
        return NULL;
    json_array_foreach(value, i, element)
    {
        text = json_string_value(element);
        if (own != NULL && text != NULL && strcmp(text, own) == 0)
            return NULL;
    }
    return "another audience";
}

static const char *take_exp(struct reading *r, const json_t *value)
{
    return take_time(value, &r->expires) ? NULL : "an exp that is no time";
}

static const char *take_nbf(struct reading *r, const json_t *value)
{
    return take_time(value, &r->not_before) ? NULL : "an nbf that is no time";
}

static const char *take_iat(struct reading *r, const json_t *value)
{
    return take_time(value, &r->issued) ? NULL : "an iat that is no time";
}

static const struct {
    const char *name;
    const char *(*take)(struct reading *r, const json_t *value);
} known[] = {
    {"desktop", take_desktop},
    {"role", take_role},
    {"clipboard", take_clipboard},
    {"max_viewers", take_max_viewers},
    {"single_use", take_single_use},
    {"jti", take_jti},
    {"iss", take_iss},
    {"aud", take_aud},
    {"exp", take_exp},
    {"nbf", take_nbf},
    {"iat", take_iat},
};

/* All of a desktop where a part was meant would show too much: what sounds like a window and is
 * not known is not ignored. NULL, or what is wrong. */
static const char *read_window(struct crop_how *how, const json_t *payload)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)payload, name, value)
    {
        const struct crop_field *field = crop_field_find(name);
        if (field == NULL && strncmp(name, "window", 6) == 0)
            return "a claim that begins with window and is not known";
        if (field != NULL && !field->take(how, value))
            return field->wrong;
    }
    if (crop_field_idle(payload, how) == NULL)
        return NULL;
    return how->selector[0] == '\0' ? "claims of a window without a window"
                                    : "claims of a window beside a rectangle, which is none";
}

/* What only all of them together tell. NULL, or what is wrong. iat is wanted because max_ttl is
 * measured against it: what is bounded by the time of use alone could be refused today and taken
 * next year, when nobody remembers that its jti was revoked. */
static const char *check(const struct reading *r, const json_t *payload)
{
    const struct jwt_claims *c = r->claims;
    double now = (double)r->now;
    if (c->desktop[0] == '\0')
        return "no desktop";
    if (r->expires == 0)
        return "no exp";
    if (r->issued == 0)
        return "no iat";
    if (r->key->issuer != NULL && json_object_get(payload, "iss") == NULL)
        return "no iss";
    if (r->key->audience != NULL && json_object_get(payload, "aud") == NULL)
        return "no aud";
    if (c->single_use && c->jti[0] == '\0')
        return "single_use without a jti";
    if (r->expires - r->issued > r->key->max_ttl)
        return "a longer life than max_ttl";
    if (r->issued > now + JWT_LEEWAY || r->not_before > now + JWT_LEEWAY)
        return "it is not good yet";
    return config_jwt_opens(r->key, c->desktop) ? NULL : "a desktop that its key is not to open";
}

static enum jwt_result read_claims(struct reading *r, const json_t *payload, const char **why)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const json_t *value = json_object_get(payload, known[i].name);
        *why = value != NULL ? known[i].take(r, value) : NULL;
        if (*why != NULL)
            return JWT_WRONG;
    }
    *why = read_window(&r->claims->window, payload);
    if (*why == NULL)
        *why = check(r, payload);
    if (*why != NULL)
        return JWT_WRONG;
    r->claims->issued = (int64_t)r->issued;
    r->claims->expires = (int64_t)r->expires; /* a fraction is no whole second more */
    if (r->claims->expires > r->now)
        return JWT_GOOD;
    *why = "it has expired";
    return JWT_EXPIRED;
}

/* ---- the whole ---- */

/* In this order: nothing of what the payload says is looked at before the signature is known to be
 * good. buffer: of JWT_MAX bytes. */
static enum jwt_result verify(const struct config_jwt *keys, const struct part parts[3],
                              uint8_t *buffer, struct reading *r, const char **why)
{
    json_t *header = decode_object(parts[0], buffer), *payload = NULL;
    enum jwt_result result = JWT_WRONG;
    *why = header != NULL ? find_signer(keys, header, parts, buffer, &r->key)
                          : "its header is no JSON object in base64url";
    if (*why == NULL) {
        payload = decode_object(parts[1], buffer);
        *why = "its payload is no JSON object in base64url";
    }
    if (payload != NULL)
        result = read_claims(r, payload, why);
    json_decref(payload);
    json_decref(header);
    return result;
}

enum jwt_result jwt_verify(const struct config_jwt *keys, const char *token, size_t len,
                           int64_t now, struct jwt_claims *claims, const struct config_jwt **by,
                           const char **why)
{
    struct part parts[3];
    struct reading r = {.claims = claims, .now = now};
    *claims = (struct jwt_claims){.window = CROP_HOW_INIT};
    *by = NULL;
    *why = "it has not the shape of a JWT";
    if (len > JWT_MAX || !cut(token, len, parts))
        return JWT_NONE;
    uint8_t *buffer = malloc(JWT_MAX);
    *why = "out of memory";
    if (buffer == NULL)
        return JWT_WRONG;
    enum jwt_result result = verify(keys, parts, buffer, &r, why);
    free(buffer);
    if (result == JWT_GOOD)
        *by = r.key;
    return result;
}
