/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a server sends after the handshake, and what is asked of it in return: bytes in, pixels into
 * the client's screen, requests into its output. Belongs to the connection's thread. */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "client/client.h"

struct session;

/* Begins with the server's ServerInit: queues SetPixelFormat, SetEncodings and the first request.
 * NULL with *error when out of memory. */
struct session *session_create(struct ph_client *c, const struct rfb_server_init *init,
                               ph_error *error);
void session_destroy(struct session *s);

/* Where to read the next bytes to: at most *room. PH_E_PROTOCOL when a rectangle has outgrown what
 * its framebuffer allows, PH_E_NO_MEMORY. */
int session_reserve(struct session *s, uint8_t **where, size_t *room, ph_error *error);
/* Takes n bytes that were read there. PH_E_PROTOCOL says what the server did wrong. */
int session_received(struct session *s, size_t n, ph_error *error);

/* FramebufferUpdates that have begun so far. */
uint64_t session_updates(const struct session *s);

#endif
