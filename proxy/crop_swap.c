/* SPDX-License-Identifier: GPL-2.0-or-later
 * Another connection to the server under a viewer that sees nothing of it. An update in an encoding
 * with a state (ZRLE, Zlib, Tight) can be given whole or not at all, and what is not given takes
 * the state with it: when one of its rectangles may not be shown, the server has to begin anew. */
#include "crop_private.h"
#include "rfb/err.h"

enum {
    /* Where windows move, one such update follows the other, and each would cost a connection and
     * all of the window's pixels: until so many in a row could be given whole, only encodings are
     * asked for whose rectangles can be dropped one by one. */
    CALM_UPDATES = 16
};

/* ---- what the server is asked to send ---- */

bool crop_is_wanted(const struct crop *c, int32_t encoding)
{
    for (uint16_t i = 0; i < c->wanted_count; i++)
        if (c->wanted[i] == encoding)
            return true;
    return false;
}

static bool is_bound(int32_t number)
{
    const struct rfb_encoding *e = rfb_encoding_find(number);
    return e != NULL && (e->flags & RFB_ENC_F_PIXELS) && !(e->flags & RFB_ENC_F_STATELESS);
}

/* May the server be told of it now? */
static bool may_be_told(const struct crop *c, int32_t encoding)
{
    return !(c->restless || c->probing) || !is_bound(encoding);
}

static bool was_told(const struct crop *c, int32_t encoding)
{
    for (int i = 0; i < c->told_count; i++)
        if (c->told[i] == encoding)
            return true;
    return false;
}

bool crop_may_come(const struct crop *c, int32_t encoding)
{
    return encoding == RFB_ENC_RAW || was_told(c, encoding);
}

bool crop_bound_may_come(const struct crop *c)
{
    for (int i = 0; i < c->told_count; i++)
        if (is_bound(c->told[i]))
            return true;
    return false;
}

/* What is on its way may be in what it was told before. */
static void tell(struct crop *c, int32_t encoding)
{
    const struct rfb_encoding *e = rfb_encoding_find(encoding);
    if (e != NULL && (e->flags & RFB_ENC_F_PIXELS) && !was_told(c, encoding))
        c->told[c->told_count++] = encoding;
}

/* The viewer's encodings, and what this needs itself. */
int crop_put_encodings(struct crop *c)
{
    static const int32_t own[] = {
        RFB_ENC_CURSOR, /* without it, LibVNCServer draws the pointer and sends what is around it
                           unasked */
        RFB_ENC_DESKTOP_SIZE, RFB_ENC_FENCE, /* TigerVNC has ContinuousUpdates with fences only */
        RFB_ENC_CONTINUOUS_UPDATES};
    int32_t list[CROP_ENCODINGS_MAX + sizeof own / sizeof own[0]];
    uint16_t n = 0;
    for (uint16_t i = 0; i < c->wanted_count; i++)
        if (may_be_told(c, c->wanted[i])) {
            list[n++] = c->wanted[i];
            tell(c, c->wanted[i]);
        }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        list[n++] = own[i];
    return rfb_msg_put_encodings(&c->to_server, list, n);
}

static bool wants_bound(const struct crop *c)
{
    for (uint16_t i = 0; i < c->wanted_count; i++)
        if (is_bound(c->wanted[i]))
            return true;
    return false;
}

int crop_end_probe(struct crop *c)
{
    bool withheld = c->probing && !c->restless && wants_bound(c);
    c->probing = false;
    return withheld ? crop_put_encodings(c) : RFB_OK;
}

int crop_count_update(struct crop *c, bool whole)
{
    c->calm = whole ? c->calm + 1 : 0;
    if (!c->restless || c->calm < CALM_UPDATES)
        return RFB_OK;
    c->restless = false;
    return crop_put_encodings(c);
}

/* ---- from one connection to the next ---- */

/* Clipboard and bell that lie behind the update are the viewer's all the same, where they are
 * whole. What the server has not sent yet is lost with it. */
static int save_messages(struct crop *c)
{
    const uint8_t *data = rfb_buf_data(&c->rest);
    size_t len = c->rest.len;
    struct rfb_s2c_event ev;
    struct rfb_buf message;
    int rc = RFB_OK, more;
    rfb_buf_init(&message, c->rest.max);
    while (rc == RFB_OK && (more = rfb_s2c_next(&c->server, &data, &len, &ev)) > 0) {
        bool kept = ev.type == RFB_S2C_BELL || ev.type == RFB_S2C_CUT_TEXT;
        if (ev.kind == RFB_S2C_MESSAGE)
            rfb_buf_consume(&message, message.len);
        if (ev.kind == RFB_S2C_MESSAGE || (ev.kind == RFB_S2C_BODY && ev.encoding == NULL))
            rc = rfb_buf_put(&message, ev.bytes, ev.n);
        if (rc == RFB_OK && ev.kind == RFB_S2C_MESSAGE_END && kept)
            rc = rfb_buf_put(&c->to_viewer, rfb_buf_data(&message), message.len);
    }
    rfb_buf_wipe(&message);
    return rc == RFB_OK && more < 0 ? crop_broke(c, more, c->server.why) : rc;
}

int crop_want_swap(struct crop *c)
{
    int rc = save_messages(c);
    if (rc == RFB_OK) /* the server would, when the connection ends */
        rc = crop_lift_keys(c);
    crop_drop_epochs(c);
    rfb_buf_finish(&c->rest);
    crop_forget_update(c);
    c->plain = c->drain.begun = c->drain.seen = c->drain.clean = false;
    /* what has changed and was not told yet is told by nobody */
    pixman_region32_clear(&c->known);
    c->ready = false;
    c->restless = true;
    c->calm = 0;
    c->wants_swap = c->swapping = true;
    return rc;
}

int crop_swap_begin(struct crop *c)
{
    c->wants_swap = false;
    return c->buttons != 0 ? rfb_msg_put_pointer(&c->to_server, c->buttons, c->last_x, c->last_y)
                           : RFB_OK;
}

int crop_swap_end(struct crop *c, const struct rfb_server_init *init)
{
    struct rfb_buf waiting = c->to_server;
    c->swapping = c->fences = false;
    c->told_count = 0;
    rfb_s2c_init(&c->server, init->width, init->height, &c->format);
    c->server.cut_text_max = INT32_MAX;
    crop_zlib_reconnect(&c->zlib);
    rfb_buf_init(&c->to_server, CROP_TO_SERVER_MAX);
    int rc = rfb_msg_put_format(&c->to_server, &c->format);
    if (rc == RFB_OK)
        rc = crop_probe(c);
    if (rc == RFB_OK && c->clipboard.len != 0) /* it went with the connection that had given it */
        rc = rfb_buf_put(&c->to_server, rfb_buf_data(&c->clipboard), c->clipboard.len);
    if (rc == RFB_OK && waiting.len != 0)
        rc = rfb_buf_put(&c->to_server, rfb_buf_data(&waiting), waiting.len);
    rfb_buf_wipe(&waiting); /* keys may have been among it */
    return rc;
}
