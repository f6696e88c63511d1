/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the viewer of a window is told that no server has sent: the canvas's size, its name, and
 * what is flat in it. */
#include <stdio.h>
#include <string.h>

#include "crop_private.h"
#include "rfb/err.h"

static int put_update_head(struct crop *c, size_t rects)
{
    uint8_t head[4] = {RFB_S2C_FRAMEBUFFER_UPDATE};
    rfb_set_u16(head + 2, (uint16_t)rects);
    return rfb_buf_put(&c->to_viewer, head, sizeof head);
}

static int put_rect_head(struct crop *c, int x, int y, int w, int h, int32_t encoding)
{
    uint8_t head[12];
    const struct rfb_rect_head r = {{(uint16_t)x, (uint16_t)y, (uint16_t)w, (uint16_t)h}, encoding};
    rfb_msg_set_rect_head(head, &r);
    return rfb_buf_put(&c->to_viewer, head, sizeof head);
}

/* As the viewer can have it (rfbproto, ExtendedDesktopSize: one screen, and the server wants it).
 */
static int put_size(struct crop *c)
{
    uint8_t screen[4 + 16] = {1};
    int rc = put_rect_head(c, 0, 0, c->canvas.width, c->canvas.height, c->resizes);
    c->shown_width = c->canvas.width;
    c->shown_height = c->canvas.height;
    rfb_set_u16(screen + 4 + 8, (uint16_t)c->canvas.width);
    rfb_set_u16(screen + 4 + 10, (uint16_t)c->canvas.height);
    if (rc != RFB_OK || c->resizes != RFB_ENC_EXTENDED_DESKTOP_SIZE)
        return rc;
    return rfb_buf_put(&c->to_viewer, screen, sizeof screen);
}

/* A flat rectangle: RRE without subrectangles, or as many pixels. The colour is the pixel 0. */
static int put_flat(struct crop *c, const pixman_box32_t *b)
{
    int w = b->x2 - b->x1, h = b->y2 - b->y1;
    size_t pixel = rfb_pixel_bytes(&c->format);
    size_t n = c->rre ? 4 + pixel : (size_t)w * (size_t)h * pixel;
    uint8_t *where;
    int rc = put_rect_head(c, b->x1 - c->canvas.x, b->y1 - c->canvas.y, w, h,
                           c->rre ? RFB_ENC_RRE : RFB_ENC_RAW);
    if (rc == RFB_OK)
        rc = rfb_buf_reserve(&c->to_viewer, n, &where);
    if (rc == RFB_E_TOO_LARGE)
        return crop_broke(c, rc, "the window is too large for a viewer without RRE");
    if (rc != RFB_OK)
        return rc;
    memset(where, 0, n);
    rfb_buf_commit(&c->to_viewer, n);
    return RFB_OK;
}

/* A viewer that sees the name sees what it has been promised. How long it is. */
static size_t make_title(const struct crop *c, char title[CROP_TITLE_MAX])
{
    snprintf(title, CROP_TITLE_MAX, "%s%s", c->title, c->relaxed ? " (best effort)" : "");
    return strlen(title);
}

static int put_title(struct crop *c)
{
    uint8_t length[4];
    char title[CROP_TITLE_MAX];
    size_t n = make_title(c, title);
    rfb_set_u32(length, (uint32_t)n);
    int rc = put_rect_head(c, 0, 0, 0, 0, RFB_ENC_DESKTOP_NAME);
    if (rc == RFB_OK)
        rc = rfb_buf_put(&c->to_viewer, length, sizeof length);
    return rc == RFB_OK ? rfb_buf_put(&c->to_viewer, title, n) : rc;
}

/* The part of the canvas that is not the application's and not flat yet; to be finished. */
static void init_due(const struct crop *c, pixman_region32_t *due)
{
    pixman_region32_init_rect(due, c->canvas.x, c->canvas.y, (unsigned)c->canvas.width,
                              (unsigned)c->canvas.height);
    pixman_region32_subtract(due, due, (pixman_region32_t *)(uintptr_t)&c->view.visible);
    pixman_region32_subtract(due, due, (pixman_region32_t *)(uintptr_t)&c->painted);
}

int crop_send_frame(struct crop *c, bool *sent)
{
    pixman_region32_t due;
    int n, rc = RFB_OK;
    init_due(c, &due);
    const pixman_box32_t *boxes = pixman_region32_rectangles(&due, &n);
    bool title_due = c->title_due && c->names;
    size_t rects = (size_t)n + c->size_due + title_due;
    *sent = rects != 0;
    if (rects > CROP_RECTS_MAX)
        rc = crop_broke(c, RFB_E_TOO_LARGE, "the window is covered by too many others");
    if (rc == RFB_OK && *sent)
        rc = put_update_head(c, rects);
    if (rc == RFB_OK && c->size_due)
        rc = put_size(c);
    if (rc == RFB_OK && title_due)
        rc = put_title(c);
    for (int i = 0; i < n && rc == RFB_OK; i++)
        rc = put_flat(c, &boxes[i]);
    pixman_region32_union(&c->painted, &c->painted, &due);
    pixman_region32_fini(&due);
    c->size_due = c->title_due = false;
    if (*sent)
        c->viewer_wants = false;
    return rc;
}

static void take_title(struct crop *c, const struct windows *w)
{
    const struct window *main = windows_find(w, c->view.main);
    if (main == NULL || strncmp(main->title, c->title, sizeof c->title - 1) == 0)
        return;
    snprintf(c->title, sizeof c->title, "%s", main->title);
    /* not cut inside a character */
    size_t n = strlen(c->title);
    while (n == sizeof c->title - 1 && n > 0 && (c->title[n - 1] & 0xc0) == 0x80)
        c->title[--n] = '\0';
    if (n == sizeof c->title - 1 && (c->title[n - 1] & 0x80))
        c->title[n - 1] = '\0';
    c->title_due = true;
}

/* As large as the viewer's framebuffer is. */
static void clip_canvas(struct crop *c, struct windows_rect *canvas)
{
    canvas->width = c->shown_width;
    canvas->height = c->shown_height;
    pixman_region32_intersect_rect(&c->view.visible, &c->view.visible, canvas->x, canvas->y,
                                   (unsigned)canvas->width, (unsigned)canvas->height);
}

static void set_canvas(struct crop *c, const struct windows_rect *canvas)
{
    if (memcmp(canvas, &c->canvas, sizeof *canvas) == 0)
        return;
    c->size_due =
        c->size_due || canvas->width != c->canvas.width || canvas->height != c->canvas.height;
    c->canvas = *canvas;
    c->stale = c->flowing;
    pixman_region32_clear(&c->known);
    pixman_region32_clear(&c->painted);
}

/* The canvas as the viewer can have it: one that cannot be resized keeps its size. */
static void take_canvas(struct crop *c)
{
    struct windows_rect canvas = c->view.canvas;
    if (c->started && c->resizes == 0)
        clip_canvas(c, &canvas);
    set_canvas(c, &canvas);
}

void crop_keep_size(struct crop *c)
{
    struct windows_rect canvas = c->canvas;
    clip_canvas(c, &canvas);
    set_canvas(c, &canvas);
    c->size_due = false; /* it cannot be told */
    crop_settle_windows(c, NULL);
}

void crop_take_frame(struct crop *c, const struct windows *w)
{
    take_canvas(c);
    take_title(c, w);
}

void crop_server_init(struct crop *c, const struct rfb_server_init *init,
                      struct rfb_server_init *to)
{
    char title[CROP_TITLE_MAX];
    *to = *init;
    to->width = (uint16_t)c->canvas.width;
    to->height = (uint16_t)c->canvas.height;
    to->name_len = make_title(c, title);
    memcpy(to->name, title, to->name_len + 1);
    c->shown_width = to->width;
    c->shown_height = to->height;
    c->size_due = c->title_due = false;
}
