/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whole files. */
#ifndef PORTHOLE_SAVE_H
#define PORTHOLE_SAVE_H

#include <porthole.h>
#include <stddef.h>
#include <stdint.h>

/* "-" is standard output. A plain file, or none, is replaced once the new one is whole; behind a
 * link, what it points at; a device or a pipe is written to. PH_OK or PH_E_SYSTEM with *error
 * filled. */
int save_file(const char *path, const uint8_t *bytes, size_t len, ph_error *error);

/* The bytes of a file, for free(). PH_E_SYSTEM, PH_E_ARGUMENT (more than max), PH_E_NO_MEMORY. */
int load_file(const char *path, size_t max, uint8_t **bytes, size_t *len, ph_error *error);

#endif
