/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay.h"

#include <string.h>

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

int relay_to_viewer(struct relay *r, uint8_t *data, size_t len)
{
    if (relay_frame(r, WSLAY_BINARY_FRAME, data, len) != 0)
        return -1;
    r->to_viewer += len;
    if (r->front->queued != 0)
        upstream_pause(r->back, true);
    return 0;
}

void relay_viewer_drained(struct relay *r)
{
    upstream_pause(r->back, false);
}

int relay_from_viewer(struct relay *r, const uint8_t *data, size_t len)
{
    r->from_viewer += len;
    return rfb_buf_put(&r->scratch->from_viewer, data, len);
}

int relay_flush(struct relay *r)
{
    struct rfb_buf *payload = &r->scratch->from_viewer;
    int rc = upstream_write(r->back, rfb_buf_data(payload), payload->len);
    rfb_buf_consume(payload, payload->len);
    if (rc == 0 && r->back->queued != 0) {
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
