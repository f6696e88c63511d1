/* SPDX-License-Identifier: GPL-2.0-or-later
 * Each message and each encoding, cut behind every byte, and with lengths that lie. What the client
 * makes of it is an error that says which it was, the same from every call. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "calls.h"
#include "fake_server.h"
#include "hex.h"
#include "porthole.h"
#include "rfb/buf.h"
#include "unit.h"

enum { WIDTH = 32, HEIGHT = 16, MESSAGE_MAX = 1 << 20 };

static const ph_limit patient = {.timeout_ms = 20000};

/* ---- messages ---- */

enum prefix { LENGTH_NONE, LENGTH_U32, LENGTH_COMPACT };

struct message {
    const char *what;
    const char *head;   /* hex.h */
    const char *plain;  /* hex.h: deflated, it follows the head; or NULL */
    enum prefix prefix; /* how the deflated bytes' length is told */
    long lie;           /* added to it */
    int code;           /* what the connection ends with */
    const char *says;   /* part of the message */
};

static void put_length(struct rfb_buf *to, enum prefix prefix, uint32_t n)
{
    if (prefix == LENGTH_U32)
        rfb_buf_put_u32(to, n);
    for (int i = 0; prefix == LENGTH_COMPACT && i < 3; i++, n >>= 7) {
        bool more = i < 2 && n >> 7 != 0;
        rfb_buf_put_u8(to, (uint8_t)((i < 2 ? n & 0x7f : n) | (more ? 0x80u : 0)));
        if (!more)
            break;
    }
}

static void put_deflated(struct rfb_buf *to, const struct message *m)
{
    struct hex plain = hex_parse(m->plain);
    z_stream z = {.next_in = plain.bytes, .avail_in = (uInt)plain.n};
    assert_int_equal(deflateInit(&z, 9), Z_OK);
    uLong max = deflateBound(&z, plain.n) + 16;
    uint8_t *packed = malloc(max);
    assert_non_null(packed);
    z.next_out = packed;
    z.avail_out = (uInt)max;
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    size_t n = max - z.avail_out;
    put_length(to, m->prefix, (uint32_t)((long)n + m->lie));
    rfb_buf_put(to, packed, n);
    deflateEnd(&z);
    free(packed);
    hex_finish(&plain);
}

static void build(struct rfb_buf *to, const struct message *m)
{
    struct hex head = hex_parse(m->head);
    rfb_buf_init(to, MESSAGE_MAX);
    assert_int_equal(rfb_buf_put(to, head.bytes, head.n), 0);
    hex_finish(&head);
    if (m->plain != NULL)
        put_deflated(to, m);
}

/* ---- playing them ---- */

struct play {
    const uint8_t *bytes;
    size_t n;
};

static void play(struct fake_server *s, int fd, void *argument)
{
    const struct play *p = argument;
    fake_handshake(fd, WIDTH, HEIGHT);
    fake_take_setup(fd);
    fake_await_go(s);
    fake_send(fd, p->bytes, p->n);
    shutdown(fd, SHUT_WR);
    fake_drain(fd);
}

static int wrong; /* answers so far */

/* Goes on after a wrong answer: a table is told whole. */
static void expect(const char *what, size_t cut, const char *call, int rc, const ph_error *e,
                   int code, const char *says)
{
    if (rc == code && e->code == code && strstr(e->message, says) != NULL)
        return;
    print_message("# %s, cut behind byte %zu: %s answered %d (%s), not %d with '%s'\n", what, cut,
                  call, rc, rc != PH_OK ? e->message : "", code, says);
    wrong++;
}

/* Whatever it was painted with. */
static void expect_opaque(const char *what, ph_client *c)
{
    ph_frame *f;
    if (ph_frame_get(c, 0, &patient, &f, NULL) != PH_OK)
        return; /* not complete */
    size_t pixels = (size_t)ph_frame_width(f) * (size_t)ph_frame_height(f), i = 0;
    while (i < pixels && ph_frame_pixels(f)[i] >> 24 == 0xff)
        i++;
    if (i < pixels) {
        print_message("# %s: pixel %zu is 0x%08x\n", what, i, ph_frame_pixels(f)[i]);
        wrong++;
    }
    ph_frame_unref(f);
}

/* A connection that is told n bytes of m and then nothing; every call must tell the same of it. */
static void tell(const struct message *m, const struct rfb_buf *bytes, size_t n, int code,
                 const char *says)
{
    struct play p = {rfb_buf_data(bytes), n};
    struct fake_server *s = fake_server_start(play, &p);
    ph_options o = PH_OPTIONS_INIT;
    ph_client *c;
    ph_frame *f;
    ph_error e = {.code = PH_OK};
    o.encodings = "copyrect,rre,corre,hextile,zlib,tight,zrle,raw";
    if (ph_connect(fake_server_target(s), &o, &patient, &c, &e) != PH_OK)
        fail_msg("%s: cannot connect: %s", m->what, e.message);
    fake_server_go(s);
    int rc = ph_frame_get(c, UINT64_MAX, &patient, &f, &e);
    expect(m->what, n, "the first ph_frame_get", rc, &e, code, says);
    for (const struct call *call = calls; call->name != NULL; call++) {
        e = (ph_error){.code = PH_OK};
        rc = call->run(c, &patient, &e);
        expect(m->what, n, call->name, rc, &e, code, says);
    }
    expect_opaque(m->what, c);
    assert_int_equal(ph_close(c, &patient, &e), PH_OK); /* no input was sent: nothing is lost */
    assert_true(fake_server_stop(s));
}

#define UPDATE "00 00 0001 "
#define RECT "0000 0000 0020 0010 " /* the whole framebuffer */
#define ONE UPDATE RECT
#define CUT PH_E_CLOSED, "the server closed the connection"
#define AS_IT_IS NULL, LENGTH_NONE, 0

/* What the client asks for, or any server may send; all of it is right. */
static const struct message good[] = {
    {"bell", "02", AS_IT_IS, CUT},
    {"colour map", "01 00 0000 0002 000011112222 333344445555", AS_IT_IS, CUT},
    {"cut text", "03 000000 00000005 'hello'", AS_IT_IS, CUT},
    {"clipboard, what it knows", "03 000000 fffffff8 1f000001 00040000", AS_IT_IS, CUT},
    {"clipboard, announced", "03 000000 fffffffc 08000001", AS_IT_IS, CUT},
    {"clipboard, asked for", "03 000000 fffffffc 02000001 03 000000 fffffffc 04000000", AS_IT_IS,
     CUT},
    {"clipboard, provided", "03 000000 ffffffea 10000001 78da62606060cb48cdc9c96700000000ffff",
     AS_IT_IS, CUT},
    {"fence", "f8 000000 80000001 04 'abcd'", AS_IT_IS, CUT},
    {"end of continuous updates", "96 96", AS_IT_IS, CUT},
    {"empty update", "00 00 0000", AS_IT_IS, CUT},
    {"raw", UPDATE "0000 0000 0003 0010 00000000 11*192", AS_IT_IS, CUT},
    {"copyrect", UPDATE "0010 0000 0010 0010 00000001 0000 0000", AS_IT_IS, CUT},
    {"copyrect, of nothing", ONE "00000001 0000 0000", AS_IT_IS, CUT},
    {"rre", ONE "00000002 00000002 aabbcc00 ddeeff00 0001000200030004 11223300 0000000000200010",
     AS_IT_IS, CUT},
    {"corre", ONE "00000004 00000002 aabbcc00 ddeeff00 01020304 11223300 00002010", AS_IT_IS, CUT},
    /* background, foreground and two subrectangles; then two coloured ones */
    {"hextile", ONE "00000005 0e aabbcc00 ddeeff00 02 00ff 1122 18 02 11111100 00ff 22222200 1122",
     AS_IT_IS, CUT},
    {"hextile, raw", UPDATE "0000 0000 0011 0003 00000005 01 aa*192 01 bb*12", AS_IT_IS, CUT},
    {"zlib", ONE "00000006", "11*1000 22*1048", LENGTH_U32, 0, CUT},
    {"tight, fill", ONE "00000007 80 112233", AS_IT_IS, CUT},
    {"tight, copied", ONE "00000007 00", "11*1000 22*536", LENGTH_COMPACT, 0, CUT},
    {"tight, two colours", ONE "00000007 50 01 01 111111 222222", "a5*64", LENGTH_COMPACT, 0, CUT},
    {"tight, palette", ONE "00000007 60 01 02 111111 222222 333333", "00*256 01*100 02*156",
     LENGTH_COMPACT, 0, CUT},
    {"tight, gradient", ONE "00000007 70 02", "07*1536", LENGTH_COMPACT, 0, CUT},
    {"tight, too short to deflate",
     UPDATE "0000 0000 0009 0002 00000007 40 01 01 111111 222222 aa80 5500", AS_IT_IS, CUT},
    {"zrle, raw", ONE "00000010", "00 11*1536", LENGTH_U32, 0, CUT},
    {"zrle, solid", ONE "00000010", "01 112233", LENGTH_U32, 0, CUT},
    {"zrle, packed", ONE "00000010", "03 111111 222222 333333 19*128", LENGTH_U32, 0, CUT},
    {"zrle, runs", ONE "00000010", "80 112233 ff fe 445566 00 778899 00", LENGTH_U32, 0, CUT},
    {"zrle, palette runs", ONE "00000010", "82 111111 222222 80 ff fe 01 00", LENGTH_U32, 0, CUT},
    {"cursor", UPDATE "0001 0001 0009 0002 ffffff11 44*72 ff80 8080", AS_IT_IS, CUT},
    {"cursor with alpha", UPDATE "0001 0001 0003 0002 fffffec6 00000000 44*24", AS_IT_IS, CUT},
    {"pointer position", UPDATE "0003 0004 0000 0000 ffffff18", AS_IT_IS, CUT},
    {"pointer position, VMware's", UPDATE "0003 0004 0000 0000 574d5666", AS_IT_IS, CUT},
    {"extended desktop size",
     UPDATE "0000 0000 0030 0020 fffffecc 01 000000 00000001 0000 0000 0030 0020 00000000",
     AS_IT_IS, CUT},
    {"desktop size", UPDATE "0000 0000 0020 0020 ffffff21", AS_IT_IS, CUT},
    {"desktop name", UPDATE "0000 0000 0000 0000 fffffecd 00000006 'office'", AS_IT_IS, CUT},
    {"last rectangle", "00 00 ffff" RECT "00000007 80 112233 0000 0000 0000 0000 ffffff20",
     AS_IT_IS, CUT},
};

/* Each whole message, and what is left of it when the connection ends behind any of its bytes, or
 * of some in the middle of a long one. */
static void a_cut_message_ends_the_connection(void **state)
{
    enum { DENSE = 32, SPARSE = 11 };
    (void)state;
    wrong = 0;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct rfb_buf bytes;
        build(&bytes, &good[i]);
        for (size_t n = 0; n <= bytes.len; n += n < DENSE || n + DENSE >= bytes.len ? 1 : SPARSE)
            tell(&good[i], &bytes, n, good[i].code, good[i].says);
        rfb_buf_finish(&bytes);
    }
    assert_int_equal(wrong, 0);
}

#define BAD PH_E_PROTOCOL

static const struct message bad[] = {
    /* sizes and places */
    {"a size of 65535x65535", UPDATE "0000 0000 ffff ffff ffffff21", AS_IT_IS, BAD, "16384 a side"},
    {"a size of 0x0", UPDATE "0000 0000 0000 0000 ffffff21", AS_IT_IS, BAD, "empty or above"},
    {"a size of 16384x8192", UPDATE "0000 0000 4000 2000 ffffff21", AS_IT_IS, BAD, "2^26 pixels"},
    {"a rectangle one to the right", UPDATE "0001 0000 0020 0010 00000000", AS_IT_IS, BAD,
     "outside the framebuffer"},
    {"a rectangle one too low", UPDATE "0000 0001 0020 0010 00000007", AS_IT_IS, BAD,
     "outside the framebuffer"},
    {"a rectangle of 65535 at 65535", UPDATE "ffff ffff ffff ffff 00000010", AS_IT_IS, BAD,
     "outside the framebuffer"},
    {"copying from outside", UPDATE "0000 0000 0020 0010 00000001 0001 0000", AS_IT_IS, BAD,
     "source is outside"},
    {"copying from 65535", UPDATE "0000 0000 0020 0010 00000001 ffff ffff", AS_IT_IS, BAD,
     "source is outside"},
    /* numbers of things */
    {"a message nobody knows", "7b", AS_IT_IS, BAD, "unknown type"},
    {"an encoding nobody knows", ONE "12345678", AS_IT_IS, BAD, "unknown encoding"},
    {"an encoding not asked for", ONE "0000000f", AS_IT_IS, BAD, "not asked for"},
    {"cut text of 2^31 - 1 bytes", "03 000000 7fffffff", AS_IT_IS, BAD, "clipboard"},
    {"cut text of -2^31 bytes", "03 000000 80000000", AS_IT_IS, BAD, "clipboard"},
    {"a name of 2^32 - 1 bytes", UPDATE "0000 0000 0000 0000 fffffecd ffffffff", AS_IT_IS, BAD,
     "name"},
    {"a cursor of 65535x65535", UPDATE "0000 0000 ffff ffff ffffff11", AS_IT_IS, BAD, "cursor"},
    {"a cursor with alpha of 65535x65535", UPDATE "0000 0000 ffff ffff fffffec6", AS_IT_IS, BAD,
     "cursor"},
    {"an extended size of 65535x65535", UPDATE "0000 0000 ffff ffff fffffecc", AS_IT_IS, BAD,
     "16384 a side"},
    {"clipboard, none of zlib's", "03 000000 fffffff8 10000001 'abcd'", AS_IT_IS, BAD,
     "broken clipboard"},
    {"clipboard, shorter than it says",
     "03 000000 ffffffea 10000001 78da62606060cf48cdc9c96700000000ffff", AS_IT_IS, BAD,
     "broken clipboard"},
    {"clipboard, cut short", "03 000000 fffffff2 10000001 78da62606060cb48cdc9", AS_IT_IS, BAD,
     "broken clipboard"},
    {"clipboard, no length", "03 000000 fffffff2 10000001 78da626000000000ffff", AS_IT_IS, BAD,
     "broken clipboard"},
    {"clipboard, provided, a megabyte",
     "03 000000 fffffbe9 10000001 78daecc13101000008c0a045b0a2fd4b18c217686a01000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000009e0e"
     "0000ffff",
     AS_IT_IS, CUT},
    {"clipboard, of 2^32 - 1 bytes",
     "03 000000 ffffffe9 10000001 78dafaffffffff8cd49c9c7c0600000000ffff", AS_IT_IS, CUT},
    {"clipboard without its flags", "03 000000 fffffffe 0000", AS_IT_IS, BAD, "without its flags"},
    {"a fence of 65 bytes", "f8 000000 00000000 41", AS_IT_IS, BAD, "fence"},
    /* RRE, CoRRE, Hextile */
    {"rre, 2^32 - 1 subrectangles", ONE "00000002 ffffffff", AS_IT_IS, BAD, "subrectangles"},
    {"corre, more than pixels", ONE "00000004 00000201", AS_IT_IS, BAD, "subrectangles"},
    {"rre, a subrectangle outside", ONE "00000002 00000001 aabbcc00 ddeeff00 0001 0000 0020 0010",
     AS_IT_IS, BAD, "outside"},
    {"corre, a subrectangle outside", ONE "00000004 00000001 aabbcc00 ddeeff00 ffff ffff", AS_IT_IS,
     BAD, "outside"},
    {"hextile, a subrectangle outside",
     UPDATE "0000 0000 0010 0010 00000005 0e aabbcc00 ddeeff00 01 ffff", AS_IT_IS, BAD, "outside"},
    {"hextile, a colour never set", ONE "00000005 00", AS_IT_IS, BAD, "never set"},
    /* Zlib */
    {"zlib, 2^31 bytes", ONE "00000006 80000000", AS_IT_IS, BAD, "far more compressed bytes"},
    {"zlib, no bytes", ONE "00000006 00000000", AS_IT_IS, BAD, "zlib rectangle"},
    {"zlib, none of zlib's", ONE "00000006 00000004 'abcd'", AS_IT_IS, BAD, "zlib rectangle"},
    {"zlib, cut short", ONE "00000006", "11*2048", LENGTH_U32, -8, BAD, "zlib rectangle"},
    {"zlib, a pixel too few", ONE "00000006", "11*2044", LENGTH_U32, 0, BAD, "zlib rectangle"},
    {"zlib, a byte too few", ONE "00000006", "11*2047", LENGTH_U32, 0, BAD, "zlib rectangle"},
    {"zlib, a byte too many", ONE "00000006", "11*2049", LENGTH_U32, 0, BAD, "zlib rectangle"},
    {"zlib, a megabyte", ONE "00000006", "11*1000000", LENGTH_U32, 0, BAD, "zlib rectangle"},
    /* ZRLE */
    {"zrle, 2^32 - 1 bytes", ONE "00000010 ffffffff", AS_IT_IS, BAD, "far more compressed bytes"},
    {"zrle, no bytes", ONE "00000010 00000000", AS_IT_IS, BAD, "ends early"},
    {"zrle, cut short", ONE "00000010", "00 11*1536", LENGTH_U32, -6, BAD, "ends early"},
    {"zrle, a byte too few", ONE "00000010", "00 11*1535", LENGTH_U32, 0, BAD, "ends early"},
    {"zrle, a byte too many", ONE "00000010", "00 11*1537", LENGTH_U32, 0, BAD, "behind the last"},
    {"zrle, a megabyte too many", ONE "00000010", "00 11*1000000", LENGTH_U32, 0, BAD,
     "behind the last"},
    {"zrle, a run too long", ONE "00000010", "80 112233 ff ff 02", LENGTH_U32, 0, BAD, "beyond"},
    {"zrle, a run that never ends", ONE "00000010", "80 112233 ff*1000000", LENGTH_U32, 0, BAD,
     "beyond"},
    {"zrle, a colour of none", ONE "00000010", "82 111111 222222 02", LENGTH_U32, 0, BAD,
     "not in the palette"},
    {"zrle, a tile of no kind", ONE "00000010", "11 00*51 00*512", LENGTH_U32, 0, BAD,
     "unknown subencoding"},
    /* Tight */
    {"tight, of no kind", ONE "00000007 a0", AS_IT_IS, BAD, "unknown compression control"},
    {"tight, a filter nobody knows", ONE "00000007 40 03", AS_IT_IS, BAD, "filter"},
    {"tight, a palette of one", ONE "00000007 40 01 00 111111", AS_IT_IS, BAD, "palette"},
    {"tight, jpeg unasked", ONE "00000007 90 04 'abcd'", AS_IT_IS, BAD, "JPEG"},
    {"tight, 2^22 - 1 bytes", ONE "00000007 00 ffffff 00*500000", AS_IT_IS, BAD,
     "a rectangle of more than"},
    {"tight, no bytes", ONE "00000007 00 00", AS_IT_IS, BAD, "length of 0"},
    {"tight, none of zlib's", ONE "00000007 00 04 'abcd'", AS_IT_IS, BAD, "tight rectangle"},
    {"tight, cut short", ONE "00000007 00", "11*1536", LENGTH_COMPACT, -8, BAD, "tight rectangle"},
    {"tight, a byte too few", ONE "00000007 00", "11*1535", LENGTH_COMPACT, 0, BAD,
     "tight rectangle"},
    /* less than a row too many is let go by LibVNCClient: it paints nothing */
    {"tight, a byte too many", ONE "00000007 00", "11*1537", LENGTH_COMPACT, 0, CUT},
    {"tight, a row too many", ONE "00000007 00", "11*1632", LENGTH_COMPACT, 0, BAD,
     "tight rectangle"},
    {"tight, a megabyte", ONE "00000007 00", "11*1000000", LENGTH_COMPACT, 0, BAD,
     "tight rectangle"},
    {"tight, two colours, a byte too few", ONE "00000007 40 01 01 111111 222222", "a5*63",
     LENGTH_COMPACT, 0, BAD, "tight rectangle"},
    {"tight, gradient, a byte too few", ONE "00000007 40 02", "07*1535", LENGTH_COMPACT, 0, BAD,
     "tight rectangle"},
};

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    wrong = 0;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct rfb_buf bytes;
        build(&bytes, &bad[i]);
        tell(&bad[i], &bytes, bytes.len, bad[i].code, bad[i].says);
        rfb_buf_finish(&bytes);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_message_ends_the_connection),
        cmocka_unit_test(what_is_wrong_is_told),
    };
    return cmocka_run_group_tests_name("client_faults_wire", tests, NULL, NULL);
}
