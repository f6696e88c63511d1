/* SPDX-License-Identifier: GPL-2.0-or-later
 * Slows down who guesses. Thread-safe; shared by all workers.
 *
 * By address (IPv6: by /64, which one subscriber has whole): wrong tokens, names and passwords. The
 * first few are free; from then on the address must wait after each, 1, 2, 4 ... seconds up to
 * BACKOFF_WAIT_MAX_MS, and is refused meanwhile, whatever it brings. After BACKOFF_QUIET_MS without
 * a failure all is forgotten. A password counts as a failure before it is looked at: otherwise as
 * many as there are connections could be tried at once. A right one takes back what its address has
 * failed at the same stream, and nothing else: who has one stream's password must not be able to
 * wipe out his guesses at another's, and right tokens take back nothing for the same reason.
 *
 * By stream: wrong passwords from all addresses together. Whoever refused here would let any
 * stranger lock everybody out, so nobody is refused: each password is looked at a little later, by
 * BACKOFF_DELAY_MAX_MS at most. With CHECKS_AT_ONCE and the places for those who are no viewers
 * that bounds what many addresses can try together, and costs a guest some seconds while it lasts.
 *
 * Memory is bounded: a table of buckets, chosen by a keyed hash, so that nobody can aim at one.
 * Where a bucket is full, the entry with the fewest failures goes, and of these the oldest: to push
 * out his own entry somebody needs as many failures from each of BACKOFF_WAYS other addresses that
 * happen to share its bucket, which is more than the entry costs him. */
#ifndef PROXY_BACKOFF_H
#define PROXY_BACKOFF_H

#include <stdint.h>
#include <sys/socket.h>

enum {
    BACKOFF_WAIT_MAX_MS = 300 * 1000,
    BACKOFF_DELAY_MAX_MS = 4 * 1000,
    BACKOFF_QUIET_MS = 900 * 1000, /* longer than any wait: waiting it out forgives nothing */
    BACKOFF_BUCKETS = 1024,
    BACKOFF_WAYS = 8
};

struct backoff;

/* NULL: out of memory or random bytes. */
struct backoff *backoff_create(void);
/* Accepts NULL. */
void backoff_destroy(struct backoff *b);

/* now: milliseconds of one clock that does not go back. free: how many failures are; 0 turns all of
 * this off. */

/* Milliseconds that the address must wait; 0: it may try. */
uint64_t backoff_wait(struct backoff *b, const struct sockaddr_storage *address, unsigned free,
                      uint64_t now);
/* It has failed. */
void backoff_failed(struct backoff *b, const struct sockaddr_storage *address, unsigned free,
                    uint64_t now);

/* A password comes for a stream. 0: it counts as a failure from here on, and is to be looked at in
 * *delay milliseconds. Else it is not to be looked at, and does not count: as backoff_wait. In one
 * step, or of those that come at the same time too many would be. */
uint64_t backoff_charge(struct backoff *b, const struct sockaddr_storage *address,
                        const char *stream, unsigned free, uint64_t now, uint64_t *delay);
/* It was right. */
void backoff_refund(struct backoff *b, const struct sockaddr_storage *address, const char *stream,
                    unsigned free, uint64_t now);

#endif
