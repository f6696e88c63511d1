/* SPDX-License-Identifier: GPL-2.0-or-later
 * How long a body is: each encoding with bodies written by hand from its document. A good body's
 * length is found to the byte however it is cut, each proper beginning of it asks for more, and
 * what an encoder cannot have meant is refused at the byte that shows it. */
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "hex.h"
#include "rfb/err.h"
#include "rfb/skim.h"
#include "unit.h"

static const struct rfb_pixel_format format32 = {32, 24, false, true, 255, 255, 255, 16, 8, 0};
static const struct rfb_pixel_format deep32 = {32, 32, false, true, 255, 255, 255, 24, 12, 0};
static const struct rfb_pixel_format format16 = {16, 16, false, true, 31, 63, 31, 11, 5, 0};
static const struct rfb_pixel_format format8 = {8, 8, false, true, 7, 7, 3, 0, 3, 6};

/* rc 1: body is a whole one. Otherwise its last byte brings the error. */
struct skim_case {
    int32_t encoding;
    uint16_t w, h;
    const struct rfb_pixel_format *format;
    const char *body;
    int rc;
};

static void check(size_t i, const struct skim_case *c, const struct hex *in, size_t len, int rc,
                  size_t ends, struct feed_split split)
{
    const struct rfb_encoding *encoding = rfb_encoding_find(c->encoding);
    struct rfb_skim s;
    size_t taken;
    assert_non_null(encoding);
    rfb_skim_begin(&s, encoding->step, (struct rfb_rect){7, 9, c->w, c->h}, c->format);
    int answer = feed_skim(&s, in->bytes, len, split, &taken);
    if (answer != rc || taken != ends)
        fail_msg(
            "case %zu, %s %ux%u \"%.100s\", %zu bytes: answered %d after %zu, not %d after %zu%s%s",
            i, encoding->name, c->w, c->h, c->body, len, answer, taken, rc, ends,
            s.why != NULL ? ": " : "", s.why != NULL ? s.why : "");
}

static void run_all(const struct skim_case *cases, size_t n)
{
    static const struct feed_split whole = {.kind = FEED_WHOLE}, bytes = {.kind = FEED_BYTES};
    for (size_t i = 0; i < n; i++) {
        const struct skim_case *c = &cases[i];
        char text[2000];
        snprintf(text, sizeof text, "%s 01 80 ff ff ff ff", c->body);
        struct hex in = hex_parse(text);
        size_t end = in.n - 6;
        check(i, c, &in, in.n, c->rc, end, whole);
        check(i, c, &in, end, c->rc, end, whole);
        if (end < 200000) /* megabytes go in larger pieces */
            check(i, c, &in, in.n, c->rc, end, bytes);
        for (uint64_t seed = 1; seed <= 20; seed++)
            check(i, c, &in, in.n, c->rc, end, (struct feed_split){FEED_RANDOM, seed});
        for (size_t len = 0; len < end; len += len < 3000 ? 1 : 997)
            check(i, c, &in, len, 0, len, whole);
        hex_finish(&in);
    }
}
#define RUN(cases)                                                                                 \
    do {                                                                                           \
        (void)state;                                                                               \
        run_all(cases, COUNT(cases));                                                              \
    } while (0)

enum { GOOD = 1, INVALID = RFB_E_INVALID, TOO_LARGE = RFB_E_TOO_LARGE };

static void raw(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_RAW, 3, 2, &format32, "aa*24", GOOD},
        {RFB_ENC_RAW, 3, 2, &deep32, "aa*24", GOOD},
        {RFB_ENC_RAW, 3, 2, &format16, "aa*12", GOOD},
        {RFB_ENC_RAW, 3, 2, &format8, "aa*6", GOOD},
        {RFB_ENC_RAW, 0, 2, &format32, "", GOOD},
        {RFB_ENC_RAW, 2, 0, &format32, "", GOOD},
        {RFB_ENC_RAW, 100, 50, &format32, "aa*20000", GOOD},
    };
    RUN(cases);
}

static void copyrect(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_COPYRECT, 3, 2, &format32, "00010002", GOOD},
        {RFB_ENC_COPYRECT, 300, 200, &format8, "ffffffff", GOOD},
        {RFB_ENC_COPYRECT, 0, 0, &format32, "00010002", GOOD},
    };
    RUN(cases);
}

/* Count, background, and for each subrectangle a pixel and four U16 (CoRRE: four U8). */
static void rre(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_RRE, 9, 9, &format32, "00000000 aabbcc00", GOOD},
        {RFB_ENC_RRE, 9, 9, &format16, "00000000 aabb", GOOD},
        {RFB_ENC_RRE, 9, 9, &format8, "00000000 aa", GOOD},
        {RFB_ENC_RRE, 9, 9, &format32, "00000002 aabbcc00 11*4 22*8 33*4 44*8", GOOD},
        {RFB_ENC_RRE, 9, 9, &format16, "00000002 aabb 11*2 22*8 33*2 44*8", GOOD},
        {RFB_ENC_RRE, 9, 9, &format8, "00000002 aa 11 22*8 33 44*8", GOOD},
        {RFB_ENC_RRE, 2, 3, &format8, "00000006 aa 11*54", GOOD}, /* each pixel its own */
        {RFB_ENC_RRE, 2, 3, &format8, "00000007", INVALID},
        {RFB_ENC_RRE, 65535, 65535, &format8, "ffffffff", INVALID},
        {RFB_ENC_RRE, 0, 3, &format8, "00000000 aa", GOOD},
        {RFB_ENC_RRE, 0, 3, &format8, "00000001", INVALID},
        {RFB_ENC_CORRE, 9, 9, &format32, "00000000 aabbcc00", GOOD},
        {RFB_ENC_CORRE, 9, 9, &format32, "00000002 aabbcc00 11*4 22*4 33*4 44*4", GOOD},
        {RFB_ENC_CORRE, 9, 9, &format16, "00000002 aabb 11*2 22*4 33*2 44*4", GOOD},
        {RFB_ENC_CORRE, 9, 9, &format8, "00000002 aa 11 22*4 33 44*4", GOOD},
        {RFB_ENC_CORRE, 2, 3, &format8, "00000007", INVALID},
    };
    RUN(cases);
}

/* Flags: 1 raw, 2 background, 4 foreground, 8 subrectangles, 16 these are coloured. */
static void hextile(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_HEXTILE, 16, 16, &format32, "00", INVALID},
        {RFB_ENC_HEXTILE, 16, 16, &format32, "01 aa*1024", GOOD},
        {RFB_ENC_HEXTILE, 16, 16, &format16, "01 aa*512", GOOD},
        {RFB_ENC_HEXTILE, 16, 16, &format8, "01 aa*256", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "01 aa*60", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format8, "1f aa*15", GOOD}, /* raw: the other flags do not count */
        {RFB_ENC_HEXTILE, 5, 3, &format32, "02 aa*4", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format16, "02 aa*2", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format8, "02 aa", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "04", INVALID},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "06 aa*4 bb*4", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "08", INVALID},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "0a aa*4 00", GOOD}, /* a foreground, but no use of it */
        {RFB_ENC_HEXTILE, 5, 3, &format32, "0a aa*4 03", INVALID},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "0e aa*4 bb*4 02 11*4", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "1a aa*4 03 11*18", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format16, "1a aa*2 03 11*12", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format8, "1a aa 03 11*9", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "1a aa*4 ff 11*1530", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "1e aa*4 bb*4 01 11*6", GOOD},
        {RFB_ENC_HEXTILE, 5, 3, &format32, "12 aa*4", GOOD}, /* coloured, but none */
        {RFB_ENC_HEXTILE, 5, 3, &format32, "e2 aa*4", GOOD}, /* flags without a meaning */
        {RFB_ENC_HEXTILE, 0, 3, &format32, "", GOOD},
        {RFB_ENC_HEXTILE, 3, 0, &format32, "", GOOD},
        /* 3 x 2 tiles, the last ones 1 wide and 4 high */
        {RFB_ENC_HEXTILE, 33, 20, &format8,
         "01 aa*256 01 aa*256 01 aa*16 01 aa*64 01 aa*64 01 aa*4", GOOD},
        {RFB_ENC_HEXTILE, 33, 20, &format8, "02 aa 00 00 01 aa*64 18 01 11*3 00", GOOD},
        {RFB_ENC_HEXTILE, 32, 32, &format8, "02 aa 00 00 00", GOOD},
        {RFB_ENC_HEXTILE, 17, 1, &format8, "01 aa*16 01 aa", GOOD},
        /* colours stay from tile to tile, raw ones set none */
        {RFB_ENC_HEXTILE, 33, 1, &format8, "0e aa bb 01 11*2 01 cc*16 08 01 11*2", GOOD},
        {RFB_ENC_HEXTILE, 17, 1, &format8, "01 aa*16 00", INVALID},
        {RFB_ENC_HEXTILE, 17, 1, &format8, "1a aa 01 11*3 08 01", INVALID},
    };
    RUN(cases);
}

/* The limit: twice the pixels' bytes and 64 KB. */
static void zlib_and_zrle(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_ZLIB, 9, 9, &format32, "00000000", GOOD},
        {RFB_ENC_ZLIB, 9, 9, &format32, "00000005 aa*5", GOOD},
        {RFB_ENC_ZLIB, 9, 9, &format8, "00000103 aa*259", GOOD},
        {RFB_ENC_ZLIB, 0, 9, &format32, "00000002 aa*2", GOOD},
        {RFB_ENC_ZLIB, 10, 10, &format32, "00010320 aa*66336", GOOD},
        {RFB_ENC_ZLIB, 10, 10, &format32, "00010321", TOO_LARGE},
        {RFB_ENC_ZLIB, 10, 10, &format16, "00010190 aa*65936", GOOD},
        {RFB_ENC_ZLIB, 10, 10, &format16, "00010191", TOO_LARGE},
        {RFB_ENC_ZLIB, 10, 10, &format8, "000100c9", TOO_LARGE},
        {RFB_ENC_ZLIB, 10, 10, &format8, "ffffffff", TOO_LARGE},
        {RFB_ENC_ZRLE, 9, 9, &format32, "00000005 aa*5", GOOD},
        {RFB_ENC_ZRLE, 10, 10, &format32, "00010320 aa*66336", GOOD},
        {RFB_ENC_ZRLE, 10, 10, &format32, "00010321", TOO_LARGE},
    };
    RUN(cases);
}

static void h264(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_H264, 9, 9, &format32, "00000000 00000001", GOOD},
        {RFB_ENC_H264, 9, 9, &format32, "00000005 00000002 aa*5", GOOD},
        {RFB_ENC_H264, 10, 10, &format8, "00010190 00000000 aa*65936", GOOD},
        {RFB_ENC_H264, 10, 10, &format8, "00010191 00000000", TOO_LARGE},
        {RFB_ENC_H264, 10, 10, &format8, "ffffffff ffffffff", TOO_LARGE},
    };
    RUN(cases);
}

/* Fill and JPEG. TPIXEL: 3 bytes in format32, 4 in deep32. */
static void tight_fill_and_jpeg(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_TIGHT, 9, 9, &format32, "80 aabbcc", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "8f aabbcc", GOOD}, /* with all resets */
        {RFB_ENC_TIGHT, 9, 9, &deep32, "80 aabbcc00", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format16, "80 aabb", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format8, "80 aa", GOOD},
        {RFB_ENC_TIGHT, 4000, 9, &format8, "80 aa", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 01 aa", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "9f 7f aa*127", GOOD},
        {RFB_ENC_TIGHT, 4000, 9, &format32, "90 03 aa*3", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 00", INVALID},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 80 00", INVALID},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 80 80 00", INVALID},
        {RFB_ENC_TIGHT, 9, 9, &format32, "a0", INVALID},
        {RFB_ENC_TIGHT, 9, 9, &format32, "b0", INVALID},
        {RFB_ENC_TIGHT, 9, 9, &format32, "c0", INVALID},
        {RFB_ENC_TIGHT, 9, 9, &format32, "e0", INVALID},
        {RFB_ENC_TIGHT, 9, 9, &format32, "ff", INVALID},
    };
    RUN(cases);
}

/* One to three bytes: seven bits, seven bits, eight bits. */
static void tight_lengths(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 80 01 aa*128", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 83 01 aa*131", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 ff 7f aa*16383", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 80 80 01 aa*16384", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 81 82 03 aa*49409", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 80 80 80 aa*2097152", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "90 ff ff ff aa*4194303", GOOD},
    };
    RUN(cases);
}

static void tight_basic(void **state)
{
    static const struct skim_case cases[] = {
        /* without a filter: below 12 bytes as they are, from there on compressed */
        {RFB_ENC_TIGHT, 1, 1, &format32, "00 aabbcc", GOOD},
        {RFB_ENC_TIGHT, 3, 1, &format32, "00 aa*9", GOOD},
        {RFB_ENC_TIGHT, 4, 1, &format32, "00 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 2, 1, &deep32, "00 aa*8", GOOD},
        {RFB_ENC_TIGHT, 3, 1, &deep32, "00 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 5, 1, &format16, "00 aa*10", GOOD},
        {RFB_ENC_TIGHT, 3, 2, &format16, "00 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 11, 1, &format8, "00 aa*11", GOOD},
        {RFB_ENC_TIGHT, 12, 1, &format8, "00 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 9, 9, &format32, "3f 85 01 aa*133", GOOD}, /* stream 3, all resets */
        {RFB_ENC_TIGHT, 9, 9, &format32, "10 00", INVALID},
        {RFB_ENC_TIGHT, 0, 1, &format32, "00", GOOD},
        {RFB_ENC_TIGHT, 2048, 9, &format32, "00 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 2049, 9, &format32, "00", INVALID},
        {RFB_ENC_TIGHT, 2049, 9, &format32, "40", INVALID},
        /* filter 0 copies, 2 is a gradient, 3 is unknown */
        {RFB_ENC_TIGHT, 3, 1, &format32, "40 00 aa*9", GOOD},
        {RFB_ENC_TIGHT, 4, 1, &format32, "70 00 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 3, 1, &format32, "40 02 aa*9", GOOD},
        {RFB_ENC_TIGHT, 4, 1, &format32, "60 02 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 5, 1, &format16, "40 02 aa*10", GOOD},
        {RFB_ENC_TIGHT, 5, 1, &format8, "40 02", INVALID},
        {RFB_ENC_TIGHT, 4, 1, &format32, "40 03", INVALID},
        {RFB_ENC_TIGHT, 4, 1, &format32, "40 ff", INVALID},
    };
    RUN(cases);
}

/* Filter 1: colours less one, TPIXELs, then a byte a pixel, or a bit where there are two colours.
 */
static void tight_palette(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_TIGHT, 8, 11, &format32, "50 01 01 11*6 aa*11", GOOD},
        {RFB_ENC_TIGHT, 9, 5, &format32, "50 01 01 11*6 aa*10", GOOD},
        {RFB_ENC_TIGHT, 9, 6, &format32, "50 01 01 11*6 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 8, 12, &format32, "50 01 01 11*6 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 8, 11, &deep32, "50 01 01 11*8 aa*11", GOOD},
        {RFB_ENC_TIGHT, 8, 11, &format16, "50 01 01 11*4 aa*11", GOOD},
        {RFB_ENC_TIGHT, 8, 11, &format8, "50 01 01 11*2 aa*11", GOOD},
        {RFB_ENC_TIGHT, 11, 1, &format32, "50 01 02 11*9 aa*11", GOOD},
        {RFB_ENC_TIGHT, 12, 1, &format32, "50 01 02 11*9 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 12, 1, &format16, "50 01 02 11*6 05 aa*5", GOOD},
        {RFB_ENC_TIGHT, 99, 9, &format32, "6f 01 ff 11*768 90 01 aa*144", GOOD},
        {RFB_ENC_TIGHT, 99, 9, &format32, "50 01 01 11*6 00", INVALID},
        {RFB_ENC_TIGHT, 99, 9, &format32, "50 01 00", INVALID},
    };
    RUN(cases);
}

static void tight_png(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_TIGHT_PNG, 9, 9, &format32, "80 aabbcc", GOOD},
        {RFB_ENC_TIGHT_PNG, 9, 9, &format32, "90 03 aa*3", GOOD},
        {RFB_ENC_TIGHT_PNG, 9, 9, &format32, "a0 03 aa*3", GOOD},
        {RFB_ENC_TIGHT_PNG, 4000, 9, &format32, "af 83 01 aa*131", GOOD},
        {RFB_ENC_TIGHT_PNG, 9, 9, &format32, "a0 00", INVALID},
        {RFB_ENC_TIGHT_PNG, 9, 9, &format32, "00", INVALID}, /* basic has no place here */
        {RFB_ENC_TIGHT_PNG, 1, 1, &format32, "40", INVALID},
        {RFB_ENC_TIGHT_PNG, 9, 9, &format32, "b0", INVALID},
        {RFB_ENC_TIGHT_PNG, 9, 9, &format32, "f0", INVALID},
    };
    RUN(cases);
}

/* CPIXEL: 3 bytes in format32, 4 in deep32. */
static void trle_colours(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_TRLE, 16, 16, &format32, "00 aa*768", GOOD}, /* raw */
        {RFB_ENC_TRLE, 16, 16, &deep32, "00 aa*1024", GOOD},
        {RFB_ENC_TRLE, 16, 16, &format16, "00 aa*512", GOOD},
        {RFB_ENC_TRLE, 5, 3, &format8, "00 aa*15", GOOD},
        {RFB_ENC_TRLE, 5, 3, &format32, "01 aa*3", GOOD}, /* one colour */
        {RFB_ENC_TRLE, 5, 3, &deep32, "01 aa*4", GOOD},
        {RFB_ENC_TRLE, 5, 3, &format8, "01 aa", GOOD},
        {RFB_ENC_TRLE, 8, 3, &format32, "02 11*6 aa*3", GOOD}, /* packed: 1 bit */
        {RFB_ENC_TRLE, 9, 3, &format32, "02 11*6 aa*6", GOOD},
        {RFB_ENC_TRLE, 4, 3, &format32, "03 11*9 aa*3", GOOD}, /* 2 bits */
        {RFB_ENC_TRLE, 5, 3, &format32, "03 11*9 aa*6", GOOD},
        {RFB_ENC_TRLE, 16, 16, &format8, "04 11*4 aa*64", GOOD},
        {RFB_ENC_TRLE, 2, 3, &format8, "05 11*5 aa*3", GOOD}, /* 4 bits */
        {RFB_ENC_TRLE, 3, 3, &format8, "05 11*5 aa*6", GOOD},
        {RFB_ENC_TRLE, 16, 16, &format16, "10 11*32 aa*128", GOOD},
        {RFB_ENC_TRLE, 16, 16, &format32, "11", INVALID}, /* 17 to 126 mean nothing */
        {RFB_ENC_TRLE, 16, 16, &format32, "40", INVALID},
        {RFB_ENC_TRLE, 16, 16, &format32, "7e", INVALID},
        {RFB_ENC_TRLE, 0, 16, &format32, "", GOOD},
        {RFB_ENC_TRLE, 16, 0, &format32, "", GOOD},
    };
    RUN(cases);
}

/* A run's length is 1 and the sum of its length bytes, the last of which is not 255. */
static void trle_runs(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_TRLE, 1, 1, &format32, "80 aa*3 00", GOOD},
        {RFB_ENC_TRLE, 5, 3, &format32, "80 aa*3 0e", GOOD},
        {RFB_ENC_TRLE, 5, 3, &deep32, "80 aa*4 0e", GOOD},
        {RFB_ENC_TRLE, 5, 3, &format16, "80 aa*2 04 bb*2 09", GOOD},
        {RFB_ENC_TRLE, 5, 3, &format8, "80 aa 0f", INVALID},
        {RFB_ENC_TRLE, 5, 3, &format8, "80 aa ff", INVALID},
        {RFB_ENC_TRLE, 5, 3, &format8, "80 aa 0d bb 01", INVALID},
        {RFB_ENC_TRLE, 16, 16, &format32, "80 aa*3 ff 00", GOOD}, /* 256 */
        {RFB_ENC_TRLE, 16, 16, &format32, "80 aa*3 ff 01", INVALID},
        {RFB_ENC_TRLE, 16, 16, &format32, "80 aa*3 ff ff", INVALID},
        {RFB_ENC_TRLE, 16, 16, &format32, "80 aa*3 fe bb*3 00", GOOD},  /* 255 and 1 */
        {RFB_ENC_TRLE, 5, 1, &format8, "82 11*2 00 01 00 01 00", GOOD}, /* palette: single pixels */
        {RFB_ENC_TRLE, 5, 1, &format8, "82 11*2 80 04", GOOD},
        {RFB_ENC_TRLE, 5, 1, &format32, "82 11*6 80 02 01 00", GOOD},
        {RFB_ENC_TRLE, 5, 1, &deep32, "82 11*8 81 00 80 03", GOOD},
        {RFB_ENC_TRLE, 5, 1, &format8, "82 11*2 80 05", INVALID},
        {RFB_ENC_TRLE, 5, 1, &format8, "82 11*2 00 80 04", INVALID},
        {RFB_ENC_TRLE, 16, 16, &format8, "ff 11*127 ff ff 00", GOOD},
        {RFB_ENC_TRLE, 16, 16, &format8, "ff 11*127 80 fe 7f", GOOD},
    };
    RUN(cases);
}

static void trle_palettes_again(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_TRLE, 24, 2, &format8, "03 11*3 aa*8 7f aa*4", GOOD}, /* of 3 colours, packed */
        {RFB_ENC_TRLE, 24, 2, &format8, "02 11*2 aa*4 7f aa*2", GOOD},
        {RFB_ENC_TRLE, 24, 2, &format8, "85 11*5 80 1f 7f aa*8", GOOD},
        {RFB_ENC_TRLE, 24, 2, &format8, "90 11*16 80 1f 7f aa*8", GOOD},
        {RFB_ENC_TRLE, 24, 2, &format8, "91 11*17 80 1f 7f", INVALID}, /* too many to pack */
        {RFB_ENC_TRLE, 24, 2, &format8, "91 11*17 80 1f 81 80 0f", GOOD},
        {RFB_ENC_TRLE, 24, 2, &format8, "03 11*3 aa*8 81 00*16", GOOD},
        {RFB_ENC_TRLE, 24, 2, &format8, "03 11*3 aa*8 81 00*15 80 01", INVALID},
        {RFB_ENC_TRLE, 24, 2, &format8, "7f", INVALID}, /* there is none */
        {RFB_ENC_TRLE, 24, 2, &format8, "81", INVALID},
        {RFB_ENC_TRLE, 24, 2, &format8, "00 aa*32 7f", INVALID},
        {RFB_ENC_TRLE, 24, 2, &format8, "80 aa 1f 81", INVALID},
        /* 2 x 2 tiles: each may be of another kind */
        {RFB_ENC_TRLE, 17, 17, &format16, "00 aa*512 01 bb*2 80 cc*2 0f 00 dd*2", GOOD},
        {RFB_ENC_TRLE, 17, 17, &format8, "02 11*2 aa*32 7f aa*16 7f aa*2 7f aa", GOOD},
        {RFB_ENC_TRLE, 32, 32, &format8, "01 aa 01 aa 01 aa 01 aa", GOOD},
    };
    RUN(cases);
}

static void cursors(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_CURSOR, 8, 3, &format32, "aa*96 11*3", GOOD},
        {RFB_ENC_CURSOR, 9, 3, &format32, "aa*108 11*6", GOOD},
        {RFB_ENC_CURSOR, 9, 3, &format16, "aa*54 11*6", GOOD},
        {RFB_ENC_CURSOR, 9, 3, &format8, "aa*27 11*6", GOOD},
        {RFB_ENC_CURSOR, 0, 0, &format32, "", GOOD},
        {RFB_ENC_CURSOR, 9, 0, &format32, "", GOOD},
        {RFB_ENC_CURSOR, 0, 9, &format32, "", GOOD},
        {RFB_ENC_CURSOR, 1024, 1, &format8, "aa*1024 11*128", GOOD},
        {RFB_ENC_CURSOR, 1, 1024, &format8, "aa*1024 11*1024", GOOD},
        {RFB_ENC_CURSOR, 1025, 1, &format8, "", TOO_LARGE},
        {RFB_ENC_CURSOR, 1, 1025, &format8, "", TOO_LARGE},
        {RFB_ENC_CURSOR, 1025, 0, &format8, "", TOO_LARGE},
        {RFB_ENC_CURSOR_WITH_ALPHA, 2, 1, &format32, "00000000 aa*8", GOOD},
        {RFB_ENC_CURSOR_WITH_ALPHA, 2, 1, &format16, "00000000 aa*8", GOOD},
        {RFB_ENC_CURSOR_WITH_ALPHA, 0, 0, &format32, "00000000", GOOD},
        {RFB_ENC_CURSOR_WITH_ALPHA, 2, 1, &format32, "00000007", INVALID},
        {RFB_ENC_CURSOR_WITH_ALPHA, 1025, 1, &format32, "", TOO_LARGE},
        {RFB_ENC_XCURSOR, 8, 3, &format32, "cc*6 11*3 22*3", GOOD}, /* two colours, two masks */
        {RFB_ENC_XCURSOR, 9, 3, &format8, "cc*6 11*6 22*6", GOOD},
        {RFB_ENC_XCURSOR, 0, 0, &format32, "", GOOD},
        {RFB_ENC_XCURSOR, 65535, 65535, &format32, "", TOO_LARGE},
    };
    RUN(cases);
}

static void other_pseudo_encodings(void **state)
{
    static const struct skim_case cases[] = {
        {RFB_ENC_EXTENDED_DESKTOP_SIZE, 640, 480, &format32, "00 000000", GOOD},
        {RFB_ENC_EXTENDED_DESKTOP_SIZE, 640, 480, &format32, "01 ffffff aa*16", GOOD},
        {RFB_ENC_EXTENDED_DESKTOP_SIZE, 640, 480, &format8, "ff 000000 aa*4080", GOOD},
        {RFB_ENC_DESKTOP_NAME, 0, 0, &format32, "00000000", GOOD},
        {RFB_ENC_DESKTOP_NAME, 9, 9, &format32, "00000004 'demo'", GOOD},
        {RFB_ENC_DESKTOP_NAME, 0, 0, &format32, "00001000 61*4096", GOOD},
        {RFB_ENC_DESKTOP_NAME, 0, 0, &format32, "00001001", TOO_LARGE},
        {RFB_ENC_DESKTOP_NAME, 0, 0, &format32, "ffffffff", TOO_LARGE},
        {RFB_ENC_LED_STATE, 0, 0, &format32, "07", GOOD},
        {RFB_ENC_LED_STATE, 9, 9, &format32, "07", GOOD},
    };
    RUN(cases);
}

/* The table: numbers, names and flags stand against a second copy, written from RFB's documents. */
static void the_table(void **state)
{
    (void)state;
    enum { P = RFB_ENC_F_PIXELS, S = RFB_ENC_F_STATELESS };
    static const struct {
        int32_t number;
        const char *name;
        unsigned flags;
        bool body;
    } expected[] = {
        {0, "raw", P | S, true},
        {1, "copyrect", P, true},
        {2, "rre", P | S, true},
        {4, "corre", P | S, true},
        {5, "hextile", P | S, true},
        {6, "zlib", P, true},
        {7, "tight", P, true},
        {15, "trle", P | S, true},
        {16, "zrle", P, true},
        {50, "h264", P, true},
        {-260, "tightpng", P | S, true},
        {-239, "cursor", S, true},
        {-240, "xcursor", S, true},
        {-314, "cursorwithalpha", S, true},
        {-223, "desktopsize", 0, false},
        {-308, "extendeddesktopsize", 0, true},
        {-224, "lastrect", 0, false},
        {-232, "pointerpos", S, false},
        {1464686182, "vmwarecursorpos", S, false},
        {-307, "desktopname", S, true},
        {-261, "ledstate", S, true},
        {-257, "qemupointer", S, false},
        {-258, "qemukey", S, false},
        {-259, "qemuaudio", S, false},
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct rfb_encoding *e = rfb_encoding_find(expected[i].number);
        if (e == NULL || e->number != expected[i].number || e->flags != expected[i].flags ||
            strcmp(e->name, expected[i].name) != 0 || (e->step != NULL) != expected[i].body)
            fail_msg("%s is not as it should be", expected[i].name);
    }
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_non_null(rfb_encoding_at(i));
    assert_null(rfb_encoding_at(COUNT(expected)));
    assert_null(rfb_encoding_at(SIZE_MAX));
}

/* Those whose bodies cannot be framed, and those that are never rectangles. */
static void unknown_encodings(void **state)
{
    (void)state;
    static const int32_t unknown[] = {3,    8,    9,    10,   17,   21,   -1,        -32,      -23,
                                      -247, -256, -312, -313, -316, -317, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < COUNT(unknown); i++)
        if (rfb_encoding_find(unknown[i]) != NULL)
            fail_msg("%d is known", unknown[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw),
        cmocka_unit_test(copyrect),
        cmocka_unit_test(rre),
        cmocka_unit_test(hextile),
        cmocka_unit_test(zlib_and_zrle),
        cmocka_unit_test(h264),
        cmocka_unit_test(tight_fill_and_jpeg),
        cmocka_unit_test(tight_lengths),
        cmocka_unit_test(tight_basic),
        cmocka_unit_test(tight_palette),
        cmocka_unit_test(tight_png),
        cmocka_unit_test(trle_colours),
        cmocka_unit_test(trle_runs),
        cmocka_unit_test(trle_palettes_again),
        cmocka_unit_test(cursors),
        cmocka_unit_test(other_pseudo_encodings),
        cmocka_unit_test(the_table),
        cmocka_unit_test(unknown_encodings),
    };
    return cmocka_run_group_tests_name("rfb/skim", tests, NULL, NULL);
}
