/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is asked of the server: the format, the encodings, and the next pixels, by requests or by
 * ContinuousUpdates where the server has them. Belongs to the connection's thread. */
#ifndef CLIENT_REQUESTS_H
#define CLIENT_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "rfb/msg.h"

/* All answer PH_OK, PH_E_NO_MEMORY, or PH_E_PROTOCOL when the server reads nothing of what it is
 * sent. Once the client drains, requests_last alone sends anything. */

/* SetPixelFormat, SetEncodings and the first request. */
int requests_begin(struct ph_client *c, ph_error *error);
/* With the lock, for an input-only connection, which has asked for nothing: what the server's
 * clipboard takes, and a pixel, whose update says that the answer to the former has come. */
int requests_clipboard(struct ph_client *c, ph_error *error);
/* With the lock, while draining: asks for a pixel, or for the end of ContinuousUpdates while they
 * are on. The answer shows that all that was sent before has been read. */
int requests_last(struct ph_client *c, ph_error *error);
/* True for what SetEncodings has listed, and Raw. */
bool requests_listed(const struct ph_client *c, int32_t encoding);
/* An update begins: asks for the one behind it, which the server then prepares meanwhile. */
int requests_next(struct ph_client *c, ph_error *error);
/* Asks for these pixels, changed or not. */
int requests_again(struct ph_client *c, struct rfb_rect r, ph_error *error);
/* The framebuffer has another size: asks for all of it. */
int requests_resized(struct ph_client *c, ph_error *error);
/* The server has sent EndOfContinuousUpdates (rfbproto): it has them, or, later, they are over. */
int requests_end_of_continuous(struct ph_client *c, ph_error *error);
/* Answers a fence (rfbproto, Fence). */
int requests_fence(struct ph_client *c, uint32_t flags, const uint8_t *payload, uint8_t n,
                   ph_error *error);

#endif
