/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/cursor.h"

#include <stdatomic.h>
#include <stdlib.h>

struct cursor_shape {
    atomic_int refs;
    int width, height, hot_x, hot_y;
    uint32_t pixels[];
};

struct ph_cursor {
    atomic_int refs;
    struct cursor_shape *shape; /* a reference, or NULL */
    int x, y;
    bool position_known;
};

/* ---- what the server tells ---- */

static struct cursor_shape *shape_create(struct rfb_rect r)
{
    struct cursor_shape *shape =
        malloc(sizeof *shape + (size_t)r.w * r.h * sizeof shape->pixels[0]);
    if (shape == NULL)
        return NULL;
    atomic_init(&shape->refs, 1);
    shape->width = r.w;
    shape->height = r.h;
    shape->hot_x = r.x;
    shape->hot_y = r.y;
    return shape;
}

void cursor_shape_unref(struct cursor_shape *shape)
{
    if (shape != NULL && atomic_fetch_sub(&shape->refs, 1) == 1)
        free(shape);
}

/* Pixels B, G, R and one unused byte, then a mask: a bit a pixel, the leftmost highest, rows padded
 * to bytes. */
static void take_masked(struct cursor_shape *to, const uint8_t *body)
{
    size_t w = (size_t)to->width, h = (size_t)to->height, mask_row = (w + 7) / 8;
    const uint8_t *mask = body + w * h * 4;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const uint8_t *p = body + (y * w + x) * 4;
            bool opaque = mask[y * mask_row + x / 8] & 0x80 >> x % 8;
            to->pixels[y * w + x] =
                opaque ? 0xff000000 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
        }
}

static uint32_t at_most(uint8_t value, uint8_t limit)
{
    return value < limit ? value : limit;
}

/* The encoding of what follows (the framer lets Raw through alone), then pixels R, G, B, A,
 * premultiplied. A colour above its alpha is none: whoever blends would overflow with it. */
static void take_alpha(struct cursor_shape *to, const uint8_t *body)
{
    size_t n = (size_t)to->width * (size_t)to->height;
    const uint8_t *p = body + 4;
    for (size_t i = 0; i < n; i++, p += 4)
        to->pixels[i] = (uint32_t)p[3] << 24 | at_most(p[0], p[3]) << 16 |
                        at_most(p[1], p[3]) << 8 | at_most(p[2], p[3]);
}

int cursor_told(struct ph_client *c, const struct rfb_rect_head *head, const uint8_t *body,
                ph_error *error)
{
    struct cursor_shape *shape = shape_create(head->r);
    if (shape == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for a cursor of %dx%d", head->r.w,
                         head->r.h);
    if (head->encoding == RFB_ENC_CURSOR_WITH_ALPHA)
        take_alpha(shape, body);
    else
        take_masked(shape, body);
    pthread_mutex_lock(&c->lock);
    struct cursor_shape *old = c->cursor;
    c->cursor = shape;
    pthread_mutex_unlock(&c->lock);
    cursor_shape_unref(old);
    return PH_OK;
}

void cursor_moved(struct ph_client *c, int x, int y)
{
    c->pointer_x = x;
    c->pointer_y = y;
    c->pointer_known = true;
}

/* ---- what callers see ---- */

int ph_cursor_get(ph_client *client, ph_cursor **cursor, ph_error *error)
{
    *cursor = NULL;
    ph_cursor *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    atomic_init(&made->refs, 1);
    pthread_mutex_lock(&client->lock);
    int rc = client_check_open(client, error);
    if (rc == PH_OK) {
        made->shape = client->cursor;
        if (made->shape != NULL)
            atomic_fetch_add(&made->shape->refs, 1);
        made->x = client->pointer_x;
        made->y = client->pointer_y;
        /* what a server tells, or the screen has shrunk from under, may be outside */
        made->position_known =
            client->pointer_known && made->x < client->width && made->y < client->height;
    }
    pthread_mutex_unlock(&client->lock);
    if (rc != PH_OK) {
        ph_cursor_unref(made);
        return rc;
    }
    *cursor = made;
    return PH_OK;
}

ph_cursor *ph_cursor_ref(ph_cursor *cursor)
{
    atomic_fetch_add(&cursor->refs, 1);
    return cursor;
}

void ph_cursor_unref(ph_cursor *cursor)
{
    if (cursor == NULL || atomic_fetch_sub(&cursor->refs, 1) != 1)
        return;
    cursor_shape_unref(cursor->shape);
    free(cursor);
}

int ph_cursor_describe(const ph_cursor *cursor, ph_cursor_info *info, ph_error *error)
{
    if (info->size != sizeof *info)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_cursor_info of an unknown size: begin with PH_CURSOR_INFO_INIT");
    *info = (ph_cursor_info)PH_CURSOR_INFO_INIT;
    info->position_known = cursor->position_known;
    if (cursor->position_known) {
        info->x = cursor->x;
        info->y = cursor->y;
    }
    const struct cursor_shape *shape = cursor->shape;
    if (shape == NULL || shape->width == 0 || shape->height == 0)
        return PH_OK;
    info->width = shape->width;
    info->height = shape->height;
    info->hot_x = shape->hot_x;
    info->hot_y = shape->hot_y;
    info->pixels = shape->pixels;
    return PH_OK;
}
