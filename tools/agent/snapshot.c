/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot.h"

#include <stdio.h>

#include "owner.h"

static const char *const kinds[WINDOW_KINDS] = {
    [WINDOW_NORMAL] = "normal",   [WINDOW_DIALOG] = "dialog",
    [WINDOW_MENU] = "menu",       [WINDOW_TOOLTIP] = "tooltip",
    [WINDOW_UTILITY] = "utility", [WINDOW_TOOLBAR] = "toolbar",
    [WINDOW_SPLASH] = "splash",   [WINDOW_NOTIFICATION] = "notification",
    [WINDOW_DOCK] = "dock",       [WINDOW_DESKTOP] = "desktop",
    [WINDOW_POPUP] = "popup",
};

static const struct {
    unsigned bit;
    const char *word;
} states[] = {
    {WINDOW_MINIMIZED, "minimized"},   {WINDOW_MAXIMIZED, "maximized"},
    {WINDOW_FULLSCREEN, "fullscreen"}, {WINDOW_MODAL, "modal"},
    {WINDOW_ABOVE, "above"},           {WINDOW_BELOW, "below"},
    {WINDOW_ATTENTION, "attention"},
};

void snapshot_put_id(char text[SNAPSHOT_ID_SIZE], xcb_window_t id)
{
    snprintf(text, SNAPSHOT_ID_SIZE, "0x%x", id);
}

static json_t *id_or_null(const struct window *w)
{
    char text[SNAPSHOT_ID_SIZE];
    if (w == NULL)
        return json_null();
    snapshot_put_id(text, w->client);
    return json_string(text);
}

static json_t *rect(const struct rect *r)
{
    return json_pack("[i,i,i,i]", r->x, r->y, r->width, r->height);
}

static json_t *list_states(const struct tree *t, const struct window *w)
{
    json_t *list = json_array();
    if (w->frame == t->focus)
        json_array_append_new(list, json_string("focused"));
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (w->states & states[i].bit)
            json_array_append_new(list, json_string(states[i].word));
    return list;
}

static json_t *shape(const struct window *w)
{
    if (w->shape_count < 0)
        return json_null();
    json_t *list = json_array();
    for (int i = 0; i < w->shape_count; i++)
        json_array_append_new(list, rect(&w->shape[i]));
    return list;
}

static json_t *describe(const struct tree *t, const struct window *w)
{
    const uint32_t mask = xcb_get_setup(t->display->x)->resource_id_mask;
    const struct window *owner = owner_find(t, w, mask);
    const struct window *named = w->app[0] == '\0' && owner != NULL ? owner : w;
    char id[SNAPSHOT_ID_SIZE], frame[SNAPSHOT_ID_SIZE];
    snapshot_put_id(id, w->client);
    snapshot_put_id(frame, w->frame);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:b, s:b, s:o}", "id", id,
                  "frame", frame, "app", named->app, "instance", named->instance, "title", w->title,
                  "pid", (json_int_t)w->pid, "kind", kinds[w->kind], "owner", id_or_null(owner),
                  "rect", rect(&w->inner), "frame_rect", rect(&w->outer), "mapped", w->mapped,
                  "override_redirect", w->override_redirect, "states", list_states(t, w));
    if (json != NULL && w->shaped)
        json_object_set_new(json, "shape", shape(w));
    return json;
}

/* One that was never shown is nobody's business; neither is one that shows nothing. */
static bool is_told(const struct window *w)
{
    return !w->input_only && (w->mapped || w->managed);
}

json_t *snapshot_make(const struct tree *t)
{
    json_t *list = json_array(), *touched = json_array();
    for (int i = 0; i < t->touched_count; i++)
        json_array_append_new(touched, rect(&t->touched[i]));
    const struct window *focus = t->focus != XCB_NONE ? tree_find(t, t->focus) : NULL;
    for (int i = 0; i < t->count; i++)
        if (is_told(t->windows[i]))
            json_array_append_new(list, describe(t, t->windows[i]));
    return json_pack("{s:{s:i, s:i}, s:o, s:b, s:b, s:o, s:o, s:o}", "screen", "width", t->width,
                     "height", t->height, "manager",
                     t->manager[0] != '\0' ? json_string(t->manager) : json_null(), "compositing",
                     t->compositing, "complete", t->left_out == 0, "focus", id_or_null(focus),
                     "touched", touched, "windows", list);
}
