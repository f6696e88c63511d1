/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the rooms of a window stream share: crop.c (what the server says), crop_update.c (of that,
 * pixels), crop_frame.c (what the viewer is told beside them), crop_requests.c (what the server is
 * asked for), crop_plain.c (the same, of one without ContinuousUpdates), crop_settle.c (what may
 * not be asked for yet), crop_swap.c (from one connection to the server to the next),
 * crop_messages.c (what the viewer says) and crop_input.c (of that, pointer and keys). Nobody else
 * includes this. Functions answer as those of crop.h. */
#ifndef PROXY_CROP_PRIVATE_H
#define PROXY_CROP_PRIVATE_H

#include "crop.h"

enum {
    CROP_RECTS_MAX = 60000 /* of an update: a count is 16 bits */
};

/* ---- crop.c ---- */

/* code, with the words for who broke it in c->why. */
int crop_broke(struct crop *c, int code, const char *why);
/* Does whatever can be done now. */
int crop_pump(struct crop *c);

/* ---- crop_update.c ---- */

/* The framer's events of an update, one after the other. */
int crop_begin_update(struct crop *c, const struct rfb_s2c_event *ev);
int crop_take_rect(struct crop *c, const struct rfb_s2c_event *ev);
int crop_take_pixels(struct crop *c, const uint8_t *bytes, size_t n);
int crop_end_update(struct crop *c);
/* The update that was kept whole: what may go on goes, and what may not is asked for again. */
int crop_send_update(struct crop *c);
/* What comes need not be kept: the agent has answered, and any of it can be dropped. */
bool crop_may_flow(const struct crop *c);
/* What has come of it goes on. to_viewer is empty. */
int crop_flow(struct crop *c);
/* It has gone, is dropped, or of a connection that is no more. */
void crop_forget_update(struct crop *c);
/* to_viewer and hold. */
void crop_change_buffers(struct crop *c);

/* ---- crop_frame.c ---- */

/* The view has changed: of it the canvas, as the viewer can have it, and the title. */
void crop_take_frame(struct crop *c, const struct windows *w);
/* The viewer cannot be told of sizes: it keeps the one that it has. */
void crop_keep_size(struct crop *c);
/* Size, name and flat areas, where something of them is due. *sent tells whether. */
int crop_send_frame(struct crop *c, bool *sent);

/* ---- crop_plain.c ---- */

/* An update has come, and no word of ContinuousUpdates before it. */
void crop_plain_begin(struct crop *c);
/* May pixels of this rectangle come, which is the last one kept? It is asked of each, once. */
bool crop_plain_expects(struct crop *c, const struct rfb_rect *r);
/* The update that was kept has gone on, or was dropped. */
int crop_plain_end(struct crop *c);
/* Asks for what is wanted now, of which need is what the viewer lacks, unless it is on its way. */
int crop_plain_ask(struct crop *c, const pixman_region32_t *wanted, const pixman_region32_t *need);

/* ---- crop_settle.c ---- */

void crop_settle_init(struct crop *c);
void crop_settle_finish(struct crop *c);
/* From now on it is late, or not any more. */
void crop_settle_begin(struct crop *c, bool late);
/* The view has changed; w may be NULL: nothing was touched. */
void crop_settle_windows(struct crop *c, const struct windows *w);
/* What may be asked for now. */
const pixman_region32_t *crop_wanted(const struct crop *c);

/* ---- crop_requests.c ---- */

/* Tells the encodings and asks for one pixel, in front of all: an update before the server has told
 * of ContinuousUpdates means that it has none. What comes is thrown away, so that it must not come
 * in an encoding with a state: those are told with the first epoch behind it. */
int crop_probe(struct crop *c);
/* Asks for what is wanted now, unless it is on its way. */
int crop_ask(struct crop *c);
int crop_put_requests(struct crop *c, bool incremental, const pixman_region32_t *region);
/* The oldest epoch's updates have come; there is one. */
void crop_pop_epoch(struct crop *c);
/* Forgets what was asked for. */
void crop_drop_epochs(struct crop *c);

/* ---- crop_swap.c ---- */

bool crop_is_wanted(const struct crop *c, int32_t encoding);
/* The server has been told on this connection that pixels in it may come. */
bool crop_may_come(const struct crop *c, int32_t encoding);
/* In encodings with a state, too. */
bool crop_bound_may_come(const struct crop *c);
int crop_put_encodings(struct crop *c);
/* The first epoch begins: the server is told what the probe has kept from it. */
int crop_end_probe(struct crop *c);
/* An update has been given to the viewer, whole or in part. */
int crop_count_update(struct crop *c, bool whole);
/* The update that was kept is dropped, and the connection to the server with it. */
int crop_want_swap(struct crop *c);

/* ---- crop_input.c ---- */

/* A pointer or key message of the viewer's, whole. */
int crop_pointer(struct crop *c, const uint8_t message[6]);
int crop_key(struct crop *c, const uint8_t message[8]);
/* The view has changed: releases what may not stay down, sends what waited for the keyboard. */
int crop_input_changed(struct crop *c);
/* Releases all keys; modifiers are pressed again when something is sent next. */
int crop_lift_keys(struct crop *c);
/* The server's fence has come whole: its own request, or an answer. */
int crop_take_fence(struct crop *c, bool request);

#endif
