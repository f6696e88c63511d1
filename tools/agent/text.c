/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <stdint.h>
#include <string.h>

/* The length of the character at p, of n bytes, and what it is; 0: none that UTF-8 allows
 * (RFC 3629 section 4). */
static size_t decode(const unsigned char *p, size_t n, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80             ? 1
                 : (p[0] & 0xe0) == 0xc0 ? 2
                 : (p[0] & 0xf0) == 0xe0 ? 3
                 : (p[0] & 0xf8) == 0xf0 ? 4
                                         : 0;
    if (len == 0 || len > n)
        return 0;
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    *code = c;
    return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : len;
}

static bool is_control(uint32_t c)
{
    /* C0, DEL, C1; marks that turn the direction of what follows; line separators */
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void text_copy(char *to, size_t size, const char *bytes, size_t len, bool latin1)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t at = 0;
    while (len > 0) {
        unsigned char out[4];
        uint32_t code = p[0];
        size_t in = 1, n = 1;
        if (latin1 && code >= 0xa0) {
            out[0] = (unsigned char)(0xc0 | code >> 6);
            out[1] = (unsigned char)(0x80 | (code & 0x3f));
            n = 2;
        } else if (!latin1 && (in = decode(p, len, &code)) != 0) {
            n = in;
            memcpy(out, p, n);
        } else if (!latin1) {
            in = 1;
            code = out[0] = '?';
        } else {
            out[0] = p[0];
        }
        if (is_control(code)) {
            out[0] = ' ';
            n = 1;
        }
        if (n >= size - at)
            break;
        memcpy(to + at, out, n);
        at += n;
        p += in;
        len -= in;
    }
    to[at] = '\0';
}
