/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

enum { TEXT_MAX = 1 << 20 };

static int read_input(char *text)
{
    size_t n = fread(text, 1, TEXT_MAX + 1, stdin);
    const char *why = ferror(stdin)                ? "cannot be read"
                      : n > TEXT_MAX               ? "holds more than 1 MiB"
                      : memchr(text, 0, n) != NULL ? "holds a NUL byte"
                                                   : NULL;
    if (why != NULL)
        return app_fail(EXIT_USAGE, "standard input %s", why);
    text[n] = '\0';
    return EXIT_FINE;
}

int text_read(const char *argument, char **text)
{
    bool input = strcmp(argument, "-") == 0;
    *text = input ? malloc(TEXT_MAX + 1) : strdup(argument);
    if (*text == NULL)
        return app_fail(EXIT_OTHER, "out of memory");
    return input ? read_input(*text) : EXIT_FINE;
}
