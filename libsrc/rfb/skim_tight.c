/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tight and TightPNG (rfbproto, "Tight Encoding" and "Tight PNG Encoding"). */
#include "rfb/err.h"
#include "rfb/skim.h"

enum { START, CONTROL, FILTER, COLOURS, BASIC, LENGTH, END };

enum {
    FILL = 8,
    JPEG = 9,
    PNG = 10,
    EXPLICIT_FILTER = 0x40,
    FILTER_COPY = 0,
    FILTER_PALETTE = 1,
    FILTER_GRADIENT = 2,
    UNCOMPRESSED_BELOW = 12, /* bytes */
    BASIC_WIDTH_MAX = 2048   /* rfbproto; decoders keep a row of this size */
};

/* One to three bytes, seven bits each and the last one eight, lowest first. */
static int length_byte(struct rfb_skim *s)
{
    uint32_t b = s->field[0];
    unsigned shift = 7u * s->flags;
    bool last = s->flags == 2;
    s->left |= (last ? b : b & 0x7f) << shift;
    if (!last && (b & 0x80)) {
        s->flags++;
        return rfb_skim_want(s, LENGTH, 1);
    }
    if (s->left == 0)
        return rfb_skim_fail(s, RFB_E_INVALID, "Tight: a compressed length of 0");
    return rfb_skim_pass(s, END, s->left);
}

static int begin_length(struct rfb_skim *s)
{
    s->left = 0;
    s->flags = 0;
    return rfb_skim_want(s, LENGTH, 1);
}

/* The bytes behind filter and palette: short ones are not compressed. */
static int begin_data(struct rfb_skim *s)
{
    uint64_t n = s->row * s->r.h;
    return n < UNCOMPRESSED_BELOW ? rfb_skim_pass(s, END, n) : begin_length(s);
}

static int filter(struct rfb_skim *s)
{
    switch (s->field[0]) {
    case FILTER_PALETTE:
        return rfb_skim_want(s, COLOURS, 1);
    case FILTER_GRADIENT:
        if (s->pixel == 1)
            return rfb_skim_fail(s, RFB_E_INVALID, "Tight: a gradient filter on 8-bit pixels");
        return begin_data(s);
    case FILTER_COPY:
        return begin_data(s);
    default:
        return rfb_skim_fail(s, RFB_E_INVALID, "Tight: an unknown filter");
    }
}

static int palette(struct rfb_skim *s)
{
    unsigned colours = s->field[0] + 1u;
    if (colours < 2)
        return rfb_skim_fail(s, RFB_E_INVALID, "Tight: a palette of one colour");
    s->row = colours == 2 ? (s->r.w + 7u) / 8u : s->r.w;
    return rfb_skim_pass(s, BASIC, (uint64_t)colours * s->tpixel);
}

/* The low nibble resets zlib streams; the high one says what follows. */
static int control(struct rfb_skim *s, bool png)
{
    uint8_t kind = s->field[0] >> 4;
    if (kind == FILL)
        return rfb_skim_pass(s, END, s->tpixel);
    if (kind == JPEG || (kind == PNG && png))
        return begin_length(s);
    if (kind > JPEG || png)
        return rfb_skim_fail(s, RFB_E_INVALID, "Tight: an unknown compression control byte");
    if (s->r.w > BASIC_WIDTH_MAX)
        return rfb_skim_fail(s, RFB_E_INVALID, "Tight: a rectangle wider than 2048 pixels");
    s->row = (uint64_t)s->r.w * s->tpixel;
    return s->field[0] & EXPLICIT_FILTER ? rfb_skim_want(s, FILTER, 1) : begin_data(s);
}

static int tight(struct rfb_skim *s, bool png)
{
    switch (s->state) {
    case START:
        return rfb_skim_want(s, CONTROL, 1);
    case CONTROL:
        return control(s, png);
    case FILTER:
        return filter(s);
    case COLOURS:
        return palette(s);
    case BASIC:
        return begin_data(s);
    case LENGTH:
        return length_byte(s);
    default:
        return 1;
    }
}

int rfb_skim_tight(struct rfb_skim *s)
{
    return tight(s, false);
}

int rfb_skim_tight_png(struct rfb_skim *s)
{
    return tight(s, true);
}
