/* SPDX-License-Identifier: GPL-2.0-or-later
 * Publishing: when a frame is complete, and that it holds what was painted, whichever buffer it was
 * put together in. */
#include <stdlib.h>
#include <string.h>

#include "client/screen.h"
#include "unit.h"

/* What the screen under test is to show: all that has been painted since it was resized. */
static uint32_t shown[100 * 100];

static void resize(struct screen *s, int w, int h)
{
    assert_in_range((size_t)w * (size_t)h, 1, sizeof shown / sizeof shown[0]);
    screen_resize(s, w, h);
}

static void paint(struct screen *s, int x, int y, int w, int h, uint32_t colour)
{
    uint32_t *pixels = screen_begin(s);
    assert_non_null(pixels);
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            pixels[j * screen_width(s) + i] = shown[j * screen_width(s) + i] = colour;
    struct rfb_rect r = {(uint16_t)x, (uint16_t)y, (uint16_t)w, (uint16_t)h};
    assert_int_equal(screen_painted(s, r, NULL), PH_OK);
}

static void assert_missing(struct screen *s, int x, int y, int w, int h)
{
    struct rfb_rect m;
    assert_int_equal(screen_publish(s, &m), 0);
    assert_int_equal(m.x, x);
    assert_int_equal(m.y, y);
    assert_int_equal(m.w, w);
    assert_int_equal(m.h, h);
    assert_null(screen_newest(s, 0));
}

static void publish(struct screen *s)
{
    struct rfb_rect m;
    assert_int_equal(screen_publish(s, &m), 1);
}

static void assert_shown(struct screen *s, const uint32_t *pixels)
{
    size_t n = (size_t)screen_width(s) * (size_t)screen_height(s);
    for (size_t i = 0; i < n; i++)
        if (pixels[i] != shown[i])
            fail_msg("pixel %zu is %x, not %x", i, pixels[i], shown[i]);
}

static ph_frame *newest_is_shown(struct screen *s, uint64_t after)
{
    ph_frame *f = screen_newest(s, after);
    assert_non_null(f);
    assert_shown(s, ph_frame_pixels(f));
    return f;
}

static void complete_means_every_pixel(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    resize(s, 100, 50);
    assert_missing(s, 0, 0, 100, 50);
    paint(s, 0, 0, 100, 20, 1);
    assert_missing(s, 0, 20, 100, 30);
    paint(s, 0, 20, 99, 30, 2);
    assert_missing(s, 99, 20, 1, 30);
    paint(s, 99, 21, 1, 29, 3);
    assert_missing(s, 99, 20, 1, 1);
    paint(s, 99, 20, 1, 1, 4);
    publish(s);
    ph_frame *f = newest_is_shown(s, 0);
    assert_int_equal(ph_frame_sequence(f), 1);
    assert_null(screen_newest(s, 1));
    publish(s); /* nothing painted: no new frame */
    assert_null(screen_newest(s, 1));
    ph_frame_unref(f);
    screen_destroy(s);
}

/* Random painting, with frames held at random so that every buffer is used and comes back. */
static void every_frame_equals_what_was_painted(void **state)
{
    enum { W = 60, H = 40, ROUNDS = 3000, HELD = 5 };
    (void)state;
    struct screen *s = screen_create();
    ph_frame *held[HELD] = {NULL};
    uint32_t *copies[HELD] = {NULL};
    unsigned seed = 20261;
    uint64_t sequence = 0;
    resize(s, W, H);
    paint(s, 0, 0, W, H, 0);
    for (int round = 0; round < ROUNDS; round++) {
        int rects = rand_r(&seed) % 4 + 1;
        for (int i = 0; i < rects; i++) {
            int x = rand_r(&seed) % W, y = rand_r(&seed) % H;
            int w = rand_r(&seed) % (W - x) + 1, h = rand_r(&seed) % (H - y) + 1;
            paint(s, x, y, w, h, (uint32_t)rand_r(&seed));
            if (rand_r(&seed) % 8 == 0) { /* somebody reads in the middle of an update */
                screen_refresh(s);
                assert_shown(s, screen_begin(s));
            }
        }
        publish(s);
        ph_frame *f = newest_is_shown(s, sequence);
        sequence = ph_frame_sequence(f);
        int slot = rand_r(&seed) % HELD;
        if (rand_r(&seed) % 3 == 0) { /* hold this one in place of another, for a while */
            if (held[slot] != NULL)
                assert_memory_equal(ph_frame_pixels(held[slot]), copies[slot], W * H * 4);
            ph_frame_unref(held[slot]);
            free(copies[slot]);
            copies[slot] = malloc(W * H * 4);
            memcpy(copies[slot], ph_frame_pixels(f), W * H * 4);
            held[slot] = f;
        } else {
            ph_frame_unref(f);
        }
    }
    screen_destroy(s);
    for (int i = 0; i < HELD; i++) {
        if (held[i] != NULL)
            assert_memory_equal(ph_frame_pixels(held[i]), copies[i], W * H * 4);
        ph_frame_unref(held[i]);
        free(copies[i]);
    }
}

/* The history of one size must not be used for frames of another, nor of the same size come back.
 */
static void sizes_do_not_mix(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    uint64_t sequence = 0;
    ph_frame *held[2] = {NULL, NULL}; /* of either size */
    for (int round = 0; round < 40; round++) {
        int w = round % 2 == 0 ? 10 : 300, h = round % 2 == 0 ? 200 : 20;
        resize(s, w, h);
        assert_null(screen_newest(s, sequence));
        paint(s, 0, 0, w, h, (uint32_t)round);
        publish(s);
        held[round % 2] = newest_is_shown(s, sequence);
        sequence = ph_frame_sequence(held[round % 2]);
        paint(s, w - 1, h - 1, 1, 1, 0xabcdef);
        publish(s);
        ph_frame *f = newest_is_shown(s, sequence);
        sequence = ph_frame_sequence(f);
        ph_frame_unref(f);
        /* becomes the spare, to be used for the next round's size, which it has */
        ph_frame_unref(held[(round + 1) % 2]);
        held[(round + 1) % 2] = NULL;
    }
    ph_frame_unref(held[0]);
    ph_frame_unref(held[1]);
    screen_destroy(s);
}

/* A server may copy from where it has painted nothing yet. */
static void what_was_never_painted_is_black(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    for (int round = 0; round < 2; round++) { /* the second time into a buffer that has been used */
        resize(s, 50, 40 + round);
        for (size_t i = 0; i < COUNT(shown); i++)
            shown[i] = 0xff000000;
        paint(s, 5, 5, 10, 10, 0xff112233);
        screen_refresh(s);
        assert_shown(s, screen_begin(s));
        paint(s, 0, 0, 50, 40 + round, 0xff445566);
        publish(s);
        resize(s, 50, 41);
    }
    screen_destroy(s);
}

static void too_many_pieces_are_refused(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    ph_error e = {.code = PH_OK};
    screen_resize(s, 1000, 1000);
    int n = 0;
    for (uint16_t y = 0; y < 1000 && e.code == PH_OK; y += 2)
        for (uint16_t x = 0; x < 1000 && e.code == PH_OK; x += 2, n++)
            screen_painted(s, (struct rfb_rect){x, y, 1, 1}, &e);
    assert_int_equal(e.code, PH_E_PROTOCOL);
    assert_in_range(n, 4096, 4098);
    screen_destroy(s);
}

/* More rectangles than are worth telling apart: a frame is still what was painted. */
static void many_rectangles_in_an_update(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    resize(s, 100, 100);
    paint(s, 0, 0, 100, 100, 7);
    publish(s);
    ph_frame *held = newest_is_shown(s, 0);
    for (int i = 0; i < 2500; i++)
        paint(s, i % 50 * 2, i / 50 * 2, 1, 1, (uint32_t)i);
    publish(s);
    ph_frame_unref(newest_is_shown(s, 1));
    ph_frame_unref(held);
    paint(s, 5, 5, 1, 1, 0x111111);
    publish(s);
    ph_frame_unref(newest_is_shown(s, 2));
    screen_destroy(s);
}

/* ---- damage ---- */

static void assert_holds_every_difference(const ph_frame *f, const ph_frame *g, size_t max)
{
    enum { W = 64, H = 48 };
    static unsigned char inside[W * H];
    ph_rect rects[40];
    size_t n = ph_frame_damage(g, ph_frame_sequence(f), rects, max);
    assert_true(n <= max);
    memset(inside, 0, sizeof inside);
    for (size_t i = 0; i < n; i++)
        for (int y = rects[i].y; y < rects[i].y + rects[i].height; y++)
            for (int x = rects[i].x; x < rects[i].x + rects[i].width; x++) {
                assert_in_range(x, 0, W - 1);
                assert_in_range(y, 0, H - 1);
                inside[y * W + x] = 1;
            }
    for (size_t i = 0; i < W * H; i++)
        if (ph_frame_pixels(f)[i] != ph_frame_pixels(g)[i] && !inside[i])
            fail_msg("pixel %zu changed from frame %llu to %llu, and is in none of %zu", i,
                     (unsigned long long)ph_frame_sequence(f),
                     (unsigned long long)ph_frame_sequence(g), n);
}

/* More frames than two blocks of the history, any two of them compared. */
static void damage_holds_every_difference(void **state)
{
    enum { W = 64, H = 48, ROUNDS = 700, HELD = 6 };
    (void)state;
    struct screen *s = screen_create();
    ph_frame *held[HELD] = {NULL};
    unsigned seed = 20262;
    resize(s, W, H);
    paint(s, 0, 0, W, H, 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = rand_r(&seed) % 3; i >= 0; i--)
            paint(s, rand_r(&seed) % (W - 4), rand_r(&seed) % (H - 4), rand_r(&seed) % 4 + 1,
                  rand_r(&seed) % 4 + 1, (uint32_t)rand_r(&seed));
        publish(s);
        ph_frame *f = newest_is_shown(s, 0);
        for (int i = 0; i < HELD; i++)
            if (held[i] != NULL)
                assert_holds_every_difference(held[i], f, (size_t)rand_r(&seed) % 40 + 1);
        int slot = rand_r(&seed) % HELD;
        ph_frame_unref(held[slot]);
        held[slot] = f;
    }
    screen_destroy(s); /* a frame answers without it */
    for (int i = 0; i < HELD; i++)
        for (int j = 0; j < HELD; j++)
            if (held[i] != NULL && held[j] != NULL &&
                ph_frame_sequence(held[i]) < ph_frame_sequence(held[j]))
                assert_holds_every_difference(held[i], held[j], 40);
    for (int i = 0; i < HELD; i++)
        ph_frame_unref(held[i]);
}

static void assert_damage(const ph_frame *f, uint64_t since, int x, int y, int w, int h)
{
    ph_rect r[2];
    assert_int_equal(ph_frame_damage(f, since, r, 2), 1);
    assert_int_equal(r[0].x, x);
    assert_int_equal(r[0].y, y);
    assert_int_equal(r[0].width, w);
    assert_int_equal(r[0].height, h);
}

static void damage_is_no_more_than_was_painted(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    resize(s, 100, 50);
    paint(s, 0, 0, 100, 50, 1);
    publish(s);
    ph_frame *first = newest_is_shown(s, 0);
    assert_damage(first, 0, 0, 0, 100, 50);
    assert_int_equal(ph_frame_damage(first, 1, &(ph_rect){0}, 1), 0);
    assert_int_equal(ph_frame_damage(first, 0, NULL, 0), 0);
    for (int i = 2; i <= 600; i++) {
        paint(s, i % 100, 7, 1, 1, (uint32_t)i);
        publish(s);
        ph_frame *f = newest_is_shown(s, 0);
        assert_damage(f, (uint64_t)i - 1, i % 100, 7, 1, 1);
        if (i >= 257)
            assert_damage(f, (uint64_t)i - 256, 0, 7, 100, 1);
        if (i >= 600) /* too far back */
            assert_damage(f, 1, 0, 0, 100, 50);
        ph_frame_unref(f);
    }
    resize(s, 20, 10);
    paint(s, 0, 0, 20, 10, 2);
    publish(s);
    paint(s, 3, 4, 5, 6, 3);
    publish(s);
    ph_frame *resized = newest_is_shown(s, 0);
    assert_damage(resized, 601, 3, 4, 5, 6);
    assert_damage(resized, 600, 0, 0, 20, 10);
    ph_frame_unref(resized);
    ph_frame_unref(first);
    screen_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complete_means_every_pixel),
        cmocka_unit_test(every_frame_equals_what_was_painted),
        cmocka_unit_test(sizes_do_not_mix),
        cmocka_unit_test(what_was_never_painted_is_black),
        cmocka_unit_test(too_many_pieces_are_refused),
        cmocka_unit_test(many_rectangles_in_an_update),
        cmocka_unit_test(damage_holds_every_difference),
        cmocka_unit_test(damage_is_no_more_than_was_painted),
    };
    return cmocka_run_group_tests_name("client_screen", tests, NULL, NULL);
}
