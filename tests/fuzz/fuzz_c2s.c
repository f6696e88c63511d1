/* SPDX-License-Identifier: GPL-2.0-or-later
 * The client-to-server framer. Input: cut, flags (1: extended mouse buttons, 2: short cut texts),
 * bytes. */
#include "fuzz.h"

static void run(struct feed_trace *t, uint8_t flags, const uint8_t *bytes, size_t n,
                struct feed_split split)
{
    struct rfb_c2s f;
    rfb_c2s_init(&f);
    f.extended_mouse_buttons = flags & 1;
    if (flags & 2)
        f.cut_text_max = 16;
    feed_c2s(t, &f, bytes, n, split);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 2 };
    if (size < HEAD)
        return 0;
    struct feed_trace whole, pieces;
    run(&whole, data[1], data + HEAD, size - HEAD, (struct feed_split){.kind = FEED_WHOLE});
    run(&pieces, data[1], data + HEAD, size - HEAD, fuzz_split(data[0]));
    feed_same(&whole, &pieces);
    feed_trace_finish(&whole);
    feed_trace_finish(&pieces);
    return 0;
}
