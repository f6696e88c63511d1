/* SPDX-License-Identifier: GPL-2.0-or-later
 * The desktop's size as clients may change it (rfbproto, ExtendedDesktopSize and SetDesktopSize).
 */
#ifndef CLIENT_SIZE_H
#define CLIENT_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "rfb/msg.h"

/* What an open connection knows of it; under the client's lock. */
struct size_state {
    bool known;         /* the server has told its screens, and so takes SetDesktopSize */
    bool asking;        /* a call awaits its answer; the others wait for their turn */
    uint32_t id, flags; /* of the first screen */
    uint64_t answers;   /* to SetDesktopSize, of this client */
    int status;         /* of the last one */
    int width, height;  /* in it */
};

/* An ExtendedDesktopSize rectangle, whose length the framer has checked. */
void size_told(struct ph_client *c, const struct rfb_rect_head *head, const uint8_t *body);

#endif
