/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams of one window: updates that flow on while they come, once the agent has answered. */
#include "crop_looker.h"

/* An update that flows: all of the window, of which 100 of 200 pixels have come. */
static void begin_flow(struct looker *l, void **state)
{
    look_on(l, state);
    say_head(l, 1);
    assert_int_equal(say_rect(l, 100, 100, 20, 10, RFB_ENC_RAW), RFB_OK);
    say_pixels(l, 100);
    assert_int_equal(crop_synced(&l->crop), RFB_OK);
    assert_given(l, "1: 0,0,20,10 +100");
    rfb_buf_consume(&l->crop.to_server, l->crop.to_server.len);
}

static void flows_as_it_comes(void **state)
{
    struct looker l;
    look_on(&l, state);
    say_head(&l, 3);
    assert_int_equal(say_rect(&l, 100, 100, 4, 4, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 16);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "3: 0,0,4,4 +16");
    assert_int_equal(say_rect(&l, 105, 102, 4, 4, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 5);
    assert_given(&l, " 5,2,4,4 +5");
    say_pixels(&l, 11);
    assert_int_equal(say_rect(&l, 110, 102, 2, 1, RFB_ENC_RAW), RFB_OK);
    assert_given(&l, " +11 10,2,2,1");
    say_pixels(&l, 1);
    /* the viewer has not taken that yet when the rest comes, and something behind it */
    assert_int_equal(say_on(&l, "x\x02", 2), RFB_OK);
    assert_given(&l, " +2.bell");
    crop_finish(&l.crop);
}

/* Not with the pointer's image, which says nothing of the pixels behind it. */
static void flows_with_the_first_pixels(void **state)
{
    static const uint8_t encodings[] = {
        RFB_C2S_SET_ENCODINGS, 0, 0, 1, 0xff, 0xff, 0xff, 0x11 /* Cursor */};
    struct looker l;
    look_on(&l, state);
    assert_int_equal(crop_from_viewer(&l.crop, encodings, sizeof encodings), RFB_OK);
    say_head(&l, 2);
    assert_int_equal(say_rect(&l, 0, 0, 0, 0, RFB_ENC_CURSOR), RFB_OK);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "");
    assert_int_equal(say_rect(&l, 100, 100, 1, 1, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 1);
    assert_given(&l, "2: 0,0,0,0 0,0,1,1 +1.");
    crop_finish(&l.crop);
}

/* Heads that come in two pieces, rectangles that are dropped, and another message in one piece. */
static void flows_however_it_is_cut(void **state)
{
    static const uint8_t drop[] = {RFB_S2C_FRAMEBUFFER_UPDATE,
                                   0,
                                   0,
                                   4,
                                   0,
                                   100,
                                   0,
                                   100,
                                   0,
                                   2,
                                   0,
                                   2,
                                   0,
                                   0,
                                   0,
                                   0,
                                   'x',
                                   'x',
                                   'x',
                                   'x',
                                   0,
                                   109,
                                   0,
                                   101,
                                   0,
                                   3,
                                   0,
                                   1,
                                   0,
                                   0,
                                   0,
                                   0,
                                   'x',
                                   'x',
                                   'x',
                                   0,
                                   112,
                                   0,
                                   100,
                                   0,
                                   2,
                                   0,
                                   1,
                                   0,
                                   0,
                                   0,
                                   0,
                                   'x',
                                   'x',
                                   0,
                                   110,
                                   0,
                                   100,
                                   0,
                                   1,
                                   0,
                                   1,
                                   0,
                                   0,
                                   0,
                                   0,
                                   'x',
                                   RFB_S2C_BELL,
                                   RFB_S2C_BELL};
    for (size_t at = 16; at < sizeof drop; at++)
        for (size_t then = at; then < sizeof drop; then++) {
            struct looker l;
            look_on(&l, state);
            assert_int_equal(tell(&l.crop, OWN, "[109,0,2,800]"), RFB_OK);
            assert_int_equal(say_on(&l, drop, 16), RFB_OK);
            assert_int_equal(crop_synced(&l.crop), RFB_OK);
            assert_given(&l, "4: 0,0,2,2");
            assert_int_equal(say_on(&l, drop + 16, at - 16), RFB_OK);
            assert_int_equal(say_on(&l, drop + at, then - at), RFB_OK);
            assert_int_equal(say_on(&l, drop + then, sizeof drop - then), RFB_OK);
            assert_given(&l, " +4 0,0,0,0 12,0,2,1 +2 0,0,0,0.bellbell");
            crop_finish(&l.crop);
        }
}

/* Where something waits for the viewer, what comes has to wait behind it. */
static void flows_behind_what_waits(void **state)
{
    uint8_t data[] = {'x', 'x', 'x'};
    struct looker l;
    size_t n;
    begin_flow(&l, state);
    assert_int_equal(crop_from_server(&l.crop, data, 1), RFB_OK); /* it has not taken that */
    assert_int_equal(crop_relay(&l.crop, data, 3, &n), RFB_OK);
    assert_int_equal(n, 0);
    assert_given(&l, " +4");
    assert_int_equal(crop_relay(&l.crop, data, 3, &n), RFB_OK);
    assert_int_equal(n, 3);
    assert_int_equal(l.crop.to_viewer.len, 0);
    crop_finish(&l.crop);
}

/* Of the next one nothing goes before its own answer, although it comes in one piece with the last.
 */
static void ends_where_the_next_begins(void **state)
{
    uint8_t piece[100 + 16 + 4] = {0};
    const struct rfb_rect_head head = {{100, 100, 4, 4}, RFB_ENC_RAW};
    struct looker l;
    begin_flow(&l, state);
    memset(piece, 'x', sizeof piece);
    memset(piece + 100, 0, 4);
    piece[103] = 1;
    rfb_msg_set_rect_head(piece + 104, &head);
    assert_int_equal(say_on(&l, piece, sizeof piece), RFB_OK);
    assert_given(&l, " +100.");
    request(&l.crop);
    assert_given(&l, "");
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "1: 0,0,4,4 +4");
    crop_finish(&l.crop);
}

/* Who has not asked gets nothing, also when there was an answer: it is kept whole as ever. */
static void flows_when_it_is_asked_for(void **state)
{
    struct looker l;
    look_on(&l, state);
    l.crop.viewer_wants = false;
    say_head(&l, 1);
    assert_int_equal(say_rect(&l, 100, 100, 20, 10, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 100);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "");
    request(&l.crop);
    assert_given(&l, "1: 0,0,20,10 +100");
    say_pixels(&l, 50);
    assert_given(&l, " +50");
    crop_finish(&l.crop);
}

/* Of the rectangles that had come before, those that may not go are not counted; of the others they
 * are without pixels. */
static void drops_rectangles_of_what_flows(void **state)
{
    struct looker l;
    look_on(&l, state);
    say_head(&l, 5);
    assert_int_equal(say_rect(&l, 108, 100, 4, 4, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 16);
    assert_int_equal(say_rect(&l, 112, 100, 2, 1, RFB_ENC_RAW), RFB_OK);
    assert_int_equal(tell(&l.crop, OWN, "[109,0,2,800]"), RFB_OK);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "4: 12,0,2,1");
    say_pixels(&l, 2);
    assert_int_equal(say_rect(&l, 109, 100, 2, 2, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 4);
    assert_int_equal(say_rect(&l, 200, 0, 2, 2, RFB_ENC_CURSOR), RFB_OK); /* not wanted */
    say_pixels(&l, 4 + 2);
    assert_int_equal(say_rect(&l, 115, 100, 1, 1, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 1);
    assert_given(&l, " +2 0,0,0,0 0,0,0,0 15,0,1,1 +1.");
    rfb_buf_consume(&l.crop.to_server, l.crop.to_server.len);
    request(&l.crop);
    assert_asked(&l.crop,
                 "100,100,12,1! 114,100,1,1! 116,100,4,1! 100,101,20,9! 112,100,2,1 115,100,1,1");
    crop_finish(&l.crop);
}

/* What is the application's before and behind would be at another place of the canvas. */
static void drops_what_comes_when_it_has_moved(void **state)
{
    static const char *const moved[] = {"1 0 own normal 102 100 20 10 0",
                                        "1 0 own normal 100 102 20 10 0"};
    for (size_t i = 0; i < COUNT(moved); i++) {
        struct looker l;
        look_on(&l, state);
        give_all(&l);
        ask_again(&l, "100,100,20,10");
        say_head(&l, 2);
        assert_int_equal(say_rect(&l, 105, 105, 1, 1, RFB_ENC_RAW), RFB_OK);
        assert_int_equal(crop_synced(&l.crop), RFB_OK);
        say_pixels(&l, 1);
        assert_int_equal(tell(&l.crop, moved[i], ""), RFB_OK);
        assert_int_equal(say_rect(&l, 105, 105, 1, 1, RFB_ENC_RAW), RFB_OK);
        say_pixels(&l, 1);
        assert_given(&l, "2: 5,5,1,1 +1 0,0,0,0.");
        ask_again(&l, i == 0 ? "102,100,20,10!" : "100,102,20,10!");
        crop_finish(&l.crop);
    }
}

/* Its pixels were the application's when the server read them; they are not what is there now. */
static void paints_over_what_is_covered_meanwhile(void **state)
{
    struct looker l;
    begin_flow(&l, state);
    assert_int_equal(tell(&l.crop, COVERED, ""), RFB_OK);
    request(&l.crop);
    assert_given(&l, ""); /* it is in the middle of a rectangle */
    say_pixels(&l, 100);
    assert_given(&l, " +100.1: 0,0,10,10 flat.");
    request(&l.crop);
    assert_asked(&l.crop, "110,100,10,10");
    assert_int_equal(tell(&l.crop, OWN, ""), RFB_OK);
    assert_asked(&l.crop, "100,100,10,10! 110,100,10,10");
    crop_finish(&l.crop);
}

/* Covered and uncovered again, if only for a moment. */
static void asks_again_for_what_was_touched_meanwhile(void **state)
{
    struct looker l;
    begin_flow(&l, state);
    assert_int_equal(tell(&l.crop, OWN, "[100,100,5,500]"), RFB_OK);
    say_pixels(&l, 100);
    assert_given(&l, " +100.");
    request(&l.crop);
    assert_asked(&l.crop, "100,100,5,10! 105,100,15,10");
    crop_finish(&l.crop);
}

/* Another canvas is told behind it, and a viewer that is resized has nothing of what it had. */
static void resizes_when_it_has_flowed(void **state)
{
    static const struct {
        const char *windows, *given, *asked;
    } cases[] = {
        {"1 0 own normal 300 100 30 10 0", " +100.1: 0,0,30,10.", "300,100,30,10!"},
        {"1 0 own normal 300 100 20 10 0", " +100.", "300,100,20,10!"},
        {"1 0 own normal 100 100 30 10 0", " +100.1: 0,0,30,10.", "100,100,30,10!"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct looker l;
        begin_flow(&l, state);
        assert_int_equal(tell(&l.crop, cases[i].windows, ""), RFB_OK);
        request(&l.crop);
        assert_given(&l, "");
        say_pixels(&l, 100);
        assert_given(&l, cases[i].given);
        request(&l.crop);
        assert_asked(&l.crop, cases[i].asked);
        crop_finish(&l.crop);
    }
}

/* A viewer that asks for all may have lost what it had. */
static void gives_it_again_to_who_asks_meanwhile(void **state)
{
    static const uint8_t again[] = {RFB_C2S_UPDATE_REQUEST, 0, 0, 0, 0, 0, 0, 20, 0, 10};
    struct looker l;
    begin_flow(&l, state);
    assert_int_equal(crop_from_viewer(&l.crop, again, sizeof again), RFB_OK);
    say_pixels(&l, 100);
    assert_given(&l, " +100.");
    assert_asked(&l.crop, "100,100,20,10!");
    /* but not what comes behind that */
    assert_int_equal(say(&l.crop, END, 1), RFB_OK);
    give_all(&l);
    ask_again(&l, "100,100,20,10");
    assert_int_equal(crop_from_viewer(&l.crop, again, sizeof again), RFB_OK);
    assert_asked(&l.crop, "100,100,20,10!");
    assert_int_equal(say(&l.crop, END, 1), RFB_OK);
    give_all(&l);
    ask_again(&l, "100,100,20,10");
    crop_finish(&l.crop);
}

/* Another format is another connection's, behind what flows in the old one. */
static void changes_formats_when_it_has_flowed(void **state)
{
    static const uint8_t format[] = {
        RFB_C2S_SET_PIXEL_FORMAT, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0};
    static const uint8_t another[] = {
        RFB_C2S_SET_PIXEL_FORMAT, 0, 0, 0, 16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0};
    struct looker l;
    begin_flow(&l, state);
    assert_int_equal(crop_from_viewer(&l.crop, format, sizeof format), RFB_OK);
    request(&l.crop);
    assert_false(l.crop.wants_swap);
    say_pixels(&l, 100);
    assert_given(&l, " +100.");
    assert_true(l.crop.wants_swap);
    /* the next one is the same connection's still */
    assert_int_equal(crop_swap_begin(&l.crop), RFB_OK);
    assert_int_equal(crop_from_viewer(&l.crop, another, sizeof another), RFB_OK);
    request(&l.crop);
    assert_false(l.crop.wants_swap);
    assert_int_equal(l.crop.format.bits_per_pixel, 16);
    /* it knows nothing of what the viewer has */
    assert_int_equal(crop_swap_end(&l.crop, &init), RFB_OK);
    rfb_buf_consume(&l.crop.to_server, l.crop.to_server.len);
    assert_int_equal(say(&l.crop, END, 1), RFB_OK);
    assert_asked(&l.crop, "100,100,20,10!");
    crop_finish(&l.crop);
}

static void throws_away_what_nobody_sees(void **state)
{
    struct looker l;
    begin_flow(&l, state);
    request(&l.crop);
    assert_int_equal(crop_stop_showing(&l.crop), RFB_OK);
    say_pixels(&l, 50);
    assert_int_equal(l.crop.hold.len, 0);
    say_pixels(&l, 50);
    assert_int_equal(tell(&l.crop, COVERED, ""), RFB_OK);
    assert_int_equal(tell(&l.crop, OWN, ""), RFB_OK);
    l.crop.wants_sync = false;
    say_head(&l, 1);
    assert_false(l.crop.wants_sync);
    assert_int_equal(say_rect(&l, 110, 100, 10, 10, RFB_ENC_RAW), RFB_OK);
    say_pixels(&l, 100);
    assert_given(&l, "");
    assert_int_equal(l.crop.hold.len, 0);
    crop_finish(&l.crop);
}

/* What does not end as it has begun, and what was not asked for: none of that goes on. */
static void finds_out_servers_in_the_middle(void **state)
{
    static const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS, 0, 0, 1, 0, 0, 0, RFB_ENC_ZRLE};
    static const struct {
        int x;
        int32_t encoding;
        const char *why;
    } cases[] = {
        {99, RFB_ENC_RAW, "not asked for"},
        {100, RFB_ENC_HEXTILE, "an encoding that was not asked for"},
        {100, RFB_ENC_ZRLE, "an encoding that was not asked for"},
        {0, RFB_ENC_LAST_RECT, "fewer rectangles"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct looker l;
        look_on(&l, state);
        say_head(&l, 3);
        assert_int_equal(say_rect(&l, 100, 100, 1, 1, RFB_ENC_RAW), RFB_OK);
        assert_int_equal(crop_synced(&l.crop), RFB_OK);
        say_pixels(&l, 1);
        assert_given(&l, "3: 0,0,1,1 +1");
        /* it does not know of them when it writes the update, whatever it says */
        assert_int_equal(crop_from_viewer(&l.crop, encodings, sizeof encodings), RFB_OK);
        assert_int_equal(say_rect(&l, cases[i].x, 100, 5, 1, cases[i].encoding), RFB_E_INVALID);
        assert_non_null(strstr(l.crop.why, cases[i].why));
        assert_given(&l, "");
        crop_finish(&l.crop);
    }
}

/* In one piece with what may go on: that alone does. */
static void finds_out_servers_in_one_piece(void **state)
{
    uint8_t piece[1 + 12 + 5] = "x";
    const struct rfb_rect_head head = {{99, 100, 5, 1}, RFB_ENC_RAW};
    struct looker l;
    look_on(&l, state);
    say_head(&l, 3);
    assert_int_equal(say_rect(&l, 100, 100, 1, 1, RFB_ENC_RAW), RFB_OK);
    assert_int_equal(crop_synced(&l.crop), RFB_OK);
    assert_given(&l, "3: 0,0,1,1");
    rfb_msg_set_rect_head(piece + 1, &head);
    assert_int_equal(say_on(&l, piece, sizeof piece), RFB_E_INVALID);
    assert_given(&l, l.in_place ? " +1" : "");
    crop_finish(&l.crop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(flows_as_it_comes),
        TWICE(flows_with_the_first_pixels),
        TWICE(flows_however_it_is_cut),
        TWICE(flows_behind_what_waits),
        TWICE(ends_where_the_next_begins),
        TWICE(flows_when_it_is_asked_for),
        TWICE(drops_rectangles_of_what_flows),
        TWICE(drops_what_comes_when_it_has_moved),
        TWICE(paints_over_what_is_covered_meanwhile),
        TWICE(asks_again_for_what_was_touched_meanwhile),
        TWICE(resizes_when_it_has_flowed),
        TWICE(gives_it_again_to_who_asks_meanwhile),
        TWICE(changes_formats_when_it_has_flowed),
        TWICE(throws_away_what_nobody_sees),
        TWICE(finds_out_servers_in_the_middle),
        TWICE(finds_out_servers_in_one_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
