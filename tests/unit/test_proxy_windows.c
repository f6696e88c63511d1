/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a stream's window may be called. */
#include "unit.h"

#include "proxy/windows.h"

static void knows_selectors(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"app:xterm", true},
        {"xterm", true},
        {"title:*", true},
        {"0x1c0000d", true},
        {"rect:640x480+100+50", true},
        {"", false},
        {"app:", false},
        {"title:", false},
        {"pid:12", false},
        {"0x", false},
        {"rect:", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(windows_is_selector(cases[i].text), cases[i].good);
}

static void reads_rectangles(void **state)
{
    static const char *const broken[] = {
        "640x480+100+50",       "rect:640x480",          "rect:640x480+100",
        "rect:640x480+100+",    "rect:640x480+100+50 ",  "rect:640x480+100+50+1",
        "rect:0x480+100+50",    "rect:640x0+100+50",     "rect:640x480-100+50",
        "rect:640x480+-100+50", "rect: 640x480+100+50",  "rect:640X480+100+50",
        "rect:65536x480+0+0",   "rect:640x480+65536+0",  "rect:99999999999999999999x1+0+0",
        "rect:6.0x480+100+50",  "rect:0x280x480+100+50",
    };
    struct windows_rect r;
    (void)state;
    assert_true(windows_parse_rect("rect:640x480+100+50", &r));
    assert_int_equal(r.width, 640);
    assert_int_equal(r.height, 480);
    assert_int_equal(r.x, 100);
    assert_int_equal(r.y, 50);
    assert_true(windows_parse_rect("rect:1x65535+0+65535", &r));
    assert_int_equal(r.height, 65535);
    for (size_t i = 0; i < COUNT(broken); i++)
        if (windows_parse_rect(broken[i], &r))
            fail_msg("%s", broken[i]);
}

/* A menu's dialog's window; and an agent that is wrong about whose they are. */
static void follows_owners(void **state)
{
    static struct window list[] = {{.id = 7},
                                   {.id = 3, .owner = 7},
                                   {.id = 9, .owner = 3},
                                   {.id = 1, .owner = 2},
                                   {.id = 2, .owner = 1},
                                   {.id = 5, .owner = 99}};
    const struct window *by_id[] = {&list[3], &list[4], &list[1], &list[5], &list[0], &list[2]};
    const struct windows w = {.count = COUNT(list), .list = list, .by_id = by_id};
    static const struct {
        size_t from;
        bool marks[COUNT(list)];
    } cases[] = {{2, {true, true, true}},
                 {1, {true, true}},
                 {0, {true}},
                 {3, {false, false, false, true, true}},
                 {5, {false, false, false, false, false, true}}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool marks[COUNT(list)] = {false};
        windows_mark_owners(&w, &list[cases[i].from], marks);
        assert_memory_equal(marks, cases[i].marks, sizeof marks);
        for (size_t k = 0; k < COUNT(list); k++)
            assert_int_equal(windows_belongs(&w, &list[cases[i].from], list[k].id), marks[k]);
    }
    assert_null(windows_find(&w, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_selectors),
        cmocka_unit_test(reads_rectangles),
        cmocka_unit_test(follows_owners),
    };
    return cmocka_run_group_tests_name("proxy windows", tests, NULL, NULL);
}
