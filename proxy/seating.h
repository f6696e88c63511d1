/* SPDX-License-Identifier: GPL-2.0-or-later
 * The seats (seat.h) as one loop's viewers take and leave them: when a turn begins and when it
 * ends. Whoever has a seat keeps it until another wants it. Belongs to its loop's thread. */
#ifndef PROXY_SEATING_H
#define PROXY_SEATING_H

#include <stdint.h>
#include <uv.h>

#include "seat.h"

struct sitter;

/* What all sitters of a loop share. */
struct seating {
    struct seats *seats;
    uv_async_t wake;
    uv_timer_t tick;
    struct sitter *list;
};

struct sitter_events {
    /* The seat is the sitter's: sitter_seated when it knows what has become of the desktop. */
    void (*take)(struct sitter *s);
    /* Its turn is over: sitter_left when the server has done all that it was sent. */
    void (*leave)(struct sitter *s);
    /* That takes long: the viewer does not read, and so its server is not. True: the server has
     * taken all that it was sent, so that it does it before it does what others ask of it. The
     * sitter has left then. */
    bool (*lose)(struct sitter *s);
    /* The server does not take what it was sent, or there is no end of it: the sitter has to go. */
    void (*evict)(struct sitter *s);
    /* Nothing is held down, and nothing waits; who has been quiet for long may wait for what does
     * not come. */
    bool (*idle)(const struct sitter *s, bool quiet);
};

/* Embedded by its owner. Zeroed, it wants nothing ever. */
struct sitter {
    struct seating *seating; /* NULL: it is none; private as what follows */
    struct seat_claim claim;
    const struct sitter_events *events;
    enum { SITTER_AWAY, SITTER_WAITING, SITTER_TAKING, SITTER_SEATED, SITTER_LEAVING } state;
    bool urgent;                                     /* it has asked so */
    bool wanted, hurries;                            /* others want the seat; urgently */
    uint64_t seated, pressed, hurries_since, leaves; /* ms of the loop's clock */
    struct sitter *previous, *next;
};

/* 0 or a libuv error. */
int seating_open(struct seating *s, struct seats *seats, uv_loop_t *loop);
/* Its handles; there may be no sitter any more. */
void seating_close(struct seating *s);

/* desktop: what tells desktops apart. 0, or -1: out of memory. */
int sitter_begin(struct sitter *s, struct seating *seating, const char *desktop,
                 const struct sitter_events *events);
/* Does nothing with one that has not begun. */
void sitter_end(struct sitter *s);

/* Input waits for the seat, urgent as in seat_ask. take may come from inside. */
void sitter_wants(struct sitter *s, bool urgent);
/* False: it was not about to have the seat. */
bool sitter_seated(struct sitter *s);
/* Keys or buttons have been sent. */
void sitter_pressed(struct sitter *s);
/* It is not to have the seat any more: leave comes from inside. Does nothing with one that has it
 * not.
 */
void sitter_stop(struct sitter *s);
void sitter_left(struct sitter *s);

#endif
