/* SPDX-License-Identifier: GPL-2.0-or-later
 * The actions that give the desktop input, and its clipboard. */
#include <stdlib.h>
#include <string.h>

#include "action.h"

enum { DRAG_STEP = 16 };

/* Where an action happens: where it says, else where the pointer is. */
static int place(struct action_context *context, const struct action_point *point, ph_point *at,
                 ph_error *error)
{
    int rc = PH_OK;
    if (point->given)
        *at = point->at;
    else
        rc = action_pointer(context, at, error);
    return rc == PH_E_NOT_FOUND ? action_error(error, PH_E_ARGUMENT, "no coordinate, and %s",
                                               "where the pointer is is not known yet")
                                : rc;
}

static int click(struct action_context *context, const struct action_values *v, int button,
                 int count, ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    ph_input_options options = PH_INPUT_INIT;
    ph_point at;
    options.modifiers = v->text;
    int rc = place(context, &v->coordinate, &at, error);
    if (rc == PH_OK)
        rc = ph_click(context->client, at.x, at.y, button, count, &options, &limit, error);
    return rc;
}

#define CLICK(name, button, count)                                                                 \
    int action_##name(struct action_context *context, const struct action_values *v,               \
                      json_t *answer, ph_error *error)                                             \
    {                                                                                              \
        (void)answer;                                                                              \
        return click(context, v, button, count, error);                                            \
    }
CLICK(left_click, PH_BUTTON_LEFT, 1)
CLICK(right_click, PH_BUTTON_RIGHT, 1)
CLICK(middle_click, PH_BUTTON_MIDDLE, 1)
CLICK(double_click, PH_BUTTON_LEFT, 2)
CLICK(triple_click, PH_BUTTON_LEFT, 3)

int action_mouse_move(struct action_context *context, const struct action_values *v, json_t *answer,
                      ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    const ph_point at = v->coordinate.at;
    (void)answer;
    return ph_move(context->client, at.x, at.y, &limit, error);
}

static int button(struct action_context *context, const struct action_values *v, int down,
                  ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    ph_point at;
    int rc = place(context, &v->coordinate, &at, error);
    if (rc == PH_OK)
        rc = ph_button(context->client, at.x, at.y, PH_BUTTON_LEFT, down, &limit, error);
    return rc;
}

int action_left_mouse_down(struct action_context *context, const struct action_values *v,
                           json_t *answer, ph_error *error)
{
    (void)answer;
    return button(context, v, 1, error);
}

int action_left_mouse_up(struct action_context *context, const struct action_values *v,
                         json_t *answer, ph_error *error)
{
    (void)answer;
    return button(context, v, 0, error);
}

int action_check_drag(const struct action_values *v, ph_error *error)
{
    if (v->path.count == 0 && !v->coordinate.given)
        return action_error(error, PH_E_ARGUMENT, "left_click_drag: coordinate or path is missing");
    if (v->path.count != 0 && (v->coordinate.given || v->start_coordinate.given))
        return action_error(error, PH_E_ARGUMENT,
                            "left_click_drag: path stands in place of start_coordinate and "
                            "coordinate");
    return PH_OK;
}

int action_left_click_drag(struct action_context *context, const struct action_values *v,
                           json_t *answer, ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    ph_input_options options = PH_INPUT_INIT;
    ph_point line[2] = {{0, 0}, v->coordinate.at};
    const ph_point *points = v->path.count != 0 ? v->path.points : line;
    size_t count = v->path.count != 0 ? v->path.count : 2;
    (void)answer;
    options.modifiers = v->text;
    int rc = v->path.count != 0 ? PH_OK : place(context, &v->start_coordinate, &line[0], error);
    if (rc == PH_OK)
        rc = ph_drag(context->client, points, count, PH_BUTTON_LEFT, &options, &limit, error);
    return rc;
}

int action_scroll(struct action_context *context, const struct action_values *v, json_t *answer,
                  ph_error *error)
{
    static const ph_point directions[] = {{0, -1}, {0, 1}, {-1, 0}, {1, 0}};
    const ph_limit limit = action_limit(context, v, 0);
    const ph_point direction = directions[v->direction];
    const int amount = (int)v->amount;
    ph_input_options options = PH_INPUT_INIT;
    ph_point at;
    (void)answer;
    options.modifiers = v->text;
    int rc = place(context, &v->coordinate, &at, error);
    if (rc == PH_OK)
        rc = ph_scroll(context->client, at.x, at.y, direction.x * amount, direction.y * amount,
                       &options, &limit, error);
    return rc;
}

struct chord_call {
    struct action_context *context;
    ph_limit limit;
};

static int press_chord(void *data, const char *chord, ph_error *error)
{
    const struct chord_call *call = data;
    return ph_chord(call->context->client, chord, NULL, &call->limit, error);
}

int action_key(struct action_context *context, const struct action_values *v, json_t *answer,
               ph_error *error)
{
    struct chord_call call = {context, action_limit(context, v, 0)};
    (void)answer;
    return action_each_chord(v->text, press_chord, &call, error);
}

int action_hold_key(struct action_context *context, const struct action_values *v, json_t *answer,
                    ph_error *error)
{
    const ph_limit limit = action_limit(context, v, v->duration_ms);
    ph_input_options options = PH_INPUT_INIT;
    (void)answer;
    options.hold_ms = v->duration_ms;
    return ph_chord(context->client, v->text, &options, &limit, error);
}

int action_type(struct action_context *context, const struct action_values *v, json_t *answer,
                ph_error *error)
{
    const ph_limit limit = action_limit(context, v, (int64_t)strlen(v->text) * v->interval_ms);
    ph_input_options options = PH_INPUT_INIT;
    (void)answer;
    options.interval_ms = v->interval_ms;
    options.new_symbols = v->any_symbols ? -1 : 0;
    options.paste = v->paste;
    options.paste_chord = v->paste_chord;
    return ph_type(context->client, v->text, &options, &limit, error);
}

int action_release_all(struct action_context *context, const struct action_values *v,
                       json_t *answer, ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    (void)answer;
    return ph_release_all(context->client, &limit, error);
}

int action_clipboard_get(struct action_context *context, const struct action_values *v,
                         json_t *answer, ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    char *text;
    uint64_t serial;
    int rc = ph_clipboard_get(context->client, (uint64_t)v->after, &limit, &text, &serial, error);
    if (rc != PH_OK)
        return rc;
    json_object_set_new(answer, "text", json_string(text));
    json_object_set_new(answer, "serial", json_integer((json_int_t)serial));
    ph_free(text);
    return PH_OK;
}

int action_clipboard_set(struct action_context *context, const struct action_values *v,
                         json_t *answer, ph_error *error)
{
    const ph_limit limit = action_limit(context, v, 0);
    (void)answer;
    return ph_clipboard_set(context->client, v->text, &limit, error);
}
