/* SPDX-License-Identifier: GPL-2.0-or-later
 * What gets past a stream's policy, byte for byte and however the bytes are cut: the viewer's
 * messages one right at a time, and the server's clipboard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"
#include "proxy/filter.h"
#include "rfb/err.h"
#include "unit.h"

static const struct policy view, control = {.control = true}, paste = {.clipboard_in = true},
                                 copy = {.clipboard_out = true};

/* A 4x4 desktop in rfb_bgrx. */
static void begin(struct filter *f, const struct policy *policy)
{
    struct rfb_server_init init = {.width = 4, .height = 4, .format = rfb_bgrx};
    filter_init(f, policy, &init);
}

#define FORMAT8 "00 00 00 00  08 08 00 01 0007 0007 0003 00 03 06 00 00 00 "
#define REQUEST "03 00 0000 0000 0004 0004 "
#define KEY "04 01 0000 00000061 "
#define POINTER "05 01 0001 0002 "
#define TEXT "06 000000 00000003 616263 "
#define CLIPBOARD(flags) "06 000000 fffffff8 " flags " 01020304 "
#define QEMU_KEY "ff 00 0001 00000061 0000001e "
#define RESIZE "fb 00 0010 0010 01 00  00000001 0000 0000 0010 0010 00000000 "
#define XVP "fa 00 01 02 "
#define GII "fd 80 0002 0102 "
#define FENCE "f8 000000 80000001 02 0102 "
#define CONTINUOUS "96 01 0000 0000 0004 0004 "
#define QEMU_AUDIO "ff 01 0000 "

/* ---- from the viewer ---- */

static void run_viewer(const struct policy *policy, const char *in, size_t piece, int expected_rc,
                       const char *expected)
{
    struct filter f;
    struct hex bytes = hex_parse(in), wanted = hex_parse(expected);
    struct rfb_buf out;
    rfb_buf_init(&out, 1 << 20);
    begin(&f, policy);
    int rc = RFB_OK;
    for (size_t at = 0; at < bytes.n && rc == RFB_OK; at += piece) {
        size_t n = bytes.n - at < piece ? bytes.n - at : piece;
        uint8_t *exact = malloc(n); /* so that a sanitizer sees what reads beyond */
        assert_non_null(exact);
        memcpy(exact, bytes.bytes + at, n);
        rc = filter_from_viewer(&f, exact, n, &out);
        free(exact);
    }
    assert_int_equal(rc, expected_rc);
    assert_int_equal(out.len, wanted.n);
    if (out.len != 0)
        assert_memory_equal(rfb_buf_data(&out), wanted.bytes, out.len);
    assert_true(rc == RFB_OK || f.why != NULL);
    filter_finish(&f);
    hex_finish(&bytes);
    hex_finish(&wanted);
    rfb_buf_finish(&out);
}

static const size_t pieces[] = {1, 2, 3, 7, 11, SIZE_MAX};

static void viewer_needs_the_right_for_each_message(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        bool view, control, paste, copy;
    } cases[] = {
        {REQUEST, true, true, true, true},
        {FENCE, true, true, true, true},
        {CONTINUOUS, true, true, true, true},
        {FORMAT8, true, true, true, true},
        {KEY, false, true, false, false},
        {POINTER, false, true, false, false},
        {QEMU_KEY, false, true, false, false},
        {QEMU_AUDIO, false, false, false, false},
        {RESIZE, false, true, false, false},
        {XVP, false, false, false, false},
        {GII, false, false, false, false},
        {TEXT, false, false, true, false},
        {CLIPBOARD("01000001"), false, false, true, true},   /* caps */
        {CLIPBOARD("02000001"), false, false, false, true},  /* request */
        {CLIPBOARD("04000000"), false, false, false, true},  /* peek */
        {CLIPBOARD("08000001"), false, false, true, false},  /* notify */
        {CLIPBOARD("10000001"), false, false, true, false},  /* provide */
        {CLIPBOARD("12000001"), false, false, false, false}, /* request and provide at once */
        {CLIPBOARD("00000000"), false, false, false, false},
        {CLIPBOARD("00000001"), false, false, false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct {
            const struct policy *policy;
            bool passes;
        } who[] = {{&view, cases[i].view},
                   {&control, cases[i].control},
                   {&paste, cases[i].paste},
                   {&copy, cases[i].copy}};
        char in[512];
        /* what stands around it goes on either way */
        snprintf(in, sizeof in, FENCE "%s" REQUEST, cases[i].message);
        for (size_t k = 0; k < COUNT(who); k++)
            for (size_t p = 0; p < COUNT(pieces); p++)
                run_viewer(who[k].policy, in, pieces[p], RFB_OK,
                           who[k].passes ? in : FENCE REQUEST);
    }
}

static void list_of_encodings_goes_on_without_what_is_not_allowed(void **state)
{
    (void)state;
    /* raw, xvp, zrle, extended mouse buttons, cursor, GII, quality 9, compress 0, QEMU key, QEMU
     * audio, fence, extended clipboard, unknown */
    static const char in[] = "02 00 000d 00000000 fffffecb 00000010 fffffec4 ffffff11 fffffecf "
                             "ffffffe9 ffffff00 fffffefe fffffefd fffffec8 c0a1e5ce 12345678 ";
    static const char viewer[] =
        "02 00 0006 00000000 00000010 ffffff11 ffffffe9 ffffff00 fffffec8 ";
    static const char controller[] =
        "02 00 0007 00000000 00000010 ffffff11 ffffffe9 ffffff00 fffffefe fffffec8 ";
    static const char paster[] =
        "02 00 0007 00000000 00000010 ffffff11 ffffffe9 ffffff00 fffffec8 c0a1e5ce ";
    for (size_t p = 0; p < COUNT(pieces); p++) {
        run_viewer(&view, in, pieces[p], RFB_OK, viewer);
        run_viewer(&control, in, pieces[p], RFB_OK, controller);
        run_viewer(&paste, in, pieces[p], RFB_OK, paster);
        run_viewer(&view, "02 00 0000 " REQUEST, pieces[p], RFB_OK, "02 00 0000 " REQUEST);
    }
}

static void what_cannot_be_framed_ends_the_viewer(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(pieces); p++) {
        run_viewer(&view, REQUEST "07 00", pieces[p], RFB_E_INVALID, REQUEST);
        run_viewer(&view, "02 00 0401 ", pieces[p], RFB_E_TOO_LARGE, "");
        /* updates may be on their way, in the format before */
        run_viewer(&view, REQUEST FORMAT8, pieces[p], RFB_E_INVALID, REQUEST);
        run_viewer(&view, "02 00 0000 " FORMAT8, pieces[p], RFB_E_INVALID, "02 00 0000 ");
        run_viewer(&view, CONTINUOUS FORMAT8, pieces[p], RFB_E_INVALID, CONTINUOUS);
        /* who may have the server's clipboard has its stream unframed: any format will do */
        run_viewer(&copy, REQUEST FORMAT8, pieces[p], RFB_OK, REQUEST FORMAT8);
    }
}

/* ---- from the server ---- */

#define BELL "02 "
#define S_TEXT "03 000000 00000003 616263 "
#define S_CLIPBOARD(flags) "03 000000 fffffff8 " flags " 01020304 "
#define RAW1 "00 00 0001  0001 0001 0001 0001 00000000 0a0b0c0d "
#define RRE "00 00 0001  0000 0000 0004 0004 00000002 00000000 01020304 "
#define RAW1_8 "00 00 0001  0001 0001 0001 0001 00000000 0a "
#define S_FENCE "f8 000000 80000001 01 07 "

static int feed_server(struct filter *f, const struct hex *bytes, size_t piece, struct rfb_buf *out)
{
    int rc = RFB_OK;
    for (size_t at = 0; at < bytes->n && rc == RFB_OK; at += piece) {
        size_t n = bytes->n - at < piece ? bytes->n - at : piece;
        uint8_t *room = malloc(FILTER_ROOM + n), *data = room + FILTER_ROOM;
        assert_non_null(room);
        memcpy(data, bytes->bytes + at, n);
        rc = filter_from_server(f, &data, &n);
        if (rc == RFB_OK) {
            assert_true(data >= room);
            assert_int_equal(rfb_buf_put(out, data, n), RFB_OK);
        }
        free(room);
    }
    return rc;
}

static void run_server(const struct policy *policy, const char *in, size_t piece, int expected_rc,
                       const char *expected)
{
    struct filter f;
    struct hex bytes = hex_parse(in), wanted = hex_parse(expected);
    struct rfb_buf out;
    rfb_buf_init(&out, 1 << 20);
    begin(&f, policy);
    int rc = feed_server(&f, &bytes, piece, &out);
    assert_int_equal(rc, expected_rc);
    if (rc == RFB_OK)
        assert_int_equal(out.len, wanted.n);
    if (rc == RFB_OK && out.len != 0)
        assert_memory_equal(rfb_buf_data(&out), wanted.bytes, out.len);
    assert_true(rc == RFB_OK || f.why != NULL);
    filter_finish(&f);
    hex_finish(&bytes);
    hex_finish(&wanted);
    rfb_buf_finish(&out);
}

static void server_keeps_its_clipboard(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        bool view, paste, copy;
    } cases[] = {
        {S_TEXT, false, false, true},
        {"03 000000 00000000 ", false, false, true},
        {S_CLIPBOARD("01000001"), false, true, true},  /* caps */
        {S_CLIPBOARD("02000001"), false, true, true},  /* request: of the viewer's clipboard */
        {S_CLIPBOARD("04000000"), false, true, true},  /* peek */
        {S_CLIPBOARD("08000001"), false, false, true}, /* notify */
        {S_CLIPBOARD("10000001"), false, false, true}, /* provide */
        {S_CLIPBOARD("14000001"), false, false, true}, /* peek and provide: see below */
        {"03 000000 fffffffc 10000001 ", false, false, true},
        {BELL, true, true, true},
        {S_FENCE, true, true, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct {
            const struct policy *policy;
            bool passes;
        } who[] = {{&view, cases[i].view},
                   {&control, cases[i].view},
                   {&paste, cases[i].paste},
                   {&copy, cases[i].copy}}; /* not framed at all */
        char in[512];
        snprintf(in, sizeof in, RAW1 "%s" RRE "%s" BELL RAW1, cases[i].message, cases[i].message);
        for (size_t k = 0; k < COUNT(who); k++)
            for (size_t p = 0; p < COUNT(pieces); p++)
                run_server(who[k].policy, in, pieces[p], RFB_OK,
                           who[k].passes ? in : RAW1 RRE BELL RAW1);
    }
}

static void server_that_cannot_be_framed_ends_the_stream(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(pieces); p++) {
        run_server(&view, RAW1 "07 ", pieces[p], RFB_E_INVALID, "");
        run_server(&view, "00 00 0001  0001 0001 0004 0004 00000000 ", pieces[p], RFB_E_INVALID,
                   "");
    }
}

/* The viewer's first words may change the format: then bodies are of another length. */
static void format_is_followed(void **state)
{
    (void)state;
    struct filter f;
    struct rfb_buf to_server, out;
    struct hex said = hex_parse(FORMAT8 REQUEST), bytes = hex_parse(RAW1_8 S_TEXT BELL);
    for (size_t p = 0; p < COUNT(pieces); p++) {
        rfb_buf_init(&to_server, 1 << 20);
        rfb_buf_init(&out, 1 << 20);
        begin(&f, &view);
        assert_int_equal(filter_from_viewer(&f, said.bytes, said.n, &to_server), RFB_OK);
        assert_int_equal(feed_server(&f, &bytes, pieces[p], &out), RFB_OK);
        assert_int_equal(out.len, bytes.n - 11);
        /* it is answered, but who knows what else is on its way */
        assert_int_equal(filter_from_viewer(&f, said.bytes, said.n, &to_server), RFB_E_INVALID);
        filter_finish(&f);
        rfb_buf_finish(&to_server);
        rfb_buf_finish(&out);
    }
    hex_finish(&said);
    hex_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(viewer_needs_the_right_for_each_message),
        cmocka_unit_test(list_of_encodings_goes_on_without_what_is_not_allowed),
        cmocka_unit_test(what_cannot_be_framed_ends_the_viewer),
        cmocka_unit_test(server_keeps_its_clipboard),
        cmocka_unit_test(server_that_cannot_be_framed_ends_the_stream),
        cmocka_unit_test(format_is_followed),
    };
    return cmocka_run_group_tests_name("proxy_filter", tests, NULL, NULL);
}
