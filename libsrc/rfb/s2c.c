/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/s2c.h"

#include "rfb/err.h"

enum state {
    TYPE,         /* between messages: one byte */
    HEAD,         /* the rest of a message's head */
    MESSAGE_BODY, /* f->pass bytes */
    UPDATE_HEAD,
    RECT_HEAD,
    RECT_BODY,
    RECT_DONE,
};

enum { UNTIL_LAST_RECT = 0xffff };

/* How long a message is. head: bytes until its length is known. size: 0 or an error; may ask for a
 * longer head once (h->need), otherwise fills the body's length. */
struct message {
    uint8_t type, head;
    int (*size)(struct rfb_s2c *f, uint64_t *body);
};

static int fail(struct rfb_s2c *f, int code, const char *why)
{
    f->why = why;
    f->failed = code;
    return code;
}

static int size_colour_map(struct rfb_s2c *f, uint64_t *body)
{
    *body = 6u * rfb_get_u16(f->head.bytes + 4);
    return RFB_OK;
}

static int size_cut_text(struct rfb_s2c *f, uint64_t *body)
{
    int64_t n = rfb_get_s32(f->head.bytes + 4); /* negative: the extended clipboard */
    *body = (uint64_t)(n < 0 ? -n : n);
    if (n < 0 && n > -4)
        return fail(f, RFB_E_INVALID, "an extended clipboard message without its flags");
    if (*body > f->cut_text_max)
        return fail(f, RFB_E_TOO_LARGE, "the server's clipboard is above the limit");
    return RFB_OK;
}

static int size_fence(struct rfb_s2c *f, uint64_t *body)
{
    *body = f->head.bytes[8];
    if (*body > RFB_FENCE_MAX)
        return fail(f, RFB_E_INVALID, "a fence with more than 64 bytes");
    return RFB_OK;
}

static int size_qemu(struct rfb_s2c *f, uint64_t *body)
{
    enum { AUDIO = 1, AUDIO_DATA = 2, DATA_HEAD = 8, DATA_MAX = 1 << 20 };
    const uint8_t *p = f->head.bytes;
    *body = 0;
    if (p[1] != AUDIO)
        return fail(f, RFB_E_INVALID, "an unknown QEMU server message");
    if (rfb_get_u16(p + 2) != AUDIO_DATA)
        return RFB_OK;
    if (f->head.need < DATA_HEAD) {
        f->head.need = DATA_HEAD;
        return RFB_OK;
    }
    *body = rfb_get_u32(p + 4);
    if (*body > DATA_MAX)
        return fail(f, RFB_E_TOO_LARGE, "a QEMU audio message above 1 MiB");
    return RFB_OK;
}

static const struct message messages[] = {
    {RFB_S2C_SET_COLOUR_MAP, 6, size_colour_map},
    {RFB_S2C_BELL, 1, NULL},
    {RFB_S2C_CUT_TEXT, 8, size_cut_text},
    {RFB_S2C_END_OF_CONTINUOUS_UPDATES, 1, NULL},
    {RFB_S2C_FENCE, 9, size_fence},
    {RFB_S2C_XVP, 4, NULL},
    {RFB_S2C_QEMU, 4, size_qemu},
};

static const struct message *find_message(uint8_t type)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (messages[i].type == type)
            return &messages[i];
    return NULL;
}

void rfb_s2c_init(struct rfb_s2c *f, uint16_t width, uint16_t height,
                  const struct rfb_pixel_format *format)
{
    *f = (struct rfb_s2c){
        .format = *format,
        .cut_text_max = RFB_CUT_TEXT_MAX,
        .width = width,
        .height = height,
        .state = TYPE,
    };
    rfb_head_begin(&f->head, 1);
}

static void go(struct rfb_s2c *f, enum state state, uint8_t head)
{
    f->state = (int)state;
    rfb_head_begin(&f->head, head);
}

static int head_event(const struct rfb_s2c *f, enum rfb_s2c_kind kind, struct rfb_s2c_event *ev)
{
    ev->kind = kind;
    ev->bytes = f->head.bytes;
    ev->n = f->head.have;
    return 1;
}

static void rect_event(const struct rfb_s2c *f, struct rfb_s2c_event *ev)
{
    ev->type = RFB_S2C_FRAMEBUFFER_UPDATE;
    ev->rect = f->rect;
    ev->encoding = f->encoding;
}

static int on_type(struct rfb_s2c *f)
{
    uint8_t type = f->head.bytes[0];
    if (type == RFB_S2C_FRAMEBUFFER_UPDATE) {
        f->head.need = 4;
        f->state = UPDATE_HEAD;
        return RFB_OK;
    }
    const struct message *m = find_message(type);
    if (m == NULL)
        return fail(f, RFB_E_INVALID, "a server message of unknown type");
    f->head.need = m->head;
    f->state = HEAD;
    return RFB_OK;
}

static int on_head(struct rfb_s2c *f, struct rfb_s2c_event *ev)
{
    const struct message *m = find_message(f->head.bytes[0]);
    uint8_t need = f->head.need;
    uint64_t body = 0;
    int rc = m->size != NULL ? m->size(f, &body) : RFB_OK;
    if (rc != RFB_OK || f->head.need > need)
        return rc;
    f->pass = body;
    f->state = MESSAGE_BODY;
    ev->type = m->type;
    ev->body = body;
    return head_event(f, RFB_S2C_MESSAGE, ev);
}

/* A size rectangle takes effect at once; a refused request (status in y) changes nothing. */
static int resize(struct rfb_s2c *f)
{
    bool extended = f->rect.encoding == RFB_ENC_EXTENDED_DESKTOP_SIZE;
    enum { REASON_CLIENT = 1 };
    if (extended && f->rect.r.x == REASON_CLIENT && f->rect.r.y != 0)
        return RFB_OK;
    int rc = rfb_check_size(f->rect.r.w, f->rect.r.h);
    if (rc != RFB_OK)
        return fail(f, rc,
                    "the server's framebuffer is empty or above 16384 a side or 2^26 pixels");
    f->width = f->rect.r.w;
    f->height = f->rect.r.h;
    return RFB_OK;
}

static int on_rect_head(struct rfb_s2c *f, struct rfb_s2c_event *ev)
{
    rfb_msg_get_rect_head(f->head.bytes, &f->rect);
    f->encoding = rfb_encoding_find(f->rect.encoding);
    if (f->encoding == NULL)
        return fail(f, RFB_E_INVALID, "a rectangle in an unknown encoding");
    const struct rfb_rect *r = &f->rect.r;
    if ((f->encoding->flags & RFB_ENC_F_PIXELS) &&
        (r->x + r->w > f->width || r->y + r->h > f->height))
        return fail(f, RFB_E_INVALID, "a rectangle outside the framebuffer");
    if (f->rect.encoding == RFB_ENC_DESKTOP_SIZE ||
        f->rect.encoding == RFB_ENC_EXTENDED_DESKTOP_SIZE) {
        int rc = resize(f);
        if (rc != RFB_OK)
            return rc;
    }
    if (f->encoding->step != NULL)
        rfb_skim_begin(&f->skim, f->encoding->step, *r, &f->format);
    f->state = f->encoding->step != NULL ? RECT_BODY : RECT_DONE;
    rect_event(f, ev);
    return head_event(f, RFB_S2C_RECT, ev);
}

static int on_rect_body(struct rfb_s2c *f, const uint8_t **data, size_t *len,
                        struct rfb_s2c_event *ev)
{
    if (f->broken != RFB_OK)
        return fail(f, f->broken, f->skim.why);
    size_t used;
    int rc = rfb_skim_feed(&f->skim, *data, *len, &used);
    if (rc < 0) {
        if (used <= 1)
            return fail(f, rc, f->skim.why);
        /* the offending byte is the last one; those before it are told first, as they would have
         * been had they come alone */
        f->broken = rc;
        used--;
    }
    if (rc == 1)
        f->state = RECT_DONE;
    if (used == 0)
        return RFB_OK;
    ev->kind = RFB_S2C_BODY;
    ev->bytes = *data;
    ev->n = used;
    rect_event(f, ev);
    *data += used;
    *len -= used;
    return 1;
}

static int on_rect_done(struct rfb_s2c *f, struct rfb_s2c_event *ev)
{
    ev->kind = RFB_S2C_RECT_END;
    rect_event(f, ev);
    if (f->rect.encoding == RFB_ENC_LAST_RECT)
        f->rects_left = 0;
    else if (f->rects_left != UNTIL_LAST_RECT)
        f->rects_left--;
    go(f, RECT_HEAD, 12);
    return 1;
}

static int on_message_body(struct rfb_s2c *f, const uint8_t **data, size_t *len,
                           struct rfb_s2c_event *ev)
{
    ev->type = f->head.bytes[0];
    if (f->pass == 0) {
        ev->kind = RFB_S2C_MESSAGE_END;
        go(f, TYPE, 1);
        return 1;
    }
    if (*len == 0)
        return RFB_OK;
    size_t n = *len < f->pass ? *len : (size_t)f->pass;
    ev->kind = RFB_S2C_BODY;
    ev->bytes = *data;
    ev->n = n;
    *data += n;
    *len -= n;
    f->pass -= n;
    return 1;
}

/* One step: 1 an event, 0 go on or (with no input left) feed more, negative an error. */
static int step(struct rfb_s2c *f, const uint8_t **data, size_t *len, struct rfb_s2c_event *ev)
{
    enum state state = (enum state)f->state;
    if (state == RECT_BODY)
        return on_rect_body(f, data, len, ev);
    if (state == RECT_DONE)
        return on_rect_done(f, ev);
    if (state == MESSAGE_BODY)
        return on_message_body(f, data, len, ev);
    if (state == RECT_HEAD && f->rects_left == 0) {
        ev->kind = RFB_S2C_UPDATE_END;
        go(f, TYPE, 1);
        return 1;
    }
    if (!rfb_head_gather(&f->head, data, len))
        return RFB_OK;
    if (state == TYPE)
        return on_type(f);
    if (state == HEAD)
        return on_head(f, ev);
    if (state == RECT_HEAD)
        return on_rect_head(f, ev);
    ev->count = rfb_get_u16(f->head.bytes + 2);
    f->rects_left = ev->count;
    head_event(f, RFB_S2C_UPDATE, ev);
    go(f, RECT_HEAD, 12); /* leaves the bytes of the head in place */
    return 1;
}

int rfb_s2c_next(struct rfb_s2c *f, const uint8_t **data, size_t *len, struct rfb_s2c_event *ev)
{
    if (f->failed != RFB_OK)
        return f->failed;
    *ev = (struct rfb_s2c_event){.bytes = NULL};
    for (;;) {
        enum state before = (enum state)f->state;
        int rc = step(f, data, len, ev);
        if (rc != RFB_OK)
            return rc;
        if (*len == 0 && (enum state)f->state == before)
            return RFB_OK;
    }
}

uint64_t rfb_s2c_sure(const struct rfb_s2c *f)
{
    return f->state == RECT_BODY && f->failed == RFB_OK && f->broken == RFB_OK ? f->skim.pass : 0;
}

bool rfb_s2c_in_rect(const struct rfb_s2c *f)
{
    return f->state == RECT_BODY;
}
