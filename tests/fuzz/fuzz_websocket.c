/* SPDX-License-Identifier: GPL-2.0-or-later
 * An end of a WebSocket. Input: cut, flags (1: frames, else the answer to a client's request; 2:
 * the frames are a client's), what the peer says. */
#include <string.h>

#include "fuzz.h"
#include "net/upgrade.h"

struct end {
    int rc;
    size_t taken;
    ph_error error;
    struct rfb_buf payload;
};

static uint16_t keep(void *owner, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(rfb_buf_put(owner, data, len) == 0);
    return 0;
}

/* Pieces of their own size, so that a read beyond one is seen. */
static size_t next(struct feed_split *split, const uint8_t *bytes, size_t left, uint8_t **piece)
{
    size_t n = split->kind == FEED_WHOLE ? left : 1;
    if (split->kind == FEED_RANDOM)
        n = 1 + feed_random(&split->seed) % 40;
    n = n < left ? n : left;
    *piece = malloc(n != 0 ? n : 1);
    memcpy(*piece, bytes, n);
    return n;
}

static void run(struct end *e, uint8_t flags, const uint8_t *bytes, size_t n,
                struct feed_split split)
{
    static const struct stream_ws how = {.host = "box", .path = "/", .token = "t"};
    struct upgrade u;
    struct ws ws;
    struct rfb_buf request;
    uint8_t *piece;
    bool frames = flags & 1;
    *e = (struct end){.rc = 0};
    rfb_buf_init(&e->payload, n);
    rfb_buf_init(&request, 4096);
    FUZZ_CHECK(ws_init(&ws) == 0 && upgrade_begin(&u, &how, &request, NULL) == 0);
    ws.is_client = !(flags & 2);
    while (e->rc == 0 && e->taken < n) {
        size_t len = next(&split, bytes + e->taken, n - e->taken, &piece), used = len;
        e->rc = frames ? ws_feed(&ws, piece, len, keep, &e->payload)
                       : upgrade_feed(&u, piece, len, &used, &e->error);
        FUZZ_CHECK(used <= len && (e->rc != 0 || used == len));
        e->taken += frames ? len : used;
        free(piece);
        FUZZ_CHECK(ws.pong_len <= WS_CONTROL_MAX);
    }
    if (!frames && e->rc == 0)
        e->rc = upgrade_end(&u, &e->error);
    ws_finish(&ws);
    rfb_buf_finish(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 2 };
    struct end whole, pieces;
    if (size < HEAD)
        return 0;
    run(&whole, data[1], data + HEAD, size - HEAD, (struct feed_split){.kind = FEED_WHOLE});
    run(&pieces, data[1], data + HEAD, size - HEAD, fuzz_split(data[0]));
    FUZZ_CHECK(whole.rc == pieces.rc && whole.payload.len == pieces.payload.len);
    FUZZ_CHECK(whole.payload.len == 0 ||
               memcmp(rfb_buf_data(&whole.payload), rfb_buf_data(&pieces.payload),
                      whole.payload.len) == 0);
    FUZZ_CHECK(strcmp(whole.error.message, pieces.error.message) == 0);
    rfb_buf_finish(&whole.payload);
    rfb_buf_finish(&pieces.payload);
    return 0;
}
