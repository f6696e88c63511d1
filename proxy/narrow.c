/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "narrow.h"

#include <string.h>

#include "rfb/text.h"
#include "windows.h"

static const char no_agent[] = "This desktop has no agent, which knows the windows.\n";

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
    *to = s->window;
    if (!http_query_find(head->query, "window", &value, &len))
        return 0;
    if (s->window.selector[0] != '\0')
        return refuse(403, "This stream is of one window, and shows no other.\n", why);
    *to = CROP_HOW_INIT;
    if (http_decode(value, len, to->selector, sizeof to->selector) != 0 ||
        !is_printable(to->selector) || !windows_is_selector(to->selector))
        return refuse(
            400,
            "window must be app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT+X+Y, of at "
            "most 128 bytes.\n",
            why);
    if (s->desktop->agent == NULL && windows_needs_agent(to->selector))
        return refuse(403, no_agent, why);
    return 0;
}

unsigned narrow_to_list(const struct stream *s, const struct http_head *head, const char **why)
{
    struct crop_how how;
    unsigned status = narrow(s->config, head, &how, why);
    if (status != 0)
        return status;
    if (how.selector[0] != '\0')
        return refuse(403, "A stream of one window has no list of windows.\n", why);
    if (s->config->desktop->agent == NULL)
        return refuse(403, no_agent, why);
    if (s->grant != NULL && s->grant->single_use)
        return refuse(403, "A list of windows is of no use to whoever may open a single one.\n",
                      why);
    if (config_asks_password(s->config))
        return refuse(403, "This stream asks for a password, and a list of windows cannot.\n", why);
    return 0;
}
