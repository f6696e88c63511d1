/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer that looks at every pixel of every frame for one colour that it must never see. The
 * answer to a line on standard input: "ok FRAMES BAD WIDTH HEIGHT PIXELS FOREIGN TINGED", where BAD
 * counts the frames with that colour, PIXELS all that have come, FOREIGN those of them that had it,
 * and TINGED those and others in which it can be told; "save FILE" also writes the newest frame as
 * a PNG.
 *
 *   usage: leakwatch TARGET ENCODINGS CA TOKEN-FILE RRGGBB
 */
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porthole.h"

enum { LINE = 600, RECTS = 256 };

static ph_client *client;
static atomic_uint frames, bad;
static atomic_ullong pixels, foreign, tinged;
static uint32_t colour;

static bool has_colour(uint32_t pixel)
{
    return (pixel & 0xffffff) == colour;
}

static int channel(uint32_t pixel, int i)
{
    return (int)(pixel >> 8 * i & 0xff);
}

/* What the colour is made of outweighs the rest: it shines through, or is what shines through. */
static bool is_tinged(uint32_t pixel)
{
    int most = 0, least = 255;
    for (int i = 0; i < 3; i++) {
        int n = channel(pixel, i);
        if (channel(colour, i) == 0xff)
            least = n < least ? n : least;
        else
            most = n > most ? n : most;
    }
    return least > most + 16;
}

static size_t count(const ph_frame *f, const ph_rect *r, bool (*is)(uint32_t pixel))
{
    const uint32_t *line = ph_frame_pixels(f);
    size_t width = (size_t)ph_frame_width(f), n = 0;
    line += (size_t)r->y * width + (size_t)r->x;
    for (int y = 0; y < r->height; y++, line += width)
        for (int x = 0; x < r->width; x++)
            n += is(line[x]);
    return n;
}

/* Of all pixels that have come with it, how many have the colour? */
static void count_sent(const ph_frame *f, uint64_t since)
{
    ph_rect rects[RECTS];
    size_t n = ph_frame_damage(f, since, rects, RECTS);
    for (size_t i = 0; i < n && i < RECTS; i++) {
        atomic_fetch_add(&pixels, (size_t)rects[i].width * (size_t)rects[i].height);
        atomic_fetch_add(&foreign, count(f, &rects[i], has_colour));
        atomic_fetch_add(&tinged, count(f, &rects[i], is_tinged));
    }
}

static void *look(void *unused)
{
    const ph_limit forever = {.timeout_ms = -1};
    uint64_t last = 0;
    ph_frame *f;
    (void)unused;
    while (ph_frame_get(client, last, &forever, &f, NULL) == PH_OK) {
        const ph_rect all = {0, 0, ph_frame_width(f), ph_frame_height(f)};
        atomic_fetch_add(&frames, 1);
        if (count(f, &all, has_colour) != 0)
            atomic_fetch_add(&bad, 1);
        count_sent(f, last);
        last = ph_frame_sequence(f);
        ph_frame_unref(f);
    }
    return NULL;
}

static int save(const ph_frame *f, const char *path)
{
    uint8_t *png;
    size_t len;
    ph_error e;
    if (ph_image_encode(f, NULL, &png, &len, NULL, &e) != PH_OK)
        errx(1, "%s", e.message);
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(png, 1, len, out) != len || fclose(out) != 0)
        err(1, "%s", path);
    ph_free(png);
    return 0;
}

int main(int argc, char **argv)
{
    ph_options options = PH_OPTIONS_INIT;
    char line[LINE], token[LINE];
    pthread_t thread;
    ph_error e;
    if (argc != 6)
        errx(2, "usage: leakwatch TARGET ENCODINGS CA TOKEN-FILE RRGGBB");
    FILE *in = fopen(argv[4], "r");
    if (in == NULL || fgets(token, sizeof token, in) == NULL)
        errx(1, "%s: no token", argv[4]);
    fclose(in);
    token[strcspn(token, "\n")] = '\0';
    options.encodings = argv[2];
    options.ca_file = argv[3];
    options.token = token;
    colour = (uint32_t)strtoul(argv[5], NULL, 16);
    if (ph_connect(argv[1], &options, NULL, &client, &e) != PH_OK)
        errx(1, "%s", e.message);
    if (pthread_create(&thread, NULL, look, NULL) != 0)
        errx(1, "no thread");
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin) != NULL) {
        ph_frame *f;
        line[strcspn(line, "\n")] = '\0';
        if (ph_frame_get(client, 0, NULL, &f, &e) != PH_OK) {
            printf("error %s\n", e.message);
            continue;
        }
        if (strncmp(line, "save ", 5) == 0)
            save(f, line + 5);
        printf("ok %u %u %d %d %llu %llu %llu\n", atomic_load(&frames), atomic_load(&bad),
               ph_frame_width(f), ph_frame_height(f), atomic_load(&pixels), atomic_load(&foreign),
               atomic_load(&tinged));
        ph_frame_unref(f);
    }
    /* the thread waits in a call, so the connection is not closed in good order */
    fflush(stdout);
    _Exit(0);
}
