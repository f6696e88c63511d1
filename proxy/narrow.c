/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "narrow.h"

#include <string.h>

#include "rfb/text.h"
#include "windows.h"

/* It comes from whoever has a token, and goes into logs and close frames. */
static bool is_printable(const char *text)
{
    char copy[CROP_SELECTOR_MAX + 1];
    memcpy(copy, text, strlen(text) + 1);
    rfb_text_make_printable(copy);
    return strcmp(copy, text) == 0;
}

static unsigned refuse(unsigned status, const char *words, const char **why)
{
    *why = words;
    return status;
}

unsigned narrow(const struct config_stream *s, const struct http_head *head, struct crop_how *to,
                const char **why)
{
    const char *value;
    size_t len;
    struct windows_rect unused;
    *to = s->window;
    if (!http_query_find(head->query, "window", &value, &len))
        return 0;
    if (s->window.selector[0] != '\0')
        return refuse(403, "This stream is of one window, and shows no other.\n", why);
    *to = (struct crop_how){.wait_s = CROP_WAIT_DEFAULT};
    if (http_decode(value, len, to->selector, sizeof to->selector) != 0 ||
        !is_printable(to->selector) || !windows_is_selector(to->selector))
        return refuse(
            400,
            "window must be app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT+X+Y, of at "
            "most 128 bytes.\n",
            why);
    if (s->desktop->agent == NULL && !windows_parse_rect(to->selector, &unused))
        return refuse(403, "This desktop has no agent, which knows the windows.\n", why);
    return 0;
}
