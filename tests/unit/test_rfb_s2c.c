/* SPDX-License-Identifier: GPL-2.0-or-later
 * The server-to-client framer: each kind of message and rectangle, with the events it must give.
 * feed.h says how events are written. Every input goes in whole, byte by byte and in random pieces.
 */
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "hex.h"
#include "rfb/err.h"
#include "rfb/s2c.h"
#include "unit.h"

enum { WIDTH = 100, HEIGHT = 50, SEED = 20240229, SPLITS = 100 };

#define LAST "0000 0000 0000 0000 ffffff20 "
#define RAW_1x1 "0001 0002 0001 0001 00000000 aabbcc00 "

struct s2c_case {
    const char *what, *in, *events;
};

static void run(const struct s2c_case *c, const struct hex *in, struct feed_split split,
                struct feed_trace *t)
{
    struct rfb_s2c f;
    rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
    feed_s2c(t, &f, in->bytes, in->n, split);
    if (strcmp(t->text, c->events) != 0)
        fail_msg("%s: \"%s\", not \"%s\"%s%s", c->what, t->text, c->events,
                 t->why != NULL ? ": " : "", t->why != NULL ? t->why : "");
    /* where nothing went wrong and nothing is begun, what comes out is what went in */
    size_t n = strlen(c->events);
    bool complete =
        n < 3 || strcmp(c->events + n - 3, "end") == 0 || strcmp(c->events + n - 4, "done") == 0;
    if (complete && (t->n != in->n || t->taken != in->n))
        fail_msg("%s: %zu bytes of %zu", c->what, t->n, in->n);
}

static void run_all(const struct s2c_case *cases, size_t n)
{
    uint64_t seed = SEED;
    for (size_t i = 0; i < n; i++) {
        struct hex in = hex_parse(cases[i].in);
        struct feed_trace whole, pieces;
        run(&cases[i], &in, (struct feed_split){.kind = FEED_WHOLE}, &whole);
        run(&cases[i], &in, (struct feed_split){.kind = FEED_BYTES}, &pieces);
        feed_same(&whole, &pieces);
        feed_trace_finish(&pieces);
        for (int k = 0; k < SPLITS; k++) {
            struct feed_split split = {.kind = FEED_RANDOM, .seed = feed_random(&seed)};
            run(&cases[i], &in, split, &pieces);
            feed_same(&whole, &pieces);
            feed_trace_finish(&pieces);
        }
        feed_trace_finish(&whole);
        hex_finish(&in);
    }
}

static void messages(void **state)
{
    (void)state;
    static const struct s2c_case cases[] = {
        {"nothing", "", ""},
        {"bell", "02", "2:1+0 end"},
        {"bells", "02 02 02", "2:1+0 end 2:1+0 end 2:1+0 end"},
        {"colour map", "01 00 0010 0002 111122223333 444455556666", "1:6+12 body:12 end"},
        {"empty colour map", "01 00 0000 0000", "1:6+0 end"},
        {"largest colour map", "01 00 0000 ffff aa*393210", "1:6+393210 body:393210 end"},
        {"cut text", "03 000000 00000005 'hello' 02", "3:8+5 body:5 end 2:1+0 end"},
        {"empty cut text", "03 000000 00000000", "3:8+0 end"},
        {"longest cut text", "03 000000 00040000 61*262144", "3:8+262144 body:262144 end"},
        {"cut text, one too long", "03 000000 00040001", "TOO_LARGE"},
        {"cut text of 2 GB", "03 000000 7fffffff", "TOO_LARGE"},
        {"extended clipboard", "03 000000 fffffffc 01000001 02", "3:8+4 body:4 end 2:1+0 end"},
        {"extended clipboard, longest", "03 000000 fffc0000 61*262144",
         "3:8+262144 body:262144 end"},
        {"extended clipboard, one too long", "03 000000 fffbffff", "TOO_LARGE"},
        {"extended clipboard of 2 GB", "03 000000 80000000", "TOO_LARGE"},
        {"extended clipboard without flags", "03 000000 fffffffd", "INVALID"},
        {"the same", "03 000000 ffffffff", "INVALID"},
        {"end of continuous updates", "96", "150:1+0 end"},
        {"fence", "f8 000000 80000001 03 'abc'", "248:9+3 body:3 end"},
        {"empty fence", "f8 000000 00000000 00", "248:9+0 end"},
        {"longest fence", "f8 000000 00000000 40 aa*64", "248:9+64 body:64 end"},
        {"fence, one too long", "f8 000000 00000000 41", "INVALID"},
        {"xvp", "fa 00 01 01", "250:4+0 end"},
        {"QEMU audio ends", "ff 01 0000", "255:4+0 end"},
        {"QEMU audio begins", "ff 01 0001 02", "255:4+0 end 2:1+0 end"},
        {"QEMU audio data", "ff 01 0002 00000003 aabbcc 02", "255:8+3 body:3 end 2:1+0 end"},
        {"QEMU audio without data", "ff 01 0002 00000000", "255:8+0 end"},
        {"longest QEMU audio", "ff 01 0002 00100000 aa*1048576", "255:8+1048576 body:1048576 end"},
        {"QEMU audio, one too long", "ff 01 0002 00100001", "TOO_LARGE"},
        {"QEMU, something else", "ff 00 0000", "INVALID"},
        {"unknown", "04", "INVALID"},
        {"unknown behind a bell", "02 fe", "2:1+0 end INVALID"},
        {"all that follow 0 to 3", "05", "INVALID"},
    };
    run_all(cases, COUNT(cases));
}

static void every_other_type_is_unknown(void **state)
{
    (void)state;
    static const uint8_t known[] = {0, 1, 2, 3, 150, 248, 250, 255};
    for (unsigned type = 0; type < 256; type++) {
        uint8_t byte = (uint8_t)type;
        struct rfb_s2c f;
        struct feed_trace t;
        rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
        feed_s2c(&t, &f, &byte, 1, (struct feed_split){.kind = FEED_WHOLE});
        bool expected = memchr(known, byte, sizeof known) != NULL;
        if ((t.rc == RFB_OK) != expected)
            fail_msg("type %u: %d", type, t.rc);
        feed_trace_finish(&t);
    }
}

static void updates(void **state)
{
    (void)state;
    static const struct s2c_case cases[] = {
        {"no rectangle", "00 00 0000 02", "update:0 done 2:1+0 end"},
        {"raw", "00 00 0001 " RAW_1x1, "update:1 raw:1,2,1x1 body:4 end done"},
        {"padding that is not 0", "00 ff 0001 " RAW_1x1, "update:1 raw:1,2,1x1 body:4 end done"},
        {"two", "00 00 0002 " RAW_1x1 "0003 0004 0002 0002 00000001 00050006 02",
         "update:2 raw:1,2,1x1 body:4 end copyrect:3,4,2x2 body:4 end done 2:1+0 end"},
        {"two updates", "00 00 0001 " RAW_1x1 "00 00 0001 " RAW_1x1,
         "update:1 raw:1,2,1x1 body:4 end done update:1 raw:1,2,1x1 body:4 end done"},
        {"until the last rectangle", "00 00 ffff " RAW_1x1 LAST "02",
         "update:65535 raw:1,2,1x1 body:4 end lastrect:0,0,0x0 end done 2:1+0 end"},
        {"nothing but the last rectangle", "00 00 ffff " LAST,
         "update:65535 lastrect:0,0,0x0 end done"},
        {"the last rectangle before the count", "00 00 0009 " RAW_1x1 LAST "02",
         "update:9 raw:1,2,1x1 body:4 end lastrect:0,0,0x0 end done 2:1+0 end"},
        {"the last rectangle at the count", "00 00 0001 " LAST "02",
         "update:1 lastrect:0,0,0x0 end done 2:1+0 end"},
        {"65535 means until the last one", "00 00 ffff " RAW_1x1 RAW_1x1 RAW_1x1,
         "update:65535 raw:1,2,1x1 body:4 end raw:1,2,1x1 body:4 end raw:1,2,1x1 body:4 end"},
        {"rectangles without an area",
         "00 00 0008 0000 0000 0000 0000 00000000  0064 0032 0000 0000 00000000 "
         "0000 0000 0000 0005 00000005  0000 0000 0005 0000 0000000f  0000 0000 0000 0000 00000002 "
         "00*8 "
         "0000 0000 0000 0000 00000010 00000000  0000 0000 0000 0000 00000007 00 "
         "0000 0000 0000 0000 00000001 00*4",
         "update:8 raw:0,0,0x0 end raw:100,50,0x0 end hextile:0,0,0x5 end trle:0,0,5x0 end "
         "rre:0,0,0x0 body:8 end zrle:0,0,0x0 body:4 end tight:0,0,0x0 body:1 end "
         "copyrect:0,0,0x0 body:4 end done"},
    };
    run_all(cases, COUNT(cases));
}

static void every_encoding(void **state)
{
    (void)state;
    static const struct s2c_case cases[] = {
        {"rre", "00 00 0001 0000 0000 0005 0005 00000002 00000001 aa*4 bb*12",
         "update:1 rre:0,0,5x5 body:20 end done"},
        {"corre", "00 00 0001 0000 0000 0005 0005 00000004 00000001 aa*4 bb*8",
         "update:1 corre:0,0,5x5 body:16 end done"},
        {"hextile", "00 00 0001 0000 0000 0011 0005 00000005 06 aa*4 bb*4 08 01 1122",
         "update:1 hextile:0,0,17x5 body:13 end done"},
        {"zlib", "00 00 0001 0000 0000 0005 0005 00000006 00000003 aa*3",
         "update:1 zlib:0,0,5x5 body:7 end done"},
        {"tight", "00 00 0001 0000 0000 0005 0005 00000007 90 83 01 aa*131",
         "update:1 tight:0,0,5x5 body:134 end done"},
        {"trle", "00 00 0001 0000 0000 0005 0005 0000000f 80 aa*3 18",
         "update:1 trle:0,0,5x5 body:5 end done"},
        {"zrle", "00 00 0001 0000 0000 0005 0005 00000010 00000003 aa*3",
         "update:1 zrle:0,0,5x5 body:7 end done"},
        {"h264", "00 00 0001 0000 0000 0005 0005 00000032 00000003 00000000 aa*3",
         "update:1 h264:0,0,5x5 body:11 end done"},
        {"tightpng", "00 00 0001 0000 0000 0005 0005 fffffefc a0 03 aa*3",
         "update:1 tightpng:0,0,5x5 body:5 end done"},
        {"cursor", "00 00 0001 0003 0004 0009 0002 ffffff11 aa*72 bb*4",
         "update:1 cursor:3,4,9x2 body:76 end done"},
        {"xcursor", "00 00 0001 0003 0004 0009 0002 ffffff10 aa*6 bb*8",
         "update:1 xcursor:3,4,9x2 body:14 end done"},
        {"a hidden cursor", "00 00 0001 0000 0000 0000 0000 ffffff11",
         "update:1 cursor:0,0,0x0 end done"},
        {"pointer", "00 00 0001 ffff ffff 0000 0000 ffffff18",
         "update:1 pointerpos:65535,65535,0x0 end done"},
        {"VMware's pointer", "00 00 0001 0001 0002 0000 0000 574d5666",
         "update:1 vmwarecursorpos:1,2,0x0 end done"},
        {"name", "00 00 0001 0000 0000 0000 0000 fffffecd 00000004 'demo'",
         "update:1 desktopname:0,0,0x0 body:8 end done"},
        {"LEDs", "00 00 0001 0000 0000 0000 0000 fffffefb 07",
         "update:1 ledstate:0,0,0x0 body:1 end done"},
        {"QEMU's pointer", "00 00 0001 0001 0000 0280 01e0 fffffeff",
         "update:1 qemupointer:1,0,640x480 end done"},
        {"QEMU's keys", "00 00 0001 0000 0000 0280 01e0 fffffefe",
         "update:1 qemukey:0,0,640x480 end done"},
        {"QEMU's audio", "00 00 0001 0000 0000 0280 01e0 fffffefd",
         "update:1 qemuaudio:0,0,640x480 end done"},
        {"JPEG", "00 00 0001 0000 0000 0005 0005 00000015", "update:1 INVALID"},
        {"Ultra", "00 00 0001 0000 0000 0005 0005 00000009", "update:1 INVALID"},
        {"Tight without zlib", "00 00 0001 0000 0000 0005 0005 fffffec3", "update:1 INVALID"},
        {"a compression level", "00 00 0001 0000 0000 0005 0005 ffffff00", "update:1 INVALID"},
    };
    run_all(cases, COUNT(cases));
}

/* The framebuffer is 100x50. Places of pseudo-rectangles are not places. */
static void inside_the_framebuffer(void **state)
{
    (void)state;
    static const struct s2c_case cases[] = {
        {"all of it", "00 00 0001 0000 0000 0064 0032 00000000", "update:1 raw:0,0,100x50"},
        {"its last pixel", "00 00 0001 0063 0031 0001 0001 00000000 aa*4",
         "update:1 raw:99,49,1x1 body:4 end done"},
        {"too wide", "00 00 0001 0000 0000 0065 0001 00000000", "update:1 INVALID"},
        {"too high", "00 00 0001 0000 0000 0001 0033 00000000", "update:1 INVALID"},
        {"too far right", "00 00 0001 0064 0000 0001 0001 00000000", "update:1 INVALID"},
        {"too far down", "00 00 0001 0000 0032 0001 0001 00000000", "update:1 INVALID"},
        {"x + w is 2^16", "00 00 0001 ffff 0000 0001 0001 00000000", "update:1 INVALID"},
        {"y + h is 2^16", "00 00 0001 0000 ff00 0001 0100 00000000", "update:1 INVALID"},
        {"copyrect", "00 00 0001 0064 0000 0001 0001 00000001", "update:1 INVALID"},
        {"zrle", "00 00 0001 0000 0000 0001 0033 00000010", "update:1 INVALID"},
        {"tight", "00 00 0001 0000 0000 0065 0001 00000007", "update:1 INVALID"},
        {"behind a good one", "00 00 0002 " RAW_1x1 "0064 0000 0001 0001 00000000",
         "update:2 raw:1,2,1x1 body:4 end INVALID"},
        {"a cursor's hotspot may lie anywhere", "00 00 0001 ffff ffff 0001 0001 ffffff11 aa*5",
         "update:1 cursor:65535,65535,1x1 body:5 end done"},
        {"a cursor may be larger", "00 00 0001 0000 0000 0001 0064 ffffff11 aa*500",
         "update:1 cursor:0,0,1x100 body:500 end done"},
    };
    run_all(cases, COUNT(cases));
}

static void bodies_that_are_refused(void **state)
{
    (void)state;
    static const struct s2c_case cases[] = {
        /* what came before the byte that shows it is told, as far as it was a body */
        {"rre", "00 00 0001 0000 0000 0002 0002 00000002 00000005",
         "update:1 rre:0,0,2x2 body:3 INVALID"},
        {"zrle", "00 00 0001 0000 0000 0002 0002 00000010 00010021 aa",
         "update:1 zrle:0,0,2x2 body:3 TOO_LARGE"},
        {"tight", "00 00 0001 0000 0000 0002 0002 00000007 a0", "update:1 tight:0,0,2x2 INVALID"},
        {"tight palette", "00 00 0001 0000 0000 0002 0002 00000007 50 01 00 11",
         "update:1 tight:0,0,2x2 body:2 INVALID"},
        {"trle, its second tile", "00 00 0001 0000 0000 0011 0002 0000000f 01 aa*3 80 bb*3 02 11",
         "update:1 trle:0,0,17x2 body:8 INVALID"},
        {"a cursor", "00 00 0001 0000 0000 0401 0001 ffffff11 aa",
         "update:1 cursor:0,0,1025x1 TOO_LARGE"},
        {"a name", "00 00 0001 0000 0000 0000 0000 fffffecd 00001001",
         "update:1 desktopname:0,0,0x0 body:3 TOO_LARGE"},
    };
    run_all(cases, COUNT(cases));
}

static void resizes(void **state)
{
    (void)state;
    static const struct s2c_case cases[] = {
        {"a rectangle that fits only after it",
         "00 00 0002 0000 0000 0280 01e0 ffffff21  027f 01df 0001 0001 00000000 aa*4",
         "update:2 desktopsize:0,0,640x480 end raw:639,479,1x1 body:4 end done"},
        {"and in the next update",
         "00 00 0001 0000 0000 0280 01e0 ffffff21  00 00 0001 027f 01df 0001 0001 00000000 aa*4",
         "update:1 desktopsize:0,0,640x480 end done update:1 raw:639,479,1x1 body:4 end done"},
        {"one that does not fit any more",
         "00 00 0002 0000 0000 000a 000a ffffff21  000a 0000 0001 0001 00000000",
         "update:2 desktopsize:0,0,10x10 end INVALID"},
        {"extended",
         "00 00 0002 0000 0000 0280 01e0 fffffecc 01000000 aa*16  027f 01df 0001 0001 00000000 "
         "aa*4",
         "update:2 extendeddesktopsize:0,0,640x480 body:20 end raw:639,479,1x1 body:4 end done"},
        {"extended, as we had asked",
         "00 00 0002 0001 0000 0280 01e0 fffffecc 01000000 aa*16  027f 01df 0001 0001 00000000 "
         "aa*4",
         "update:2 extendeddesktopsize:1,0,640x480 body:20 end raw:639,479,1x1 body:4 end done"},
        {"extended, as we had asked in vain: nothing changes",
         "00 00 0002 0001 0003 0280 01e0 fffffecc 01000000 aa*16  0064 0000 0001 0001 00000000",
         "update:2 extendeddesktopsize:1,3,640x480 body:20 end INVALID"},
        {"in vain, and of no size", "00 00 0001 0001 0001 0000 0000 fffffecc 00000000",
         "update:1 extendeddesktopsize:1,1,0x0 body:4 end done"},
        {"as another client had asked",
         "00 00 0002 0002 0000 0280 01e0 fffffecc 00000000  027f 01df 0001 0001 00000000 aa*4",
         "update:2 extendeddesktopsize:2,0,640x480 body:4 end raw:639,479,1x1 body:4 end done"},
        {"y is no status when the server itself did it",
         "00 00 0002 0000 0005 0280 01e0 fffffecc 00000000  027f 01df 0001 0001 00000000 aa*4",
         "update:2 extendeddesktopsize:0,5,640x480 body:4 end raw:639,479,1x1 body:4 end done"},
        {"nor in the plain one",
         "00 00 0002 0001 0001 0280 01e0 ffffff21  027f 01df 0001 0001 00000000 aa*4",
         "update:2 desktopsize:1,1,640x480 end raw:639,479,1x1 body:4 end done"},
        {"of no width", "00 00 0001 0000 0000 0000 01e0 ffffff21", "update:1 INVALID"},
        {"of no height", "00 00 0001 0000 0000 0280 0000 fffffecc", "update:1 INVALID"},
        {"of 16384 by 4096", "00 00 0001 0000 0000 4000 1000 ffffff21",
         "update:1 desktopsize:0,0,16384x4096 end done"},
        {"of 16385", "00 00 0001 0000 0000 4001 0001 ffffff21", "update:1 TOO_LARGE"},
        {"above 2^26", "00 00 0001 0000 0000 4000 1001 fffffecc", "update:1 TOO_LARGE"},
        {"QEMU's are not sizes to follow",
         "00 00 0002 0000 0000 0280 01e0 fffffefe 0064 0000 0001 0001 00000000",
         "update:2 qemukey:0,0,640x480 end INVALID"},
    };
    run_all(cases, COUNT(cases));
}

/* The size is in force when the rectangle's event comes, and a refused one leaves it. */
static void the_size_in_force(void **state)
{
    (void)state;
    struct hex in = hex_parse("00 00 0003 0001 0002 0280 01e0 fffffecc 00000000"
                              "0000 0000 0140 00f0 ffffff21  0000 0000 0000 00f0 ffffff21");
    const uint8_t *p = in.bytes;
    size_t left = in.n;
    struct rfb_s2c f;
    struct rfb_s2c_event ev;
    rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
    while (rfb_s2c_next(&f, &p, &left, &ev) == 1) {
        bool resized = ev.kind != RFB_S2C_UPDATE && ev.rect.encoding == RFB_ENC_DESKTOP_SIZE;
        assert_int_equal(f.width, resized ? 320 : WIDTH);
        assert_int_equal(f.height, resized ? 240 : HEIGHT);
    }
    assert_int_equal(f.failed, RFB_E_INVALID);
    assert_int_equal(f.width, 320);
    assert_int_equal(f.height, 240);
    hex_finish(&in);
}

/* What each event carries, beside what feed.c checks of all of them. */
static void fields_of_events(void **state)
{
    (void)state;
    struct hex in = hex_parse("00 00 0001 " RAW_1x1 "03 000000 00000002 'hi'");
    static const struct {
        enum rfb_s2c_kind kind;
        size_t at, n;
        uint8_t type;
        uint16_t count;
        bool rect;
        uint64_t body;
    } expected[] = {
        {RFB_S2C_UPDATE, 0, 4, 0, 1, false, 0},      {RFB_S2C_RECT, 4, 12, 0, 0, true, 0},
        {RFB_S2C_BODY, 16, 4, 0, 0, true, 0},        {RFB_S2C_RECT_END, 20, 0, 0, 0, true, 0},
        {RFB_S2C_UPDATE_END, 20, 0, 0, 0, false, 0}, {RFB_S2C_MESSAGE, 20, 8, 3, 0, false, 2},
        {RFB_S2C_BODY, 28, 2, 3, 0, false, 0},       {RFB_S2C_MESSAGE_END, 30, 0, 3, 0, false, 0},
    };
    const uint8_t *p = in.bytes;
    size_t left = in.n;
    struct rfb_s2c f;
    struct rfb_s2c_event ev;
    rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(rfb_s2c_next(&f, &p, &left, &ev), 1);
        assert_int_equal(ev.kind, expected[i].kind);
        assert_int_equal(ev.n, expected[i].n);
        if (ev.n != 0)
            assert_memory_equal(ev.bytes, in.bytes + expected[i].at, ev.n);
        assert_int_equal(ev.type, expected[i].type);
        assert_int_equal(ev.count, expected[i].count);
        assert_int_equal(ev.body, expected[i].body);
        if (expected[i].rect) {
            assert_ptr_equal(ev.encoding, rfb_encoding_find(RFB_ENC_RAW));
            assert_int_equal(ev.rect.r.x, 1);
            assert_int_equal(ev.rect.r.y, 2);
        } else {
            assert_null(ev.encoding);
        }
    }
    assert_int_equal(rfb_s2c_next(&f, &p, &left, &ev), 0);
    hex_finish(&in);
}

/* The owner's format says how long bodies are, and may change between messages. */
static void the_format_counts(void **state)
{
    (void)state;
    static const struct rfb_pixel_format rgb565 = {16, 16, false, true, 31, 63, 31, 11, 5, 0};
    static const struct rfb_pixel_format deep = {32, 32, false, true, 255, 255, 255, 24, 12, 0};
    static const struct {
        const struct rfb_pixel_format *format;
        const char *in, *events;
    } cases[] = {
        {&rfb_bgrx,
         "00 00 0002 0000 0000 0002 0001 00000000 aa*8 0000 0000 0002 0001 00000007 80 aa*3",
         "update:2 raw:0,0,2x1 body:8 end tight:0,0,2x1 body:4 end done"},
        {&deep,
         "00 00 0002 0000 0000 0002 0001 00000007 80 aa*4 0000 0000 0002 0001 0000000f 01 aa*4",
         "update:2 tight:0,0,2x1 body:5 end trle:0,0,2x1 body:5 end done"},
        {&rgb565,
         "00 00 0002 0000 0000 0002 0001 00000000 aa*4 0000 0000 0002 0001 0000000f 01 aa*2",
         "update:2 raw:0,0,2x1 body:4 end trle:0,0,2x1 body:3 end done"},
    };
    struct rfb_s2c f;
    rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hex in = hex_parse(cases[i].in);
        struct feed_trace t;
        f.format = *cases[i].format;
        feed_s2c(&t, &f, in.bytes, in.n, (struct feed_split){.kind = FEED_BYTES});
        assert_string_equal(t.text, cases[i].events);
        assert_int_equal(t.n, in.n);
        feed_trace_finish(&t);
        hex_finish(&in);
    }
}

static void the_owner_limits_cut_text(void **state)
{
    (void)state;
    static const struct {
        uint32_t max;
        const char *in, *events;
    } cases[] = {
        {3, "03 000000 00000003 'abc'", "3:8+3 body:3 end"},
        {3, "03 000000 00000004", "TOO_LARGE"},
        {3, "03 000000 fffffffc", "TOO_LARGE"},
        {0, "03 000000 00000000", "3:8+0 end"},
        {0, "03 000000 00000001", "TOO_LARGE"},
        {UINT32_MAX, "03 000000 7fffffff", "3:8+2147483647"},
        {UINT32_MAX, "03 000000 80000000", "3:8+2147483648"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hex in = hex_parse(cases[i].in);
        struct rfb_s2c f;
        struct feed_trace t;
        rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
        f.cut_text_max = cases[i].max;
        feed_s2c(&t, &f, in.bytes, in.n, (struct feed_split){.kind = FEED_WHOLE});
        assert_string_equal(t.text, cases[i].events);
        feed_trace_finish(&t);
        hex_finish(&in);
    }
}

/* The owner cannot bring back a connection that has failed. */
static void an_error_stays(void **state)
{
    (void)state;
    struct hex in = hex_parse("03 000000 00000005 'hello'");
    const uint8_t *p = in.bytes;
    size_t left = in.n;
    struct rfb_s2c f;
    struct rfb_s2c_event ev;
    rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
    f.cut_text_max = 4;
    assert_int_equal(rfb_s2c_next(&f, &p, &left, &ev), RFB_E_TOO_LARGE);
    f.cut_text_max = 5;
    assert_int_equal(rfb_s2c_next(&f, &p, &left, &ev), RFB_E_TOO_LARGE);
    assert_int_equal(left, 5);
    hex_finish(&in);
}

/* 65535 is no count: more rectangles may come than that. */
static void any_number_of_rectangles(void **state)
{
    (void)state;
    enum { RECTS = 65536 + 10 };
    struct hex in = hex_parse("00 00 ffff 00*786552 " LAST "02");
    const uint8_t *p = in.bytes;
    size_t left = in.n;
    unsigned rects = 0;
    struct rfb_s2c f;
    struct rfb_s2c_event ev;
    assert_int_equal(in.n, 4 + RECTS * 12 + 12 + 1);
    rfb_s2c_init(&f, WIDTH, HEIGHT, &rfb_bgrx);
    do {
        assert_int_equal(rfb_s2c_next(&f, &p, &left, &ev), 1);
        rects += ev.kind == RFB_S2C_RECT;
    } while (ev.kind != RFB_S2C_UPDATE_END);
    assert_int_equal(rects, RECTS + 1);
    assert_int_equal(left, 1);
    hex_finish(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(every_other_type_is_unknown),
        cmocka_unit_test(updates),
        cmocka_unit_test(every_encoding),
        cmocka_unit_test(inside_the_framebuffer),
        cmocka_unit_test(bodies_that_are_refused),
        cmocka_unit_test(resizes),
        cmocka_unit_test(the_size_in_force),
        cmocka_unit_test(fields_of_events),
        cmocka_unit_test(the_format_counts),
        cmocka_unit_test(the_owner_limits_cut_text),
        cmocka_unit_test(an_error_stays),
        cmocka_unit_test(any_number_of_rectangles),
    };
    printf("# random pieces from seed %d\n", SEED);
    return cmocka_run_group_tests_name("rfb/s2c", tests, NULL, NULL);
}
