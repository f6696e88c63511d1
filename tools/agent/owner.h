/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose a window is. Pure: it only looks at the tree. */
#ifndef AGENT_OWNER_H
#define AGENT_OWNER_H

#include "tree.h"

/* Does it stand by itself: an application's main window? */
bool owner_is_main(const struct tree *t, const struct window *w);
/* The main window that w belongs to; NULL: it is one itself, or nobody knows. mask: of the bits
 * within a resource id that a client chooses itself (xcb_setup_t.resource_id_mask). */
const struct window *owner_find(const struct tree *t, const struct window *w, uint32_t mask);

#endif
