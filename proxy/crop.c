/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_private.h"

#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"

enum {
    REST_MAX = 1 << 20,
    ROOM_MIN = 4096, /* bytes: fewer are copied sooner than read apart */
    UPDATE_HEAD = 4, /* bytes, RFC 6143 section 7.6.1 */
    RECT_HEAD = 12
};

/* ---- small things ---- */

int crop_broke(struct crop *c, int code, const char *why)
{
    c->why = why;
    return code;
}

static bool contains(const pixman_region32_t *region, const struct rfb_rect *r)
{
    pixman_box32_t box = {r->x, r->y, r->x + r->w, r->y + r->h};
    return pixman_region32_contains_rectangle((pixman_region32_t *)(uintptr_t)region, &box) ==
           PIXMAN_REGION_IN;
}

/* ---- to the viewer ---- */

/* Does the rectangle go on? Its pixels must have been the application's the whole time, and the
 * canvas where it was. */
static bool may_go(const struct crop *c, const struct crop_held *h)
{
    const struct crop_epoch *e = &c->epochs[0];
    if (!h->pixels)
        return h->head.encoding == RFB_ENC_CURSOR ? c->cursors : false;
    return e->x == c->canvas.x && e->y == c->canvas.y && contains(&e->safe, &h->head.r);
}

/* Where h's rectangle is in the update that is kept: its head, which is written anew, and its body
 * are moved to the place behind those that go on already, which is never behind where they are.
 * *to is behind it then. */
static int give_held(struct crop *c, const struct crop_held *h, size_t *to)
{
    uint8_t *message = c->hold.data + c->hold.off, *body = message + h->at + RECT_HEAD;
    struct rfb_rect_head head = h->head;
    size_t n = h->len;
    int rc = crop_zlib_continue(&c->zlib, &h->head, &c->format, body, &n);
    if (rc != RFB_OK)
        return crop_broke(c, rc, "the server's zlib streams cannot go on");
    if (h->pixels) {
        head.r.x = (uint16_t)(head.r.x - c->canvas.x);
        head.r.y = (uint16_t)(head.r.y - c->canvas.y);
    }
    rfb_msg_set_rect_head(message + *to, &head);
    if (message + *to + RECT_HEAD != body)
        memmove(message + *to + RECT_HEAD, body, n);
    *to += RECT_HEAD + n;
    return RFB_OK;
}

static void change_places(struct rfb_buf *a, struct rfb_buf *b)
{
    struct rfb_buf was = *a;
    *a = *b;
    *b = was;
}

/* Of the update that is kept, the rectangles that may go: it becomes what the viewer gets, as it
 * is large and nothing is to be copied twice. */
static int give_update(struct crop *c, size_t going)
{
    size_t to = UPDATE_HEAD;
    int rc = RFB_OK;
    rfb_set_u16(c->hold.data + c->hold.off + 2, (uint16_t)going);
    for (size_t i = 0; i < c->held_count && rc == RFB_OK; i++)
        if (c->held[i].goes)
            rc = give_held(c, &c->held[i], &to);
    c->hold.len = to;
    if (c->to_viewer.len != 0)
        return rc == RFB_OK ? rfb_buf_put(&c->to_viewer, rfb_buf_data(&c->hold), to) : rc;
    change_places(&c->to_viewer, &c->hold);
    return rc;
}

/* The update is neither here nor there any more. */
static void forget_held(struct crop *c)
{
    c->holding = c->synced = false;
    c->held_count = 0;
    rfb_buf_consume(&c->hold, c->hold.len);
}

/* In one step, of how many rectangles soever: those that go on are known, and flat no more; the
 * others are known no more. */
static int note_held(struct crop *c)
{
    pixman_region32_t given, lost;
    pixman_box32_t *boxes = malloc((c->held_count + 1) * sizeof *boxes);
    size_t n = 0, end = c->held_count;
    if (boxes == NULL)
        return RFB_E_NO_MEMORY;
    for (size_t i = 0; i < c->held_count; i++) {
        const struct crop_held *h = &c->held[i];
        const struct rfb_rect *r = &h->head.r;
        if (h->pixels && r->w != 0 && r->h != 0)
            boxes[h->goes ? n++ : --end] = (pixman_box32_t){r->x, r->y, r->x + r->w, r->y + r->h};
    }
    pixman_region32_init_rects(&given, boxes, (int)n);
    pixman_region32_init_rects(&lost, boxes + end, (int)(c->held_count - end));
    free(boxes);
    pixman_region32_union(&c->known, &c->known, &given);
    pixman_region32_subtract(&c->known, &c->known, &lost);
    pixman_region32_subtract(&c->painted, &c->painted, &given);
    pixman_region32_fini(&given);
    pixman_region32_fini(&lost);
    return RFB_OK;
}

/* The update that was kept: what may go on goes, and what may not is asked for again. */
static int send_held(struct crop *c)
{
    size_t going = 0;
    bool dropped = false, bound = false, gave = false; /* of pixels */
    int rc = RFB_OK;
    for (size_t i = 0; i < c->held_count; i++) {
        struct crop_held *h = &c->held[i];
        h->goes = may_go(c, h);
        going += h->goes;
        bound = bound || (h->pixels && !h->stateless);
        gave = gave || (h->pixels && h->goes);
        dropped = dropped || (h->pixels && !h->goes);
    }
    if (note_held(c) != RFB_OK)
        return crop_broke(c, RFB_E_NO_MEMORY, "out of memory");
    if (dropped && bound) {
        forget_held(c);
        return crop_want_swap(c);
    }
    if (going != 0) {
        rc = give_update(c, going);
        c->viewer_wants = false;
    }
    forget_held(c);
    c->epochs[0].answered = true;
    if (c->plain)
        return rc == RFB_OK ? crop_plain_end(c) : rc;
    /* one without pixels does not tell how restless the windows are */
    return rc == RFB_OK && (gave || dropped) ? crop_count_update(c, !dropped) : rc;
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
    if (c->holding)
        forget_held(c);
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
    /* nothing comes between the pieces of a message that goes by */
    while (rc == RFB_OK && c->started && !c->inside) {
        bool sent = false;
        if (c->viewer_wants && c->format_due)
            rc = change_format(c);
        if (rc == RFB_OK && c->viewer_wants)
            rc = crop_send_frame(c, &sent);
        if (rc == RFB_OK && c->viewer_wants && c->holding && c->synced) {
            rc = send_held(c);
            if (rc == RFB_OK)
                rc = take_rest(c);
            continue;
        }
        break;
    }
    if (rc == RFB_OK && c->viewer_wants && !c->holding)
        rc = crop_ask(c);
    return rc;
}

/* ---- from the server ---- */

static int hold_rect(struct crop *c, const struct rfb_s2c_event *ev)
{
    const struct rfb_encoding *e = ev->encoding;
    bool pixels = e->flags & RFB_ENC_F_PIXELS;
    if (c->held_count == CROP_RECTS_MAX)
        return crop_broke(c, RFB_E_TOO_LARGE, "an update of too many rectangles");
    if (pixels && !crop_may_come(c, e->number))
        return crop_broke(c, RFB_E_INVALID, "an encoding that was not asked for");
    if (c->held_count == c->held_room) {
        size_t room = c->held_room != 0 ? 2 * c->held_room : 16;
        struct crop_held *more = realloc(c->held, room * sizeof *more);
        if (more == NULL)
            return crop_broke(c, RFB_E_NO_MEMORY, "out of memory");
        c->held = more;
        c->held_room = room;
    }
    c->held[c->held_count++] = (struct crop_held){.head = ev->rect,
                                                  .pixels = pixels,
                                                  .stateless = e->flags & RFB_ENC_F_STATELESS,
                                                  .at = c->hold.len};
    int rc = rfb_buf_put(&c->hold, ev->bytes, ev->n);
    if (rc != RFB_OK)
        return crop_broke(c, rc, "an update that is too large");
    if (ev->rect.encoding == RFB_ENC_DESKTOP_SIZE) /* the screen's: nothing is where it was */
        pixman_region32_clear(&c->known);
    if (!pixels)
        return RFB_OK;
    /* a server that does not clip would tell what is foreign */
    return (c->plain ? crop_plain_expects(c, &ev->rect.r)
                     : contains(&c->epochs[0].asked, &ev->rect.r))
               ? RFB_OK
               : crop_broke(
                     c, RFB_E_INVALID,
                     "the server sends pixels that were not asked for: it cannot show single "
                     "windows");
}

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

/* Bytes of an update; those that were read to where they belong are there already. */
static int keep(struct crop *c, const uint8_t *bytes, size_t n)
{
    struct rfb_buf *b = &c->hold;
    if (n > b->cap - b->off - b->len || bytes != b->data + b->off + b->len)
        return rfb_buf_put(b, bytes, n);
    rfb_buf_commit(b, n);
    return RFB_OK;
}

uint8_t *crop_room(struct crop *c, size_t *n)
{
    uint64_t sure = c->swapping || c->holding ? 0 : rfb_s2c_sure(&c->server);
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
    int rc = RFB_OK;
    switch (ev->kind) {
    case RFB_S2C_UPDATE:
        c->held_count = 0;
        c->busy = true;
        if (!c->ready && c->started)
            crop_plain_begin(c);
        return c->ready ? rfb_buf_put(&c->hold, ev->bytes, ev->n)
                        : crop_broke(c, RFB_E_INVALID, "an update that was not asked for");
    case RFB_S2C_RECT:
        return hold_rect(c, ev);
    case RFB_S2C_BODY:
        if (ev->encoding == NULL)
            return take_body(c, ev);
        rc = keep(c, ev->bytes, ev->n);
        c->held[c->held_count - 1].len += ev->n;
        return rc == RFB_OK ? rc : crop_broke(c, rc, "an update that is too large");
    case RFB_S2C_UPDATE_END:
        if (c->blind) {
            forget_held(c);
            return RFB_OK;
        }
        c->holding = true;
        c->synced = false;
        c->wants_sync = true;
        break;
    case RFB_S2C_MESSAGE:
        return take_head(c, ev);
    case RFB_S2C_MESSAGE_END:
        return end_message(c, ev->type);
    case RFB_S2C_RECT_END:
        break;
    }
    return RFB_OK;
}

/* Up to the end of an update, or of the bytes. */
static int parse(struct crop *c, const uint8_t **data, size_t *len)
{
    int rc = RFB_OK;
    while (rc == RFB_OK && !c->holding) {
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

int crop_synced(struct crop *c)
{
    c->synced = c->holding;
    return crop_pump(c);
}

int crop_taken(struct crop *c)
{
    /* the next update is kept where this one was: half the memory, and still in the cache */
    if (c->to_viewer.len == 0 && c->hold.len == 0 && c->to_viewer.cap > c->hold.cap)
        change_places(&c->to_viewer, &c->hold);
    return crop_pump(c);
}

int crop_stop_showing(struct crop *c)
{
    c->blind = true;
    c->viewer_wants = false;
    if (!c->holding)
        return RFB_OK;
    forget_held(c);
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
