/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names and text to keysyms. */
#ifndef CLIENT_KEYS_H
#define CLIENT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { KEYS_CHORD_MAX = 8 };

/* "ctrl+shift+t" to its keysyms, in order; letters behind a Shift become capitals, as a keyboard
 * sends them. PH_E_ARGUMENT names the part that is no key. */
int keys_parse_chord(const char *chord, uint32_t keys[KEYS_CHORD_MAX], size_t *count,
                     ph_error *error);
bool keys_is_shift(uint32_t keysym);
/* What the key of that keysym gives while Shift is down: the capital of a letter. Servers let go of
 * Shift to type what is not one. */
uint32_t keys_shifted(uint32_t keysym);
/* UTF-8 to one keysym a character; *keys is the caller's to free, and NULL on failure.
 * PH_E_ARGUMENT says which byte is wrong; PH_E_NO_MEMORY. */
int keys_parse_text(const char *text, uint32_t **keys, size_t *count, ph_error *error);

#endif
