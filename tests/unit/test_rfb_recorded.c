/* SPDX-License-Identifier: GPL-2.0-or-later
 * The framers on what real servers and a client have said: tests/data/README.md says how it was
 * recorded. Each recording goes in whole, byte by byte and in random pieces; every byte must come
 * out again, in the same events, and what is in the recording is listed here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "rfb/err.h"
#include "unit.h"

enum { SEED = 20240302, SPLITS = 12 };

struct recording {
    uint16_t width, height;
    struct rfb_pixel_format format;
    struct feed_bytes {
        uint8_t *bytes;
        size_t n;
    } server, client;
};

/* What both sides said, in the order of its first coming. It was read off the recordings once, and
 * looked through: a framer that loses its place counts something else. */
struct expected {
    const char *name; /* of the file, without .rfb */
    const char *server, *client;
};

static const struct expected recordings[] = {
    {"xvnc-colourmap", "message 1 1, update 1, hextile 1",
     "message 0 1, message 2 1, message 5 1, message 3 1"},
    {"xvnc-copyrect", "update 5, cursor 1, raw 1, rre 7, copyrect 9",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-everything",
     "message 248 16, message 150 2, update 10, cursor 3, ledstate 3, qemukey 1, "
     "extendeddesktopsize 8, zrle 19, lastrect 7, desktopname 1, message 2 3, message 3 1",
     "message 0 1, message 2 1, message 248 17, message 5 2, message 3 7, message 251 2, "
     "message 4 6, message 255 2, message 6 1, message 150 2"},
    {"xvnc-hextile", "update 5, cursor 1, hextile 9, copyrect 9",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-hextile16", "update 5, cursor 1, hextile 20",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-raw", "update 4, cursor 1, raw 4", "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-raw16", "update 4, cursor 1, raw 4",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-resized", "update 3, xcursor 1, hextile 2, desktopsize 1",
     "message 0 1, message 2 1, message 5 1, message 3 3"},
    {"xvnc-rre8", "update 5, cursor 1, rre 20",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-tight", "update 5, cursor 1, tight 9, copyrect 9",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-tight-jpeg", "update 5, cursor 1, tight 27, lastrect 5",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-tight16", "update 5, cursor 1, tight 20",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-zrle", "update 5, cursor 1, zrle 9, copyrect 9",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"xvnc-zrle8", "update 5, cursor 1, zrle 20",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-colourmap", "message 1 1, update 1, hextile 2",
     "message 0 1, message 2 1, message 5 1, message 3 1"},
    {"x11vnc-corre", "update 5, cursor 1, corre 34, raw 1",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-everything", "update 8, extendeddesktopsize 3, cursor 2, hextile 5, message 2 1",
     "message 0 1, message 2 1, message 5 2, message 3 5, message 6 1, message 4 2"},
    {"x11vnc-hextile", "update 5, cursor 1, hextile 5",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-hextile8", "update 5, cursor 1, hextile 8",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-raw", "update 4, cursor 1, raw 5",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-resized", "update 4, xcursor 2, hextile 3, desktopsize 1",
     "message 0 1, message 2 1, message 5 1, message 3 3"},
    {"x11vnc-rre", "update 5, cursor 1, rre 8",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-tight", "update 5, cursor 1, tight 14, lastrect 1",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-tight-jpeg", "update 5, cursor 1, tight 14, lastrect 1",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-zlib", "update 5, cursor 1, zlib 7",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-zrle", "update 5, cursor 1, zrle 8",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
    {"x11vnc-zrle16", "update 5, cursor 1, zrle 8",
     "message 0 1, message 2 1, message 5 1, message 3 5"},
};

static uint8_t *read_exactly(FILE *file, size_t n)
{
    uint8_t *bytes = malloc(n);
    assert_true(n == 0 || bytes != NULL);
    if (fread(bytes, 1, n, file) != n)
        fail_msg("a recording is too short");
    return bytes;
}

static void read_recording(const char *name, struct recording *r)
{
    enum { MAGIC = 8, HEAD = MAGIC + 4 + 16 + 8 };
    char path[4096];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/tests/data/%s.rfb", top != NULL ? top : ".", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened", path);
    uint8_t *head = read_exactly(file, HEAD);
    assert_memory_equal(head, "RFBREC1\n", MAGIC);
    r->width = rfb_get_u16(head + MAGIC);
    r->height = rfb_get_u16(head + MAGIC + 2);
    assert_int_equal(rfb_msg_get_pixel_format(head + MAGIC + 4, &r->format), RFB_OK);
    r->server.n = rfb_get_u32(head + MAGIC + 20);
    r->client.n = rfb_get_u32(head + MAGIC + 24);
    r->server.bytes = read_exactly(file, r->server.n);
    r->client.bytes = read_exactly(file, r->client.n);
    assert_int_equal(fgetc(file), EOF);
    free(head);
    fclose(file);
}

static void free_recording(struct recording *r)
{
    free(r->server.bytes);
    free(r->client.bytes);
}

/* ---- what is in a trace ---- */

enum { KINDS_MAX = 40 };
struct tally {
    struct {
        char name[32];
        unsigned n;
    } kind[KINDS_MAX];
    size_t kinds;
};

static void count(struct tally *t, const char *name, size_t len)
{
    size_t i = 0;
    assert_true(len < sizeof t->kind[0].name);
    while (i < t->kinds &&
           (strlen(t->kind[i].name) != len || memcmp(t->kind[i].name, name, len) != 0))
        i++;
    assert_true(i < KINDS_MAX);
    if (i == t->kinds) {
        memcpy(t->kind[i].name, name, len);
        t->kind[i].name[len] = '\0';
        t->kind[i].n = 0;
        t->kinds++;
    }
    t->kind[i].n++;
}

/* "update 3, raw 4, message 2 1": in the order of their first coming; bodies and ends are not told.
 */
static void summarize(const struct feed_trace *trace, char *text, size_t size)
{
    struct tally t = {.kinds = 0};
    for (const char *p = trace->text; *p != '\0';) {
        size_t word = strcspn(p, " "), name = strcspn(p, ": ");
        if (word != name && strncmp(p, "body:", 5) != 0)
            count(&t, p, name);
        p += word + strspn(p + word, " ");
    }
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < t.kinds; i++) {
        const char *number = t.kind[i].name[0] <= '9' ? "message " : "";
        int n = snprintf(text + at, size - at, "%s%s%s %u", i != 0 ? ", " : "", number,
                         t.kind[i].name, t.kind[i].n);
        assert_true(n > 0 && (size_t)n < size - at);
        at += (size_t)n;
    }
}

static void assert_complete(const char *name, const struct feed_trace *t, size_t n,
                            const char *expected)
{
    char summary[1000];
    summarize(t, summary, sizeof summary);
    if (t->rc != 0)
        fail_msg("%s: %s after %s", name, t->why, summary);
    if (t->n != n || t->taken != n)
        fail_msg("%s: %zu bytes of %zu came out", name, t->n, n);
    if (strcmp(summary, expected) != 0)
        fail_msg("%s: there is \"%s\" in it, not \"%s\"", name, summary, expected);
}

/* ---- feeding ---- */

static void feed_server(const struct recording *r, struct feed_split split, struct feed_trace *t)
{
    struct rfb_s2c f;
    rfb_s2c_init(&f, r->width, r->height, &r->format);
    feed_s2c(t, &f, r->server.bytes, r->server.n, split);
}

static void feed_client(const struct recording *r, struct feed_split split, struct feed_trace *t)
{
    struct rfb_c2s f;
    rfb_c2s_init(&f);
    feed_c2s(t, &f, r->client.bytes, r->client.n, split);
}

typedef void (*feed_side)(const struct recording *r, struct feed_split split, struct feed_trace *t);

static void same_however_it_is_cut(const char *name, const struct recording *r, feed_side feed,
                                   size_t n, const char *expected)
{
    static uint64_t seed = SEED;
    struct feed_trace whole, pieces;
    feed(r, (struct feed_split){.kind = FEED_WHOLE}, &whole);
    assert_complete(name, &whole, n, expected);
    feed(r, (struct feed_split){.kind = FEED_BYTES}, &pieces);
    feed_same(&whole, &pieces);
    feed_trace_finish(&pieces);
    for (int i = 0; i < SPLITS; i++) {
        feed(r, (struct feed_split){.kind = FEED_RANDOM, .seed = feed_random(&seed)}, &pieces);
        feed_same(&whole, &pieces);
        feed_trace_finish(&pieces);
    }
    feed_trace_finish(&whole);
}

static void one_recording(void **state)
{
    const struct expected *e = *state;
    struct recording r;
    read_recording(e->name, &r);
    same_however_it_is_cut(e->name, &r, feed_server, r.server.n, e->server);
    same_however_it_is_cut(e->name, &r, feed_client, r.client.n, e->client);
    free_recording(&r);
}

/* All the table together: this is what the recordings are for. */
static void both_servers_and_their_encodings(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *words[20];
    } wanted[] = {
        {"xvnc-",
         {"raw", "copyrect", "rre", "hextile", "tight", "zrle", "cursor", "xcursor", "desktopsize",
          "extendeddesktopsize", "lastrect", "desktopname", "ledstate", "qemukey", "message 1",
          "message 2", "message 3", "message 150", "message 248"}},
        {"x11vnc-",
         {"raw", "rre", "corre", "hextile", "zlib", "tight", "zrle", "cursor", "xcursor",
          "desktopsize", "extendeddesktopsize", "lastrect", "message 1", "message 2"}},
    };
    for (size_t i = 0; i < COUNT(wanted); i++)
        for (size_t k = 0; k < COUNT(wanted[i].words) && wanted[i].words[k] != NULL; k++) {
            bool found = false;
            char first[40], later[40];
            snprintf(first, sizeof first, "%s ", wanted[i].words[k]);
            snprintf(later, sizeof later, ", %s ", wanted[i].words[k]);
            for (size_t j = 0; j < COUNT(recordings); j++)
                if (strncmp(recordings[j].name, wanted[i].prefix, strlen(wanted[i].prefix)) == 0 &&
                    (strstr(recordings[j].server, later) != NULL ||
                     strncmp(recordings[j].server, first, strlen(first)) == 0))
                    found = true;
            if (!found)
                fail_msg("no recording %s... has %s in it", wanted[i].prefix, wanted[i].words[k]);
        }
}

/* Tight's JPEG cannot be told from its rectangles: JPEG files begin so. */
static void jpeg_is_among_them(void **state)
{
    (void)state;
    static const char *const names[] = {"xvnc-tight-jpeg", "x11vnc-tight-jpeg"};
    static const uint8_t begin[] = {0xff, 0xd8, 0xff, 0xe0};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct recording r;
        bool found = false;
        read_recording(names[i], &r);
        for (size_t at = 0; at + sizeof begin <= r.server.n; at++)
            found = found || memcmp(r.server.bytes + at, begin, sizeof begin) == 0;
        if (!found)
            fail_msg("there is no JPEG in %s", names[i]);
        free_recording(&r);
    }
}

int main(void)
{
    static struct CMUnitTest tests[COUNT(recordings) + 2];
    for (size_t i = 0; i < COUNT(recordings); i++)
        tests[i] = (struct CMUnitTest){.name = recordings[i].name,
                                       .test_func = one_recording,
                                       .initial_state = (void *)(uintptr_t)&recordings[i]};
    tests[COUNT(recordings)] =
        (struct CMUnitTest)cmocka_unit_test(both_servers_and_their_encodings);
    tests[COUNT(recordings) + 1] = (struct CMUnitTest)cmocka_unit_test(jpeg_is_among_them);
    printf("# random pieces from seed %d\n", SEED);
    return cmocka_run_group_tests_name("rfb/recorded", tests, NULL, NULL);
}
