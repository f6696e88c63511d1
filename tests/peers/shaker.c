/* SPDX-License-Identifier: GPL-2.0-or-later
 * An X client that is restless: windows of one colour that are moved, resized, raised, lowered,
 * hidden and shown at random, and popups that come and go.
 *
 *   usage: shaker CLASS RRGGBB WINDOWS POPUPS SEED [SCALE, of the windows' sizes]
 *   run MS RATE    RATE changes a second, for so long   -> ok CHANGES
 *   rest           every window shown, no popup         -> ok
 *   draw N         N pictures in the first window, of colours without red, 30 ms apart   -> ok
 *   own SELECTION  takes it, as a compositing manager does _NET_WM_CM_S0   -> ok
 */
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xcb/xcb.h>

enum { ALL = 16, LINE = 128 };

static struct {
    xcb_connection_t *x;
    xcb_screen_t *screen;
    const char *class;
    uint32_t colour, random;
    int windows, popups;
    uint32_t scale;
    xcb_window_t id[ALL];
    bool shown[ALL];
} s;

static uint32_t below(uint32_t n)
{
    s.random ^= s.random << 13;
    s.random ^= s.random >> 17;
    s.random ^= s.random << 5;
    return s.random % n;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void make(int i, bool popup)
{
    char class[2 * LINE];
    const uint32_t values[] = {s.colour, s.colour, popup};
    s.id[i] = xcb_generate_id(s.x);
    xcb_create_window(s.x, XCB_COPY_FROM_PARENT, s.id[i], s.screen->root, (int16_t)below(800),
                      (int16_t)below(500), (uint16_t)(s.scale * (60 + below(300))),
                      (uint16_t)(s.scale * (60 + below(200))), 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                      XCB_COPY_FROM_PARENT,
                      XCB_CW_BACK_PIXEL | XCB_CW_BORDER_PIXEL | XCB_CW_OVERRIDE_REDIRECT, values);
    int n = snprintf(class, sizeof class, "%s%c%s", s.class, 0, s.class) + 1;
    xcb_change_property(s.x, XCB_PROP_MODE_REPLACE, s.id[i], XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8,
                        (uint32_t)n, class);
    xcb_change_property(s.x, XCB_PROP_MODE_REPLACE, s.id[i], XCB_ATOM_WM_NAME, XCB_ATOM_STRING, 8,
                        (uint32_t)strlen(s.class), s.class);
    if (popup && s.windows > 0)
        xcb_change_property(s.x, XCB_PROP_MODE_REPLACE, s.id[i], XCB_ATOM_WM_TRANSIENT_FOR,
                            XCB_ATOM_WINDOW, 32, 1, &s.id[0]);
}

static void show(int i, bool shown)
{
    s.shown[i] = shown;
    if (shown)
        xcb_map_window(s.x, s.id[i]);
    else
        xcb_unmap_window(s.x, s.id[i]);
}

static void change(void)
{
    int i = (int)below((uint32_t)(s.windows + s.popups));
    const uint32_t place[] = {below(900), below(550)};
    const uint32_t size[] = {s.scale * (60 + below(400)), s.scale * (60 + below(300))};
    const uint32_t mode = below(2) ? XCB_STACK_MODE_ABOVE : XCB_STACK_MODE_BELOW;
    switch (below(8)) {
    case 0:
    case 1:
    case 2:
        xcb_configure_window(s.x, s.id[i], XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y, place);
        break;
    case 3:
        xcb_configure_window(s.x, s.id[i], XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                             size);
        break;
    case 4:
    case 5:
        xcb_configure_window(s.x, s.id[i], XCB_CONFIG_WINDOW_STACK_MODE, &mode);
        break;
    default:
        if (i >= s.windows || s.windows > 1)
            show(i, !s.shown[i]);
        break;
    }
    xcb_flush(s.x);
}

static int run(int ms, int rate)
{
    double begin = now();
    int n = 0;
    while (now() - begin < ms) {
        double due = begin + (double)n * 1000 / rate;
        double wait = due - now();
        if (wait > 0)
            poll(NULL, 0, (int)wait + 1);
        change();
        n++;
        free(xcb_poll_for_event(s.x));
        if (xcb_connection_has_error(s.x))
            errx(1, "the display has gone");
    }
    return n;
}

static void rest(void)
{
    for (int i = 0; i < s.windows + s.popups; i++)
        show(i, i < s.windows);
    free(xcb_get_input_focus_reply(s.x, xcb_get_input_focus(s.x), NULL));
}

/* On top of all, many small ones together: a picture that no encoding has as a flat area. */
static void draw(int n)
{
    const uint32_t above = XCB_STACK_MODE_ABOVE;
    xcb_configure_window(s.x, s.id[0], XCB_CONFIG_WINDOW_STACK_MODE, &above);
    xcb_gcontext_t gc = xcb_generate_id(s.x);
    xcb_create_gc(s.x, gc, s.id[0], 0, NULL);
    for (int i = 0; i < n; i++) {
        int16_t x = (int16_t)below(200), y = (int16_t)below(100);
        for (int k = 0; k < 40; k++) {
            const uint32_t colour = below(1 << 16);
            const xcb_rectangle_t r = {(int16_t)(x + (int)below(90)), (int16_t)(y + (int)below(60)),
                                       (uint16_t)(1 + below(20)), (uint16_t)(1 + below(20))};
            xcb_change_gc(s.x, gc, XCB_GC_FOREGROUND, &colour);
            xcb_poly_fill_rectangle(s.x, s.id[0], gc, 1, &r);
        }
        free(xcb_get_input_focus_reply(s.x, xcb_get_input_focus(s.x), NULL));
        poll(NULL, 0, 30);
    }
    xcb_free_gc(s.x, gc);
}

static void own(const char *selection)
{
    xcb_intern_atom_reply_t *atom = xcb_intern_atom_reply(
        s.x, xcb_intern_atom(s.x, 0, (uint16_t)strlen(selection), selection), NULL);
    if (atom == NULL)
        errx(1, "no atom");
    xcb_set_selection_owner(s.x, s.id[0], atom->atom, XCB_CURRENT_TIME);
    free(atom);
    free(xcb_get_input_focus_reply(s.x, xcb_get_input_focus(s.x), NULL));
}

int main(int argc, char **argv)
{
    char line[LINE];
    int ms, rate, count;
    if (argc != 6 && argc != 7)
        errx(2, "usage: shaker CLASS RRGGBB WINDOWS POPUPS SEED [SCALE]");
    s.x = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(s.x))
        errx(1, "no display");
    s.screen = xcb_setup_roots_iterator(xcb_get_setup(s.x)).data;
    s.class = argv[1];
    s.colour = (uint32_t)strtoul(argv[2], NULL, 16);
    s.windows = atoi(argv[3]);
    s.popups = atoi(argv[4]);
    s.random = (uint32_t)strtoul(argv[5], NULL, 10) | 1;
    s.scale = argc == 7 ? (uint32_t)atoi(argv[6]) : 1;
    if (s.windows < 0 || s.popups < 0 || s.windows + s.popups < 1 || s.windows + s.popups > ALL)
        errx(2, "1 to %d windows and popups", ALL);
    for (int i = 0; i < s.windows + s.popups; i++)
        make(i, i >= s.windows);
    rest();
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ok");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "run %d %d", &ms, &rate) == 2 && rate > 0) {
            printf("ok %d\n", run(ms, rate));
        } else if (sscanf(line, "draw %d", &count) == 1) {
            draw(count);
            puts("ok");
        } else if (strncmp(line, "own ", 4) == 0) {
            line[strcspn(line, "\n")] = '\0';
            own(line + 4);
            puts("ok");
        } else if (strncmp(line, "rest", 4) == 0) {
            rest();
            puts("ok");
        } else {
            puts("error what?");
        }
    }
    xcb_disconnect(s.x);
    return 0;
}
