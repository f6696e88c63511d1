/* SPDX-License-Identifier: GPL-2.0-or-later
 * An action with what it expects of the screen. */
#include <limits.h>
#include <string.h>

#include "action.h"

enum { AROUND = 16, DAMAGE_MAX = 64 };

ph_limit action_limit(const struct action_context *context, const struct action_values *values,
                      int64_t waits_ms)
{
    int64_t ms = values->timeout_ms != 0 ? values->timeout_ms : context->limit.timeout_ms;
    ms += waits_ms;
    return (ph_limit){.timeout_ms = ms > INT_MAX ? -1 : (int)ms, .cancel = context->limit.cancel};
}

void action_hold(struct action_context *context, ph_frame *frame, json_t *answer)
{
    json_object_set_new(answer, "sequence", json_integer((json_int_t)ph_frame_sequence(frame)));
    ph_frame_unref(context->held[ACTION_HELD - 1]);
    for (size_t i = ACTION_HELD - 1; i > 0; i--)
        context->held[i] = context->held[i - 1];
    context->held[0] = frame;
}

const ph_frame *action_held(const struct action_context *context, int64_t sequence)
{
    for (size_t i = 0; i < ACTION_HELD && context->held[i] != NULL; i++)
        if (ph_frame_sequence(context->held[i]) == (uint64_t)sequence)
            return context->held[i];
    return NULL;
}

void action_context_finish(struct action_context *context)
{
    for (size_t i = 0; i < ACTION_HELD; i++) {
        ph_frame_unref(context->held[i]);
        context->held[i] = NULL;
    }
}

/* ---- unless_changed_since ---- */

static ph_rect intersect(const ph_rect *a, const ph_rect *b)
{
    int x0 = a->x > b->x ? a->x : b->x, y0 = a->y > b->y ? a->y : b->y;
    int x1 = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
    int y1 = a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;
    return x1 > x0 && y1 > y0 ? (ph_rect){x0, y0, x1 - x0, y1 - y0} : (ph_rect){0, 0, 0, 0};
}

static ph_rect whole(const ph_frame *frame)
{
    return (ph_rect){0, 0, ph_frame_width(frame), ph_frame_height(frame)};
}

/* The region that must not have changed, inside the frame: as told, else around where the action
 * begins, else the whole screen. */
static ph_rect region_of(const struct action_values *v, const ph_frame *frame)
{
    const struct action_point *point =
        v->start_coordinate.given ? &v->start_coordinate : &v->coordinate;
    const ph_point at = v->path.count != 0 ? v->path.points[0] : point->at;
    const ph_rect screen = whole(frame);
    const ph_rect around = {at.x - AROUND, at.y - AROUND, AROUND * 2 + 1, AROUND * 2 + 1};
    if (v->unchanged_region.given)
        return intersect(&v->unchanged_region.rect, &screen);
    return v->path.count != 0 || point->given ? intersect(&around, &screen) : screen;
}

static bool pixels_differ(const ph_frame *a, const ph_frame *b, const ph_rect *r)
{
    const size_t stride = (size_t)ph_frame_width(a);
    if (ph_frame_width(a) != ph_frame_width(b) || ph_frame_height(a) != ph_frame_height(b))
        return true;
    for (int y = r->y; y < r->y + r->height; y++) {
        size_t at = (size_t)y * stride + (size_t)r->x;
        if (memcmp(ph_frame_pixels(a) + at, ph_frame_pixels(b) + at,
                   (size_t)r->width * sizeof(uint32_t)) != 0)
            return true;
    }
    return false;
}

/* By the pixels where that frame is held, else by what has been painted since. */
static bool has_changed(const struct action_context *context, const ph_frame *now, int64_t since,
                        const ph_rect *region)
{
    ph_rect damage[DAMAGE_MAX];
    const ph_frame *then = action_held(context, since);
    if (then != NULL)
        return pixels_differ(now, then, region);
    size_t count = ph_frame_damage(now, (uint64_t)since, damage, DAMAGE_MAX);
    for (size_t i = 0; i < count; i++)
        if (intersect(&damage[i], region).width != 0)
            return true;
    return false;
}

static int check_unchanged(struct action_context *context, const struct action_values *v,
                           const ph_frame *now, ph_error *error)
{
    const int64_t since = v->unless_changed_since, newest = (int64_t)ph_frame_sequence(now);
    if (since == 0)
        return PH_OK;
    if (since > newest)
        return action_error(error, PH_E_ARGUMENT,
                            "unless_changed_since is %lld, and the newest frame is %lld",
                            (long long)since, (long long)newest);
    const ph_rect region = region_of(v, now);
    if (region.width == 0)
        return action_error(error, PH_E_ARGUMENT, "the region is outside the %dx%d screen",
                            ph_frame_width(now), ph_frame_height(now));
    if (has_changed(context, now, since, &region))
        return action_error(error, PH_E_REFUSED,
                            "something in %d,%d %dx%d has changed since frame %lld: look again",
                            region.x, region.y, region.width, region.height, (long long)since);
    return PH_OK;
}

/* ---- an action ---- */

/* What the action was to bring about. The frame that shows it is held: it is what the caller knows
 * the screen by. */
static int await_expected(struct action_context *context, const struct action_values *v,
                          const ph_frame *before, json_t *answer, ph_error *error)
{
    static const ph_rect screen = {0, 0, 0, 0};
    ph_frame *frame = NULL;
    int rc = PH_OK;
    if (v->expect_change.given)
        rc = action_await_change(context, v, &v->expect_change.rect, before, &frame, error);
    if (rc == PH_OK && v->wait_quiet_ms != 0) {
        ph_frame_unref(frame);
        frame = NULL;
        rc = action_await_quiet(context, v, &screen, v->wait_quiet_ms, answer, &frame, error);
    }
    if (frame != NULL)
        action_hold(context, frame, answer);
    return rc;
}

static int run(struct action_context *context, const struct action *action, json_t *answer,
               bool *done, ph_error *error)
{
    const struct action_values *v = &action->values;
    const ph_limit limit = action_limit(context, v, 0);
    ph_frame *before;
    int rc = ph_frame_get(context->client, 0, &limit, &before, error);
    if (rc != PH_OK)
        return rc;
    rc = check_unchanged(context, v, before, error);
    if (rc == PH_OK && action->spec->looks)
        rc = await_expected(context, v, before, answer, error);
    if (rc == PH_OK) {
        rc = action->spec->run(context, v, answer, error);
        *done = rc == PH_OK;
    }
    if (rc == PH_OK && !action->spec->looks)
        rc = await_expected(context, v, before, answer, error);
    ph_frame_unref(before);
    return rc;
}

int action_run(struct action_context *context, const struct action *action, json_t *answer,
               ph_error *error)
{
    const ph_limit at_once = {.timeout_ms = 0};
    bool done = false;
    ph_frame *newest;
    int rc = run(context, action, answer, &done, error);
    if (rc != PH_OK)
        json_object_set_new(answer, "done", json_boolean(done));
    if (json_object_get(answer, "sequence") == NULL &&
        ph_frame_get(context->client, 0, &at_once, &newest, NULL) == PH_OK) {
        json_object_set_new(answer, "sequence",
                            json_integer((json_int_t)ph_frame_sequence(newest)));
        ph_frame_unref(newest);
    }
    return rc;
}
