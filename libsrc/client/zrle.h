/* SPDX-License-Identifier: GPL-2.0-or-later
 * ZRLE (RFC 6143 section 7.7.6) for the format rfb_bgrx. Our own, for LibVNCClient's reads past its
 * palette. */
#ifndef CLIENT_ZRLE_H
#define CLIENT_ZRLE_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "rfb/msg.h"

struct zrle {
    z_stream stream; /* one for the whole connection */
    int ready;
};

/* Allocates nothing. */
void zrle_init(struct zrle *z);
void zrle_finish(struct zrle *z);

/* Paints a rectangle into a framebuffer of stride pixels a row; r lies inside it. data is the
 * compressed part of the body, without its length. NULL, decoder_no_memory, or what is wrong
 * with it: the connection is then to be ended, for the stream's state is lost. */
const char *zrle_decode(struct zrle *z, struct rfb_rect r, const uint8_t *data, size_t len,
                        uint32_t *pixels, size_t stride);

#endif
