/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/clipboard.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "rfb/err.h"
#include "rfb/text.h"

enum {
    HEAD = 8, /* type, padding, length */
    SIZE = 4, /* of a number */
    CHUNK = 16 << 10,
    FORMATS = 16,
};

/* ---- line ends ---- */

/* Newlines in place of CRLF, and of a CR on its own, which peers send as well. */
struct lines {
    struct rfb_buf *to;
    bool cr;    /* the last byte was one, and its newline is written */
    bool ended; /* by a NUL */
};

static int add_byte(struct lines *l, uint8_t c, bool latin1)
{
    bool half = l->cr && c == '\n';
    l->cr = c == '\r';
    l->ended = l->ended || c == '\0';
    if (half || l->ended)
        return RFB_OK;
    if (c == '\r')
        c = '\n';
    if (!latin1 || c < 0x80)
        return rfb_buf_put_u8(l->to, c);
    return rfb_buf_put(l->to, (uint8_t[]){(uint8_t)(0xc0 | c >> 6), 0x80 | (c & 0x3f)}, 2);
}

static int add(struct lines *l, const uint8_t *bytes, size_t n, bool latin1)
{
    int rc = RFB_OK;
    for (size_t i = 0; i < n && !l->ended && rc == RFB_OK; i++)
        rc = add_byte(l, bytes[i], latin1);
    return rc;
}

int rfb_clip_get_latin1(const uint8_t *body, size_t n, struct rfb_buf *text)
{
    struct lines l = {.to = text};
    return add(&l, body, n, true);
}

/* ---- taking ---- */

int rfb_clip_get(const uint8_t *body, size_t n, struct rfb_clip *m)
{
    if (n < SIZE)
        return RFB_E_INVALID;
    *m = (struct rfb_clip){.flags = rfb_get_u32(body), .data = body + SIZE, .n = n - SIZE};
    if (!(m->flags & RFB_CLIP_CAPS))
        return RFB_OK;
    size_t formats = 0;
    for (unsigned i = 0; i < FORMATS; i++)
        formats += m->flags >> i & 1;
    if (m->n < formats * SIZE)
        return RFB_E_INVALID;
    if (m->flags & RFB_CLIP_TEXT) /* the lowest format is the first */
        m->text_max = rfb_get_u32(m->data);
    return RFB_OK;
}

/* Inflates exactly n bytes. */
static int inflate_exactly(z_stream *z, uint8_t *to, size_t n)
{
    z->next_out = to;
    z->avail_out = (uInt)n;
    while (z->avail_out != 0) {
        int rc = inflate(z, Z_SYNC_FLUSH);
        if (rc == Z_MEM_ERROR)
            return RFB_E_NO_MEMORY;
        if (rc != Z_OK && !(rc == Z_STREAM_END && z->avail_out == 0))
            return RFB_E_INVALID;
    }
    return RFB_OK;
}

static int inflate_text(z_stream *z, size_t max, struct rfb_buf *text)
{
    uint8_t chunk[CHUNK];
    struct lines l = {.to = text};
    int rc = inflate_exactly(z, chunk, SIZE);
    if (rc != RFB_OK)
        return rc;
    size_t left = rfb_get_u32(chunk);
    if (left > max)
        return RFB_E_TOO_LARGE;
    while (left != 0 && rc == RFB_OK) {
        size_t n = left < CHUNK ? left : CHUNK;
        rc = inflate_exactly(z, chunk, n);
        if (rc == RFB_OK)
            rc = add(&l, chunk, n, false);
        left -= n;
    }
    return rc;
}

int rfb_clip_get_text(const struct rfb_clip *m, size_t max, struct rfb_buf *text)
{
    /* avail_in is narrower than a size */
    if (m->n > UINT32_MAX)
        return RFB_E_TOO_LARGE;
    z_stream z = {.next_in = (z_const Bytef *)m->data, .avail_in = (uInt)m->n};
    int rc = inflateInit(&z);
    if (rc != Z_OK)
        return RFB_E_NO_MEMORY;
    rc = inflate_text(&z, max, text);
    inflateEnd(&z);
    return rc;
}

/* ---- putting ---- */

/* The head of a message with n bytes behind its length. */
static void set_head(uint8_t head[HEAD], uint8_t type, uint32_t length)
{
    memset(head, 0, HEAD);
    head[0] = type;
    rfb_set_u32(head + 4, length);
}

/* An extended message of flags and at most one number: its length is negative. */
static int put_short(struct rfb_buf *out, uint8_t type, uint32_t flags, const uint32_t *number)
{
    uint8_t m[HEAD + 2 * SIZE];
    uint32_t n = number != NULL ? 2 * SIZE : SIZE;
    set_head(m, type, -n);
    rfb_set_u32(m + HEAD, flags);
    rfb_set_u32(m + HEAD + SIZE, number != NULL ? *number : 0);
    return rfb_buf_put(out, m, HEAD + n);
}

int rfb_clip_put_caps(struct rfb_buf *out, uint8_t type, uint32_t actions, uint32_t text_max)
{
    return put_short(out, type, RFB_CLIP_CAPS | actions | RFB_CLIP_TEXT, &text_max);
}

int rfb_clip_put_action(struct rfb_buf *out, uint8_t type, uint32_t flags)
{
    return put_short(out, type, flags, NULL);
}

/* What a provide compresses: the length of the text, the text with CRLF, its NUL. */
static int put_plain(struct rfb_buf *plain, const char *text)
{
    int rc = rfb_buf_put_u32(plain, 0);
    for (const char *at = text; rc == RFB_OK && *at != '\0'; at++) {
        if (*at == '\n' && (at == text || at[-1] != '\r'))
            rc = rfb_buf_put_u8(plain, '\r');
        if (rc == RFB_OK)
            rc = rfb_buf_put_u8(plain, (uint8_t)*at);
    }
    if (rc == RFB_OK)
        rc = rfb_buf_put_u8(plain, '\0');
    if (rc == RFB_OK)
        rfb_set_u32(plain->data + plain->off, (uint32_t)(plain->len - SIZE));
    return rc;
}

/* Flushed and not finished, as TigerVNC does: LibVNCServer 0.9.14 ends the connection when
 * inflating reaches the end of a stream. */
static int deflate_all(const struct rfb_buf *plain, struct rfb_buf *out, size_t head)
{
    enum { FLUSH = 16 }; /* bytes that it adds to what deflateBound says */
    uint8_t *where;
    z_stream z = {.next_in = (z_const Bytef *)rfb_buf_data(plain), .avail_in = (uInt)plain->len};
    if (deflateInit(&z, Z_DEFAULT_COMPRESSION) != Z_OK)
        return RFB_E_NO_MEMORY;
    size_t max = deflateBound(&z, (uLong)plain->len) + FLUSH;
    int rc = rfb_buf_reserve(out, head + max, &where);
    if (rc == RFB_OK) {
        z.next_out = where + head;
        z.avail_out = (uInt)max;
        if (deflate(&z, Z_SYNC_FLUSH) != Z_OK || z.avail_in != 0 || z.avail_out == 0)
            rc = RFB_E_NO_MEMORY;
        rfb_buf_commit(out, rc == RFB_OK ? head + z.total_out : 0);
    }
    deflateEnd(&z);
    return rc;
}

int rfb_clip_put_text(struct rfb_buf *out, uint8_t type, const char *text)
{
    struct rfb_buf plain;
    size_t before = out->len;
    rfb_buf_init(&plain, INT32_MAX / 2);
    int rc = put_plain(&plain, text);
    if (rc == RFB_OK)
        rc = deflate_all(&plain, out, HEAD + SIZE);
    if (rc == RFB_OK) {
        uint8_t *head = out->data + out->off + before;
        set_head(head, type, -(uint32_t)(out->len - before - HEAD));
        rfb_set_u32(head + HEAD, RFB_CLIP_PROVIDE | RFB_CLIP_TEXT);
    }
    rfb_buf_finish(&plain);
    return rc;
}

int rfb_clip_put_latin1(struct rfb_buf *out, uint8_t type, const char *text, size_t *bad,
                        uint32_t *point)
{
    size_t count = 0, n;
    uint8_t *where;
    for (const char *at = text; *at != '\0'; at += n, count++) {
        n = rfb_text_next(at, point);
        if (n == 0 || *point > 0xff) {
            *bad = count + 1;
            return RFB_E_INVALID;
        }
    }
    if (count > INT32_MAX)
        return RFB_E_TOO_LARGE;
    int rc = rfb_buf_reserve(out, HEAD + count, &where);
    if (rc != RFB_OK)
        return rc;
    set_head(where, type, (uint32_t)count);
    where += HEAD;
    for (const char *at = text; *at != '\0'; *where++ = (uint8_t)*point)
        at += rfb_text_next(at, point);
    rfb_buf_commit(out, HEAD + count);
    return RFB_OK;
}
