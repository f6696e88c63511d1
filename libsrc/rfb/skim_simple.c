/* SPDX-License-Identifier: GPL-2.0-or-later
 * Bodies whose length stands in their first bytes (RFC 6143 section 7.7.1 to 7.7.3, 7.7.6; rfbproto
 * for Zlib, CoRRE and H.264). The limits are what an honest encoder cannot exceed. */
#include "rfb/err.h"
#include "rfb/skim.h"

enum { START, LENGTH, END };

static uint64_t pixels(const struct rfb_skim *s)
{
    return (uint64_t)s->r.w * s->r.h;
}

int rfb_skim_raw(struct rfb_skim *s)
{
    if (s->state == START)
        return rfb_skim_pass(s, END, pixels(s) * s->pixel);
    return 1;
}

int rfb_skim_copyrect(struct rfb_skim *s)
{
    if (s->state == START)
        return rfb_skim_pass(s, END, 4);
    return 1;
}

/* U32 count, background pixel, subrectangles: each a pixel and a place of place bytes. */
static int subrects(struct rfb_skim *s, unsigned place)
{
    switch (s->state) {
    case START:
        return rfb_skim_want(s, LENGTH, 4);
    case LENGTH: {
        uint64_t n = rfb_get_u32(s->field);
        if (n > pixels(s))
            return rfb_skim_fail(s, RFB_E_INVALID, "RRE: more subrectangles than pixels");
        return rfb_skim_pass(s, END, s->pixel + n * (s->pixel + place));
    }
    default:
        return 1;
    }
}

int rfb_skim_rre(struct rfb_skim *s)
{
    return subrects(s, 8);
}

int rfb_skim_corre(struct rfb_skim *s)
{
    return subrects(s, 4);
}

int rfb_skim_zlib(struct rfb_skim *s)
{
    switch (s->state) {
    case START:
        return rfb_skim_want(s, LENGTH, 4);
    case LENGTH: {
        /* Deflate adds 5 bytes to each 16 KB it cannot shrink, ZRLE one byte to each tile: twice
         * the pixels and 64 KB is more than any encoder needs. */
        uint64_t n = rfb_get_u32(s->field);
        if (n > pixels(s) * s->pixel * 2 + 65536)
            return rfb_skim_fail(s, RFB_E_TOO_LARGE,
                                 "Zlib or ZRLE: far more compressed bytes than pixels");
        return rfb_skim_pass(s, END, n);
    }
    default:
        return 1;
    }
}

int rfb_skim_h264(struct rfb_skim *s)
{
    switch (s->state) {
    case START:
        return rfb_skim_want(s, LENGTH, 8);
    case LENGTH: {
        uint64_t n = rfb_get_u32(s->field);
        if (n > pixels(s) * 4 + 65536)
            return rfb_skim_fail(s, RFB_E_TOO_LARGE, "H.264: far more bytes than pixels");
        return rfb_skim_pass(s, END, n);
    }
    default:
        return 1;
    }
}
