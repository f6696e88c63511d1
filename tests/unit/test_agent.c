/* SPDX-License-Identifier: GPL-2.0-or-later
 * What of porthole-agent needs no X server: whose a window is, and texts of clients. */
#include "unit.h"

#include <string.h>

#include "tools/agent/owner.h"
#include "tools/agent/text.h"

/* ---- texts ---- */

static void copies_texts(void **state)
{
    static const struct {
        const char *in;
        bool latin1;
        const char *out;
    } cases[] = {
        {"plain", false, "plain"},
        {"gr\xc3\xbc\xc3\x9f", false, "gr\xc3\xbc\xc3\x9f"},
        {"gr\xfc\xdf", true, "gr\xc3\xbc\xc3\x9f"},
        {"gr\xfc\xdf", false, "gr??"},
        {"a\nb\tc\x1b[31m\x7f", false, "a b c [31m "},
        {"a\x9b z", true, "a  z"},                    /* C1's CSI */
        {"a\xc2\x9b z", false, "a  z"},               /* the same in UTF-8 */
        {"evil\xe2\x80\xae txt", false, "evil  txt"}, /* right-to-left override */
        {"\xf0\x9f\x98\x80", false, "\xf0\x9f\x98\x80"},
        {"\xed\xa0\x80", false, "???"},      /* a surrogate */
        {"\xc0\x80", false, "??"},           /* overlong */
        {"\xf4\x90\x80\x80", false, "????"}, /* beyond U+10FFFF */
        {"\xe2\x82", false, "??"},           /* cut */
        {"", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char to[64];
        text_copy(to, sizeof to, cases[i].in, strlen(cases[i].in), cases[i].latin1);
        assert_string_equal(to, cases[i].out);
    }
}

static void cuts_between_characters(void **state)
{
    char to[6];
    (void)state;
    text_copy(to, sizeof to, "abcd\xc3\xbc", 6, false);
    assert_string_equal(to, "abcd");
    text_copy(to, sizeof to, "abc\xc3\xbc", 5, false);
    assert_string_equal(to, "abc\xc3\xbc");
    text_copy(to, sizeof to, "a\0b", 3, false);
    assert_string_equal(to, "a b");
}

/* ---- owners ---- */

enum { MASK = 0x1fffff, ALL = 8 };

/* A connection's ids begin at N << 21. */
#define ID(connection, n) ((xcb_window_t)(connection) << 21 | (n))

struct scene {
    struct tree tree;
    struct window windows[ALL];
    struct window *list[ALL];
};

static struct window *put(struct scene *s, const struct window *w)
{
    struct window *to = &s->windows[s->tree.count];
    *to = *w;
    to->frame = to->client;
    to->mapped = true;
    s->list[s->tree.count++] = to;
    s->tree.windows = s->list;
    return to;
}

static struct window *put_main(struct scene *s, xcb_window_t id, uint32_t pid)
{
    return put(s, &(struct window){.client = id, .pid = pid, .managed = true});
}

static const struct window *owner(const struct scene *s, const struct window *w)
{
    return owner_find(&s->tree, w, MASK);
}

static void finds_owners_by_what_windows_say(void **state)
{
    struct scene s = {.tree.manager = "Test"};
    (void)state;
    struct window *main = put_main(&s, ID(1, 1), 10), *other = put_main(&s, ID(2, 1), 20);
    struct window *dialog = put(&s, &(struct window){.client = ID(2, 9),
                                                     .transient_for = ID(1, 1),
                                                     .kind = WINDOW_DIALOG,
                                                     .managed = true});
    struct window *menu = put(&s, &(struct window){.client = ID(2, 10),
                                                   .transient_for = ID(2, 9),
                                                   .kind = WINDOW_MENU,
                                                   .override_redirect = true});
    struct window *grouped = put(&s, &(struct window){.client = ID(2, 11),
                                                      .group = ID(1, 1),
                                                      .kind = WINDOW_MENU,
                                                      .override_redirect = true});
    struct window *led = put(&s, &(struct window){.client = ID(2, 12),
                                                  .leader = ID(1, 5),
                                                  .kind = WINDOW_TOOLTIP,
                                                  .override_redirect = true});
    main->leader = ID(1, 5);
    assert_null(owner(&s, main));
    assert_null(owner(&s, other));
    assert_ptr_equal(owner(&s, dialog), main);
    assert_ptr_equal(owner(&s, menu), main); /* through the dialog */
    assert_ptr_equal(owner(&s, grouped), main);
    assert_ptr_equal(owner(&s, led), main);
}

static void finds_owners_by_what_the_server_knows(void **state)
{
    struct scene s = {.tree.manager = "Test"};
    (void)state;
    struct window *main = put_main(&s, ID(1, 1), 10), *other = put_main(&s, ID(2, 1), 20);
    const struct window popup = {.kind = WINDOW_POPUP, .override_redirect = true};
    struct window *same = put(&s, &popup), *pid = put(&s, &popup), *nobody = put(&s, &popup);
    same->client = same->frame = ID(1, 77);
    pid->client = pid->frame = ID(3, 1);
    pid->pid = 20;
    nobody->client = nobody->frame = ID(4, 1);
    assert_ptr_equal(owner(&s, same), main);
    assert_ptr_equal(owner(&s, pid), other);
    assert_null(owner(&s, nobody));
}

static void prefers_the_window_with_the_keyboard(void **state)
{
    struct scene s = {.tree.manager = "Test"};
    (void)state;
    struct window *low = put_main(&s, ID(1, 1), 10), *high = put_main(&s, ID(1, 2), 10);
    struct window *menu = put(
        &s, &(struct window){.client = ID(1, 3), .kind = WINDOW_POPUP, .override_redirect = true});
    assert_ptr_equal(owner(&s, menu), high);
    s.tree.focus = low->frame;
    assert_ptr_equal(owner(&s, menu), low);
    s.tree.focus = 0;
    high->mapped = false;
    assert_ptr_equal(owner(&s, menu), low);
}

static void is_not_led_in_a_ring(void **state)
{
    struct scene s = {.tree.manager = "Test"};
    (void)state;
    struct window *a = put(&s, &(struct window){.client = ID(1, 1),
                                                .transient_for = ID(1, 2),
                                                .kind = WINDOW_DIALOG,
                                                .managed = true});
    struct window *b = put(&s, &(struct window){.client = ID(1, 2),
                                                .transient_for = ID(1, 1),
                                                .kind = WINDOW_DIALOG,
                                                .managed = true});
    struct window *self = put(&s, &(struct window){.client = ID(1, 3),
                                                   .transient_for = ID(1, 3),
                                                   .kind = WINDOW_DIALOG,
                                                   .managed = true});
    assert_null(owner(&s, a));
    assert_null(owner(&s, b));
    assert_null(owner(&s, self));
}

/* A frame that has got no client yet is no application; without a manager nothing is managed. */
static void knows_main_windows(void **state)
{
    struct scene s = {.tree.manager = "Test"};
    (void)state;
    struct window *frame = put(&s, &(struct window){.client = ID(1, 1)});
    assert_false(owner_is_main(&s.tree, frame));
    s.tree.manager[0] = '\0';
    assert_true(owner_is_main(&s.tree, frame));
    frame->override_redirect = true;
    assert_false(owner_is_main(&s.tree, frame));
}

/* zenity's menus are a dialog's that belongs to nobody. */
static void gives_popups_to_dialogs_that_stand_alone(void **state)
{
    struct scene s = {.tree.manager = "Test"};
    (void)state;
    struct window *dialog = put(
        &s, &(struct window){.client = ID(1, 1), .kind = WINDOW_DIALOG, .managed = true, .pid = 1});
    struct window *menu = put(
        &s, &(struct window){.client = ID(1, 2), .kind = WINDOW_MENU, .override_redirect = true});
    struct window *second = put(
        &s, &(struct window){.client = ID(1, 3), .kind = WINDOW_DIALOG, .managed = true, .pid = 1});
    second->mapped = false;
    assert_ptr_equal(owner(&s, menu), dialog);
    assert_null(owner(&s, second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_texts),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(finds_owners_by_what_windows_say),
        cmocka_unit_test(finds_owners_by_what_the_server_knows),
        cmocka_unit_test(prefers_the_window_with_the_keyboard),
        cmocka_unit_test(is_not_led_in_a_ring),
        cmocka_unit_test(knows_main_windows),
        cmocka_unit_test(gives_popups_to_dialogs_that_stand_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
