/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams of one window: from one connection to the server to the next. */
#include "crop_peers.h"

/* ---- another connection ---- */

/* An update of one ZRLE rectangle, whose stream has n bytes here. */
static int say_zrle(struct crop *c, uint16_t x, const uint8_t *stream, uint8_t n)
{
    uint8_t bytes[64] = {0, 0, 0, 1};
    const struct rfb_rect_head head = {{x, 102, 4, 4}, RFB_ENC_ZRLE};
    rfb_msg_set_rect_head(bytes + 4, &head);
    bytes[19] = n;
    memcpy(bytes + 20, stream, n);
    return say(c, bytes, 20u + n);
}

/* What the viewer has got: the ZRLE stream's bytes of one rectangle. */
static void assert_zrle(struct crop *c, const void *stream, uint8_t n)
{
    assert_int_equal(c->to_viewer.len, 4 + 12 + 4 + n);
    assert_int_equal(rfb_get_u32(rfb_buf_data(&c->to_viewer) + 16), n);
    assert_memory_equal(rfb_buf_data(&c->to_viewer) + 20, stream, n);
    sent(c);
}

/* The next connection is there, and tells of ContinuousUpdates. */
static void swap(struct crop *c)
{
    assert_int_equal(crop_swap_begin(c), RFB_OK);
    assert_int_equal(crop_swap_end(c, &init), RFB_OK);
    assert_int_equal(say(c, END, 1), RFB_OK);
    assert_int_equal(say(c, END, 1), RFB_OK);
}

/* The pixel that is asked for in front of all is thrown away, which must not cost a connection:
 * encodings with a state are told with what is asked for behind it. */
static void asks_for_no_state_that_it_would_lose(void **state)
{
    static const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS, 0, 0, 1, 0, 0, 0, 16};
    static const uint8_t first[] = {0x78, 0x9c, 'a'};
    struct crop c;
    struct windows *w = snapshot(OWN, "", "null");
    (void)state;
    assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    assert_int_equal(crop_from_viewer(&c, encodings, sizeof encodings), RFB_OK);
    const uint8_t *to_server = rfb_buf_data(&c.to_server);
    assert_int_equal(c.to_server.len, 4 + 4 * 4 + 10);
    assert_int_equal(to_server[0], RFB_C2S_SET_ENCODINGS);
    assert_int_equal(rfb_get_s32(to_server + 4), RFB_ENC_CURSOR);
    rfb_buf_consume(&c.to_server, c.to_server.len);
    request(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    to_server = rfb_buf_data(&c.to_server);
    assert_int_equal(c.to_server.len, 10 + 10 + (4 + 4 * 5) + 10);
    assert_int_equal(to_server[20], RFB_C2S_SET_ENCODINGS);
    assert_int_equal(rfb_get_s32(to_server + 24), RFB_ENC_ZRLE);
    rfb_buf_consume(&c.to_server, c.to_server.len);
    assert_int_equal(say_update(&c, 0, 0, 1, 1), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_false(c.wants_swap);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_zrle(&c, 105, first, 3), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_zrle(&c, first, 3);
    crop_finish(&c);
}

/* A server cannot have one connection made after the other: what has a state is not taken from it
 * before enough updates were given to the viewer. */
static void takes_no_state_while_windows_are_restless(void **state)
{
    static const uint8_t encodings[] = {
        RFB_C2S_SET_ENCODINGS, 0, 0, 2, 0, 0, 0, 16, 0xff, 0xff, 0xff, 0x11 /* Cursor */};
    static const uint8_t cursor[] = {0, 0, 0, 1,    0,    0,    0,    0, 0,
                                     1, 0, 1, 0xff, 0xff, 0xff, 0x11, 1, 0x80};
    static const uint8_t first[] = {0x78, 0x9c, 'a'}, empty[4] = {0};
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(crop_from_viewer(&c, encodings, sizeof encodings), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_zrle(&c, 105, first, 3), RFB_OK);
    assert_int_equal(tell(&c, OWN, "[100,100,9,9]"), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_true(c.wants_swap);
    sent(&c);
    swap(&c);
    for (int i = 0; i < 20; i++) {
        request(&c);
        assert_int_equal(say(&c, empty, sizeof empty), RFB_OK);
        assert_int_equal(crop_synced(&c), RFB_OK);
        request(&c);
        assert_int_equal(say(&c, cursor, sizeof cursor), RFB_OK);
        assert_int_equal(crop_synced(&c), RFB_OK);
        assert_int_equal(sent(&c), sizeof cursor);
    }
    assert_int_equal(say_zrle(&c, 105, first, 3), RFB_E_INVALID);
    crop_finish(&c);
}

/* Which updates are in the new format only another connection tells. */
static void begins_anew_in_another_format(void **state)
{
    static const uint8_t deep[] = {
        RFB_C2S_SET_PIXEL_FORMAT, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0};
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    sent(&c);
    request(&c);
    assert_int_equal(say_update(&c, 105, 102, 4, 4), RFB_OK);
    assert_int_equal(crop_from_viewer(&c, deep, sizeof deep), RFB_OK);
    assert_true(c.wants_swap);
    assert_false(c.holding);
    assert_int_equal(c.to_viewer.len, 0);
    assert_int_equal(crop_synced(&c), RFB_OK);
    rfb_buf_consume(&c.to_server, c.to_server.len);
    assert_int_equal(crop_swap_begin(&c), RFB_OK);
    assert_int_equal(crop_swap_end(&c, &init), RFB_OK);
    assert_memory_equal(rfb_buf_data(&c.to_server) + 4, deep + 4, 13);
    /* what is flat has a colour of four bytes as well */
    assert_int_equal(tell(&c, OWN " 2 0 other normal 100 100 20 5 0", ""), RFB_OK);
    assert_int_equal(sent(&c), 4 + 12 + 4 + 4);
    crop_finish(&c);
}

/* The same format is none, half an update is not kept for the next connection, and there is an end.
 */
static void changes_formats_so_often(void **state)
{
    uint8_t format[20] = {RFB_C2S_SET_PIXEL_FORMAT, 0, 0, 0, 8, 8, 0, 1, 0, 7, 0, 7, 0, 3};
    struct crop c;
    int rc = RFB_OK, changes = 0;
    (void)state;
    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(crop_from_viewer(&c, format, sizeof format), RFB_OK);
    request(&c);
    assert_false(c.wants_swap);
    for (; rc == RFB_OK && changes < 1000; changes++) {
        static const uint8_t half[] = {0, 0, 0, 2, 0, 105, 0, 102, 0, 1, 0, 1, 0, 0, 0, 0, 'x'};
        if (changes == 1)
            assert_int_equal(say(&c, half, sizeof half), RFB_OK);
        format[14] ^= 1; /* of red, the shift */
        rc = crop_from_viewer(&c, format, sizeof format);
        if (rc != RFB_OK)
            break;
        request(&c);
        assert_true(c.wants_swap);
        assert_int_equal(c.hold.len, 0);
        swap(&c);
    }
    assert_int_equal(changes, 64);
    assert_int_equal(rc, RFB_E_TOO_LARGE);
    assert_non_null(strstr(c.why, "too often"));
    crop_finish(&c);
}

/* Of extended clipboard messages those that tell of another text count; the others, by which both
 * ends learn what the other can or ask each other, do not. */
static void knows_the_newest_clipboard(void **state)
{
    static const struct {
        uint8_t flags;
        bool viewers,
            servers; /* it is the newest: the viewer's is kept; the viewer's is forgotten */
    } cases[] = {{1, false, false},
                 {2, false, false},
                 {4, false, false},
                 {8, true, true},
                 {16, false, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t message[] = {RFB_C2S_CUT_TEXT, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 0, 0, 0, 1};
        static const uint8_t plain[] = {RFB_C2S_CUT_TEXT, 0, 0, 0, 0, 0, 0, 1, 'x'};
        struct crop c;
        message[8] = cases[i].flags;
        begin(&c);
        assert_int_equal(crop_from_viewer(&c, message, sizeof message), RFB_OK);
        assert_int_equal(c.to_server.len, sizeof message);
        assert_int_equal(c.clipboard.len, cases[i].viewers ? sizeof message : 0);
        assert_int_equal(crop_from_viewer(&c, plain, sizeof plain), RFB_OK);
        assert_int_equal(c.clipboard.len, sizeof plain);
        message[0] = RFB_S2C_CUT_TEXT;
        for (size_t at = 0; at < sizeof message; at++)
            assert_int_equal(say(&c, message + at, 1), RFB_OK);
        assert_int_equal(c.clipboard.len, cases[i].servers ? 0 : sizeof plain);
        crop_finish(&c);
    }
}

/* The desktop has another clipboard by now: the viewer's old one must not come over it. */
static void gives_no_clipboard_that_is_old(void **state)
{
    static const uint8_t clipboard[] = {RFB_C2S_CUT_TEXT, 0, 0, 0, 0, 0, 0, 2, 'h', 'i'};
    static const uint8_t newer[] = {RFB_S2C_CUT_TEXT, 0, 0, 0, 0, 0, 0, 1, 'x'};
    (void)state;
    for (int seen = 0; seen < 2; seen++) {
        struct crop c;
        begin(&c);
        assert_int_equal(crop_from_viewer(&c, clipboard, sizeof clipboard), RFB_OK);
        assert_int_equal(c.clipboard.len, sizeof clipboard);
        if (seen)
            assert_int_equal(say(&c, newer, sizeof newer), RFB_OK);
        else
            crop_forget_clipboard(&c); /* a filter has kept it back */
        assert_int_equal(c.clipboard.len, 0);
        crop_finish(&c);
    }
}

static void begins_anew_where_a_state_would_be_lost(void **state)
{
    static const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS, 0, 0, 2, 0, 0, 0, 16, 0, 0, 0, 5};
    static const uint8_t clipboard[] = {RFB_C2S_CUT_TEXT, 0, 0, 0, 0, 0, 0, 2, 'h', 'i'};
    static const uint8_t bell = RFB_S2C_BELL;
    static const uint8_t first[] = {0x78, 0x9c, 'a'}, further[] = "b", cut[] = "c";
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(crop_from_viewer(&c, encodings, sizeof encodings), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_zrle(&c, 105, first, 3), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_zrle(&c, first, 3); /* the viewer's stream begins */

    /* keys are down; somebody comes on top; a bell is behind what may not be shown */
    assert_int_equal(tell_focus(&c, OWN, "", "\"0x1\""), RFB_OK);
    assert_int_equal(crop_from_viewer(&c, clipboard, sizeof clipboard), RFB_OK);
    assert_int_equal(key(&c, true, 0xffe1), RFB_OK);
    assert_int_equal(key(&c, true, 'k'), RFB_OK);
    request(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_zrle(&c, 105, further, 1), RFB_OK);
    assert_int_equal(say(&c, &bell, 1), RFB_OK);
    assert_int_equal(tell_focus(&c, OWN, "[100,100,9,9]", "\"0x1\""), RFB_OK);
    assert_false(c.wants_swap);
    rfb_buf_consume(&c.to_server, c.to_server.len);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_true(c.wants_swap);
    assert_int_equal(c.to_server.len, 2 * 8); /* all keys are let go */
    rfb_buf_consume(&c.to_server, c.to_server.len);
    assert_int_equal(c.to_viewer.len, 1);
    assert_int_equal(rfb_buf_data(&c.to_viewer)[0], RFB_S2C_BELL);
    sent(&c);

    /* what the viewer says meanwhile comes behind what the connection begins with */
    assert_int_equal(crop_swap_begin(&c), RFB_OK);
    assert_false(c.wants_swap);
    assert_int_equal(key(&c, false, 'k'), RFB_OK);
    assert_int_equal(c.to_server.len, 0); /* pressed again it would be typed again */
    assert_int_equal(key(&c, true, 'm'), RFB_OK);
    assert_int_equal(c.to_server.len, 2 * 8); /* but Shift is down */
    assert_int_equal(rfb_get_u32(rfb_buf_data(&c.to_server) + 4), 0xffe1);
    rfb_buf_consume(&c.to_server, 8);
    assert_int_equal(crop_swap_end(&c, &init), RFB_OK);
    const uint8_t *to_server = rfb_buf_data(&c.to_server);
    assert_int_equal(c.to_server.len, 20 + (4 + 4 * 5) + 10 + sizeof clipboard + 8);
    assert_int_equal(to_server[0], RFB_C2S_SET_PIXEL_FORMAT);
    assert_int_equal(to_server[20], RFB_C2S_SET_ENCODINGS);
    assert_int_equal(rfb_get_s32(to_server + 24), RFB_ENC_HEXTILE); /* ZRLE when it is calm */
    assert_int_equal(to_server[44], RFB_C2S_UPDATE_REQUEST);
    assert_memory_equal(to_server + 54, clipboard, sizeof clipboard);
    assert_int_equal(to_server[64], RFB_C2S_KEY);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);

    for (int i = 0; i < 16; i++) {
        assert_int_equal(say_update(&c, 105, 102, 4, 4), RFB_OK);
        rfb_buf_consume(&c.to_server, c.to_server.len);
        assert_int_equal(crop_synced(&c), RFB_OK);
        assert_true(sent(&c) > 0);
        request(&c);
        if (i < 15)
            assert_int_equal(say(&c, END, 1), RFB_OK);
    }
    assert_int_equal(rfb_buf_data(&c.to_server)[0], RFB_C2S_SET_ENCODINGS);
    assert_int_equal(rfb_get_s32(rfb_buf_data(&c.to_server) + 4), RFB_ENC_ZRLE);
    /* the viewer's stream goes on where the server's begins */
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_zrle(&c, 105, (const uint8_t[]){0x78, 0x9c, 'c'}, 3), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_zrle(&c, cut, 1);
    crop_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_no_state_that_it_would_lose),
        cmocka_unit_test(begins_anew_where_a_state_would_be_lost),
        cmocka_unit_test(gives_no_clipboard_that_is_old),
        cmocka_unit_test(begins_anew_in_another_format),
        cmocka_unit_test(changes_formats_so_often),
        cmocka_unit_test(knows_the_newest_clipboard),
        cmocka_unit_test(takes_no_state_while_windows_are_restless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
