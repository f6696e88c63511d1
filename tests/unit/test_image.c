/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pictures to files and back. PNG is written by our own code and read by libpng; the others are
 * written and read by their libraries. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "picture.h"
#include "unit.h"

/* The size of a picture, and how far apart its rows are. */
static const struct {
    uint32_t width, height, stride;
} sizes[] = {
    {1, 1, 1}, {1, 7, 3}, {5, 3, 5}, {17, 16, 17}, {640, 11, 700}, {16383, 1, 16383}, {1, 16383, 2},
};

/* Decibels; the alpha's byte does not count. */
static double psnr(const uint32_t *a, const struct image_view *b)
{
    double sum = 0;
    for (uint32_t y = 0; y < b->height; y++)
        for (uint32_t x = 0; x < b->width; x++)
            for (int shift = 0; shift < 24; shift += 8) {
                int p = (int)(a[y * b->width + x] >> shift & 0xff);
                int q = (int)(b->pixels[y * b->stride + x] >> shift & 0xff);
                sum += (p - q) * (p - q);
            }
    return sum == 0 ? INFINITY : 10 * log10(255.0 * 255 * 3 * b->width * b->height / sum);
}

/* Writes and reads back: how close it came. */
static double there_and_back(image_writer *write, int quality, const struct image_view *view)
{
    ph_error error;
    uint8_t *file;
    uint32_t *back;
    size_t len;
    int width, height;
    assert_int_equal(write(view, quality, &file, &len, &error), PH_OK);
    if (ph_image_decode(file, len, &back, &width, &height, &error) != PH_OK)
        fail_msg("%ux%u: %s", view->width, view->height, error.message);
    assert_int_equal(width, view->width);
    assert_int_equal(height, view->height);
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        assert_int_equal(back[i] >> 24, 0xff);
    double close = psnr(back, view);
    ph_free(back);
    ph_free(file);
    return close;
}

static void lossless_is_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint32_t *pixels = picture_noise(sizes[i].stride, sizes[i].height);
        struct image_view view = {pixels, sizes[i].stride, sizes[i].width, sizes[i].height};
        assert_true(isinf(there_and_back(image_png, 0, &view)));
        assert_true(isinf(there_and_back(image_webp, 0, &view)));
        free(pixels);
    }
}

/* What a photograph must keep: 38 dB at quality 85 is about 3 of 255 on average. */
static void lossy_is_close(void **state)
{
    static const struct {
        image_writer *write;
        int quality;
        double least;
    } cases[] = {
        {image_jpeg, 85, 38},
        {image_jpeg, 20, 30},
        {image_webp, 85, 38},
        {image_webp, 20, 30},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(sizes); k++) {
            uint32_t *pixels = picture_smooth(sizes[k].stride, sizes[k].height);
            struct image_view view = {pixels, sizes[k].stride, sizes[k].width, sizes[k].height};
            double close = there_and_back(cases[i].write, cases[i].quality, &view);
            if (close < cases[i].least)
                fail_msg("case %zu: %ux%u: %.1f dB", i, view.width, view.height, close);
            free(pixels);
        }
}

/* A decoder of JPEG that paints into a rectangle of somebody else's. */
static void jpeg_goes_into_place(void **state)
{
    enum { W = 40, H = 24, STRIDE = 50 };
    uint32_t *pixels = picture_smooth(W, H), *to = picture_noise(STRIDE, H), *before;
    struct image_view view = {pixels, W, W, H};
    ph_error error;
    uint8_t *file;
    size_t len;
    (void)state;
    before = malloc(STRIDE * H * 4);
    memcpy(before, to, STRIDE * H * 4);
    assert_int_equal(image_jpeg(&view, 95, &file, &len, &error), PH_OK);
    assert_int_equal(image_jpeg_into(file, len, to + 5, STRIDE, W, H, &error), PH_OK);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < STRIDE; x++)
            if (x < 5 || x >= 5 + W)
                assert_int_equal(to[y * STRIDE + x], before[y * STRIDE + x]);
    assert_true(psnr((uint32_t[1]){to[5]}, &(struct image_view){pixels, 1, 1, 1}) > 25);
    assert_int_equal(image_jpeg_into(file, len, to, STRIDE, W, H - 1, &error), PH_E_ARGUMENT);
    assert_string_equal(error.message, "the JPEG is 40x24, not 40x23");
    free(file);
    free(before);
    free(to);
    free(pixels);
}

/* ---- reading ---- */

static void refused(const uint8_t *bytes, size_t len, const char *what)
{
    uint32_t *pixels = (uint32_t *)bytes;
    int width = -1, height = -1;
    ph_error error = {0};
    int rc = ph_image_decode(bytes, len, &pixels, &width, &height, &error);
    if (rc != PH_E_ARGUMENT || strstr(error.message, what) == NULL)
        fail_msg("%zu bytes: %d, '%s', not '%s'", len, rc, error.message, what);
    assert_null(pixels);
}

/* Wherever a file is cut, it is refused; a PNG may go without its last, empty chunk. */
static void a_cut_file_is_refused(void **state)
{
    static image_writer *const writers[] = {image_png, image_jpeg, image_webp, image_webp};
    uint32_t *pixels = picture_noise(9, 7);
    struct image_view view = {pixels, 9, 9, 7};
    (void)state;
    for (size_t i = 0; i < COUNT(writers); i++) {
        uint8_t *file;
        size_t len;
        assert_int_equal(writers[i](&view, i == 3 ? 0 : 80, &file, &len, NULL), PH_OK);
        for (size_t n = 0; n < (i == 0 ? len - 12 : len); n++) {
            uint8_t *part = malloc(n + 1); /* of its own, for the sanitizer */
            memcpy(part, file, n);
            refused(part, n, n < 12 ? "" : "cannot read the ");
            free(part);
        }
        ph_free(file);
    }
    free(pixels);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    refused((const uint8_t *)"GIF89a, as it were", 18, "the file is no PNG, JPEG or WebP");
    refused((const uint8_t *)"", 0, "the file is no PNG, JPEG or WebP");
}

static void set_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Sizes that a few bytes claim. */
static void what_is_too_large_is_refused(void **state)
{
    static const uint8_t jpeg_head[] = {
        0xff, 0xd8, 0xff, 0xc0, 0,    17, 8,  0xff, 0xdc, 0xff, 0xdc, 3, 1, 0x22, 0, 2,  0x11, 1,
        3,    0x11, 1,    0xff, 0xda, 0,  12, 3,    1,    0,    2,    0, 3, 0,    0, 63, 0,
    };
    static const uint8_t webp[] = {
        'R', 'I', 'F', 'F',  26,   0,    0,    0,    'W', 'E', 'B', 'P', 'V', 'P', '8', 'L', 13,
        0,   0,   0,   0x2f, 0xfe, 0xbf, 0xff, 0x0f, 0,   0,   0,   0,   0,   0,   0,   0,   0,
    };
    uint32_t pixel = 0xff123456;
    struct image_view view = {&pixel, 1, 1, 1};
    uint8_t *png;
    size_t len;
    (void)state;
    refused(jpeg_head, sizeof jpeg_head, "the JPEG of 65500x65500 is too large");
    refused(webp, sizeof webp, "the WebP of 16383x16383 is too large");
    assert_int_equal(image_png(&view, 0, &png, &len, NULL), PH_OK);
    static const struct {
        uint32_t width, height;
        const char *what;
    } cases[] = {
        {16385, 1, "the PNG of 16385x1 is too large"},
        {8193, 8192, "the PNG of 8193x8192 is too large"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        set_u32(png + 16, cases[i].width);
        set_u32(png + 20, cases[i].height);
        set_u32(png + 29, picture_crc32(png + 12, 17));
        refused(png, len, cases[i].what);
    }
    ph_free(png);
}

/* Grey, palette, alpha: what other programs write. */
static void other_kinds_of_png(void **state)
{
    /* 2x1, 8-bit grey with alpha: 0x80 at 0x40, 0xff at 0xff */
    static const uint8_t raw[] = {0, 0x80, 0x40, 0xff, 0xff};
    uint8_t *file;
    size_t len = picture_png(2, 1, 8, 4, raw, sizeof raw, &file);
    uint32_t *pixels;
    int width, height;
    (void)state;
    assert_int_equal(ph_image_decode(file, len, &pixels, &width, &height, NULL), PH_OK);
    assert_int_equal(width, 2);
    assert_int_equal(height, 1);
    assert_int_equal(pixels[0], 0x40808080);
    assert_int_equal(pixels[1], 0xffffffff);
    ph_free(pixels);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_is_exact),       cmocka_unit_test(lossy_is_close),
        cmocka_unit_test(jpeg_goes_into_place),    cmocka_unit_test(a_cut_file_is_refused),
        cmocka_unit_test(other_files_are_refused), cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(other_kinds_of_png),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
