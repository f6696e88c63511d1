/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_private.h"

#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"

enum {
    REST_MAX = 1 << 20,
    ROOM_MIN = 4096 /* bytes: fewer are copied sooner than read apart */
};

int crop_broke(struct crop *c, int code, const char *why)
{
    c->why = why;
    return code;
}

static int parse(struct crop *c, const uint8_t **data, size_t *len);

/* What came behind the update that was kept. */
static int take_rest(struct crop *c)
{
    struct rfb_buf rest = c->rest;
    const uint8_t *data = rfb_buf_data(&rest);
    size_t len = rest.len;
    rfb_buf_init(&c->rest, REST_MAX);
    int rc = len != 0 ? parse(c, &data, &len) : RFB_OK;
    if (rc == RFB_OK && len != 0)
        rc = rfb_buf_put(&c->rest, data, len);
    rfb_buf_finish(&rest);
    return rc;
}

/* Which of a server's updates are in the new format nobody could tell: those of another connection
 * are. What the viewer had before it asked for more is in the old one. */
static int change_format(struct crop *c)
{
    int rc = RFB_OK;
    c->format_due = false;
    if (!c->swapping)
        rc = crop_want_swap(c);
    c->format = c->next_format;
    return rc;
}

/* Whatever can be done now: nothing as long as the viewer has not taken what is there, or one that
 * asks and does not read would have all of it kept for it as often as it asks. */
int crop_pump(struct crop *c)
{
    int rc = RFB_OK;
    if (c->to_viewer.len != 0)
        return RFB_OK;
    if (c->flowing)
        return crop_flow(c);
    /* nothing comes between the pieces of a message that goes by */
    while (rc == RFB_OK && c->started && !c->inside) {
        bool sent = false;
        if (c->viewer_wants && c->format_due)
            rc = change_format(c);
        if (rc == RFB_OK && c->viewer_wants)
            rc = crop_send_frame(c, &sent);
        if (rc == RFB_OK && c->viewer_wants && c->holding && c->synced) {
            rc = crop_send_update(c);
            if (rc == RFB_OK)
                rc = take_rest(c);
            continue;
        }
        break;
    }
    if (rc == RFB_OK && c->viewer_wants && !c->holding)
        rc = crop_may_flow(c) ? crop_flow(c) : crop_ask(c);
    return rc;
}

/* ---- from the server ---- */

void crop_forget_clipboard(struct crop *c)
{
    rfb_buf_wipe(&c->clipboard);
}

/* Whether the server has another clipboard: plain text is one, and an extended message may be. */
static void look_at_clipboard(struct crop *c, const struct rfb_s2c_event *ev)
{
    for (size_t i = 0; i < ev->n && c->clip_len < sizeof c->clip; i++) {
        c->clip[c->clip_len++] = ev->bytes[i];
        if (c->clip_len == sizeof c->clip &&
            rfb_get_u32(c->clip) & (RFB_CLIP_NOTIFY | RFB_CLIP_PROVIDE))
            crop_forget_clipboard(c);
    }
}

/* What goes by, and fences, which the server awaits an answer to (rfbproto, Fence). */
static int take_head(struct crop *c, const struct rfb_s2c_event *ev)
{
    c->passing = ev->type == RFB_S2C_BELL || ev->type == RFB_S2C_CUT_TEXT;
    c->inside = c->passing;
    c->fence_len = 0;
    bool extended = ev->type == RFB_S2C_CUT_TEXT && rfb_get_s32(ev->bytes + 4) < 0;
    c->clip_len = extended ? 0 : sizeof c->clip;
    if (ev->type == RFB_S2C_CUT_TEXT && !extended)
        crop_forget_clipboard(c);
    if (ev->type == RFB_S2C_FENCE)
        c->fence_flags = rfb_get_u32(ev->bytes + 4);
    return c->passing ? rfb_buf_put(&c->to_viewer, ev->bytes, ev->n) : RFB_OK;
}

static int take_body(struct crop *c, const struct rfb_s2c_event *ev)
{
    if (c->passing) {
        look_at_clipboard(c, ev);
        return rfb_buf_put(&c->to_viewer, ev->bytes, ev->n);
    }
    if (ev->type == RFB_S2C_FENCE && ev->n <= sizeof c->fence - c->fence_len) {
        memcpy(c->fence + c->fence_len, ev->bytes, ev->n);
        c->fence_len = (uint8_t)(c->fence_len + ev->n);
    }
    return RFB_OK;
}

static int end_message(struct crop *c, uint8_t type)
{
    c->inside = false;
    if (type == RFB_S2C_FENCE)
        return crop_take_fence(c, c->fence_flags & RFB_FENCE_REQUEST);
    if (type != RFB_S2C_END_OF_CONTINUOUS_UPDATES)
        return RFB_OK;
    /* the first, an answer to SetEncodings, only tells that the server has them */
    if (!c->started || (c->ready && c->epoch_count < 2))
        return crop_broke(c, RFB_E_INVALID,
                          "the server ends ContinuousUpdates that were not begun");
    if (c->ready)
        crop_pop_epoch(c);
    c->ready = true;
    return RFB_OK;
}

uint8_t *crop_room(struct crop *c, size_t *n)
{
    uint64_t sure = c->swapping || c->holding || c->flowing ? 0 : rfb_s2c_sure(&c->server);
    uint8_t *where;
    if (sure > *n)
        sure = *n;
    if (sure < ROOM_MIN || rfb_buf_reserve(&c->hold, (size_t)sure, &where) != RFB_OK)
        return NULL;
    *n = (size_t)sure;
    return where;
}

static int on_server_event(struct crop *c, const struct rfb_s2c_event *ev)
{
    switch (ev->kind) {
    case RFB_S2C_UPDATE:
        return crop_begin_update(c, ev);
    case RFB_S2C_RECT:
        return crop_take_rect(c, ev);
    case RFB_S2C_BODY:
        return ev->encoding != NULL ? crop_take_pixels(c, ev->bytes, ev->n) : take_body(c, ev);
    case RFB_S2C_UPDATE_END:
        return crop_end_update(c);
    case RFB_S2C_MESSAGE:
        return take_head(c, ev);
    case RFB_S2C_MESSAGE_END:
        return end_message(c, ev->type);
    case RFB_S2C_RECT_END:
        break;
    }
    return RFB_OK;
}

/* Up to the end of an update that is kept, or flows to `out`, or of the bytes. */
static int parse(struct crop *c, const uint8_t **data, size_t *len)
{
    int rc = RFB_OK;
    while (rc == RFB_OK && !c->holding && (c->out == NULL || c->flowing)) {
        struct rfb_s2c_event ev;
        rc = rfb_s2c_next(&c->server, data, len, &ev);
        if (rc < 0)
            return crop_broke(c, rc, c->server.why);
        if (rc == 0)
            return RFB_OK;
        rc = on_server_event(c, &ev);
    }
    return rc < 0 && c->why == NULL ? crop_broke(c, rc, rfb_strerror(rc)) : rc;
}

int crop_from_server(struct crop *c, const uint8_t *data, size_t len)
{
    int rc = RFB_OK;
    if (c->swapping)
        return RFB_OK; /* it will be asked for again, of another connection */
    if (c->rest.len == 0)
        rc = parse(c, &data, &len);
    if (rc == RFB_OK && len != 0) {
        rc = rfb_buf_put(&c->rest, data, len);
        if (rc != RFB_OK)
            return crop_broke(c, rc, "too much behind an update");
    }
    return rc == RFB_OK ? crop_pump(c) : rc;
}

int crop_relay(struct crop *c, uint8_t *data, size_t len, size_t *n)
{
    const uint8_t *at = data;
    int rc = RFB_OK;
    *n = 0;
    /* nothing goes before it, and none of it has come with other bytes than these */
    if (c->flowing && c->to_viewer.len == 0 && c->hold.len == 0 && rfb_s2c_in_rect(&c->server)) {
        c->out = data;
        rc = parse(c, &at, &len);
        *n = (size_t)(c->out - data);
        c->out = NULL;
    }
    return rc == RFB_OK ? crop_from_server(c, at, len) : rc;
}

int crop_synced(struct crop *c)
{
    /* one that is asked for behind a plain server's update, and no other */
    c->synced = c->plain ? c->holding : c->updating;
    return crop_pump(c);
}

int crop_taken(struct crop *c)
{
    /* the next update is kept where this one was: half the memory, and still in the cache */
    if (c->to_viewer.len == 0 && c->hold.len == 0 && c->to_viewer.cap > c->hold.cap)
        crop_change_buffers(c);
    return crop_pump(c);
}

int crop_stop_showing(struct crop *c)
{
    c->blind = true;
    c->viewer_wants = c->flowing = false;
    if (!c->holding)
        return RFB_OK;
    crop_forget_update(c);
    return take_rest(c);
}

void crop_rest(struct crop *c)
{
    if (!c->busy && c->hold.len == 0)
        rfb_buf_finish(&c->hold);
    if (!c->busy && c->to_viewer.len == 0)
        rfb_buf_finish(&c->to_viewer);
    c->busy = false;
}

/* ---- windows ---- */

/* Between two snapshots others may have been on top of what is the application's in both. */
static void keep_safe(struct crop *c, const struct windows *w)
{
    pixman_region32_t touched;
    pixman_region32_init(&touched);
    crop_view_add_touched(&touched, w);
    for (int i = 0; i < c->epoch_count; i++) {
        pixman_region32_t *safe = &c->epochs[i].safe;
        pixman_region32_intersect(safe, safe, &c->view.visible);
        pixman_region32_subtract(safe, safe, &touched);
    }
    pixman_region32_fini(&touched);
}

int crop_windows(struct crop *c, const struct windows *w)
{
    crop_view_update(&c->view, w);
    crop_take_frame(c, w);
    /* what has been covered, if only for a moment, is not what it was */
    pixman_region32_intersect(&c->known, &c->known, &c->view.visible);
    keep_safe(c, w);
    crop_settle_windows(c, w);
    int rc = crop_input_changed(c);
    return rc == RFB_OK ? crop_pump(c) : rc;
}

/* ---- life ---- */

int crop_init(struct crop *c, const struct crop_how *how, const struct rfb_server_init *init,
              const struct windows *w)
{
    *c = (struct crop){.format = init->format};
    crop_view_init(&c->view, how);
    rfb_c2s_init(&c->viewer);
    rfb_s2c_init(&c->server, init->width, init->height, &init->format);
    c->viewer.cut_text_max = CROP_CUT_TEXT_MAX;
    c->server.cut_text_max = INT32_MAX; /* it passes by */
    rfb_buf_init(&c->cut_text, CROP_CUT_TEXT_MAX + 64);
    rfb_buf_init(&c->clipboard, CROP_CUT_TEXT_MAX + 64);
    rfb_buf_init(&c->waiting, CROP_WAITING_MAX);
    rfb_buf_init(&c->to_server, CROP_TO_SERVER_MAX);
    rfb_buf_init(&c->to_viewer, CROP_HOLD_MAX + REST_MAX);
    rfb_buf_init(&c->encodings, 4 * RFB_ENCODINGS_MAX);
    rfb_buf_init(&c->hold, CROP_HOLD_MAX + REST_MAX); /* they change places */
    rfb_buf_init(&c->rest, REST_MAX);
    pixman_region32_init(&c->known);
    pixman_region32_init(&c->painted);
    pixman_region32_init(&c->drain.stray);
    crop_settle_init(c);
    int rc = crop_windows(c, w);
    c->size_due = c->title_due = false; /* ServerInit tells them */
    c->shown_width = c->canvas.width;
    c->shown_height = c->canvas.height;
    return rc;
}

void crop_finish(struct crop *c)
{
    crop_drop_epochs(c);
    rfb_buf_wipe(&c->to_server); /* keys may wait in it for another connection */
    rfb_buf_finish(&c->to_viewer);
    rfb_buf_finish(&c->encodings);
    rfb_buf_wipe(&c->cut_text);
    rfb_buf_wipe(&c->clipboard);
    rfb_buf_wipe(&c->waiting);
    rfb_buf_finish(&c->hold);
    rfb_buf_finish(&c->rest);
    free(c->held);
    pixman_region32_fini(&c->known);
    pixman_region32_fini(&c->painted);
    pixman_region32_fini(&c->drain.stray);
    crop_settle_finish(c);
    crop_view_finish(&c->view);
}
