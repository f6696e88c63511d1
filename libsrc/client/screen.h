/* SPDX-License-Identifier: GPL-2.0-or-later
 * From pixels as they are decoded to frames as callers hold them. The decoder paints into the live
 * buffer; at the end of each update a spare frame is brought up to date by copying what has changed
 * since it was the newest, and takes that place: so a frame never changes once it is seen, and
 * never stalls the connection. Memory: the live buffer, the newest frame, and one spare beside what
 * callers hold. */
#ifndef CLIENT_SCREEN_H
#define CLIENT_SCREEN_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "rfb/msg.h"

struct screen;

/* NULL when out of memory. */
struct screen *screen_create(void);
/* Frames that callers hold stay valid: the memory goes with the last of them. */
void screen_destroy(struct screen *s);

/* ---- for the connection's thread alone ---- */

/* A new framebuffer of this size, black, with nothing covered yet. PH_OK or PH_E_NO_MEMORY. */
int screen_resize(struct screen *s, int width, int height);
/* width * height pixels, 0x??RRGGBB; valid until the next resize. */
uint32_t *screen_live(struct screen *s);
int screen_width(const struct screen *s);
int screen_height(const struct screen *s);
/* These pixels have been painted; the rectangle is inside the framebuffer. */
int screen_painted(struct screen *s, struct rfb_rect r, ph_error *error);
/* At an update's end: when every pixel has been painted since the last resize, publishes a frame
 * and answers 1. Otherwise 0, with *missing a rectangle around what is still to come.
 * PH_E_NO_MEMORY. */
int screen_publish(struct screen *s, struct rfb_rect *missing);

/* ---- for any thread ---- */

/* The newest frame if its sequence is above after, with a reference for the caller; else NULL. */
ph_frame *screen_newest(struct screen *s, uint64_t after);

#endif
