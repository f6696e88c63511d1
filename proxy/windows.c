/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "windows.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/read.h"

enum {
    RECTS_MAX = 256, /* of a shape, or touched: as many as an agent tells */
    OWNERS_MAX = 16  /* a menu's dialog's window; an agent may be wrong about rings */
};

/* ---- reading; false: it is not as the protocol has it ---- */

static bool read_text(const json_t *json, const char *name, const char **to)
{
    *to = json_string_value(json_object_get(json, name));
    return *to != NULL;
}

static bool read_rect(const json_t *list, struct windows_rect *to)
{
    int numbers[4];
    if (!feed_read_rect(list, numbers))
        return false;
    *to = (struct windows_rect){numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

static bool read_rects(const json_t *list, struct windows_rect **to, size_t *count)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > RECTS_MAX)
        return false;
    *to = calloc(n + 1, sizeof **to);
    if (*to == NULL)
        return false;
    *count = n;
    for (size_t i = 0; i < n; i++)
        if (!read_rect(json_array_get(list, i), &(*to)[i]))
            return false;
    return true;
}

static bool read_shape(const json_t *json, struct window *w)
{
    const json_t *list = json_object_get(json, "shape");
    w->clips = list != NULL;
    return list == NULL || json_is_null(list) || read_rects(list, &w->shape, &w->shape_count);
}

static bool read_window(const json_t *json, struct window *w)
{
    const char *kind;
    bool override;
    if (!feed_read_id(json, "id", false, &w->id) || !feed_read_id(json, "owner", true, &w->owner) ||
        !read_text(json, "app", &w->app) || !read_text(json, "title", &w->title) ||
        !read_text(json, "kind", &kind) || !feed_read_flag(json, "mapped", &w->mapped) ||
        !feed_read_flag(json, "override_redirect", &override) ||
        !read_rect(json_object_get(json, "rect"), &w->rect) ||
        !read_rect(json_object_get(json, "frame_rect"), &w->frame) || !read_shape(json, w))
        return false;
    w->main =
        w->owner == 0 && !override && (strcmp(kind, "normal") == 0 || strcmp(kind, "dialog") == 0);
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    const struct window *x = *(const struct window *const *)a,
                        *y = *(const struct window *const *)b;
    return (x->id > y->id) - (x->id < y->id);
}

static bool read_all(struct windows *w)
{
    const json_t *screen = json_object_get(w->json, "screen");
    const json_t *list = json_object_get(w->json, "windows");
    json_int_t serial, width, height;
    if (!feed_read_number(w->json, "serial", 1, INT64_MAX, &serial) ||
        !feed_read_number(screen, "width", 1, UINT16_MAX, &width) ||
        !feed_read_number(screen, "height", 1, UINT16_MAX, &height) ||
        !feed_read_flag(w->json, "complete", &w->complete) ||
        !feed_read_flag(w->json, "compositing", &w->compositing) ||
        !feed_read_id(w->json, "focus", true, &w->focus) ||
        !read_rects(json_object_get(w->json, "touched"), &w->touched, &w->touched_count))
        return false;
    w->serial = (uint64_t)serial;
    w->width = (int)width;
    w->height = (int)height;
    for (size_t i = 0; i < w->count; i++)
        if (!read_window(json_array_get(list, i), &w->list[i]))
            return false;
    for (size_t i = 0; i < w->count; i++)
        w->by_id[i] = &w->list[i];
    qsort(w->by_id, w->count, sizeof *w->by_id, compare_ids);
    return true;
}

struct windows *windows_read(const json_t *line)
{
    const json_t *list = json_object_get(line, "windows");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > FEED_WINDOWS_MAX)
        return NULL;
    struct windows *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->refs = 1;
    w->json = json_incref((json_t *)(uintptr_t)line);
    w->list = calloc(n + 1, sizeof *w->list);
    w->by_id = calloc(n + 1, sizeof *w->by_id);
    bool room = w->list != NULL && w->by_id != NULL;
    w->count = room ? n : 0;
    if (room && read_all(w))
        return w;
    windows_unref(w);
    return NULL;
}

struct windows *windows_ref(struct windows *w)
{
    w->refs++;
    return w;
}

void windows_unref(struct windows *w)
{
    if (w == NULL || --w->refs != 0)
        return;
    for (size_t i = 0; i < w->count; i++)
        free(w->list[i].shape);
    free(w->list);
    free(w->by_id);
    free(w->touched);
    json_decref((json_t *)(uintptr_t)w->json);
    free(w);
}

/* ---- looking ---- */

/* A number and what ends it. */
static bool take_number(const char **at, char end, int *to)
{
    char *after;
    if (!isdigit((unsigned char)**at)) /* strtoul takes signs and blanks */
        return false;
    unsigned long n = strtoul(*at, &after, 10);
    if (n > UINT16_MAX || *after != end)
        return false;
    *to = (int)n;
    *at = after + 1;
    return true;
}

bool windows_parse_rect(const char *text, struct windows_rect *to)
{
    if (strncmp(text, "rect:", 5) != 0)
        return false;
    text += 5;
    return take_number(&text, 'x', &to->width) && take_number(&text, '+', &to->height) &&
           take_number(&text, '+', &to->x) && take_number(&text, '\0', &to->y) && to->width != 0 &&
           to->height != 0;
}

bool windows_is_selector(const char *text)
{
    uint32_t id;
    struct windows_rect rect;
    if (strncmp(text, "rect:", 5) == 0)
        return windows_parse_rect(text, &rect);
    if (strncmp(text, "0x", 2) == 0)
        return feed_parse_id(text, &id);
    if (strncmp(text, "app:", 4) == 0)
        text += 4;
    else if (strncmp(text, "title:", 6) == 0)
        text += 6;
    else if (strncmp(text, "pid:", 4) == 0)
        return false; /* porthole(1) knows it, but a process is not there for long enough */
    return text[0] != '\0';
}

bool windows_needs_agent(const char *selector)
{
    struct windows_rect unused;
    return selector[0] != '\0' && !windows_parse_rect(selector, &unused);
}

static bool fits(const struct window *w, const char *selector)
{
    uint32_t id;
    if (strncmp(selector, "0x", 2) == 0)
        return feed_parse_id(selector, &id) && w->id == id;
    if (strncmp(selector, "title:", 6) == 0)
        return fnmatch(selector + 6, w->title, 0) == 0;
    return strcasecmp(w->app, strncmp(selector, "app:", 4) == 0 ? selector + 4 : selector) == 0;
}

bool windows_still_fits(const struct window *one, const char *selector)
{
    return strncmp(selector, "title:", 6) == 0 || fits(one, selector);
}

const struct window *windows_select(const struct windows *w, const char *selector)
{
    const struct window *hidden = NULL;
    for (size_t i = w->count; i > 0; i--) {
        const struct window *one = &w->list[i - 1];
        if (!one->main || !fits(one, selector))
            continue;
        if (one->mapped)
            return one;
        if (hidden == NULL)
            hidden = one;
    }
    return hidden;
}

const struct window *windows_find(const struct windows *w, uint32_t id)
{
    const struct window wanted = {.id = id}, *key = &wanted;
    const struct window **found =
        w->count != 0 ? bsearch(&key, w->by_id, w->count, sizeof *w->by_id, compare_ids) : NULL;
    return found != NULL ? *found : NULL;
}

static const struct window *owner_of(const struct windows *w, const struct window *one)
{
    return one->owner != 0 ? windows_find(w, one->owner) : NULL;
}

void windows_mark_owners(const struct windows *w, const struct window *one, bool *marks)
{
    for (int i = 0; one != NULL && i < OWNERS_MAX; i++, one = owner_of(w, one))
        marks[one - w->list] = true;
}

bool windows_belongs(const struct windows *w, const struct window *one, uint32_t main)
{
    for (int i = 0; one != NULL && i < OWNERS_MAX; i++, one = owner_of(w, one))
        if (one->id == main)
            return true;
    return false;
}
