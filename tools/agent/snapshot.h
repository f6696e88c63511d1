/* SPDX-License-Identifier: GPL-2.0-or-later
 * The tree in the words of docs/PROTOCOL.feed. */
#ifndef AGENT_SNAPSHOT_H
#define AGENT_SNAPSHOT_H

#include <jansson.h>

#include "tree.h"

/* The fields of a "windows" line but type and serial. NULL: out of memory. */
json_t *snapshot_make(const struct tree *t);

enum { SNAPSHOT_ID_SIZE = 2 + 8 + 1 };
/* "0x1c0000d" */
void snapshot_put_id(char text[SNAPSHOT_ID_SIZE], xcb_window_t id);

#endif
