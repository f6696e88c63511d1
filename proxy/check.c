/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "password.h"

struct check {
    uv_work_t work;
    struct streams *streams;
    void (*done)(void *owner, int right);
    void *owner;
    char hash[PASSWORD_HASH_SIZE], password[PASSWORD_MAX + 1];
    size_t len;
    int right;
};

static atomic_uint running;
static atomic_bool wanted; /* somebody waits for a turn */

bool check_take_turn(void)
{
    /* told first: a turn that is given back from here on wakes us */
    atomic_store(&wanted, true);
    unsigned n = atomic_load(&running);
    while (n < CHECKS_AT_ONCE)
        if (atomic_compare_exchange_weak(&running, &n, n + 1))
            return true;
    return false;
}

static void give_turn_back(struct streams *streams)
{
    atomic_fetch_sub(&running, 1);
    if (atomic_exchange(&wanted, false))
        streams_wake_turns(streams);
}

static void on_work(uv_work_t *work)
{
    struct check *c = work->data;
    c->right = password_matches(c->hash, c->password, c->len);
}

static void on_done(uv_work_t *work, int status)
{
    struct check *c = work->data;
    give_turn_back(c->streams);
    c->done(c->owner, status == 0 ? c->right : -1);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
}

struct check *check_start(uv_loop_t *loop, struct streams *streams, const char *hash,
                          const char *password, size_t len, void (*done)(void *owner, int right),
                          void *owner)
{
    struct check *c = len <= PASSWORD_MAX ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        give_turn_back(streams);
        return NULL;
    }
    c->work.data = c;
    c->streams = streams;
    c->done = done;
    c->owner = owner;
    c->len = len;
    memcpy(c->hash, hash, strlen(hash) + 1);
    memcpy(c->password, password, len);
    if (uv_queue_work(loop, &c->work, on_work, on_done) == 0)
        return c;
    give_turn_back(streams);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
    return NULL;
}

void check_cancel(struct check *c)
{
    uv_cancel((uv_req_t *)&c->work);
}
