/* SPDX-License-Identifier: GPL-2.0-or-later
 * Needs nothing of a C library: the guest (guest.c) has none. */
#include "scene.h"

enum {
    TILE_W = 150, /* no multiple of any encoding's tiles */
    TILE_H = 110,
    CHANGES = 24, /* of a step */
    COLOURS_MAX = 200,
};

/* George Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003 */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static int below(uint32_t *state, int n)
{
    return (int)(next(state) % (uint32_t)n);
}

static int between(uint32_t *state, int least, int most)
{
    return least + below(state, most - least + 1);
}

/* ---- what an area is filled with ---- */

enum { FLAT, NOISE, SLOPE, FROM_PALETTE };

static const struct {
    int way;
    int least, most; /* colours in the palette */
    int longest;     /* run of one colour, pixels */
} kinds[] = {
    {FLAT, 0, 0, 0},
    {NOISE, 0, 0, 0},
    {SLOPE, 0, 0, 0},
    {FROM_PALETTE, 2, 2, 6},
    {FROM_PALETTE, 3, 4, 5},
    {FROM_PALETTE, 5, 16, 3},
    {FROM_PALETTE, 17, 127, 9},
    {FROM_PALETTE, 128, COLOURS_MAX, 4},
    {FROM_PALETTE, COLOURS_MAX, COLOURS_MAX, 700},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static uint32_t slope(int x, int y)
{
    return (uint32_t)(x & 0xff) << 16 | (uint32_t)(y & 0xff) << 8 | (uint32_t)((x + y) / 2 & 0xff);
}

struct brush {
    uint32_t palette[COLOURS_MAX];
    uint32_t colour;
    int colours;
    int left; /* of the run */
};

static uint32_t from_palette(struct brush *b, uint32_t *state, int longest)
{
    if (b->left == 0) {
        b->left = between(state, 1, longest);
        b->colour = b->palette[below(state, b->colours)];
    }
    b->left--;
    return b->colour;
}

static void paint(const struct scene_canvas *c, uint32_t *state, struct scene_rect r)
{
    static uint32_t row[SCENE_WIDTH_MAX];
    struct brush brush;
    int kind = below(state, KINDS), way = kinds[kind].way;
    if (way == FLAT) {
        c->fill(c->owner, r, next(state) >> 8);
        return;
    }
    brush.left = 0;
    brush.colours = between(state, kinds[kind].least, kinds[kind].most);
    for (int i = 0; i < brush.colours; i++)
        brush.palette[i] = next(state) >> 8;
    for (int y = r.y; y < r.y + r.h; y++) {
        for (int i = 0; i < r.w; i++)
            row[i] = way == NOISE   ? next(state) >> 8
                     : way == SLOPE ? slope(r.x + i, y)
                                    : from_palette(&brush, state, kinds[kind].longest);
        c->row(c->owner, r.x, y, r.w, row);
    }
}

/* ---- where ---- */

static int lesser(int a, int b)
{
    return a < b ? a : b;
}

static void paint_all(const struct scene_canvas *c, uint32_t *state)
{
    for (int y = 0; y < c->height; y += TILE_H)
        for (int x = 0; x < c->width; x += TILE_W)
            paint(c, state,
                  (struct scene_rect){x, y, lesser(TILE_W, c->width - x),
                                      lesser(TILE_H, c->height - y)});
}

/* One in three is tiny: a caret, a line. */
static struct scene_rect somewhere(const struct scene_canvas *c, uint32_t *state)
{
    int most_w = (c->width + 2) / 3, most_h = (c->height + 2) / 3;
    if (below(state, 3) == 0)
        most_w = most_h = between(state, 1, 9);
    struct scene_rect r = {.w = between(state, 1, lesser(most_w, c->width)),
                           .h = between(state, 1, lesser(most_h, c->height))};
    r.x = below(state, c->width - r.w + 1);
    r.y = below(state, c->height - r.h + 1);
    return r;
}

/* The middle moves a little, any way. Last in a step, so that no server has cause to forget that it
 * is a copy. */
static void scroll(const struct scene_canvas *c, uint32_t *state)
{
    struct scene_rect r = {c->width / 8, c->height / 8, c->width * 5 / 8, c->height * 5 / 8};
    int from_x = r.x + between(state, -c->width / 8, c->width / 8);
    int from_y = r.y + between(state, -c->height / 8, c->height / 8);
    if (r.w != 0 && r.h != 0)
        c->copy(c->owner, from_x, from_y, r);
}

void scene_draw(const struct scene_canvas *c, uint32_t step)
{
    uint32_t state = (step + 1) * 0x9e3779b1u;
    if (step == 0) {
        paint_all(c, &state);
        return;
    }
    for (int i = 0; i < CHANGES; i++) {
        struct scene_rect r = somewhere(c, &state);
        if (below(&state, 3) != 0) {
            paint(c, &state, r);
            continue;
        }
        int from_x = below(&state, c->width - r.w + 1);
        int from_y = below(&state, c->height - r.h + 1);
        c->copy(c->owner, from_x, from_y, r);
    }
    scroll(c, &state);
}
