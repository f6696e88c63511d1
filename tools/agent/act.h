/* SPDX-License-Identifier: GPL-2.0-or-later
 * What can be done to a window: asked of the window manager where there is one (EWMH), done where
 * not. Nothing waits for the effect: events tell it. */
#ifndef AGENT_ACT_H
#define AGENT_ACT_H

#include "tree.h"

/* NULL when the request was made, or else why not; static text. */
const char *act_activate(struct tree *t, const struct window *w);
/* So that w's inner rect begins at x, y; or has this size. Pixels. */
const char *act_move(struct tree *t, const struct window *w, int x, int y);
const char *act_resize(struct tree *t, const struct window *w, int width, int height);
/* force: its client is ended. */
const char *act_close(struct tree *t, const struct window *w, bool force);
const char *act_minimize(struct tree *t, const struct window *w);
const char *act_restore(struct tree *t, const struct window *w);

#endif
