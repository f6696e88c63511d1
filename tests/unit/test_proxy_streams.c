/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which streams there are, across reloads and threads: who may stay, who must go, and how many. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/config_values.h"
#include "proxy/streams.h"
#include "unit.h"

/* A configuration as a file would make it. */
struct wanted {
    const char *stream, *desktop, *host, *tokens[2];
    const char *password, *vnc_password; /* NULL: none */
    struct policy policy;
    unsigned max_viewers;
};

static struct service *make(const struct wanted *list, size_t count)
{
    struct service *service = config_alloc(sizeof *service);
    atomic_init(&service->refs, 1);
    service->config = config_alloc(sizeof *service->config);
    struct config_stream **end = &service->config->streams;
    for (size_t i = 0; i < count; i++) {
        struct config_desktop *d = config_alloc(sizeof *d);
        strcpy(d->name, list[i].desktop);
        strcpy(d->host, list[i].host);
        d->next = service->config->desktops;
        service->config->desktops = d;
        struct config_stream *s = *end = config_alloc(sizeof *s);
        end = &s->next;
        strcpy(s->name, list[i].stream);
        s->desktop = d;
        s->policy = list[i].policy;
        s->max_viewers = list[i].max_viewers;
        if (list[i].password != NULL)
            strcpy(s->password, list[i].password);
        if (list[i].vnc_password != NULL)
            strcpy(s->vnc_password, list[i].vnc_password);
        for (size_t k = 0; k < COUNT(list[i].tokens) && list[i].tokens[k] != NULL; k++)
            assert_int_equal(config_hash_token(list[i].tokens[k], strlen(list[i].tokens[k]),
                                               s->tokens[s->token_count++]),
                             0);
    }
    return service;
}

static void load(struct streams *all, const struct wanted *list, size_t count)
{
    struct service *service = make(list, count);
    assert_int_equal(streams_load(all, service, NULL, 0), 0);
    service_unref(service);
}

static struct stream *find(struct streams *all, const char *token)
{
    return streams_find(all, token, strlen(token));
}

static const struct wanted base = {
    .stream = "s",
    .desktop = "d",
    .host = "h",
    .tokens = {"t", "u"},
    .policy = {.control = true, .clipboard_in = true, .clipboard_out = false},
};

static void reload_sends_away_who_may_not_stay(void **state)
{
    (void)state;
    const struct policy less = {.control = true}, more = {true, true, true},
                        other = {.clipboard_in = true, .clipboard_out = true};
    struct wanted changed[12];
    for (size_t i = 0; i < COUNT(changed); i++)
        changed[i] = base;
    changed[1].max_viewers = 7;
    changed[2].policy = more;
    changed[3].tokens[0] = "u", changed[3].tokens[1] = "t";
    changed[4].policy = less;
    changed[5].policy = other;
    changed[6].host = "elsewhere";
    changed[7].tokens[1] = NULL;
    changed[8].tokens[1] = "v";
    changed[9].stream = "x";
    changed[10].password = "p"; /* nobody who is in has shown it */
    changed[11].vnc_password = "v";
    enum { STAY = 4 };
    for (size_t i = 0; i < COUNT(changed); i++) {
        struct streams *all = streams_create();
        load(all, &base, 1);
        struct stream *s = find(all, "t");
        assert_non_null(s);
        load(all, &changed[i], 1);
        assert_int_equal(atomic_load(&s->end), i >= STAY ? STREAM_REVOKED : STREAM_GOES_ON);
        /* its configuration stays to be looked at */
        assert_string_equal(s->config->name, "s");
        assert_string_equal(s->config->desktop->host, "h");
        struct stream *again = find(all, "t");
        assert_ptr_not_equal(again, s);
        assert_false(again != NULL && atomic_load(&again->end) != STREAM_GOES_ON);
        /* who has stayed once is not forgotten at the next reload */
        load(all, NULL, 0);
        assert_int_equal(atomic_load(&s->end), STREAM_REVOKED);
        assert_null(find(all, "t"));
        stream_unref(all, again);
        stream_unref(all, s);
        streams_destroy(all);
    }
}

static void reload_sends_away_whose_password_is_another(void **state)
{
    (void)state;
    struct wanted asked = base, changed[5];
    asked.tokens[0] = asked.tokens[1] = NULL;
    asked.password = "p", asked.vnc_password = "v";
    for (size_t i = 0; i < COUNT(changed); i++)
        changed[i] = asked;
    changed[1].password = changed[1].vnc_password = NULL;
    changed[1].tokens[0] = "t";
    changed[2].password = "q";
    changed[3].vnc_password = "q";
    changed[4].vnc_password = NULL; /* it may have been what was shown */
    enum { STAY = 2 };
    for (size_t i = 0; i < COUNT(changed); i++) {
        struct streams *all = streams_create();
        load(all, &asked, 1);
        struct stream *s = streams_find_named(all, "s", 1);
        assert_non_null(s);
        assert_null(streams_find_named(all, "t", 1));
        load(all, &changed[i], 1);
        assert_int_equal(atomic_load(&s->end), i >= STAY ? STREAM_REVOKED : STREAM_GOES_ON);
        struct stream *again = streams_find_named(all, "s", 1);
        assert_int_equal(again == NULL, i == 1); /* a token opens it now, and its name does not */
        assert_ptr_not_equal(again, s);
        stream_unref(all, again);
        stream_unref(all, s);
        load(all, NULL, 0);
        assert_null(streams_find_named(all, "s", 1));
        streams_destroy(all);
    }
}

static void a_name_alone_opens_nothing(void **state)
{
    (void)state;
    struct wanted bare = base;
    bare.tokens[0] = bare.tokens[1] = NULL;
    struct streams *all = streams_create();
    load(all, &bare, 1);
    assert_null(streams_find_named(all, "s", 1));
    load(all, &base, 1);
    assert_null(streams_find_named(all, "s", 1));
    streams_destroy(all);
}

static void counts_hold_across_reloads(void **state)
{
    (void)state;
    struct wanted two[] = {base, base};
    two[0].max_viewers = 1;
    two[1].stream = "other";
    two[1].tokens[0] = "o", two[1].tokens[1] = NULL;
    struct streams *all = streams_create();
    struct presence first = {.id = 0}, second = first, third = first;
    streams_limit(all, 2);
    load(all, two, 2);
    struct stream *s = find(all, "t");
    assert_int_equal(streams_enter(all, s, &first), ENTRY_GRANTED);
    load(all, two, 2);
    struct stream *again = find(all, "t"), *other = find(all, "o");
    assert_int_equal(streams_enter(all, again, &third), ENTRY_FULL); /* its one viewer is there */
    assert_false(streams_are_full(all));
    assert_int_equal(streams_enter(all, other, &second), ENTRY_GRANTED);
    assert_true(second.id > first.id);
    assert_true(streams_are_full(all));
    streams_leave(all, &first);
    assert_false(streams_are_full(all));
    streams_limit(all, 1);
    assert_int_equal(streams_enter(all, again, &third), ENTRY_FULL); /* the server has all it may */
    streams_limit(all, 2);
    assert_int_equal(streams_enter(all, again, &third), ENTRY_GRANTED);
    streams_leave(all, &third);
    streams_leave(all, &second);
    stream_unref(all, s);
    stream_unref(all, again);
    stream_unref(all, other);
    streams_destroy(all);
}

/* Of a stream's viewers, who is only told of windows takes no place, and has as many; of the
 * server's it does. */
static void lists_are_counted_apart(void **state)
{
    (void)state;
    struct wanted one = base;
    one.max_viewers = 1;
    struct streams *all = streams_create();
    struct presence viewer = {.id = 0}, list = {.list = true}, another = list, late = viewer;
    streams_limit(all, 3);
    load(all, &one, 1);
    struct stream *s = find(all, "t");
    assert_int_equal(streams_enter(all, s, &list), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, s, &viewer), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, s, &another), ENTRY_FULL);
    assert_int_equal(streams_enter(all, s, &late), ENTRY_FULL);
    assert_int_equal(streams_viewers(all), 2);
    streams_leave(all, &list);
    assert_int_equal(streams_enter(all, s, &late), ENTRY_FULL);
    assert_int_equal(streams_enter(all, s, &another), ENTRY_GRANTED);
    streams_leave(all, &viewer);
    streams_limit(all, 1);
    assert_int_equal(streams_enter(all, s, &late), ENTRY_FULL);
    streams_leave(all, &another);
    assert_int_equal(streams_viewers(all), 0);
    stream_unref(all, s);
    streams_destroy(all);
}

/* Who has been asked for a password before has not come in yet. */
static void nobody_enters_while_streams_drain(void **state)
{
    struct presence first = {.id = 0}, second = first;
    (void)state;
    struct streams *all = streams_create();
    streams_limit(all, 9);
    load(all, &base, 1);
    struct stream *s = find(all, "t"), *again = find(all, "t");
    assert_int_equal(streams_enter(all, s, &first), ENTRY_GRANTED);
    streams_drain(all);
    assert_int_equal(streams_enter(all, again, &second), ENTRY_DRAINING);
    assert_int_equal(streams_viewers(all), 1);
    streams_leave(all, &first);
    stream_unref(all, s);
    stream_unref(all, again);
    streams_destroy(all);
}

static void count_wake(void *owner)
{
    atomic_fetch_add((atomic_uint *)owner, 1);
}

static void handshakes_take_turns_by_desktop(void **state)
{
    (void)state;
    struct wanted three[] = {base, base, base};
    three[1].stream = "same desktop";
    three[1].tokens[0] = "a", three[1].tokens[1] = NULL;
    three[2].stream = "another";
    three[2].desktop = "e";
    three[2].tokens[0] = "b", three[2].tokens[1] = NULL;
    atomic_uint wakes = 0;
    struct streams *all = streams_create();
    assert_int_equal(streams_watch(all, count_wake, count_wake, &wakes), 0);
    load(all, three, 3);
    assert_int_equal(atomic_load(&wakes), 1);
    struct stream *s = find(all, "t"), *same = find(all, "a"), *another = find(all, "b");
    assert_true(streams_begin_handshake(all, s));
    assert_true(streams_begin_handshake(all, same));
    assert_true(streams_begin_handshake(all, another));
    streams_end_handshake(all, another); /* nobody waits */
    assert_int_equal(atomic_load(&wakes), 1);
    assert_false(streams_begin_handshake(all, s));
    streams_end_handshake(all, same);
    assert_int_equal(atomic_load(&wakes), 2);
    assert_true(streams_begin_handshake(all, s));
    streams_end_handshake(all, s);
    streams_end_handshake(all, s);
    stream_unref(all, s);
    stream_unref(all, same);
    stream_unref(all, another);
    streams_destroy(all);
}

/* ---- grants ---- */

static struct grant make_grant(const char *id, const char *token, const char *desktop)
{
    struct grant g = {.created = 1000};
    strcpy(g.id, id);
    strcpy(g.desktop, desktop);
    assert_int_equal(config_hash_token(token, strlen(token), g.token), 0);
    return g;
}

/* Of the clock that the tests tell, not of the one on the wall. */
enum { SOON = 2000000000 };

static void grants_open_and_end(void **state)
{
    (void)state;
    atomic_uint wakes = 0;
    int64_t next;
    struct grant early = make_grant("1", "early", "d"), late = make_grant("2", "late", "d"),
                 never = make_grant("3", "never", "d"), other = make_grant("4", "other", "e");
    early.expires = SOON;
    late.expires = SOON + 1000;
    struct streams *all = streams_create();
    assert_int_equal(streams_watch(all, count_wake, count_wake, &wakes), 0);
    struct service *service = make(&base, 1);
    struct grant kept[] = {early, other};
    assert_int_equal(streams_load(all, service, kept, 2), 0);
    assert_null(find(all, "other")); /* its desktop is not there */
    assert_int_equal(streams_add(all, service, &other), 1);
    assert_int_equal(streams_add(all, service, &late), 0);
    assert_int_equal(streams_add(all, service, &never), 0);
    struct stream *e = find(all, "early"), *l = find(all, "late"), *n = find(all, "never");
    assert_non_null(e);
    assert_string_equal(n->config->name, "3");
    assert_string_equal(n->config->desktop->host, "h");
    unsigned before = atomic_load(&wakes);
    streams_expire(all, SOON - 1, &next);
    assert_int_equal(next, SOON);
    assert_int_equal(atomic_load(&wakes), before);
    streams_expire(all, SOON, &next);
    assert_int_equal(next, SOON + 1000);
    assert_int_equal(atomic_load(&wakes), before + 1);
    assert_int_equal(atomic_load(&e->end), STREAM_EXPIRED);
    assert_null(find(all, "early"));
    assert_int_equal(streams_revoke(all, "9"), 0);
    assert_int_equal(streams_revoke(all, "2"), 1);
    assert_int_equal(atomic_load(&l->end), STREAM_REVOKED);
    assert_int_equal(streams_revoke(all, "s"), 0); /* of the configuration */
    /* whoever found it a moment ago does not come in any more */
    struct presence p = {.id = 0};
    streams_limit(all, 10);
    assert_int_equal(streams_enter(all, l, &p), ENTRY_ENDED);
    assert_int_equal(streams_enter(all, n, &p), ENTRY_GRANTED);
    streams_leave(all, &p);
    stream_unref(all, e);
    stream_unref(all, l);
    stream_unref(all, n);
    service_unref(service);
    streams_destroy(all);
}

static void single_use_is_spent_once(void **state)
{
    (void)state;
    struct grant once = make_grant("1", "once", "d");
    once.single_use = true;
    char id[GRANT_ID_SIZE];
    struct streams *all = streams_create();
    struct service *service = make(&base, 1);
    streams_limit(all, 10);
    assert_int_equal(streams_load(all, service, &once, 1), 0);
    struct stream *s = find(all, "once"), *same = find(all, "once");
    struct presence first = {.id = 0}, second = first;
    assert_false(streams_next_dead(all, id));
    assert_int_equal(streams_enter(all, s, &first), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, same, &second), ENTRY_ENDED);
    assert_null(find(all, "once"));
    /* the store has not forgotten it when the configuration is read again */
    assert_int_equal(streams_load(all, service, &once, 1), 0);
    assert_null(find(all, "once"));
    assert_true(streams_next_dead(all, id));
    assert_string_equal(id, "1");
    streams_forget(all, id);
    assert_false(streams_next_dead(all, id));
    /* the store has forgotten it: its viewer stays as long as its desktop does, and can be ended */
    assert_int_equal(streams_load(all, service, NULL, 0), 0);
    assert_int_equal(atomic_load(&s->end), STREAM_GOES_ON);
    assert_int_equal(streams_revoke(all, "1"), 1);
    assert_int_equal(atomic_load(&s->end), STREAM_REVOKED);
    streams_leave(all, &first);
    stream_unref(all, s);
    stream_unref(all, same);
    service_unref(service);
    streams_destroy(all);
}

static void changes_act_at_once(void **state)
{
    (void)state;
    struct grant g = make_grant("1", "token", "d");
    int64_t next;
    g.policy = (struct policy){.control = true, .clipboard_in = true};
    struct streams *all = streams_create();
    struct service *service = make(&base, 1);
    streams_limit(all, 10);
    assert_int_equal(streams_load(all, service, &g, 1), 0);
    struct stream *s = find(all, "token");
    struct presence first = {.id = 0}, second = first, third = first;
    assert_int_equal(streams_enter(all, s, &first), ENTRY_GRANTED);
    /* what is no right: who is there stays in the same stream */
    g.max_viewers = 1;
    g.expires = SOON;
    assert_int_equal(streams_change(all, service, &g), 0);
    struct stream *same = find(all, "token");
    assert_ptr_equal(same, s);
    assert_int_equal(streams_enter(all, same, &second), ENTRY_FULL);
    stream_unref(all, same);
    streams_expire(all, SOON - 1, &next);
    assert_int_equal(next, SOON);
    /* more rights, and another label: for those to come */
    g.max_viewers = 0;
    g.policy.clipboard_out = true;
    strcpy(g.label, "more");
    assert_int_equal(streams_change(all, service, &g), 0);
    struct stream *more = find(all, "token");
    assert_ptr_not_equal(more, s);
    assert_string_equal(more->grant->label, "more");
    assert_true(more->config->policy.clipboard_out);
    assert_false(s->config->policy.clipboard_out);
    assert_string_equal(s->grant->label, "");
    assert_int_equal(atomic_load(&s->end), STREAM_GOES_ON);
    assert_int_equal(streams_enter(all, more, &second), ENTRY_GRANTED);
    /* fewer: those go who had what is taken */
    g.policy.clipboard_out = false;
    assert_int_equal(streams_change(all, service, &g), 0);
    assert_int_equal(atomic_load(&more->end), STREAM_REDUCED);
    assert_int_equal(atomic_load(&s->end), STREAM_GOES_ON);
    assert_int_equal(streams_enter(all, more, &third), ENTRY_ENDED);
    /* the time counts for those who came before too */
    assert_true(streams_expire(all, SOON, &next));
    assert_int_equal(atomic_load(&s->end), STREAM_EXPIRED);
    assert_null(find(all, "token"));
    assert_int_equal(streams_change(all, service, &g), 1);
    streams_leave(all, &first);
    streams_leave(all, &second);
    stream_unref(all, s);
    stream_unref(all, more);
    service_unref(service);
    streams_destroy(all);
}

/* A revoked grant does not come back, also where the store was not to be written. */
static void revoked_stays_revoked(void **state)
{
    (void)state;
    struct grant g = make_grant("1", "token", "d");
    char id[GRANT_ID_SIZE];
    struct streams *all = streams_create();
    struct service *service = make(&base, 1);
    assert_int_equal(streams_load(all, service, &g, 1), 0);
    assert_int_equal(streams_revoke(all, "1"), 1);
    assert_int_equal(streams_load(all, service, &g, 1), 0);
    assert_null(find(all, "token"));
    assert_true(streams_next_dead(all, id));
    assert_string_equal(id, "1");
    service_unref(service);
    streams_destroy(all);
}

/* The timer is late: the machine was asleep. */
static void expiry_needs_no_timer(void **state)
{
    (void)state;
    struct grant g = make_grant("1", "token", "d");
    g.expires = 1001;
    struct streams *all = streams_create();
    struct service *service = make(&base, 1);
    assert_int_equal(streams_load(all, service, &g, 1), 0);
    assert_null(find(all, "token"));
    service_unref(service);
    streams_destroy(all);
}

static void grants_have_a_limit(void **state)
{
    (void)state;
    char name[16];
    struct streams *all = streams_create();
    struct service *service = make(&base, 1);
    assert_int_equal(streams_load(all, service, NULL, 0), 0);
    for (int i = 0; i <= STREAMS_GRANTS_MAX; i++) {
        snprintf(name, sizeof name, "%d", i);
        struct grant g = make_grant(name, name, "d");
        assert_int_equal(streams_add(all, service, &g), i < STREAMS_GRANTS_MAX ? 0 : 2);
    }
    /* among so many, each token opens its own, until it is revoked; and there is room for another
     */
    for (int i = 0; i < STREAMS_GRANTS_MAX; i += 997) {
        snprintf(name, sizeof name, "%d", i);
        struct stream *s = find(all, name);
        assert_non_null(s);
        assert_string_equal(s->config->name, name);
        stream_unref(all, s);
    }
    assert_null(find(all, "100000"));
    assert_int_equal(streams_revoke(all, "4711"), 1);
    assert_null(find(all, "4711"));
    struct grant g = make_grant("another", "another", "d");
    assert_int_equal(streams_add(all, service, &g), 0);
    service_unref(service);
    streams_destroy(all);
}

/* Viewers come and go on many threads while the configuration is read again and again. */

static void *come_and_go(void *streams)
{
    struct streams *all = streams;
    for (int i = 0; i < 2000; i++) {
        struct presence p = {.id = 0};
        struct stream *s = find(all, "t");
        if (s == NULL)
            continue;
        if (streams_enter(all, s, &p) == ENTRY_GRANTED) {
            if (streams_begin_handshake(all, s))
                streams_end_handshake(all, s);
            streams_leave(all, &p);
        }
        stream_unref(all, s);
    }
    return NULL;
}

static void threads_agree(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct wanted limited = base;
    atomic_uint wakes = 0;
    struct streams *all = streams_create();
    limited.max_viewers = 2;
    assert_int_equal(streams_watch(all, count_wake, count_wake, &wakes), 0);
    streams_limit(all, 3);
    load(all, &limited, 1);
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, all), 0);
    for (int i = 0; i < 200; i++)
        load(all, &limited, (size_t)(i % 2));
    load(all, &limited, 1);
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    /* nobody is counted who is not there */
    struct stream *s = find(all, "t");
    struct presence first = {.id = 0}, second = first, third = first;
    assert_int_equal(streams_enter(all, s, &first), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, s, &second), ENTRY_GRANTED);
    assert_int_equal(streams_enter(all, s, &third), ENTRY_FULL);
    streams_leave(all, &first);
    streams_leave(all, &second);
    stream_unref(all, s);
    streams_destroy(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reload_sends_away_who_may_not_stay),
        cmocka_unit_test(reload_sends_away_whose_password_is_another),
        cmocka_unit_test(a_name_alone_opens_nothing),
        cmocka_unit_test(counts_hold_across_reloads),
        cmocka_unit_test(lists_are_counted_apart),
        cmocka_unit_test(nobody_enters_while_streams_drain),
        cmocka_unit_test(handshakes_take_turns_by_desktop),
        cmocka_unit_test(grants_open_and_end),
        cmocka_unit_test(single_use_is_spent_once),
        cmocka_unit_test(changes_act_at_once),
        cmocka_unit_test(revoked_stays_revoked),
        cmocka_unit_test(expiry_needs_no_timer),
        cmocka_unit_test(grants_have_a_limit),
        cmocka_unit_test(threads_agree),
    };
    return cmocka_run_group_tests_name("proxy_streams", tests, NULL, NULL);
}
