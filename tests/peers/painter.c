/* SPDX-License-Identifier: GPL-2.0-or-later
 * Shows scenes (scene.h) on an X display, full screen, whatever its visual, with a window of its
 * own on top that then moves. Says "ready"; each "draw STEP" on its standard input is answered with
 * "ok" when the X server has done it. Step 0 takes on the size of the screen.
 *
 * That window is away while the rest is drawn, but for "scroll STEP": of a copy whose visible area
 * is several rectangles TigerVNC (1.12 to 1.15) makes several, which it believes to follow each
 * other where they touch, and then sends CopyRects with twice the way (vncAddCopied,
 * SimpleUpdateTracker::add_copied). */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcb.h>

#include "scene.h"

enum {
    LINE = 64,
    SIDE = 90,
    CUBE = 5 /* a display of 256 colours has kept some for itself */,
    CUBED = CUBE * CUBE * CUBE
};

static xcb_connection_t *x;
static const xcb_screen_t *screen;
static const xcb_visualtype_t *visual;
static int bytes_per_pixel;
static uint32_t map[CUBED]; /* of a visual without colours in its pixels */
static xcb_window_t window, mover;
static xcb_gcontext_t gc;

/* ---- pixels ---- */

static void find_visual(void)
{
    for (xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen); d.rem != 0;
         xcb_depth_next(&d))
        for (xcb_visualtype_iterator_t v = xcb_depth_visuals_iterator(d.data); v.rem != 0;
             xcb_visualtype_next(&v))
            if (v.data->visual_id == screen->root_visual)
                visual = v.data;
    const xcb_setup_t *setup = xcb_get_setup(x);
    for (xcb_format_iterator_t f = xcb_setup_pixmap_formats_iterator(setup); f.rem != 0;
         xcb_format_next(&f))
        if (f.data->depth == screen->root_depth)
            bytes_per_pixel = f.data->bits_per_pixel / 8;
    if (visual == NULL || bytes_per_pixel == 0 || setup->image_byte_order != 0)
        errx(1, "a display of a kind this does not know");
}

static bool true_colour(void)
{
    return visual->_class == XCB_VISUAL_CLASS_TRUE_COLOR;
}

static uint16_t level(uint32_t i)
{
    return (uint16_t)(i % CUBE * 65535 / (CUBE - 1));
}

static void fill_map(void)
{
    for (uint32_t i = 0; i < CUBED; i++) {
        xcb_alloc_color_cookie_t asked = xcb_alloc_color(
            x, screen->default_colormap, level(i / CUBE / CUBE), level(i / CUBE), level(i));
        xcb_alloc_color_reply_t *r = xcb_alloc_color_reply(x, asked, NULL);
        if (r == NULL)
            errx(1, "the display has no %d colours to give", CUBED);
        map[i] = r->pixel;
        free(r);
    }
}

static uint32_t scaled(uint32_t part, uint32_t mask)
{
    uint32_t shift = (uint32_t)__builtin_ctz(mask);
    return (part * ((mask >> shift) + 1) / 256) << shift;
}

static uint32_t encode(uint32_t rgb)
{
    uint32_t r = rgb >> 16 & 0xff, g = rgb >> 8 & 0xff, b = rgb & 0xff;
    if (!true_colour())
        return map[(r * CUBE / 256 * CUBE + g * CUBE / 256) * CUBE + b * CUBE / 256];
    return scaled(r, visual->red_mask) | scaled(g, visual->green_mask) |
           scaled(b, visual->blue_mask);
}

/* ---- the scene's canvas ---- */

static void on_fill(void *owner, struct scene_rect r, uint32_t colour)
{
    xcb_rectangle_t rect = {(int16_t)r.x, (int16_t)r.y, (uint16_t)r.w, (uint16_t)r.h};
    (void)owner;
    xcb_change_gc(x, gc, XCB_GC_FOREGROUND, (uint32_t[]){encode(colour)});
    xcb_poly_fill_rectangle(x, window, gc, 1, &rect);
}

static void on_row(void *owner, int left, int y, int w, const uint32_t *pixels)
{
    static uint8_t row[SCENE_WIDTH_MAX * 4];
    size_t size = ((size_t)w * (size_t)bytes_per_pixel + 3) & ~(size_t)3;
    (void)owner;
    for (int i = 0; i < w; i++) {
        uint32_t value = encode(pixels[i]);
        memcpy(row + i * bytes_per_pixel, &value, (size_t)bytes_per_pixel);
    }
    xcb_put_image(x, XCB_IMAGE_FORMAT_Z_PIXMAP, window, gc, (uint16_t)w, 1, (int16_t)left,
                  (int16_t)y, 0, screen->root_depth, (uint32_t)size, row);
}

static void on_copy(void *owner, int from_x, int from_y, struct scene_rect to)
{
    (void)owner;
    xcb_copy_area(x, window, window, gc, (int16_t)from_x, (int16_t)from_y, (int16_t)to.x,
                  (int16_t)to.y, (uint16_t)to.w, (uint16_t)to.h);
}

/* ---- windows ---- */

static void sync(void)
{
    free(xcb_get_input_focus_reply(x, xcb_get_input_focus(x), NULL));
    if (xcb_connection_has_error(x))
        errx(1, "the display is gone");
}

static void open_windows(void)
{
    const uint32_t values[] = {screen->black_pixel, 1};
    window = xcb_generate_id(x);
    xcb_create_window(x, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, screen->width_in_pixels,
                      screen->height_in_pixels, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                      XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT, values);
    gc = xcb_generate_id(x);
    xcb_create_gc(x, gc, window, XCB_GC_GRAPHICS_EXPOSURES, (uint32_t[]){0});
    mover = xcb_generate_id(x);
    xcb_create_window(x, XCB_COPY_FROM_PARENT, mover, window, 10, 10, SIDE, SIDE, 3,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
                      XCB_CW_BACK_PIXEL | XCB_CW_BORDER_PIXEL,
                      (uint32_t[]){encode(0x3366cc), encode(0xffcc00)});
    xcb_map_window(x, window);
    xcb_map_window(x, mover);
    sync();
}

static void move_to(int to_x, int to_y)
{
    xcb_configure_window(x, mover, XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y,
                         (uint32_t[]){(uint32_t)to_x, (uint32_t)to_y});
}

static void draw(uint32_t step, bool covered)
{
    xcb_get_geometry_reply_t *root =
        xcb_get_geometry_reply(x, xcb_get_geometry(x, screen->root), NULL);
    if (root == NULL)
        errx(1, "the display has no root");
    const struct scene_canvas canvas = {
        .width = root->width,
        .height = root->height,
        .fill = on_fill,
        .row = on_row,
        .copy = on_copy,
    };
    free(root);
    if (step == 0)
        xcb_configure_window(x, window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                             (uint32_t[]){(uint32_t)canvas.width, (uint32_t)canvas.height});
    if (covered) /* a corner of what scene_draw scrolls */
        move_to(canvas.width / 8 - SIDE / 2, canvas.height / 8 - SIDE / 2);
    else
        xcb_unmap_window(x, mover);
    scene_draw(&canvas, step);
    xcb_map_window(x, mover);
    if (!covered)
        move_to((int)step * 37 % canvas.width, (int)step * 23 % canvas.height);
    sync();
}

int main(void)
{
    char line[LINE];
    unsigned step;
    int number;
    x = xcb_connect(NULL, &number);
    if (xcb_connection_has_error(x))
        errx(1, "no display");
    xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(x));
    screen = screens.data;
    find_visual();
    if (!true_colour())
        fill_map();
    open_windows();
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        bool covered = strncmp(line, "scroll ", 7) == 0;
        if (sscanf(line, covered ? "scroll %u" : "draw %u", &step) != 1)
            errx(1, "not understood: %s", line);
        draw(step, covered);
        puts("ok");
        fflush(stdout);
    }
    xcb_disconnect(x);
    return 0;
}
