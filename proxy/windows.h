/* SPDX-License-Identifier: GPL-2.0-or-later
 * The windows of a desktop at one moment, as porthole-agent tells them (docs/PROTOCOL.feed).
 * Immutable, reference-counted within one thread. */
#ifndef PROXY_WINDOWS_H
#define PROXY_WINDOWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Screen pixels; hangs over the screen's edges where it does. Sides up to 2^20. */
struct windows_rect {
    int x, y, width, height;
};

struct window {
    uint32_t id, owner;              /* owner 0: it stands by itself, or nobody knows */
    const char *app, *title;         /* the snapshot's */
    bool mapped, main;               /* main: it has no owner and is an application's */
    bool clips;                      /* its frame is shaped: it shows only `shape` */
    struct windows_rect rect, frame; /* without the window manager's frame, and with it */
    struct windows_rect *shape;      /* NULL with clips: unknown */
    size_t shape_count;
};

struct windows {
    uint64_t serial;
    int width, height; /* of the screen */
    bool complete;     /* false: there are windows that are not told */
    bool compositing;
    uint32_t focus; /* 0: none of these */
    struct windows_rect
        *touched; /* where others than these may have been since the last snapshot */
    size_t touched_count;
    size_t count;
    struct window *list;         /* bottom to top */
    const struct window **by_id; /* the same, by ascending ids */
    const json_t *json; /* the line: what stands here is as the protocol has it, all else unread */

    unsigned refs; /* private */
};

/* Reads a "windows" line. NULL: it is not as the protocol has it, or memory is out. */
struct windows *windows_read(const json_t *line);
struct windows *windows_ref(struct windows *w);
/* Accepts NULL. */
void windows_unref(struct windows *w);

/* Which window a stream is of: "0xID", "app:NAME" or just a NAME (any case of letters), or
 * "title:PATTERN" (fnmatch(3)); or none, but a rectangle of the screen, as windows_parse_rect has
 * it. */
bool windows_is_selector(const char *text);
/* "rect:WIDTHxHEIGHT+X+Y", as X11 writes geometries, in decimal numbers of 16 bits. */
bool windows_parse_rect(const char *text, struct windows_rect *to);
/* Is it of a window, whose places an agent tells? Not "" and not a rectangle. */
bool windows_needs_agent(const char *selector);
/* The topmost main window that fits, mapped ones first. NULL: none. */
const struct window *windows_select(const struct windows *w, const char *selector);
/* May the window still be the one that was selected? Its title may change, its application not:
 * then it is another with the same id. */
bool windows_still_fits(const struct window *one, const char *selector);
/* NULL: none. */
const struct window *windows_find(const struct windows *w, uint32_t id);
/* Sets, for one and for all that it belongs to, what stands for them in a list as long as w's. */
void windows_mark_owners(const struct windows *w, const struct window *one, bool *marks);
/* Is it the window, or does it belong to it? */
bool windows_belongs(const struct windows *w, const struct window *one, uint32_t main);

#endif
