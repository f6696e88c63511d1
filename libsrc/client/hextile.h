/* SPDX-License-Identifier: GPL-2.0-or-later
 * Hextile (RFC 6143 section 7.7.4): tiles of 16x16 in raw pixels, or a background with rectangles
 * on it. What a tile paints stays inside it, so a byte costs no more than 128 pixels. */
#ifndef CLIENT_HEXTILE_H
#define CLIENT_HEXTILE_H

#include <stddef.h>
#include <stdint.h>

#include "rfb/msg.h"

/* Paints a rectangle into a framebuffer of stride pixels a row; r lies inside it. body is all of
 * the rectangle's body. NULL, or what is wrong with it. */
const char *hextile_decode(struct rfb_rect r, const uint8_t *body, size_t len, uint32_t *pixels,
                           size_t stride);

#endif
