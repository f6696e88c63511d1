/* SPDX-License-Identifier: GPL-2.0-or-later
 * A wire tap: a client connects to its socket in place of the server's, bytes pass untouched both
 * ways, and what rectangles the server sends is counted. So a test knows that a picture came in the
 * encoding that it is about, and not as Raw. One thread, one connection. */
#ifndef TAP_H
#define TAP_H

#include <stddef.h>
#include <stdint.h>

struct tap;

enum { TAP_ENCODINGS = 64 };

/* What has passed, in the order of rfb_encoding_at: pixels of the pixel encodings, numbers of the
 * others. jpeg: Tight's rectangles that are JPEG, which are not counted as Tight. */
struct tap_counts {
    uint64_t of[TAP_ENCODINGS];
    uint64_t jpeg;
};

/* Listens at path for one client, for a server at where: the path of a unix socket or, of digits
 * alone, a port of 127.0.0.1. password: what the client will give, or NULL. Ends the program with a
 * message when it cannot. */
struct tap *tap_start(const char *path, const char *where, const char *password);
/* The connection is over, the client's half at least. */
void tap_stop(struct tap *t);

/* Takes the counts, which begin anew. Ends the program when the tap has lost its way. */
struct tap_counts tap_take(struct tap *t);

/* From the next rectangle's body on the server is not read. */
void tap_hold(struct tap *t);
/* Waits until that is so. */
void tap_await_held(struct tap *t);
void tap_release(struct tap *t);

#endif
