/* SPDX-License-Identifier: GPL-2.0-or-later
 * Snapshots of the window feed as the library reads them: good ones, and each way of being wrong.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "windows/list.h"

#define WINDOW                                                                                     \
    "{\"id\": \"0x1c0000d\", \"frame\": \"0x60003f\", \"app\": \"XTerm\", \"instance\": "          \
    "\"xterm\", "                                                                                  \
    "\"title\": \"one [1]\", \"pid\": 12, \"kind\": \"normal\", \"owner\": null, "                 \
    "\"rect\": [61, -81, 484, 316], \"frame_rect\": [60, -101, 486, 338], \"mapped\": true, "      \
    "\"override_redirect\": false, \"states\": [\"focused\", \"of the future\"]}"
#define MENU                                                                                       \
    "{\"id\": \"0x1c00042\", \"app\": \"XTerm\", \"title\": \"\", \"pid\": 0, \"kind\": "          \
    "\"popup\", "                                                                                  \
    "\"owner\": \"0x1c0000d\", \"rect\": [1, 2, 3, 4], \"frame_rect\": [1, 2, 3, 4], \"mapped\": " \
    "false, "                                                                                      \
    "\"override_redirect\": true, \"states\": []}"
#define SNAPSHOT                                                                                   \
    "{\"type\": \"windows\", \"serial\": 17, \"screen\": {\"width\": 1280, \"height\": 800}, "     \
    "\"manager\": \"Openbox\", \"compositing\": false, \"complete\": true, \"focus\": null, "      \
    "\"windows\": [" WINDOW ", " MENU "]}"

static const ph_window_list *read(const char *text)
{
    int no_memory;
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    const ph_window_list *list = list_make(json, &no_memory);
    assert_false(no_memory);
    json_decref(json);
    return list;
}

static void reads_a_snapshot(void **state)
{
    (void)state;
    const ph_window_list *list = read(SNAPSHOT);
    assert_non_null(list);
    assert_int_equal(list->serial, 17);
    assert_int_equal(list->width, 1280);
    assert_int_equal(list->height, 800);
    assert_string_equal(list->manager, "Openbox");
    assert_false(list->compositing);
    assert_true(list->complete);
    assert_int_equal(list->count, 2);
    const ph_window *w = list->windows[0], *menu = list->windows[1];
    assert_int_equal(w->id, 0x1c0000d);
    assert_int_equal(w->owner, 0);
    assert_int_equal(w->pid, 12);
    assert_string_equal(w->app, "XTerm");
    assert_string_equal(w->title, "one [1]");
    assert_int_equal(w->rect.x, 61);
    assert_int_equal(w->rect.y, -81);
    assert_int_equal(w->frame.height, 338);
    assert_int_equal(w->states, PH_WINDOW_FOCUSED);
    assert_int_equal(menu->owner, 0x1c0000d);
    assert_false(menu->mapped);
    assert_true(menu->override_redirect);
    /* another reference keeps it */
    const ph_window_list *again = list_ref(list);
    ph_window_list_unref(list);
    assert_string_equal(again->windows[0]->kind, "normal");
    ph_window_list_unref(again);
    ph_window_list_unref(NULL);
}

/* Each text of a good snapshot, and what it becomes. */
static void refuses_what_the_protocol_does_not_allow(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"\"serial\": 17", "\"serial\": 0"},
        {"\"serial\": 17", "\"serial\": \"17\""},
        {"\"width\": 1280", "\"width\": 65536"},
        {"\"width\": 1280", "\"width\": -1"},
        {"\"screen\": {", "\"Screen\": {"},
        {"\"manager\": \"Openbox\"", "\"manager\": 1"},
        {"\"compositing\": false", "\"compositing\": 0"},
        {"\"complete\": true", "\"complete\": null"},
        {"\"windows\": [", "\"Windows\": ["},
        {"\"id\": \"0x1c0000d\"", "\"id\": 29360141"},
        {"\"id\": \"0x1c0000d\"", "\"id\": \"1c0000d\""},
        {"\"id\": \"0x1c0000d\"", "\"id\": \"0x\""},
        {"\"id\": \"0x1c0000d\"", "\"id\": \"0x0\""},
        {"\"id\": \"0x1c0000d\"", "\"id\": \"0x1c0000d1c\""},
        {"\"id\": \"0x1c0000d\"", "\"id\": \"0x1c0g\""},
        {"\"id\": \"0x1c0000d\"", "\"id\": null"},
        {"\"owner\": null", "\"owner\": \"me\""},
        {"\"app\": \"XTerm\"", "\"app\": null"},
        {"\"title\": \"one [1]\"", "\"title\": 1"},
        {"\"pid\": 12", "\"pid\": -12"},
        {"\"pid\": 12", "\"pid\": 4294967296"},
        {"[61, -81, 484, 316]", "[61, -81, 484]"},
        {"[61, -81, 484, 316]", "[61, -81, -484, 316]"},
        {"[61, -81, 484, 316]", "[61, -81, 484, 316.5]"},
        {"[61, -81, 484, 316]", "[4611686018427387904, -81, 484, 316]"},
        {"\"mapped\": true", "\"mapped\": 1"},
        {"\"states\": [\"focused\"", "\"States\": [\"focused\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[2048];
        const char *at = strstr(SNAPSHOT, cases[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - SNAPSHOT), SNAPSHOT, cases[i].to,
                 at + strlen(cases[i].from));
        if (read(text) != NULL)
            fail_msg("taken: %s", cases[i].to);
    }
}

/* An agent that is none, or has been taken over, writes to nobody's terminal. */
static void keeps_control_characters_from_terminals(void **state)
{
    static const char title[] = "one [1]", manager[] = "Openbox";
    char text[2048];
    (void)state;
    const char *t = strstr(SNAPSHOT, title), *m = strstr(SNAPSHOT, manager);
    snprintf(text, sizeof text, "%.*s\\u001b]0;x\\u0007%.*s\\u009b2J%s", (int)(m - SNAPSHOT),
             SNAPSHOT, (int)(t - m - (long)sizeof manager + 1), m + sizeof manager - 1,
             t + sizeof title - 1);
    const ph_window_list *list = read(text);
    assert_non_null(list);
    assert_string_equal(list->manager, " ]0;x ");
    assert_string_equal(list->windows[0]->title, "  2J");
    ph_window_list_unref(list);
}

static void finds_windows(void **state)
{
    static const struct {
        ph_window_match match;
        int found; /* -1: none */
    } cases[] = {
        {{.size = 1}, 1}, /* the topmost */
        {{.id = 0x1c0000d}, 0},
        {{.id = 1}, -1},
        {{.app = "xterm"}, 1},
        {{.app = "xterm", .mapped = 1}, 0},
        {{.app = "term"}, -1},
        {{.title = "one*"}, 0},
        {{.title = "one [[]1]"}, 0},
        {{.title = "One*"}, -1},
        {{.title = ""}, 1},
        {{.kind = "popup"}, 1},
        {{.pid = 12}, 0},
        {{.states = PH_WINDOW_FOCUSED}, 0},
        {{.states = PH_WINDOW_FOCUSED | PH_WINDOW_MODAL}, -1},
    };
    (void)state;
    const ph_window_list *list = read(SNAPSHOT);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const ph_window *w = ph_window_list_find(list, &cases[i].match);
        assert_ptr_equal(w, cases[i].found < 0 ? NULL : list->windows[cases[i].found]);
    }
    ph_window_list_unref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_snapshot),
        cmocka_unit_test(refuses_what_the_protocol_does_not_allow),
        cmocka_unit_test(keeps_control_characters_from_terminals),
        cmocka_unit_test(finds_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
