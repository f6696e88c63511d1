/* SPDX-License-Identifier: GPL-2.0-or-later
 * Encodings of 16x16 tiles without a length of their own: Hextile (RFC 6143 section 7.7.4) and TRLE
 * (section 7.7.5). Tiles go left to right, top to bottom; the last ones are cut at the edges. */
#include "rfb/err.h"
#include "rfb/skim.h"

enum { TILE = 16 };

static uint32_t tile_side(uint32_t at, uint32_t side)
{
    return side - at < TILE ? side - at : TILE;
}

static uint32_t tile_width(const struct rfb_skim *s)
{
    return tile_side(s->tile_x, s->r.w);
}

static uint32_t tile_pixels(const struct rfb_skim *s)
{
    return tile_width(s) * tile_side(s->tile_y, s->r.h);
}

static void next_tile(struct rfb_skim *s)
{
    s->tile_x += TILE;
    if (s->tile_x >= s->r.w) {
        s->tile_x = 0;
        s->tile_y += TILE;
    }
}

/* Asks for a tile's first byte; 1 when there is no tile left. */
static int begin_tile(struct rfb_skim *s, uint8_t state)
{
    if (s->r.w == 0 || s->tile_y >= s->r.h)
        return 1;
    return rfb_skim_want(s, state, 1);
}

/* ---- Hextile ---- */

enum { HEX_RAW = 1, HEX_BACKGROUND = 2, HEX_FOREGROUND = 4, HEX_SUBRECTS = 8, HEX_COLOURED = 16 };
enum { HEX_START, HEX_FLAGS, HEX_COUNT, HEX_TILE_END };

static const char never_set[] = "Hextile: a tile uses a colour that was never set";

static int hextile_flags(struct rfb_skim *s)
{
    uint8_t flags = s->field[0];
    if (flags & HEX_RAW)
        return rfb_skim_pass(s, HEX_TILE_END, (uint64_t)tile_pixels(s) * s->pixel);
    uint64_t colours = 0;
    /* a decoder would paint whatever its memory holds */
    s->colours |= flags & (HEX_BACKGROUND | HEX_FOREGROUND);
    if (!(s->colours & HEX_BACKGROUND))
        return rfb_skim_fail(s, RFB_E_INVALID, never_set);
    if (flags & HEX_BACKGROUND)
        colours += s->pixel;
    if (flags & HEX_FOREGROUND)
        colours += s->pixel;
    s->flags = flags;
    if (!(flags & HEX_SUBRECTS))
        return rfb_skim_pass(s, HEX_TILE_END, colours);
    s->pass = colours;
    return rfb_skim_want(s, HEX_COUNT, 1);
}

int rfb_skim_hextile(struct rfb_skim *s)
{
    switch (s->state) {
    case HEX_START:
        return begin_tile(s, HEX_FLAGS);
    case HEX_FLAGS:
        return hextile_flags(s);
    case HEX_COUNT: {
        bool foreground = !(s->flags & HEX_COLOURED) && s->field[0] != 0;
        if (foreground && !(s->colours & HEX_FOREGROUND))
            return rfb_skim_fail(s, RFB_E_INVALID, never_set);
        unsigned subrect = s->flags & HEX_COLOURED ? 2u + s->pixel : 2u;
        return rfb_skim_pass(s, HEX_TILE_END, (uint64_t)s->field[0] * subrect);
    }
    default:
        next_tile(s);
        return begin_tile(s, HEX_FLAGS);
    }
}

/* ---- TRLE ---- */

enum { TRLE_START, TRLE_SUBENCODING, TRLE_PLAIN_RUN, TRLE_PALETTE_RUN, TRLE_LENGTH, TRLE_TILE_END };
enum {
    SUB_RAW = 0,
    SUB_SOLID = 1,
    SUB_REUSE_PACKED = 127,
    SUB_PLAIN_RLE = 128,
    SUB_REUSE_RLE = 129
};

static uint64_t packed_bytes(const struct rfb_skim *s)
{
    unsigned bits = s->palette <= 2 ? 1 : s->palette <= 4 ? 2 : 4;
    uint32_t w = tile_width(s);
    return (uint64_t)((w * bits + 7) / 8) * (tile_pixels(s) / w);
}

static int next_run(struct rfb_skim *s)
{
    if (s->left == 0)
        return rfb_skim_want(s, TRLE_TILE_END, 0);
    if (s->flags == SUB_PLAIN_RLE) {
        s->pass = s->cpixel;
        return rfb_skim_want(s, TRLE_PLAIN_RUN, 0);
    }
    return rfb_skim_want(s, TRLE_PALETTE_RUN, 1);
}

static int cover(struct rfb_skim *s, uint32_t n)
{
    if (n > s->left)
        return rfb_skim_fail(s, RFB_E_INVALID, "TRLE: a run goes beyond its tile");
    s->left -= n;
    return RFB_OK;
}

static int trle_subencoding(struct rfb_skim *s)
{
    uint8_t sub = s->field[0];
    s->left = tile_pixels(s);
    if (sub == SUB_RAW)
        return rfb_skim_pass(s, TRLE_TILE_END, (uint64_t)s->left * s->cpixel);
    if (sub == SUB_SOLID)
        return rfb_skim_pass(s, TRLE_TILE_END, s->cpixel);
    if (sub <= 16) {
        s->palette = sub;
        return rfb_skim_pass(s, TRLE_TILE_END, (uint64_t)sub * s->cpixel + packed_bytes(s));
    }
    if (sub < SUB_REUSE_PACKED)
        return rfb_skim_fail(s, RFB_E_INVALID, "TRLE: a subencoding between 17 and 126");
    if (sub == SUB_REUSE_PACKED || sub == SUB_REUSE_RLE) {
        if (s->palette == 0 || (sub == SUB_REUSE_PACKED && s->palette > 16))
            return rfb_skim_fail(s, RFB_E_INVALID, "TRLE: reuses a palette that there is not");
        if (sub == SUB_REUSE_PACKED)
            return rfb_skim_pass(s, TRLE_TILE_END, packed_bytes(s));
    }
    s->flags = sub;
    if (sub <= SUB_REUSE_RLE)
        return next_run(s);
    s->palette = (uint16_t)(sub - 128);
    s->pass = (uint64_t)s->palette * s->cpixel;
    return rfb_skim_want(s, TRLE_PALETTE_RUN, 1);
}

int rfb_skim_trle(struct rfb_skim *s)
{
    int rc;
    switch (s->state) {
    case TRLE_START:
        return begin_tile(s, TRLE_SUBENCODING);
    case TRLE_SUBENCODING:
        return trle_subencoding(s);
    case TRLE_PLAIN_RUN:
        return rfb_skim_want(s, TRLE_LENGTH, 1);
    case TRLE_PALETTE_RUN:
        if (s->field[0] & 0x80)
            return rfb_skim_want(s, TRLE_LENGTH, 1);
        rc = cover(s, 1);
        return rc != RFB_OK ? rc : next_run(s);
    case TRLE_LENGTH: /* a run is 1 plus the sum of its length bytes, of which all but the last are
                         255 */
        rc = cover(s, s->field[0] == 255 ? 255 : s->field[0] + 1u);
        if (rc != RFB_OK)
            return rc;
        return s->field[0] == 255 ? rfb_skim_want(s, TRLE_LENGTH, 1) : next_run(s);
    default:
        next_tile(s);
        return begin_tile(s, TRLE_SUBENCODING);
    }
}
