/* SPDX-License-Identifier: GPL-2.0-or-later
 * Rectangles to pixels, without a server: RRE in pieces of any length, and JPEG inside Tight. */
#include <stdlib.h>
#include <string.h>

#include "client/decoder.h"
#include "image/image.h"
#include "rfb/proto.h"
#include "unit.h"

enum { W = 40, H = 30 };

/* ---- RRE, CoRRE ---- */

struct body {
    uint8_t bytes[8 + 12 * 200];
    size_t n;
};

static void put(struct body *b, const void *bytes, size_t n)
{
    memcpy(b->bytes + b->n, bytes, n);
    b->n += n;
}

/* A random body for r, and what it paints. */
static void make(struct body *b, int32_t encoding, struct rfb_rect r, uint32_t *pixels,
                 unsigned *seed)
{
    uint32_t count = (uint32_t)rand_r(seed) % 30, colour = (uint32_t)rand_r(seed);
    uint8_t number[4];
    b->n = 0;
    rfb_set_u32(number, count);
    put(b, number, 4);
    put(b, &colour, 4);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            pixels[y * W + x] = colour | 0xff000000;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t x = (uint16_t)(rand_r(seed) % r.w), y = (uint16_t)(rand_r(seed) % r.h);
        uint16_t w = (uint16_t)(rand_r(seed) % (r.w - x) + 1) % 9;
        uint16_t h = (uint16_t)(rand_r(seed) % (r.h - y) + 1) % 9;
        uint8_t wide[8], narrow[4] = {(uint8_t)x, (uint8_t)y, (uint8_t)w, (uint8_t)h};
        rfb_set_u16(wide, x);
        rfb_set_u16(wide + 2, y);
        rfb_set_u16(wide + 4, w);
        rfb_set_u16(wide + 6, h);
        colour = (uint32_t)rand_r(seed);
        put(b, &colour, 4);
        if (encoding == RFB_ENC_RRE)
            put(b, wide, 8);
        else
            put(b, narrow, 4);
        for (int j = 0; j < h; j++)
            for (int k = 0; k < w; k++)
                pixels[(r.y + y + j) * W + r.x + x + k] = colour | 0xff000000;
    }
}

static void rre_is_painted_as_it_comes(void **state)
{
    static uint32_t expected[W * H], pixels[W * H];
    (void)state;
    struct decoder *d = decoder_create(false);
    unsigned seed = 20264;
    decoder_target(d, pixels, W, H);
    for (int round = 0; round < 500; round++) {
        struct body b;
        struct rfb_rect_head head = {.encoding = round % 2 ? RFB_ENC_RRE : RFB_ENC_CORRE};
        head.r.x = (uint16_t)(rand_r(&seed) % W);
        head.r.y = (uint16_t)(rand_r(&seed) % H);
        head.r.w = (uint16_t)(rand_r(&seed) % (W - head.r.x) + 1);
        head.r.h = (uint16_t)(rand_r(&seed) % (H - head.r.y) + 1);
        make(&b, head.encoding, head.r, expected, &seed);
        assert_true(decoder_takes_pieces(head.encoding));
        for (size_t done = 0, n; done < b.n; done += n) {
            n = (size_t)rand_r(&seed) % 20 + 1;
            n = n < b.n - done ? n : b.n - done;
            assert_int_equal(decoder_piece(d, &head, done, b.bytes + done, n, NULL), PH_OK);
        }
        assert_memory_equal(pixels, expected, sizeof pixels);
    }
    decoder_destroy(d);
}

/* ---- JPEG inside Tight ---- */

/* A Tight rectangle of JPEG, with its header and room in front: NULL-free, for free. */
static uint8_t *tight_jpeg(struct rfb_rect_head *head, int width, int height, size_t cut,
                           size_t *len)
{
    uint32_t *pixels = calloc((size_t)width * (size_t)height, sizeof *pixels);
    for (int i = 0; i < width * height; i++)
        pixels[i] = 0xff4080c0;
    const struct image_view view = {pixels, (size_t)width, (uint32_t)width, (uint32_t)height};
    uint8_t *file;
    size_t n;
    assert_int_equal(image_jpeg(&view, 90, &file, &n, NULL), PH_OK);
    free(pixels);
    n -= cut;
    uint8_t *wire = malloc(DECODER_SLACK + DECODER_HEADER + 4 + n), *p = wire + DECODER_SLACK;
    rfb_msg_set_rect_head(p, head);
    p += DECODER_HEADER;
    *p++ = 0x90; /* JPEG, and a length of three times seven bits */
    *p++ = (uint8_t)(0x80 | (n & 0x7f));
    *p++ = (uint8_t)(0x80 | (n >> 7 & 0x7f));
    *p++ = (uint8_t)(n >> 14);
    memcpy(p, file, n);
    free(file);
    *len = (size_t)(p - wire) - DECODER_SLACK + n;
    return wire;
}

static int decode_jpeg(bool allowed, int width, int height, size_t cut, uint32_t *pixels,
                       ph_error *error)
{
    struct rfb_rect_head head = {{3, 2, 16, 24}, RFB_ENC_TIGHT};
    size_t len;
    struct decoder *d = decoder_create(allowed);
    decoder_target(d, pixels, W, H);
    uint8_t *wire = tight_jpeg(&head, width, height, cut, &len);
    int rc = decoder_rect(d, &head, wire + DECODER_SLACK, len, error);
    free(wire);
    decoder_destroy(d);
    return rc;
}

static void jpeg_is_decoded_where_it_was_asked_for(void **state)
{
    static uint32_t pixels[W * H];
    (void)state;
    ph_error e;
    assert_int_equal(decode_jpeg(false, 16, 24, 0, pixels, &e), PH_E_PROTOCOL);
    assert_non_null(strstr(e.message, "JPEG, which was not asked for"));
    assert_int_equal(decode_jpeg(true, 16, 24, 0, pixels, &e), PH_OK);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint32_t p = pixels[y * W + x];
            if (x < 3 || x >= 19 || y < 2 || y >= 26) {
                assert_int_equal(p, 0);
                continue;
            }
            assert_int_equal(p >> 24, 0xff);
            assert_in_range(p >> 16 & 0xff, 0x40 - 4, 0x40 + 4);
            assert_in_range(p >> 8 & 0xff, 0x80 - 4, 0x80 + 4);
            assert_in_range(p & 0xff, 0xc0 - 4, 0xc0 + 4);
        }
}

static void jpeg_of_another_size_or_cut_is_refused(void **state)
{
    static const struct {
        int width, height;
        size_t cut;
    } bad[] = {{17, 24, 0}, {16, 23, 0}, {2000, 2000, 0}, {16, 24, 30}, {16, 24, 300}};
    static uint32_t pixels[W * H];
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        ph_error e;
        assert_int_equal(decode_jpeg(true, bad[i].width, bad[i].height, bad[i].cut, pixels, &e),
                         PH_E_PROTOCOL);
        assert_non_null(strstr(e.message, "its JPEG is damaged or of another size"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rre_is_painted_as_it_comes),
        cmocka_unit_test(jpeg_is_decoded_where_it_was_asked_for),
        cmocka_unit_test(jpeg_of_another_size_or_cut_is_refused),
    };
    return cmocka_run_group_tests_name("client_decoder", tests, NULL, NULL);
}
