/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/c2s.h"

#include "rfb/err.h"
#include "rfb/msg.h"

enum state { TYPE, HEAD, BODY };

/* head: bytes until the length is known, for most the whole message. size: as in s2c.c. */
struct message {
    uint8_t type, head;
    int (*size)(struct rfb_c2s *f, uint64_t *body);
};

static int fail(struct rfb_c2s *f, int code, const char *why)
{
    f->why = why;
    f->failed = code;
    return code;
}

static int size_format(struct rfb_c2s *f, uint64_t *body)
{
    struct rfb_pixel_format pf;
    *body = 0;
    if (rfb_msg_get_pixel_format(f->head.bytes + 4, &pf) != RFB_OK)
        return fail(f, RFB_E_INVALID, "a pixel format that no pixel can have");
    return RFB_OK;
}

static int size_encodings(struct rfb_c2s *f, uint64_t *body)
{
    uint16_t n = rfb_get_u16(f->head.bytes + 2);
    *body = 4u * n;
    if (n > RFB_ENCODINGS_MAX)
        return fail(f, RFB_E_TOO_LARGE, "more than 1024 encodings");
    return RFB_OK;
}

static int size_pointer(struct rfb_c2s *f, uint64_t *body)
{
    *body = 0;
    if (f->extended_mouse_buttons && (f->head.bytes[1] & 0x80))
        f->head.need = 7;
    return RFB_OK;
}

static int size_cut_text(struct rfb_c2s *f, uint64_t *body)
{
    int64_t n = rfb_get_s32(f->head.bytes + 4); /* negative: the extended clipboard */
    *body = (uint64_t)(n < 0 ? -n : n);
    if (n < 0 && n > -4)
        return fail(f, RFB_E_INVALID, "an extended clipboard message without its flags");
    if (*body > f->cut_text_max)
        return fail(f, RFB_E_TOO_LARGE, "the viewer's clipboard is above the limit");
    return RFB_OK;
}

static int size_fence(struct rfb_c2s *f, uint64_t *body)
{
    *body = f->head.bytes[8];
    if (*body > RFB_FENCE_MAX)
        return fail(f, RFB_E_INVALID, "a fence with more than 64 bytes");
    return RFB_OK;
}

static int size_desktop_size(struct rfb_c2s *f, uint64_t *body)
{
    *body = 16u * f->head.bytes[6];
    return RFB_OK;
}

/* General Input Interface (rfbproto): the length's byte order is a bit of the message. */
static int size_gii(struct rfb_c2s *f, uint64_t *body)
{
    const uint8_t *p = f->head.bytes;
    bool big_endian = p[1] & 0x80;
    *body = big_endian ? rfb_get_u16(p + 2) : (uint64_t)(p[2] | p[3] << 8);
    return RFB_OK;
}

static int size_qemu(struct rfb_c2s *f, uint64_t *body)
{
    enum { EXTENDED_KEY = 0, AUDIO = 1, AUDIO_SET_FORMAT = 2 };
    const uint8_t *p = f->head.bytes;
    *body = 0;
    if (p[1] == EXTENDED_KEY)
        f->head.need = 12;
    else if (p[1] == AUDIO)
        f->head.need = rfb_get_u16(p + 2) == AUDIO_SET_FORMAT ? 10 : 4;
    else
        return fail(f, RFB_E_INVALID, "an unknown QEMU client message");
    return RFB_OK;
}

static const struct message messages[] = {
    {RFB_C2S_SET_PIXEL_FORMAT, 20, size_format},
    {RFB_C2S_SET_ENCODINGS, 4, size_encodings},
    {RFB_C2S_UPDATE_REQUEST, 10, NULL},
    {RFB_C2S_KEY, 8, NULL},
    {RFB_C2S_POINTER, 6, size_pointer},
    {RFB_C2S_CUT_TEXT, 8, size_cut_text},
    {RFB_C2S_ENABLE_CONTINUOUS_UPDATES, 10, NULL},
    {RFB_C2S_FENCE, 9, size_fence},
    {RFB_C2S_XVP, 4, NULL},
    {RFB_C2S_SET_DESKTOP_SIZE, 8, size_desktop_size},
    {RFB_C2S_GII, 4, size_gii},
    {RFB_C2S_QEMU, 4, size_qemu},
};

static const struct message *find_message(uint8_t type)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (messages[i].type == type)
            return &messages[i];
    return NULL;
}

void rfb_c2s_init(struct rfb_c2s *f)
{
    *f = (struct rfb_c2s){.cut_text_max = RFB_CUT_TEXT_MAX, .state = TYPE};
    rfb_head_begin(&f->head, 1);
}

static int on_type(struct rfb_c2s *f)
{
    const struct message *m = find_message(f->head.bytes[0]);
    if (m == NULL)
        return fail(f, RFB_E_INVALID, "a viewer message of unknown type");
    f->head.need = m->head;
    f->state = HEAD;
    return RFB_OK;
}

static int on_head(struct rfb_c2s *f, struct rfb_c2s_event *ev)
{
    const struct message *m = find_message(f->head.bytes[0]);
    uint8_t have = f->head.have;
    uint64_t body = 0;
    int rc = m->size != NULL ? m->size(f, &body) : RFB_OK;
    if (rc != RFB_OK || f->head.need > have)
        return rc;
    f->pass = body;
    f->state = BODY;
    *ev = (struct rfb_c2s_event){
        .kind = RFB_C2S_MESSAGE, .bytes = f->head.bytes, .n = have, .type = m->type, .body = body};
    return 1;
}

static int on_body(struct rfb_c2s *f, const uint8_t **data, size_t *len, struct rfb_c2s_event *ev)
{
    ev->type = f->head.bytes[0];
    if (f->pass == 0) {
        ev->kind = RFB_C2S_MESSAGE_END;
        f->state = TYPE;
        rfb_head_begin(&f->head, 1);
        return 1;
    }
    if (*len == 0)
        return RFB_OK;
    size_t n = *len < f->pass ? *len : (size_t)f->pass;
    ev->kind = RFB_C2S_BODY;
    ev->bytes = *data;
    ev->n = n;
    *data += n;
    *len -= n;
    f->pass -= n;
    return 1;
}

int rfb_c2s_next(struct rfb_c2s *f, const uint8_t **data, size_t *len, struct rfb_c2s_event *ev)
{
    *ev = (struct rfb_c2s_event){.bytes = NULL};
    int rc = f->failed;
    while (rc == RFB_OK) {
        if (f->state == BODY) {
            rc = on_body(f, data, len, ev);
            break;
        }
        if (!rfb_head_gather(&f->head, data, len))
            break;
        rc = f->state == TYPE ? on_type(f) : on_head(f, ev);
    }
    return rc;
}
