/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include <string.h>

#include "rfb/err.h"

enum { CUT_TEXT_HEAD = 8, CUT_TEXT_FLAGS = 12, QEMU_EXTENDED_KEY = 0 };

void filter_init(struct filter *f, const struct policy *policy, const struct rfb_server_init *init)
{
    *f = (struct filter){.policy = policy};
    rfb_c2s_init(&f->viewer);
    rfb_s2c_init(&f->server, init->width, init->height, &init->format);
    /* clipboards pass by or are dropped piece by piece: their size costs nothing here */
    f->viewer.cut_text_max = f->server.cut_text_max = INT32_MAX;
    rfb_buf_init(&f->encodings, 4 * RFB_ENCODINGS_MAX);
}

void filter_finish(struct filter *f)
{
    rfb_buf_finish(&f->encodings);
}

void filter_reconnect(struct filter *f, const struct rfb_server_init *init)
{
    rfb_s2c_init(&f->server, init->width, init->height, &init->format);
    f->server.cut_text_max = INT32_MAX;
    f->from_server = (struct filter_way){0};
    f->taken = f->given = f->gone = 0;
}

void filter_follow(struct filter *f, const struct rfb_pixel_format *format)
{
    f->server.format = *format;
}

static int broke(struct filter *f, int code, const char *why)
{
    f->why = why;
    return code;
}

/* ---- clipboard messages, the same in both directions (RFC 6143 7.5.6, 7.6.4; rfbproto) ---- */

/* A head: a plain text is judged at once, an extended message when its flags are there. */
static void begin_cut_text(const struct filter *f, struct filter_way *way, bool from_viewer,
                           const uint8_t head[CUT_TEXT_HEAD])
{
    way->held_len = 0;
    if (rfb_get_s32(head + 4) < 0) {
        memcpy(way->held, head, CUT_TEXT_HEAD);
        way->held_len = CUT_TEXT_HEAD;
        way->fate = FILTER_HOLD;
        return;
    }
    way->fate = policy_allows_clipboard(f->policy, from_viewer, 0) ? FILTER_PASS : FILTER_DROP;
}

/* Takes bytes of the body up to the end of the flags; answers how many. The fate is decided when
 * all are there. */
static size_t hold(const struct filter *f, struct filter_way *way, bool from_viewer,
                   const uint8_t *bytes, size_t n)
{
    size_t used = 0;
    while (used < n && way->held_len < CUT_TEXT_FLAGS)
        way->held[way->held_len++] = bytes[used++];
    if (way->held_len == CUT_TEXT_FLAGS) {
        uint32_t flags = rfb_get_u32(way->held + CUT_TEXT_HEAD);
        way->fate = flags != 0 && policy_allows_clipboard(f->policy, from_viewer, flags)
                        ? FILTER_PASS
                        : FILTER_DROP;
    }
    return used;
}

/* ---- from the viewer ---- */

static int put(struct filter *f, struct rfb_buf *out, const void *bytes, size_t n)
{
    int rc = rfb_buf_put(out, bytes, n);
    return rc == RFB_OK ? RFB_OK : broke(f, rc, rfb_strerror(rc));
}

/* The list goes on without what the policy does not allow; the order is the viewer's preference. */
static int put_encodings(struct filter *f, struct rfb_buf *out)
{
    const uint8_t *list = rfb_buf_data(&f->encodings);
    size_t n = f->encodings.len / 4;
    uint8_t message[4 + 4 * RFB_ENCODINGS_MAX] = {RFB_C2S_SET_ENCODINGS};
    uint16_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (policy_allows_encoding(f->policy, rfb_get_s32(list + 4 * i)))
            memcpy(message + 4 + 4 * kept++, list + 4 * i, 4);
    rfb_set_u16(message + 2, kept);
    rfb_buf_finish(&f->encodings);
    return put(f, out, message, 4 + 4u * kept);
}

/* How long the server's rectangles are depends on the format, so it must be clear which updates are
 * in it. It is before anything was asked for; later nobody can tell, as servers also send updates
 * unasked (a cursor, where the encodings have it): taken for another length than they have, pixels
 * could hide a clipboard text. */
static int on_format(struct filter *f, const uint8_t *message)
{
    if (f->follows || policy_allows_clipboard(f->policy, false, 0))
        return RFB_OK; /* or the server is not framed */
    if (f->asked)
        return broke(f, RFB_E_INVALID,
                     "in this stream the pixel format comes before encodings and requests");
    rfb_msg_get_pixel_format(message + 4, &f->server.format); /* the framer has checked it */
    return RFB_OK;
}

static int on_viewer_message(struct filter *f, const struct rfb_c2s_event *ev, struct rfb_buf *out)
{
    struct filter_way *way = &f->from_viewer;
    int rc = RFB_OK;
    way->fate = policy_allows_message(f->policy, ev->type) ? FILTER_PASS : FILTER_DROP;
    switch (ev->type) {
    case RFB_C2S_CUT_TEXT:
        if (way->fate == FILTER_PASS)
            begin_cut_text(f, way, true, ev->bytes);
        break;
    case RFB_C2S_SET_ENCODINGS:
        way->fate = FILTER_DROP; /* put_encodings writes another */
        f->asked = true;
        break;
    case RFB_C2S_SET_PIXEL_FORMAT:
        rc = on_format(f, ev->bytes);
        break;
    case RFB_C2S_UPDATE_REQUEST:
    case RFB_C2S_ENABLE_CONTINUOUS_UPDATES:
        f->asked = true;
        break;
    case RFB_C2S_QEMU: /* its other submessages are about sound */
        if (ev->bytes[1] != QEMU_EXTENDED_KEY)
            way->fate = FILTER_DROP;
        break;
    default:
        break;
    }
    return rc == RFB_OK && way->fate == FILTER_PASS ? put(f, out, ev->bytes, ev->n) : rc;
}

static int on_viewer_body(struct filter *f, const struct rfb_c2s_event *ev, struct rfb_buf *out)
{
    struct filter_way *way = &f->from_viewer;
    const uint8_t *bytes = ev->bytes;
    size_t n = ev->n;
    int rc = RFB_OK;
    if (ev->type == RFB_C2S_SET_ENCODINGS)
        return put(f, &f->encodings, bytes, n);
    if (way->fate == FILTER_HOLD) {
        size_t used = hold(f, way, true, bytes, n);
        bytes += used;
        n -= used;
        if (way->fate == FILTER_PASS)
            rc = put(f, out, way->held, way->held_len);
    }
    return rc == RFB_OK && way->fate == FILTER_PASS ? put(f, out, bytes, n) : rc;
}

static int on_viewer_event(struct filter *f, const struct rfb_c2s_event *ev, struct rfb_buf *out)
{
    switch (ev->kind) {
    case RFB_C2S_MESSAGE:
        return on_viewer_message(f, ev, out);
    case RFB_C2S_BODY:
        return on_viewer_body(f, ev, out);
    case RFB_C2S_MESSAGE_END:
        return ev->type == RFB_C2S_SET_ENCODINGS ? put_encodings(f, out) : RFB_OK;
    }
    return RFB_OK;
}

int filter_from_viewer(struct filter *f, const uint8_t *data, size_t len, struct rfb_buf *out)
{
    for (;;) {
        struct rfb_c2s_event ev;
        int rc = rfb_c2s_next(&f->viewer, &data, &len, &ev);
        if (rc < 0)
            return broke(f, rc, f->viewer.why);
        if (rc == 0)
            return RFB_OK;
        rc = on_viewer_event(f, &ev, out);
        if (rc != RFB_OK)
            return rc;
    }
}

/* ---- from the server ---- */

/* Bytes that go on are moved to the place behind those that do already. That is never behind where
 * they are: nothing is given that was not taken. */
static void give(struct filter *f, uint8_t **to, const uint8_t *bytes, size_t n)
{
    if (*to != bytes)
        memmove(*to, bytes, n);
    *to += n;
    f->given += n;
}

static void on_server_body(struct filter *f, uint8_t **to, const uint8_t *bytes, size_t n)
{
    struct filter_way *way = &f->from_server;
    if (way->fate == FILTER_HOLD) {
        size_t used = hold(f, way, false, bytes, n);
        bytes += used;
        n -= used;
        if (way->fate != FILTER_HOLD &&
            (rfb_get_u32(way->held + CUT_TEXT_HEAD) & (RFB_CLIP_NOTIFY | RFB_CLIP_PROVIDE)))
            f->server_text = true;
        if (way->fate == FILTER_PASS)
            give(f, to, way->held, way->held_len);
        else if (way->fate == FILTER_DROP)
            f->gone += way->held_len;
    }
    if (way->fate == FILTER_PASS)
        give(f, to, bytes, n);
    else if (way->fate == FILTER_DROP)
        f->gone += n;
}

static void on_server_event(struct filter *f, uint8_t **to, const struct rfb_s2c_event *ev)
{
    struct filter_way *way = &f->from_server;
    switch (ev->kind) {
    case RFB_S2C_MESSAGE:
        way->fate = FILTER_PASS;
        if (ev->type == RFB_S2C_CUT_TEXT) {
            f->server_text = f->server_text || rfb_get_s32(ev->bytes + 4) >= 0;
            begin_cut_text(f, way, false, ev->bytes);
        }
        if (way->fate == FILTER_PASS)
            give(f, to, ev->bytes, ev->n);
        else if (way->fate == FILTER_DROP)
            f->gone += ev->n;
        break;
    case RFB_S2C_UPDATE:
    case RFB_S2C_RECT:
        way->fate = FILTER_PASS;
        give(f, to, ev->bytes, ev->n);
        break;
    case RFB_S2C_BODY:
        on_server_body(f, to, ev->bytes, ev->n);
        break;
    case RFB_S2C_UPDATE_END:
    case RFB_S2C_RECT_END:
    case RFB_S2C_MESSAGE_END:
        break;
    }
}

int filter_from_server(struct filter *f, uint8_t **data, size_t *len)
{
    if (policy_allows_clipboard(f->policy, false, 0))
        return RFB_OK;
    const uint8_t *in = *data;
    size_t left = *len;
    uint8_t *begin = *data - (f->taken - f->given - f->gone), *to = begin;
    f->taken += left;
    for (;;) {
        struct rfb_s2c_event ev;
        int rc = rfb_s2c_next(&f->server, &in, &left, &ev);
        if (rc < 0)
            return broke(f, rc, f->server.why);
        if (rc == 0)
            break;
        on_server_event(f, &to, &ev);
    }
    *data = begin;
    *len = (size_t)(to - begin);
    return RFB_OK;
}
