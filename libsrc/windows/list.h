/* SPDX-License-Identifier: GPL-2.0-or-later
 * A snapshot of the window feed (docs/PROTOCOL.feed) as a ph_window_list. */
#ifndef WINDOWS_LIST_H
#define WINDOWS_LIST_H

#include <jansson.h>

#include "porthole.h"

/* NULL: it is no snapshot that the protocol allows, or memory is out (*no_memory). The json may be
 * dropped afterwards. */
ph_window_list *list_make(const json_t *json, int *no_memory);
/* Another reference. */
const ph_window_list *list_ref(const ph_window_list *list);

#endif
