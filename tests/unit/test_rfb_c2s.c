/* SPDX-License-Identifier: GPL-2.0-or-later
 * The client-to-server framer: each kind of message, with the events it must give. feed.h says how
 * events are written. Every input goes in whole, byte by byte and in random pieces. */
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "hex.h"
#include "rfb/c2s.h"
#include "rfb/err.h"
#include "rfb/proto.h"
#include "unit.h"

enum { SEED = 20240301, SPLITS = 100 };

#define BGRX "20 18 00 01 00ff 00ff 00ff 10 08 00 000000 "
#define KEY "04 01 0000 0000ff0d "

struct c2s_case {
    const char *what, *in, *events;
    bool extended_mouse_buttons;
    uint32_t cut_text_max; /* 0: as it is at first */
};

static void run(const struct c2s_case *c, const struct hex *in, struct feed_split split,
                struct feed_trace *t)
{
    struct rfb_c2s f;
    rfb_c2s_init(&f);
    assert_int_equal(f.cut_text_max, RFB_CUT_TEXT_MAX);
    assert_false(f.extended_mouse_buttons);
    f.extended_mouse_buttons = c->extended_mouse_buttons;
    if (c->cut_text_max != 0)
        f.cut_text_max = c->cut_text_max;
    feed_c2s(t, &f, in->bytes, in->n, split);
    if (strcmp(t->text, c->events) != 0)
        fail_msg("%s: \"%s\", not \"%s\"%s%s", c->what, t->text, c->events,
                 t->why != NULL ? ": " : "", t->why != NULL ? t->why : "");
    size_t n = strlen(c->events);
    if (n >= 3 && strcmp(c->events + n - 3, "end") == 0 && (t->n != in->n || t->taken != in->n))
        fail_msg("%s: %zu bytes of %zu", c->what, t->n, in->n);
}

static void run_all(const struct c2s_case *cases, size_t n)
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
    static const struct c2s_case cases[] = {
        {.what = "nothing", .in = "", .events = ""},
        {.what = "pixel format", .in = "00 000000 " BGRX KEY, .events = "0:20+0 end 4:8+0 end"},
        {.what = "encodings",
         .in = "02 00 0003 00000010 00000000 ffffff11 " KEY,
         .events = "2:4+12 body:12 end 4:8+0 end"},
        {.what = "no encodings", .in = "02 00 0000", .events = "2:4+0 end"},
        {.what = "most encodings", .in = "02 00 0400 aa*4096", .events = "2:4+4096 body:4096 end"},
        {.what = "one encoding too many", .in = "02 00 0401", .events = "TOO_LARGE"},
        {.what = "65535 encodings", .in = "02 00 ffff", .events = "TOO_LARGE"},
        {.what = "request",
         .in = "03 01 0001 0002 0003 0004 " KEY,
         .events = "3:10+0 end 4:8+0 end"},
        {.what = "key", .in = KEY KEY, .events = "4:8+0 end 4:8+0 end"},
        {.what = "pointer", .in = "05 01 0001 0002 " KEY, .events = "5:6+0 end 4:8+0 end"},
        {.what = "cut text",
         .in = "06 000000 00000005 'hello' " KEY,
         .events = "6:8+5 body:5 end 4:8+0 end"},
        {.what = "empty cut text", .in = "06 000000 00000000", .events = "6:8+0 end"},
        {.what = "continuous updates",
         .in = "96 01 0001 0002 0003 0004 " KEY,
         .events = "150:10+0 end 4:8+0 end"},
        {.what = "fence", .in = "f8 000000 00000001 03 'abc'", .events = "248:9+3 body:3 end"},
        {.what = "empty fence", .in = "f8 000000 00000001 00", .events = "248:9+0 end"},
        {.what = "longest fence",
         .in = "f8 000000 00000001 40 aa*64",
         .events = "248:9+64 body:64 end"},
        {.what = "fence, one too long", .in = "f8 000000 00000001 41", .events = "INVALID"},
        {.what = "xvp", .in = "fa 00 01 02 " KEY, .events = "250:4+0 end 4:8+0 end"},
        {.what = "desktop size",
         .in = "fb 00 0280 01e0 02 00 aa*32 " KEY,
         .events = "251:8+32 body:32 end 4:8+0 end"},
        {.what = "desktop size, no screens",
         .in = "fb 00 0280 01e0 00 00",
         .events = "251:8+0 end"},
        {.what = "desktop size, 255 screens",
         .in = "fb 00 0280 01e0 ff 00 aa*4080",
         .events = "251:8+4080 body:4080 end"},
        {.what = "GII, big-endian",
         .in = "fd 81 0004 aa*4 " KEY,
         .events = "253:4+4 body:4 end 4:8+0 end"},
        {.what = "GII, little-endian",
         .in = "fd 01 0400 aa*4 " KEY,
         .events = "253:4+4 body:4 end 4:8+0 end"},
        {.what = "GII, both bytes", .in = "fd 80 0102 aa*258", .events = "253:4+258 body:258 end"},
        {.what = "GII, both bytes swapped",
         .in = "fd 00 0201 aa*258",
         .events = "253:4+258 body:258 end"},
        {.what = "GII, empty", .in = "fd 81 0000", .events = "253:4+0 end"},
        {.what = "QEMU key",
         .in = "ff 00 0001 0000ff0d 0000001c " KEY,
         .events = "255:12+0 end 4:8+0 end"},
        {.what = "QEMU audio on", .in = "ff 01 0000 " KEY, .events = "255:4+0 end 4:8+0 end"},
        {.what = "QEMU audio off", .in = "ff 01 0001 " KEY, .events = "255:4+0 end 4:8+0 end"},
        {.what = "QEMU audio format",
         .in = "ff 01 0002 03 02 0000ac44 " KEY,
         .events = "255:10+0 end 4:8+0 end"},
        {.what = "QEMU, something else", .in = "ff 02 0000", .events = "INVALID"},
        {.what = "unknown", .in = "01", .events = "INVALID"},
        {.what = "unknown behind a key", .in = KEY "08", .events = "4:8+0 end INVALID"},
        {.what = "SetScale", .in = "08 02 0000", .events = "INVALID"},
        {.what = "FileTransfer", .in = "07 00", .events = "INVALID"},
    };
    run_all(cases, COUNT(cases));
}

static void impossible_pixel_formats(void **state)
{
    (void)state;
    static const struct c2s_case cases[] = {
        {.what = "24 bits",
         .in = "00 000000 18 18 00 01 00ff 00ff 00ff 10 08 00 000000",
         .events = "INVALID"},
        {.what = "0 bits", .in = "00 000000 00*16", .events = "INVALID"},
        {.what = "too deep",
         .in = "00 000000 10 18 00 01 001f 003f 001f 0b 05 00 000000",
         .events = "INVALID"},
        {.what = "shifted out",
         .in = "00 000000 20 18 00 01 00ff 00ff 00ff 20 08 00 000000",
         .events = "INVALID"},
        {.what = "a colour map",
         .in = "00 000000 08 08 00 00 0000 0000 0000 00 00 00 000000",
         .events = "0:20+0 end"},
    };
    run_all(cases, COUNT(cases));
}

/* A second byte of buttons (rfbproto, ExtendedMouseButtons), only where it was agreed on. */
static void extended_mouse_buttons(void **state)
{
    (void)state;
    static const struct c2s_case cases[] = {
        {.what = "agreed, bit 7",
         .in = "05 81 0001 0002 01 " KEY,
         .events = "5:7+0 end 4:8+0 end",
         .extended_mouse_buttons = true},
        {.what = "agreed, no bit 7",
         .in = "05 7f 0001 0002 " KEY,
         .events = "5:6+0 end 4:8+0 end",
         .extended_mouse_buttons = true},
        {.what = "not agreed, bit 7",
         .in = "05 81 0001 0002 " KEY,
         .events = "5:6+0 end 4:8+0 end"},
    };
    run_all(cases, COUNT(cases));
}

static void limits_of_cut_text(void **state)
{
    (void)state;
    static const struct c2s_case cases[] = {
        {.what = "longest",
         .in = "06 000000 00040000 61*262144",
         .events = "6:8+262144 body:262144 end"},
        {.what = "one too long", .in = "06 000000 00040001", .events = "TOO_LARGE"},
        {.what = "2 GB", .in = "06 000000 7fffffff", .events = "TOO_LARGE"},
        {.what = "extended",
         .in = "06 000000 fffffff8 61*8 " KEY,
         .events = "6:8+8 body:8 end 4:8+0 end"},
        {.what = "extended, shortest",
         .in = "06 000000 fffffffc 61*4",
         .events = "6:8+4 body:4 end"},
        {.what = "extended, no flags", .in = "06 000000 fffffffd", .events = "INVALID"},
        {.what = "extended, no flags", .in = "06 000000 ffffffff", .events = "INVALID"},
        {.what = "extended, one too long", .in = "06 000000 fffbffff", .events = "TOO_LARGE"},
        {.what = "extended, 2 GB", .in = "06 000000 80000000", .events = "TOO_LARGE"},
        {.what = "owner's limit",
         .in = "06 000000 00000003 'abc'",
         .events = "6:8+3 body:3 end",
         .cut_text_max = 3},
        {.what = "above owner's limit",
         .in = "06 000000 00000004",
         .events = "TOO_LARGE",
         .cut_text_max = 3},
        {.what = "extended above it",
         .in = "06 000000 fffffffc",
         .events = "TOO_LARGE",
         .cut_text_max = 3},
        {.what = "as much as there can be",
         .in = "06 000000 80000000",
         .events = "6:8+2147483648",
         .cut_text_max = UINT32_MAX},
    };
    run_all(cases, COUNT(cases));
}

static void every_other_type_is_unknown(void **state)
{
    (void)state;
    static const uint8_t known[] = {0, 2, 3, 4, 5, 6, 150, 248, 250, 251, 253, 255};
    for (unsigned type = 0; type < 256; type++) {
        uint8_t byte = (uint8_t)type;
        struct rfb_c2s f;
        struct feed_trace t;
        rfb_c2s_init(&f);
        feed_c2s(&t, &f, &byte, 1, (struct feed_split){.kind = FEED_WHOLE});
        bool expected = memchr(known, byte, sizeof known) != NULL;
        if ((t.rc == RFB_OK) != expected)
            fail_msg("type %u: %d", type, t.rc);
        feed_trace_finish(&t);
    }
}

static void fields_of_events(void **state)
{
    (void)state;
    struct hex in = hex_parse("06 000000 00000002 'hi' " KEY);
    static const struct {
        enum rfb_c2s_kind kind;
        size_t at, n;
        uint8_t type;
        uint64_t body;
    } expected[] = {
        {RFB_C2S_MESSAGE, 0, 8, 6, 2},     {RFB_C2S_BODY, 8, 2, 6, 0},
        {RFB_C2S_MESSAGE_END, 0, 0, 6, 0}, {RFB_C2S_MESSAGE, 10, 8, 4, 0},
        {RFB_C2S_MESSAGE_END, 0, 0, 4, 0},
    };
    const uint8_t *p = in.bytes;
    size_t left = in.n;
    struct rfb_c2s f;
    struct rfb_c2s_event ev;
    rfb_c2s_init(&f);
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(rfb_c2s_next(&f, &p, &left, &ev), 1);
        assert_int_equal(ev.kind, expected[i].kind);
        assert_int_equal(ev.n, expected[i].n);
        if (ev.n != 0)
            assert_memory_equal(ev.bytes, in.bytes + expected[i].at, ev.n);
        assert_int_equal(ev.type, expected[i].type);
        assert_int_equal(ev.body, expected[i].body);
    }
    assert_int_equal(rfb_c2s_next(&f, &p, &left, &ev), 0);
    hex_finish(&in);
}

/* The owner cannot bring back a connection that has failed. */
static void an_error_stays(void **state)
{
    (void)state;
    struct hex in = hex_parse("06 000000 00000005 'hello'");
    const uint8_t *p = in.bytes;
    size_t left = in.n;
    struct rfb_c2s f;
    struct rfb_c2s_event ev;
    rfb_c2s_init(&f);
    f.cut_text_max = 4;
    assert_int_equal(rfb_c2s_next(&f, &p, &left, &ev), RFB_E_TOO_LARGE);
    f.cut_text_max = 5;
    assert_int_equal(rfb_c2s_next(&f, &p, &left, &ev), RFB_E_TOO_LARGE);
    assert_int_equal(left, 5);
    hex_finish(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(impossible_pixel_formats),
        cmocka_unit_test(extended_mouse_buttons),
        cmocka_unit_test(limits_of_cut_text),
        cmocka_unit_test(every_other_type_is_unknown),
        cmocka_unit_test(fields_of_events),
        cmocka_unit_test(an_error_stays),
    };
    printf("# random pieces from seed %d\n", SEED);
    return cmocka_run_group_tests_name("rfb/c2s", tests, NULL, NULL);
}
