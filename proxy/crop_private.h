/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the rooms of a window stream share: crop.c (the server's pixels), crop_messages.c (what the
 * viewer says) and crop_input.c (of that, pointer and keys). Nobody else includes this. Functions
 * answer as those of crop.h. */
#ifndef PROXY_CROP_PRIVATE_H
#define PROXY_CROP_PRIVATE_H

#include "crop.h"

/* ---- crop.c ---- */

/* code, with the words for who broke it in c->why. */
int crop_broke(struct crop *c, int code, const char *why);
/* Asks for one pixel, in front of all: an update before the server has told of ContinuousUpdates
 * means that it has none. What comes is thrown away. */
int crop_probe(struct crop *c);
/* Does whatever can be done now. */
int crop_pump(struct crop *c);

/* ---- crop_input.c ---- */

/* A pointer or key message of the viewer's, whole. */
int crop_pointer(struct crop *c, const uint8_t message[6]);
int crop_key(struct crop *c, const uint8_t message[8]);
/* The view has changed: releases what may not stay down, sends what waited for the keyboard. */
int crop_input_changed(struct crop *c);

#endif
