/* SPDX-License-Identifier: GPL-2.0-or-later
 * Access tokens: where a request carries one. */
#ifndef PROXY_TOKEN_H
#define PROXY_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

enum token_place {
    TOKEN_FOUND,
    TOKEN_MISSING,
    TOKEN_ENCODED /* percent-encoded in the query: not decoded here, as no token needs it */
};

/* Looks in the subprotocol list, the Authorization header and the query, in that order; the first
 * found counts. *token points into the head and is not NUL-ended. */
enum token_place token_find(const struct http_head *head, const char **token, size_t *len);

/* The token of the Authorization header alone; false: there is none. */
bool token_bearer(const struct http_head *head, const char **token, size_t *len);
/* The name of a stream that the query asks for (stream=NAME), as *token above; false: it has none.
 */
bool token_stream_name(const struct http_head *head, const char **name, size_t *len);

#endif
