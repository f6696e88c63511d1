/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"

#define CHECK(condition) check(condition, #condition, __LINE__)

static void check(bool holds, const char *what, int line)
{
    if (holds)
        return;
    fprintf(stderr, "feed.c:%d: broken promise: %s\n", line, what);
    abort();
}

uint64_t feed_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* ---- pieces ---- */

struct piece {
    struct feed_split split;
    const uint8_t *rest;
    size_t left;
    uint8_t *bytes;
    size_t n;
    bool begun;
};

static size_t piece_size(struct piece *p)
{
    if (p->split.kind == FEED_WHOLE)
        return p->left;
    if (p->split.kind == FEED_BYTES)
        return p->left != 0;
    /* mostly a few bytes, sometimes none, sometimes very many */
    static const size_t scale[] = {2, 4, 4, 20, 100, 5000};
    uint64_t r = feed_random(&p->split.seed);
    size_t n = (size_t)((r >> 8) % scale[r % (sizeof scale / sizeof scale[0])]);
    return n < p->left ? n : p->left;
}

/* The next piece; an empty input is one empty piece. */
static bool piece_next(struct piece *p)
{
    free(p->bytes);
    p->bytes = NULL;
    if (p->left == 0 && p->begun)
        return false;
    p->begun = true;
    p->n = piece_size(p);
    p->bytes = malloc(p->n);
    CHECK(p->n == 0 || p->bytes != NULL);
    if (p->n != 0)
        memcpy(p->bytes, p->rest, p->n);
    p->rest += p->n;
    p->left -= p->n;
    return true;
}

/* ---- traces ---- */

static void make_room(void **where, size_t *cap, size_t needed)
{
    if (needed <= *cap)
        return;
    *cap = needed * 2;
    *where = realloc(*where, *cap);
    CHECK(*where != NULL);
}

__attribute__((format(printf, 2, 3))) static void say(struct feed_trace *t, const char *format, ...)
{
    char word[128];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(word, sizeof word, format, args);
    va_end(args);
    CHECK(n > 0 && (size_t)n < sizeof word);
    void *text = t->text;
    make_room(&text, &t->text_cap, t->text_len + (size_t)n + 2);
    t->text = text;
    if (t->text_len != 0)
        t->text[t->text_len++] = ' ';
    memcpy(t->text + t->text_len, word, (size_t)n + 1);
    t->text_len += (size_t)n;
}

static void keep(struct feed_trace *t, const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return;
    void *all = t->bytes;
    make_room(&all, &t->cap, t->n + n);
    t->bytes = all;
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
}

static void say_body(struct feed_trace *t)
{
    if (t->body != 0)
        say(t, "body:%" PRIu64, t->body);
    t->body = 0;
}

static void trace_begin(struct feed_trace *t)
{
    *t = (struct feed_trace){.text = calloc(1, 64), .text_cap = 64};
    CHECK(t->text != NULL);
}

static void trace_end(struct feed_trace *t, int rc, const char *why, const uint8_t *data)
{
    enum { HEAD_MAX = RFB_HEAD_MAX };
    say_body(t);
    t->rc = rc;
    t->why = why;
    if (rc < 0) {
        CHECK(rc == RFB_E_INVALID || rc == RFB_E_TOO_LARGE);
        CHECK(why != NULL && why[0] != '\0');
        say(t, "%s", rc == RFB_E_INVALID ? "INVALID" : "TOO_LARGE");
    }
    /* every byte once and in order; at most one head is held back */
    CHECK(t->n <= t->taken && t->taken - t->n <= HEAD_MAX);
    CHECK(t->n == 0 || memcmp(t->bytes, data, t->n) == 0);
}

void feed_trace_finish(struct feed_trace *t)
{
    free(t->text);
    free(t->bytes);
    *t = (struct feed_trace){.text = NULL};
}

void feed_same(const struct feed_trace *a, const struct feed_trace *b)
{
    CHECK(strcmp(a->text, b->text) == 0);
    CHECK(a->rc == b->rc && a->why == b->why);
    CHECK(a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0));
    CHECK(a->taken == b->taken);
}

static void body_event(struct feed_trace *t, const struct piece *p, const uint8_t *bytes, size_t n)
{
    CHECK(n != 0 && bytes >= p->bytes && bytes + n <= p->bytes + p->n);
    t->body += n;
}

/* ---- server to client ---- */

static void s2c_event(struct feed_trace *t, const struct piece *p, const struct rfb_s2c_event *ev,
                      struct rfb_rect_head *rect)
{
    if (ev->kind == RFB_S2C_BODY) {
        body_event(t, p, ev->bytes, ev->n);
        CHECK(ev->encoding == NULL || memcmp(&ev->rect, rect, sizeof *rect) == 0);
        CHECK(ev->encoding != NULL || t->left >= ev->n);
        t->left -= ev->encoding == NULL ? ev->n : 0;
        return;
    }
    say_body(t);
    switch (ev->kind) {
    case RFB_S2C_UPDATE:
        CHECK(ev->n == 4);
        say(t, "update:%u", ev->count);
        break;
    case RFB_S2C_RECT:
        CHECK(ev->n == 12 && ev->encoding != NULL && ev->encoding->number == ev->rect.encoding);
        *rect = ev->rect;
        say(t, "%s:%u,%u,%ux%u", ev->encoding->name, rect->r.x, rect->r.y, rect->r.w, rect->r.h);
        break;
    case RFB_S2C_RECT_END:
        CHECK(ev->n == 0 && memcmp(&ev->rect, rect, sizeof *rect) == 0);
        CHECK(ev->encoding != NULL && ev->encoding->number == rect->encoding);
        say(t, "end");
        break;
    case RFB_S2C_UPDATE_END:
        CHECK(ev->n == 0);
        say(t, "done");
        break;
    case RFB_S2C_MESSAGE:
        CHECK(ev->n != 0 && ev->bytes[0] == ev->type);
        t->left = ev->body;
        say(t, "%u:%zu+%" PRIu64, ev->type, ev->n, ev->body);
        break;
    case RFB_S2C_MESSAGE_END:
        CHECK(ev->n == 0 && t->left == 0);
        say(t, "end");
        break;
    case RFB_S2C_BODY:
        break;
    }
}

/* An error stays: no byte is taken any more. */
static void s2c_sticks(struct rfb_s2c *f, int rc)
{
    static const uint8_t bell[] = {RFB_S2C_BELL};
    struct rfb_s2c_event ev;
    for (size_t n = 0; n < 2; n++) {
        const uint8_t *p = bell;
        const char *why = f->why;
        size_t left = n;
        CHECK(rfb_s2c_next(f, &p, &left, &ev) == rc && p == bell && left == n && f->why == why);
    }
}

void feed_s2c(struct feed_trace *t, struct rfb_s2c *f, const uint8_t *data, size_t len,
              struct feed_split split)
{
    struct piece piece = {.split = split, .rest = data, .left = len};
    struct rfb_rect_head rect = {.encoding = 0};
    int rc = 0, without_bytes = 0;
    trace_begin(t);
    while (rc == 0 && piece_next(&piece)) {
        const uint8_t *p = piece.bytes;
        size_t left = piece.n;
        struct rfb_s2c_event ev;
        while ((rc = rfb_s2c_next(f, &p, &left, &ev)) == 1) {
            CHECK(p == piece.bytes + (piece.n - left));
            without_bytes = ev.n != 0 ? 0 : without_bytes + 1;
            CHECK(without_bytes <= 2); /* a rectangle's end and its update's end */
            s2c_event(t, &piece, &ev, &rect);
            keep(t, ev.bytes, ev.n);
        }
        CHECK(p == piece.bytes + (piece.n - left));
        CHECK(rc < 0 || left == 0);
        t->taken += piece.n - left;
    }
    free(piece.bytes);
    trace_end(t, rc, f->why, data);
    if (rc < 0)
        s2c_sticks(f, rc);
}

/* ---- client to server ---- */

static void c2s_event(struct feed_trace *t, const struct piece *p, const struct rfb_c2s_event *ev)
{
    if (ev->kind == RFB_C2S_BODY) {
        body_event(t, p, ev->bytes, ev->n);
        CHECK(t->left >= ev->n);
        t->left -= ev->n;
        return;
    }
    say_body(t);
    if (ev->kind == RFB_C2S_MESSAGE) {
        CHECK(ev->n != 0 && ev->bytes[0] == ev->type);
        t->left = ev->body;
        say(t, "%u:%zu+%" PRIu64, ev->type, ev->n, ev->body);
    } else {
        CHECK(ev->kind == RFB_C2S_MESSAGE_END && ev->n == 0 && t->left == 0);
        say(t, "end");
    }
}

static void c2s_sticks(struct rfb_c2s *f, int rc)
{
    static const uint8_t key[] = {RFB_C2S_KEY};
    struct rfb_c2s_event ev;
    for (size_t n = 0; n < 2; n++) {
        const uint8_t *p = key;
        const char *why = f->why;
        size_t left = n;
        CHECK(rfb_c2s_next(f, &p, &left, &ev) == rc && p == key && left == n && f->why == why);
    }
}

void feed_c2s(struct feed_trace *t, struct rfb_c2s *f, const uint8_t *data, size_t len,
              struct feed_split split)
{
    struct piece piece = {.split = split, .rest = data, .left = len};
    int rc = 0, without_bytes = 0;
    trace_begin(t);
    while (rc == 0 && piece_next(&piece)) {
        const uint8_t *p = piece.bytes;
        size_t left = piece.n;
        struct rfb_c2s_event ev;
        while ((rc = rfb_c2s_next(f, &p, &left, &ev)) == 1) {
            CHECK(p == piece.bytes + (piece.n - left));
            without_bytes = ev.n != 0 ? 0 : without_bytes + 1;
            CHECK(without_bytes <= 1);
            c2s_event(t, &piece, &ev);
            keep(t, ev.bytes, ev.n);
        }
        CHECK(p == piece.bytes + (piece.n - left));
        CHECK(rc < 0 || left == 0);
        t->taken += piece.n - left;
    }
    free(piece.bytes);
    trace_end(t, rc, f->why, data);
    if (rc < 0)
        c2s_sticks(f, rc);
}

/* ---- handshakes ---- */

typedef int (*hs_feed)(void *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out);

/* An owner that starts TLS when told to, and knows nothing when asked; marks in out tell when. */
static int client_feed(void *hs, const uint8_t *data, size_t len, size_t *used, struct rfb_buf *out)
{
    *used = 0;
    for (;;) {
        size_t left = len - *used, n, wants = rfb_client_hs_wants(hs);
        int rc = rfb_client_hs_feed(hs, data + *used, left, &n, out);
        *used += n;
        if (rc == RFB_HS_MORE || rc == RFB_HS_START_TLS)
            CHECK(n == left || (rc == RFB_HS_START_TLS && n <= left));
        if (rc >= 0 && left <= wants)
            CHECK(n == left); /* none of what is wanted is given back */
        if (rc == RFB_HS_START_TLS)
            rfb_buf_put(out, "<TLS>", 5);
        else if (rc == RFB_HS_ASK)
            rfb_buf_put(out, "<ASK>", 5);
        else
            return rc;
    }
}

/* Gives its verdict at once: FEED_PASSWORD is right. */
static int server_verdict(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    bool good = false;
    CHECK(hs->username_len <= RFB_SECRET_MAX && hs->password_len <= RFB_SECRET_MAX);
    CHECK(hs->username[hs->username_len] == '\0' && hs->password[hs->password_len] == '\0');
    if (hs->auth == RFB_AUTH_PLAIN) {
        CHECK(hs->offer.plain);
        good = hs->password_len == strlen(FEED_PASSWORD) &&
               memcmp(hs->password, FEED_PASSWORD, strlen(FEED_PASSWORD)) == 0;
    } else {
        CHECK(hs->offer.vnc && hs->auth == RFB_AUTH_VNC);
        good = rfb_vncauth_check(FEED_PASSWORD, hs->offer.challenge, hs->response) == 1;
    }
    int rc = rfb_server_hs_verdict(hs, good, "wrong", out);
    CHECK(rc == RFB_OK || !good || rc == RFB_E_TOO_LARGE);
    CHECK(rc == RFB_E_AUTH || good || rc == RFB_E_TOO_LARGE);
    CHECK(hs->password[0] == '\0' && hs->password_len == 0 && hs->response[0] == 0);
    CHECK(rfb_server_hs_verdict(hs, true, NULL, out) == RFB_E_INVALID); /* there is one */
    return rc;
}

static int server_feed(void *handshake, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out)
{
    struct rfb_server_hs *hs = handshake;
    size_t n;
    *used = 0;
    for (;;) {
        int rc = rfb_server_hs_feed(hs, data + *used, len - *used, &n, out);
        CHECK(n <= len - *used);
        *used += n;
        if (rc == RFB_HS_CHECK)
            rc = server_verdict(hs, out);
        else
            return rc;
        if (rc != RFB_OK)
            return rc;
    }
}

static int feed_hs(hs_feed feed, void *hs, const uint8_t *data, size_t len, struct feed_split split,
                   size_t *taken, struct rfb_buf *out)
{
    struct piece piece = {.split = split, .rest = data, .left = len};
    int rc = 0;
    *taken = 0;
    while (rc == 0 && piece_next(&piece)) {
        size_t used = piece.n + 1;
        rc = feed(hs, piece.bytes, piece.n, &used, out);
        CHECK(used <= piece.n);
        CHECK(rc != 0 || used == piece.n);
        CHECK(rc <= 1 && rc != RFB_E_INCOMPLETE);
        *taken += used;
    }
    free(piece.bytes);
    if (rc != 0) { /* an end stays: no byte is taken, none is sent */
        static const uint8_t more[4] = {0};
        size_t used = 1, sent = out->len;
        CHECK(feed(hs, more, sizeof more, &used, out) == rc && used == 0 && out->len == sent);
    }
    return rc;
}

int feed_client_hs(struct rfb_client_hs *hs, const uint8_t *data, size_t len,
                   struct feed_split split, size_t *taken, struct rfb_buf *out)
{
    int rc = feed_hs(client_feed, hs, data, len, split, taken, out);
    CHECK(rc >= 0 || hs->reason[0] != '\0');
    CHECK(memchr(hs->reason, '\0', sizeof hs->reason) != NULL);
    if (rc == 1) {
        CHECK(rfb_check_size(hs->init.width, hs->init.height) == RFB_OK);
        CHECK(hs->init.name_len <= RFB_NAME_MAX && hs->init.name[hs->init.name_len] == '\0');
    }
    return rc;
}

int feed_server_hs(struct rfb_server_hs *hs, const uint8_t *data, size_t len,
                   struct feed_split split, size_t *taken, struct rfb_buf *out)
{
    int rc = feed_hs(server_feed, hs, data, len, split, taken, out);
    CHECK(rc >= 0 || hs->reason[0] != '\0');
    CHECK(memchr(hs->reason, '\0', sizeof hs->reason) != NULL);
    return rc;
}

/* ---- skims ---- */

int feed_skim(struct rfb_skim *s, const uint8_t *data, size_t len, struct feed_split split,
              size_t *taken)
{
    struct piece piece = {.split = split, .rest = data, .left = len};
    int rc = 0;
    *taken = 0;
    while (rc == 0 && piece_next(&piece)) {
        size_t used = piece.n + 1;
        rc = rfb_skim_feed(s, piece.bytes, piece.n, &used);
        CHECK(used <= piece.n);
        CHECK(rc != 0 || used == piece.n);
        *taken += used;
    }
    free(piece.bytes);
    CHECK(rc >= 0 || s->why != NULL);
    return rc;
}
