/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "windows/list.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/read.h"
#include "rfb/text.h"

/* The public part is last, so that it may grow. */
struct list {
    atomic_uint refs;
    json_t *json; /* its texts are the windows' */
    ph_window *windows;
    const ph_window **pointers;
    ph_window_list shown;
};

static struct list *owner_of(const ph_window_list *list)
{
    return (struct list *)((char *)(uintptr_t)list - offsetof(struct list, shown));
}

/* ---- reading; each false: it is not what the protocol says ---- */

/* Callers print it, and who runs in the desktop chooses it: no terminal is to obey it. In place, in
 * what nobody else has seen yet. */
static const char *printable(const json_t *value)
{
    char *text = (char *)(uintptr_t)json_string_value(value);
    if (text != NULL)
        rfb_text_make_printable(text);
    return text;
}

static bool read_text(const json_t *json, const char *name, const char **to)
{
    *to = printable(json_object_get(json, name));
    return *to != NULL;
}

static bool read_flag(const json_t *json, const char *name, int *to)
{
    bool flag, good = feed_read_flag(json, name, &flag);
    *to = flag;
    return good;
}

static bool read_rect(const json_t *json, const char *name, ph_rect *to)
{
    int numbers[4];
    if (!feed_read_rect(json_object_get(json, name), numbers))
        return false;
    *to = (ph_rect){numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

static bool read_states(const json_t *json, unsigned *to)
{
    static const struct {
        const char *word;
        unsigned bit;
    } known[] = {
        {"focused", PH_WINDOW_FOCUSED},     {"minimized", PH_WINDOW_MINIMIZED},
        {"maximized", PH_WINDOW_MAXIMIZED}, {"fullscreen", PH_WINDOW_FULLSCREEN},
        {"modal", PH_WINDOW_MODAL},         {"above", PH_WINDOW_ABOVE},
        {"below", PH_WINDOW_BELOW},         {"attention", PH_WINDOW_ATTENTION},
    };
    const json_t *list = json_object_get(json, "states"), *value;
    size_t at;
    *to = 0;
    json_array_foreach(list, at, value)
    {
        const char *word = json_string_value(value);
        for (size_t i = 0; word != NULL && i < sizeof known / sizeof known[0]; i++)
            if (strcmp(known[i].word, word) == 0)
                *to |= known[i].bit;
    }
    return json_is_array(list);
}

static bool read_window(const json_t *json, ph_window *w)
{
    json_int_t pid;
    bool good = feed_read_id(json, "id", false, &w->id) &&
                feed_read_id(json, "owner", true, &w->owner) && read_text(json, "app", &w->app) &&
                read_text(json, "title", &w->title) && read_text(json, "kind", &w->kind) &&
                feed_read_number(json, "pid", 0, UINT32_MAX, &pid) &&
                read_rect(json, "rect", &w->rect) && read_rect(json, "frame_rect", &w->frame) &&
                read_flag(json, "mapped", &w->mapped) &&
                read_flag(json, "override_redirect", &w->override_redirect) &&
                read_states(json, &w->states);
    w->pid = good ? (uint32_t)pid : 0;
    return good;
}

static bool read_list(struct list *l)
{
    ph_window_list *to = &l->shown;
    const json_t *screen = json_object_get(l->json, "screen");
    const json_t *manager = json_object_get(l->json, "manager");
    const json_t *windows = json_object_get(l->json, "windows");
    json_int_t serial, width, height;
    if (!feed_read_number(l->json, "serial", 1, INT64_MAX, &serial) ||
        !feed_read_number(screen, "width", 1, UINT16_MAX, &width) ||
        !feed_read_number(screen, "height", 1, UINT16_MAX, &height) ||
        !read_flag(l->json, "compositing", &to->compositing) ||
        !read_flag(l->json, "complete", &to->complete) ||
        !(json_is_null(manager) || json_is_string(manager)))
        return false;
    to->serial = (uint64_t)serial;
    to->width = (int)width;
    to->height = (int)height;
    to->manager = printable(manager);
    for (size_t i = 0; i < to->count; i++) {
        if (!read_window(json_array_get(windows, i), &l->windows[i]))
            return false;
        l->pointers[i] = &l->windows[i];
    }
    return true;
}

/* ---- life ---- */

static void destroy(struct list *l)
{
    json_decref(l->json);
    free(l->windows);
    free(l->pointers);
    free(l);
}

ph_window_list *list_make(const json_t *json, int *no_memory)
{
    const json_t *windows = json_object_get(json, "windows");
    size_t n = json_array_size(windows);
    *no_memory = 0;
    if (!json_is_array(windows) || n > FEED_WINDOWS_MAX)
        return NULL;
    struct list *l = calloc(1, sizeof *l);
    if (l != NULL) {
        l->json = json_incref((json_t *)(uintptr_t)json);
        l->windows = calloc(n + 1, sizeof *l->windows);
        l->pointers = calloc(n + 1, sizeof(const ph_window *));
    }
    if (l == NULL || l->windows == NULL || l->pointers == NULL) {
        *no_memory = 1;
        if (l != NULL)
            destroy(l);
        return NULL;
    }
    atomic_init(&l->refs, 1);
    l->shown.count = n;
    l->shown.windows = l->pointers;
    if (read_list(l))
        return &l->shown;
    destroy(l);
    return NULL;
}

const ph_window_list *list_ref(const ph_window_list *list)
{
    atomic_fetch_add(&owner_of(list)->refs, 1);
    return list;
}

void ph_window_list_unref(const ph_window_list *list)
{
    if (list != NULL && atomic_fetch_sub(&owner_of(list)->refs, 1) == 1)
        destroy(owner_of(list));
}

/* ---- looking ---- */

static bool fits(const ph_window *w, const ph_window_match *m)
{
    return (m->id == 0 || m->id == w->id) && (m->pid == 0 || m->pid == w->pid) &&
           (m->app == NULL || strcasecmp(m->app, w->app) == 0) &&
           (m->title == NULL || fnmatch(m->title, w->title, 0) == 0) &&
           (m->kind == NULL || strcmp(m->kind, w->kind) == 0) && (!m->mapped || w->mapped) &&
           (w->states & m->states) == m->states;
}

const ph_window *ph_window_list_find(const ph_window_list *list, const ph_window_match *match)
{
    for (size_t i = list->count; i > 0; i--)
        if (fits(list->windows[i - 1], match))
            return list->windows[i - 1];
    return NULL;
}
