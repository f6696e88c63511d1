/* SPDX-License-Identifier: GPL-2.0-or-later
 * An update of the server's, from its first byte until the viewer has what may go of it. It is kept
 * until the agent has answered, who is asked when it begins: Xvnc reads and writes all of an update
 * before it does anything else, so that it answers the agent behind the last pixel (TigerVNC's
 * x0vncserver has copied the screen before; one without ContinuousUpdates may look at it at any
 * time, and there the agent is asked when the update is whole). What comes behind the answer need
 * not be kept: where rectangles can be dropped one by one, the update flows on as it comes. */
#include <stdlib.h>
#include <string.h>

#include "crop_private.h"
#include "rfb/err.h"

enum {
    UPDATE_HEAD = 4, /* bytes, RFC 6143 section 7.6.1 */
    RECT_HEAD = 12,
    UNTIL_LAST_RECT = 0xffff /* in place of a count */
};

static bool contains(const pixman_region32_t *region, const struct rfb_rect *r)
{
    pixman_box32_t box = {r->x, r->y, r->x + r->w, r->y + r->h};
    return pixman_region32_contains_rectangle((pixman_region32_t *)(uintptr_t)region, &box) ==
           PIXMAN_REGION_IN;
}

/* ---- what goes ---- */

/* Does the rectangle go on? Its pixels must have been the application's the whole time, and the
 * canvas where it was. */
static bool may_go(const struct crop *c, const struct crop_held *h)
{
    const struct crop_epoch *e = &c->epochs[0];
    if (!h->pixels)
        return h->head.encoding == RFB_ENC_CURSOR ? c->cursors : false;
    return e->x == c->canvas.x && e->y == c->canvas.y && contains(&e->safe, &h->head.r);
}

/* Of the rectangles that are kept; how many go. */
static size_t choose(struct crop *c)
{
    size_t going = 0;
    for (size_t i = 0; i < c->held_count; i++) {
        c->held[i].goes = may_go(c, &c->held[i]);
        going += c->held[i].goes;
    }
    return going;
}

/* In one step, of how many rectangles soever: what the viewer has been given is flat no more, and
 * known as far as it is still the application's; what was dropped is known no more. */
static int note_held(struct crop *c)
{
    const struct crop_epoch *e = &c->epochs[0];
    pixman_region32_t given, lost;
    pixman_box32_t *boxes = malloc((c->held_count + 1) * sizeof *boxes);
    size_t n = 0, end = c->held_count;
    if (boxes == NULL)
        return crop_broke(c, RFB_E_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < c->held_count; i++) {
        const struct crop_held *h = &c->held[i];
        const struct rfb_rect *r = &h->head.r;
        if (h->pixels && r->w != 0 && r->h != 0)
            boxes[h->goes ? n++ : --end] = (pixman_box32_t){r->x, r->y, r->x + r->w, r->y + r->h};
    }
    pixman_region32_init_rects(&given, boxes, (int)n);
    pixman_region32_init_rects(&lost, boxes + end, (int)(c->held_count - end));
    free(boxes);
    pixman_region32_subtract(&c->painted, &c->painted, &given);
    pixman_region32_subtract(&c->known, &c->known, &given);
    if (!c->stale) {
        pixman_region32_intersect(&given, &given, (pixman_region32_t *)(uintptr_t)&e->safe);
        pixman_region32_union(&c->known, &c->known, &given);
    }
    pixman_region32_subtract(&c->known, &c->known, &lost);
    pixman_region32_fini(&given);
    pixman_region32_fini(&lost);
    return RFB_OK;
}

void crop_forget_update(struct crop *c)
{
    c->updating = c->holding = c->flowing = c->synced = c->stale = false;
    c->held_count = 0;
    rfb_buf_consume(&c->hold, c->hold.len);
}

/* ---- to the viewer ---- */

/* As the viewer is told it. */
static void set_head(const struct crop *c, uint8_t to[RECT_HEAD], const struct crop_held *h)
{
    struct rfb_rect_head head = h->head;
    if (h->pixels) {
        head.r.x = (uint16_t)(head.r.x - c->canvas.x);
        head.r.y = (uint16_t)(head.r.y - c->canvas.y);
    }
    rfb_msg_set_rect_head(to, &head);
}

/* Where h's rectangle is in the update that is kept: its head, which is written anew, and its body
 * are moved to the place behind those that go on already, which is never behind where they are.
 * *to is behind it then. */
static int move_held(struct crop *c, const struct crop_held *h, size_t *to)
{
    uint8_t *message = c->hold.data + c->hold.off, *body = message + h->at + RECT_HEAD;
    size_t n = h->len;
    int rc = crop_zlib_continue(&c->zlib, &h->head, &c->format, body, &n);
    if (rc != RFB_OK)
        return crop_broke(c, rc, "the server's zlib streams cannot go on");
    set_head(c, message + *to, h);
    if (message + *to + RECT_HEAD != body)
        memmove(message + *to + RECT_HEAD, body, n);
    *to += RECT_HEAD + n;
    return RFB_OK;
}

void crop_change_buffers(struct crop *c)
{
    struct rfb_buf was = c->to_viewer;
    c->to_viewer = c->hold;
    c->hold = was;
}

/* What is in `hold` is the viewer's, as it is: it is large, and nothing is to be copied twice. */
static int hand_over(struct crop *c)
{
    int rc = RFB_OK;
    if (c->to_viewer.len == 0) {
        crop_change_buffers(c);
    } else if (c->hold.len != 0) {
        rc = rfb_buf_put(&c->to_viewer, rfb_buf_data(&c->hold), c->hold.len);
        rfb_buf_consume(&c->hold, c->hold.len);
    }
    return rc;
}

/* Of what is kept, the rectangles that go; count: how many the viewer is told of. */
static int give_held(struct crop *c, size_t count)
{
    size_t to = UPDATE_HEAD;
    int rc = RFB_OK;
    rfb_set_u16(c->hold.data + c->hold.off + 2, (uint16_t)count);
    for (size_t i = 0; i < c->held_count && rc == RFB_OK; i++)
        if (c->held[i].goes)
            rc = move_held(c, &c->held[i], &to);
    c->hold.len = to;
    c->viewer_wants = false;
    return rc == RFB_OK ? hand_over(c) : rc;
}

/* What the update has brought is noted, and it is no more. */
static int finish_update(struct crop *c)
{
    bool dropped = false, gave = false; /* pixels */
    int rc = note_held(c);
    for (size_t i = 0; i < c->held_count; i++) {
        gave = gave || (c->held[i].pixels && c->held[i].goes);
        dropped = dropped || (c->held[i].pixels && !c->held[i].goes);
    }
    crop_forget_update(c);
    c->epochs[0].answered = true;
    if (rc == RFB_OK && c->plain)
        return crop_plain_end(c);
    /* one without pixels does not tell how restless the windows are */
    return rc == RFB_OK && (gave || dropped) ? crop_count_update(c, !dropped) : rc;
}

/* One that may be dropped takes what others depend on with it. */
static bool drops_state(const struct crop *c)
{
    bool dropped = false, bound = false;
    for (size_t i = 0; i < c->held_count; i++) {
        bound = bound || (c->held[i].pixels && !c->held[i].stateless);
        dropped = dropped || (c->held[i].pixels && !c->held[i].goes);
    }
    return dropped && bound;
}

int crop_send_update(struct crop *c)
{
    size_t going = choose(c);
    if (drops_state(c))
        return crop_want_swap(c);
    int rc = going != 0 ? give_held(c, going) : RFB_OK;
    return rc == RFB_OK ? finish_update(c) : rc;
}

/* ---- while it comes ---- */

bool crop_may_flow(const struct crop *c)
{
    const struct crop_held *last = c->held_count != 0 ? &c->held[c->held_count - 1] : NULL;
    return c->synced && !c->holding && !c->plain && last != NULL && last->pixels &&
           may_go(c, last) && c->announced != UNTIL_LAST_RECT && !crop_bound_may_come(c);
}

int crop_flow(struct crop *c)
{
    if (c->flowing)
        return hand_over(c);
    c->flowing = true;
    return give_held(c, choose(c) + c->announced - c->held_count);
}

/* Bytes of an update; those that were read to where they belong are there already. */
static int keep(struct crop *c, const uint8_t *bytes, size_t n)
{
    struct rfb_buf *b = &c->hold;
    if (c->out != NULL) {
        if (bytes != c->out)
            memmove(c->out, bytes, n);
        c->out += n;
        return RFB_OK;
    }
    if (n <= b->cap - b->off - b->len && bytes == b->data + b->off + b->len) {
        rfb_buf_commit(b, n);
        return RFB_OK;
    }
    int rc = rfb_buf_put(b, bytes, n);
    return rc == RFB_OK ? rc : crop_broke(c, rc, "an update that is too large");
}

int crop_begin_update(struct crop *c, const struct rfb_s2c_event *ev)
{
    c->busy = c->updating = true;
    c->announced = ev->count;
    if (!c->ready && c->started)
        crop_plain_begin(c);
    if (!c->ready)
        return crop_broke(c, RFB_E_INVALID, "an update that was not asked for");
    c->wants_sync = c->wants_sync || !(c->plain || c->blind);
    return keep(c, ev->bytes, ev->n);
}

static int add_held(struct crop *c, const struct crop_held *h)
{
    if (c->held_count == CROP_RECTS_MAX)
        return crop_broke(c, RFB_E_TOO_LARGE, "an update of too many rectangles");
    if (c->held_count == c->held_room) {
        size_t room = c->held_room != 0 ? 2 * c->held_room : 16;
        struct crop_held *more = realloc(c->held, room * sizeof *more);
        if (more == NULL)
            return crop_broke(c, RFB_E_NO_MEMORY, "out of memory");
        c->held = more;
        c->held_room = room;
    }
    c->held[c->held_count++] = *h;
    return RFB_OK;
}

/* One that may not go is told as one without pixels, as the viewer knows how many there are. */
static int flow_head(struct crop *c, struct crop_held *h)
{
    static const struct crop_held nothing = {.head = {.encoding = RFB_ENC_RAW}};
    uint8_t head[RECT_HEAD];
    h->goes = may_go(c, h);
    set_head(c, head, h->goes ? h : &nothing);
    return keep(c, head, sizeof head);
}

int crop_take_rect(struct crop *c, const struct rfb_s2c_event *ev)
{
    const struct rfb_encoding *e = ev->encoding;
    const struct crop_held h = {.head = ev->rect,
                                .pixels = e->flags & RFB_ENC_F_PIXELS,
                                .stateless = e->flags & RFB_ENC_F_STATELESS,
                                .at = c->hold.len};
    if (h.pixels && (!crop_may_come(c, e->number) || (c->flowing && !h.stateless)))
        return crop_broke(c, RFB_E_INVALID, "an encoding that was not asked for");
    int rc = add_held(c, &h);
    if (rc != RFB_OK)
        return rc;
    if (e->number == RFB_ENC_DESKTOP_SIZE) /* the screen's: nothing is where it was */
        pixman_region32_clear(&c->known);
    /* a server that does not clip would tell what is foreign */
    if (h.pixels &&
        !(c->plain ? crop_plain_expects(c, &h.head.r) : contains(&c->epochs[0].asked, &h.head.r)))
        return crop_broke(c, RFB_E_INVALID,
                          "the server sends pixels that were not asked for: it cannot show single "
                          "windows");
    return c->flowing ? flow_head(c, &c->held[c->held_count - 1]) : keep(c, ev->bytes, ev->n);
}

int crop_take_pixels(struct crop *c, const uint8_t *bytes, size_t n)
{
    struct crop_held *h = &c->held[c->held_count - 1];
    if (c->blind || (c->flowing && !h->goes))
        return RFB_OK;
    h->len += n;
    return keep(c, bytes, n);
}

int crop_end_update(struct crop *c)
{
    if (c->blind) {
        crop_forget_update(c);
        return RFB_OK;
    }
    if (!c->flowing) {
        c->holding = true;
        c->wants_sync = c->wants_sync || c->plain;
        return RFB_OK;
    }
    if (c->held_count != c->announced)
        return crop_broke(c, RFB_E_INVALID, "an update of fewer rectangles than it told");
    int rc = hand_over(c);
    return rc == RFB_OK ? finish_update(c) : rc;
}
