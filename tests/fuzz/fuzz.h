/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the fuzz targets share. An input begins with a few bytes that choose the circumstances, the
 * first of them how the rest is cut in the second run; what follows is what the peer says. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "feed.h"

#define FUZZ_CHECK(condition)                                                                      \
    ((condition)                                                                                   \
         ? (void)0                                                                                 \
         : (fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition),        \
            abort()))

/* libFuzzer's entry. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0 to 31: byte by byte. */
static inline struct feed_split fuzz_split(uint8_t choice)
{
    return (struct feed_split){.kind = choice < 32 ? FEED_BYTES : FEED_RANDOM, .seed = choice};
}

#endif
