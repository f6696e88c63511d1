/* SPDX-License-Identifier: GPL-2.0-or-later
 * Rectangles to pixels. Zlib and Tight are decoded by LibVNCClient, from memory: no socket of its,
 * no thread, no copy; all others here. Everything it is handed has been through the framer
 * (rfb/s2c.h), so lengths are true; what it paints is clipped to the rectangle, and budgeted. One
 * decoder belongs to one thread. */
#ifndef CLIENT_DECODER_H
#define CLIENT_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "rfb/msg.h"

struct decoder;

/* What those who decode an encoding answer when the allocator, and not the data, is to blame. */
extern const char decoder_no_memory[];

/* The bytes in front of a rectangle's header that decoder_rect may write on. */
enum { DECODER_SLACK = 4, DECODER_HEADER = 12 };

/* jpeg: Tight may hold it. NULL when out of memory. */
struct decoder *decoder_create(bool jpeg);
void decoder_destroy(struct decoder *d);

/* The framebuffer to paint into: width * height pixels, which become 0xffRRGGBB in the machine's
 * byte order; borrowed until the next call. */
void decoder_target(struct decoder *d, uint32_t *pixels, int width, int height);

/* True for the pixel encodings that decoder_rect and decoder_piece know. */
bool decoder_knows(int32_t encoding);

/* Decodes one whole rectangle of an encoding it knows, other than those that come in pieces. wire
 * points at its 12-byte header, len counts header and body; the DECODER_SLACK bytes in front are
 * overwritten. PH_E_PROTOCOL for a body that does not decode, PH_E_NO_MEMORY. */
int decoder_rect(struct decoder *d, const struct rfb_rect_head *head, uint8_t *wire, size_t len,
                 ph_error *error);

/* True for those that are painted as their bytes come: they go to decoder_piece. */
bool decoder_takes_pieces(int32_t encoding);
/* Paints n bytes of such a rectangle's body, which begin at byte done of it. PH_E_PROTOCOL. */
int decoder_piece(struct decoder *d, const struct rfb_rect_head *head, uint64_t done,
                  const uint8_t *bytes, size_t n, ph_error *error);

#endif
