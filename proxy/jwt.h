/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON Web Tokens (RFC 7519) in the compact form of a signed one (RFC 7515 section 7.1): what they
 * say, once a configured key has signed it. Any thread. */
#ifndef PROXY_JWT_H
#define PROXY_JWT_H

#include "config.h"

enum {
    JWT_MAX = 8 << 10, /* bytes of a token: no request's head has room for more */
    JWT_JTI_MAX = 64,  /* bytes */
    JWT_LEEWAY = 60    /* seconds that the signer's clock may be ahead of ours; none for exp */
};

struct jwt_claims {
    char desktop[CONFIG_NAME_MAX + 1];
    char jti[JWT_JTI_MAX + 1]; /* printable ASCII; "": none */
    struct policy policy;
    struct crop_how window; /* selector "": the whole desktop */
    unsigned max_viewers;   /* 0: no limit of its own */
    bool single_use;
    int64_t issued, expires; /* seconds since 1970 */
};

/* May this be a jti? 1 to JWT_JTI_MAX bytes of printable ASCII: it is logged and listed. */
bool jwt_is_jti(const char *text);

enum jwt_result { JWT_GOOD, JWT_NONE /* it has not the shape of one */, JWT_WRONG, JWT_EXPIRED };

/* Verifies a token by the keys (a list; each token is tried with those of its algorithm and kid,
 * which are few), as RFC 8725 has it, at the time now, seconds since 1970. JWT_GOOD: *claims is
 * what the token says and *by which key has signed it. Otherwise *why, a literal, says for the log
 * what is wrong; whoever sent the token is not to hear it. */
enum jwt_result jwt_verify(const struct config_jwt *keys, const char *token, size_t len,
                           int64_t now, struct jwt_claims *claims, const struct config_jwt **by,
                           const char **why);

#endif
