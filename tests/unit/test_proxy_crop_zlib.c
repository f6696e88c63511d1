/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer's zlib streams over several connections to the server: inflated here, they are one. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "proxy/crop_zlib.h"
#include "rfb/err.h"
#include "rfb/proto.h"

static const struct rfb_pixel_format format = {.bits_per_pixel = 32,
                                               .depth = 24,
                                               .true_colour = true,
                                               .red_max = 255,
                                               .green_max = 255,
                                               .blue_max = 255};

/* How the encodings put a stream's bytes into a body; Tight: a control byte, perhaps filter and
 * palette, a compact length. */
static const struct {
    int32_t encoding;
    const uint8_t *before;
    size_t before_len;
    uint16_t w, h;
} cases[] = {
    {RFB_ENC_ZRLE, NULL, 0, 64, 64},
    {RFB_ENC_ZLIB, NULL, 0, 64, 64},
    {RFB_ENC_TIGHT, (const uint8_t[]){0x20}, 1, 64, 64},
    {RFB_ENC_TIGHT, (const uint8_t[]){0x50, 2}, 2, 64, 64},
    {RFB_ENC_TIGHT, (const uint8_t[]){0x70, 1, 1, 1, 2, 3, 4, 5, 6}, 9, 100, 64},
};

static size_t put_body(size_t i, const uint8_t *data, size_t n, uint8_t *body)
{
    size_t at = cases[i].before_len;
    if (at == 0) {
        rfb_set_u32(body, (uint32_t)n);
        at = 4;
    } else {
        memcpy(body, cases[i].before, at);
        body[at++] = (uint8_t)((n & 0x7f) | (n >= 128 ? 0x80 : 0));
        if (n >= 128)
            body[at++] = (uint8_t)(((n >> 7) & 0x7f) | (n >= 16384 ? 0x80 : 0));
        if (n >= 16384)
            body[at++] = (uint8_t)(n >> 14);
    }
    memcpy(body + at, data, n);
    return at + n;
}

/* Where the stream's bytes are in a body. */
static const uint8_t *find_data(size_t i, const uint8_t *body, size_t len, size_t *n)
{
    size_t at = cases[i].before_len;
    if (at == 0) {
        *n = rfb_get_u32(body);
        at = 4;
    } else {
        assert_memory_equal(body, cases[i].before, at);
        *n = body[at] & 0x7f;
        if (body[at++] & 0x80) {
            *n |= (body[at] & 0x7fu) << 7;
            if (body[at++] & 0x80)
                *n |= (size_t)body[at++] << 14;
        }
    }
    assert_int_equal(at + *n, len);
    return body + at;
}

/* Lengths whose stripped form takes fewer bytes in Tight's length are among them. */
static void goes_on_over_connections(void **state)
{
    static const size_t sizes[] = {100, 1, 129, 119, 30000, 16385, 16374};
    enum { MAX = 40000 };
    uint8_t *plain = malloc(MAX), *packed = malloc(MAX), *body = malloc(MAX), *got = malloc(MAX);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct crop_zlib z = {0};
        const struct rfb_rect_head head = {{0, 0, cases[i].w, cases[i].h}, cases[i].encoding};
        z_stream in = {0};
        assert_int_equal(inflateInit(&in), Z_OK);
        for (size_t k = 0; k < COUNT(sizes); k++) {
            z_stream out = {0};
            crop_zlib_reconnect(&z);
            assert_int_equal(deflateInit(&out, 6), Z_OK);
            for (int again = 0; again < 2; again++) {
                size_t n;
                for (size_t b = 0; b < sizes[k]; b++)
                    plain[b] = (uint8_t)rand();
                out.next_in = plain;
                out.avail_in = (unsigned)sizes[k];
                out.next_out = packed;
                out.avail_out = MAX;
                assert_int_equal(deflate(&out, Z_SYNC_FLUSH), Z_OK);
                n = put_body(i, packed, MAX - out.avail_out, body);
                assert_int_equal(crop_zlib_continue(&z, &head, &format, body, &n), RFB_OK);
                in.next_in = (uint8_t *)(uintptr_t)find_data(i, body, n, &n);
                in.avail_in = (unsigned)n;
                in.next_out = got;
                in.avail_out = MAX;
                assert_int_equal(inflate(&in, Z_SYNC_FLUSH), Z_OK);
                assert_int_equal(MAX - in.avail_out, sizes[k]);
                assert_memory_equal(got, plain, sizes[k]);
            }
            deflateEnd(&out);
        }
        inflateEnd(&in);
    }
    free(plain);
    free(packed);
    free(body);
    free(got);
}

static void takes_streams_that_can_go_on(void **state)
{
    static const struct {
        int32_t encoding;
        uint8_t body[16];
        size_t len;
        int wanted;
    } bodies[] = {
        {RFB_ENC_ZRLE, {0, 0, 0, 3, 0x78, 0x9c, 1}, 7, RFB_OK},
        {RFB_ENC_ZRLE, {0, 0, 0, 0}, 4, RFB_OK},                    /* nothing has begun */
        {RFB_ENC_ZRLE, {0, 0, 0, 1, 0x78}, 5, RFB_E_INVALID},       /* half a header */
        {RFB_ENC_ZRLE, {0, 0, 0, 2, 0x78, 0x9d}, 6, RFB_E_INVALID}, /* its check is wrong */
        {RFB_ENC_ZRLE, {0, 0, 0, 2, 0x79, 0x9a}, 6, RFB_E_INVALID}, /* another method */
        {RFB_ENC_ZRLE, {0, 0, 0, 2, 0x78, 0xbb}, 6, RFB_E_INVALID}, /* a dictionary */
        {RFB_ENC_ZRLE, {0, 0, 0, 2, 0x58, 0x85}, 6, RFB_E_INVALID}, /* another window */
        {RFB_ENC_ZRLE, {0, 0}, 2, RFB_E_INVALID},
        {RFB_ENC_TIGHT, {0x80, 1, 2, 3}, 4, RFB_OK},     /* fill */
        {RFB_ENC_TIGHT, {0x90, 2, 1, 2}, 4, RFB_OK},     /* JPEG */
        {RFB_ENC_TIGHT, {0x00, 0x80}, 2, RFB_E_INVALID}, /* half a length */
        {RFB_ENC_TIGHT, {0}, 0, RFB_E_INVALID},
        {RFB_ENC_RAW, {1, 2}, 2, RFB_OK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct crop_zlib z = {.viewer = {[4] = true}, .method = {[4] = 0x78}};
        const struct rfb_rect_head head = {{0, 0, 64, 64}, bodies[i].encoding};
        uint8_t body[16];
        size_t len = bodies[i].len;
        memcpy(body, bodies[i].body, sizeof body);
        int rc = crop_zlib_continue(&z, &head, &format, body, &len);
        if (rc != bodies[i].wanted)
            fail_msg("case %zu: %d", i, rc);
    }
}

/* A server that resets its streams by Tight's own means: so does the viewer, with a header. */
static void follows_resets(void **state)
{
    static const uint8_t reset[] = {0x01, 3, 0x78, 0x9c, 1};
    uint8_t body[sizeof reset];
    size_t len = sizeof body;
    struct crop_zlib z = {.viewer = {true}, .method = {0x78}};
    const struct rfb_rect_head head = {{0, 0, 64, 64}, RFB_ENC_TIGHT};
    (void)state;
    memcpy(body, reset, sizeof body);
    assert_int_equal(crop_zlib_continue(&z, &head, &format, body, &len), RFB_OK);
    assert_int_equal(len, sizeof reset);
    assert_memory_equal(body, reset, sizeof reset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_over_connections),
        cmocka_unit_test(takes_streams_that_can_go_on),
        cmocka_unit_test(follows_resets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
