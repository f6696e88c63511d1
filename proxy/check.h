/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looks whether a password is right, on libuv's thread pool: scrypt takes a good part of a second,
 * and no loop waits for it. Its memory is what makes scrypt strong and a flood of passwords
 * dangerous, and names are looked up on the same threads: so only CHECKS_AT_ONCE run at once in the
 * whole process. */
#ifndef PROXY_CHECK_H
#define PROXY_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "streams.h"

enum { CHECKS_AT_ONCE = 2 };

struct check;

/* Takes a turn. False: there is none; wait to be woken by the streams, and ask again. Any thread.
 */
bool check_take_turn(void);

/* With a turn, which it gives back at its end and wakes the streams' watchers. hash is as
 * password.h has it; hash and password are copied. done is called on the loop in any case, right as
 * password_matches. NULL: out of memory; then the turn has been given back, and done is not called.
 * The loop's thread's, as what follows. */
struct check *check_start(uv_loop_t *loop, struct streams *streams, const char *hash,
                          const char *password, size_t len, void (*done)(void *owner, int right),
                          void *owner);
/* Nobody waits for what comes of it: where it has not begun it is called off. */
void check_cancel(struct check *c);

#endif
