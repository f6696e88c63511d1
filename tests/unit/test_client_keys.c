/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "client/keys.h"
#include "unit.h"

static void assert_refused(int rc, const ph_error *e, const char *part)
{
    assert_int_equal(rc, PH_E_ARGUMENT);
    if (strstr(e->message, part) == NULL)
        fail_msg("'%s' does not hold '%s'", e->message, part);
}

static void names(void **state)
{
    static const struct {
        const char *name;
        uint32_t keysym;
    } cases[] = {
        {"a", 'a'},
        {"A", 'A'},
        {"+", '+'},
        {"plus", '+'},
        {"\xc3\xbc", 0xfc},
        {"\xe2\x82\xac", 0x20ac},
        {"\xe6\xbc\xa2", 0x1006f22},
        {"\xf0\x9f\x98\x80", 0x101f600},
        {"Return", 0xff0d},
        {"return", 0xff0d},
        {"ENTER", 0xff0d},
        {"esc", 0xff1b},
        {"Page_Up", 0xff55},
        {"PgUp", 0xff55},
        {"ctrl", 0xffe3},
        {"Control_R", 0xffe4},
        {"shift", 0xffe1},
        {"alt", 0xffe9},
        {"super", 0xffeb},
        {"cmd", 0xffeb},
        {"win", 0xffeb},
        {"del", 0xffff},
        {"backspace", 0xff08},
        {"f5", 0xffc2},
        {"F12", 0xffc9},
        {"space", ' '},
        {"KP_Enter", 0xff8d},
        {"U20AC", 0x10020ac},
        {"0xff0d", 0xff0d},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t keysym = 0;
        ph_error e;
        if (ph_keysym(cases[i].name, &keysym, &e) != PH_OK)
            fail_msg("%s", e.message);
        if (keysym != cases[i].keysym)
            fail_msg("%s is %x, not %x", cases[i].name, keysym, cases[i].keysym);
    }
    static const char *const unknown[] = {"", "Retrun", "ctrl ", "\xff", "ab", " a", "\n"};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        uint32_t keysym;
        ph_error e;
        assert_refused(ph_keysym(unknown[i], &keysym, &e), &e, "unknown key");
    }
}

static void chords(void **state)
{
    static const struct {
        const char *chord;
        size_t count;
        uint32_t keys[KEYS_CHORD_MAX];
    } good[] = {
        {"ctrl+shift+t", 3, {0xffe3, 0xffe1, 'T'}},
        {"t+shift+1+\xc3\xa4", 4, {'t', 0xffe1, '1', 0xc4}},
        {"Return", 1, {0xff0d}},
        {"ctrl++", 2, {0xffe3, '+'}},
        {"+", 1, {'+'}},
        {"ctrl+plus", 2, {0xffe3, '+'}},
        {"a+b+c+d+e+f+g+h", 8, {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}},
    };
    static const struct {
        const char *chord, *part;
    } bad[] = {
        {"", "a name is missing"},
        {"ctrl+", "a name is missing"},
        {"ctrl+nokey", "unknown key 'nokey'"},
        {"a+b+c+d+e+f+g+h+i", "more than 8 keys"},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "too long"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        uint32_t keys[KEYS_CHORD_MAX];
        size_t count;
        assert_int_equal(keys_parse_chord(good[i].chord, keys, &count, NULL), PH_OK);
        assert_int_equal(count, good[i].count);
        assert_memory_equal(keys, good[i].keys, count * sizeof keys[0]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint32_t keys[KEYS_CHORD_MAX];
        size_t count;
        ph_error e;
        assert_refused(keys_parse_chord(bad[i].chord, keys, &count, &e), &e, bad[i].part);
        assert_refused(ph_chord_check(bad[i].chord, &e), &e, bad[i].part);
    }
}

static void text(void **state)
{
    (void)state;
    uint32_t *keys;
    size_t count;
    static const uint32_t expected[] = {'H', 0xe4, 0xff0d, 0xff09, 0x1006f22, 0x101f600};
    assert_int_equal(
        keys_parse_text("H\xc3\xa4\n\t\xe6\xbc\xa2\xf0\x9f\x98\x80", &keys, &count, NULL), PH_OK);
    assert_int_equal(count, COUNT(expected));
    assert_memory_equal(keys, expected, sizeof expected);
    free(keys);
    assert_int_equal(keys_parse_text("", &keys, &count, NULL), PH_OK);
    assert_int_equal(count, 0);
    free(keys);
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"ab\xff", "not UTF-8 at byte 3"},
        {"a\xc3", "not UTF-8 at byte 2"},
        {"\xed\xa0\x80", "not UTF-8 at byte 1"}, /* a surrogate */
        {"\xc0\xaf", "not UTF-8 at byte 1"},     /* too long a form */
        {"ab\x1b[0m", "character 3 of the text, U+001B"},
        {"\x7f", "character 1 of the text, U+007F"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        ph_error e;
        assert_refused(keys_parse_text(bad[i].text, &keys, &count, &e), &e, bad[i].part);
        assert_null(keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(chords),
        cmocka_unit_test(text),
    };
    return cmocka_run_group_tests_name("client_keys", tests, NULL, NULL);
}
