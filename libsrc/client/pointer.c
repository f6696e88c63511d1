/* SPDX-License-Identifier: GPL-2.0-or-later
 * Input with the pointer. */
#include <stdlib.h>

#include "client/input.h"

enum {
    CLICKS_MAX = 10,
    DRAG_POINTS_MAX = 1000,
    DRAG_STEP = 16, /* pixels */
    SCROLL_MAX = 1000,
    WHEEL_UP = 4,
    WHEEL_DOWN = 5,
    WHEEL_LEFT = 6,
    WHEEL_RIGHT = 7,
};

static uint8_t mask(int button)
{
    return (uint8_t)(1u << (button - 1));
}

static int check_place(const struct ph_client *c, int x, int y, ph_error *error)
{
    if (x >= 0 && y >= 0 && x < c->width && y < c->height)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT,
                     "(%d, %d) is outside the screen, which is %dx%d: x is 0 to %d, y is 0 to %d",
                     x, y, c->width, c->height, c->width - 1, c->height - 1);
}

static int check_button(int button, ph_error *error)
{
    if (button >= PH_BUTTON_LEFT && button <= PH_BUTTON_RIGHT)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT, "button %d: there are 1 (left), 2 (middle), 3 (right)",
                     button);
}

/* What each call begins with: the modifiers, then the pointer there, with the buttons as they are.
 */
static int go(struct input_call *call, ph_point to, ph_error *error)
{
    int rc = check_place(call->c, to.x, to.y, error);
    if (rc == PH_OK)
        rc = input_hold_modifiers(call, error);
    return rc != PH_OK ? rc : input_pointer(call, to.x, to.y, call->c->buttons, error);
}

/* Where the pointer is. */
static int press(struct input_call *call, int button, bool down, ph_error *error)
{
    struct ph_client *c = call->c;
    uint8_t others = c->buttons & (uint8_t)~mask(button);
    return input_pointer(call, c->x, c->y, down ? others | mask(button) : others, error);
}

/* A button that is to be pressed is released first where it is down already. */
static int lift(struct input_call *call, int button, ph_error *error)
{
    call->buttons_before &= (uint8_t)~mask(button);
    return call->c->buttons & mask(button) ? press(call, button, false, error) : PH_OK;
}

/* ---- ph_move, ph_button ---- */

struct move {
    ph_point to;
    int button, down; /* button 0: none */
};

static int move(struct input_call *call, const void *what, ph_error *error)
{
    const struct move *m = what;
    int rc = go(call, m->to, error);
    if (rc == PH_OK && m->button != 0)
        rc = press(call, m->button, m->down != 0, error);
    if (rc == PH_OK)
        call->buttons_before = call->c->buttons;
    return rc;
}

int ph_move(ph_client *client, int x, int y, const ph_limit *limit, ph_error *error)
{
    const struct move m = {.to = {x, y}};
    return input_run(client, NULL, move, &m, limit, error);
}

int ph_button(ph_client *client, int x, int y, int button, int down, const ph_limit *limit,
              ph_error *error)
{
    const struct move m = {{x, y}, button, down};
    int rc = check_button(button, error);
    return rc != PH_OK ? rc : input_run(client, NULL, move, &m, limit, error);
}

/* ---- ph_click, ph_scroll ---- */

struct clicks {
    ph_point at;
    struct {
        int button, count;
    } parts[2]; /* of a scroll: down, then right */
};

/* Presses and releases each time. */
static int click(struct input_call *call, int button, int count, ph_error *error)
{
    const ph_input_options *o = &call->options;
    int rc = count > 0 ? lift(call, button, error) : PH_OK;
    for (int i = 0; i < count && rc == PH_OK; i++) {
        if (call->done != 0)
            rc = input_pause(call, o->interval_ms, error);
        if (rc == PH_OK)
            rc = press(call, button, true, error);
        if (rc == PH_OK)
            rc = input_pause(call, o->hold_ms, error);
        if (rc == PH_OK)
            rc = press(call, button, false, error);
        call->done += rc == PH_OK;
    }
    return rc;
}

static int clicks(struct input_call *call, const void *what, ph_error *error)
{
    const struct clicks *k = what;
    call->total = (size_t)k->parts[0].count + (size_t)k->parts[1].count;
    call->unit = k->parts[0].button < WHEEL_UP ? "clicks" : "steps";
    int rc = go(call, k->at, error);
    for (int i = 0; i < 2 && rc == PH_OK; i++)
        rc = click(call, k->parts[i].button, k->parts[i].count, error);
    return rc;
}

int ph_click(ph_client *client, int x, int y, int button, int count,
             const ph_input_options *options, const ph_limit *limit, ph_error *error)
{
    const struct clicks k = {{x, y}, {{button, count}, {button, 0}}};
    int rc = check_button(button, error);
    if (rc == PH_OK && (count < 1 || count > CLICKS_MAX))
        rc = error_set(error, PH_E_ARGUMENT, "%d clicks: 1 to %d are possible", count, CLICKS_MAX);
    return rc != PH_OK ? rc : input_run(client, options, clicks, &k, limit, error);
}

int ph_scroll(ph_client *client, int x, int y, int right, int down, const ph_input_options *options,
              const ph_limit *limit, ph_error *error)
{
    long steps = labs((long)right) + labs((long)down);
    if (steps < 1 || steps > SCROLL_MAX)
        return error_set(error, PH_E_ARGUMENT, "%ld scroll steps: 1 to %d are possible", steps,
                         SCROLL_MAX);
    const struct clicks k = {{x, y},
                             {{down > 0 ? WHEEL_DOWN : WHEEL_UP, abs(down)},
                              {right > 0 ? WHEEL_RIGHT : WHEEL_LEFT, abs(right)}}};
    return input_run(client, options, clicks, &k, limit, error);
}

/* ---- ph_drag ---- */

struct path {
    const ph_point *points;
    size_t count;
    int button;
};

/* Moves along a straight line, which begins where the pointer is, with the buttons as they are. */
static int drag_to(struct input_call *call, ph_point to, ph_error *error)
{
    const struct ph_client *c = call->c;
    int x = c->x, y = c->y, dx = to.x - x, dy = to.y - y;
    int longest = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
    int steps = (longest + DRAG_STEP - 1) / DRAG_STEP;
    int rc = PH_OK;
    for (int i = 1; i <= steps && rc == PH_OK; i++) {
        rc = input_pointer(call, x + dx * i / steps, y + dy * i / steps, c->buttons, error);
        if (rc == PH_OK)
            rc = input_pause(call, call->options.interval_ms, error);
    }
    return rc;
}

static int drag(struct input_call *call, const void *what, ph_error *error)
{
    const struct path *p = what;
    int rc = PH_OK;
    call->total = p->count;
    call->unit = "points";
    for (size_t i = 0; i < p->count && rc == PH_OK; i++)
        rc = check_place(call->c, p->points[i].x, p->points[i].y, error);
    if (rc == PH_OK)
        rc = go(call, p->points[0], error);
    if (rc == PH_OK)
        rc = lift(call, p->button, error);
    if (rc == PH_OK)
        rc = press(call, p->button, true, error);
    if (rc == PH_OK)
        rc = input_pause(call, call->options.hold_ms, error);
    call->done += rc == PH_OK;
    for (size_t i = 1; i < p->count && rc == PH_OK; i++) {
        rc = drag_to(call, p->points[i], error);
        call->done += rc == PH_OK;
    }
    if (rc == PH_OK)
        rc = input_pause(call, call->options.hold_ms, error);
    return rc != PH_OK ? rc : press(call, p->button, false, error);
}

int ph_drag(ph_client *client, const ph_point *points, size_t count, int button,
            const ph_input_options *options, const ph_limit *limit, ph_error *error)
{
    const struct path p = {points, count, button};
    int rc = check_button(button, error);
    if (rc == PH_OK && (count < 2 || count > DRAG_POINTS_MAX))
        rc = error_set(error, PH_E_ARGUMENT, "a drag along %zu points: 2 to %d are possible", count,
                       DRAG_POINTS_MAX);
    return rc != PH_OK ? rc : input_run(client, options, drag, &p, limit, error);
}
