/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who must wait, how long, and what is not forgotten. Time is a number here. */
#include <pthread.h>
#include <string.h>
#include <uv.h>

#include "proxy/backoff.h"
#include "unit.h"

enum { FREE = 3, SECOND = 1000 };

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage a = {0};
    if (strchr(text, ':') != NULL)
        assert_int_equal(uv_ip6_addr(text, 1, (struct sockaddr_in6 *)&a), 0);
    else
        assert_int_equal(uv_ip4_addr(text, 1, (struct sockaddr_in *)&a), 0);
    return a;
}

static void fail_times(struct backoff *b, const char *who, unsigned times, uint64_t now)
{
    struct sockaddr_storage a = address(who);
    while (times-- > 0)
        backoff_failed(b, &a, FREE, now);
}

static uint64_t wait_of(struct backoff *b, const char *who, uint64_t now)
{
    struct sockaddr_storage a = address(who);
    return backoff_wait(b, &a, FREE, now);
}

static void waits_grow_to_a_ceiling(void **state)
{
    (void)state;
    static const uint64_t waits[] = {0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    struct backoff *b = backoff_create();
    uint64_t now = 5000;
    assert_int_equal(wait_of(b, "192.0.2.1", now), 0);
    for (size_t i = 0; i < COUNT(waits); i++) {
        fail_times(b, "192.0.2.1", 1, now);
        assert_int_equal(wait_of(b, "192.0.2.1", now), waits[i] * SECOND);
        now += waits[i] * SECOND;
        assert_int_equal(wait_of(b, "192.0.2.1", now), 0);
        if (waits[i] != 0)
            assert_int_equal(wait_of(b, "192.0.2.1", now - 1), 1);
    }
    fail_times(b, "192.0.2.1", 100, now); /* no overflow either */
    assert_int_equal(wait_of(b, "192.0.2.1", now), BACKOFF_WAIT_MAX_MS);
    assert_int_equal(wait_of(b, "192.0.2.2", now), 0); /* others do not wait */
    /* a long quiet forgets */
    assert_int_equal(wait_of(b, "192.0.2.1", now + BACKOFF_QUIET_MS + 1), 0);
    fail_times(b, "192.0.2.1", FREE, now + BACKOFF_QUIET_MS + 1);
    assert_int_equal(wait_of(b, "192.0.2.1", now + BACKOFF_QUIET_MS + 1), 0);
    backoff_destroy(b);
    backoff_destroy(NULL);
}

/* Two threads read the clock, and the one that read it later comes first. */
static void a_clock_read_earlier_forgets_nothing(void **state)
{
    (void)state;
    struct backoff *b = backoff_create();
    fail_times(b, "192.0.2.1", FREE + 3, 5001);
    assert_int_equal(wait_of(b, "192.0.2.1", 5000), 4 * SECOND + 1);
    fail_times(b, "192.0.2.1", 1, 5000);
    assert_int_equal(wait_of(b, "192.0.2.1", 5001), 8 * SECOND);
    backoff_destroy(b);
}

static void whose_an_address_is(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"2001:db8::1", "2001:db8::ffff:1", true}, /* a /64 */
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},   {"::ffff:192.0.2.1", "192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false}, {"192.0.2.1", "192.0.2.2", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct backoff *b = backoff_create();
        fail_times(b, cases[i].one, FREE + 1, 0);
        assert_int_equal(wait_of(b, cases[i].other, 0), cases[i].same ? SECOND : 0);
        backoff_destroy(b);
    }
}

/* One that need not wait; milliseconds until it is looked at. */
static uint64_t charge(struct backoff *b, const struct sockaddr_storage *a, const char *stream,
                       unsigned free, uint64_t now)
{
    uint64_t delay;
    assert_int_equal(backoff_charge(b, a, stream, free, now, &delay), 0);
    return delay;
}

static void zero_turns_it_off(void **state)
{
    (void)state;
    struct backoff *b = backoff_create();
    struct sockaddr_storage a = address("192.0.2.1");
    for (int i = 0; i < 100; i++) {
        backoff_failed(b, &a, 0, 0);
        assert_int_equal(charge(b, &a, "s", 0, 0), 0);
    }
    assert_int_equal(backoff_wait(b, &a, 0, 0), 0);
    assert_int_equal(wait_of(b, "192.0.2.1", 0), 0); /* and nothing was counted */
    backoff_destroy(b);
}

/* Passwords count before they are looked at, and a right one takes back its own. */
static void passwords_are_charged_first(void **state)
{
    (void)state;
    struct backoff *b = backoff_create();
    struct sockaddr_storage a = address("192.0.2.1");
    for (int i = 0; i < FREE; i++)
        assert_int_equal(charge(b, &a, "s", FREE, 0), 0);
    assert_int_equal(wait_of(b, "192.0.2.1", 0), 0);
    charge(b, &a, "s", FREE, 0); /* none of them has been judged */
    assert_int_equal(wait_of(b, "192.0.2.1", 0), SECOND);
    uint64_t delay; /* one more is not looked at, and does not count */
    assert_int_equal(backoff_charge(b, &a, "s", FREE, 0, &delay), SECOND);
    assert_int_equal(wait_of(b, "192.0.2.1", 0), SECOND);
    backoff_refund(b, &a, "s", FREE, 0);
    assert_int_equal(wait_of(b, "192.0.2.1", 0), 0);
    for (int i = 0; i < 20; i++) { /* right ones slow down no stream */
        assert_int_equal(charge(b, &a, "s", FREE, 0), 0);
        backoff_refund(b, &a, "s", FREE, 0);
    }
    fail_times(b, "192.0.2.1", FREE, 0); /* all is as new */
    assert_int_equal(wait_of(b, "192.0.2.1", 0), 0);
    backoff_destroy(b);
}

static void a_success_forgives_nothing_else(void **state)
{
    (void)state;
    struct backoff *b = backoff_create();
    struct sockaddr_storage a = address("192.0.2.1"), other = address("192.0.2.2");
    uint64_t now = 0;
    for (int i = 0; i < 20; i++) { /* guesses at one stream, with the password of another */
        now += backoff_wait(b, &a, FREE, now);
        charge(b, &a, "known", FREE, now);
        backoff_refund(b, &a, "known", FREE, now);
        now += backoff_wait(b, &a, FREE, now);
        charge(b, &a, "guessed", FREE, now);
    }
    assert_int_equal(wait_of(b, "192.0.2.1", now), BACKOFF_WAIT_MAX_MS);
    charge(b, &other, "guessed", FREE, now);
    backoff_refund(b, &other, "guessed", FREE, now); /* nor another address's */
    assert_int_equal(wait_of(b, "192.0.2.1", now), BACKOFF_WAIT_MAX_MS);
    assert_int_equal(charge(b, &other, "guessed", FREE, now), BACKOFF_DELAY_MAX_MS);
    backoff_destroy(b);
}

/* From many addresses: each is looked at later, and nobody is refused. */
static void streams_slow_down_for_all(void **state)
{
    (void)state;
    static const uint64_t delays[] = {0, 0, 0, 0, 1, 2, 4, 4, 4};
    struct backoff *b = backoff_create();
    for (size_t i = 0; i < COUNT(delays); i++) {
        char text[32];
        snprintf(text, sizeof text, "192.0.2.%zu", i + 1);
        struct sockaddr_storage a = address(text);
        assert_int_equal(backoff_wait(b, &a, FREE, 0), 0);
        assert_int_equal(charge(b, &a, "s", FREE, 0), delays[i] * SECOND);
    }
    struct sockaddr_storage guest = address("198.51.100.1");
    assert_int_equal(charge(b, &guest, "other", FREE, 0), 0);
    assert_int_equal(backoff_wait(b, &guest, FREE, 0), 0);
    assert_int_equal(charge(b, &guest, "s", FREE, BACKOFF_QUIET_MS + 1), 0);
    backoff_destroy(b);
}

/* Somebody with very many addresses does not get rid of what he has failed with one. */
static void a_flood_washes_nothing_away(void **state)
{
    (void)state;
    enum { GUESSERS = 50 };
    struct backoff *b = backoff_create();
    for (unsigned i = 0; i < GUESSERS; i++) {
        char text[64];
        snprintf(text, sizeof text, "2001:db8:%x::1", i);
        fail_times(b, text, FREE + 10, 0);
    }
    for (unsigned i = 0; i < 8 * BACKOFF_BUCKETS * BACKOFF_WAYS; i++) {
        struct sockaddr_storage a = address("2001:db9::");
        ((struct sockaddr_in6 *)&a)->sin6_addr.s6_addr[5] = (uint8_t)(i >> 16);
        ((struct sockaddr_in6 *)&a)->sin6_addr.s6_addr[6] = (uint8_t)(i >> 8);
        ((struct sockaddr_in6 *)&a)->sin6_addr.s6_addr[7] = (uint8_t)i;
        for (int k = 0; k < 2; k++)
            backoff_failed(b, &a, FREE, 1000);
    }
    for (unsigned i = 0; i < GUESSERS; i++) {
        char text[64];
        snprintf(text, sizeof text, "2001:db8:%x::1", i);
        assert_int_equal(wait_of(b, text, 1000), BACKOFF_WAIT_MAX_MS - 1000);
    }
    backoff_destroy(b);
}

static void *guess(void *backoff)
{
    struct sockaddr_storage a = address("192.0.2.1");
    uint64_t delay;
    for (int i = 0; i < 1000; i++) {
        if (backoff_charge(backoff, &a, "s", FREE, 0, &delay) == 0)
            backoff_refund(backoff, &a, "s", FREE, 0);
        backoff_wait(backoff, &a, FREE, 0);
    }
    return NULL;
}

static void threads_agree(void **state)
{
    (void)state;
    struct backoff *b = backoff_create();
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, guess, b), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wait_of(b, "192.0.2.1", 0), 0);
    fail_times(b, "192.0.2.1", FREE, 0);
    assert_int_equal(wait_of(b, "192.0.2.1", 0), 0);
    backoff_destroy(b);
}

enum { RUSHES = 100, BATCHES = 30 /* few are kept at once, and none is to be pushed out */ };

struct rush {
    struct backoff *backoff;
    pthread_barrier_t *start;
    unsigned looked_at;
};

/* Each rush is another stream and address, so that all begin as new. */
static void *hurry(void *arg)
{
    struct rush *r = arg;
    uint64_t delay;
    for (unsigned round = 0; round < RUSHES; round++) {
        char text[32];
        snprintf(text, sizeof text, "10.0.%u.%u", round >> 8, round & 255);
        struct sockaddr_storage a = address(text);
        pthread_barrier_wait(r->start);
        for (int i = 0; i < FREE; i++)
            r->looked_at += backoff_charge(r->backoff, &a, text, FREE, 0, &delay) == 0;
    }
    return NULL;
}

static unsigned rush(void)
{
    struct rush rushes[2];
    pthread_t threads[COUNT(rushes)];
    pthread_barrier_t start;
    struct backoff *b = backoff_create();
    unsigned looked_at = 0;
    pthread_barrier_init(&start, NULL, COUNT(rushes));
    for (size_t i = 0; i < COUNT(threads); i++) {
        rushes[i] = (struct rush){.backoff = b, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, hurry, &rushes[i]), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        looked_at += rushes[i].looked_at;
    }
    pthread_barrier_destroy(&start);
    backoff_destroy(b);
    return looked_at;
}

/* However many threads they come to: no more are looked at than of those that come one by one. */
static void of_those_at_the_same_time_few_are_looked_at(void **state)
{
    (void)state;
    for (int i = 0; i < BATCHES; i++)
        assert_int_equal(rush(), RUSHES * (FREE + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_to_a_ceiling),
        cmocka_unit_test(a_clock_read_earlier_forgets_nothing),
        cmocka_unit_test(whose_an_address_is),
        cmocka_unit_test(zero_turns_it_off),
        cmocka_unit_test(passwords_are_charged_first),
        cmocka_unit_test(a_success_forgives_nothing_else),
        cmocka_unit_test(streams_slow_down_for_all),
        cmocka_unit_test(a_flood_washes_nothing_away),
        cmocka_unit_test(threads_agree),
        cmocka_unit_test(of_those_at_the_same_time_few_are_looked_at),
    };
    return cmocka_run_group_tests_name("proxy back-off", tests, NULL, NULL);
}
