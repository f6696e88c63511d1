/* SPDX-License-Identifier: GPL-2.0-or-later
 * A frame, as the rooms of client/ share it. Whoever holds a reference may read all of it, from any
 * thread: nothing in it changes. screen.c makes frames and takes them back. */
#ifndef CLIENT_FRAME_H
#define CLIENT_FRAME_H

#include <stdatomic.h>
#include <stdint.h>

#include "client/damage.h"
#include "porthole.h"

struct screen;

struct ph_frame {
    atomic_int refs;
    struct screen *screen; /* a reference */
    int width, height;
    int64_t time;                 /* nanoseconds of CLOCK_MONOTONIC */
    struct damage_history damage; /* damage.last is this frame's sequence */
    uint32_t *pixels;             /* 0xffRRGGBB */
};

#endif
