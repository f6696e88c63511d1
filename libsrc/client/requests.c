/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/requests.h"

#include <string.h>

#include "client/client.h"
#include "rfb/err.h"

/* Beside the pixel encodings. Cursor: or the server draws the pointer into the pixels. TigerVNC
 * does it all the same while the pointer is not where this connection last put it
 * (VNCSConnectionST::needRenderedCursor), and does not say where that is before it moves.
 * ContinuousUpdates and Fence belong together: TigerVNC drops who enables the one without the other
 * (VNCSConnectionST::enableContinuousUpdates). */
static const int32_t pseudo[] = {
    RFB_ENC_CURSOR_WITH_ALPHA,
    RFB_ENC_CURSOR,
    RFB_ENC_POINTER_POS,
    RFB_ENC_VMWARE_CURSOR_POS,
    RFB_ENC_LAST_RECT,
    RFB_ENC_EXTENDED_DESKTOP_SIZE,
    RFB_ENC_DESKTOP_SIZE,
    RFB_ENC_DESKTOP_NAME,
    RFB_ENC_FENCE,
    RFB_ENC_CONTINUOUS_UPDATES,
    RFB_ENC_EXTENDED_CLIPBOARD,
};
enum { PSEUDO = sizeof pseudo / sizeof pseudo[0] };

static int queued(int rc, ph_error *error)
{
    if (rc == RFB_E_TOO_LARGE)
        return error_set(error, PH_E_PROTOCOL, "the server reads nothing of what it is sent");
    return rc == RFB_OK ? PH_OK : error_set(error, PH_E_NO_MEMORY, "out of memory");
}

/* Locks, and answers whether something may be sent: our half may be closed, or about to be. */
static bool begin(struct ph_client *c)
{
    pthread_mutex_lock(&c->lock);
    return !c->drain;
}

static int finish(struct ph_client *c, int rc, ph_error *error)
{
    io_flush(c);
    pthread_mutex_unlock(&c->lock);
    return queued(rc, error);
}

static struct rfb_rect everything(const struct ph_client *c)
{
    return (struct rfb_rect){0, 0, (uint16_t)c->width, (uint16_t)c->height};
}

bool requests_listed(const struct ph_client *c, int32_t encoding)
{
    if (c->input_only) /* requests_clipboard */
        return encoding == RFB_ENC_RAW;
    for (size_t i = 0; i < PSEUDO; i++)
        if (pseudo[i] == encoding)
            return true;
    for (size_t i = 0; i < c->encoding_count; i++)
        if (c->encodings[i] == encoding)
            return true;
    return encoding == RFB_ENC_RAW; /* which a server may always send (RFC 6143 7.7.1) */
}

int requests_begin(struct ph_client *c, ph_error *error)
{
    int32_t list[CLIENT_ENCODINGS_MAX + PSEUDO + 1];
    uint16_t count = (uint16_t)(c->encoding_count + PSEUDO);
    memcpy(list, c->encodings, c->encoding_count * sizeof list[0]);
    memcpy(list + c->encoding_count, pseudo, sizeof pseudo);
    if (c->jpeg_quality != 0) /* without a level of quality Tight is lossless (rfbproto) */
        list[count++] = RFB_ENC_JPEG_QUALITY_0 + c->jpeg_quality - 1;
    int rc = RFB_OK;
    if (begin(c)) {
        c->clipboard.asked = true;
        rc = rfb_msg_put_format(&c->out, &rfb_bgrx);
        if (rc == RFB_OK)
            rc = rfb_msg_put_encodings(&c->out, list, count);
        if (rc == RFB_OK)
            rc = rfb_msg_put_request(&c->out, false, everything(c));
    }
    return finish(c, rc, error);
}

int requests_clipboard(struct ph_client *c, ph_error *error)
{
    static const int32_t list[] = {RFB_ENC_EXTENDED_CLIPBOARD};
    int rc = rfb_msg_put_format(&c->out, &rfb_bgrx);
    if (rc == RFB_OK)
        rc = rfb_msg_put_encodings(&c->out, list, 1);
    if (rc == RFB_OK)
        rc = rfb_msg_put_request(&c->out, false, (struct rfb_rect){0, 0, 1, 1});
    c->clipboard.asked = true;
    io_push(c);
    return queued(rc, error);
}

int requests_last(struct ph_client *c, ph_error *error)
{
    static const int32_t raw[] = {RFB_ENC_RAW};
    int rc = RFB_OK;
    if (c->continuous == CLIENT_CONTINUOUS_ON)
        return queued(rfb_msg_put_continuous(&c->out, false, everything(c)), error);
    if (c->input_only && !c->clipboard.asked) { /* it has not said in which format */
        c->clipboard.asked = true;
        rc = rfb_msg_put_format(&c->out, &rfb_bgrx);
        if (rc == RFB_OK)
            rc = rfb_msg_put_encodings(&c->out, raw, 1);
    }
    if (rc == RFB_OK)
        rc = rfb_msg_put_request(&c->out, false, (struct rfb_rect){0, 0, 1, 1});
    return queued(rc, error);
}

int requests_next(struct ph_client *c, ph_error *error)
{
    int rc = RFB_OK;
    /* during ContinuousUpdates neatvnc never answers again after an incremental request */
    if (begin(c) && c->continuous != CLIENT_CONTINUOUS_ON)
        rc = rfb_msg_put_request(&c->out, true, everything(c));
    return finish(c, rc, error);
}

int requests_again(struct ph_client *c, struct rfb_rect r, ph_error *error)
{
    int rc = RFB_OK;
    if (begin(c))
        rc = rfb_msg_put_request(&c->out, false, r);
    return finish(c, rc, error);
}

int requests_resized(struct ph_client *c, ph_error *error)
{
    int rc = RFB_OK;
    if (begin(c)) {
        /* what has been enabled was a rectangle of the old size */
        if (c->continuous == CLIENT_CONTINUOUS_ON)
            rc = rfb_msg_put_continuous(&c->out, true, everything(c));
        if (rc == RFB_OK)
            rc = rfb_msg_put_request(&c->out, false, everything(c));
    }
    return finish(c, rc, error);
}

int requests_end_of_continuous(struct ph_client *c, ph_error *error)
{
    int rc = RFB_OK;
    bool may_send = begin(c);
    bool first = c->continuous == CLIENT_CONTINUOUS_UNKNOWN;
    c->continuous = first ? CLIENT_CONTINUOUS_ON : CLIENT_CONTINUOUS_OVER;
    if (may_send && first)
        rc = rfb_msg_put_continuous(&c->out, true, everything(c));
    else if (may_send)
        rc = rfb_msg_put_request(&c->out, true, everything(c));
    return finish(c, rc, error);
}

int requests_fence(struct ph_client *c, uint32_t flags, const uint8_t *payload, uint8_t n,
                   ph_error *error)
{
    const uint32_t known = RFB_FENCE_BLOCK_BEFORE | RFB_FENCE_BLOCK_AFTER | RFB_FENCE_SYNC_NEXT;
    int rc = RFB_OK;
    bool may_send = begin(c);
    c->fence = true;
    /* Messages are taken one after the other, so all that the flags ask for is so already. What is
     * no request answers one, and none was made. */
    if (may_send && (flags & RFB_FENCE_REQUEST))
        rc = rfb_msg_put_fence(&c->out, flags & known, payload, n);
    return finish(c, rc, error);
}
