/* SPDX-License-Identifier: GPL-2.0-or-later
 * What of its desktop a connection is shown: what its stream says, or where that is all of it, the
 * window alone that the request names (window=SELECTOR). A request can take away, never add. */
#ifndef PROXY_NARROW_H
#define PROXY_NARROW_H

#include "http.h"
#include "streams.h"

/* 0, and what it is shown; or the status to refuse with, and the words for the peer. */
unsigned narrow(const struct config_stream *s, const struct http_head *head, struct crop_how *to,
                const char **why);

/* May it be told which windows there are, each of which it can then ask for? 0, or as above. */
unsigned narrow_to_list(const struct stream *s, const struct http_head *head, const char **why);

#endif
