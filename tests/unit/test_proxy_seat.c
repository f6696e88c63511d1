/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose turn it is at a desktop's keyboard and pointer. */
#include "unit.h"

#include <pthread.h>

#include "proxy/seating.h"

/* ---- the line ---- */

static void count(void *owner)
{
    ++*(unsigned *)owner;
}

static void stands_in_line(void **state)
{
    struct seats *all = seats_create();
    struct seat_claim a, b, c, elsewhere;
    unsigned woken[4] = {0};
    (void)state;
    assert_int_equal(seat_claim_begin(all, "x", &a, count, &woken[0]), 0);
    assert_int_equal(seat_claim_begin(all, "x", &b, count, &woken[1]), 0);
    assert_int_equal(seat_claim_begin(all, "x", &c, count, &woken[2]), 0);
    assert_int_equal(seat_claim_begin(all, "y", &elsewhere, count, &woken[3]), 0);
    assert_false(seat_is_mine(all, &a));
    seat_ask(all, &a, false);
    seat_ask(all, &elsewhere, false);
    assert_true(seat_is_mine(all, &a));
    assert_true(seat_is_mine(all, &elsewhere));
    assert_int_equal(seat_is_wanted(all, &a), SEAT_UNWANTED);

    woken[0] = 0;
    seat_ask(all, &b, false);
    assert_int_equal(woken[0], 1);
    assert_false(seat_is_mine(all, &b));
    assert_int_equal(seat_is_wanted(all, &a), SEAT_WANTED);
    seat_ask(all, &b, false); /* no news */
    assert_int_equal(woken[0], 1);
    seat_ask(all, &b, true);
    assert_int_equal(woken[0], 2);
    assert_int_equal(seat_is_wanted(all, &a), SEAT_WANTED_URGENTLY);
    seat_ask(all, &b, false);
    assert_int_equal(seat_is_wanted(all, &a), SEAT_WANTED_URGENTLY);
    seat_ask(all, &c, false);

    assert_int_equal(woken[1], 0);
    seat_give(all, &a);
    assert_int_equal(woken[1], 1);
    assert_true(seat_is_mine(all, &b));
    assert_int_equal(seat_is_wanted(all, &b), SEAT_WANTED);
    seat_ask(all, &a, true); /* behind c */
    assert_int_equal(seat_is_wanted(all, &b), SEAT_WANTED_URGENTLY);
    seat_claim_end(all, &b);
    assert_int_equal(woken[2], 1);
    assert_true(seat_is_mine(all, &c));
    seat_claim_end(all, &a); /* from the middle of the line */
    assert_int_equal(seat_is_wanted(all, &c), SEAT_UNWANTED);
    assert_int_equal(woken[3], 1);
    seat_claim_end(all, &c);
    seat_claim_end(all, &c);
    seat_claim_end(all, &elsewhere);
    seats_destroy(all);
}

/* ---- many threads ---- */

enum { THREADS = 4, TURNS = 500 };

struct worker {
    struct seats *all;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool woken;
    unsigned *inside; /* not atomic: the seat keeps them apart */
};

static void wake_worker(void *owner)
{
    struct worker *w = owner;
    pthread_mutex_lock(&w->lock);
    w->woken = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void await_wake(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->woken)
        pthread_cond_wait(&w->changed, &w->lock);
    w->woken = false;
    pthread_mutex_unlock(&w->lock);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct seat_claim c;
    if (seat_claim_begin(w->all, "x", &c, wake_worker, w) != 0)
        return NULL;
    for (int i = 0; i < TURNS; i++) {
        seat_ask(w->all, &c, i % 2 == 0);
        while (!seat_is_mine(w->all, &c))
            await_wake(w);
        ++*w->inside;
        seat_give(w->all, &c);
    }
    seat_claim_end(w->all, &c);
    return w;
}

static void is_one_threads_at_a_time(void **state)
{
    struct seats *all = seats_create();
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    unsigned inside = 0;
    (void)state;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.all = all, .inside = &inside};
        pthread_mutex_init(&workers[i].lock, NULL);
        pthread_cond_init(&workers[i].changed, NULL);
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *done;
        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_ptr_equal(done, &workers[i]);
        pthread_cond_destroy(&workers[i].changed);
        pthread_mutex_destroy(&workers[i].lock);
    }
    assert_int_equal(inside, THREADS * TURNS);
    seats_destroy(all);
}

/* ---- turns on a loop ---- */

struct person {
    struct sitter sitter;
    bool busy, hopes; /* hopes: busy with waiting */
    bool mute, deaf;  /* mute: it leaves without a word; deaf: and cannot be lost */
    bool evicted;
    unsigned takes, leaves, losses;
};

static struct person *person_of(const struct sitter *s)
{
    return (struct person *)((char *)(uintptr_t)s - offsetof(struct person, sitter));
}

static void on_take(struct sitter *s)
{
    person_of(s)->takes++;
    assert_true(sitter_seated(s));
    assert_false(sitter_seated(s));
}

static void on_leave(struct sitter *s)
{
    person_of(s)->leaves++;
    if (!person_of(s)->mute)
        sitter_left(s);
}

static bool on_lose(struct sitter *s)
{
    if (++person_of(s)->losses < 3 || person_of(s)->deaf)
        return false; /* not yet */
    sitter_left(s);
    return true;
}

static bool is_idle(const struct sitter *s, bool quiet)
{
    return !person_of(s)->busy || (quiet && person_of(s)->hopes);
}

static void on_evict(struct sitter *s)
{
    person_of(s)->evicted = true;
    sitter_end(s);
}

static const struct sitter_events events = {
    .take = on_take, .leave = on_leave, .lose = on_lose, .evict = on_evict, .idle = is_idle};

struct room {
    uv_loop_t loop;
    struct seats *all;
    struct seating seating;
    struct person a, b;
};

static void open_room(struct room *r)
{
    *r = (struct room){.all = seats_create()};
    assert_int_equal(uv_loop_init(&r->loop), 0);
    assert_int_equal(seating_open(&r->seating, r->all, &r->loop), 0);
    assert_int_equal(sitter_begin(&r->a.sitter, &r->seating, "x", &events), 0);
    assert_int_equal(sitter_begin(&r->b.sitter, &r->seating, "x", &events), 0);
}

static void close_room(struct room *r)
{
    sitter_end(&r->a.sitter);
    sitter_end(&r->b.sitter);
    sitter_end(&r->b.sitter);
    seating_close(&r->seating);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&r->loop), 0);
    seats_destroy(r->all);
}

/* Until b has had n turns. */
static void await_turns(struct room *r, unsigned n)
{
    while (r->b.takes < n)
        uv_run(&r->loop, UV_RUN_ONCE);
}

static void keeps_it_until_another_wants_it(void **state)
{
    struct room r;
    (void)state;
    open_room(&r);
    sitter_wants(&r.a.sitter, true);
    assert_int_equal(r.a.takes, 1); /* nobody had it */
    sitter_wants(&r.a.sitter, true);
    assert_int_equal(r.a.takes, 1);
    sitter_wants(&r.b.sitter, false);
    await_turns(&r, 1);
    assert_int_equal(r.a.leaves, 1);
    /* whoever goes makes room */
    sitter_wants(&r.a.sitter, false);
    sitter_end(&r.b.sitter);
    while (r.a.takes < 2)
        uv_run(&r.loop, UV_RUN_ONCE);
    close_room(&r);
}

/* Who holds something down is interrupted for what is urgent, and not for a move of the pointer. */
static void waits_for_who_is_busy(void **state)
{
    struct room r;
    (void)state;
    open_room(&r);
    r.a.busy = true;
    sitter_wants(&r.a.sitter, true);
    sitter_wants(&r.b.sitter, false);
    for (int ticks = 0; ticks < 100; ticks++) {
        uv_run(&r.loop, UV_RUN_ONCE);
        assert_int_equal(r.a.leaves, 0);
    }
    sitter_wants(&r.b.sitter, true);
    await_turns(&r, 1);
    assert_int_equal(r.a.leaves, 1);
    close_room(&r);
}

static void does_not_wait_for_ever(void **state)
{
    struct room r;
    (void)state;
    open_room(&r);
    r.a.mute = true;
    sitter_wants(&r.a.sitter, true);
    sitter_wants(&r.b.sitter, true);
    await_turns(&r, 1);
    assert_int_equal(r.a.leaves, 1);
    assert_int_equal(r.a.losses, 3);
    close_room(&r);
}

static void sends_away_who_cannot_leave(void **state)
{
    struct room r;
    (void)state;
    open_room(&r);
    r.a.mute = r.a.deaf = true;
    sitter_wants(&r.a.sitter, true);
    sitter_wants(&r.b.sitter, false);
    await_turns(&r, 1);
    assert_true(r.a.evicted);
    close_room(&r);
}

/* A window may never take the keyboard that its viewer waits for. */
static void does_not_wait_for_who_hopes(void **state)
{
    struct room r;
    (void)state;
    open_room(&r);
    r.a.busy = r.a.hopes = true;
    sitter_wants(&r.a.sitter, true);
    sitter_wants(&r.b.sitter, false);
    for (int ticks = 0; ticks < 10; ticks++) {
        uv_run(&r.loop, UV_RUN_ONCE);
        assert_int_equal(r.a.leaves, 0); /* it has only just come */
    }
    await_turns(&r, 1);
    assert_int_equal(r.a.leaves, 1);
    close_room(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stands_in_line),
        cmocka_unit_test(is_one_threads_at_a_time),
        cmocka_unit_test(keeps_it_until_another_wants_it),
        cmocka_unit_test(waits_for_who_is_busy),
        cmocka_unit_test(does_not_wait_for_ever),
        cmocka_unit_test(sends_away_who_cannot_leave),
        cmocka_unit_test(does_not_wait_for_who_hopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
