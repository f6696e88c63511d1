/* SPDX-License-Identifier: GPL-2.0-or-later
 * A whole conversation with a server: handshake, then messages, into the client's own code but for
 * its socket and thread; frames and pointers are taken on the way. Where VeNCrypt starts TLS, what
 * follows is taken as if it had been inside. Input: cut, flags (1: input only, 2: no password at
 * hand, 4: a user name, 8: TLS alone is allowed, 16: JPEG is asked for), what the server says.
 * However that was cut, the same must come of it. */
#include <string.h>

#include "client/client.h"
#include "client/session.h"
#include "fuzz.h"
#include "rfb/err.h"

enum { SIDE_MAX = 256, PIXELS_MAX = 1 << 14 };

int __real_rfb_check_size(uint32_t width, uint32_t height);
int __wrap_rfb_check_size(uint32_t width, uint32_t height);

/* Large framebuffers are refused as too large ones are: time goes into variety. */
int __wrap_rfb_check_size(uint32_t width, uint32_t height)
{
    int rc = __real_rfb_check_size(width, height);
    bool costly = width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX;
    return rc == RFB_OK && costly ? RFB_E_TOO_LARGE : rc;
}

/* ---- what came of it ---- */

struct end {
    ph_client *c;
    ph_error error;
    bool shaken;     /* the handshake came to its end */
    uint64_t sent;   /* a hash of what the client has said */
    ph_frame *first; /* and what it was when it was taken */
    uint64_t first_hash;
    uint64_t seen; /* the last frame's sequence */
};

/* FNV-1a */
static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

static uint64_t hash_frame(const ph_frame *f)
{
    size_t pixels = (size_t)ph_frame_width(f) * (size_t)ph_frame_height(f);
    for (size_t i = 0; i < pixels; i++)
        FUZZ_CHECK(ph_frame_pixels(f)[i] >> 24 == 0xff);
    return hash((uint64_t)ph_frame_width(f), ph_frame_pixels(f), pixels * sizeof(uint32_t));
}

/* The server reads all, at once. */
static void take_output(struct end *e)
{
    struct rfb_buf *out = &e->c->out;
    if (out->len != 0)
        e->sent = hash(e->sent, rfb_buf_data(out), out->len);
    rfb_buf_consume(out, out->len);
}

static void take_frame(struct end *e)
{
    static const ph_limit now = {.timeout_ms = 0};
    ph_frame *f;
    if (e->c->input_only || ph_frame_get(e->c, e->seen, &now, &f, NULL) != PH_OK)
        return;
    e->seen = ph_frame_sequence(f);
    ph_rect rects[4];
    size_t n = ph_frame_damage(f, ph_frame_sequence(f) - 1, rects, 4);
    FUZZ_CHECK(n <= 4);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(rects[i].x >= 0 && rects[i].y >= 0 &&
                   rects[i].x + rects[i].width <= ph_frame_width(f) &&
                   rects[i].y + rects[i].height <= ph_frame_height(f));
    if (e->first != NULL) {
        ph_watch watch = PH_WATCH_INIT;
        ph_frame *changed;
        watch.since = e->first;
        ph_wait_change(e->c, &watch, &now, &changed, NULL);
        ph_frame_unref(changed);
    } else {
        e->first = ph_frame_ref(f);
        e->first_hash = hash_frame(f);
    }
    ph_frame_unref(f);
}

static uint64_t hash_cursor(ph_client *c)
{
    ph_cursor *cursor;
    ph_cursor_info info = PH_CURSOR_INFO_INIT;
    if (ph_cursor_get(c, &cursor, NULL) != PH_OK)
        return 0;
    FUZZ_CHECK(ph_cursor_describe(cursor, &info, NULL) == PH_OK);
    size_t pixels = (size_t)info.width * (size_t)info.height;
    const int numbers[] = {info.x,      info.y,     info.position_known, info.width,
                           info.height, info.hot_x, info.hot_y};
    uint64_t h = hash(hash(1, numbers, sizeof numbers), info.pixels, pixels * sizeof(uint32_t));
    ph_cursor_unref(cursor);
    return h;
}

/* ---- a conversation ---- */

/* As io.c reads: as much as is asked for, or less. */
static int converse(struct end *e, const struct rfb_server_init *init, const uint8_t *data,
                    size_t len, struct feed_split split)
{
    struct session *s = session_create(e->c, init, &e->error);
    int rc = s != NULL ? PH_OK : e->error.code;
    uint64_t seed = split.seed;
    while (rc == PH_OK) {
        uint8_t *where;
        size_t room;
        take_output(e);
        if (len == 0)
            break;
        rc = session_reserve(s, &where, &room, &e->error);
        if (rc != PH_OK)
            break;
        size_t n = split.kind == FEED_BYTES   ? 1
                   : split.kind == FEED_WHOLE ? len
                                              : 1 + feed_random(&seed) % 64;
        n = n < len ? n : len;
        n = n < room ? n : room;
        memcpy(where, data, n);
        data += n;
        len -= n;
        rc = session_received(s, n, &e->error);
        take_frame(e);
    }
    take_output(e);
    session_destroy(s);
    return rc;
}

static int shake_hands(struct end *e, struct rfb_client_hs *hs, const uint8_t *data, size_t len,
                       struct feed_split split, size_t *taken)
{
    int rc = feed_client_hs(hs, data, len, split, taken, &e->c->out);
    take_output(e);
    if (rc < 0)
        rc = error_set(&e->error, error_from_rfb(rc), "%s", hs->reason);
    return rc;
}

static int run(struct end *e, uint8_t flags, const uint8_t *data, size_t len,
               struct feed_split split)
{
    static const int32_t encodings[] = {RFB_ENC_COPYRECT, RFB_ENC_RRE,  RFB_ENC_CORRE,
                                        RFB_ENC_HEXTILE,  RFB_ENC_ZLIB, RFB_ENC_TIGHT,
                                        RFB_ENC_ZRLE};
    struct rfb_client_hs hs;
    size_t taken;
    *e = (struct end){.c = client_create()};
    FUZZ_CHECK(e->c != NULL && e->c->screen != NULL);
    e->c->input_only = flags & 1;
    e->c->jpeg_quality = flags & 16 ? 5 : 0;
    memcpy(e->c->encodings, encodings, sizeof encodings);
    e->c->encoding_count = sizeof encodings / sizeof encodings[0];
    rfb_client_hs_init(&hs);
    hs.password = flags & 2 ? NULL : "secret";
    hs.username = flags & 4 ? "me" : NULL;
    hs.allow = flags & 8 ? RFB_ALLOW_X509 | RFB_ALLOW_ANON_TLS : RFB_ALLOW_CLEAR | RFB_ALLOW_PLAIN;
    int rc = shake_hands(e, &hs, data, len, split, &taken);
    if (rc != 1)
        return rc;
    e->shaken = true;
    e->c->phase = CLIENT_OPEN;
    e->c->width = hs.init.width;
    e->c->height = hs.init.height;
    return converse(e, &hs.init, data + taken, len - taken, split);
}

static void finish(struct end *e)
{
    if (e->first != NULL)
        FUZZ_CHECK(hash_frame(e->first) == e->first_hash);
    ph_frame_unref(e->first);
    client_unref(e->c);
}

/* What a caller who cannot wait gets, without another word to the server. */
static void check_same_clipboard(const struct end *a, const struct end *b)
{
    static const ph_limit now = {.timeout_ms = 0};
    char *text, *other;
    uint64_t serial, other_serial;
    int rc = ph_clipboard_get(a->c, 0, &now, &text, &serial, NULL);
    FUZZ_CHECK(ph_clipboard_get(b->c, 0, &now, &other, &other_serial, NULL) == rc);
    FUZZ_CHECK(serial == other_serial);
    FUZZ_CHECK(rc != PH_OK || strcmp(text, other) == 0);
    ph_free(text);
    ph_free(other);
}

static void check_same(const struct end *a, const struct end *b)
{
    FUZZ_CHECK(a->error.code == b->error.code && strcmp(a->error.message, b->error.message) == 0);
    FUZZ_CHECK(a->shaken == b->shaken && a->sent == b->sent);
    FUZZ_CHECK(strcmp(a->c->name, b->c->name) == 0);
    FUZZ_CHECK(a->c->width == b->c->width && a->c->height == b->c->height);
    FUZZ_CHECK(a->c->bells == b->c->bells && hash_cursor(a->c) == hash_cursor(b->c));
    check_same_clipboard(a, b);
    ph_frame *f = screen_newest(a->c->screen, 0), *g = screen_newest(b->c->screen, 0);
    FUZZ_CHECK((f == NULL) == (g == NULL));
    if (f != NULL) {
        FUZZ_CHECK(ph_frame_sequence(f) == ph_frame_sequence(g));
        FUZZ_CHECK(ph_frame_width(f) == ph_frame_width(g));
        FUZZ_CHECK(hash_frame(f) == hash_frame(g));
    }
    ph_frame_unref(f);
    ph_frame_unref(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 2 };
    static struct end whole, pieces;
    if (size < HEAD)
        return 0;
    int a = run(&whole, data[1], data + HEAD, size - HEAD, (struct feed_split){.kind = FEED_WHOLE});
    int b = run(&pieces, data[1], data + HEAD, size - HEAD, fuzz_split(data[0]));
    FUZZ_CHECK(a == b);
    check_same(&whole, &pieces);
    finish(&whole);
    finish(&pieces);
    return 0;
}
