/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "owner.h"

enum { CHAIN_MAX = 16 /* a submenu's menu's dialog's window; clients may make rings */ };

bool owner_is_main(const struct tree *t, const struct window *w)
{
    /* what a window manager does not manage is its own: a frame that has no client yet */
    return w->kind == WINDOW_NORMAL && w->transient_for == XCB_NONE && !w->override_redirect &&
           (w->managed || t->manager[0] == '\0');
}

static bool same_group(const struct window *w, const struct window *main)
{
    const xcb_window_t a[] = {w->group, w->leader}, b[] = {main->group, main->leader, main->client};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++)
            if (a[i] != XCB_NONE && a[i] == b[k])
                return true;
    return false;
}

struct want {
    const struct window *w;
    uint32_t mask;
};

static bool by_group(const struct want *want, const struct window *main)
{
    return same_group(want->w, main);
}

/* Ids of one connection differ in the masked bits only. */
static bool by_connection(const struct want *want, const struct window *main)
{
    return ((want->w->client ^ main->client) & ~want->mask) == 0;
}

static bool by_pid(const struct want *want, const struct window *main)
{
    return want->w->pid != 0 && want->w->pid == main->pid;
}

/* A program that is a dialog and nothing else has menus, too. */
static bool is_managed(const struct tree *t, const struct window *w)
{
    (void)t;
    return w->managed && !w->override_redirect && w->kind <= WINDOW_UTILITY;
}

static bool (*const ways[])(const struct want *want,
                            const struct window *main) = {by_group, by_connection, by_pid};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* Where several fit, the one with the keyboard, else the topmost that can be seen, else any. */
static const struct window *best(const struct tree *t, const struct want *want,
                                 bool (*may_own)(const struct tree *t, const struct window *w),
                                 bool (*fits)(const struct want *want, const struct window *main))
{
    const struct window *found = NULL;
    for (int i = 0; i < t->count; i++) {
        const struct window *main = t->windows[i];
        if (main == want->w || !may_own(t, main) || !fits(want, main))
            continue;
        if (main->frame == t->focus)
            return main;
        if (found == NULL || main->mapped || !found->mapped)
            found = main;
    }
    return found;
}

const struct window *owner_find(const struct tree *t, const struct window *w, uint32_t mask)
{
    const struct window *at = w;
    for (int i = 0; i < CHAIN_MAX && at->transient_for != XCB_NONE; i++) {
        const struct window *next = tree_find(t, at->transient_for);
        if (next == NULL || next == at)
            break;
        at = next;
    }
    if (at != w && owner_is_main(t, at))
        return at;
    if (owner_is_main(t, w))
        return NULL;
    const struct want want = {w, mask};
    const struct window *found = NULL;
    for (size_t i = 0; i < WAYS && found == NULL; i++)
        found = best(t, &want, owner_is_main, ways[i]);
    for (size_t i = 0; i < WAYS && found == NULL && w->override_redirect; i++)
        found = best(t, &want, is_managed, ways[i]);
    return found;
}
