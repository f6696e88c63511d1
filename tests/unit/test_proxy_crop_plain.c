/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams of one window out of a server without ContinuousUpdates: how it is drained, what goes on
 * of what it sends, and what waits where nothing is promised. */
#include "crop_peers.h"

/* Its first update comes before any word of ContinuousUpdates: the probe's pixel. */
static void begin_plain(struct crop *c, const char *list)
{
    static const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS, 0,    0,    2,    0,   0, 0,
                                        RFB_ENC_RRE,           0xff, 0xff, 0xff, 0x21};
    struct windows *w = snapshot(list, "", "null");
    assert_int_equal(crop_init(c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    assert_int_equal(crop_from_viewer(c, encodings, sizeof encodings), RFB_OK);
    request(c);
    sent(c); /* what is flat */
    request(c);
    assert_false(c->ready);
    rfb_buf_consume(&c->to_server, c->to_server.len);
    assert_int_equal(say_update(c, 0, 0, 1, 1), RFB_OK);
    assert_true(c->plain);
    assert_int_equal(crop_synced(c), RFB_OK);
    assert_int_equal(sent(c), 0); /* that pixel is nobody's */
}

/* "+x,y,w,h -x,y,w,h": what the server is asked for, + whether it changes or not. */
static void assert_asked(struct crop *c, const char *wanted)
{
    char text[512] = "";
    const uint8_t *bytes = rfb_buf_data(&c->to_server);
    for (size_t i = 0; i + 10 <= c->to_server.len; i += 10) {
        size_t at = strlen(text);
        assert_int_equal(bytes[i], RFB_C2S_UPDATE_REQUEST);
        snprintf(text + at, sizeof text - at, "%s%c%d,%d,%d,%d", at != 0 ? " " : "",
                 bytes[i + 1] ? '-' : '+', rfb_get_u16(bytes + i + 2), rfb_get_u16(bytes + i + 4),
                 rfb_get_u16(bytes + i + 6), rfb_get_u16(bytes + i + 8));
    }
    assert_int_equal(c->to_server.len % 10, 0);
    rfb_buf_consume(&c->to_server, c->to_server.len);
    assert_string_equal(text, wanted);
}

/* An update comes, the agent has looked; how much of it goes on. The viewer asks again. */
static size_t goes_on(struct crop *c, uint16_t x, uint16_t y, uint16_t w, uint16_t h)
{
    assert_int_equal(say_update(c, x, y, w, h), RFB_OK);
    assert_int_equal(crop_synced(c), RFB_OK);
    size_t n = sent(c);
    request(c);
    return n;
}

#define COVER " 2 0 other normal 110 0 500 500 0"
enum { UPDATE = 4 + 12 };

static void asks_for_the_same_without_draining(void **state)
{
    struct crop c;
    (void)state;
    begin_plain(&c, OWN);
    assert_asked(&c, "+100,100,20,10");
    assert_int_equal(goes_on(&c, 100, 100, 20, 10), UPDATE + 200);
    assert_asked(&c, "-100,100,20,10");
    assert_int_equal(goes_on(&c, 105, 102, 4, 4), UPDATE + 16);
    assert_asked(&c, "-100,100,20,10");
    assert_int_equal(goes_on(&c, 105, 102, 4, 4), UPDATE + 16);
    crop_finish(&c);
}

/* Half of it is answered from what had changed before: the rest is asked for whole again. */
static void asks_again_for_what_is_missing(void **state)
{
    struct crop c;
    (void)state;
    begin_plain(&c, OWN);
    assert_asked(&c, "+100,100,20,10");
    assert_int_equal(goes_on(&c, 100, 100, 20, 4), UPDATE + 80);
    assert_asked(&c, "+100,104,20,6 -100,100,20,4");
    crop_finish(&c);
}

/* Who asks for everything again, pixel by pixel, has no more asked of the server than that. */
static void asks_for_nothing_twice_before_an_answer(void **state)
{
    static const uint8_t pixel[2][10] = {{RFB_C2S_UPDATE_REQUEST, 0, 0, 1, 0, 1, 0, 1, 0, 1},
                                         {RFB_C2S_UPDATE_REQUEST, 0, 0, 9, 0, 5, 0, 1, 0, 1}};
    struct crop c;
    (void)state;
    begin_plain(&c, OWN);
    goes_on(&c, 100, 100, 20, 10);
    assert_asked(&c, "+100,100,20,10 -100,100,20,10");
    assert_int_equal(crop_from_viewer(&c, pixel[0], 10), RFB_OK);
    assert_asked(&c, "+101,101,1,1");
    assert_int_equal(crop_from_viewer(&c, pixel[1], 10), RFB_OK);
    assert_asked(&c, "+109,105,1,1");
    assert_int_equal(crop_from_viewer(&c, pixel[0], 10), RFB_OK);
    assert_asked(&c, "");
    crop_finish(&c);
}

/* Between the change and the pixel, what comes may be from before. */
static void drains_before_it_asks_for_something_else(void **state)
{
    static const struct {
        const char *windows, *touched, *drain, *asked;
        uint16_t before[4]; /* what is still to come of the old request */
        bool goes_on;
    } cases[] = {
        /* covered: what is beside it goes on, what is below not */
        {OWN COVER, "", "+0,0,1,1", "-100,100,10,10", {102, 102, 4, 4}, true},
        {OWN COVER, "", "+0,0,1,1", "-100,100,10,10", {108, 102, 4, 4}, false},
        /* touched: nobody knows who was there */
        {OWN, "[100,100,5,5]", "+0,0,1,1", "-100,100,20,10", {106, 102, 4, 4}, true},
        {OWN, "[100,100,5,5]", "+0,0,1,1", "+104,102,1,3 -100,100,20,2", {104, 102, 4, 3}, false},
        /* moved: nothing is where it was */
        {"1 0 own normal 101 100 20 10 0",
         "",
         "+0,0,1,1",
         "+101,100,20,10",
         {105, 102, 4, 4},
         false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct crop c;
        const uint16_t *b = cases[i].before;
        begin_plain(&c, OWN);
        goes_on(&c, 100, 100, 20, 10);
        assert_asked(&c, "+100,100,20,10 -100,100,20,10");
        assert_int_equal(tell(&c, cases[i].windows, cases[i].touched), RFB_OK);
        sent(&c);
        request(&c);
        assert_asked(&c, cases[i].drain);
        size_t n = goes_on(&c, b[0], b[1], b[2], b[3]);
        assert_int_equal(n, cases[i].goes_on ? UPDATE + (size_t)b[2] * b[3] : 0);
        request(&c);
        assert_asked(&c, ""); /* as long as the pixel has not come */
        assert_int_equal(goes_on(&c, 0, 0, 1, 1), 0);
        assert_true(c.to_server.len >= 10);
        assert_memory_equal(rfb_buf_data(&c.to_server), "\3", 1);
        crop_finish(&c);
    }
}

/* After the pixel it is asked for what is there now, and that goes on. */
static void goes_on_behind_the_pixel(void **state)
{
    struct crop c;
    (void)state;
    begin_plain(&c, OWN COVER);
    assert_asked(&c, "+100,100,10,10");
    goes_on(&c, 100, 100, 10, 10);
    assert_asked(&c, "-100,100,10,10");
    assert_int_equal(tell(&c, OWN, ""), RFB_OK);
    assert_asked(&c, "+0,0,1,1");
    assert_int_equal(goes_on(&c, 0, 0, 1, 1), 0);
    assert_asked(&c, "+110,100,10,10 -100,100,10,10");
    assert_int_equal(goes_on(&c, 110, 100, 10, 10), UPDATE + 100);
    crop_finish(&c);
}

/* It lies where nothing else is asked for, as far as there is such a place. */
static void finds_a_place_for_the_pixel(void **state)
{
    static const struct {
        const char *before, *after, *drain;
    } cases[] = {
        {"1 0 own normal 0 0 500 500 0", "1 0 own normal 0 0 500 400 0", "+999,799,1,1"},
        {"1 0 own normal 0 0 1000 500 0", "1 0 own normal 0 0 500 400 0", "+999,799,1,1"},
        {"1 0 own normal 0 300 1000 500 0", "1 0 own normal 0 0 500 400 0", "+0,0,1,1"},
        {"1 0 own normal 0 0 1000 800 0 2 0 other normal 30 40 50 50 0",
         "1 0 own normal 0 0 500 400 0", "+30,40,1,1"},
        {"1 0 own normal 0 0 1000 800 0", "1 0 own normal 0 0 500 400 0", "+0,0,1,1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct crop c;
        begin_plain(&c, cases[i].before);
        rfb_buf_consume(&c.to_server, c.to_server.len);
        assert_int_equal(tell(&c, cases[i].after, ""), RFB_OK);
        sent(&c);
        request(&c);
        assert_asked(&c, cases[i].drain);
        crop_finish(&c);
    }
}

/* All of the screen was asked for: an update that has the pixel among others may be from before,
 * and what it was asked for before may come once more. */
static void takes_no_chance_for_the_pixel(void **state)
{
    struct crop c;
    (void)state;
    begin_plain(&c, "1 0 own normal 0 0 1000 800 0");
    assert_asked(&c, "+0,0,1000,800");
    assert_int_equal(tell(&c, "1 0 own normal 0 0 500 400 0", ""), RFB_OK);
    sent(&c);
    request(&c);
    assert_asked(&c, "+0,0,1,1");
    assert_int_equal(goes_on(&c, 0, 0, 4, 4), UPDATE + 16);
    assert_asked(&c, "+4,0,496,4 +0,4,500,396 -0,0,4,4");
    assert_int_equal(goes_on(&c, 600, 0, 4, 4), 0);
    assert_int_equal(goes_on(&c, 30, 0, 4, 4), UPDATE + 16);
    crop_finish(&c);
    /* it alone is no chance */
    begin_plain(&c, "1 0 own normal 0 0 1000 800 0");
    assert_int_equal(tell(&c, "1 0 own normal 0 0 500 400 0", ""), RFB_OK);
    sent(&c);
    request(&c);
    goes_on(&c, 0, 0, 1, 1);
    assert_int_equal(say_update(&c, 600, 0, 4, 4), RFB_E_INVALID);
    crop_finish(&c);
}

static void finds_out_servers_that_cannot(void **state)
{
    static const uint16_t beside[][4] = {
        {99, 102, 4, 4}, {100, 99, 4, 4}, {118, 102, 4, 4}, {100, 100, 20, 11}, {0, 0, 1, 1}};
    struct crop c;
    (void)state;
    for (size_t i = 0; i < COUNT(beside); i++) {
        begin_plain(&c, OWN);
        assert_int_equal(say_update(&c, beside[i][0], beside[i][1], beside[i][2], beside[i][3]),
                         RFB_E_INVALID);
        assert_non_null(strstr(c.why, "not asked for"));
        crop_finish(&c);
    }
    begin_plain(&c, OWN);
    assert_int_equal(say(&c, END, 1), RFB_E_INVALID); /* it has none, and nothing was begun */
    crop_finish(&c);
    begin_plain(&c, OWN);
    const uint8_t tight[] = {0, 0, 0, 1, 0, 100, 0, 100, 0, 1, 0, 1, 0, 0, 0, RFB_ENC_TIGHT, 0x80};
    assert_int_equal(say(&c, tight, sizeof tight), RFB_E_INVALID); /* a state in what is dropped */
    crop_finish(&c);
    /* nothing at all was asked for */
    begin_plain(&c, OWN);
    assert_int_equal(tell(&c, OWN " 2 0 other normal 0 0 500 500 0", ""), RFB_OK);
    sent(&c);
    request(&c);
    assert_int_equal(say_update(&c, 300, 300, 4, 4), RFB_E_INVALID);
    crop_finish(&c);
}

/* LibVNCServer, where there are many: one around them all, alone. It is dropped, and little is
 * asked for at once until all is there. */
static void asks_for_less_where_it_comes_lumped_together(void **state)
{
    static const char hole[] = OWN " 2 0 other normal 105 103 4 4 0";
    struct crop c;
    (void)state;
    begin_plain(&c, hole);
    assert_asked(&c, "+100,100,20,3 +100,103,5,4 +109,103,11,4 +100,107,20,3");
    assert_int_equal(goes_on(&c, 100, 100, 20, 10), 0);
    assert_asked(&c, "+100,100,20,3 +100,103,5,4 +109,103,11,4 +100,107,20,3");
    assert_int_equal(goes_on(&c, 100, 100, 20, 3), UPDATE + 60);
    assert_asked(&c, "+0,0,1,1"); /* less is missing now */
    assert_int_equal(goes_on(&c, 0, 0, 1, 1), 0);
    assert_asked(&c, "+100,103,5,4 +109,103,11,4 +100,107,20,3");
    crop_finish(&c);
    /* two of them are none, nor is one that is beyond all */
    begin_plain(&c, hole);
    const uint8_t two[] = {0, 0,   0, 2,   0, 100, 0, 100, 0, 1, 0, 1, 0, 0, 0,
                           0, 'x', 0, 105, 0, 103, 0, 1,   0, 1, 0, 0, 0, 0, 'x'};
    assert_int_equal(say(&c, two, sizeof two), RFB_E_INVALID);
    crop_finish(&c);
    begin_plain(&c, hole);
    uint8_t all[4 + 12 + 200 + 12] = {0, 0, 0, 2};
    const struct rfb_rect_head heads[] = {{{100, 100, 20, 10}, RFB_ENC_RAW},
                                          {{100, 100, 1, 1}, RFB_ENC_RAW}};
    rfb_msg_set_rect_head(all + 4, &heads[0]);
    rfb_msg_set_rect_head(all + 4 + 12 + 200, &heads[1]);
    assert_int_equal(say(&c, all, sizeof all), RFB_E_INVALID);
    crop_finish(&c);
    begin_plain(&c, hole);
    assert_int_equal(say_update(&c, 100, 100, 21, 10), RFB_E_INVALID);
    crop_finish(&c);
}

static int say_size(struct crop *c, uint8_t w, uint8_t h)
{
    const uint8_t bytes[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, w, 0, h, 0xff, 0xff, 0xff, 0x21};
    return say(c, bytes, sizeof bytes);
}

/* The pixel's place has gone with the screen. */
static void drains_again_on_a_smaller_screen(void **state)
{
    struct crop c;
    (void)state;
    begin_plain(&c, "1 0 own normal 0 0 50 50 0");
    assert_int_equal(tell(&c, "1 0 own normal 0 0 50 40 0", ""), RFB_OK);
    sent(&c);
    request(&c);
    assert_asked(&c, "+0,0,50,50 +999,799,1,1");
    assert_int_equal(say_size(&c, 200, 100), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_asked(&c, "+199,99,1,1");
    goes_on(&c, 199, 99, 1, 1);
    assert_asked(&c, "+0,0,50,40");
    crop_finish(&c);
}

/* ---- where nothing is promised ---- */

static void settle(struct crop *c)
{
    while (c->settling)
        assert_int_equal(crop_settle(c), RFB_OK);
    if (c->drain.begun)
        goes_on(c, 0, 0, 1, 1);
    rfb_buf_consume(&c->to_server, c->to_server.len);
}

static void waits_until_it_has_settled(void **state)
{
    struct crop c;
    (void)state;
    begin_plain(&c, OWN COVER);
    goes_on(&c, 100, 100, 10, 10);
    assert_int_equal(crop_relax(&c, true, true), RFB_OK);
    sent(&c);
    request(&c);
    settle(&c);
    assert_int_equal(tell(&c, OWN, ""), RFB_OK); /* uncovered: what was seen goes on */
    for (int i = 0; i < CROP_SETTLE_PLAIN; i++) {
        assert_asked(&c, "");
        assert_true(c.settling);
        assert_int_equal(goes_on(&c, 102, 102, 4, 4), UPDATE + 16);
        assert_asked(&c, "-100,100,10,10");
        assert_int_equal(crop_settle(&c), RFB_OK);
    }
    assert_false(c.settling);
    assert_asked(&c, "+0,0,1,1");
    goes_on(&c, 0, 0, 1, 1);
    assert_asked(&c, "+110,100,10,10 -100,100,10,10");
    crop_finish(&c);
}

/* Not as long as for a server that looks at the screen from time to time. */
static void waits_below_a_compositing_manager_too(void **state)
{
    struct crop c;
    int steps = 0;
    (void)state;
    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(crop_relax(&c, true, true), RFB_OK);
    while (c.settling)
        assert_int_equal(crop_settle(&c), RFB_OK);
    assert_int_equal(say_update(&c, 100, 100, 20, 10), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_int_equal(sent(&c), UPDATE + 200);
    request(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    rfb_buf_consume(&c.to_server, c.to_server.len);
    assert_int_equal(tell(&c, OWN, "[100,100,10,10]"), RFB_OK);
    rfb_buf_consume(&c.to_server, 20); /* ContinuousUpdates on and off */
    assert_asked(&c, "-110,100,10,10");
    assert_int_equal(say(&c, END, 1), RFB_OK);
    for (; c.settling; steps++)
        assert_int_equal(crop_settle(&c), RFB_OK);
    assert_int_equal(steps, 3); /* 0.1 to 0.15 s */
    settle(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_update(&c, 100, 100, 20, 10), RFB_OK);
    crop_finish(&c);
}

static void tells_what_is_promised_in_the_name(void **state)
{
    struct rfb_server_init told;
    struct windows *w = snapshot(OWN, "", "null");
    struct crop c;
    (void)state;
    assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    crop_server_init(&c, &init, &told);
    assert_string_equal(told.name, "own");
    assert_int_equal(crop_relax(&c, true, true), RFB_OK);
    crop_server_init(&c, &init, &told);
    assert_string_equal(told.name, "own (best effort)");
    assert_int_equal(told.name_len, strlen(told.name));
    crop_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_the_same_without_draining),
        cmocka_unit_test(asks_again_for_what_is_missing),
        cmocka_unit_test(asks_for_nothing_twice_before_an_answer),
        cmocka_unit_test(drains_before_it_asks_for_something_else),
        cmocka_unit_test(goes_on_behind_the_pixel),
        cmocka_unit_test(finds_a_place_for_the_pixel),
        cmocka_unit_test(takes_no_chance_for_the_pixel),
        cmocka_unit_test(finds_out_servers_that_cannot),
        cmocka_unit_test(asks_for_less_where_it_comes_lumped_together),
        cmocka_unit_test(drains_again_on_a_smaller_screen),
        cmocka_unit_test(waits_until_it_has_settled),
        cmocka_unit_test(waits_below_a_compositing_manager_too),
        cmocka_unit_test(tells_what_is_promised_in_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
