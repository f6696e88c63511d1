/* SPDX-License-Identifier: GPL-2.0-or-later
 * Bytes as tables of tests show them. */
#ifndef HEX_H
#define HEX_H

#include <stddef.h>
#include <stdint.h>

struct hex {
    uint8_t *bytes; /* an allocation of this size */
    size_t n;
};

/* Two digits a byte, blanks between bytes as you like, "xx*1000" for a byte a thousand times,
 * 'text' for its characters. Aborts on anything else. */
struct hex hex_parse(const char *text);
void hex_finish(struct hex *h);

#endif
