/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the values in porthole-agent's lines look like (docs/PROTOCOL.feed): one reading of them for
 * the library and the proxy. Each is false where it is not what the protocol says. */
#ifndef FEED_READ_H
#define FEED_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { FEED_WINDOWS_MAX = 4096 /* as many as an agent tells at once */ };

/* A window's id, "0x1c0000d": digits in lower case, not 0. */
bool feed_parse_id(const char *text, uint32_t *id);
/* The id in the member `name`; null gives 0 where there may be none. */
bool feed_read_id(const json_t *object, const char *name, bool may_lack, uint32_t *id);
/* The flag in the member `name`. */
bool feed_read_flag(const json_t *object, const char *name, bool *flag);
/* A whole number from min to max in the member `name`. */
bool feed_read_number(const json_t *object, const char *name, json_int_t min, json_int_t max,
                      json_int_t *number);
/* A rectangle, [x, y, width, height] in pixels of the screen: up to 2^20 to each side of 0. */
bool feed_read_rect(const json_t *value, int rect[4]);

#endif
