/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/size.h"

#include "client/client.h"
#include "rfb/err.h"

/* Why an ExtendedDesktopSize comes (in x), and how a request has ended (in y). */
enum { REASON_CLIENT = 1 };
enum { STATUS_OK, STATUS_PROHIBITED, STATUS_NO_RESOURCES, STATUS_BAD_LAYOUT };

void size_told(struct ph_client *c, const struct rfb_rect_head *head, const uint8_t *body)
{
    struct size_state *s = &c->size;
    pthread_mutex_lock(&c->lock);
    s->known = true;
    if (body[0] != 0) { /* screens of 16 bytes: id, x, y, width, height, flags */
        s->id = rfb_get_u32(body + 4);
        s->flags = rfb_get_u32(body + 16);
    }
    if (head->r.x == REASON_CLIENT) {
        s->answers++;
        s->status = head->r.y;
        s->width = head->r.w;
        s->height = head->r.h;
    }
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static int refused(const struct size_state *s, int width, int height, ph_error *error)
{
    static const char *const why[] = {
        [STATUS_PROHIBITED] = "the server does not let clients resize it",
        [STATUS_NO_RESOURCES] = "the server lacks the resources",
        [STATUS_BAD_LAYOUT] = "the server can have no such screen",
    };
    bool known = s->status > 0 && (size_t)s->status < sizeof why / sizeof why[0];
    return error_set(error, PH_E_REFUSED, "no resize to %dx%d: %s (status %d)", width, height,
                     known ? why[s->status] : "the server does not say why", s->status);
}

/* With the lock: asks, and awaits the answer. */
static int ask(struct ph_client *c, struct wait *w, int width, int height, ph_error *error)
{
    struct size_state *s = &c->size;
    int rc = PH_OK;
    while ((s->asking || c->out.len > CLIENT_INPUT_MAX) && rc == PH_OK)
        rc = client_sleep(c, w, -1);
    if (rc != PH_OK)
        return client_explain(c, rc, "its turn to ask for a resize", error);
    if (!s->known)
        return error_set(error, PH_E_UNSUPPORTED,
                         "no resize to %dx%d: the server has no ExtendedDesktopSize", width,
                         height);
    uint64_t before = s->answers;
    if (rfb_msg_put_desktop_size(&c->out, (uint16_t)width, (uint16_t)height, s->id, s->flags) !=
        RFB_OK)
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    io_push(c);
    s->asking = true;
    while (s->answers == before && rc == PH_OK)
        rc = client_sleep(c, w, -1);
    s->asking = false;
    pthread_cond_broadcast(&c->changed);
    if (s->answers == before)
        return client_explain(c, rc, "the server's answer to the resize", error);
    if (s->status != STATUS_OK)
        return refused(s, width, height, error);
    if (s->width == width && s->height == height)
        return PH_OK;
    return error_set(error, PH_E_REFUSED, "no resize to %dx%d: the server has made it %dx%d", width,
                     height, s->width, s->height);
}

/* Without the lock: a frame of that size. */
static int await_frame(struct ph_client *c, struct wait *w, int width, int height, ph_error *error)
{
    uint64_t after = 0;
    for (;;) {
        ph_frame *f;
        int rc = client_next_frame(c, w, after, -1, "a frame of the new size", &f, error);
        if (rc != PH_OK)
            return rc;
        bool is = ph_frame_width(f) == width && ph_frame_height(f) == height;
        after = ph_frame_sequence(f);
        ph_frame_unref(f);
        if (is)
            return PH_OK;
    }
}

int ph_resize(ph_client *client, int width, int height, const ph_limit *limit, ph_error *error)
{
    struct wait w;
    ph_frame *first;
    if (client->input_only)
        return error_set(error, PH_E_ARGUMENT, "an input-only connection cannot resize");
    if (width < 1 || height < 1 || rfb_check_size((uint32_t)width, (uint32_t)height) != RFB_OK)
        return error_set(error, PH_E_ARGUMENT,
                         "a screen of %dx%d: 1 to %d a side and 2^26 pixels in all are possible",
                         width, height, RFB_SIDE_MAX);
    wait_begin(&w, limit, &client->lock, &client->changed);
    /* the first frame answers a request, and that is when servers tell their screens */
    int rc = client_next_frame(client, &w, 0, -1, "a complete frame", &first, error);
    if (rc == PH_OK) {
        ph_frame_unref(first);
        pthread_mutex_lock(&client->lock);
        rc = client_check_open(client, error);
        if (rc == PH_OK && (client->width != width || client->height != height))
            rc = ask(client, &w, width, height, error);
        pthread_mutex_unlock(&client->lock);
    }
    if (rc == PH_OK)
        rc = await_frame(client, &w, width, height, error);
    wait_end(&w);
    return rc;
}
