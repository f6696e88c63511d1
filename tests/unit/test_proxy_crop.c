/* SPDX-License-Identifier: GPL-2.0-or-later
 * Streams of one window: the arithmetic of what is visible, and what becomes of a server's updates
 * while windows move. */
#include "crop_peers.h"

/* "x,y,w,h x,y,w,h": the rectangles of a region. */
static void assert_region(const pixman_region32_t *region, const char *wanted)
{
    char text[512] = "";
    int n;
    const pixman_box32_t *b =
        pixman_region32_rectangles((pixman_region32_t *)(uintptr_t)region, &n);
    for (int i = 0; i < n; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%d,%d,%d,%d", i != 0 ? " " : "", b[i].x1, b[i].y1,
                 b[i].x2 - b[i].x1, b[i].y2 - b[i].y1);
    }
    assert_string_equal(text, wanted);
}

/* ---- what is visible ---- */

static void finds_what_is_visible(void **state)
{
    static const struct {
        const char *windows, *visible;
        int canvas[4];
        enum crop_popups popups;
        bool frame;
    } cases[] = {
        /* alone, and framed */
        {"1 0 own normal 100 100 200 100 0", "100,100,200,100", {100, 100, 200, 100}, 0, false},
        {"1 0 own normal 100 100 200 100 5", "100,100,200,100", {100, 100, 200, 100}, 0, false},
        {"1 0 own normal 100 100 200 100 5", "95,95,210,110", {95, 95, 210, 110}, 0, true},
        /* covered from above, and from nobody below */
        {"1 0 own normal 100 100 200 100 0 2 0 other normal 200 0 500 500 0",
         "100,100,100,100",
         {100, 100, 200, 100},
         0,
         false},
        {"2 0 other normal 200 0 500 500 0 1 0 own normal 100 100 200 100 0",
         "100,100,200,100",
         {100, 100, 200, 100},
         0,
         false},
        {"1 0 own normal 100 100 200 100 0 2 0 other hidden 0 0 900 700 0",
         "100,100,200,100",
         {100, 100, 200, 100},
         0,
         false},
        {"1 0 own normal 100 100 200 100 0 2 0 other normal 0 0 900 700 0",
         "",
         {100, 100, 200, 100},
         0,
         false},
        /* a frame of somebody's hides, too: the window manager draws it */
        {"1 0 own normal 100 100 200 100 0 2 0 other normal 210 110 90 90 10",
         "100,100,100,100",
         {100, 100, 200, 100},
         0,
         false},
        /* its own popup: the canvas grows, or not */
        {"1 0 own normal 100 100 200 100 0 3 1 own popup 250 150 100 100 0",
         "100,100,200,50 100,150,250,50 250,200,100,50",
         {100, 100, 250, 150},
         CROP_POPUPS_EXPAND,
         false},
        {"1 0 own normal 100 100 200 100 0 3 1 own popup 250 150 100 100 0",
         "100,100,200,100",
         {100, 100, 200, 100},
         CROP_POPUPS_CLIP,
         false},
        /* or it hides what lies below it, as what is foreign does, whatever its shape */
        {"1 0 own normal 100 100 200 100 0 3 1 own popup 250 150 100 100 0",
         "100,100,200,50 100,150,150,50",
         {100, 100, 200, 100},
         CROP_POPUPS_NONE,
         false},
        {"1 0 own normal 100 100 200 100 0 3 1 own dialog 110 110 90 90 10 4 3 own shaped 200 100 "
         "100 100 0",
         "",
         {100, 100, 200, 100},
         CROP_POPUPS_NONE,
         false},
        {"3 1 own dialog 110 110 90 90 10 1 0 own normal 100 100 200 100 0",
         "100,100,200,100",
         {100, 100, 200, 100},
         CROP_POPUPS_NONE,
         false},
        /* a popup of nobody's, of another's */
        {"1 0 own normal 100 100 200 100 0 3 0 own popup 100 100 50 100 0",
         "150,100,150,100",
         {100, 100, 200, 100},
         0,
         false},
        {"4 0 other normal 0 0 10 10 0 1 0 own normal 100 100 200 100 0 3 4 own popup 100 100 50 "
         "100 0",
         "150,100,150,100",
         {100, 100, 200, 100},
         0,
         false},
        /* over the screen's edges */
        {"1 0 own normal -50 700 200 200 0", "0,700,150,100", {-50, 700, 200, 200}, 0, false},
        {"1 0 own normal 1100 0 200 200 0", "", {1100, 0, 200, 200}, 0, false},
        /* shaped: of one's own what its shape says, of others all of the frame */
        {"1 0 own shaped 100 100 200 100 0", "100,100,10,10", {100, 100, 200, 100}, 0, false},
        {"1 0 own normal 100 100 200 100 0 2 0 other shaped 200 100 100 100 0",
         "100,100,100,100",
         {100, 100, 200, 100},
         0,
         false},
        /* the topmost of two applications of a name */
        {"1 0 own normal 100 100 200 100 0 5 0 own normal 400 100 50 60 0",
         "400,100,50,60",
         {400, 100, 50, 60},
         0,
         false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct crop_how how = {
            .selector = "app:OWN", .popups = cases[i].popups, .frame = cases[i].frame};
        struct crop_view view;
        struct windows *w = snapshot(cases[i].windows, "", "null");
        crop_view_init(&view, &how);
        crop_view_update(&view, w);
        assert_region(&view.visible, cases[i].visible);
        assert_int_equal(view.canvas.x, cases[i].canvas[0]);
        assert_int_equal(view.canvas.y, cases[i].canvas[1]);
        assert_int_equal(view.canvas.width, cases[i].canvas[2]);
        assert_int_equal(view.canvas.height, cases[i].canvas[3]);
        crop_view_finish(&view);
        windows_unref(w);
    }
}

static void update(struct crop_view *view, const char *list, const char *focus)
{
    struct windows *w = snapshot(list, "", focus);
    crop_view_update(view, w);
    windows_unref(w);
}

static void keeps_the_canvas_until_the_window_moves(void **state)
{
    static const struct crop_how how = {.selector = "own"};
    struct crop_view view;
    (void)state;
    crop_view_init(&view, &how);
    update(&view, "1 0 own normal 100 100 200 100 0 3 1 own popup 250 150 100 100 0", "\"0x3\"");
    assert_true(view.focused); /* its menu has the keyboard */
    assert_int_equal(view.canvas.width, 250);
    update(&view, "1 0 own normal 100 100 200 100 0", "\"0x9\"");
    assert_false(view.focused);
    assert_int_equal(view.canvas.width, 250);
    update(&view, "1 0 own normal 110 100 200 100 0", "null");
    assert_int_equal(view.canvas.x, 110);
    assert_int_equal(view.canvas.width, 200);
    /* minimised: nothing to see, at the same place; another of its name does not take its part */
    update(&view, "1 0 own hidden 110 100 200 100 0 7 0 own normal 0 0 50 50 0", "null");
    assert_region(&view.visible, "");
    assert_int_equal(view.canvas.width, 200);
    assert_int_equal(view.main, 1);
    /* closed: then it does */
    update(&view, "7 0 own normal 0 0 50 50 0", "null");
    assert_int_equal(view.main, 7);
    update(&view, "8 0 other normal 0 0 50 50 0", "null");
    assert_int_equal(view.main, 0);
    assert_region(&view.visible, "");
    crop_view_finish(&view);
}

/* What the canvas had grown by for the menus of the one that was closed is not for the next. */
static void gives_the_next_window_its_own_canvas(void **state)
{
    static const struct crop_how how = {.selector = "own"};
    struct crop_view view;
    (void)state;
    crop_view_init(&view, &how);
    update(&view, "1 0 own normal 100 100 200 100 0 3 1 own popup 250 150 100 100 0", "null");
    assert_int_equal(view.canvas.width, 250);
    update(&view, "8 0 other normal 0 0 50 50 0", "null");
    assert_int_equal(view.canvas.width, 250);
    update(&view, "7 0 own normal 100 100 200 100 0", "null");
    assert_int_equal(view.main, 7);
    assert_int_equal(view.canvas.width, 200);
    crop_view_finish(&view);
}

static void gives_hidden_popups_no_keys(void **state)
{
    static const struct {
        enum crop_popups popups;
        const char *focus;
        bool focused;
    } cases[] = {
        {CROP_POPUPS_CLIP, "\"0x1\"", true},
        {CROP_POPUPS_CLIP, "\"0x3\"", true},
        {CROP_POPUPS_NONE, "\"0x1\"", true},
        {CROP_POPUPS_NONE, "\"0x3\"", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct crop_how how = {.selector = "own", .popups = cases[i].popups};
        struct crop_view view;
        crop_view_init(&view, &how);
        update(&view, "1 0 own normal 100 100 200 100 0 3 1 own dialog 120 120 50 50 0",
               cases[i].focus);
        assert_int_equal(view.focused, cases[i].focused);
        crop_view_finish(&view);
    }
}

/* ---- a conversation ---- */

static void passes_what_is_the_applications(void **state)
{
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK); /* the first epoch begins */
    assert_int_equal(say_update(&c, 105, 102, 4, 4), RFB_OK);
    assert_true(c.wants_sync);
    assert_int_equal(sent(&c), 0); /* not before the agent has looked */
    assert_int_equal(crop_synced(&c), RFB_OK);
    struct rfb_rect_head head;
    assert_int_equal(c.to_viewer.len, 4 + 12 + 16);
    rfb_msg_get_rect_head(rfb_buf_data(&c.to_viewer) + 4, &head);
    assert_int_equal(head.r.x, 5);
    assert_int_equal(head.r.y, 2);
    crop_finish(&c);
}

/* What is read to where it belongs goes on as what is copied there. */
static void has_room_for_what_is_sure_to_come(void **state)
{
    enum { W = 100, H = 90, HALF = 4500 };
    uint8_t head[16] = {0, 0, 0, 1};
    const struct rfb_rect_head r = {{100, 100, W, H}, RFB_ENC_RAW};
    struct crop c;
    size_t n = HALF;
    (void)state;
    begin(&c);
    assert_int_equal(tell(&c, "1 0 own normal 100 100 100 90 0", ""), RFB_OK);
    sent(&c); /* its size */
    request(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_null(crop_room(&c, &n)); /* there is no rectangle yet */
    rfb_msg_set_rect_head(head + 4, &r);
    assert_int_equal(say(&c, head, sizeof head), RFB_OK);
    for (int i = 0; i < 2; i++) {
        uint8_t *room = crop_room(&c, &n);
        assert_non_null(room);
        assert_int_equal(n, HALF);
        memset(room, 'a' + i, n);
        assert_int_equal(say(&c, room, n), RFB_OK);
        n = i == 0 ? W * H : HALF; /* more than is to come */
    }
    assert_null(crop_room(&c, &n)); /* it is whole, and kept */
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_int_equal(c.to_viewer.len, 4 + 12 + W * H);
    for (size_t i = 0; i < W * H; i++)
        assert_int_equal(rfb_buf_data(&c.to_viewer)[16 + i], i < HALF ? 'a' : 'b');
    crop_finish(&c);
}

/* What an update shows while, before it is looked at, somebody is on top: if only for a moment. */
static void drops_what_was_covered_meanwhile(void **state)
{
    static const struct {
        const char *windows, *touched;
        bool passes;
    } cases[] = {
        {OWN, "", true},
        {OWN " 2 0 other normal 0 0 500 500 0", "", false},
        {OWN, "[0,0,106,500]", false},
        {OWN, "[0,0,104,500]", true},
        {"1 0 own normal 101 100 20 10 0", "", false}, /* moved: nothing is where it was */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct crop c;
        begin(&c);
        assert_int_equal(say(&c, END, 1), RFB_OK);
        assert_int_equal(say_update(&c, 105, 102, 4, 4), RFB_OK);
        assert_int_equal(tell(&c, cases[i].windows, cases[i].touched), RFB_OK);
        sent(&c); /* a frame, where there is one, uses the viewer's request */
        request(&c);
        sent(&c);
        assert_int_equal(crop_synced(&c), RFB_OK);
        assert_int_equal(sent(&c), cases[i].passes ? 4 + 12 + 16 : 0);
        crop_finish(&c);
    }
}

static void asks_again_for_what_was_dropped(void **state)
{
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_update(&c, 100, 100, 20, 10), RFB_OK);
    assert_int_equal(tell(&c, OWN, "[100,100,5,5]"), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_int_equal(sent(&c), 0);
    /* ContinuousUpdates on and off, and a request that is not incremental */
    assert_int_equal(c.to_server.len, 10 + 10 + 10);
    assert_int_equal(rfb_buf_data(&c.to_server)[20], RFB_C2S_UPDATE_REQUEST);
    assert_int_equal(rfb_buf_data(&c.to_server)[21], 0);
    crop_finish(&c);
}

/* All of a window that is hidden is flat, and is sent whole whenever a viewer wants it again. */
static void keeps_no_more_than_one_frame(void **state)
{
    static const uint8_t again[] = {RFB_C2S_UPDATE_REQUEST, 0, 0, 0, 0, 0, 3, 0xe8, 3, 0x20};
    enum { FRAME = 4 + 12 + 4 + 1 /* RRE */ };
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(tell(&c, OWN " 2 0 other normal 0 0 500 500 0", ""), RFB_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(crop_from_viewer(&c, again, sizeof again), RFB_OK);
    assert_int_equal(sent(&c), FRAME);
    assert_int_equal(crop_taken(&c), RFB_OK); /* it has asked again meanwhile */
    assert_int_equal(sent(&c), FRAME);
    assert_int_equal(crop_taken(&c), RFB_OK);
    assert_int_equal(sent(&c), 0);
    crop_finish(&c);
}

/* The window is closed: flat, at the size it had; the next one is shown where it is. */
static void shows_the_next_window(void **state)
{
    struct rfb_rect_head head;
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_update(&c, 100, 100, 20, 10), RFB_OK);
    assert_int_equal(tell(&c, "8 0 other normal 0 0 50 50 0", ""), RFB_OK);
    assert_int_equal(c.to_viewer.len, 4 + 12 + 4 + 1); /* RRE */
    rfb_msg_get_rect_head(rfb_buf_data(&c.to_viewer) + 4, &head);
    assert_int_equal(head.r.w, 20);
    assert_int_equal(head.r.h, 10);
    sent(&c);
    request(&c);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_int_equal(sent(&c), 0); /* its last pixels are nobody's now */
    rfb_buf_consume(&c.to_server, c.to_server.len);
    assert_int_equal(tell(&c, "7 0 own normal 300 300 30 10 0", ""), RFB_OK);
    assert_int_equal(c.to_viewer.len, 4 + 12);
    rfb_msg_get_rect_head(rfb_buf_data(&c.to_viewer) + 4, &head);
    assert_int_equal(head.encoding, RFB_ENC_DESKTOP_SIZE);
    assert_int_equal(head.r.w, 30);
    sent(&c);
    request(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_update(&c, 305, 302, 4, 4), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_int_equal(c.to_viewer.len, 4 + 12 + 16);
    rfb_msg_get_rect_head(rfb_buf_data(&c.to_viewer) + 4, &head);
    assert_int_equal(head.r.x, 5);
    crop_finish(&c);
}

static void finds_out_servers_that_cannot(void **state)
{
    struct crop c;
    (void)state;
    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_update(&c, 99, 102, 4, 4), RFB_E_INVALID);
    assert_non_null(strstr(c.why, "not asked for"));
    crop_finish(&c);

    begin(&c);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_E_INVALID); /* nothing was begun */
    crop_finish(&c);

    struct windows *w = snapshot(OWN, "", "null");
    assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    assert_int_equal(say_update(&c, 0, 0, 1, 1), RFB_E_INVALID); /* nobody has asked yet */
    crop_finish(&c);
}

/* Whoever asks for every other pixel would make work with each: they are all asked for again. */
static void counts_no_holes_without_end(void **state)
{
    struct crop c;
    int most = 0;
    (void)state;
    struct windows *w = snapshot("1 0 own normal 0 0 900 700 0", "", "null");
    assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    request(&c);
    pixman_region32_union_rect(&c.known, &c.known, 0, 0, 900, 700); /* as if it had come */
    pixman_region32_union_rect(&c.painted, &c.painted, 0, 0, 900, 700);
    assert_int_equal(rfb_buf_put(&c.to_viewer, "x", 1), RFB_OK); /* it does not read */
    for (int i = 0; i < 5000; i++) {
        const int x = 2 * (i % 400), y = 2 * (i / 400);
        const uint8_t bytes[] = {RFB_C2S_UPDATE_REQUEST,
                                 0,
                                 (uint8_t)(x >> 8),
                                 (uint8_t)x,
                                 (uint8_t)(y >> 8),
                                 (uint8_t)y,
                                 0,
                                 1,
                                 0,
                                 1};
        assert_int_equal(crop_from_viewer(&c, bytes, sizeof bytes), RFB_OK);
        int n = pixman_region32_n_rects(&c.known) + pixman_region32_n_rects(&c.painted);
        most = n > most ? n : most;
    }
    assert_in_range(most, 1000, 4001);
    crop_finish(&c);
}

/* An application that ends, and another whose window gets the same id. */
static void knows_another_window_by_the_same_id(void **state)
{
    static const struct {
        const char *selector;
        bool stays;
    } cases[] = {{"app:own", false}, {"own", false}, {"title:own", true}, {"0x1", true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct crop c;
        struct crop_how how = whole;
        snprintf(how.selector, sizeof how.selector, "%s", cases[i].selector);
        struct windows *w = snapshot(OWN, "", "null");
        assert_int_equal(crop_init(&c, &how, &init, w), RFB_OK);
        windows_unref(w);
        assert_int_equal(tell(&c, "1 0 other normal 100 100 20 10 0", ""), RFB_OK);
        assert_int_equal(c.view.main, cases[i].stays ? 1 : 0);
        crop_finish(&c);
    }
}

/* By the encoding that the viewer has named, the simpler one where it has named both. */
static void tells_sizes_as_the_viewer_can_have_them(void **state)
{
    static const struct {
        uint8_t first[2], second[2]; /* the low bytes of what it names */
        size_t size; /* bytes of the rectangle that tells another size; 0: none does */
        bool first_too;
    } cases[] = {{{0, 0}, {0, 0}, 0, false},
                 {{0xff, 0x21}, {0, 0}, 12, false},
                 {{0xfe, 0xcc}, {0, 0}, 12 + 20, true},
                 {{0xfe, 0xcc}, {0xff, 0x21}, 12, false},
                 {{0xff, 0x21}, {0xfe, 0xcc}, 12, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t *a = cases[i].first, *b = cases[i].second;
        const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS,
                                     0,
                                     0,
                                     3,
                                     0,
                                     0,
                                     0,
                                     2,
                                     a[0] != 0 ? 0xff : 0,
                                     a[0] != 0 ? 0xff : 0,
                                     a[0],
                                     a[1],
                                     b[0] != 0 ? 0xff : 0,
                                     b[0] != 0 ? 0xff : 0,
                                     b[0],
                                     b[1]};
        struct crop c;
        struct windows *w = snapshot(OWN, "", "null");
        assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
        windows_unref(w);
        assert_int_equal(crop_from_viewer(&c, encodings, sizeof encodings), RFB_OK);
        request(&c);
        assert_int_equal(c.to_viewer.len, cases[i].first_too ? 4 + cases[i].size : 0);
        if (cases[i].first_too)
            assert_int_equal(rfb_get_s32(rfb_buf_data(&c.to_viewer) + 12), -308);
        sent(&c);
        request(&c);
        assert_int_equal(tell(&c, "1 0 own normal 100 100 40 30 0", ""), RFB_OK);
        const uint8_t *told = rfb_buf_data(&c.to_viewer);
        assert_int_equal(c.to_viewer.len, cases[i].size != 0 ? 4 + cases[i].size : 0);
        if (cases[i].size != 0) {
            assert_int_equal(rfb_get_u16(told + 8), 40);
            assert_int_equal(rfb_get_u16(told + 10), 30);
        }
        if (cases[i].size > 12) {
            static const uint8_t screen[20] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 30};
            assert_memory_equal(told + 16, screen, sizeof screen);
        }
        crop_finish(&c);
    }
}

/* RFC 6143 section 7.5.2: Raw is what everybody has. */
static void serves_who_names_no_encodings(void **state)
{
    static const uint8_t wanted[] = {RFB_C2S_SET_ENCODINGS, 0, 0, 4};
    struct windows *w = snapshot(OWN, "", "null");
    struct crop c;
    (void)state;
    assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    request(&c);
    assert_true(c.to_server.len >= sizeof wanted);
    assert_memory_equal(rfb_buf_data(&c.to_server), wanted, sizeof wanted);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say_update(&c, 105, 102, 4, 4), RFB_OK);
    assert_int_equal(crop_synced(&c), RFB_OK);
    assert_int_equal(sent(&c), 4 + 12 + 16);
    crop_finish(&c);
}

/* The window has another size than the viewer was told, and it cannot be told any more. */
static void keeps_the_size_of_who_cannot_be_resized(void **state)
{
    static const char grown[] = "1 0 own normal 100 100 30 40 0";
    static const uint8_t fixed[] = {RFB_C2S_SET_ENCODINGS, 0, 0, 1, 0, 0, 0, RFB_ENC_RRE};
    struct windows *w = snapshot(OWN, "", "null");
    struct crop c;
    (void)state;
    /* since ServerInit */
    assert_int_equal(crop_init(&c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    assert_int_equal(tell(&c, grown, ""), RFB_OK);
    assert_int_equal(crop_from_viewer(&c, fixed, sizeof fixed), RFB_OK);
    request(&c);
    assert_int_equal(sent(&c), 0);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_int_equal(say(&c, END, 1), RFB_OK);
    assert_region(&c.epochs[0].asked, "100,100,20,10");
    crop_finish(&c);
    /* since it could be */
    begin(&c);
    assert_int_equal(tell(&c, grown, ""), RFB_OK);
    assert_int_equal(sent(&c), 4 + 12);
    assert_int_equal(tell(&c, OWN, ""), RFB_OK);
    assert_int_equal(crop_from_viewer(&c, fixed, sizeof fixed), RFB_OK);
    request(&c);
    assert_int_equal(c.canvas.width, 30);
    assert_int_equal(c.canvas.height, 40);
    assert_int_equal(sent(&c), 4 + 2 * (12 + 4 + 1)); /* what it has become smaller by */
    crop_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_visible),
        cmocka_unit_test(keeps_the_canvas_until_the_window_moves),
        cmocka_unit_test(gives_the_next_window_its_own_canvas),
        cmocka_unit_test(gives_hidden_popups_no_keys),
        cmocka_unit_test(passes_what_is_the_applications),
        cmocka_unit_test(has_room_for_what_is_sure_to_come),
        cmocka_unit_test(drops_what_was_covered_meanwhile),
        cmocka_unit_test(asks_again_for_what_was_dropped),
        cmocka_unit_test(keeps_no_more_than_one_frame),
        cmocka_unit_test(shows_the_next_window),
        cmocka_unit_test(finds_out_servers_that_cannot),
        cmocka_unit_test(serves_who_names_no_encodings),
        cmocka_unit_test(keeps_the_size_of_who_cannot_be_resized),
        cmocka_unit_test(tells_sizes_as_the_viewer_can_have_them),
        cmocka_unit_test(counts_no_holes_without_end),
        cmocka_unit_test(knows_another_window_by_the_same_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
