/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer that is told which windows its desktop has, and shown none: a JSON text message for each
 * change of what is told of them (portholed(8), /windows). While it does not read, nothing is
 * gathered: then it gets the newest. Nothing is said of menus, panels and where windows are. */
#include <stdlib.h>
#include <string.h>

#include <pixman.h>

#include "viewer_private.h"

enum {
    LIST_BYTES_MAX = SCRATCH_UP, /* of a message, as much as one send takes */
    LIST_WINDOWS_MAX = 1024      /* of them, if they have short titles */
};

struct viewer_list {
    struct viewer *viewer;
    struct feed_client feed;
    char *told; /* the newest message */
    size_t told_len;
};

static struct viewer_list *list_of(struct feed_client *c)
{
    return (struct viewer_list *)((char *)c - offsetof(struct viewer_list, feed));
}

/* ---- the message ---- */

/* The part of it that is on the screen; empty where there is none. */
static pixman_box32_t on_screen(const struct windows *w, const struct windows_rect *r)
{
    int right = r->x + r->width, bottom = r->y + r->height;
    return (pixman_box32_t){r->x > 0 ? r->x : 0, r->y > 0 ? r->y : 0,
                            right < w->width ? right : w->width,
                            bottom < w->height ? bottom : w->height};
}

/* Of which windows, or of what belongs to them, something can be seen: a stream of another is
 * black (crop_view.c). One for each of the list, the caller's. NULL: out of memory. */
static bool *find_seen(const struct windows *w)
{
    bool *seen = calloc(w->count + 1, sizeof *seen);
    pixman_region32_t above;
    pixman_region32_init(&above);
    for (size_t i = w->count; seen != NULL && i > 0; i--) {
        const struct window *one = &w->list[i - 1];
        pixman_box32_t box = on_screen(w, &one->rect);
        if (!one->mapped)
            continue;
        if (box.x1 < box.x2 && box.y1 < box.y2 &&
            pixman_region32_contains_rectangle(&above, &box) != PIXMAN_REGION_IN)
            windows_mark_owners(w, one, seen);
        box = on_screen(w, &one->frame);
        if (box.x1 < box.x2 && box.y1 < box.y2)
            pixman_region32_union_rect(&above, &above, box.x1, box.y1, (unsigned)(box.x2 - box.x1),
                                       (unsigned)(box.y2 - box.y1));
    }
    pixman_region32_fini(&above);
    return seen;
}

static json_t *describe_one(const struct window *w, bool seen)
{
    char id[16];
    snprintf(id, sizeof id, "0x%x", w->id);
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:b, s:b}", "id", id, "app", w->app, "title",
                     w->title, "width", w->rect.width, "height", w->rect.height, "mapped",
                     w->mapped, "visible", seen);
}

/* The topmost main windows, as many as there may be, bottom to top. NULL: out of memory. */
static json_t *describe(const struct windows *w, const bool *seen, size_t most)
{
    json_t *list = json_array();
    bool all = w->complete;
    for (size_t i = w->count; i > 0; i--) {
        if (!w->list[i - 1].main)
            continue;
        all = all && json_array_size(list) < most;
        if (json_array_size(list) < most &&
            json_array_insert_new(list, 0, describe_one(&w->list[i - 1], seen[i - 1])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:o, s:b}", "windows", list, "complete", all);
}

/* Its length; 0: out of memory. It stands behind room for a WebSocket head, and is the caller's. */
static size_t print(const struct windows *w, uint8_t **message)
{
    uint8_t *room = malloc(WS_HEAD_MAX + LIST_BYTES_MAX);
    bool *seen = find_seen(w);
    size_t len = seen != NULL ? LIST_BYTES_MAX + 1 : 0;
    for (size_t most = LIST_WINDOWS_MAX; room != NULL && len > LIST_BYTES_MAX; most /= 2) {
        json_t *json = describe(w, seen, most);
        len = json != NULL
                  ? json_dumpb(json, (char *)room + WS_HEAD_MAX, LIST_BYTES_MAX, JSON_COMPACT)
                  : 0;
        json_decref(json);
    }
    free(seen);
    *message = room;
    return room != NULL ? len : 0;
}

/* ---- telling ---- */

/* True: it is another than the last, and takes its place. */
static bool is_news(struct viewer_list *l, const char *text, size_t len)
{
    if (len == l->told_len && memcmp(text, l->told, len) == 0)
        return false;
    char *copy = realloc(l->told, len);
    if (copy == NULL)
        return true; /* the next may be told twice */
    memcpy(copy, text, len);
    l->told = copy;
    l->told_len = len;
    return true;
}

void viewer_list_settle(struct viewer *v)
{
    struct viewer_list *l = v->list;
    const struct windows *newest = feed_newest(&l->feed);
    uint8_t *message;
    if (newest == NULL || v->conn.out.queued != 0)
        return;
    size_t len = print(newest, &message);
    if (len == 0)
        viewer_leave_out_of_memory(v);
    else if (is_news(l, (char *)message + WS_HEAD_MAX, len) &&
             relay_frame(&v->relay, WSLAY_TEXT_FRAME, message + WS_HEAD_MAX, len) != 0)
        viewer_drop(v, ENDING_BROKEN, "the connection to the viewer broke");
    free(message);
}

/* ---- events of the agent ---- */

static void on_windows(struct feed_client *c, struct windows *w)
{
    (void)w;
    viewer_list_settle(list_of(c)->viewer);
}

static void on_lost(struct feed_client *c, const char *why)
{
    viewer_lose_agent(list_of(c)->viewer, why);
}

static const struct feed_events feed_events = {.windows = on_windows, .lost = on_lost};

/* ---- life ---- */

void viewer_begin_list(struct viewer *v)
{
    struct viewer_env *env = v->env;
    const struct config_agent *agent = v->stream->config->desktop->agent;
    uint64_t interval = v->service->config->ping_interval * 1000ULL;
    struct viewer_list *l = calloc(1, sizeof *l);
    if (l == NULL || feed_attach(&env->feeds, env->loop, agent, &l->feed, &feed_events) != 0) {
        free(l);
        viewer_leave_out_of_memory(v);
        return;
    }
    l->viewer = v;
    v->list = l;
    viewer_set_state(v, VIEWER_LISTING);
    viewer_arm(v, interval, interval);
    viewer_list_settle(v);
}

void viewer_leave_list(struct viewer *v)
{
    if (v->list != NULL)
        feed_detach(&v->list->feed);
}

void viewer_free_list(struct viewer *v)
{
    if (v->list != NULL)
        free(v->list->told);
    free(v->list);
}
