/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer of a window that tells in words what it has been given, and a server that says its
 * updates piece by piece. */
#ifndef UNIT_CROP_LOOKER_H
#define UNIT_CROP_LOOKER_H

#include "crop_peers.h"

#include <stdlib.h>

#define COVERED OWN " 2 0 other normal 0 0 110 500 0"

/* Each test twice: with bytes that are copied, and with such as are sent on from where they are. */
enum { COPIED, IN_PLACE };

static int copied = COPIED, in_place = IN_PLACE;

#define TWICE(f)                                                                                   \
    {#f " (copied)", f, NULL, NULL, &copied},                                                      \
    {                                                                                              \
#f " (in place)", f, NULL, NULL, &in_place                                                 \
    }

struct looker {
    struct crop crop;
    bool in_place;
    struct rfb_s2c framer; /* the viewer's */
    size_t pixels;         /* in a row, not told yet */
    char given[512];
};

/* ---- what the viewer has been given ---- */

static inline void tell_pixels(struct looker *l)
{
    size_t n = strlen(l->given);
    if (l->pixels != 0)
        snprintf(l->given + n, sizeof l->given - n, " +%zu", l->pixels);
    l->pixels = 0;
}

static inline void tell_event(struct looker *l, const struct rfb_s2c_event *ev)
{
    tell_pixels(l);
    size_t n = strlen(l->given), room = sizeof l->given - n;
    const struct rfb_rect *r = &ev->rect.r;
    if (ev->kind == RFB_S2C_UPDATE)
        snprintf(l->given + n, room, "%u:", ev->count);
    else if (ev->kind == RFB_S2C_RECT)
        snprintf(l->given + n, room, " %u,%u,%u,%u%s", r->x, r->y, r->w, r->h,
                 ev->rect.encoding == RFB_ENC_RRE ? " flat" : "");
    else if (ev->kind == RFB_S2C_UPDATE_END)
        snprintf(l->given + n, room, ".");
    else if (ev->kind == RFB_S2C_MESSAGE)
        snprintf(l->given + n, room, "%s", ev->type == RFB_S2C_BELL ? "bell" : "?");
}

static inline void look(struct looker *l, const uint8_t *data, size_t len)
{
    struct rfb_s2c_event ev;
    int rc;
    while ((rc = rfb_s2c_next(&l->framer, &data, &len, &ev)) == 1) {
        bool raw = ev.kind == RFB_S2C_BODY && ev.rect.encoding == RFB_ENC_RAW;
        for (size_t i = 0; raw && i < ev.n; i++)
            assert_int_equal(ev.bytes[i], 'x');
        if (raw)
            l->pixels += ev.n;
        else
            tell_event(l, &ev);
    }
    assert_int_equal(rc, 0);
}

/* Since the last time, all that there is: "count: x,y,w,h +bytes ...." */
static inline void assert_given(struct looker *l, const char *wanted)
{
    while (l->crop.to_viewer.len != 0) {
        look(l, rfb_buf_data(&l->crop.to_viewer), l->crop.to_viewer.len);
        rfb_buf_consume(&l->crop.to_viewer, l->crop.to_viewer.len);
        assert_int_equal(crop_taken(&l->crop), RFB_OK);
    }
    tell_pixels(l);
    assert_string_equal(l->given, wanted);
    l->given[0] = '\0';
}

/* ---- the server, piece by piece ---- */

static inline int say_on(struct looker *l, const void *bytes, size_t n)
{
    if (!l->in_place)
        return say(&l->crop, bytes, n);
    uint8_t *data = malloc(n); /* so large that nothing can be written beside it */
    assert_non_null(data);
    memcpy(data, bytes, n);
    int rc = crop_relay(&l->crop, data, n, &n);
    look(l, data, n);
    free(data);
    return rc;
}

static inline void say_head(struct looker *l, uint16_t rects)
{
    uint8_t head[4] = {RFB_S2C_FRAMEBUFFER_UPDATE};
    rfb_set_u16(head + 2, rects);
    assert_int_equal(say_on(l, head, sizeof head), RFB_OK);
}

static inline int say_rect(struct looker *l, int x, int y, int w, int h, int32_t encoding)
{
    const struct rfb_rect_head r = {{(uint16_t)x, (uint16_t)y, (uint16_t)w, (uint16_t)h}, encoding};
    uint8_t head[12];
    rfb_msg_set_rect_head(head, &r);
    return say_on(l, head, sizeof head);
}

static inline void say_pixels(struct looker *l, size_t n)
{
    uint8_t pixels[4096];
    memset(pixels, 'x', n);
    assert_int_equal(say_on(l, pixels, n), RFB_OK);
}

static inline void look_on(struct looker *l, void **state)
{
    *l = (struct looker){.in_place = *(const int *)*state == IN_PLACE};
    begin(&l->crop);
    assert_int_equal(say(&l->crop, END, 1), RFB_OK);
    rfb_s2c_init(&l->framer, 20, 10, &init.format);
}

/* "x,y,w,h": asked for since the last time, in its turn with '!' if whether it changes or not. */
static inline void assert_asked(struct crop *c, const char *wanted)
{
    char text[256] = "";
    const uint8_t *at = rfb_buf_data(&c->to_server);
    for (size_t left = c->to_server.len; left != 0; left -= 10, at += 10) {
        size_t n = strlen(text);
        if (at[0] == RFB_C2S_UPDATE_REQUEST)
            snprintf(text + n, sizeof text - n, "%s%u,%u,%u,%u%s", n != 0 ? " " : "",
                     rfb_get_u16(at + 2), rfb_get_u16(at + 4), rfb_get_u16(at + 6),
                     rfb_get_u16(at + 8), at[1] == 0 ? "!" : "");
        else
            assert_int_equal(at[0], RFB_C2S_ENABLE_CONTINUOUS_UPDATES);
    }
    rfb_buf_consume(&c->to_server, c->to_server.len);
    assert_string_equal(text, wanted);
}

/* All of the window, at once. */
static inline void give_all(struct looker *l)
{
    say_head(l, 1);
    assert_int_equal(say_rect(l, 100, 100, 20, 10, RFB_ENC_RAW), RFB_OK);
    assert_int_equal(crop_synced(&l->crop), RFB_OK);
    say_pixels(l, 200);
    assert_given(l, "1: 0,0,20,10 +200.");
}

/* The viewer asks, and the server begins to answer that. */
static inline void ask_again(struct looker *l, const char *wanted)
{
    rfb_buf_consume(&l->crop.to_server, l->crop.to_server.len);
    request(&l->crop);
    assert_asked(&l->crop, wanted);
    assert_int_equal(say(&l->crop, END, 1), RFB_OK);
}

#endif
