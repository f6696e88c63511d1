/* SPDX-License-Identifier: GPL-2.0-or-later
 * Actions read from JSON: what each parameter takes, and what is said of what it does not. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action.h"
#include "reader.h"

static json_t *from_text(const char *text)
{
    json_error_t why;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (value == NULL)
        fail_msg("%s: %s", text, why.text);
    return value;
}

/* Fails unless the text is refused with a message that holds all the words. */
static void refuses(const char *text, const char *const words[])
{
    json_t *object = from_text(text);
    struct action action;
    ph_error error = {.code = PH_OK};
    assert_int_equal(action_parse(object, &action, &error), PH_E_ARGUMENT);
    assert_int_equal(error.code, PH_E_ARGUMENT);
    for (; *words != NULL; words++)
        if (strstr(error.message, *words) == NULL)
            fail_msg("%s: '%s' does not say '%s'", text, error.message, *words);
    action_finish(&action);
    json_decref(object);
}

static json_t *takes(const char *text, struct action *action)
{
    json_t *object = from_text(text);
    ph_error error;
    if (action_parse(object, action, &error) != PH_OK)
        fail_msg("%s: %s", text, error.message);
    return object;
}

static void test_every_kind(void **state)
{
    (void)state;
    static const char text[] =
        "{\"action\": \"left_click\", \"coordinate\": [3, 4], \"text\": \"ctrl+shift\","
        " \"timeout\": 1.5, \"unless_changed_since\": 7, \"unchanged_region\": [1, 2, 11, 22],"
        " \"expect_change\": true, \"wait_quiet_ms\": 200, \"masks\": [[0, 0, 5, 6], [7, 7, 8, "
        "8]]}";
    struct action a;
    json_t *object = takes(text, &a);
    const struct action_values *v = &a.values;
    assert_string_equal(a.spec->name, "left_click");
    assert_true(v->coordinate.given);
    assert_int_equal(v->coordinate.at.x, 3);
    assert_int_equal(v->coordinate.at.y, 4);
    assert_string_equal(v->text, "ctrl+shift");
    assert_int_equal(v->timeout_ms, 1500);
    assert_int_equal(v->unless_changed_since, 7);
    assert_int_equal(v->unchanged_region.rect.x, 1);
    assert_int_equal(v->unchanged_region.rect.width, 10);
    assert_int_equal(v->unchanged_region.rect.height, 20);
    assert_true(v->expect_change.given);
    assert_int_equal(v->expect_change.rect.width, 0);
    assert_int_equal(v->wait_quiet_ms, 200);
    assert_int_equal(v->masks.count, 2);
    assert_int_equal(v->masks.rects[1].x, 7);
    assert_int_equal(v->masks.rects[1].width, 1);
    action_finish(&a);
    json_decref(object);

    object = takes("{\"action\":\"scroll\",\"scroll_direction\":\"left\",\"scroll_amount\":3}", &a);
    assert_int_equal(v->direction, 2);
    assert_int_equal(v->amount, 3);
    assert_false(v->coordinate.given);
    action_finish(&a);
    json_decref(object);

    object = takes("{\"action\":\"left_click_drag\",\"path\":[[1,2],[3,4],[5,6]]}", &a);
    assert_int_equal(v->path.count, 3);
    assert_int_equal(v->path.points[2].y, 6);
    action_finish(&a);
    json_decref(object);

    object = takes("{\"action\":\"wait_change\",\"expect_change\":[1,2,3,4]}", &a);
    assert_int_equal(v->expect_change.rect.width, 2);
    action_finish(&a);
    json_decref(object);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words[5];
    } cases[] = {
        {"[]", {"an action is an object"}},
        {"{}", {"no \"action\"", "left_click", "wait_quiet", "cursor_position"}},
        {"{\"action\": 3}", {"no \"action\""}},
        {"{\"action\": \"dance\"}", {"unknown action 'dance'", "left_click", "cursor_position"}},
        {"{\"action\": \"left_click\", \"coordinates\": [1, 2]}",
         {"left_click: unknown parameter 'coordinates'", "it takes coordinate, text", "masks"}},
        {"{\"action\": \"zoom\", \"colour\": 1}",
         {"zoom: unknown parameter 'colour'", "region", "max_bytes", "masks"}},
        {"{\"action\": \"mouse_move\"}", {"mouse_move: coordinate is missing", "[x, y]"}},
        {"{\"action\": \"mouse_move\", \"coordinate\": [1]}", {"mouse_move: coordinate must be"}},
        {"{\"action\": \"mouse_move\", \"coordinate\": [1, 2, 3]}", {"coordinate must be [x, y]"}},
        {"{\"action\": \"mouse_move\", \"coordinate\": [1, 2.5]}", {"coordinate must be [x, y]"}},
        {"{\"action\": \"mouse_move\", \"coordinate\": [1, 65536]}", {"coordinate must be"}},
        {"{\"action\": \"mouse_move\", \"coordinate\": \"1,2\"}", {"coordinate must be"}},
        {"{\"action\": \"mouse_move\", \"coordinate\": null}", {"coordinate must be"}},
        {"{\"action\": \"type\", \"text\": 5}", {"type: text must be a string"}},
        {"{\"action\": \"type\", \"text\": \"a\", \"interval\": 0}",
         {"interval must be", "above 0"}},
        {"{\"action\": \"key\", \"text\": \"ctrl+nosuchkey\"}", {"key: text: ", "nosuchkey"}},
        {"{\"action\": \"key\", \"text\": \"a nosuchkey\"}", {"key: text: ", "nosuchkey"}},
        {"{\"action\": \"key\", \"text\": \"\"}", {"key: text: no keys"}},
        {"{\"action\": \"left_click\", \"text\": \"hyperspace\"}", {"left_click: text: "}},
        {"{\"action\": \"hold_key\", \"text\": \"a\"}", {"hold_key: duration is missing"}},
        {"{\"action\": \"hold_key\", \"text\": \"a b\", \"duration\": 1}", {"hold_key: text: "}},
        {"{\"action\": \"wait\", \"duration\": -1}", {"wait: duration must be", "3600"}},
        {"{\"action\": \"wait\", \"duration\": 1e99}", {"wait: duration must be", "3600"}},
        {"{\"action\": \"wait\", \"duration\": \"1\"}", {"wait: duration must be"}},
        {"{\"action\": \"scroll\", \"scroll_direction\": \"upwards\", \"scroll_amount\": 1}",
         {"scroll_direction must be one of up|down|left|right"}},
        {"{\"action\": \"scroll\", \"scroll_direction\": \"up\", \"scroll_amount\": 0}",
         {"scroll_amount must be a whole number, 1 to 1000"}},
        {"{\"action\": \"scroll\", \"scroll_amount\": 1}", {"scroll_direction is missing"}},
        {"{\"action\": \"zoom\", \"region\": [10, 10, 10, 20]}", {"region must be", "x0 < x1"}},
        {"{\"action\": \"zoom\", \"region\": [-1, 0, 10, 20]}", {"region must be"}},
        {"{\"action\": \"left_click_drag\"}", {"coordinate or path is missing"}},
        {"{\"action\": \"left_click_drag\", \"path\": [[1, 2]]}", {"path must be a list of 2 to"}},
        {"{\"action\": \"left_click_drag\", \"path\": [[1, 2], [3, \"4\"]]}", {"path must be"}},
        {"{\"action\": \"left_click_drag\", \"path\": [[1, 2], [3, 4]], \"coordinate\": [5, 6]}",
         {"path stands in place of"}},
        {"{\"action\": \"screenshot\", \"file\": \"-\"}", {"file must be"}},
        {"{\"action\": \"screenshot\", \"file\": \"a.bmp\"}", {"'a.bmp'", "png|jpeg|webp"}},
        {"{\"action\": \"screenshot\", \"format\": \"bmp\"}",
         {"format must be one of png|jpeg|webp"}},
        {"{\"action\": \"screenshot\", \"masks\": []}", {"masks must be a list of 1 to 16"}},
        {"{\"action\": \"screenshot\", \"expect_change\": false}",
         {"expect_change must be true, or"}},
        {"{\"action\": \"screenshot\", \"unless_changed_since\": 0}",
         {"unless_changed_since must"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuses(cases[i].text, cases[i].words);
}

/* Messages have a bounded room: every list of known names must fit it, to its last. */
static void test_lists_fit(void **state)
{
    (void)state;
    const struct action_spec *last = action_specs;
    const struct action_param *common = action_common_params;
    char text[200];
    while (last[1].name != NULL)
        last++;
    while (common[1].name != NULL)
        common++;
    refuses("{\"action\": \"4567890123456789012345678901234567890\"}",
            (const char *const[]){last->name, NULL});
    for (const struct action_spec *s = action_specs; s->name != NULL; s++) {
        snprintf(text, sizeof text,
                 "{\"action\": \"%s\", \"x4567890123456789012345678901234567\": 1}", s->name);
        refuses(text, (const char *const[]){s->name, common->name, NULL});
    }
}

/* The table itself: names are unique, and a field belongs to one name of one kind. */
static void test_table(void **state)
{
    (void)state;
    for (const struct action_spec *s = action_specs; s->name != NULL; s++) {
        assert_non_null(s->run);
        assert_non_null(s->summary);
        for (const struct action_spec *t = action_specs; t != s; t++)
            assert_string_not_equal(s->name, t->name);
        for (const struct action_param *p = s->params; p->name != NULL; p++) {
            for (const struct action_param *q = s->params; q != p; q++)
                assert_string_not_equal(p->name, q->name);
            for (const struct action_param *c = action_common_params; c->name != NULL; c++) {
                assert_string_not_equal(p->name, c->name);
                assert_int_not_equal(p->at, c->at);
            }
        }
    }
}

static int collect(void *data, const char *chord, ph_error *error)
{
    (void)error;
    strcat(data, "<");
    strcat(data, chord);
    strcat(data, ">");
    return PH_OK;
}

static void test_chords(void **state)
{
    (void)state;
    static const struct {
        const char *text, *chords;
    } cases[] = {{"a", "<a>"},
                 {" ", "< >"},
                 {"ctrl+a  Delete ", "<ctrl+a><Delete>"},
                 {" Up Up", "<Up><Up>"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char chords[64] = "";
        ph_error error;
        assert_int_equal(action_each_chord(cases[i].text, collect, chords, &error), PH_OK);
        assert_string_equal(chords, cases[i].chords);
    }
}

/* ---- the reader ---- */

struct pipe_reader {
    int in;
    struct reader reader;
};

static void open_reader(struct pipe_reader *p)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    p->in = fds[1];
    reader_init(&p->reader, "the pipe", fds[0]);
}

static void put(struct pipe_reader *p, const char *text)
{
    assert_int_equal(write(p->in, text, strlen(text)), (ssize_t)strlen(text));
}

static void reads(struct pipe_reader *p, const char *expected)
{
    json_t *value;
    ph_error error;
    assert_int_equal(reader_next(&p->reader, &value, &error), PH_OK);
    char *text = json_dumps(value, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void close_reader(struct pipe_reader *p)
{
    close(p->in);
    close(p->reader.fd);
}

/* Nothing behind a value is waited for: the pipe stays open and silent. */
static void test_reader_gives_each_value_at_once(void **state)
{
    (void)state;
    struct pipe_reader p;
    json_t *value;
    ph_error error;
    open_reader(&p);
    put(&p, "{\"a\":1}");
    reads(&p, "{\"a\":1}");
    put(&p, "\n\n [{\"b\":\n2}]{\"c\":3}\n");
    reads(&p, "[{\"b\":2}]");
    reads(&p, "{\"c\":3}");
    close(p.in);
    assert_int_equal(reader_next(&p.reader, &value, &error), PH_OK);
    assert_null(value);
    close(p.reader.fd);
}

static void refuses_input(const char *text, const char *word)
{
    struct pipe_reader p;
    json_t *value;
    ph_error error;
    open_reader(&p);
    put(&p, text);
    close(p.in);
    assert_int_equal(reader_next(&p.reader, &value, &error), PH_E_ARGUMENT);
    assert_null(value);
    if (strstr(error.message, word) == NULL || strpbrk(error.message, "\n\t") != NULL)
        fail_msg("'%s' does not say '%s' in one line", error.message, word);
    close(p.reader.fd);
}

static void test_reader_refuses(void **state)
{
    (void)state;
    refuses_input("\n\nleft_click 1 2\n", "the pipe, line 3: ");
    refuses_input("{\"a\": 1", "the pipe, line 1: ");
    refuses_input("{\"a\": 1, \"a\": 2}", "duplicate");
    refuses_input("\"key\"", "line 1");
    refuses_input("{\"a\": \"\\u0000\"}", "\\u0000");
    refuses_input("{\"a\": \"\xff\"}", "decode byte 0xff");
}

static void test_reader_interrupted(void **state)
{
    (void)state;
    struct pipe_reader p;
    int wake[2];
    json_t *value;
    ph_error error;
    open_reader(&p);
    assert_int_equal(pipe(wake), 0);
    p.reader.interrupt_fd = wake[0];
    put(&p, "{\"a\":");
    assert_int_equal(write(wake[1], "x", 1), 1);
    assert_int_equal(reader_next(&p.reader, &value, &error), PH_E_CANCELLED);
    assert_int_equal(error.code, PH_E_CANCELLED);
    close(wake[0]);
    close(wake[1]);
    close_reader(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_lists_fit),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_chords),
        cmocka_unit_test(test_reader_gives_each_value_at_once),
        cmocka_unit_test(test_reader_refuses),
        cmocka_unit_test(test_reader_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
