/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/session.h"

#include <stdlib.h>
#include <string.h>

#include "client/cursor.h"
#include "client/decoder.h"
#include "client/messages.h"
#include "client/requests.h"
#include "rfb/err.h"
#include "rfb/s2c.h"

enum {
    READ_SIZE = 256 << 10,
    KEEP_CAPACITY = 2 << 20, /* bytes; a buffer that one rectangle has made larger is given back */
    UNGATHERED_MAX = 2 * READ_SIZE,
    /* kept in front of what is to come: a rectangle's header and the bytes the decoder writes on */
    KEPT = DECODER_SLACK + DECODER_HEADER,
};

struct session {
    struct ph_client *c;
    struct rfb_s2c framer;
    struct decoder *decoder;

    struct rfb_buf in;
    size_t framed;    /* bytes of in that the framer has seen */
    bool gathering;   /* a rectangle or message is being kept whole */
    size_t gather_at; /* of its first byte in in */
    uint64_t painted; /* bytes of a rectangle's body, where it is painted as it comes */
    bool sized;       /* this update has held a size */
    uint64_t updates; /* that have begun */
    bool answered;    /* an update has begun, which was asked for behind SetEncodings */
};

static void resize(struct session *s)
{
    int width = s->framer.width, height = s->framer.height;
    screen_resize(s->c->screen, width, height);
    pthread_mutex_lock(&s->c->lock);
    s->c->width = width;
    s->c->height = height;
    pthread_mutex_unlock(&s->c->lock);
}

/* Before pixels come. */
static int begin_painting(struct session *s, int32_t encoding, ph_error *error)
{
    struct screen *screen = s->c->screen;
    int width = screen_width(screen), height = screen_height(screen);
    uint32_t *pixels = screen_begin(screen);
    if (pixels == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for a framebuffer of %dx%d", width,
                         height);
    if (encoding == RFB_ENC_COPYRECT) /* the only one that reads pixels */
        screen_refresh(screen);
    decoder_target(s->decoder, pixels, width, height);
    return PH_OK;
}

struct session *session_create(struct ph_client *c, const struct rfb_server_init *init,
                               ph_error *error)
{
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL)
        goto no_memory;
    s->c = c;
    rfb_s2c_init(&s->framer, init->width, init->height, &rfb_bgrx);
    s->framer.cut_text_max = CLIPBOARD_MAX;
    rfb_buf_init(&s->in, UNGATHERED_MAX);
    s->decoder = decoder_create(c->jpeg_quality != 0);
    if (s->decoder == NULL)
        goto no_memory;
    if (c->input_only)
        return s;
    resize(s);
    if (requests_begin(c, error) == PH_OK)
        return s;
    session_destroy(s);
    return NULL;
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

uint64_t session_updates(const struct session *s)
{
    return s->updates;
}

/* ---- what the server says ---- */

/* Rectangles that paint nothing; body has been gathered, len bytes. */

static int on_name(struct session *s, const struct rfb_rect_head *head, const uint8_t *body,
                   size_t len, ph_error *error)
{
    (void)head, (void)error;
    pthread_mutex_lock(&s->c->lock);
    client_set_name(s->c, body + 4, len - 4); /* the framer has bounded it */
    pthread_mutex_unlock(&s->c->lock);
    return PH_OK;
}

/* The framer has taken the new size, or not, where a request of ours was refused. */
static int on_size(struct session *s, const struct rfb_rect_head *head, const uint8_t *body,
                   size_t len, ph_error *error)
{
    (void)len;
    s->sized = true;
    if (head->encoding == RFB_ENC_EXTENDED_DESKTOP_SIZE)
        size_told(s->c, head, body);
    if (s->framer.width == screen_width(s->c->screen) &&
        s->framer.height == screen_height(s->c->screen))
        return PH_OK;
    resize(s);
    return requests_resized(s->c, error);
}

static int on_cursor(struct session *s, const struct rfb_rect_head *head, const uint8_t *body,
                     size_t len, ph_error *error)
{
    (void)len;
    return cursor_told(s->c, head, body, error);
}

static int on_pointer(struct session *s, const struct rfb_rect_head *head, const uint8_t *body,
                      size_t len, ph_error *error)
{
    (void)body, (void)len, (void)error;
    pthread_mutex_lock(&s->c->lock);
    cursor_moved(s->c, head->r.x, head->r.y);
    pthread_mutex_unlock(&s->c->lock);
    return PH_OK;
}

typedef int rect_handler(struct session *s, const struct rfb_rect_head *head, const uint8_t *body,
                         size_t len, ph_error *error);

static const struct {
    int32_t encoding;
    rect_handler *handle;
} handlers[] = {
    {RFB_ENC_DESKTOP_SIZE, on_size},         {RFB_ENC_EXTENDED_DESKTOP_SIZE, on_size},
    {RFB_ENC_DESKTOP_NAME, on_name},         {RFB_ENC_CURSOR, on_cursor},
    {RFB_ENC_CURSOR_WITH_ALPHA, on_cursor},  {RFB_ENC_POINTER_POS, on_pointer},
    {RFB_ENC_VMWARE_CURSOR_POS, on_pointer},
};

static rect_handler *find_handler(int32_t encoding)
{
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (handlers[i].encoding == encoding)
            return handlers[i].handle;
    return NULL;
}

/* A rectangle is complete; wire points at its header when it was gathered. */
static int on_rect_end(struct session *s, const struct rfb_s2c_event *ev, uint8_t *wire, size_t len,
                       ph_error *error)
{
    const struct rfb_rect_head *head = &ev->rect;
    if (ev->encoding->flags & RFB_ENC_F_PIXELS) {
        if (!decoder_takes_pieces(head->encoding)) {
            int rc = decoder_rect(s->decoder, head, wire, len, error);
            if (rc != PH_OK)
                return rc;
        }
        return screen_painted(s->c->screen, head->r, error);
    }
    rect_handler *handle = find_handler(head->encoding);
    if (handle == NULL)
        return PH_OK;
    return handle(s, head, wire + DECODER_HEADER, len - DECODER_HEADER, error);
}

static int on_update_end(struct session *s, ph_error *error)
{
    struct rfb_rect missing;
    int rc = screen_publish(s->c->screen, &missing);
    if (rc < 0)
        return error_set(error, rc, "out of memory for a frame");
    /* Behind a size the pixels come with the next update: TigerVNC and LibVNCServer answer a
     * request with the size alone, and keep in mind what is missing. */
    if (rc == 0)
        return s->sized ? PH_OK : requests_again(s->c, missing, error);
    pthread_mutex_lock(&s->c->lock);
    pthread_cond_broadcast(&s->c->changed);
    pthread_mutex_unlock(&s->c->lock);
    return PH_OK;
}

/* From that byte of in on, keeps what comes, until it is whole: at most n bytes. */
static void gather(struct session *s, size_t from, uint64_t n)
{
    s->gathering = true;
    s->gather_at = from;
    s->in.max = UNGATHERED_MAX + (size_t)n;
}

static void gathered(struct session *s)
{
    s->gathering = false;
    s->in.max = UNGATHERED_MAX;
}

/* The longest body that is kept of a rectangle: an eighth more than its pixels would take
 * uncompressed. Encoders that do worse send Raw instead; what is small may be all heads and tables.
 */
static uint64_t body_max(struct rfb_rect r)
{
    return (uint64_t)r.w * r.h * 4 * 9 / 8 + 65536;
}

static int on_rect(struct session *s, const struct rfb_s2c_event *ev, size_t behind_header,
                   ph_error *error)
{
    const struct rfb_rect_head *head = &ev->rect;
    if (!requests_listed(s->c, head->encoding))
        return error_set(error, PH_E_PROTOCOL,
                         "the server sent a %s rectangle, which was not asked for",
                         ev->encoding->name);
    s->painted = 0;
    bool pixels = ev->encoding->flags & RFB_ENC_F_PIXELS;
    if (!decoder_takes_pieces(head->encoding))
        gather(s, behind_header - DECODER_HEADER, body_max(head->r));
    return pixels && !s->c->input_only ? begin_painting(s, head->encoding, error) : PH_OK;
}

static int on_update(struct session *s, ph_error *error)
{
    int rc = s->c->input_only ? PH_OK : requests_next(s->c, error);
    if (!s->answered)
        clipboard_answered(s->c); /* and what callers have to say goes behind that request */
    s->answered = true;
    s->updates++;
    s->sized = false;
    return rc;
}

/* An input-only connection asks for one pixel at most, for the sake of the update that brings it,
 * and paints nothing. */
static bool is_painting(const struct rfb_s2c_event *ev)
{
    return ev->kind == RFB_S2C_UPDATE_END ||
           (ev->encoding != NULL && (ev->kind == RFB_S2C_BODY || ev->kind == RFB_S2C_RECT_END));
}

static int on_event(struct session *s, const struct rfb_s2c_event *ev, size_t at, ph_error *error)
{
    uint8_t *wire = s->in.data + s->in.off + s->gather_at;
    int rc = PH_OK;
    if (s->c->input_only && is_painting(ev))
        return PH_OK;
    switch (ev->kind) {
    case RFB_S2C_UPDATE:
        return on_update(s, error);
    case RFB_S2C_RECT:
        return on_rect(s, ev, at, error);
    case RFB_S2C_BODY:
        if (s->gathering || ev->encoding == NULL)
            return PH_OK;
        rc = decoder_piece(s->decoder, &ev->rect, s->painted, ev->bytes, ev->n, error);
        s->painted += ev->n;
        return rc;
    case RFB_S2C_RECT_END: /* wire is of use where gathered */
        rc = on_rect_end(s, ev, wire, at - s->gather_at, error);
        gathered(s);
        return rc;
    case RFB_S2C_UPDATE_END:
        return on_update_end(s, error);
    case RFB_S2C_MESSAGE:
        if (messages_find(ev->type) != NULL)
            gather(s, at - ev->n, ev->body);
        return PH_OK;
    case RFB_S2C_MESSAGE_END:
        if (s->gathering)
            rc = messages_find(ev->type)(s->c, wire, at - s->gather_at, error);
        gathered(s);
        return rc;
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
        return error_set(
            error, PH_E_PROTOCOL,
            "the server sent a rectangle of more than %zu bytes, far more than its pixels",
            s->in.max);
    return PH_OK;
}

/* Forgets what nobody needs any more. */
static void compact(struct session *s)
{
    size_t keep_from = s->framed < KEPT ? 0 : s->framed - KEPT;
    if (s->gathering)
        keep_from = s->gather_at < DECODER_SLACK ? 0 : s->gather_at - DECODER_SLACK;
    rfb_buf_consume(&s->in, keep_from);
    s->framed -= keep_from;
    s->gather_at -= s->gathering ? keep_from : 0;
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
