/* SPDX-License-Identifier: GPL-2.0-or-later
 * The barest RFB client there can be (RFC 6143): one blocking unix socket, security type None, BGRX
 * pixels. It paints nothing. Whatever goes wrong ends the program. */
#ifndef BARE_H
#define BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bare {
    int fd;
    uint16_t width, height;
};

/* Connects and shakes hands, then says which encodings it wants. */
void bare_open(struct bare *b, const char *path, const int32_t *encodings, size_t count);
void bare_close(struct bare *b);
/* All of the screen. */
void bare_request(const struct bare *b, bool incremental);
void bare_key(const struct bare *b, uint32_t keysym, bool down);
/* Reads until an update has been read whole; asks for the next one as soon as it has begun. Knows
 * Raw and CopyRect. */
void bare_await_update(const struct bare *b);

/* Reads the updates that have come already. */
void bare_drain(const struct bare *b);

#endif
