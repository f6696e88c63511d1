/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/buf.h"

#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"

enum { FIRST_CAPACITY = 256 };

void rfb_buf_init(struct rfb_buf *b, size_t max)
{
    *b = (struct rfb_buf){.max = max};
}

void rfb_buf_finish(struct rfb_buf *b)
{
    free(b->data);
    rfb_buf_init(b, b->max);
}

void rfb_buf_wipe(struct rfb_buf *b)
{
    if (b->data != NULL)
        explicit_bzero(b->data, b->cap);
    rfb_buf_finish(b);
}

/* Doubling, so that appending stays linear; never beyond the maximum. */
static int grow(struct rfb_buf *b, size_t needed)
{
    size_t cap = b->cap != 0 ? b->cap : FIRST_CAPACITY;
    while (cap < needed)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
        cap = b->max;
    uint8_t *data = malloc(cap);
    if (data == NULL)
        return RFB_E_NO_MEMORY;
    if (b->data != NULL)
        memcpy(data, b->data + b->off, b->len);
    free(b->data);
    b->data = data;
    b->cap = cap;
    b->off = 0;
    return RFB_OK;
}

int rfb_buf_reserve(struct rfb_buf *b, size_t n, uint8_t **where)
{
    if (b->len > b->max || n > b->max - b->len) /* the owner may have lowered max */
        return RFB_E_TOO_LARGE;
    if (b->data == NULL || n > b->cap - b->len) {
        int rc = grow(b, b->len + n);
        if (rc != RFB_OK)
            return rc;
    } else if (n > b->cap - b->len - b->off) {
        memmove(b->data, b->data + b->off, b->len);
        b->off = 0;
    }
    *where = b->data + b->off + b->len;
    return RFB_OK;
}

void rfb_buf_shrink(struct rfb_buf *b)
{
    if (b->len == 0) {
        rfb_buf_finish(b);
        return;
    }
    uint8_t *data = malloc(b->len);
    if (data == NULL)
        return;
    memcpy(data, b->data + b->off, b->len);
    free(b->data);
    b->data = data;
    b->cap = b->len;
    b->off = 0;
}

void rfb_buf_commit(struct rfb_buf *b, size_t n)
{
    b->len += n;
}

void rfb_buf_consume(struct rfb_buf *b, size_t n)
{
    b->off += n;
    b->len -= n;
    if (b->len == 0)
        b->off = 0;
}

int rfb_buf_put(struct rfb_buf *b, const void *bytes, size_t n)
{
    uint8_t *where;
    int rc = rfb_buf_reserve(b, n, &where);
    if (rc != RFB_OK || n == 0)
        return rc;
    memcpy(where, bytes, n);
    rfb_buf_commit(b, n);
    return RFB_OK;
}

int rfb_buf_put_u8(struct rfb_buf *b, uint8_t v)
{
    return rfb_buf_put(b, &v, 1);
}

int rfb_buf_put_u16(struct rfb_buf *b, uint16_t v)
{
    uint8_t p[2];
    rfb_set_u16(p, v);
    return rfb_buf_put(b, p, sizeof p);
}

int rfb_buf_put_u32(struct rfb_buf *b, uint32_t v)
{
    uint8_t p[4];
    rfb_set_u32(p, v);
    return rfb_buf_put(b, p, sizeof p);
}
