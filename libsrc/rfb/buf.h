/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one buffer type: a queue of bytes that grows by what is really put into it and never beyond
 * the maximum it was given. Numbers are big-endian, as everywhere in RFB (RFC 6143 section 3).
 * Not thread-safe: one owner at a time. */
#ifndef RFB_BUF_H
#define RFB_BUF_H

#include <stddef.h>
#include <stdint.h>

struct rfb_buf {
    uint8_t *data; /* allocation, or NULL */
    size_t off;    /* first byte not consumed yet */
    size_t len;    /* bytes from data[off] on */
    size_t cap;    /* size of the allocation */
    size_t max;    /* len grows to this at most; the owner may change it */
};

/* Allocates nothing. */
void rfb_buf_init(struct rfb_buf *b, size_t max);
/* Frees the storage; the buffer may be used again, with the same maximum. */
void rfb_buf_finish(struct rfb_buf *b);
/* The same where a secret has been in it: overwrites the storage first. */
void rfb_buf_wipe(struct rfb_buf *b);

static inline const uint8_t *rfb_buf_data(const struct rfb_buf *b)
{
    return b->len != 0 ? b->data + b->off : NULL;
}
static inline size_t rfb_buf_room(const struct rfb_buf *b)
{
    return b->len < b->max ? b->max - b->len : 0;
}

/* Makes room for n more bytes behind the last one and points *where at it; follow with
 * rfb_buf_commit. Pointers into the buffer are invalid afterwards.
 * RFB_E_TOO_LARGE above the maximum, RFB_E_NO_MEMORY; the buffer is unchanged then. */
int rfb_buf_reserve(struct rfb_buf *b, size_t n, uint8_t **where);
/* Counts n bytes, written behind the last one after rfb_buf_reserve of at least n. */
void rfb_buf_commit(struct rfb_buf *b, size_t n);
/* Gives memory back: keeps what is needed for the bytes that are there, or all where the allocator
 * says no. Pointers into the buffer are invalid afterwards. */
void rfb_buf_shrink(struct rfb_buf *b);
/* Drops the first n bytes; n is at most b->len. */
void rfb_buf_consume(struct rfb_buf *b, size_t n);

/* Each appends whole or not at all and returns 0, RFB_E_TOO_LARGE or RFB_E_NO_MEMORY. */
int rfb_buf_put(struct rfb_buf *b, const void *bytes, size_t n);
int rfb_buf_put_u8(struct rfb_buf *b, uint8_t v);
int rfb_buf_put_u16(struct rfb_buf *b, uint16_t v);
int rfb_buf_put_u32(struct rfb_buf *b, uint32_t v);

static inline uint16_t rfb_get_u16(const uint8_t *p)
{
    return (uint16_t)((uint16_t)p[0] << 8 | p[1]);
}
static inline uint32_t rfb_get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline int32_t rfb_get_s32(const uint8_t *p)
{
    return (int32_t)rfb_get_u32(p);
}
static inline void rfb_set_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void rfb_set_u32(uint8_t *p, uint32_t v)
{
    rfb_set_u16(p, (uint16_t)(v >> 16));
    rfb_set_u16(p + 2, (uint16_t)v);
}

#endif
