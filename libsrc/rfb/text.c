/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of the UTF-8 character at p, 0 where there is none (RFC 3629). p ends in a NUL. */
static size_t character(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || beyond ? 0 : n;
}

size_t rfb_text_next(const char *text, uint32_t *point)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = character(p);
    *point = n < 2 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        *point = *point << 6 | (p[i] & 0x3fu);
    return n;
}

void rfb_text_make_utf8(char *text)
{
    uint32_t point;
    while (*text != '\0') {
        size_t n = rfb_text_next(text, &point);
        if (n == 0)
            *text = '?';
        text += n != 0 ? n : 1;
    }
}

void rfb_text_make_printable(char *text)
{
    unsigned char *p = (unsigned char *)text;
    while (*p != '\0') {
        size_t n = character(p);
        bool control = *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
        if (n == 0 || control)
            memset(p, ' ', n != 0 ? n : 1);
        p += n != 0 ? n : 1;
    }
}
