/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed/read.h"

#include <stdlib.h>
#include <string.h>

enum { FAR = 1 << 20 }; /* X11 has 16 bits; sums of a few have few more */

bool feed_parse_id(const char *text, uint32_t *id)
{
    *id = 0;
    if (strncmp(text, "0x", 2) != 0)
        return false;
    size_t n = strspn(text + 2, "0123456789abcdef");
    *id = (uint32_t)strtoul(text + 2, NULL, 16);
    return n >= 1 && n <= 8 && text[2 + n] == '\0' && *id != 0;
}

bool feed_read_id(const json_t *object, const char *name, bool may_lack, uint32_t *id)
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    *id = 0;
    return text != NULL ? feed_parse_id(text, id) : may_lack && json_is_null(value);
}

bool feed_read_flag(const json_t *object, const char *name, bool *flag)
{
    const json_t *value = json_object_get(object, name);
    *flag = json_is_true(value);
    return json_is_boolean(value);
}

bool feed_read_number(const json_t *object, const char *name, json_int_t min, json_int_t max,
                      json_int_t *number)
{
    const json_t *value = json_object_get(object, name);
    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= min && *number <= max;
}

bool feed_read_rect(const json_t *value, int rect[4])
{
    if (json_array_size(value) != 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        const json_t *item = json_array_get(value, i);
        json_int_t n = json_integer_value(item);
        if (!json_is_integer(item) || n < (i < 2 ? -FAR : 0) || n > FAR)
            return false;
        rect[i] = (int)n;
    }
    return true;
}
