/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin_http.h"

#include <openssl/crypto.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_tell.h"
#include "token.h"

#define JSON "application/json"

void admin_http_init(struct admin_http *x, void (*answered)(struct admin_http *x, int rc))
{
    *x = (struct admin_http){.answered = answered};
    http_head_init(&x->head);
    rfb_buf_init(&x->body, ADMIN_BODY_MAX);
    rfb_buf_init(&x->answer, SIZE_MAX / 2);
}

void admin_http_drop(struct admin_http *x)
{
    admin_drop(&x->got);
}

void admin_http_finish(struct admin_http *x)
{
    http_head_reset(&x->head);
    rfb_buf_wipe(&x->body);
    rfb_buf_wipe(&x->answer);
}

/* ---- answers ---- */

/* 1 or -1, as admin_http_feed. */
static int answer(struct admin_http *x, unsigned status, const char *type, const char *extra,
                  const char *body)
{
    const struct http_answer head = {.status = status,
                                     .type = type,
                                     .extra = extra,
                                     .retry_after = x->wait,
                                     .length = strlen(body),
                                     .close = true};
    bool good =
        http_put_answer(&x->answer, &head) == 0 && rfb_buf_put(&x->answer, body, strlen(body)) == 0;
    return good ? 1 : -1;
}

/* words: without anything that JSON would have to escape; a line's end ends them. */
static int refuse(struct admin_http *x, unsigned status, const char *extra, const char *words)
{
    char body[256];
    snprintf(body, sizeof body, "{\"error\":\"%.*s\"}\n", (int)strcspn(words, "\n"), words);
    return answer(x, status, JSON, extra, body);
}

/* What admin.c found. 1 or -1. */
static int pass_on(struct admin_http *x)
{
    struct admin_answer *got = &x->got;
    char allow[64] = "";
    if (got->allow[0] != '\0')
        snprintf(allow, sizeof allow, "Allow: %s\r\n", got->allow);
    int rc = got->body != NULL ? answer(x, got->status, got->type, allow, got->body)
                               : refuse(x, 503, NULL, "out of memory");
    if (got->body != NULL)
        OPENSSL_cleanse(got->body, strlen(got->body));
    free(got->body);
    got->body = NULL;
    return rc;
}

static void on_ready(struct admin_answer *got)
{
    struct admin_http *x = (struct admin_http *)((char *)got - offsetof(struct admin_http, got));
    x->answered(x, pass_on(x));
}

static int ask(struct admin_http *x, const struct admin_door *door, const struct admin_asker *asker)
{
    x->got.ready = on_ready;
    admin_answer(door->admin, asker, x->head.method, x->head.path, rfb_buf_data(&x->body),
                 x->body.len, &x->got);
    door->after(door->owner);
    return x->got.awaited ? 2 : pass_on(x);
}

/* ---- who may ask ---- */

static bool has_token(const struct admin_http *x, const struct config *config)
{
    const char *token;
    size_t len;
    uint8_t digest[CONFIG_TOKEN_SIZE];
    bool good = config->has_admin_token && token_bearer(&x->head, &token, &len) &&
                config_hash_token(token, len, digest) == 0 &&
                CRYPTO_memcmp(digest, config->admin_token, sizeof digest) == 0;
    OPENSSL_cleanse(digest, sizeof digest);
    return good;
}

/* 0: go on; else as admin_http_feed. */
static int check_asker(struct admin_http *x, const struct admin_door *door,
                       const struct admin_asker *asker)
{
    if (!door->needs_token)
        return 0;
    /* programs send none: this is a page, and no page has business here, whatever it knows */
    if (x->head.headers[HTTP_H_ORIGIN] != NULL) {
        admin_tell_refused(door->admin, asker, REFUSAL_ORIGIN);
        return refuse(x, 403, NULL, "pages may not ask here");
    }
    const struct config *config = door->admin->service->config;
    bool given = x->head.headers[HTTP_H_AUTHORIZATION] != NULL;
    uint64_t now = uv_hrtime() / 1000000;
    uint64_t ms = backoff_wait(door->admin->backoff, asker->address, config->failed_attempts, now);
    if (ms != 0) {
        x->wait = (unsigned)((ms + 999) / 1000);
        admin_tell_refused(door->admin, asker, REFUSAL_MUST_WAIT);
        return refuse(x, 429, NULL, "too many failed attempts came from your address");
    }
    if (has_token(x, config))
        return 0;
    if (given)
        backoff_failed(door->admin->backoff, asker->address, config->failed_attempts, now);
    admin_tell_refused(door->admin, asker, given ? REFUSAL_WRONG_TOKEN : REFUSAL_NO_TOKEN);
    return refuse(x, 401, "WWW-Authenticate: Bearer\r\n",
                  given ? "this is not the token of admin_token_file"
                        : "the token of admin_token_file is needed: Authorization: Bearer TOKEN");
}

/* ---- requests ---- */

/* 1: the head is there and all is well; 2: there is an answer; else as admin_http_feed. */
static int take_head(struct admin_http *x, const struct admin_door *door,
                     const struct admin_asker *asker, const uint8_t *data, size_t len, size_t *used)
{
    const char *why = "";
    int rc = http_head_feed(&x->head, data, len, used, &why);
    if (rc == 0)
        return 0;
    if (rc < 0)
        rc = refuse(x, (unsigned)-rc, NULL, why);
    else if ((rc = check_asker(x, door, asker)) != 0)
        ;
    else if (x->head.content_length > ADMIN_BODY_MAX)
        rc = refuse(x, 413, NULL, "the body is longer than 65536 bytes");
    x->head_done = rc == 0;
    return rc == 0 ? 1 : rc == 1 ? 2 : -1;
}

bool admin_http_is_whole(const struct admin_http *x)
{
    return x->head_done && x->body.len == x->head.content_length;
}

int admin_http_feed(struct admin_http *x, const struct admin_door *door,
                    const struct admin_asker *asker, const uint8_t *data, size_t len)
{
    size_t used = 0;
    if (!x->head_done) {
        int rc = take_head(x, door, asker, data, len, &used);
        if (rc != 1)
            return rc == 2 ? 1 : rc;
    }
    size_t missing = (size_t)x->head.content_length - x->body.len, rest = len - used;
    if (rest != 0 && rfb_buf_put(&x->body, data + used, rest < missing ? rest : missing) != 0)
        return -1;
    return admin_http_is_whole(x) ? ask(x, door, asker) : 0;
}
