/* SPDX-License-Identifier: GPL-2.0-or-later
 * A call that sends input, from its turn to the release of what it pressed. pointer.c and
 * keyboard.c say what the calls do; this room how they do it: input_run takes the turn, lets act
 * put its events, releases whatever is down that was not before, and tells what had been sent when
 * a call fails. */
#ifndef CLIENT_INPUT_H
#define CLIENT_INPUT_H

#include "client/client.h"
#include "client/keys.h"

struct input_call {
    struct ph_client *c;
    struct wait w;
    ph_input_options options;
    uint32_t modifiers[KEYS_CHORD_MAX];
    size_t modifier_count;

    /* what was down before, and is to be afterwards; an act that presses for longer changes it */
    size_t keys_before;
    uint8_t buttons_before;

    bool sent; /* any event at all */
    /* how far it came, for the error: "3 of 10 clicks were sent"; total 0: it is not counted */
    size_t done, total;
    const char *unit;
};

/* What a call does in its turn, with the lock held; what is what its caller put there. */
typedef int input_act(struct input_call *call, const void *what, ph_error *error);

/* One whole call. options may be NULL. What act answers, or PH_E_ARGUMENT for options that cannot
 * be, PH_E_TIMEOUT, _CANCELLED, PH_E_NO_MEMORY, or why the connection ended. */
int input_run(struct ph_client *c, const ph_input_options *options, input_act *act,
              const void *what, const ph_limit *limit, ph_error *error);

/* For acts: each waits for room, and answers PH_OK or why the call is to end. */

/* The queue keeps place for a clipboard's text beyond that for an event. */
int input_await_room(struct input_call *call, ph_error *error);

/* Presses the modifiers, except those that are down already. Each act does, after its checks. */
int input_hold_modifiers(struct input_call *call, ph_error *error);
/* Puts the pointer to (x, y), which is inside the framebuffer, with these buttons down. */
int input_pointer(struct input_call *call, int x, int y, uint8_t buttons, ph_error *error);
int input_press(struct input_call *call, uint32_t keysym, ph_error *error);
/* A key that was down before the call stays so. */
int input_release(struct input_call *call, uint32_t keysym, ph_error *error);
/* Delivers what has been put, then waits; the lock is let go meanwhile, the turn is not. */
int input_pause(struct input_call *call, int ms, ph_error *error);

#endif
