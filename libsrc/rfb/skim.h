/* SPDX-License-Identifier: GPL-2.0-or-later
 * How long is this rectangle's body? A skim eats a body byte by byte and says where it ends,
 * without inflating, painting or keeping anything. Each encoding is one step function over a shared
 * driver: the driver gathers the few bytes a step asks for and lets opaque bytes pass, so that a
 * step never sees how the input was cut. Steps live in skim_*.c, one file for each family. */
#ifndef RFB_SKIM_H
#define RFB_SKIM_H

#include <stddef.h>
#include <stdint.h>

#include "rfb/msg.h"

struct rfb_skim;

/* Called with s->state 0 and nothing gathered at first, then each time what the last call asked for
 * is there: s->field holds it. Sets what comes next with rfb_skim_want or rfb_skim_pass.
 * 0 go on, 1 the body ends here, RFB_E_INVALID or RFB_E_TOO_LARGE with s->why. */
typedef int (*rfb_skim_step)(struct rfb_skim *s);

enum { RFB_SKIM_FIELD_MAX = 8 };

struct rfb_skim {
    struct rfb_rect r;
    uint8_t pixel, tpixel, cpixel; /* bytes each */
    rfb_skim_step step;
    const char *why; /* static text, after an error */

    uint64_t pass; /* opaque bytes still to pass, before the field */
    uint8_t need, have;
    uint8_t field[RFB_SKIM_FIELD_MAX];

    /* for the steps */
    uint8_t state;
    uint8_t flags;
    uint8_t colours;         /* Hextile: which of the two have been set */
    uint16_t palette;        /* TRLE: colours in the last palette */
    uint32_t tile_x, tile_y; /* tiled encodings: pixels from the rectangle's corner */
    uint32_t left;           /* TRLE: pixels of the tile not covered yet; Tight: length so far */
    uint64_t row;            /* Tight: bytes of a row */
};

/* What an encoding is to those who relay or decode it. */
enum {
    RFB_ENC_F_PIXELS = 1,   /* paints its rectangle, which must lie inside the framebuffer */
    RFB_ENC_F_STATELESS = 2 /* leaves no state behind: a rectangle may be dropped */
};

struct rfb_encoding {
    int32_t number;
    const char *name; /* as in the protocol's documents, lower case, one word */
    unsigned flags;
    rfb_skim_step step; /* NULL: no body */
};

/* NULL for an encoding whose bodies cannot be framed. */
const struct rfb_encoding *rfb_encoding_find(int32_t number);
/* The table, for names; NULL at and behind its end. */
const struct rfb_encoding *rfb_encoding_at(size_t i);

void rfb_skim_begin(struct rfb_skim *s, rfb_skim_step step, struct rfb_rect r,
                    const struct rfb_pixel_format *pf);
/* 1: the body has ended behind *used bytes. 0: all were taken, more is needed. Negative: s->why. */
int rfb_skim_feed(struct rfb_skim *s, const uint8_t *data, size_t len, size_t *used);

/* For steps: go on in this state when n bytes (at most RFB_SKIM_FIELD_MAX) are in s->field. */
int rfb_skim_want(struct rfb_skim *s, uint8_t state, uint8_t n);
/* For steps: let n bytes pass, then go on in this state. */
int rfb_skim_pass(struct rfb_skim *s, uint8_t state, uint64_t n);
int rfb_skim_fail(struct rfb_skim *s, int code, const char *why);

int rfb_skim_raw(struct rfb_skim *s);
int rfb_skim_copyrect(struct rfb_skim *s);
int rfb_skim_rre(struct rfb_skim *s);
int rfb_skim_corre(struct rfb_skim *s);
int rfb_skim_hextile(struct rfb_skim *s);
int rfb_skim_zlib(struct rfb_skim *s); /* Zlib and ZRLE: a length and that many bytes */
int rfb_skim_trle(struct rfb_skim *s);
int rfb_skim_tight(struct rfb_skim *s);
int rfb_skim_tight_png(struct rfb_skim *s);
int rfb_skim_h264(struct rfb_skim *s);
int rfb_skim_cursor(struct rfb_skim *s);
int rfb_skim_xcursor(struct rfb_skim *s);
int rfb_skim_cursor_with_alpha(struct rfb_skim *s);
int rfb_skim_screens(struct rfb_skim *s); /* ExtendedDesktopSize */
int rfb_skim_name(struct rfb_skim *s);
int rfb_skim_led(struct rfb_skim *s);

#endif
