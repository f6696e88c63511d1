/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outq.h"

#include <stdlib.h>
#include <string.h>

struct outq_write {
    uv_write_t req;
    struct outq *queue;
    size_t len;
    char bytes[];
};

void outq_init(struct outq *q, uv_stream_t *stream, size_t max, outq_fn *progress)
{
    *q = (struct outq){.stream = stream, .max = max, .progress = progress};
}

static void on_written(uv_write_t *req, int status)
{
    struct outq_write *w = req->data;
    struct outq *q = w->queue;
    q->queued -= w->len;
    free(w);
    if (status < 0 || q->queued == 0)
        q->progress(q, status < 0 ? status : 0);
}

static int enqueue(struct outq *q, const uint8_t *data, size_t len)
{
    if (len > q->max - q->queued)
        return -1;
    struct outq_write *w = malloc(sizeof *w + len);
    if (w == NULL)
        return -1;
    memcpy(w->bytes, data, len);
    w->req.data = w;
    w->queue = q;
    w->len = len;
    uv_buf_t buf = uv_buf_init(w->bytes, (unsigned)len);
    if (uv_write(&w->req, q->stream, &buf, 1, on_written) != 0) {
        free(w);
        return -1;
    }
    q->queued += len;
    return 0;
}

int outq_send(struct outq *q, const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    if (q->queued == 0) {
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
        int n = uv_try_write(q->stream, &buf, 1);
        if (n < 0 && n != UV_EAGAIN)
            return -1;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return len != 0 ? enqueue(q, data, len) : 0;
}
