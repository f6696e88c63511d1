/* SPDX-License-Identifier: GPL-2.0-or-later
 * What waits to be written to a stream of libuv's: a bounded queue, copied, so that the caller's
 * buffer is free at once. Embedded in the owner, whose memory must stay until the stream has been
 * closed: libuv ends every write before that. Belongs to the loop's thread. */
#ifndef PROXY_OUTQ_H
#define PROXY_OUTQ_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct outq;

/* Status 0: nothing waits any more. Below 0, a libuv error: a write failed or was cancelled; once
 * for each, and q->queued tells what is still to come. May call any function of the owner's. */
typedef void outq_fn(struct outq *q, int status);

struct outq {
    size_t queued; /* for the owner to read: bytes that wait for the stream */

    /* private */
    uv_stream_t *stream;
    size_t max;
    outq_fn *progress;
};

/* Allocates nothing; there is nothing to finish. max: bytes that may wait. */
void outq_init(struct outq *q, uv_stream_t *stream, size_t max, outq_fn *progress);
/* Sends what the stream takes at once and queues the rest. -1: the stream is broken, no memory, or
 * more would wait than may; only closing is of use then, as a part may have gone out. progress is
 * never called from inside. */
int outq_send(struct outq *q, const uint8_t *data, size_t len);

#endif
