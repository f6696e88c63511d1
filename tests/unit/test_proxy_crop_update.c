/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams of one window: what becomes of an update of the server's, and what is known behind it. */
#include "crop_looker.h"

#define MOVED "1 0 own normal 100 102 20 10 0 2 0 other normal 0 0 110 500 0"

static void asks_the_agent_when_an_update_begins(void **state)
{
    struct looker l;
    look_on(&l, state);
    assert_false(l.crop.wants_sync);
    say_head(&l, 1);
    assert_true(l.crop.wants_sync);
    l.crop.wants_sync = false;
    assert_int_equal(say_rect(&l, 105, 102, 4, 4, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 16);
    assert_false(l.crop.wants_sync);
    assert_given(&l, "");
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "1: 5,2,4,4 +16.");
    crop_finish(&l.crop);
}

/* An answer is for one update: none for that before, and none for the next. */
static void asks_for_each_update(void **state)
{
    struct looker l;
    look_on(&l, state);
    assert_int_equal(crop_synced(&l.crop), RFB_OK); /* a seat's */
    say_head(&l, 1);
    assert_int_equal(say_rect(&l, 105, 102, 4, 4, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 8);
    assert_given(&l, "");
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    say_pixels(&l, 8);
    assert_given(&l, "1: 5,2,4,4 +16.");
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    l.crop.wants_sync = false;
    request(&l.crop);
    say_head(&l, 1);
    assert_true(l.crop.wants_sync);
    assert_int_equal(say_rect(&l, 105, 102, 4, 4, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 8);
    assert_given(&l, "");
    crop_finish(&l.crop);
}

/* One without ContinuousUpdates may look at the screen until the last pixel: the agent is asked
 * behind it, and what it has said before does not count. */
static void asks_a_plain_one_when_it_is_whole(void **state)
{
    struct looker l;
    struct windows *w = snapshot(OWN, "", "null");
    l = (struct looker){.in_place = *(const int *)*state == IN_PLACE};
    assert_int_equal(crop_init(&l.crop, &whole, &init, w), RFB_OK);
    windows_unref(w);
    rfb_s2c_init(&l.framer, 20, 10, &init.format);
    request(&l.crop);
    assert_int_equal(say_update(&l.crop, 0, 0, 1, 1), RFB_OK);
    assert_true(l.crop.plain);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "");
    l.crop.wants_sync = false;
    say_head(&l, 1);
    assert_int_equal(say_rect(&l, 100, 100, 20, 10, RFB_ENC_RAW), RFB_OK);
    assert_false(l.crop.wants_sync);
    say_pixels(&l, 100);
    assert_int_equal(crop_synced(&l.crop), RFB_OK); /* a seat's */
    assert_given(&l, "");
    say_pixels(&l, 100);
    assert_true(l.crop.wants_sync);
    assert_given(&l, "");
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "1: 0,0,20,10 +200.");
    crop_finish(&l.crop);
}

/* What goes takes the place of what does not. */
static void moves_what_goes(void **state)
{
    struct looker l;
    look_on(&l, state);
    say_head(&l, 2);
    assert_int_equal(say_rect(&l, 109, 100, 1, 1, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 1);
    assert_int_equal(say_rect(&l, 100, 101, 4, 4, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 16);
    assert_int_equal(tell(&l.crop, OWN, "[109,0,2,800]"), RFB_OK);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "1: 0,1,4,4 +16.");
    crop_finish(&l.crop);
}

/* What the viewer has of it then is asked for when it changes, and the rest whether it does. */
static void knows_what_has_flowed(void **state)
{
    struct looker l;
    look_on(&l, state);
    say_head(&l, 1);
    assert_int_equal(say_rect(&l, 100, 100, 20, 4, RFB_ENC_RAW), RFB_OK);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    say_pixels(&l, 80);
    assert_given(&l, "1: 0,0,20,4 +80.");
    rfb_buf_consume(&l.crop.to_server, l.crop.to_server.len);
    request(&l.crop);
    assert_asked(&l.crop, "100,104,20,6! 100,100,20,4");
    crop_finish(&l.crop);
}

/* What it had of that before, too; where the pointer's image has its hot spot is none of it. */
static void knows_no_more_what_was_dropped(void **state)
{
    struct looker l;
    look_on(&l, state);
    give_all(&l);
    ask_again(&l, "100,100,20,10");
    say_head(&l, 3);
    assert_int_equal(say_rect(&l, 100, 100, 20, 4, RFB_ENC_RAW), RFB_OK);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    say_pixels(&l, 80);
    assert_int_equal(tell(&l.crop, OWN, "[100,100,5,500]"), RFB_OK);
    assert_int_equal(say_rect(&l, 104, 106, 2, 2, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 4);
    assert_int_equal(say_rect(&l, 110, 108, 2, 2, RFB_ENC_CURSOR), RFB_OK);
    say_pixels(&l, 4 + 2);
    assert_given(&l, "3: 0,0,20,4 +80 0,0,0,0 0,0,0,0.");
    ask_again(&l, "100,100,5,4! 104,106,2,2! 105,100,15,4 100,104,20,2 100,106,4,2 106,106,14,2 "
                  "100,108,20,2");
    crop_finish(&l.crop);
}

static void knows_nothing_of_another_screen(void **state)
{
    struct looker l;
    look_on(&l, state);
    give_all(&l);
    ask_again(&l, "100,100,20,10");
    say_head(&l, 1);
    assert_int_equal(say_rect(&l, 0, 0, 1000, 800, RFB_ENC_DESKTOP_SIZE), RFB_OK);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "");
    assert_asked(&l.crop, "100,100,20,10!");
    crop_finish(&l.crop);
}

/* Of an update that was dropped, all of it, windows are as restless as of one that was in part. */
static void counts_what_was_dropped(void **state)
{
    struct looker l;
    look_on(&l, state);
    l.crop.restless = true;
    for (int part = 0; part < 2; part++) {
        for (int i = 0; i < 15; i++) {
            give_all(&l);
            request(&l.crop);
        }
        assert_int_equal(tell(&l.crop, OWN, "[100,100,1,1]"), RFB_OK);
        say_head(&l, (uint16_t)(1 + part));
        if (part != 0) {
            assert_int_equal(say_rect(&l, 110, 100, 1, 1, RFB_ENC_RAW), RFB_OK);
            say_pixels(&l, 1);
        }
        assert_int_equal(say_rect(&l, 100, 100, 1, 1, RFB_ENC_RAW), RFB_OK);
        say_pixels(&l, 1);
        assert_int_equal(crop_synced(&l.crop), RFB_OK);
        assert_given(&l, part != 0 ? "1: 10,0,1,1 +1." : "");
        assert_true(l.crop.restless);
        request(&l.crop);
        while (l.crop.epoch_count > 1)
            assert_int_equal(say(&l.crop, END, 1), RFB_OK);
        give_all(&l);
        request(&l.crop);
        assert_true(l.crop.restless);
        l.crop.calm = 0;
    }
    crop_finish(&l.crop);
}

/* Covered, seen and covered again: what is flat no more has to become flat again. */
static void paints_over_it_again(void **state)
{
    struct looker l;
    look_on(&l, state);
    for (int i = 0; i < 2; i++) {
        give_all(&l);
        request(&l.crop);
        assert_int_equal(tell(&l.crop, COVERED, ""), RFB_OK);
        assert_given(&l, "1: 0,0,10,10 flat.");
        assert_int_equal(tell(&l.crop, OWN, ""), RFB_OK);
        request(&l.crop);
        while (l.crop.epoch_count > 1)
            assert_int_equal(say(&l.crop, END, 1), RFB_OK);
    }
    crop_finish(&l.crop);
}

static void paints_over_it_at_another_place(void **state)
{
    struct looker l;
    look_on(&l, state);
    assert_int_equal(tell(&l.crop, COVERED, ""), RFB_OK);
    assert_given(&l, "1: 0,0,10,10 flat.");
    request(&l.crop);
    assert_int_equal(tell(&l.crop, MOVED, ""), RFB_OK);
    assert_given(&l, "1: 0,0,10,10 flat.");
    crop_finish(&l.crop);
}

/* With ZRLE nothing may be dropped that has begun. */
static void keeps_what_has_a_state_whole(void **state)
{
    static const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS, 0, 0, 1, 0, 0, 0, RFB_ENC_ZRLE};
    struct looker l;
    look_on(&l, state);
    assert_int_equal(crop_from_viewer(&l.crop, encodings, sizeof encodings), RFB_OK);
    say_head(&l, 1);
    assert_int_equal(say_rect(&l, 100, 100, 20, 10, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 100);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "");
    say_pixels(&l, 100);
    assert_given(&l, "1: 0,0,20,10 +200.");
    crop_finish(&l.crop);
}

/* Who sends until LastRect tells no number that the viewer could be told. */
static void keeps_what_has_no_number_whole(void **state)
{
    struct looker l;
    look_on(&l, state);
    say_head(&l, 0xffff);
    assert_int_equal(say_rect(&l, 100, 100, 20, 10, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 100);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    say_pixels(&l, 100);
    assert_given(&l, "");
    assert_int_equal(say_rect(&l, 0, 0, 0, 0, RFB_ENC_LAST_RECT), RFB_OK);
    assert_given(&l, "1: 0,0,20,10 +200.");
    crop_finish(&l.crop);
}

/* Nothing goes before its own answer, also where the viewer takes the last update, a larger one,
 * when the next has begun. */
static void keeps_what_comes_before_the_last_is_taken(void **state)
{
    struct looker l;
    look_on(&l, state);
    say_head(&l, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(say_rect(&l, 100, 100, 20, 10, RFB_ENC_RAW), RFB_OK);
        say_pixels(&l, 200);
    }
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    say_head(&l, 1);
    assert_int_equal(say_rect(&l, 100, 100, 4, 4, RFB_ENC_RAW), RFB_OK);
    assert_given(&l, "2: 0,0,20,10 +200 0,0,20,10 +200.");
    request(&l.crop);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "1: 0,0,4,4");
    crop_finish(&l.crop);
}

/* A count has 16 bits, and one that tells none could go on. */
static void finds_out_too_many_rectangles(void **state)
{
    struct looker l;
    look_on(&l, state);
    say_head(&l, 0xffff);
    for (int i = 0; i < 60000; i++)
        assert_int_equal(say_rect(&l, 0, 0, 0, 0, RFB_ENC_CURSOR), RFB_OK);
    assert_int_equal(say_rect(&l, 0, 0, 0, 0, RFB_ENC_CURSOR), RFB_E_TOO_LARGE);
    crop_finish(&l.crop);
}

/* An update, if an empty one, before the viewer has said a word. */
static void finds_out_who_sends_unasked(void **state)
{
    static const uint8_t empty[] = {RFB_S2C_FRAMEBUFFER_UPDATE, 0, 0, 0};
    struct windows *w = snapshot(OWN, "", "null");
    struct crop c;
    (void)state;
    assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    assert_int_equal(say(&c, empty, sizeof empty), RFB_E_INVALID);
    crop_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(asks_the_agent_when_an_update_begins),
        TWICE(asks_for_each_update),
        TWICE(asks_a_plain_one_when_it_is_whole),
        TWICE(moves_what_goes),
        TWICE(knows_what_has_flowed),
        TWICE(knows_no_more_what_was_dropped),
        TWICE(knows_nothing_of_another_screen),
        TWICE(counts_what_was_dropped),
        TWICE(paints_over_it_again),
        TWICE(paints_over_it_at_another_place),
        TWICE(keeps_what_has_a_state_whole),
        TWICE(keeps_what_has_no_number_whole),
        TWICE(keeps_what_comes_before_the_last_is_taken),
        TWICE(finds_out_too_many_rectangles),
        TWICE(finds_out_who_sends_unasked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
