/* SPDX-License-Identifier: GPL-2.0-or-later
 * Passwords as they are kept, and the checks that run beside the loops. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "proxy/check.h"
#include "proxy/password.h"
#include "unit.h"

/* RFC 7914 section 12, the third vector's password, salt and parameters, cut to 32 bytes as
 * Python's hashlib.scrypt gives them; of those sizes that are taken here. */
#define RFC "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"

static void knows_others_hashes(void **state)
{
    (void)state;
    assert_null(password_hash_flaw(RFC));
    assert_int_equal(password_matches(RFC, "pleaseletmein", 13), 1);
    assert_int_equal(password_matches(RFC, "pleaseletmeIn", 13), 0);
    assert_int_equal(password_matches(RFC, "pleaseletmein", 12), 0);
    assert_int_equal(password_matches(RFC, "", 0), 0);
}

static void knows_its_own(void **state)
{
    (void)state;
    static const char password[] = "p\xc3\xa4ss\0w"; /* any bytes */
    char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
    assert_int_equal(password_hash(password, sizeof password - 1, hash), 0);
    assert_int_equal(password_hash(password, sizeof password - 1, again), 0);
    assert_string_not_equal(hash, again); /* salted */
    assert_memory_equal(hash, "$scrypt$ln=15,r=8,p=3$", 22);
    assert_null(password_hash_flaw(hash));
    assert_int_equal(password_matches(hash, password, sizeof password - 1), 1);
    assert_int_equal(password_matches(hash, password, strlen(password)), 0);
}

static void tells_what_is_wrong(void **state)
{
    (void)state;
#define TAIL "$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"
    static const struct {
        const char *hash, *flaw;
    } cases[] = {
        {"", "it does not begin with $scrypt$"},
        {"secret", "it does not begin with $scrypt$"},
        {"$2b$10$abcdefghijklmnopqrstuv", "it does not begin with $scrypt$"},
        {"$scrypt$", "behind $scrypt$ stands no ln=10 to ln=20"},
        {"$scrypt$ln=9,r=8,p=1" TAIL, "behind $scrypt$ stands no ln=10 to ln=20"},
        {"$scrypt$ln=21,r=8,p=1" TAIL, "behind $scrypt$ stands no ln=10 to ln=20"},
        {"$scrypt$ln=014,r=8,p=1" TAIL, "behind $scrypt$ stands no ln=10 to ln=20"},
        {"$scrypt$ln=99999999999,r=8,p=1" TAIL, "behind $scrypt$ stands no ln=10 to ln=20"},
        {"$scrypt$ln=14,r=0,p=1" TAIL, "behind ln stands no ,r=1 to ,r=32"},
        {"$scrypt$ln=14,r=33,p=1" TAIL, "behind ln stands no ,r=1 to ,r=32"},
        {"$scrypt$ln=14,p=1,r=8" TAIL, "behind ln stands no ,r=1 to ,r=32"},
        {"$scrypt$ln=14,r=8,p=65" TAIL, "behind r stands no ,p=1 to ,p=64"},
        {"$scrypt$ln=14,r=8,p=" TAIL, "behind r stands no ,p=1 to ,p=64"},
        {"$scrypt$ln=17,r=8,p=1" TAIL, "it asks for more than 64 MB of memory"},
        {"$scrypt$ln=20,r=1,p=1" TAIL, "it asks for more than 64 MB of memory"},
        {"$scrypt$ln=15,r=16,p=13" TAIL, "it asks for more than eight times the usual work"},
        {"$scrypt$ln=14,r=8,p=1", "its salt is not 8 to 32 bytes of base64 without padding"},
        {"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2g=$x",
         "its hash is not 16 to 32 bytes of base64 without padding"},
        {"$scrypt$ln=14,r=8,p=1$U29kaXVt$x",
         "its salt is not 8 to 32 bytes of base64 without padding"},
        {"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGUx5$x",
         "its salt is not 8 to 32 bytes of base64 without padding"},
        {"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf0",
         "its hash is not 16 to 32 bytes of base64 without padding"},
        {RFC "=", "something stands behind the hash"},
        {RFC " ", "something stands behind the hash"},
        {RFC "000000000000000000000000000000000000000000000000000000000000000000000000",
         "it does not begin with $scrypt$"}, /* too long for one */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *flaw = password_hash_flaw(cases[i].hash);
        if (flaw == NULL || strcmp(flaw, cases[i].flaw) != 0)
            fail_msg("%s: %s", cases[i].hash, flaw != NULL ? flaw : "good");
        assert_int_equal(password_matches(cases[i].hash, "x", 1), -1);
    }
}

/* ---- checks ---- */

struct waiter {
    uv_loop_t *loop;
    struct streams *streams;
    unsigned left, running, most, right;
};

static void start(struct waiter *w);

static void on_done(void *owner, int right)
{
    struct waiter *w = owner;
    w->running--;
    w->right += right == 1;
}

static void start(struct waiter *w)
{
    static const char *const passwords[] = {"pleaseletmein", "wrong"};
    while (w->left != 0 && check_take_turn()) {
        const char *p = passwords[--w->left % 2];
        assert_non_null(check_start(w->loop, w->streams, RFC, p, strlen(p), on_done, w));
        w->running++;
        w->most = w->running > w->most ? w->running : w->most;
    }
}

static void on_wake(void *async)
{
    if (!uv_is_closing(async))
        uv_async_send(async);
}

static void on_async(uv_async_t *async)
{
    struct waiter *w = async->data;
    start(w);
    if (w->left == 0)
        uv_close((uv_handle_t *)async, NULL);
}

/* Whoever finds no turn is woken for one. */
static void checks_take_turns(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_async_t async;
    struct waiter w = {.loop = &loop, .streams = streams_create(), .left = 7};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_async_init(&loop, &async, on_async), 0);
    async.data = &w;
    assert_int_equal(streams_watch(w.streams, on_wake, on_wake, &async), 0);
    start(&w);
    assert_int_equal(w.running, CHECKS_AT_ONCE);
    assert_false(check_take_turn());
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(w.left, 0);
    assert_int_equal(w.running, 0);
    assert_int_equal(w.most, CHECKS_AT_ONCE);
    assert_int_equal(w.right, 4);
    assert_int_equal(uv_loop_close(&loop), 0);
    streams_destroy(w.streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_others_hashes),
        cmocka_unit_test(knows_its_own),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(checks_take_turns),
    };
    return cmocka_run_group_tests_name("proxy passwords", tests, NULL, NULL);
}
