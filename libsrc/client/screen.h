/* SPDX-License-Identifier: GPL-2.0-or-later
 * From pixels as they are decoded to frames as callers hold them. The decoder paints the next
 * frame; at the end of each update what it has not painted is copied from the newest one, and the
 * next takes that place: so a frame never changes once it is seen, and never stalls the connection.
 * What an update paints whole is copied nowhere. Memory: the newest frame, the next or a spare one
 * for it, and what callers hold. */
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

/* A new framebuffer of this size, with nothing covered yet. */
void screen_resize(struct screen *s, int width, int height);
/* Before a rectangle is painted: the next frame's width * height pixels, to become 0xffRRGGBB;
 * valid until the next publish or resize. What is not painted is not defined, see screen_refresh.
 * NULL when out of memory. */
uint32_t *screen_begin(struct screen *s);
/* Before pixels are read: brings what has not been painted up to date with the newest frame, or
 * makes it black where there is none of this size. After screen_begin. */
void screen_refresh(struct screen *s);
int screen_width(const struct screen *s);
int screen_height(const struct screen *s);
/* All pixels of this rectangle have been painted; it is inside the framebuffer. */
int screen_painted(struct screen *s, struct rfb_rect r, ph_error *error);
/* At an update's end: when every pixel has been painted since the last resize, publishes a frame
 * and answers 1. Otherwise 0, with *missing a rectangle around what is still to come.
 * PH_E_NO_MEMORY. */
int screen_publish(struct screen *s, struct rfb_rect *missing);

/* ---- for any thread ---- */

/* The newest frame if its sequence is above after, with a reference for the caller; else NULL. */
ph_frame *screen_newest(struct screen *s, uint64_t after);

#endif
