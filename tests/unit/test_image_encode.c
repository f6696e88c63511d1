/* SPDX-License-Identifier: GPL-2.0-or-later
 * Frames to images: regions, sizes, budgets, and the way back to the desktop. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/screen.h"
#include "image/image.h"
#include "picture.h"
#include "unit.h"

static ph_frame *frame_of(uint32_t *pixels, int width, int height)
{
    struct screen *s = screen_create();
    struct rfb_rect all = {0, 0, (uint16_t)width, (uint16_t)height}, missing;
    assert_non_null(s);
    screen_resize(s, width, height);
    uint32_t *to = screen_begin(s);
    assert_non_null(to);
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        to[i] = 0xff000000 | pixels[i];
    assert_int_equal(screen_painted(s, all, NULL), PH_OK);
    assert_int_equal(screen_publish(s, &missing), 1);
    ph_frame *frame = screen_newest(s, 0);
    assert_non_null(frame);
    screen_destroy(s);
    free(pixels);
    return frame;
}

static void refused(const ph_frame *frame, ph_image_options o, const char *what)
{
    uint8_t *bytes = (uint8_t *)what;
    size_t len = 1;
    ph_error error = {0};
    int rc = ph_image_encode(frame, &o, &bytes, &len, NULL, &error);
    if (rc != PH_E_ARGUMENT || strstr(error.message, what) == NULL)
        fail_msg("%d, '%s', not '%s'", rc, error.message, what);
    assert_null(bytes);
    assert_int_equal(len, 0);
}

/* Encodes, reads back, compares the sizes. The pixels are the caller's. */
static uint32_t *encoded(const ph_frame *frame, const ph_image_options *o, size_t *len,
                         ph_image_info *info)
{
    ph_error error;
    uint8_t *bytes;
    uint32_t *pixels;
    int width, height;
    *info = (ph_image_info)PH_IMAGE_INFO_INIT;
    if (ph_image_encode(frame, o, &bytes, len, info, &error) != PH_OK)
        fail_msg("%s", error.message);
    assert_int_equal(ph_image_decode(bytes, *len, &pixels, &width, &height, &error), PH_OK);
    assert_int_equal(width, info->width);
    assert_int_equal(height, info->height);
    ph_free(bytes);
    return pixels;
}

#define OPTIONS(...) ((ph_image_options){.size = sizeof(ph_image_options), __VA_ARGS__})

static void what_cannot_be_is_refused(void **state)
{
    ph_frame *f = frame_of(picture_noise(20, 10), 20, 10);
    ph_image_info info = {0};
    uint8_t *bytes;
    size_t len;
    ph_error error;
    (void)state;
    refused(f, (ph_image_options){.format = PH_IMAGE_PNG}, "PH_IMAGE_OPTIONS_INIT");
    refused(f, OPTIONS(.format = 4), "unknown image format 4");
    refused(f, OPTIONS(.format = -1), "unknown image format -1");
    refused(f, OPTIONS(.format = PH_IMAGE_JPEG, .quality = 101), "quality 101: it is 1 to 100");
    refused(f, OPTIONS(.format = PH_IMAGE_JPEG, .lossless = 1), "never lossless");
    refused(f, OPTIONS(.max_edge = 16385), "longest edge 16385: it is 1 to 16384");
    refused(f, OPTIONS(.max_edge = -1), "longest edge -1");
    refused(f, OPTIONS(.max_pixels = (1 << 26) + 1), "67108865 pixels");
    refused(f, OPTIONS(.enlarge = 1), "max_edge or max_pixels");
    static const ph_rect outside[] = {
        {1, 0, 20, 10},
        {0, 1, 20, 10},
        {-1, 0, 5, 5},
        {0, 0, 0, 5},
        {5, 5, -1, 2},
        {20, 0, 1, 1},
        {2147483647, 0, 2147483647, 1},
    };
    for (size_t i = 0; i < COUNT(outside); i++)
        refused(f, OPTIONS(.region = outside[i]), "is not inside the screen of 20x10");
    assert_int_equal(ph_image_encode(f, NULL, &bytes, &len, &info, &error), PH_E_ARGUMENT);
    assert_non_null(strstr(error.message, "PH_IMAGE_INFO_INIT"));
    ph_frame_unref(f);
    f = frame_of(picture_noise(16384, 1), 16384, 1);
    refused(f, OPTIONS(.format = PH_IMAGE_WEBP), "at most 16383 pixels a side");
    ph_frame_unref(f);
}

static void a_region_is_cut_out(void **state)
{
    enum { W = 50, H = 40 };
    static const int formats[] = {0, PH_IMAGE_PNG, PH_IMAGE_WEBP};
    ph_frame *f = frame_of(picture_noise(W, H), W, H);
    const ph_rect region = {7, 9, 43, 31}; /* down to the last corner */
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        ph_image_options o = OPTIONS(.format = formats[i], .lossless = 1, .region = region);
        ph_image_info info;
        size_t len;
        uint32_t *pixels = encoded(f, &o, &len, &info);
        assert_int_equal(info.format, i == 2 ? PH_IMAGE_WEBP : PH_IMAGE_PNG);
        assert_int_equal(info.quality, 0);
        assert_memory_equal(&info.region, &region, sizeof region);
        assert_int_equal(info.width, region.width);
        assert_int_equal(info.height, region.height);
        for (int y = 0; y < region.height; y++)
            assert_memory_equal(pixels + y * region.width,
                                ph_frame_pixels(f) + (y + region.y) * W + region.x,
                                (size_t)region.width * 4);
        ph_free(pixels);
    }
    ph_frame_unref(f);
}

/* ---- size ---- */

static void sizes_keep_to_their_limits(void **state)
{
    static const struct {
        uint32_t width, height;
        int edge, pixels, enlarge;
        uint32_t to_width, to_height;
    } cases[] = {
        {1920, 1080, 0, 0, 0, 1920, 1080},
        {1920, 1080, 1280, 0, 0, 1280, 720},
        {1080, 1920, 1280, 0, 0, 720, 1280},
        {1920, 1080, 4000, 0, 0, 1920, 1080},
        {1920, 1080, 0, 1920 * 1080, 0, 1920, 1080},
        {1920, 1080, 0, 1920 * 1080 / 4, 0, 960, 540},
        {1920, 1080, 1280, 1920 * 1080 / 4, 0, 960, 540},
        {300, 200, 1500, 0, 1, 1500, 1000},
        {300, 200, 1500, 600000, 1, 949, 632},
        {300, 200, 150, 0, 1, 150, 100},
        {1, 1, 16384, 0, 1, 8192, 8192}, /* 2^26 pixels are the most there ever are */
        {16384, 1, 100, 0, 0, 100, 1},
        {1, 16384, 0, 100, 0, 1, 100},
        {16384, 4096, 1, 0, 0, 1, 1},
        {16384, 1, 16384, 0, 1, 16384, 1},
        {3, 2, 0, 1, 0, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t width = cases[i].width, height = cases[i].height;
        image_fit(&width, &height, cases[i].edge, cases[i].pixels, cases[i].enlarge);
        if (width != cases[i].to_width || height != cases[i].to_height)
            fail_msg("case %zu: %ux%u", i, width, height);
    }
}

/* Any limits, any size: kept to, and the aspect as near as whole pixels are. */
static void every_size_keeps_to_its_limits(void **state)
{
    unsigned seed = 5;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint32_t width = 1 + (uint32_t)rand_r(&seed) % (1u << rand_r(&seed) % 15);
        uint32_t height = 1 + (uint32_t)rand_r(&seed) % (1u << rand_r(&seed) % 15);
        int edge = rand_r(&seed) % 3 == 0 ? 0 : 1 + rand_r(&seed) % 16384;
        int pixels = rand_r(&seed) % 3 == 0 ? 0 : 1 + rand_r(&seed) % (1 << rand_r(&seed) % 26);
        int enlarge = rand_r(&seed) % 2;
        uint32_t w = width, h = height;
        image_fit(&w, &h, edge, pixels, enlarge);
        bool kept = w >= 1 && h >= 1 && w <= 16384 && h <= 16384 && (uint64_t)w * h <= 1 << 26 &&
                    (edge == 0 || (w <= (uint32_t)edge && h <= (uint32_t)edge)) &&
                    (pixels == 0 || w * h <= (uint32_t)pixels) &&
                    (enlarge || (w <= width && h <= height));
        double along = (double)width / w, down = (double)height / h;
        bool same = fabs(h - height / along) <= 1.01 || fabs(w - width / down) <= 1.01;
        if (!kept || !same)
            fail_msg("%ux%u to %ux%u with %d, %d, %d", width, height, w, h, edge, pixels, enlarge);
    }
}

/* ---- scaling ---- */

static uint32_t *scaled(const uint32_t *pixels, uint32_t w, uint32_t h, uint32_t tw, uint32_t th)
{
    struct image_view view = {pixels, w, w, h};
    uint32_t *to;
    assert_int_equal(image_scale(&view, tw, th, &to, NULL), PH_OK);
    return to;
}

static double mean(const uint32_t *pixels, size_t n, int shift)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pixels[i] >> shift & 0xff;
    return sum / (double)n;
}

static const struct {
    uint32_t from_width, from_height, width, height;
} steps[] = {
    {1, 1, 1, 1},         {1, 1, 64, 48},     {64, 48, 1, 1},    {192, 108, 128, 72},
    {192, 108, 48, 27},   {30, 20, 300, 200}, {16384, 1, 64, 1}, {1, 16384, 1, 64},
    {16384, 2, 16384, 1}, {2, 2, 2, 1000},    {640, 9, 13, 1},
};

static void one_colour_stays_as_it_is(void **state)
{
    static const uint32_t colours[] = {0xff000000, 0xffffffff, 0xff12fe80, 0xff0100ff};
    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++)
        for (size_t k = 0; k < COUNT(colours); k++) {
            size_t n = (size_t)steps[i].from_width * steps[i].from_height;
            uint32_t *pixels = malloc(n * 4);
            for (size_t p = 0; p < n; p++)
                pixels[p] = colours[k];
            uint32_t *to = scaled(pixels, steps[i].from_width, steps[i].from_height, steps[i].width,
                                  steps[i].height);
            for (size_t p = 0; p < (size_t)steps[i].width * steps[i].height; p++)
                assert_int_equal(to[p], colours[k]);
            free(to);
            free(pixels);
        }
}

static void brightness_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        uint32_t w = steps[i].from_width, h = steps[i].from_height;
        uint32_t *pixels = picture_smooth(w, h);
        uint32_t *to = scaled(pixels, w, h, steps[i].width, steps[i].height);
        for (int shift = 0; shift < 24; shift += 8) {
            double before = mean(pixels, (size_t)w * h, shift);
            double after = mean(to, (size_t)steps[i].width * steps[i].height, shift);
            if (fabs(before - after) > 3)
                fail_msg("step %zu: %.2f became %.2f", i, before, after);
        }
        free(to);
        free(pixels);
    }
}

/* Lines finer than the result can show become grey; they do not turn into coarser ones. */
static void fine_lines_become_grey(void **state)
{
    enum { W = 256, H = 64 };
    static const uint32_t halves[] = {2, 4};
    uint32_t *pixels = malloc(W * H * 4);
    (void)state;
    for (uint32_t i = 0; i < W * H; i++)
        pixels[i] = (i % W + i / W) % 2 == 0 ? 0xffffffff : 0xff000000;
    for (size_t i = 0; i < COUNT(halves); i++) {
        uint32_t w = W / halves[i], h = H / halves[i];
        uint32_t *to = scaled(pixels, W, H, w, h);
        for (uint32_t y = 3; y < h - 3; y++)
            for (uint32_t x = 3; x < w - 3; x++)
                assert_in_range(to[y * w + x] & 0xff, 126, 129);
        free(to);
    }
    free(pixels);
}

/* An edge and a spot stay where they are, in each channel, however large they become. */
static void things_stay_where_they_are(void **state)
{
    enum { W = 24, H = 16, BY = 5 };
    uint32_t *pixels = calloc(W * H, 4);
    (void)state;
    for (int y = 4; y < 8; y++)
        for (int x = 10; x < 15; x++)
            pixels[y * W + x] = 0xff20c0f0;
    uint32_t *to = scaled(pixels, W, H, W * BY, H * BY);
    for (int y = 0; y < H * BY; y++)
        for (int x = 0; x < W * BY; x++) {
            uint32_t p = to[y * W * BY + x];
            bool in = x >= 10 * BY + 2 && x < 15 * BY - 2 && y >= 4 * BY + 2 && y < 8 * BY - 2;
            bool out = x < 10 * BY - 2 || x >= 15 * BY + 2 || y < 4 * BY - 2 || y >= 8 * BY + 2;
            assert_int_equal(p >> 24, 0xff);
            if (in) {
                assert_true((p >> 16 & 0xff) > 0x10 && (p >> 16 & 0xff) < 0x30);
                assert_true((p >> 8 & 0xff) > 0x80 && (p & 0xff) > 0xa0);
            } else if (out) {
                assert_true((p & 0xff) < 0x40 && (p >> 8 & 0xff) < 0x40);
            }
        }
    uint32_t *same = scaled(pixels, W, H, W, H);
    for (int i = 0; i < W * H; i++)
        assert_int_equal(same[i], pixels[i] | 0xff000000);
    free(same);
    free(to);
    free(pixels);
}

static void frames_are_scaled(void **state)
{
    ph_frame *f = frame_of(picture_smooth(320, 200), 320, 200);
    static const int formats[] = {PH_IMAGE_PNG, PH_IMAGE_JPEG, PH_IMAGE_WEBP};
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        ph_image_info info;
        size_t len;
        ph_image_options o = OPTIONS(.format = formats[i], .max_edge = 160);
        ph_free(encoded(f, &o, &len, &info));
        assert_int_equal(info.width, 160);
        assert_int_equal(info.height, 100);
        assert_int_equal(info.quality, i == 0 ? 0 : 85);
        assert_int_equal(info.region.width, 320);
        o = OPTIONS(.format = formats[i], .region = {300, 190, 20, 10}, .enlarge = 1,
                    .max_pixels = 80000, .quality = 70);
        ph_free(encoded(f, &o, &len, &info));
        assert_int_equal(info.width, 400);
        assert_int_equal(info.height, 200);
        assert_int_equal(info.quality, i == 0 ? 0 : 70);
        assert_int_equal(info.region.x, 300);
    }
    ph_frame_unref(f);
}

/* ---- back to the desktop ---- */

static ph_point to_desktop(const ph_image_info *info, int x, int y)
{
    ph_point p;
    assert_int_equal(ph_image_to_desktop(info, x, y, &p, NULL), PH_OK);
    return p;
}

static void pixels_lead_back_to_the_desktop(void **state)
{
    ph_image_info half = {sizeof half, PH_IMAGE_PNG, 0, 640, 400, {0, 0, 1280, 800}};
    ph_image_info same = {sizeof same, PH_IMAGE_PNG, 0, 30, 20, {100, 50, 30, 20}};
    ph_image_info five = {sizeof five, PH_IMAGE_PNG, 0, 150, 100, {100, 50, 30, 20}};
    ph_point p;
    ph_error error;
    (void)state;
    p = to_desktop(&half, 0, 0);
    assert_true(p.x == 1 && p.y == 1); /* the middle of four */
    p = to_desktop(&half, 639, 399);
    assert_true(p.x == 1279 && p.y == 799);
    p = to_desktop(&same, 29, 19);
    assert_true(p.x == 129 && p.y == 69);
    p = to_desktop(&five, 4, 4);
    assert_true(p.x == 100 && p.y == 50);
    p = to_desktop(&five, 5, 149 - 50);
    assert_true(p.x == 101 && p.y == 69);
    static const ph_point outside[] = {{-1, 0}, {0, -1}, {150, 0}, {0, 100}};
    for (size_t i = 0; i < COUNT(outside); i++) {
        assert_int_equal(ph_image_to_desktop(&five, outside[i].x, outside[i].y, &p, &error),
                         PH_E_ARGUMENT);
        assert_non_null(strstr(error.message, "is outside the image of 150x100"));
    }
    five.size = 0;
    assert_int_equal(ph_image_to_desktop(&five, 0, 0, &p, &error), PH_E_ARGUMENT);
}

/* For every image: inside the region, in order, first and last at its ends, and the other way, the
 * pixel of the image over a pixel of the desktop leads back to it where the image is not smaller.
 */
static void every_pixel_leads_into_the_region(void **state)
{
    unsigned seed = 11;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        int w = 1 + rand_r(&seed) % (1 << rand_r(&seed) % 15);
        int size = 1 + rand_r(&seed) % (1 << rand_r(&seed) % 15), before = -1;
        ph_image_info info = {sizeof info, PH_IMAGE_PNG, 0, w, w, {77, 3, size, size}};
        for (int x = 0; x < w; x++) {
            ph_point p = to_desktop(&info, x, w - 1 - x);
            if (p.x < 77 || p.x >= 77 + size || p.y < 3 || p.y >= 3 + size || p.x < before)
                fail_msg("%d of %d: %d, %d of %d", x, w, p.x, p.y, size);
            before = p.x;
            if (w == size)
                assert_int_equal(p.x, 77 + x);
        }
        if (w >= size)
            assert_true(to_desktop(&info, 0, 0).x == 77 && before == 77 + size - 1);
    }
}

/* ---- a budget of bytes ---- */

static void files_keep_to_their_budget(void **state)
{
    static const struct {
        int format, lossless;
        size_t budget;
        bool scales;
    } cases[] = {
        {PH_IMAGE_JPEG, 0, 1 << 20, false}, {PH_IMAGE_JPEG, 0, 12000, false},
        {PH_IMAGE_JPEG, 0, 3000, true},     {PH_IMAGE_WEBP, 0, 9000, false},
        {PH_IMAGE_WEBP, 0, 1000, true},     {PH_IMAGE_WEBP, 1, 20000, true},
        {PH_IMAGE_PNG, 0, 40000, true},
    };
    enum { W = 400, H = 250 };
    uint32_t *pixels = picture_smooth(W, H);
    uint32_t *noise = picture_noise(W, H);
    (void)state;
    for (int i = 0; i < W * H; i++)
        pixels[i] = (pixels[i] & 0xfff8f8f8) | (noise[i] & 0x070707);
    free(noise);
    ph_frame *f = frame_of(pixels, W, H);
    for (size_t i = 0; i < COUNT(cases); i++) {
        ph_image_info info;
        size_t len;
        ph_image_options o = OPTIONS(.format = cases[i].format, .lossless = cases[i].lossless,
                                     .quality = 90, .max_bytes = cases[i].budget);
        ph_free(encoded(f, &o, &len, &info));
        if (len > cases[i].budget || (info.width < W) != cases[i].scales ||
            (i > 0 && len < cases[i].budget / 2))
            fail_msg("case %zu: %zu bytes, %dx%d at %d", i, len, info.width, info.height,
                     info.quality);
        bool lossy = cases[i].format != PH_IMAGE_PNG && !cases[i].lossless;
        assert_true(lossy == (info.quality >= 40 && info.quality <= 90));
        if (lossy && cases[i].scales)
            assert_int_equal(info.quality, 40);
    }
    refused(f, OPTIONS(.format = PH_IMAGE_JPEG, .max_bytes = 500),
            "the JPEG does not fit into 500 bytes: at 64x40 pixels it still has ");
    refused(f, OPTIONS(.max_bytes = 100), "the PNG does not fit into 100 bytes: at 64x40 pixels");
    refused(f, OPTIONS(.max_bytes = 10, .region = {0, 0, 3, 3}),
            "the PNG does not fit into 10 bytes: at 3x3 pixels");
    ph_frame_unref(f);
}

/* ---- the pointer ---- */

enum { POINTER_W = 3, POINTER_H = 2 };

/* Red, half a white (premultiplied), nothing; green, nothing, blue. */
static const uint32_t pointer[] = {0xffff0000, 0x80808080, 0, 0xff00ff00, 0, 0xff0000ff};

/* A premultiplied pixel over an opaque one, channel by channel. */
static uint32_t over(uint32_t top, uint32_t under)
{
    uint32_t result = 0xff000000, rest = 255 - (top >> 24);
    for (int shift = 0; shift < 24; shift += 8)
        result |= ((top >> shift & 0xff) + ((under >> shift & 0xff) * rest + 127) / 255) << shift;
    return result;
}

/* Wherever its hot spot is, also outside: each pixel of the region is the desktop's or the
 * pointer's over it. */
static void the_pointer_is_drawn_where_it_is(void **state)
{
    enum { W = 12, H = 9 };
    static const ph_rect regions[] = {{0, 0, W, H}, {3, 2, 5, 4}, {4, 4, 1, 1}};
    uint32_t desktop[W * H];
    (void)state;
    for (uint32_t i = 0; i < W * H; i++)
        desktop[i] = 0xff000000 | i * 0x020101;
    for (int y = -4; y < H + 4; y++)
        for (int x = -4; x < W + 4; x++)
            for (size_t i = 0; i < COUNT(regions); i++) {
                const ph_rect *r = &regions[i];
                struct image_view view = {desktop + r->y * W + r->x, W, (uint32_t)r->width,
                                          (uint32_t)r->height};
                ph_cursor_info info = {sizeof info, 1, x, y, POINTER_W, POINTER_H, 1, 1, pointer};
                uint32_t *drawn;
                bool any = false;
                assert_int_equal(image_pointer(&view, r, &info, &drawn, NULL), PH_OK);
                for (int p = 0; p < r->width * r->height; p++) {
                    int px = r->x + p % r->width - (x - 1), py = r->y + p / r->width - (y - 1);
                    bool in = px >= 0 && py >= 0 && px < POINTER_W && py < POINTER_H;
                    any = any || in;
                    uint32_t under = desktop[(r->y + p / r->width) * W + r->x + p % r->width];
                    if (drawn != NULL)
                        assert_int_equal(drawn[p],
                                         in ? over(pointer[py * POINTER_W + px], under) : under);
                }
                assert_int_equal(drawn != NULL, any);
                free(drawn);
            }
    for (uint32_t i = 0; i < W * H; i++)
        assert_int_equal(desktop[i], 0xff000000 | i * 0x020101);
}

static void an_unknown_pointer_is_not_drawn(void **state)
{
    uint32_t pixel = 0xff123456, *drawn = &pixel;
    const ph_rect region = {0, 0, 1, 1};
    const struct image_view view = {&pixel, 1, 1, 1};
    const ph_cursor_info cases[] = {
        {sizeof cases[0], 0, 0, 0, POINTER_W, POINTER_H, 0, 0, pointer}, /* its place */
        {sizeof cases[0], 1, 0, 0, 0, 0, 0, 0, NULL},                    /* its shape */
        {sizeof cases[0], 1, 65535, 65535, POINTER_W, POINTER_H, -65535, -65535, pointer},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(image_pointer(&view, &region, &cases[i], &drawn, NULL), PH_OK);
        assert_null(drawn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_region_is_cut_out),
        cmocka_unit_test(sizes_keep_to_their_limits),
        cmocka_unit_test(every_size_keeps_to_its_limits),
        cmocka_unit_test(one_colour_stays_as_it_is),
        cmocka_unit_test(brightness_is_kept),
        cmocka_unit_test(fine_lines_become_grey),
        cmocka_unit_test(things_stay_where_they_are),
        cmocka_unit_test(frames_are_scaled),
        cmocka_unit_test(pixels_lead_back_to_the_desktop),
        cmocka_unit_test(every_pixel_leads_into_the_region),
        cmocka_unit_test(files_keep_to_their_budget),
        cmocka_unit_test(the_pointer_is_drawn_where_it_is),
        cmocka_unit_test(an_unknown_pointer_is_not_drawn),
    };
    return cmocka_run_group_tests_name("image encode", tests, NULL, NULL);
}
