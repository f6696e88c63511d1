/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "token.h"

#include <string.h>
#include <strings.h>

static const char protocol_prefix[] = "porthole.token.";

static bool in_protocols(const char *list, const char **token, size_t *len)
{
    const char *element;
    size_t n, prefix = sizeof protocol_prefix - 1;
    while (list != NULL && http_list_next(&list, &element, &n)) {
        if (n >= prefix && strncmp(element, protocol_prefix, prefix) == 0) {
            *token = element + prefix;
            *len = n - prefix;
            return true;
        }
    }
    return false;
}

static bool in_authorization(const char *value, const char **token, size_t *len)
{
    if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0)
        return false;
    *token = value + 7 + strspn(value + 7, " ");
    *len = strcspn(*token, " ");
    return true;
}

bool token_bearer(const struct http_head *head, const char **token, size_t *len)
{
    return in_authorization(head->headers[HTTP_H_AUTHORIZATION], token, len);
}

enum token_place token_find(const struct http_head *head, const char **token, size_t *len)
{
    if (in_protocols(head->headers[HTTP_H_WS_PROTOCOL], token, len) ||
        in_authorization(head->headers[HTTP_H_AUTHORIZATION], token, len))
        return TOKEN_FOUND;
    if (!http_query_find(head->query, "token", token, len))
        return TOKEN_MISSING;
    return memchr(*token, '%', *len) == NULL ? TOKEN_FOUND : TOKEN_ENCODED;
}

bool token_stream_name(const struct http_head *head, const char **name, size_t *len)
{
    return http_query_find(head->query, "stream", name, len);
}
