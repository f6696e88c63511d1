/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose a desktop's keyboard and pointer are. X has one of each, and keys go where the focus is:
 * of those who control single windows of a desktop one at a time may use them. Thread-safe: one
 * lock, held for moments. */
#ifndef PROXY_SEAT_H
#define PROXY_SEAT_H

#include <stdbool.h>

struct seats;
struct seat;

/* One who may want it; embedded by its owner. */
struct seat_claim {
    struct seat *seat; /* NULL: the claim has not begun; private as what follows */
    void (*wake)(void *owner);
    void *owner;
    bool in_line, urgent;
    struct seat_claim *next; /* behind it in the line, whose first has the seat */
};

/* NULL: out of memory. */
struct seats *seats_create(void);
/* No claim may be left. Accepts NULL. */
void seats_destroy(struct seats *all);

/* desktop: what tells desktops apart. wake is called from any thread, with the lock held, when the
 * claim gets the seat, and when others want it from whom it is. 0, or -1: out of memory. */
int seat_claim_begin(struct seats *all, const char *desktop, struct seat_claim *c,
                     void (*wake)(void *owner), void *owner);
/* Gives up the seat, or its place in the line. Does nothing with one that has not begun. */
void seat_claim_end(struct seats *all, struct seat_claim *c);

/* Goes to the end of the line, unless it is in it. urgent: more than the pointer's way is waiting.
 */
void seat_ask(struct seats *all, struct seat_claim *c, bool urgent);
bool seat_is_mine(struct seats *all, struct seat_claim *c);
/* Do others want it from c, whose it is? */
enum seat_wanted { SEAT_UNWANTED, SEAT_WANTED, SEAT_WANTED_URGENTLY };
enum seat_wanted seat_is_wanted(struct seats *all, struct seat_claim *c);
/* The next in the line has it. */
void seat_give(struct seats *all, struct seat_claim *c);

#endif
