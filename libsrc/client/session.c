/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/session.h"

#include <stdlib.h>
#include <string.h>

#include "client/decoder.h"
#include "rfb/err.h"
#include "rfb/s2c.h"

enum {
    READ_SIZE = 256 << 10,
    KEEP_CAPACITY = 2 << 20, /* bytes; a buffer that one rectangle has made larger is given back */
    /* kept in front of what is to come: a rectangle's header and the bytes the decoder writes on */
    KEPT = DECODER_SLACK + DECODER_HEADER,
};

struct session {
    struct ph_client *c;
    struct rfb_s2c framer;
    struct decoder *decoder;

    struct rfb_buf in;
    size_t framed;  /* bytes of in that the framer has seen */
    bool gathering; /* a rectangle is being kept whole for the decoder */
    size_t rect_at; /* of that rectangle's header in in */
    uint64_t raw;   /* bytes of a raw rectangle painted so far */
};

/* ---- asking ---- */

static int queue_failed(int rc, ph_error *error)
{
    if (rc == RFB_E_TOO_LARGE)
        return error_set(error, PH_E_PROTOCOL, "the server reads nothing of what it is sent");
    return rc == RFB_OK ? PH_OK : error_set(error, PH_E_NO_MEMORY, "out of memory");
}

static int request(struct session *s, bool incremental, struct rfb_rect r, ph_error *error)
{
    struct ph_client *c = s->c;
    int rc = RFB_OK;
    pthread_mutex_lock(&c->lock);
    if (!c->drain) { /* our half is closed, or about to be */
        rc = rfb_msg_put_request(&c->out, incremental, r);
        io_flush(c);
    }
    pthread_mutex_unlock(&c->lock);
    return queue_failed(rc, error);
}

static struct rfb_rect everything(const struct session *s)
{
    return (struct rfb_rect){0, 0, s->framer.width, s->framer.height};
}

/* Memory for one rectangle: the most that any encoding's framing rules let through (RRE: 12 bytes a
 * subrectangle, of which there are no more than pixels). */
static int resize(struct session *s, ph_error *error)
{
    int width = s->framer.width, height = s->framer.height;
    if (screen_resize(s->c->screen, width, height) != PH_OK)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for a framebuffer of %dx%d", width,
                         height);
    decoder_target(s->decoder, screen_live(s->c->screen), width, height);
    s->in.max = (size_t)width * (size_t)height * 12 + 65536 + READ_SIZE;
    pthread_mutex_lock(&s->c->lock);
    s->c->width = width;
    s->c->height = height;
    pthread_mutex_unlock(&s->c->lock);
    return PH_OK;
}

/* Cursor: or the server draws the pointer into the pixels. TigerVNC does it all the same while the
 * pointer is not where this connection last put it (VNCSConnectionST::needRenderedCursor), and does
 * not say where that is before it moves. */
static const int32_t pseudo[] = {RFB_ENC_CURSOR, RFB_ENC_LAST_RECT, RFB_ENC_DESKTOP_SIZE,
                                 RFB_ENC_DESKTOP_NAME};
enum { PSEUDO = sizeof pseudo / sizeof pseudo[0] };

/* Nothing but what was asked for is let in: what is framed correctly may still mean something that
 * nobody here is prepared for. */
static bool asked_for(const struct session *s, int32_t encoding)
{
    const struct ph_client *c = s->c;
    if (c->input_only)
        return false;
    for (size_t i = 0; i < PSEUDO; i++)
        if (pseudo[i] == encoding)
            return true;
    for (size_t i = 0; i < c->encoding_count; i++)
        if (c->encodings[i] == encoding)
            return true;
    return encoding == RFB_ENC_RAW; /* which a server may always send (RFC 6143 7.7.1) */
}

static int begin(struct session *s, ph_error *error)
{
    struct ph_client *c = s->c;
    int32_t list[CLIENT_ENCODINGS_MAX + PSEUDO];
    memcpy(list, c->encodings, c->encoding_count * sizeof list[0]);
    memcpy(list + c->encoding_count, pseudo, sizeof pseudo);
    uint16_t count = (uint16_t)(c->encoding_count + PSEUDO);

    pthread_mutex_lock(&c->lock);
    int rc = rfb_msg_put_format(&c->out, &rfb_bgrx);
    if (rc == RFB_OK)
        rc = rfb_msg_put_encodings(&c->out, list, count);
    if (rc == RFB_OK)
        rc = rfb_msg_put_request(&c->out, false, everything(s));
    io_flush(c);
    pthread_mutex_unlock(&c->lock);
    return queue_failed(rc, error);
}

struct session *session_create(struct ph_client *c, const struct rfb_server_init *init,
                               ph_error *error)
{
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL)
        goto no_memory;
    s->c = c;
    rfb_s2c_init(&s->framer, init->width, init->height, &rfb_bgrx);
    rfb_buf_init(&s->in, 2 * READ_SIZE);
    s->decoder = decoder_create();
    if (s->decoder == NULL)
        goto no_memory;
    if (!c->input_only && (resize(s, error) != PH_OK || begin(s, error) != PH_OK)) {
        session_destroy(s);
        return NULL;
    }
    return s;
no_memory:
    session_destroy(s);
    error_set(error, PH_E_NO_MEMORY, "out of memory");
    return NULL;
}

void session_destroy(struct session *s)
{
    if (s == NULL)
        return;
    decoder_destroy(s->decoder);
    rfb_buf_finish(&s->in);
    free(s);
}

/* ---- what the server says ---- */

static void on_name(struct session *s, const uint8_t *text, size_t n)
{
    pthread_mutex_lock(&s->c->lock);
    client_set_name(s->c, text, n); /* the framer has bounded it */
    pthread_mutex_unlock(&s->c->lock);
}

static int on_size(struct session *s, ph_error *error)
{
    if (s->framer.width == screen_width(s->c->screen) &&
        s->framer.height == screen_height(s->c->screen))
        return PH_OK;
    int rc = resize(s, error);
    return rc != PH_OK ? rc : request(s, false, everything(s), error);
}

/* A rectangle is complete; wire points at its header when it was gathered. */
static int on_rect_end(struct session *s, const struct rfb_s2c_event *ev, uint8_t *wire, size_t len,
                       ph_error *error)
{
    const struct rfb_rect_head *head = &ev->rect;
    if (ev->encoding->flags & RFB_ENC_F_PIXELS) {
        if (head->encoding != RFB_ENC_RAW) {
            int rc = decoder_rect(s->decoder, head, wire, len, error);
            if (rc != PH_OK)
                return rc;
        }
        return screen_painted(s->c->screen, head->r, error);
    }
    switch (head->encoding) {
    case RFB_ENC_DESKTOP_SIZE:
        return on_size(s, error);
    case RFB_ENC_DESKTOP_NAME:
        on_name(s, wire + DECODER_HEADER + 4, len - DECODER_HEADER - 4);
        return PH_OK;
    default:
        return PH_OK; /* nothing that is shown yet */
    }
}

static int on_update_end(struct session *s, ph_error *error)
{
    struct rfb_rect missing;
    if (s->c->input_only)
        return PH_OK;
    int rc = screen_publish(s->c->screen, &missing);
    if (rc < 0)
        return error_set(error, rc, "out of memory for a frame");
    if (rc == 0)
        return request(s, false, missing, error);
    pthread_mutex_lock(&s->c->lock);
    pthread_cond_broadcast(&s->c->changed);
    pthread_mutex_unlock(&s->c->lock);
    return PH_OK;
}

static int on_rect(struct session *s, const struct rfb_s2c_event *ev, size_t behind_header,
                   ph_error *error)
{
    if (!asked_for(s, ev->rect.encoding))
        return error_set(error, PH_E_PROTOCOL,
                         "the server sent a %s rectangle, which was not asked for",
                         ev->encoding->name);
    s->raw = 0;
    s->gathering = ev->rect.encoding == RFB_ENC_DESKTOP_NAME ||
                   ((ev->encoding->flags & RFB_ENC_F_PIXELS) && ev->rect.encoding != RFB_ENC_RAW);
    s->rect_at = s->gathering ? behind_header - DECODER_HEADER : 0;
    return PH_OK;
}

static int on_event(struct session *s, const struct rfb_s2c_event *ev, size_t at, ph_error *error)
{
    switch (ev->kind) {
    case RFB_S2C_UPDATE:
        /* asked for now, the next update is under way while this one is decoded */
        return s->c->input_only ? PH_OK : request(s, true, everything(s), error);
    case RFB_S2C_RECT:
        return on_rect(s, ev, at, error);
    case RFB_S2C_BODY:
        if (ev->encoding != NULL && ev->rect.encoding == RFB_ENC_RAW) {
            uint64_t done = s->raw;
            s->raw += ev->n;
            return decoder_raw(s->decoder, ev->rect.r, done, ev->bytes, ev->n, error);
        }
        return PH_OK;
    case RFB_S2C_RECT_END: {
        uint8_t *wire = s->in.data + s->in.off + s->rect_at; /* of use where gathered */
        int rc = on_rect_end(s, ev, wire, at - s->rect_at, error);
        s->gathering = false;
        return rc;
    }
    case RFB_S2C_UPDATE_END:
        return on_update_end(s, error);
    case RFB_S2C_MESSAGE: /* bell, clipboard and the rest: framed and let go */
    case RFB_S2C_MESSAGE_END:
        return PH_OK;
    }
    return PH_OK;
}

/* ---- bytes ---- */

int session_reserve(struct session *s, uint8_t **where, size_t *room, ph_error *error)
{
    *room = READ_SIZE;
    int rc = rfb_buf_reserve(&s->in, *room, where);
    if (rc == RFB_E_NO_MEMORY)
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    if (rc != RFB_OK)
        return error_set(error, PH_E_PROTOCOL, "the server sent a rectangle of more than %zu bytes",
                         s->in.max);
    return PH_OK;
}

/* Forgets what nobody needs any more. */
static void compact(struct session *s)
{
    size_t keep_from = s->framed < KEPT ? 0 : s->framed - KEPT;
    if (s->gathering)
        keep_from = s->rect_at - DECODER_SLACK;
    rfb_buf_consume(&s->in, keep_from);
    s->framed -= keep_from;
    s->rect_at -= s->gathering ? keep_from : 0;
    if (!s->gathering && s->in.cap > KEEP_CAPACITY)
        rfb_buf_shrink(&s->in);
}

int session_received(struct session *s, size_t n, ph_error *error)
{
    rfb_buf_commit(&s->in, n);
    const uint8_t *data = s->in.data + s->in.off + s->framed;
    size_t len = n;
    for (;;) {
        struct rfb_s2c_event ev;
        int rc = rfb_s2c_next(&s->framer, &data, &len, &ev);
        size_t at = s->in.len - len; /* behind the bytes of this event */
        s->framed = at;
        if (rc == RFB_OK)
            break;
        if (rc < 0)
            return error_set(error, PH_E_PROTOCOL, "the server broke the protocol: %s",
                             s->framer.why);
        /* one read can hold hours of painting: whoever closes does not wait for it */
        if (atomic_load(&s->c->stop))
            return error_set(error, PH_E_CANCELLED, "the connection was closed on this side");
        rc = on_event(s, &ev, at, error);
        if (rc != PH_OK)
            return rc;
    }
    compact(s);
    return PH_OK;
}
