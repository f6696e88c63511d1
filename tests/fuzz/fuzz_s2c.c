/* SPDX-License-Identifier: GPL-2.0-or-later
 * The server-to-client framer. Input: cut, pixel format, width and height in units of 16, bytes. */
#include "fuzz.h"

static const struct rfb_pixel_format formats[] = {
    {32, 24, false, true, 255, 255, 255, 16, 8, 0}, /* TPIXEL and CPIXEL of 3 bytes */
    {32, 32, false, true, 255, 255, 255, 24, 12, 0},
    {16, 16, false, true, 31, 63, 31, 11, 5, 0},
    {8, 8, false, true, 7, 7, 3, 0, 3, 6},
};

static void run(struct feed_trace *t, const uint8_t *head, const uint8_t *bytes, size_t n,
                struct feed_split split)
{
    struct rfb_s2c f;
    uint16_t width = (uint16_t)((head[2] + 1) * 16), height = (uint16_t)((head[3] + 1) * 16);
    rfb_s2c_init(&f, width, height, &formats[head[1] % (sizeof formats / sizeof formats[0])]);
    feed_s2c(t, &f, bytes, n, split);
    FUZZ_CHECK(rfb_check_size(f.width, f.height) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 4 };
    if (size < HEAD)
        return 0;
    struct feed_trace whole, pieces;
    run(&whole, data, data + HEAD, size - HEAD, (struct feed_split){.kind = FEED_WHOLE});
    run(&pieces, data, data + HEAD, size - HEAD, fuzz_split(data[0]));
    feed_same(&whole, &pieces);
    feed_trace_finish(&whole);
    feed_trace_finish(&pieces);
    return 0;
}
