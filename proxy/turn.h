/* SPDX-License-Identifier: GPL-2.0-or-later
 * One read of a stream, then the others have their turn. libuv reads a stream that fills the buffer
 * up to 32 times before it looks at the next: of a flooding VNC server that is 8 MB to encrypt, and
 * every other viewer of the worker waits for it. Embedded in the stream's owner; all zeros at
 * first. */
#ifndef PROXY_TURN_H
#define PROXY_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct turn {
    bool over;
};

/* For the allocation callback: the place for one read, or none when the turn is over. */
static inline uv_buf_t turn_offer(const struct turn *t, void *place, size_t size)
{
    return uv_buf_init(place, t->over ? 0 : (unsigned)size);
}

/* For the read callback, first of all. False: there is nothing to see, the stream is read again
 * when the others have had their turn. */
static inline bool turn_read(struct turn *t, ssize_t n, const uv_buf_t *buf)
{
    bool refused = n == UV_ENOBUFS && t->over;
    t->over = n > 0 && (size_t)n == buf->len; /* only then libuv would go on */
    return !refused && n != 0;
}

/* When reading begins or is resumed: what was over is long ago. */
static inline void turn_begin(struct turn *t)
{
    t->over = false;
}

#endif
