/* SPDX-License-Identifier: GPL-2.0-or-later
 * PNG and JPEG, read back by decoders that are not ours. */
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <zlib.h>

#include "image/image.h"
#include "unit.h"

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A chunk of this type at at, its checksum looked at; *data and *n are its contents. */
static const uint8_t *chunk(const uint8_t *at, const char *type, const uint8_t **data, size_t *n)
{
    *n = be32(at);
    *data = at + 8;
    assert_memory_equal(at + 4, type, 4);
    assert_int_equal(be32(at + 8 + *n), crc32(crc32(0, NULL, 0), at + 4, (uInt)*n + 4));
    return at + 12 + *n;
}

static uint32_t *picture(uint32_t stride, uint32_t height)
{
    uint32_t *pixels = malloc((size_t)stride * height * 4);
    unsigned seed = 99;
    assert_non_null(pixels);
    for (size_t i = 0; i < (size_t)stride * height; i++)
        pixels[i] = 0xff000000 | (uint32_t)rand_r(&seed) % 0x1000000;
    return pixels;
}

/* Every pixel comes back through zlib, with the Sub filter undone. */
static void png_is_lossless(void **state)
{
    static const struct {
        uint32_t width, height, stride;
    } cases[] = {{1, 1, 1}, {1, 7, 3}, {5, 3, 5}, {640, 11, 700}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t w = cases[i].width, h = cases[i].height, stride = cases[i].stride;
        uint32_t *pixels = picture(stride, h);
        struct image_view view = {pixels, stride, w, h};
        uint8_t *file;
        size_t len, n;
        const uint8_t *data;
        assert_int_equal(image_png(&view, &file, &len, NULL), PH_OK);
        assert_memory_equal(file, "\x89PNG\r\n\x1a\n", 8);
        const uint8_t *at = chunk(file + 8, "IHDR", &data, &n);
        assert_int_equal(n, 13);
        assert_int_equal(be32(data), w);
        assert_int_equal(be32(data + 4), h);
        assert_memory_equal(data + 8, "\x8\2\0\0\0", 5);
        at = chunk(at, "IDAT", &data, &n);
        uLongf size = (1 + (uLongf)w * 3) * h, got = size;
        uint8_t *rows = malloc(size);
        assert_int_equal(uncompress(rows, &got, data, n), Z_OK);
        assert_int_equal(got, size);
        at = chunk(at, "IEND", &data, &n);
        assert_ptr_equal(at, file + len);
        for (uint32_t y = 0; y < h; y++) {
            uint8_t *row = rows + y * (1 + (size_t)w * 3), left[3] = {0, 0, 0};
            assert_int_equal(row[0], 1);
            for (uint32_t x = 0; x < w; x++) {
                for (int c = 0; c < 3; c++)
                    left[c] = (uint8_t)(left[c] + row[1 + x * 3 + (uint32_t)c]);
                uint32_t rgb = (uint32_t)left[0] << 16 | (uint32_t)left[1] << 8 | left[2];
                assert_int_equal(0xff000000 | rgb, pixels[y * stride + x]);
            }
        }
        free(rows);
        free(file);
        free(pixels);
    }
}

static void jpeg_looks_alike(void **state)
{
    (void)state;
    enum { W = 64, H = 48, STRIDE = 70 };
    uint32_t pixels[STRIDE * H];
    for (uint32_t i = 0; i < STRIDE * H; i++) /* red from left to right, blue from top to bottom */
        pixels[i] = 0xff000000 | (i % STRIDE * 3) << 16 | 0x4000 | (i / STRIDE * 4);
    struct image_view view = {pixels, STRIDE, W, H};
    uint8_t *file, *back = malloc(W * H * 4);
    size_t len;
    assert_int_equal(image_jpeg(&view, 95, &file, &len, NULL), PH_OK);
    tjhandle tj = tjInitDecompress();
    int w, h, subsampling, colours;
    assert_int_equal(tjDecompressHeader3(tj, file, len, &w, &h, &subsampling, &colours), 0);
    assert_int_equal(w, W);
    assert_int_equal(h, H);
    assert_int_equal(tjDecompress2(tj, file, len, back, W, 0, H, TJPF_BGRX, 0), 0);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const uint8_t *p = back + (y * W + x) * 4;
            const uint8_t *q = (const uint8_t *)&pixels[y * STRIDE + x];
            for (int c = 0; c < 3; c++)
                assert_in_range(p[c] + 256, q[c] + 256 - 16, q[c] + 256 + 16);
        }
    tjDestroy(tj);
    free(back);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_is_lossless),
        cmocka_unit_test(jpeg_looks_alike),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
