/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base64.h"

#include <stdlib.h>

char *base64_encode(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((len + 2) / 3 * 4 + 1), *to = text;
    for (size_t i = 0; text != NULL && i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= n > 2 ? bytes[i + 2] : 0;
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = n > 1 ? digits[group >> 6 & 63] : '=';
        *to++ = n > 2 ? digits[group & 63] : '=';
    }
    if (to != NULL)
        *to = '\0';
    return text;
}
