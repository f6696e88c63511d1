/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_json.h"

#include <string.h>

#include "windows.h"

static bool take_window(struct crop_how *how, const json_t *value)
{
    const char *text = json_string_value(value); /* without NULs: jansson has seen to that */
    if (text == NULL || strlen(text) > CROP_SELECTOR_MAX || !windows_is_selector(text))
        return false;
    memcpy(how->selector, text, strlen(text) + 1);
    return true;
}

static bool take_popups(struct crop_how *how, const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && crop_how_set_popups(how, text);
}

static bool take_frame(struct crop_how *how, const json_t *value)
{
    how->frame = json_is_true(value);
    return json_is_boolean(value);
}

static bool take_wait(struct crop_how *how, const json_t *value)
{
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > CROP_WAIT_MAX)
        return false;
    how->wait_s = (unsigned)n;
    return true;
}

static bool take_strict(struct crop_how *how, const json_t *value)
{
    how->strict = json_is_true(value);
    return json_is_boolean(value);
}

static bool take_on_close(struct crop_how *how, const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && crop_how_set_on_close(how, text);
}

#define FIELD(name, take, wanted)                                                                  \
    {                                                                                              \
        name, take, wanted, "a " name " that is not " wanted                                       \
    }

static const struct crop_field fields[] = {
    FIELD("window", take_window,
          "app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT+X+Y, of at most 128 bytes"),
    FIELD("window_popups", take_popups, "\"expand\", \"clip\" or \"none\""),
    FIELD("window_frame", take_frame, "true or false"),
    FIELD("window_wait", take_wait, "a whole number of seconds up to 86400"),
    FIELD("window_on_close", take_on_close, "\"end\" or \"wait\""),
    FIELD("window_strict", take_strict, "true or false"),
};

const struct crop_field *crop_field_at(size_t i)
{
    return i < sizeof fields / sizeof fields[0] ? &fields[i] : NULL;
}

const struct crop_field *crop_field_find(const char *name)
{
    const struct crop_field *field;
    size_t i = 0;
    while ((field = crop_field_at(i)) != NULL && strcmp(field->name, name) != 0)
        i++;
    return field;
}

const char *crop_field_idle(const json_t *object, const struct crop_how *how)
{
    const struct crop_field *field;
    if (windows_needs_agent(how->selector))
        return NULL;
    for (size_t i = 1; (field = crop_field_at(i)) != NULL; i++)
        if (json_object_get(object, field->name) != NULL)
            return field->name;
    return NULL;
}
