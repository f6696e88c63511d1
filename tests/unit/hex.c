/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    uint8_t *bytes; /* NULL: only count */
    size_t n;
};

static void put(struct sink *to, int byte, size_t times)
{
    if (to->bytes != NULL)
        memset(to->bytes + to->n, byte, times);
    to->n += times;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    if (at == NULL) {
        fprintf(stderr, "hex.c: '%c' is no hexadecimal digit\n", c);
        abort();
    }
    return (int)(at - digits);
}

static void parse(const char *p, struct sink *to)
{
    while (*p != '\0') {
        if (*p == ' ') {
            p++;
        } else if (*p == '\'') {
            for (p++; *p != '\'' && *p != '\0'; p++)
                put(to, *p, 1);
            p += *p == '\'';
        } else {
            int byte = digit(p[0]) << 4;
            byte |= digit(p[1]);
            p += 2;
            size_t times = 1;
            if (*p == '*') {
                char *end;
                times = strtoul(p + 1, &end, 10);
                p = end;
            }
            put(to, byte, times);
        }
    }
}

struct hex hex_parse(const char *text)
{
    struct sink count = {.bytes = NULL};
    parse(text, &count);
    struct sink to = {.bytes = malloc(count.n)};
    if (to.bytes == NULL && count.n != 0)
        abort();
    if (to.bytes != NULL)
        parse(text, &to);
    return (struct hex){.bytes = to.bytes, .n = count.n};
}

void hex_finish(struct hex *h)
{
    free(h->bytes);
    *h = (struct hex){.bytes = NULL};
}
