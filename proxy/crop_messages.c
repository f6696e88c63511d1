/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the viewer of a window says: which of it the server is told, and which is done here. */
#include <string.h>

#include "crop_private.h"
#include "rfb/err.h"

enum {
    FORMAT_CHANGES_MAX = 64, /* of a viewer: each costs a connection to the server */
    HOLES_MAX = 2000         /* rectangles of a region that a viewer makes */
};

/* Encodings that can be cut, and what tells how to make them. */
static bool is_wanted(int32_t e)
{
    static const int32_t cut[] = {RFB_ENC_RAW,  RFB_ENC_RRE,   RFB_ENC_HEXTILE,  RFB_ENC_ZLIB,
                                  RFB_ENC_ZRLE, RFB_ENC_TIGHT, RFB_ENC_TIGHT_PNG};
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++)
        if (cut[i] == e)
            return true;
    return (e >= RFB_ENC_JPEG_QUALITY_0 && e <= RFB_ENC_JPEG_QUALITY_9) ||
           (e >= RFB_ENC_COMPRESS_0 && e <= RFB_ENC_COMPRESS_9) ||
           (e >= RFB_ENC_FINE_QUALITY_0 && e <= RFB_ENC_FINE_QUALITY_100) ||
           (e >= RFB_ENC_SUBSAMPLING_FIRST && e <= RFB_ENC_SUBSAMPLING_LAST) ||
           e == RFB_ENC_EXTENDED_CLIPBOARD; /* where the policy has left it in the list */
}

/* A viewer that is told of ExtendedDesktopSize may want to resize what it sees (rfbproto,
 * SetDesktopSize), which nobody can here: the simpler one, where it knows both. */
static void take_resizing(struct crop *c, int32_t e)
{
    if (e == RFB_ENC_DESKTOP_SIZE || (e == RFB_ENC_EXTENDED_DESKTOP_SIZE && c->resizes == 0))
        c->resizes = e;
}

/* Of the viewer's list, in its order, what concerns the window. */
static int take_encodings(struct crop *c)
{
    const uint8_t *list = rfb_buf_data(&c->encodings);
    size_t n = c->encodings.len / 4;
    int rc = RFB_OK;
    int32_t resized = c->resizes;
    c->rre = c->names = c->cursors = false;
    c->resizes = 0;
    c->wanted_count = 0;
    for (size_t i = 0; i < n && rc == RFB_OK; i++) {
        int32_t e = rfb_get_s32(list + 4 * i);
        c->rre = c->rre || e == RFB_ENC_RRE;
        take_resizing(c, e);
        c->names = c->names || e == RFB_ENC_DESKTOP_NAME;
        c->cursors = c->cursors || e == RFB_ENC_CURSOR;
        if (!is_wanted(e) || crop_is_wanted(c, e))
            continue;
        if (c->wanted_count == CROP_ENCODINGS_MAX)
            rc = crop_broke(c, RFB_E_TOO_LARGE, "too many encodings");
        else
            c->wanted[c->wanted_count++] = e;
    }
    rfb_buf_finish(&c->encodings);
    /* the first one tells that there will be others */
    c->size_due = c->size_due || (c->resizes == RFB_ENC_EXTENDED_DESKTOP_SIZE && resized == 0);
    if (c->resizes == 0)
        crop_keep_size(c);
    if (rc == RFB_OK && !c->started)
        rc = crop_probe(c);
    else if (rc == RFB_OK && !c->swapping) /* else the next connection begins with them */
        rc = crop_put_encodings(c);
    c->started = true;
    return rc;
}

static int take_request(struct crop *c, const uint8_t *message)
{
    /* who has named no encoding has Raw (RFC 6143 section 7.5.2) */
    int rc = c->started ? RFB_OK : take_encodings(c);
    c->viewer_wants = true;
    if (rc != RFB_OK || message[1] != 0)
        return rc;
    /* all of it again, whatever the viewer has */
    const struct rfb_rect r = {rfb_get_u16(message + 2), rfb_get_u16(message + 4),
                               rfb_get_u16(message + 6), rfb_get_u16(message + 8)};
    pixman_region32_t again;
    if (r.w == 0 || r.h == 0)
        return RFB_OK;
    c->stale = c->flowing;
    pixman_region32_init_rect(&again, r.x + c->canvas.x, r.y + c->canvas.y, r.w, r.h);
    pixman_region32_subtract(&c->known, &c->known, &again);
    pixman_region32_subtract(&c->painted, &c->painted, &again);
    pixman_region32_fini(&again);
    /* who asks for every other pixel makes work of it: all is asked for again */
    if (pixman_region32_n_rects(&c->known) > HOLES_MAX)
        pixman_region32_clear(&c->known);
    if (pixman_region32_n_rects(&c->painted) > HOLES_MAX)
        pixman_region32_clear(&c->painted);
    return RFB_OK;
}

static bool same_format(const struct rfb_pixel_format *a, const struct rfb_pixel_format *b)
{
    return a->bits_per_pixel == b->bits_per_pixel && a->depth == b->depth &&
           a->big_endian == b->big_endian && a->true_colour == b->true_colour &&
           a->red_max == b->red_max && a->green_max == b->green_max && a->blue_max == b->blue_max &&
           a->red_shift == b->red_shift && a->green_shift == b->green_shift &&
           a->blue_shift == b->blue_shift;
}

static int take_format(struct crop *c, const uint8_t *message)
{
    int rc = rfb_msg_get_pixel_format(message + 4, &c->next_format);
    if (rc != RFB_OK)
        return crop_broke(c, rc, "a pixel format that no pixel can have");
    c->format_due = c->started && !same_format(&c->next_format, &c->format);
    if (c->format_due && c->format_changes++ == FORMAT_CHANGES_MAX)
        return crop_broke(c, RFB_E_TOO_LARGE, "the pixel format is changed too often");
    if (c->started)
        return RFB_OK;
    c->format = c->server.format = c->next_format;
    return rfb_buf_put(&c->to_server, message, 20);
}

static int on_viewer_message(struct crop *c, const struct rfb_c2s_event *ev)
{
    switch (ev->type) {
    case RFB_C2S_SET_PIXEL_FORMAT:
        return take_format(c, ev->bytes);
    case RFB_C2S_UPDATE_REQUEST:
        return take_request(c, ev->bytes);
    case RFB_C2S_POINTER:
        return crop_pointer(c, ev->bytes);
    case RFB_C2S_KEY:
        return crop_key(c, ev->bytes);
    case RFB_C2S_CUT_TEXT: /* the policy has let it through; requests may not come between it */
        return rfb_buf_put(&c->cut_text, ev->bytes, ev->n);
    default:
        return RFB_OK; /* nothing else is for the server: it would be about the whole desktop */
    }
}

/* What another connection is to be told. An extended message that answers, or tells what the viewer
 * can, is of no use there: the server asks again (rfbproto, Extended Clipboard). */
static bool is_offer(const struct rfb_buf *message)
{
    const uint8_t *head = rfb_buf_data(message);
    return rfb_get_s32(head + 4) >= 0 ||
           (message->len >= 12 && rfb_get_u32(head + 8) & RFB_CLIP_NOTIFY);
}

static int take_cut_text(struct crop *c)
{
    int rc = RFB_OK;
    bool offer = is_offer(&c->cut_text);
    if (!c->swapping || !offer) /* else the next connection begins with it */
        rc = rfb_buf_put(&c->to_server, rfb_buf_data(&c->cut_text), c->cut_text.len);
    if (!offer) {
        rfb_buf_wipe(&c->cut_text);
        return rc;
    }
    rfb_buf_wipe(&c->clipboard);
    c->clipboard = c->cut_text;
    rfb_buf_init(&c->cut_text, c->clipboard.max);
    return rc;
}

static int on_viewer_event(struct crop *c, const struct rfb_c2s_event *ev)
{
    switch (ev->kind) {
    case RFB_C2S_MESSAGE:
        return on_viewer_message(c, ev);
    case RFB_C2S_BODY:
        if (ev->type == RFB_C2S_SET_ENCODINGS)
            return rfb_buf_put(&c->encodings, ev->bytes, ev->n);
        return ev->type == RFB_C2S_CUT_TEXT ? rfb_buf_put(&c->cut_text, ev->bytes, ev->n) : RFB_OK;
    case RFB_C2S_MESSAGE_END:
        return ev->type == RFB_C2S_SET_ENCODINGS ? take_encodings(c)
               : ev->type == RFB_C2S_CUT_TEXT    ? take_cut_text(c)
                                                 : RFB_OK;
    }
    return RFB_OK;
}

int crop_from_viewer(struct crop *c, const uint8_t *data, size_t len)
{
    for (;;) {
        struct rfb_c2s_event ev;
        int rc = rfb_c2s_next(&c->viewer, &data, &len, &ev);
        if (rc < 0)
            return crop_broke(c, rc, c->viewer.why);
        if (rc == 0)
            return crop_pump(c);
        rc = on_viewer_event(c, &ev);
        if (rc != RFB_OK)
            return c->why != NULL ? rc : crop_broke(c, rc, rfb_strerror(rc));
    }
}
