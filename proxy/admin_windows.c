/* SPDX-License-Identifier: GPL-2.0-or-later
 * The windows of a desktop: its agent is asked, and only who wants to know them waits for it. */
#include <stddef.h>
#include <string.h>

#include "admin_private.h"
#include "feed/read.h"

/* What is told of a window: as the feed has it (docs/PROTOCOL.feed), what porthole(1) shows. */
static const char *const fields[] = {"id",    "app",  "title",      "kind",   "pid",
                                     "owner", "rect", "frame_rect", "mapped", "states"};

/* ---- what streams have no use for, and windows_read has not looked at ---- */

static bool are_texts(const json_t *list)
{
    const json_t *value;
    size_t at;
    json_array_foreach(list, at, value)
    {
        if (!json_is_string(value))
            return false;
    }
    return json_is_array(list);
}

static bool makes_sense(const struct windows *w)
{
    const json_t *manager = json_object_get(w->json, "manager"), *window;
    json_int_t pid;
    size_t at;
    json_array_foreach(json_object_get(w->json, "windows"), at, window)
    {
        if (!feed_read_number(window, "pid", 0, UINT32_MAX, &pid) ||
            !are_texts(json_object_get(window, "states")))
            return false;
    }
    return json_is_null(manager) || json_is_string(manager);
}

/* ---- the answer; NULL: out of memory ---- */

static json_t *describe_one(const json_t *window)
{
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (json_object_set(json, fields[i], json_object_get(window, fields[i])) == 0)
            continue;
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *describe_all(const struct windows *w)
{
    const json_t *window;
    size_t at;
    json_t *list = json_array();
    json_array_foreach(json_object_get(w->json, "windows"), at, window)
    {
        if (json_array_append_new(list, describe_one(window)) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *describe(const struct windows *w, const char *desktop)
{
    return json_pack("{s:s, s:I, s:{s:i, s:i}, s:O, s:b, s:b, s:O, s:o}", "desktop", desktop,
                     "serial", (json_int_t)w->serial, "screen", "width", w->width, "height",
                     w->height, "manager", json_object_get(w->json, "manager"), "compositing",
                     w->compositing, "complete", w->complete, "focus",
                     json_object_get(w->json, "focus"), "windows", describe_all(w));
}

/* ---- the agent ---- */

static void refuse(struct admin_answer *out, unsigned status, const char *why)
{
    admin_refuse(out, status, "the agent of desktop \"%s\" cannot be asked: %s", out->desktop, why);
}

/* The agent is let go: by then what it told would be old. */
static void take(struct admin_answer *out, const struct windows *w)
{
    if (makes_sense(w))
        admin_put_json(out, 200, describe(w, out->desktop));
    else
        refuse(out, 502, "its snapshot makes no sense");
    feed_detach(&out->feed);
}

static struct admin_answer *answer_of(struct feed_client *c)
{
    return (struct admin_answer *)((char *)c - offsetof(struct admin_answer, feed));
}

static void on_windows(struct feed_client *c, struct windows *w)
{
    struct admin_answer *out = answer_of(c);
    take(out, w);
    out->ready(out);
}

static void on_lost(struct feed_client *c, const char *why)
{
    struct admin_answer *out = answer_of(c);
    refuse(out, c->late ? 504 : 502, why);
    out->ready(out);
}

static const struct feed_events events = {.windows = on_windows, .lost = on_lost};

void admin_drop(struct admin_answer *answer)
{
    feed_detach(&answer->feed);
}

/* The configuration may be another by the time the agent answers: nothing of it is kept. */
void admin_list_windows(struct admin *a, const char *id, const json_t *body,
                        struct admin_answer *out)
{
    (void)body;
    const struct config_desktop *d = config_find_desktop(a->service->config, id);
    if (d == NULL) {
        admin_refuse(out, 404, "there is no desktop \"%.32s\"", id);
        return;
    }
    if (d->agent == NULL) {
        admin_refuse(out, 409, ADMIN_NO_AGENT, d->name);
        return;
    }
    memcpy(out->desktop, d->name, sizeof out->desktop);
    if (feed_attach(&a->feeds, a->loop, d->agent, &out->feed, &events) != 0)
        return; /* out of memory */
    struct windows *newest = feed_newest(&out->feed);
    out->awaited = newest == NULL;
    if (newest != NULL)
        take(out, newest);
}
