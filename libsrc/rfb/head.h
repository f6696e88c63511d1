/* SPDX-License-Identifier: GPL-2.0-or-later
 * What both framers share: gathering a message's head across reads. Internal to rfb/. */
#ifndef RFB_HEAD_H
#define RFB_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RFB_HEAD_MAX = 24 };

struct rfb_head {
    uint8_t bytes[RFB_HEAD_MAX];
    uint8_t have, need;
};

/* Begins a head whose first n bytes are wanted. */
static inline void rfb_head_begin(struct rfb_head *h, uint8_t n)
{
    h->have = 0;
    h->need = n;
}

/* Moves bytes from the input into the head; true once there are as many as needed. */
static inline bool rfb_head_gather(struct rfb_head *h, const uint8_t **data, size_t *len)
{
    while (h->have < h->need && *len != 0) {
        h->bytes[h->have++] = *(*data)++;
        --*len;
    }
    return h->have == h->need;
}

#endif
