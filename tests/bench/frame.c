/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_frame ROUNDS: what it costs to have a frame in hand after 64x64 pixels of 1920x1080 have
 * changed, and beside it a copy of the whole framebuffer. Every round somewhere else, with one
 * frame held by a caller all the time. Prints microseconds. */
#include <string.h>

#include "bench.h"
#include "client/screen.h"

enum { WIDTH = 1920, HEIGHT = 1080, SIDE = 64 };

static void paint(struct screen *s, struct rfb_rect r, uint32_t colour)
{
    ph_error error;
    uint32_t *pixels = screen_begin(s);
    if (pixels == NULL)
        die("memory");
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            pixels[y * WIDTH + x] = colour;
    if (screen_painted(s, r, &error) != PH_OK)
        die(error.message);
}

static ph_frame *take(struct screen *s, uint64_t after)
{
    struct rfb_rect missing;
    ph_frame *frame = screen_publish(s, &missing) == 1 ? screen_newest(s, after) : NULL;
    if (frame == NULL)
        die("no frame");
    return frame;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 100;
    double *ours = calloc((size_t)rounds, sizeof *ours),
           *copy = calloc((size_t)rounds, sizeof *copy);
    size_t bytes = (size_t)WIDTH * HEIGHT * 4;
    uint32_t *to = malloc(bytes);
    struct screen *s = screen_create();
    if (ours == NULL || copy == NULL || to == NULL || s == NULL)
        die("memory");
    screen_resize(s, WIDTH, HEIGHT);
    paint(s, (struct rfb_rect){0, 0, WIDTH, HEIGHT}, 1);
    ph_frame *frame = take(s, 0);
    for (int i = 0; i < rounds; i++) {
        struct rfb_rect r = {(uint16_t)(i * 37 % (WIDTH - SIDE)),
                             (uint16_t)(i * 23 % (HEIGHT - SIDE)), SIDE, SIDE};
        paint(s, r, (uint32_t)i);
        int64_t start = now_ns();
        ph_frame *next = take(s, ph_frame_sequence(frame));
        ours[i] = (double)(now_ns() - start) / 1000;
        ph_frame_unref(frame);
        frame = next;
        start = now_ns();
        memcpy(to, ph_frame_pixels(frame), bytes);
        copy[i] = (double)(now_ns() - start) / 1000;
    }
    printf("{");
    print_list("ours", ours, rounds, ",");
    print_list("copy", copy, rounds, "}\n");
    ph_frame_unref(frame);
    screen_destroy(s);
    free(ours);
    free(copy);
    free(to);
    return 0;
}
