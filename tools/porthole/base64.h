/* SPDX-License-Identifier: GPL-2.0-or-later
 * Base64 (RFC 4648 section 4): bytes in a JSON string. */
#ifndef PORTHOLE_BASE64_H
#define PORTHOLE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* The bytes as text without line breaks, for free(); NULL: out of memory. */
char *base64_encode(const uint8_t *bytes, size_t len);

#endif
