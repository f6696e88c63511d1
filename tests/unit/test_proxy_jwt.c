/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON Web Tokens: the signatures of the RFCs' own examples, and all that a token can do wrong. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/config_values.h"
#include "proxy/jwt.h"
#include "proxy/streams.h"
#include "unit.h"

enum { NOW = 1700000000 };

/* ---- the examples of RFC 7515 (A.1, A.2) and RFC 8037 (A.4) ---- */

#define PAYLOAD                                                                                    \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

static const char hs256_secret[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3"
                                   "Yj0iPS4hcgUuTwjAzZr1Z9CAow",
                  hs256_text[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD,
                  hs256_signature[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

static const char rs256_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
                                "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
                                "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
                                "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
                                "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
                                "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
                                "oQIDAQAB\n"
                                "-----END PUBLIC KEY-----\n",
                  rs256_text[] = "eyJhbGciOiJSUzI1NiJ9." PAYLOAD,
                  rs256_signature[] =
                      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-"
                      "0Qc_lF5YKt_O8W2Fp5"
                      "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
                      "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
                      "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
                      "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
                      "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static const char eddsa_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                                "-----END PUBLIC KEY-----\n",
                  eddsa_text[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                  eddsa_signature[] = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylG"
                                      "jg5BhVsPt9g7sVvpAr_MuM0KAg";

/* base64url by OpenSSL's base64, so that it is not what is tested. The length. */
static size_t from_base64url(const char *text, uint8_t *out)
{
    char standard[512];
    size_t len = strlen(text), padded = (len + 3) / 4 * 4;
    assert_true(padded < sizeof standard);
    for (size_t i = 0; i < padded; i++)
        standard[i] = i >= len ? '=' : text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    assert_int_equal(EVP_DecodeBlock(out, (uint8_t *)standard, (int)padded), padded / 4 * 3);
    return len * 3 / 4;
}

static void to_base64url(const void *bytes, size_t len, char *out)
{
    int n = EVP_EncodeBlock((uint8_t *)out, bytes, (int)len);
    for (int i = 0; i < n; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    out[strcspn(out, "=")] = '\0';
}

static void read_key(struct jwt_key *key, enum jwt_algorithm algorithm, const void *bytes,
                     size_t len)
{
    char why[JWT_KEY_ERROR_MAX], path[] = "jwt-key-XXXXXX";
    int fd = mkstemp(path);
    FILE *out = fdopen(fd, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(out);
    *key = (struct jwt_key){.algorithm = algorithm};
    int rc = jwt_key_read(key, path, why);
    remove(path);
    assert_int_equal(rc, 0);
}

static void examples_verify(void **state)
{
    (void)state;
    uint8_t secret[128];
    size_t secret_len = from_base64url(hs256_secret, secret);
    const struct {
        enum jwt_algorithm algorithm;
        const void *key;
        size_t key_len;
        const char *text, *signature;
    } list[] = {
        {JWT_HS256, secret, secret_len, hs256_text, hs256_signature},
        {JWT_RS256, rs256_key, strlen(rs256_key), rs256_text, rs256_signature},
        {JWT_EDDSA, eddsa_key, strlen(eddsa_key), eddsa_text, eddsa_signature},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct jwt_key key;
        uint8_t signature[512];
        size_t len = from_base64url(list[i].signature, signature), n = strlen(list[i].text);
        read_key(&key, list[i].algorithm, list[i].key, list[i].key_len);
        assert_true(jwt_key_verify(&key, list[i].text, n, signature, len));
        assert_false(jwt_key_verify(&key, list[i].text, n - 1, signature, len));
        assert_false(jwt_key_verify(&key, list[i].text, n, signature, len - 1));
        assert_false(jwt_key_verify(&key, list[i].text, n, signature, 0));
        for (size_t k = 0; k < len; k += 7) {
            signature[k] ^= 1;
            assert_false(jwt_key_verify(&key, list[i].text, n, signature, len));
            signature[k] ^= 1;
        }
        assert_true(jwt_key_same(&key, &key));
        jwt_key_finish(&key);
    }
}

/* ---- tokens ---- */

static const char secret[] = "a secret of thirty-two bytes....";

/* Signed with the secret; tail: more of the header, behind its base64url. */
static const char *sign_with_tail(const char *header, const char *tail, const char *payload)
{
    static char token[4096];
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    to_base64url(header, strlen(header), token);
    strcat(token, tail);
    strcat(token, ".");
    to_base64url(payload, strlen(payload), token + strlen(token));
    assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret), (uint8_t *)token, strlen(token),
                         mac, &len));
    strcat(token, ".");
    to_base64url(mac, len, token + strlen(token));
    return token;
}

static const char *sign(const char *header, const char *payload)
{
    return sign_with_tail(header, "", payload);
}

static struct config_jwt make_key(void)
{
    struct config_jwt key = {.name = "hs", .max_ttl = 3600};
    read_key(&key.key, JWT_HS256, secret, strlen(secret));
    return key;
}

static enum jwt_result verify(const struct config_jwt *keys, const char *token,
                              struct jwt_claims *claims, const char **why)
{
    const struct config_jwt *by;
    enum jwt_result result = jwt_verify(keys, token, strlen(token), NOW, claims, &by, why);
    assert_int_equal(by != NULL, result == JWT_GOOD);
    return result;
}

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define TIMES "\"iat\":1700000000,\"exp\":1700000060"
#define D "\"desktop\":\"d\","

static void claims_are_read(void **state)
{
    (void)state;
    struct config_jwt key = make_key();
    struct jwt_claims c;
    const char *why;
    assert_int_equal(verify(&key, sign(HEADER, "{" D TIMES "}"), &c, &why), JWT_GOOD);
    assert_string_equal(c.desktop, "d");
    assert_string_equal(c.jti, "");
    assert_false(c.policy.control || c.policy.clipboard_in || c.policy.clipboard_out);
    assert_int_equal(c.max_viewers, 0);
    assert_false(c.single_use);
    assert_int_equal(c.issued, NOW);
    assert_int_equal(c.expires, NOW + 60);
    const char all[] =
        "{\"desktop\":\"d-1\",\"role\":\"control\",\"clipboard\":\"in\","
        "\"max_viewers\":3,\"single_use\":true,\"jti\":\"an id/1\",\"nbf\":1699999990,"
        "\"iat\":1700000030.5,\"exp\":1700000060.9,\"sub\":\"x\",\"other\":[{}],"
        "\"iss\":\"who\"}";
    assert_int_equal(
        verify(&key, sign("{\"typ\":\"jwt\",\"kid\":\"k\",\"alg\":\"HS256\"}", all), &c, &why),
        JWT_GOOD);
    assert_string_equal(c.desktop, "d-1");
    assert_string_equal(c.jti, "an id/1");
    assert_true(c.policy.control && c.policy.clipboard_in && !c.policy.clipboard_out);
    assert_int_equal(c.max_viewers, 3);
    assert_true(c.single_use);
    assert_int_equal(c.expires, NOW + 60);
    assert_string_equal(c.window.selector, "");
    jwt_key_finish(&key.key);
}

/* What is not said of a window is as in the configuration. */
static void windows_are_read(void **state)
{
    (void)state;
    struct config_jwt key = make_key();
    struct jwt_claims c;
    const char *why;
    assert_int_equal(verify(&key, sign(HEADER, "{" D TIMES ",\"window\":\"app:XTerm\"}"), &c, &why),
                     JWT_GOOD);
    assert_string_equal(c.window.selector, "app:XTerm");
    assert_int_equal(c.window.popups, CROP_POPUPS_EXPAND);
    assert_int_equal(c.window.on_close, CROP_ON_CLOSE_END);
    assert_int_equal(c.window.wait_s, 10);
    assert_false(c.window.frame);
    assert_int_equal(
        verify(&key,
               sign(HEADER, "{\"window_wait\":0,\"window_popups\":\"clip\","
                            "\"window_frame\":true,\"window_on_close\":\"wait\"," D TIMES
                            ",\"window\":\"title:*\\u00dc*\"}"),
               &c, &why),
        JWT_GOOD);
    assert_string_equal(c.window.selector, "title:*\xc3\x9c*");
    assert_int_equal(c.window.popups, CROP_POPUPS_CLIP);
    assert_int_equal(c.window.on_close, CROP_ON_CLOSE_WAIT);
    assert_int_equal(c.window.wait_s, 0);
    assert_true(c.window.frame);
    assert_int_equal(
        verify(&key, sign(HEADER, "{" D TIMES ",\"window\":\"rect:8x6+1+2\"}"), &c, &why),
        JWT_GOOD);
    assert_string_equal(c.window.selector, "rect:8x6+1+2");
    jwt_key_finish(&key.key);
}

#define WINDOW                                                                                     \
    "a window that is not app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT+X+Y, of at most 128 " \
    "bytes"
#define EIGHTY "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
#define JTI "a jti that is no text of 1 to 64 bytes of printable ASCII"

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *payload, *why;
    } list[] = {
        {"{\"alg\":\"none\"}", "{" D TIMES "}", "an algorithm in its header that is not taken"},
        {"{\"alg\":\"HS512\"}", "{" D TIMES "}", "an algorithm in its header that is not taken"},
        {"{\"alg\":\"hs256\"}", "{" D TIMES "}", "an algorithm in its header that is not taken"},
        {"{\"alg\":\"RS256\"}", "{" D TIMES "}", "no key for its algorithm and kid"},
        {"{\"alg\":1}", "{" D TIMES "}", "no algorithm in its header"},
        {"{}", "{" D TIMES "}", "no algorithm in its header"},
        {"[]", "{" D TIMES "}", "its header is no JSON object in base64url"},
        {"{\"alg\":\"HS256\"", "{" D TIMES "}", "its header is no JSON object in base64url"},
        {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "{" D TIMES "}",
         "its header is no JSON object in base64url"},
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{" D TIMES "}", "crit in its header"},
        {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", "{" D TIMES "}",
         "another typ than JWT in its header"},
        {"{\"alg\":\"HS256\",\"kid\":1}", "{" D TIMES "}", "a kid in its header that is no text"},
        {HEADER, "[]", "its payload is no JSON object in base64url"},
        {HEADER, "{" D TIMES ",\"desktop\":\"e\"}", "its payload is no JSON object in base64url"},
        {HEADER, "{" D TIMES ",\"x\":{\"a\":1,\"a\":2}}",
         "its payload is no JSON object in base64url"},
        {HEADER, "{\"desktop\":\"a\\u0000b\"," TIMES "}",
         "its payload is no JSON object in base64url"},
        {HEADER, "{" TIMES "}", "no desktop"},
        {HEADER, "{\"desktop\":\"\"," TIMES "}", "no desktop"},
        {HEADER, "{\"desktop\":1," TIMES "}", "a desktop that is no name"},
        {HEADER, "{\"desktop\":\"123456789012345678901234567890123\"," TIMES "}",
         "a desktop that is no name"},
        {HEADER, "{" D TIMES ",\"role\":\"admin\"}", "an unknown role"},
        {HEADER, "{" D TIMES ",\"clipboard\":true}", "an unknown clipboard"},
        {HEADER, "{" D TIMES ",\"max_viewers\":-1}", "a max_viewers that is no number of viewers"},
        {HEADER, "{" D TIMES ",\"max_viewers\":1.5}", "a max_viewers that is no number of viewers"},
        {HEADER, "{" D TIMES ",\"single_use\":1}", "a single_use that is neither true nor false"},
        {HEADER, "{" D TIMES ",\"single_use\":true}", "single_use without a jti"},
        {HEADER, "{" D TIMES ",\"window\":{\"app\":\"xterm\"}}", WINDOW},
        {HEADER, "{" D TIMES ",\"window\":null}", WINDOW},
        {HEADER, "{" D TIMES ",\"window\":\"rect:1x1\"}", WINDOW},
        {HEADER, "{" D TIMES ",\"window\":\"" EIGHTY EIGHTY "\"}", WINDOW},
        {HEADER, "{" D TIMES ",\"window\":\"x\",\"window_popups\":\"all\"}",
         "a window_popups that is not \"expand\", \"clip\" or \"none\""},
        {HEADER, "{" D TIMES ",\"window\":\"x\",\"window_frame\":\"yes\"}",
         "a window_frame that is not true or false"},
        {HEADER, "{" D TIMES ",\"window\":\"x\",\"window_wait\":86401}",
         "a window_wait that is not a whole number of seconds up to 86400"},
        {HEADER, "{" D TIMES ",\"window\":\"x\",\"window_on_close\":1}",
         "a window_on_close that is not \"end\" or \"wait\""},
        {HEADER, "{" D TIMES ",\"window\":\"x\",\"window_only\":true}",
         "a claim that begins with window and is not known"},
        {HEADER, "{" D TIMES ",\"windows\":\"x\"}",
         "a claim that begins with window and is not known"},
        {HEADER, "{" D TIMES ",\"window_wait\":1}", "claims of a window without a window"},
        {HEADER, "{" D TIMES ",\"window\":\"rect:9x9+0+0\",\"window_frame\":false}",
         "claims of a window beside a rectangle, which is none"},
        {HEADER, "{" D TIMES ",\"jti\":\"\"}", JTI},
        {HEADER, "{" D TIMES ",\"jti\":7}", JTI},
        {HEADER,
         "{" D TIMES ",\"jti\":\"12345678901234567890123456789012345678901234567890123456789012345"
         "\"}",
         JTI},
        {HEADER, "{" D TIMES ",\"jti\":\"a\\nb\"}", JTI},
        {HEADER, "{" D TIMES ",\"jti\":\"\xc3\x9c\"}", JTI},
        {HEADER, "{" D TIMES ",\"aud\":\"x\"}", "another audience"},
        {HEADER, "{" D "\"iat\":1700000000}", "no exp"},
        {HEADER, "{" D "\"exp\":1700000060}", "no iat"},
        {HEADER, "{" D "\"iat\":1700000000,\"exp\":\"1700000060\"}", "an exp that is no time"},
        {HEADER, "{" D "\"iat\":1700000000,\"exp\":-1}", "an exp that is no time"},
        {HEADER, "{" D "\"iat\":1700000000,\"exp\":1e300}", "an exp that is no time"},
        {HEADER, "{" D "\"iat\":null,\"exp\":1700000060}", "an iat that is no time"},
        {HEADER, "{" D TIMES ",\"nbf\":\"now\"}", "an nbf that is no time"},
        {HEADER, "{" D TIMES ",\"nbf\":1700000061}", "it is not good yet"},
        {HEADER, "{" D "\"iat\":1700000061,\"exp\":1700000099}", "it is not good yet"},
        {HEADER, "{" D "\"iat\":1699999999,\"exp\":1700003600}", "a longer life than max_ttl"},
        {HEADER, "{" D "\"iat\":1699990000,\"exp\":1699993600}", "it has expired"},
        {HEADER, "{" D "\"iat\":1699999990,\"exp\":1700000000}", "it has expired"},
    };
    struct config_jwt key = make_key();
    struct jwt_claims c;
    for (size_t i = 0; i < COUNT(list); i++) {
        const char *why = "";
        enum jwt_result result = verify(&key, sign(list[i].header, list[i].payload), &c, &why);
        assert_string_equal(why, list[i].why);
        assert_int_equal(result, strcmp(why, "it has expired") == 0 ? JWT_EXPIRED : JWT_WRONG);
    }
    jwt_key_finish(&key.key);
}

/* Not one character may be another, be missing or be too many. */
static void form_is_strict(void **state)
{
    (void)state;
    struct config_jwt key = make_key();
    struct jwt_claims c;
    const char *why;
    char good[1024], bad[1100];
    snprintf(good, sizeof good, "%s", sign(HEADER, "{" D TIMES "}"));
    assert_int_equal(verify(&key, good, &c, &why), JWT_GOOD);
    size_t len = strlen(good);
    for (size_t i = 0; i < len; i++) {
        static const char others[] = "Aa0-_.=+/ \n";
        for (const char *p = others; *p != '\0'; p++) {
            memcpy(bad, good, len + 1);
            bad[i] = *p;
            assert_true(strcmp(bad, good) == 0 || verify(&key, bad, &c, &why) != JWT_GOOD);
        }
        snprintf(bad, sizeof bad, "%.*s", (int)i, good);
        assert_int_not_equal(verify(&key, bad, &c, &why), JWT_GOOD);
    }
    static const char *const tails[] = {"=", "A", ".", ".x", " ", "\n", "%00"};
    for (size_t i = 0; i < COUNT(tails); i++) {
        snprintf(bad, sizeof bad, "%s%s", good, tails[i]);
        assert_int_not_equal(verify(&key, bad, &c, &why), JWT_GOOD);
    }
    /* the last character of 32 bytes has two bits that must be 0 */
    memcpy(bad, good, len + 1);
    bad[len - 1]++;
    assert_int_not_equal(verify(&key, bad, &c, &why), JWT_GOOD);
    /* one character too many, whoever has signed it */
    assert_int_equal(verify(&key, sign_with_tail(HEADER, "", "{" D TIMES "}"), &c, &why), JWT_GOOD);
    assert_int_equal(strlen(HEADER) % 3, 0);
    assert_int_not_equal(verify(&key, sign_with_tail(HEADER, "A", "{" D TIMES "}"), &c, &why),
                         JWT_GOOD);
    assert_int_equal(verify(&key, "a.b", &c, &why), JWT_NONE);
    assert_int_equal(verify(&key, "a.b.c.d.e", &c, &why), JWT_NONE);
    assert_int_equal(verify(&key, "..", &c, &why), JWT_NONE);
    assert_int_equal(verify(&key, "", &c, &why), JWT_NONE);
    /* unsecured (RFC 7519 section 6.1) */
    assert_int_equal(verify(&key, "eyJhbGciOiJub25lIn0.eyJkZXNrdG9wIjoiZCJ9.", &c, &why), JWT_NONE);
    static char large[JWT_MAX + 2];
    memset(large, 'A', JWT_MAX + 1);
    large[4] = large[8] = '.';
    assert_int_equal(verify(&key, large, &c, &why), JWT_NONE);
    jwt_key_finish(&key.key);
}

/* Who knows the public key of RS256 cannot sign with it as HS256's secret. */
static void algorithms_are_not_confused(void **state)
{
    (void)state;
    struct config_jwt rs = {.name = "rs", .max_ttl = 3600};
    struct jwt_claims c;
    const char *why;
    char token[2048], text[] = HEADER;
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    read_key(&rs.key, JWT_RS256, rs256_key, strlen(rs256_key));
    to_base64url(text, strlen(text), token);
    strcat(token, ".");
    to_base64url("{" D TIMES "}", strlen("{" D TIMES "}"), token + strlen(token));
    assert_non_null(HMAC(EVP_sha256(), rs256_key, (int)strlen(rs256_key), (uint8_t *)token,
                         strlen(token), mac, &len));
    strcat(token, ".");
    to_base64url(mac, len, token + strlen(token));
    assert_int_equal(verify(&rs, token, &c, &why), JWT_WRONG);
    assert_string_equal(why, "no key for its algorithm and kid");
    /* nor does a file that holds it become a secret */
    struct jwt_key hs = {.algorithm = JWT_HS256};
    char words[JWT_KEY_ERROR_MAX], path[] = "jwt-key-XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    fputs(rs256_key, out);
    fclose(out);
    assert_int_equal(jwt_key_read(&hs, path, words), -1);
    assert_string_equal(words, "it is a PEM file; HS256 takes a secret");
    remove(path);
    jwt_key_finish(&rs.key);
}

static void keys_have_conditions(void **state)
{
    (void)state;
    struct config_jwt key = make_key(), other = make_key();
    struct jwt_claims c;
    const char *why;
    char token[1024];
    other.key.secret[0] ^= 1;
    other.next = &key;
    char issuer[] = "us", audience[] = "porthole", desktops[] = "c  d\te", kid[] = "k1";
    key.issuer = issuer;
    key.audience = audience;
    key.desktops = desktops;
    key.kid = kid;
#define KID "{\"alg\":\"HS256\",\"kid\":\"k1\"}"
#define ISS "\"iss\":\"us\","
#define AUD "\"aud\":[\"x\",1,\"porthole\"],"
    static const struct {
        const char *header, *payload, *why; /* NULL: it is good */
    } list[] = {
        {KID, "{" ISS AUD D TIMES "}", NULL},
        {KID, "{" ISS "\"aud\":\"porthole\"," D TIMES "}", NULL},
        {HEADER, "{" ISS AUD D TIMES "}", "a wrong signature"}, /* only the other takes any kid */
        {KID, "{" AUD D TIMES "}", "no iss"},
        {KID, "{\"iss\":\"them\"," AUD D TIMES "}", "another issuer"},
        {KID, "{\"iss\":[\"us\"]," AUD D TIMES "}", "another issuer"},
        {KID, "{" ISS D TIMES "}", "no aud"},
        {KID, "{" ISS "\"aud\":\"Porthole\"," D TIMES "}", "another audience"},
        {KID, "{" ISS "\"aud\":[]," D TIMES "}", "another audience"},
        {KID, "{" ISS AUD "\"desktop\":\"f\"," TIMES "}", "a desktop that its key is not to open"},
        {KID, "{" ISS AUD "\"desktop\":\"c  d\"," TIMES "}",
         "a desktop that its key is not to open"},
        {KID, "{" ISS AUD "\"desktop\":\"e\"," TIMES "}", NULL},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        snprintf(token, sizeof token, "%s", sign(list[i].header, list[i].payload));
        enum jwt_result result = verify(&other, token, &c, &why);
        assert_int_equal(result, list[i].why == NULL ? JWT_GOOD : JWT_WRONG);
        if (list[i].why != NULL)
            assert_string_equal(why, list[i].why);
    }
    assert_false(jwt_key_same(&key.key, &other.key));
    jwt_key_finish(&key.key);
    jwt_key_finish(&other.key);
}

/* ---- streams ---- */

/* With a desktop d, and the key. */
static struct service *make_service(bool with_key)
{
    struct service *service = config_alloc(sizeof *service);
    atomic_init(&service->refs, 1);
    service->config = config_alloc(sizeof *service->config);
    service->config->desktops = config_alloc(sizeof *service->config->desktops);
    strcpy(service->config->desktops->name, "d");
    if (with_key) {
        service->config->jwts = config_alloc(sizeof *service->config->jwts);
        *service->config->jwts = make_key();
    }
    return service;
}

static void load(struct streams *all, struct service *service)
{
    assert_int_equal(streams_load(all, service, NULL, 0), 0);
    service_unref(service);
}

/* A token that is good for a minute, with these claims. */
static const char *sign_now(const char *more)
{
    char payload[512];
    long long now = (long long)time(NULL);
    snprintf(payload, sizeof payload, "{\"desktop\":\"d\",\"iat\":%lld,\"exp\":%lld%s}", now,
             now + 60, more);
    return sign(HEADER, payload);
}

static enum opening open_jwt(struct streams *all, const char *token, struct stream **s)
{
    const char *why;
    return streams_open_jwt(all, token, strlen(token), s, &why);
}

static void streams_live_as_long_as_they_may(void **state)
{
    (void)state;
    char first[1024], second[1024];
    struct streams *all = streams_create();
    struct stream *a, *same, *b, *other;
    struct presence p = {.id = 0}, q = p;
    streams_limit(all, 10);
    load(all, make_service(true));
    snprintf(first, sizeof first, "%s", sign_now(",\"jti\":\"j\""));
    snprintf(second, sizeof second, "%s",
             sign_now(",\"jti\":\"j\",\"role\":\"control\",\"max_viewers\":1"));
    assert_int_equal(open_jwt(all, first, &a), OPENING_GRANTED);
    assert_int_equal(open_jwt(all, first, &same), OPENING_GRANTED);
    assert_int_equal(open_jwt(all, second, &b), OPENING_GRANTED);
    assert_int_equal(open_jwt(all, sign_now(""), &other), OPENING_GRANTED);
    assert_ptr_equal(a, same);
    assert_ptr_not_equal(a, b);
    assert_string_equal(a->config->name, b->config->name);
    assert_string_not_equal(a->config->name, other->config->name);
    assert_string_equal(a->jwt->jti, "j");
    assert_string_equal(a->jwt->key, "hs");
    assert_true(b->config->policy.control && !a->config->policy.control);
    assert_int_equal(streams_earliest(all), a->grant->expires);
    /* their viewers are counted together */
    assert_int_equal(streams_enter(all, a, &p), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, b, &q), ENTRY_FULL);
    /* the same key again */
    load(all, make_service(true));
    assert_int_equal(atomic_load(&a->end), STREAM_GOES_ON);
    /* revoked: all of the jti, and nothing else */
    struct revocation r = {.jti = "j", .until = 1}, kept;
    assert_int_equal(streams_jti_id("j", r.id), 0);
    assert_string_equal(r.id, a->config->name);
    assert_int_equal(streams_ban(all, &r, false), 0);
    assert_int_equal(atomic_load(&a->end), STREAM_REVOKED);
    assert_int_equal(atomic_load(&b->end), STREAM_REVOKED);
    assert_int_equal(atomic_load(&other->end), STREAM_GOES_ON);
    assert_int_equal(open_jwt(all, first, &same), OPENING_WRONG);
    /* it is not forgotten before the store has it, and has had it long enough */
    assert_false(streams_lift_bans(all, 2));
    assert_true(streams_next_unkept(all, &kept));
    assert_string_equal(kept.jti, "j");
    streams_kept(all);
    assert_false(streams_next_unkept(all, &kept));
    assert_false(streams_lift_bans(all, 0));
    assert_true(streams_lift_bans(all, 2));
    /* the key goes */
    load(all, make_service(false));
    assert_int_equal(atomic_load(&other->end), STREAM_REVOKED);
    assert_int_equal(open_jwt(all, second, &same), OPENING_WRONG);
    streams_leave(all, &p);
    stream_unref(all, a); /* taken twice */
    stream_unref(all, a);
    stream_unref(all, b);
    stream_unref(all, other);
    streams_destroy(all);
}

static void single_use_is_of_the_jti(void **state)
{
    (void)state;
    char token[1024];
    struct streams *all = streams_create();
    struct stream *once, *again, *many;
    struct presence p = {.id = 0}, q = p;
    struct revocation r;
    streams_limit(all, 10);
    load(all, make_service(true));
    snprintf(token, sizeof token, "%s", sign_now(",\"jti\":\"j\",\"single_use\":true"));
    assert_int_equal(open_jwt(all, token, &once), OPENING_GRANTED);
    assert_int_equal(open_jwt(all, token, &again), OPENING_GRANTED);
    assert_int_equal(open_jwt(all, sign_now(",\"jti\":\"j\""), &many), OPENING_GRANTED);
    assert_int_equal(streams_enter(all, once, &p), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, again, &q), ENTRY_ENDED);
    assert_int_equal(streams_enter(all, many, &q), ENTRY_ENDED);
    assert_int_equal(atomic_load(&once->end), STREAM_GOES_ON);
    assert_true(streams_next_unkept(all, &r));
    assert_true(r.until >= (int64_t)time(NULL) + CONFIG_JWT_TTL_MAX);
    struct stream *none;
    assert_int_equal(open_jwt(all, token, &none), OPENING_WRONG);
    streams_leave(all, &p);
    stream_unref(all, once);
    stream_unref(all, again);
    stream_unref(all, many);
    streams_destroy(all);
}

/* Viewers come with one token on many threads, while its key comes and goes. */

static char shared_token[1024];

static void *come_and_go(void *streams)
{
    struct streams *all = streams;
    for (int i = 0; i < 300; i++) {
        struct presence p = {.id = 0};
        struct stream *s;
        if (open_jwt(all, shared_token, &s) != OPENING_GRANTED)
            continue;
        if (streams_enter(all, s, &p) == ENTRY_GRANTED)
            streams_leave(all, &p);
        stream_unref(all, s);
    }
    return NULL;
}

static void threads_agree(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct streams *all = streams_create();
    struct stream *s;
    struct presence p = {.id = 0}, q = p;
    int64_t next;
    snprintf(shared_token, sizeof shared_token, "%s",
             sign_now(",\"jti\":\"many\",\"max_viewers\":1"));
    streams_limit(all, 10);
    load(all, make_service(true));
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, all), 0);
    for (int i = 0; i < 50; i++) {
        load(all, make_service(i % 2 == 0));
        streams_expire(all, (int64_t)time(NULL), &next);
    }
    load(all, make_service(true));
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    /* nobody is counted who is not there */
    assert_int_equal(open_jwt(all, shared_token, &s), OPENING_GRANTED);
    assert_int_equal(streams_enter(all, s, &p), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, s, &q), ENTRY_FULL);
    streams_leave(all, &p);
    stream_unref(all, s);
    streams_destroy(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_verify),
        cmocka_unit_test(claims_are_read),
        cmocka_unit_test(windows_are_read),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(form_is_strict),
        cmocka_unit_test(streams_live_as_long_as_they_may),
        cmocka_unit_test(single_use_is_of_the_jti),
        cmocka_unit_test(threads_agree),
        cmocka_unit_test(algorithms_are_not_confused),
        cmocka_unit_test(keys_have_conditions),
    };
    return cmocka_run_group_tests_name("proxy_jwt", tests, NULL, NULL);
}
