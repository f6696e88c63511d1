/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/clipboard.h"

#include <stdlib.h>
#include <string.h>

#include "client/input.h"
#include "client/requests.h"
#include "rfb/clipboard.h"
#include "rfb/err.h"
#include "rfb/msg.h"
#include "rfb/text.h"

void clipboard_init(struct client_clipboard *b)
{
    rfb_buf_init(&b->ours, CLIPBOARD_WIRE_MAX);
    rfb_buf_init(&b->theirs, CLIPBOARD_MAX + 1);
}

void clipboard_finish(struct client_clipboard *b)
{
    rfb_buf_finish(&b->ours);
    rfb_buf_finish(&b->theirs);
}

/* LibVNCServer 0.9.14 says that it has the extended clipboard, without notify, also where nobody
 * takes what comes through it: x11vnc. */
bool clipboard_is_utf8(const struct client_clipboard *b)
{
    return b->actions & RFB_CLIP_NOTIFY;
}

static void replace(struct rfb_buf *old, struct rfb_buf *new)
{
    rfb_buf_finish(old);
    *old = *new;
    rfb_buf_init(new, old->max);
}

/* ---- what the server says ---- */

/* It knows the extended clipboard: so do we, and it is asked what it has. TigerVNC does not say of
 * its own accord, nor when it is asked what was copied before this connection. */
static int on_caps(struct ph_client *c, const struct rfb_clip *m)
{
    const uint32_t ours = RFB_CLIP_REQUEST | RFB_CLIP_PEEK | RFB_CLIP_NOTIFY | RFB_CLIP_PROVIDE;
    c->clipboard.actions = m->flags;
    c->clipboard.text_max = m->text_max;
    int rc = rfb_clip_put_caps(&c->out, RFB_C2S_CUT_TEXT, ours, RFB_CUT_TEXT_MAX);
    if (rc == RFB_OK && (m->flags & RFB_CLIP_PEEK))
        rc = rfb_clip_put_action(&c->out, RFB_C2S_CUT_TEXT, RFB_CLIP_PEEK);
    return rc;
}

static int on_peek(struct ph_client *c)
{
    uint32_t formats = c->clipboard.ours.len != 0 ? RFB_CLIP_TEXT : 0;
    return rfb_clip_put_action(&c->out, RFB_C2S_CUT_TEXT, RFB_CLIP_NOTIFY | formats);
}

static void on_notify(struct client_clipboard *b, uint32_t flags)
{
    rfb_buf_finish(&b->theirs);
    b->state = flags & RFB_CLIP_TEXT ? CLIPBOARD_ANNOUNCED : CLIPBOARD_EMPTY;
    b->serial += b->state == CLIPBOARD_ANNOUNCED;
}

/* With the lock: what a message asks for, but for a provide. Nothing is sent any more once our half
 * is closed, or about to be. */
static int on_action(struct ph_client *c, const struct rfb_clip *m)
{
    struct client_clipboard *b = &c->clipboard;
    if (m->flags & RFB_CLIP_CAPS) /* beside which the actions are those it knows */
        return c->drain ? RFB_OK : on_caps(c, m);
    if (m->flags & RFB_CLIP_NOTIFY)
        on_notify(b, m->flags);
    if (m->flags & RFB_CLIP_PEEK)
        return c->drain ? RFB_OK : on_peek(c);
    if ((m->flags & RFB_CLIP_REQUEST) && (m->flags & RFB_CLIP_TEXT) && !c->drain) {
        b->wanted = b->ours.len != 0;
        clipboard_provide(c);
    }
    return RFB_OK;
}

/* With the lock: a text has come, or would have. An empty one is none: x11vnc sends that where
 * nothing was copied. */
static void arrived(struct client_clipboard *b, struct rfb_buf *text, bool too_large)
{
    bool empty = !too_large && text->len == 1;
    b->serial += b->state != CLIPBOARD_REQUESTED && !empty;
    b->state = too_large ? CLIPBOARD_TOO_LARGE : empty ? CLIPBOARD_EMPTY : CLIPBOARD_THERE;
    replace(&b->theirs, text);
}

static int failed(int rc, ph_error *error)
{
    switch (rc) {
    case RFB_OK:
        return PH_OK;
    case RFB_E_NO_MEMORY:
        return error_set(error, PH_E_NO_MEMORY, "out of memory for the server's clipboard");
    case RFB_E_TOO_LARGE: /* of the output: the input's own limits are told otherwise */
        return error_set(error, PH_E_PROTOCOL, "the server reads nothing of what it is sent");
    default:
        return error_set(error, PH_E_PROTOCOL, "the server sent a broken clipboard message");
    }
}

static int take_text(struct ph_client *c, const struct rfb_clip *m, const uint8_t *latin1,
                     size_t len)
{
    struct rfb_buf text;
    rfb_buf_init(&text, CLIPBOARD_MAX + 1);
    int rc = m != NULL ? rfb_clip_get_text(m, CLIPBOARD_MAX, &text)
                       : rfb_clip_get_latin1(latin1, len, &text);
    bool too_large = rc == RFB_E_TOO_LARGE;
    if (rc == RFB_OK)
        rc = rfb_buf_put_u8(&text, '\0');
    if (rc == RFB_OK)
        rfb_text_make_utf8((char *)text.data + text.off);
    if (rc == RFB_OK || too_large) {
        pthread_mutex_lock(&c->lock);
        arrived(&c->clipboard, &text, too_large);
        pthread_cond_broadcast(&c->changed);
        pthread_mutex_unlock(&c->lock);
        rc = RFB_OK;
    }
    rfb_buf_finish(&text);
    return rc;
}

int clipboard_received(struct ph_client *c, const uint8_t *wire, size_t len, ph_error *error)
{
    enum { HEAD = 8 };
    struct rfb_clip m;
    if (rfb_get_s32(wire + 4) >= 0)
        return failed(take_text(c, NULL, wire + HEAD, len - HEAD), error);
    int rc = rfb_clip_get(wire + HEAD, len - HEAD, &m);
    pthread_mutex_lock(&c->lock);
    bool asked = c->clipboard.asked;
    if (asked && rc == RFB_OK)
        rc = on_action(c, &m);
    io_flush(c);
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (!asked)
        return error_set(error, PH_E_PROTOCOL,
                         "the server sent an extended clipboard, which was not asked for");
    const uint32_t text = RFB_CLIP_PROVIDE | RFB_CLIP_TEXT;
    if (rc == RFB_OK && (m.flags & (text | RFB_CLIP_CAPS)) == text)
        rc = take_text(c, &m, NULL, 0);
    return failed(rc, error);
}

void clipboard_answered(struct ph_client *c)
{
    pthread_mutex_lock(&c->lock);
    c->clipboard.answered = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void clipboard_provide(struct ph_client *c)
{
    struct client_clipboard *b = &c->clipboard;
    if (!b->wanted || c->out.len > CLIENT_INPUT_MAX)
        return;
    if (rfb_buf_put(&c->out, rfb_buf_data(&b->ours), b->ours.len) != RFB_OK)
        return; /* no memory: the thread tries again */
    b->wanted = false;
    b->taken = true;
    pthread_cond_broadcast(&c->changed);
}

/* ---- waiting ---- */

/* With the lock: waits until it is known what the server has. An input-only connection asks only
 * now. */
static int await_answer(struct ph_client *c, struct wait *w, ph_error *error)
{
    struct client_clipboard *b = &c->clipboard;
    int rc = client_check_open(c, error);
    if (rc == PH_OK && !b->asked)
        rc = requests_clipboard(c, error);
    while (rc == PH_OK && !b->answered)
        if ((rc = client_sleep(c, w, -1)) != PH_OK)
            rc = client_explain(c, rc, "the server to say what its clipboard takes", error);
    return rc;
}

int clipboard_await_taken(struct input_call *call, ph_error *error)
{
    struct ph_client *c = call->c;
    int rc = PH_OK;
    io_push(c);
    while (rc == PH_OK && c->clipboard.ours.len != 0 && !c->clipboard.taken)
        if ((rc = client_sleep(c, &call->w, -1)) != PH_OK)
            rc = client_explain(c, rc, "a program on the desktop to ask for the text", error);
    return rc;
}

/* ---- our text ---- */

/* Its length as it is sent, with a CR in front of each newline and a NUL; 0 where it is no UTF-8,
 * at *at. */
static size_t measure(const char *text, const char **at)
{
    size_t size = 1, n;
    uint32_t point;
    for (*at = text; **at != '\0'; *at += n) {
        n = rfb_text_next(*at, &point);
        if (n == 0)
            return 0;
        size += n + (point == '\n' && (*at == text || (*at)[-1] != '\r'));
    }
    return size;
}

int clipboard_offer_init(struct clipboard_offer *o, const char *text, ph_error *error)
{
    const char *at;
    *o = (struct clipboard_offer){.text = text, .size = measure(text, &at)};
    rfb_buf_init(&o->provide, CLIPBOARD_WIRE_MAX);
    if (o->size == 0)
        return error_set(error, PH_E_ARGUMENT, "the text is not UTF-8 at byte %td", at - text + 1);
    if (o->size > CLIPBOARD_SEND_MAX)
        return error_set(error, PH_E_ARGUMENT,
                         "a text of %zu bytes is too long for the clipboard, which takes %d",
                         o->size, CLIPBOARD_SEND_MAX);
    if (rfb_clip_put_text(&o->provide, RFB_C2S_CUT_TEXT, text) != RFB_OK)
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    return PH_OK;
}

void clipboard_offer_finish(struct clipboard_offer *o)
{
    rfb_buf_finish(&o->provide);
}

/* To a server without the extended clipboard. */
static int put_latin1(struct ph_client *c, const char *text, ph_error *error)
{
    size_t bad;
    uint32_t point;
    int rc = rfb_clip_put_latin1(&c->out, RFB_C2S_CUT_TEXT, text, &bad, &point);
    if (rc == RFB_E_INVALID)
        return error_set(error, PH_E_ARGUMENT,
                         "character %zu of the text, U+%04X, is not in Latin-1, and this server's "
                         "clipboard takes nothing else",
                         bad, point);
    return rc != RFB_OK ? error_set(error, PH_E_NO_MEMORY, "out of memory") : PH_OK;
}

/* Unasked where the server takes that much so, else announced. */
static int put_extended(struct ph_client *c, struct clipboard_offer *o, ph_error *error)
{
    struct client_clipboard *b = &c->clipboard;
    bool unasked = (b->actions & RFB_CLIP_PROVIDE) && o->size <= b->text_max;
    int rc = unasked
                 ? rfb_buf_put(&c->out, rfb_buf_data(&o->provide), o->provide.len)
                 : rfb_clip_put_action(&c->out, RFB_C2S_CUT_TEXT, RFB_CLIP_NOTIFY | RFB_CLIP_TEXT);
    if (rc != RFB_OK)
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    replace(&b->ours, &o->provide);
    b->wanted = false;
    b->taken = unasked;
    return PH_OK;
}

int clipboard_put(struct input_call *call, struct clipboard_offer *o, ph_error *error)
{
    struct ph_client *c = call->c;
    int rc = await_answer(c, &call->w, error);
    if (rc == PH_OK)
        rc = input_await_room(call, error); /* and CLIPBOARD_WIRE_MAX beyond it */
    if (rc == PH_OK)
        rc = clipboard_is_utf8(&c->clipboard) ? put_extended(c, o, error)
                                              : put_latin1(c, o->text, error);
    if (rc == PH_OK)
        call->sent = c->input_sent = true;
    return rc;
}

static int set_clipboard(struct input_call *call, const void *what, ph_error *error)
{
    struct clipboard_offer *const *o = what;
    return clipboard_put(call, *o, error);
}

int ph_clipboard_set(ph_client *client, const char *text, const ph_limit *limit, ph_error *error)
{
    struct clipboard_offer o, *offer = &o;
    int rc = clipboard_offer_init(&o, text, error);
    if (rc == PH_OK)
        rc = input_run(client, NULL, set_clipboard, &offer, limit, error);
    clipboard_offer_finish(&o);
    return rc;
}

/* ---- the server's text ---- */

/* With the lock: a copy of it, for the caller. */
static int copy(const struct rfb_buf *text, char **to, ph_error *error)
{
    *to = malloc(text->len);
    if (*to == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    memcpy(*to, rfb_buf_data(text), text->len);
    return PH_OK;
}

static int request(struct ph_client *c, ph_error *error)
{
    c->clipboard.state = CLIPBOARD_REQUESTED;
    int rc = rfb_clip_put_action(&c->out, RFB_C2S_CUT_TEXT, RFB_CLIP_REQUEST | RFB_CLIP_TEXT);
    io_push(c);
    return failed(rc, error);
}

/* With the lock. */
static int await_text(struct ph_client *c, struct wait *w, uint64_t after, ph_error *error)
{
    struct client_clipboard *b = &c->clipboard;
    int rc = await_answer(c, w, error);
    while (rc == PH_OK && (b->serial <= after || b->state < CLIPBOARD_THERE)) {
        if (b->serial > after && b->state == CLIPBOARD_ANNOUNCED)
            rc = request(c, error);
        if (rc == PH_OK && (rc = client_sleep(c, w, -1)) != PH_OK)
            rc = client_explain(c, rc, "the server's clipboard", error);
    }
    if (rc == PH_OK && b->state == CLIPBOARD_TOO_LARGE)
        rc = error_set(error, PH_E_REFUSED, "the server's clipboard has more than %d bytes",
                       CLIPBOARD_MAX);
    return rc;
}

int ph_clipboard_get(ph_client *client, uint64_t after, const ph_limit *limit, char **text,
                     uint64_t *serial, ph_error *error)
{
    struct wait w;
    *text = NULL;
    wait_begin(&w, limit, &client->lock, &client->changed);
    pthread_mutex_lock(&client->lock);
    int rc = await_text(client, &w, after, error);
    if (serial != NULL)
        *serial = client->clipboard.serial;
    if (rc == PH_OK)
        rc = copy(&client->clipboard.theirs, text, error);
    pthread_mutex_unlock(&client->lock);
    wait_end(&w);
    return rc;
}
