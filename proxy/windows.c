/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "windows.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    FAR = 1 << 20,   /* X11 has 16 bits; sums of a few have few more */
    RECTS_MAX = 256, /* of a shape, or touched: as many as an agent tells */
    OWNERS_MAX = 16  /* a menu's dialog's window; an agent may be wrong about rings */
};

/* ---- reading; false: it is not as the protocol has it ---- */

static bool read_text(const json_t *json, const char *name, const char **to)
{
    *to = json_string_value(json_object_get(json, name));
    return *to != NULL;
}

static bool read_flag(const json_t *json, const char *name, bool *to)
{
    const json_t *value = json_object_get(json, name);
    *to = json_is_true(value);
    return json_is_boolean(value);
}

static bool parse_id(const char *text, uint32_t *to)
{
    *to = 0;
    if (strncmp(text, "0x", 2) != 0)
        return false;
    size_t n = strspn(text + 2, "0123456789abcdef");
    *to = (uint32_t)strtoul(text + 2, NULL, 16);
    return n >= 1 && n <= 8 && text[2 + n] == '\0' && *to != 0;
}

static bool read_id(const json_t *json, const char *name, bool may_lack, uint32_t *to)
{
    const json_t *value = json_object_get(json, name);
    const char *text = json_string_value(value);
    *to = 0;
    return text != NULL ? parse_id(text, to) : may_lack && json_is_null(value);
}

static bool read_rect(const json_t *list, struct windows_rect *to)
{
    int numbers[4];
    if (json_array_size(list) != 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        const json_t *value = json_array_get(list, i);
        json_int_t n = json_integer_value(value);
        if (!json_is_integer(value) || n < (i < 2 ? -FAR : 0) || n > FAR)
            return false;
        numbers[i] = (int)n;
    }
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
    if (!read_id(json, "id", false, &w->id) || !read_id(json, "owner", true, &w->owner) ||
        !read_text(json, "app", &w->app) || !read_text(json, "title", &w->title) ||
        !read_text(json, "kind", &kind) || !read_flag(json, "mapped", &w->mapped) ||
        !read_flag(json, "override_redirect", &override) ||
        !read_rect(json_object_get(json, "rect"), &w->rect) ||
        !read_rect(json_object_get(json, "frame_rect"), &w->frame) || !read_shape(json, w))
        return false;
    w->main =
        w->owner == 0 && !override && (strcmp(kind, "normal") == 0 || strcmp(kind, "dialog") == 0);
    return true;
}

static bool read_size(const json_t *json, const char *name, int *to)
{
    const json_t *value = json_object_get(json, name);
    json_int_t n = json_integer_value(value);
    *to = (int)n;
    return json_is_integer(value) && n >= 1 && n <= UINT16_MAX;
}

static bool read_all(struct windows *w)
{
    const json_t *screen = json_object_get(w->json, "screen");
    const json_t *serial = json_object_get(w->json, "serial");
    const json_t *list = json_object_get(w->json, "windows");
    w->serial = (uint64_t)json_integer_value(serial);
    if (!json_is_integer(serial) || json_integer_value(serial) < 1 ||
        !read_size(screen, "width", &w->width) || !read_size(screen, "height", &w->height) ||
        !read_flag(w->json, "complete", &w->complete) ||
        !read_flag(w->json, "compositing", &w->compositing) ||
        !read_id(w->json, "focus", true, &w->focus) ||
        !read_rects(json_object_get(w->json, "touched"), &w->touched, &w->touched_count))
        return false;
    for (size_t i = 0; i < w->count; i++)
        if (!read_window(json_array_get(list, i), &w->list[i]))
            return false;
    return true;
}

struct windows *windows_read(const json_t *line)
{
    const json_t *list = json_object_get(line, "windows");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > WINDOWS_MAX)
        return NULL;
    struct windows *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->refs = 1;
    w->json = json_incref((json_t *)(uintptr_t)line);
    w->list = calloc(n + 1, sizeof *w->list);
    w->count = w->list != NULL ? n : 0;
    if (w->list != NULL && read_all(w))
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
    free(w->touched);
    json_decref(w->json);
    free(w);
}

/* ---- looking ---- */

bool windows_is_selector(const char *text)
{
    uint32_t id;
    if (strncmp(text, "0x", 2) == 0)
        return parse_id(text, &id);
    if (strncmp(text, "app:", 4) == 0)
        text += 4;
    else if (strncmp(text, "title:", 6) == 0)
        text += 6;
    else if (strncmp(text, "pid:", 4) == 0)
        return false; /* porthole(1) knows it, but a process is not there for long enough */
    return text[0] != '\0';
}

static bool fits(const struct window *w, const char *selector)
{
    uint32_t id;
    if (strncmp(selector, "0x", 2) == 0)
        return parse_id(selector, &id) && w->id == id;
    if (strncmp(selector, "title:", 6) == 0)
        return fnmatch(selector + 6, w->title, 0) == 0;
    return strcasecmp(w->app, strncmp(selector, "app:", 4) == 0 ? selector + 4 : selector) == 0;
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
    for (size_t i = 0; i < w->count; i++)
        if (w->list[i].id == id)
            return &w->list[i];
    return NULL;
}

bool windows_belongs(const struct windows *w, const struct window *one, uint32_t main)
{
    for (int i = 0; one != NULL && i < OWNERS_MAX; i++) {
        if (one->id == main)
            return true;
        one = one->owner != 0 ? windows_find(w, one->owner) : NULL;
    }
    return false;
}
