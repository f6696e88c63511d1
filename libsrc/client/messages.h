/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a server says beside FramebufferUpdate: a table from a message's type to what is done with
 * it. Whoever handles a further one adds a line there. */
#ifndef CLIENT_MESSAGES_H
#define CLIENT_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "client/client.h"

/* Called by the connection's thread, without the lock, with the whole message: its type at wire[0],
 * len bytes in all. That is as long as the message's own length says, and within the framer's
 * limits (rfb/s2c.h). PH_OK, or what ends the connection. */
typedef int message_handler(struct ph_client *c, const uint8_t *wire, size_t len, ph_error *error);

/* NULL for a message that is framed and let go. */
message_handler *messages_find(uint8_t type);

#endif
