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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_selectors),
        cmocka_unit_test(reads_rectangles),
    };
    return cmocka_run_group_tests_name("proxy windows", tests, NULL, NULL);
}
