/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay.h"

#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"

int relay_frame(struct relay *r, enum wslay_opcode opcode, uint8_t *payload, size_t len)
{
    uint8_t *frame = ws_frame(&r->scratch->framer, opcode, payload, len);
    return tls_conn_send(r->front, frame, (size_t)(payload - frame) + len);
}

int relay_frame_copy(struct relay *r, enum wslay_opcode opcode, const uint8_t *data, size_t len)
{
    uint8_t room[WS_HEAD_MAX + SCRATCH_PLAIN];
    if (len > SCRATCH_PLAIN)
        return -1;
    if (len != 0)
        memcpy(room + WS_HEAD_MAX, data, len);
    return relay_frame(r, opcode, room + WS_HEAD_MAX, len);
}

int relay_begin(struct relay *r, const struct policy *policy, const struct rfb_server_init *init)
{
    if (policy_allows_all(policy))
        return 0;
    r->filter = malloc(sizeof *r->filter);
    if (r->filter == NULL)
        return -1;
    filter_init(r->filter, policy, init);
    r->filter->follows = r->crop != NULL;
    return 0;
}

void relay_finish(struct relay *r)
{
    if (r->filter != NULL)
        filter_finish(r->filter);
    free(r->filter);
}

static void count_to_viewer(struct relay *r, size_t len)
{
    r->to_viewer += len;
    metrics_add(r->metrics, METRIC_TO_VIEWERS, len);
}

/* As much as the viewer takes now. -1: its connection is broken. */
static int send_cropped(struct relay *r, struct rfb_buf *out)
{
    while (out->len != 0 && r->front->out.queued == 0) {
        /* what was sent has left room for a frame's head in front of what was not */
        bool room = out->off >= WS_HEAD_MAX;
        size_t most = room ? SCRATCH_UP : SCRATCH_PLAIN, n = out->len < most ? out->len : most;
        int rc = room ? relay_frame(r, WSLAY_BINARY_FRAME, out->data + out->off, n)
                      : relay_frame_copy(r, WSLAY_BINARY_FRAME, rfb_buf_data(out), n);
        if (rc != 0)
            return -1;
        rfb_buf_consume(out, n);
        count_to_viewer(r, n);
    }
    return 0;
}

/* What the crop has made, and what it makes once the viewer has that. */
static int push(struct relay *r)
{
    struct rfb_buf *out = &r->crop->to_viewer;
    do {
        if (send_cropped(r, out) != 0)
            return -1;
        if (out->len != 0) {
            upstream_pause(r->back, true);
            return 0;
        }
        if (crop_taken(r->crop) != RFB_OK)
            return RELAY_UPSTREAM;
    } while (out->len != 0);
    return 0;
}

/* -1 as send_cropped. */
static int send_on(struct relay *r, uint8_t *data, size_t len)
{
    if (len != 0 && relay_frame(r, WSLAY_BINARY_FRAME, data, len) != 0)
        return -1;
    count_to_viewer(r, len);
    return 0;
}

static int crop_to_viewer(struct relay *r, uint8_t *data, size_t len)
{
    size_t n = 0;
    int rc = r->front->out.queued == 0 ? crop_relay(r->crop, data, len, &n)
                                       : crop_from_server(r->crop, data, len);
    if (rc != RFB_OK)
        return RELAY_UPSTREAM;
    rc = send_on(r, data, n);
    if (rc == 0)
        rc = push(r);
    if (rc == 0 && r->crop->holding) /* what comes behind an update would be kept, too */
        upstream_pause(r->back, true);
    return rc;
}

int relay_to_viewer(struct relay *r, uint8_t *data, size_t len)
{
    if (r->filter != NULL && filter_from_server(r->filter, &data, &len) != RFB_OK)
        return RELAY_UPSTREAM;
    if (r->crop != NULL && r->filter != NULL && r->filter->server_text) {
        r->filter->server_text = false;
        crop_forget_clipboard(r->crop);
    }
    if (r->crop != NULL)
        return crop_to_viewer(r, data, len);
    if (send_on(r, data, len) != 0)
        return -1;
    if (r->front->out.queued != 0)
        upstream_pause(r->back, true);
    return 0;
}

uint8_t *relay_room(struct relay *r, size_t *n)
{
    return r->crop != NULL && r->filter == NULL ? crop_room(r->crop, n) : NULL;
}

int relay_viewer_drained(struct relay *r)
{
    int rc = r->crop != NULL ? push(r) : 0;
    if (rc == 0 && (r->crop == NULL || (r->crop->to_viewer.len == 0 && !r->crop->holding)))
        upstream_pause(r->back, false);
    return rc;
}

const char *relay_why(const struct relay *r)
{
    return r->crop != NULL && r->crop->why != NULL       ? r->crop->why
           : r->filter != NULL && r->filter->why != NULL ? r->filter->why
                                                         : "out of memory";
}

/* Of a server's rectangles both must know how long they are, or what one takes for pixels is a
 * clipboard to the other: the crop says in which format they are. */
static void follow(struct relay *r)
{
    if (r->filter != NULL && r->crop != NULL)
        filter_follow(r->filter, &r->crop->server.format);
}

int relay_from_viewer(struct relay *r, const uint8_t *data, size_t len)
{
    r->from_viewer += len;
    metrics_add(r->metrics, METRIC_FROM_VIEWERS, len);
    struct rfb_buf *out = &r->scratch->from_viewer;
    int rc = r->filter != NULL ? filter_from_viewer(r->filter, data, len, out)
                               : rfb_buf_put(out, data, len);
    if (r->crop == NULL || rc != RFB_OK)
        return rc;
    rc = crop_from_viewer(r->crop, rfb_buf_data(out), out->len);
    rfb_buf_consume(out, out->len);
    follow(r);
    return rc;
}

int relay_flush(struct relay *r)
{
    if (r->detached)
        return 0;
    struct rfb_buf *payload = r->crop != NULL ? &r->crop->to_server : &r->scratch->from_viewer;
    int rc = 0;
    /* what a crop has gathered can be more than may wait: the rest goes when that is drained */
    while (rc == 0 && payload->len != 0 && (r->crop == NULL || r->back->out.queued == 0)) {
        size_t n = r->crop == NULL || payload->len < SCRATCH_PLAIN ? payload->len : SCRATCH_PLAIN;
        rc = upstream_write(r->back, rfb_buf_data(payload), n);
        rfb_buf_consume(payload, n);
    }
    if (rc == 0 && r->back->out.queued != 0) {
        r->front_paused = true;
        tls_conn_pause(r->front, true);
    }
    return rc;
}

void relay_upstream_drained(struct relay *r)
{
    r->front_paused = false;
    tls_conn_pause(r->front, false);
}

void relay_detach(struct relay *r)
{
    r->detached = r->front_paused = true;
    tls_conn_pause(r->front, true);
}

void relay_attach(struct relay *r, const struct rfb_server_init *init)
{
    if (r->filter != NULL)
        filter_reconnect(r->filter, init);
    follow(r);
    r->detached = false;
    relay_upstream_drained(r);
}
