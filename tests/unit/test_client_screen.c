/* SPDX-License-Identifier: GPL-2.0-or-later
 * Publishing: when a frame is complete, and that it holds what was painted, whichever buffer it was
 * put together in. */
#include <stdlib.h>
#include <string.h>

#include "client/screen.h"
#include "unit.h"

static void paint(struct screen *s, int x, int y, int w, int h, uint32_t colour)
{
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            screen_live(s)[j * screen_width(s) + i] = colour;
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

/* The newest frame equals the live buffer, but for the unused byte. */
static ph_frame *newest_is_live(struct screen *s, uint64_t after)
{
    ph_frame *f = screen_newest(s, after);
    assert_non_null(f);
    size_t n = (size_t)screen_width(s) * (size_t)screen_height(s);
    for (size_t i = 0; i < n; i++)
        if (ph_frame_pixels(f)[i] != (screen_live(s)[i] | 0xff000000))
            fail_msg("pixel %zu of frame %llu", i, (unsigned long long)ph_frame_sequence(f));
    return f;
}

static void complete_means_every_pixel(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    assert_int_equal(screen_resize(s, 100, 50), PH_OK);
    assert_missing(s, 0, 0, 100, 50);
    paint(s, 0, 0, 100, 20, 1);
    assert_missing(s, 0, 20, 100, 30);
    paint(s, 0, 20, 99, 30, 2);
    assert_missing(s, 99, 20, 1, 30);
    paint(s, 99, 21, 1, 29, 3);
    assert_missing(s, 99, 20, 1, 1);
    paint(s, 99, 20, 1, 1, 4);
    publish(s);
    ph_frame *f = newest_is_live(s, 0);
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
    assert_int_equal(screen_resize(s, W, H), PH_OK);
    paint(s, 0, 0, W, H, 0);
    for (int round = 0; round < ROUNDS; round++) {
        int rects = rand_r(&seed) % 4 + 1;
        for (int i = 0; i < rects; i++) {
            int x = rand_r(&seed) % W, y = rand_r(&seed) % H;
            int w = rand_r(&seed) % (W - x) + 1, h = rand_r(&seed) % (H - y) + 1;
            paint(s, x, y, w, h, (uint32_t)rand_r(&seed));
        }
        publish(s);
        ph_frame *f = newest_is_live(s, sequence);
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
        assert_int_equal(screen_resize(s, w, h), PH_OK);
        assert_null(screen_newest(s, sequence));
        paint(s, 0, 0, w, h, (uint32_t)round);
        publish(s);
        held[round % 2] = newest_is_live(s, sequence);
        sequence = ph_frame_sequence(held[round % 2]);
        paint(s, w - 1, h - 1, 1, 1, 0xabcdef);
        publish(s);
        ph_frame *f = newest_is_live(s, sequence);
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

static void too_many_pieces_are_refused(void **state)
{
    (void)state;
    struct screen *s = screen_create();
    ph_error e = {.code = PH_OK};
    assert_int_equal(screen_resize(s, 1000, 1000), PH_OK);
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
    assert_int_equal(screen_resize(s, 100, 100), PH_OK);
    paint(s, 0, 0, 100, 100, 7);
    publish(s);
    ph_frame *held = newest_is_live(s, 0);
    for (int i = 0; i < 2500; i++)
        paint(s, i % 50 * 2, i / 50 * 2, 1, 1, (uint32_t)i);
    publish(s);
    ph_frame_unref(newest_is_live(s, 1));
    ph_frame_unref(held);
    paint(s, 5, 5, 1, 1, 0x111111);
    publish(s);
    ph_frame_unref(newest_is_live(s, 2));
    screen_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complete_means_every_pixel),
        cmocka_unit_test(every_frame_equals_what_was_painted),
        cmocka_unit_test(sizes_do_not_mix),
        cmocka_unit_test(too_many_pieces_are_refused),
        cmocka_unit_test(many_rectangles_in_an_update),
    };
    return cmocka_run_group_tests_name("client_screen", tests, NULL, NULL);
}
