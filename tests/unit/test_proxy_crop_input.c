/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams of one window: the viewer's pointer and keys. */
#include "crop_peers.h"

/* ---- for the keyboard ---- */

static void keeps_keys_until_the_window_has_the_keyboard(void **state)
{
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(key(&c, true, 'a'), RFB_OK);
    assert_int_equal(key(&c, false, 'a'), RFB_OK);
    assert_int_equal(key(&c, true, 'b'), RFB_OK);
    assert_true(c.wants_activate);
    assert_keys(&c, "");
    assert_int_equal(tell_focus(&c, OWN, "", "\"0x1\""), RFB_OK);
    assert_keys(&c, "AaB");
    assert_int_equal(key(&c, true, 'c'), RFB_OK);
    assert_keys(&c, "C");
    /* it goes elsewhere: nothing stays down there */
    assert_int_equal(tell_focus(&c, OWN, "", "null"), RFB_OK);
    assert_keys(&c, "bc");
    assert_int_equal(key(&c, false, 'b'), RFB_OK);
    assert_int_equal(tell_focus(&c, OWN, "", "\"0x1\""), RFB_OK);
    assert_keys(&c, "");
    crop_finish(&c);
}

static void gives_no_key_to_another_window(void **state)
{
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(key(&c, true, 'a'), RFB_OK);
    assert_int_equal(tell(&c, "8 0 other normal 0 0 50 50 0", ""), RFB_OK);
    c.wants_activate = false;
    assert_int_equal(key(&c, true, 'b'), RFB_OK);
    assert_false(c.wants_activate);
    assert_int_equal(tell_focus(&c, "7 0 own normal 100 100 20 10 0", "", "\"0x7\""), RFB_OK);
    rfb_buf_consume(&c.to_server, c.to_server.len); /* requests */
    assert_int_equal(key(&c, false, 'a'), RFB_OK);
    assert_int_equal(key(&c, false, 'b'), RFB_OK);
    assert_int_equal(key(&c, true, 'c'), RFB_OK);
    assert_keys(&c, "C");
    crop_finish(&c);
}

/* A key that is lost in silence may be the release of one that then stays down. */
static void loses_no_key_in_silence(void **state)
{
    struct crop c;
    (void)state;
    begin(&c);
    for (int i = 0; i < CROP_WAITING_MAX / 8; i++)
        assert_int_equal(key(&c, i % 2 == 0, 'a'), RFB_OK);
    assert_int_equal(key(&c, true, 'a'), RFB_E_TOO_LARGE);
    assert_non_null(strstr(c.why, "too much input waits"));
    crop_finish(&c);

    begin(&c);
    assert_int_equal(tell_focus(&c, OWN, "", "\"0x1\""), RFB_OK);
    for (int i = 0; i < CROP_KEYS_MAX; i++)
        assert_int_equal(key(&c, true, (uint8_t)i), RFB_OK);
    assert_int_equal(key(&c, true, 0), RFB_OK); /* repeats */
    assert_int_equal(key(&c, true, CROP_KEYS_MAX), RFB_E_TOO_LARGE);
    assert_non_null(strstr(c.why, "held down"));
    crop_finish(&c);
}

/* ---- for the seat ---- */

static int pointer(struct crop *c, uint8_t buttons, uint8_t x, uint8_t y)
{
    const uint8_t bytes[] = {RFB_C2S_POINTER, buttons, 0, x, 0, y};
    return crop_from_viewer(c, bytes, sizeof bytes);
}

/* What the server is told, in short: keys as assert_keys has them, 0xffe1 as S and s, pointer
 * events as their buttons and places, fences as their numbers. */
static void assert_told(struct crop *c, const char *wanted)
{
    char text[256] = "";
    const uint8_t *at = rfb_buf_data(&c->to_server), *end = at + c->to_server.len;
    while (at < end) {
        size_t n = strlen(text);
        if (at[0] == RFB_C2S_KEY) {
            int letter = rfb_get_u32(at + 4) == 0xffe1 ? 's' : at[7];
            snprintf(text + n, sizeof text - n, "%c", letter - (at[1] != 0 ? 'a' - 'A' : 0));
            at += 8;
        } else if (at[0] == RFB_C2S_POINTER) {
            snprintf(text + n, sizeof text - n, "[%d %d,%d]", at[1], rfb_get_u16(at + 2),
                     rfb_get_u16(at + 4));
            at += 6;
        } else {
            assert_int_equal(at[0], RFB_C2S_FENCE);
            snprintf(text + n, sizeof text - n, "<%d>", at[9]);
            at += 9 + at[8];
        }
    }
    assert_string_equal(text, wanted);
    rfb_buf_consume(&c->to_server, c->to_server.len);
}

static int say_fence(struct crop *c, bool request, uint8_t number)
{
    const uint8_t bytes[] = {RFB_S2C_FENCE, 0, 0, 0, request ? 0x80 : 0, 0, 0, 0, 1, number};
    return say(c, bytes, sizeof bytes);
}

/* The window has the keyboard, the crop no seat, and the server fences. */
static void begin_without_seat(struct crop *c)
{
    begin(c);
    crop_lose_seat(c);
    assert_int_equal(tell_focus(c, OWN, "", "\"0x1\""), RFB_OK);
    assert_int_equal(say_fence(c, true, 0), RFB_OK);
    rfb_buf_consume(&c->to_server, c->to_server.len);
}

static void waits_for_the_seat(void **state)
{
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(crop_waits(&c), CROP_WAITS_NOTHING);
    assert_int_equal(pointer(&c, 0, 1, 1), RFB_OK);
    assert_int_equal(pointer(&c, 0, 2, 2), RFB_OK);
    assert_int_equal(crop_waits(&c), CROP_WAITS_MOVE);
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_int_equal(crop_waits(&c), CROP_WAITS_INPUT);
    assert_int_equal(pointer(&c, 1, 3, 3), RFB_OK);
    assert_int_equal(pointer(&c, 1, 4, 4), RFB_OK);
    assert_int_equal(key(&c, true, 'k'), RFB_OK);
    assert_int_equal(pointer(&c, 0, 4, 4), RFB_OK);
    assert_told(&c, "");
    /* a drag keeps its way, a move only its end */
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_told(&c, "[0 102,102][1 102,102][1 103,103][1 104,104]K[0 104,104]");
    assert_int_equal(crop_waits(&c), CROP_WAITS_NOTHING);
    crop_finish(&c);
}

/* Who has the seat and not the keyboard clicks, but does not type. */
static void needs_both_to_type(void **state)
{
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(tell_focus(&c, OWN, "", "null"), RFB_OK);
    assert_int_equal(key(&c, true, 'k'), RFB_OK);
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_false(c.wants_activate);
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_true(c.wants_activate);
    assert_told(&c, "[1 102,102]");
    assert_int_equal(tell_focus(&c, OWN, "", "\"0x1\""), RFB_OK);
    assert_told(&c, "K");
    crop_finish(&c);
}

static void leaves_when_the_server_has_done_all(void **state)
{
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_int_equal(key(&c, true, 0xffe1), RFB_OK);
    assert_int_equal(key(&c, true, 'a'), RFB_OK);
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_told(&c, "SA[1 102,102]");
    assert_int_equal(crop_leave_seat(&c), RFB_OK);
    assert_told(&c, "[0 102,102]sa<1>");
    assert_int_equal(key(&c, false, 'a'), RFB_OK); /* it is up */
    assert_int_equal(key(&c, true, 'b'), RFB_OK);
    assert_told(&c, "");
    assert_int_equal(c.seat, CROP_LEAVING);
    assert_int_equal(say_fence(&c, false, 7), RFB_OK);
    assert_int_equal(c.seat, CROP_LEAVING);
    assert_int_equal(say_fence(&c, false, 1), RFB_OK);
    assert_int_equal(c.seat, CROP_UNSEATED);
    /* another's turn, and back: Shift has been down all the time, and the drag is over */
    assert_int_equal(tell_focus(&c, OWN, "", "null"), RFB_OK);
    assert_int_equal(tell_focus(&c, OWN, "", "\"0x1\""), RFB_OK);
    assert_told(&c, "");
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_told(&c, "SB");
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_told(&c, "[0 102,102]");
    crop_finish(&c);
}

/* A drag that has left the window is over, also when another's turn has been between. */
static void takes_up_no_drag_again(void **state)
{
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_int_equal(pointer(&c, 1, 2, 200), RFB_OK);
    assert_told(&c, "[1 102,102][0 102,102]");
    assert_int_equal(crop_leave_seat(&c), RFB_OK);
    assert_int_equal(say_fence(&c, false, 1), RFB_OK);
    assert_told(&c, "<1>");
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_int_equal(pointer(&c, 1, 3, 3), RFB_OK);
    assert_told(&c, "[0 103,103]");
    assert_int_equal(pointer(&c, 0, 3, 3), RFB_OK);
    assert_int_equal(pointer(&c, 1, 3, 3), RFB_OK);
    assert_told(&c, "[0 103,103][1 103,103]");
    crop_finish(&c);
}

/* To press a modifier only to let it go would open a menu. */
static void presses_no_modifier_in_vain(void **state)
{
    struct crop c;
    (void)state;
    for (int moved = 0; moved < 2; moved++) {
        begin_without_seat(&c);
        assert_int_equal(crop_take_seat(&c), RFB_OK);
        assert_int_equal(key(&c, true, 0xffe1), RFB_OK);
        assert_int_equal(crop_leave_seat(&c), RFB_OK);
        assert_told(&c, "Ss<1>");
        assert_int_equal(say_fence(&c, false, 1), RFB_OK);
        if (moved)
            assert_int_equal(pointer(&c, 0, 2, 2), RFB_OK);
        assert_int_equal(key(&c, false, 0xffe1), RFB_OK);
        assert_int_equal(crop_waits(&c), moved ? CROP_WAITS_INPUT : CROP_WAITS_NOTHING);
        assert_int_equal(crop_take_seat(&c), RFB_OK);
        assert_int_equal(key(&c, true, 'a'), RFB_OK);
        assert_told(&c, moved ? "[0 102,102]A" : "A");
        crop_finish(&c);
    }
}

static void clicks_with_modifiers(void **state)
{
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_int_equal(key(&c, true, 0xffe1), RFB_OK);
    assert_int_equal(crop_leave_seat(&c), RFB_OK);
    assert_told(&c, "Ss<1>");
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_int_equal(pointer(&c, 0, 2, 2), RFB_OK);
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_told(&c, "[0 102,102]S[1 102,102]");
    crop_finish(&c);
}

static void leaves_at_once_where_nothing_is_told(void **state)
{
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(crop_leave_seat(&c), RFB_OK);
    assert_int_equal(c.seat, CROP_UNSEATED);
    assert_told(&c, "");
    crop_finish(&c);
}

/* The connection that was asked is gone: the next one is asked, once it can be. */
static void asks_the_next_connection(void **state)
{
    static const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS, 0, 0, 1, 0, 0, 0, 16};
    static const uint8_t zrle[] = {0, 0, 0, 1,  0, 105, 0, 102, 0,    1,    0,  1,
                                   0, 0, 0, 16, 0, 0,   0, 3,   0x78, 0x9c, 'a'};
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_int_equal(crop_from_viewer(&c, encodings, sizeof encodings), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say(&c, zrle, sizeof zrle), RFB_OK);
    assert_int_equal(tell_focus(&c, OWN, "[100,100,9,9]", "\"0x1\""), RFB_OK);
    assert_int_equal(crop_leave_seat(&c), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_true(c.wants_swap);
    assert_int_equal(crop_swap_begin(&c), RFB_OK);
    assert_int_equal(crop_swap_end(&c, &init), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_fence(&c, false, 1), RFB_OK); /* as the old one would have answered */
    rfb_buf_consume(&c.to_server, c.to_server.len);
    c.seat = CROP_LEAVING; /* or that was it */
    assert_int_equal(say_fence(&c, true, 9), RFB_OK);
    assert_told(&c, "<9><2>");
    assert_int_equal(say_fence(&c, true, 10), RFB_OK);
    assert_told(&c, "<10>");
    assert_int_equal(say_fence(&c, false, 2), RFB_OK);
    assert_int_equal(c.seat, CROP_UNSEATED);
    crop_finish(&c);
}

/* What a fence is answered comes behind updates, which the viewer does not take any more. */
static void leaves_when_the_viewer_has_gone(void **state)
{
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_update(&c, 105, 102, 4, 4), RFB_OK);
    assert_true(c.holding);
    assert_int_equal(crop_leave_seat(&c), RFB_OK);
    assert_int_equal(say_fence(&c, false, 1), RFB_OK);
    assert_int_equal(c.seat, CROP_LEAVING);
    assert_int_equal(crop_stop_showing(&c), RFB_OK);
    assert_int_equal(c.seat, CROP_UNSEATED);
    assert_int_equal(say_update(&c, 105, 102, 4, 4), RFB_OK);
    assert_false(c.holding);
    assert_int_equal(c.to_viewer.len, 0);
    crop_finish(&c);
}

static void is_idle_when_nothing_goes_on(void **state)
{
    struct crop c;
    (void)state;
    begin_without_seat(&c);
    assert_int_equal(crop_take_seat(&c), RFB_OK);
    assert_true(crop_is_idle(&c));
    assert_int_equal(key(&c, true, 'a'), RFB_OK);
    assert_false(crop_is_idle(&c));
    assert_int_equal(key(&c, false, 'a'), RFB_OK);
    assert_true(crop_is_idle(&c));
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_false(crop_is_idle(&c));
    assert_int_equal(pointer(&c, 0, 2, 2), RFB_OK);
    assert_true(crop_is_idle(&c));
    /* a click gives the window the keyboard, some time later */
    assert_int_equal(tell_focus(&c, OWN, "", "null"), RFB_OK);
    assert_int_equal(pointer(&c, 1, 2, 2), RFB_OK);
    assert_int_equal(pointer(&c, 0, 2, 2), RFB_OK);
    assert_false(crop_is_idle(&c));
    assert_int_equal(tell_focus(&c, OWN, "", "\"0x1\""), RFB_OK);
    assert_true(crop_is_idle(&c));
    crop_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_keys_until_the_window_has_the_keyboard),
        cmocka_unit_test(gives_no_key_to_another_window),
        cmocka_unit_test(loses_no_key_in_silence),
        cmocka_unit_test(waits_for_the_seat),
        cmocka_unit_test(needs_both_to_type),
        cmocka_unit_test(leaves_when_the_server_has_done_all),
        cmocka_unit_test(takes_up_no_drag_again),
        cmocka_unit_test(presses_no_modifier_in_vain),
        cmocka_unit_test(clicks_with_modifiers),
        cmocka_unit_test(leaves_at_once_where_nothing_is_told),
        cmocka_unit_test(asks_the_next_connection),
        cmocka_unit_test(leaves_when_the_viewer_has_gone),
        cmocka_unit_test(is_idle_when_nothing_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
