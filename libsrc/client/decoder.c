/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "client/hextile.h"
#include "client/pixel.h"
#include "client/rre.h"
#include "client/vncclient.h"
#include "client/zrle.h"
#include "image/image.h"
#include "rfb/skim.h"

enum {
    /* LibVNCClient reads a little beyond its raw buffer's end in places */
    RAW_BUFFER_SLACK = 512,
    /* How often each pixel of a rectangle may be painted: honest RRE paints a background and some
     * subrectangles; a megabyte of full-screen ones would take a minute. */
    REPAINTS_MAX = 8,
    BUDGET_MIN = 65536,
};

/* Pixels are copied from the wire, where rfb_bgrx has them little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "big-endian machines need rfb_bgrx swapped");

const char decoder_no_memory[] = "out of memory";

struct decoder {
    const struct vncclient *lib; /* NULL before a rectangle needs it, as is vnc */
    rfbClient *vnc;
    bool jpeg; /* has been asked for */
    struct zrle zrle;
    struct rre rre;
    uint32_t *pixels;
    int width, height;

    /* the rectangle being decoded, for LibVNCClient's callbacks */
    struct rfb_rect r;
    int64_t budget; /* pixels that may still be painted */
    const char *why;
};

/* ---- LibVNCClient's callbacks ---- */

static int tag; /* its address marks our client data */

static struct decoder *self(rfbClient *vnc)
{
    /* whoever is called back by a client has it loaded */
    return vncclient_load(NULL)->get_client_data(vnc, &tag);
}

/* May this be painted? */
static bool allowed(struct decoder *d, int x, int y, int w, int h)
{
    if (d->why != NULL)
        return false;
    int left = d->r.x, top = d->r.y, right = left + d->r.w, bottom = top + d->r.h;
    if (x < left || y < top || w < 0 || h < 0 || w > right - x || h > bottom - y) {
        d->why = "it paints outside its rectangle";
        return false;
    }
    d->budget -= (int64_t)w * h;
    if (d->budget < 0) {
        d->why = "it paints its pixels too many times";
        return false;
    }
    return true;
}

static void got_fill(rfbClient *vnc, int x, int y, int w, int h, uint32_t colour)
{
    struct decoder *d = self(vnc);
    if (!allowed(d, x, y, w, h))
        return;
    for (int j = 0; j < h; j++)
        pixel_fill(d->pixels + (size_t)(y + j) * (size_t)d->width + x, (size_t)w, colour);
}

static void got_bitmap(rfbClient *vnc, const uint8_t *buffer, int x, int y, int w, int h)
{
    struct decoder *d = self(vnc);
    if (!allowed(d, x, y, w, h))
        return;
    size_t row = (size_t)w * sizeof *d->pixels;
    for (int j = 0; j < h; j++)
        pixel_copy(d->pixels + (size_t)(y + j) * (size_t)d->width + x, buffer + (size_t)j * row,
                   (size_t)w);
}

/* CopyRect is ours; nothing else copies. */
static void got_copy(rfbClient *vnc, int sx, int sy, int w, int h, int x, int y)
{
    (void)sx, (void)sy, (void)w, (void)h, (void)x, (void)y;
    self(vnc)->why = "an unexpected copy";
}

/* Tight's JPEG, which only a quality level asks for: it is not lossless. LibVNCClient leaves the
 * buffer to this callback. */
static rfbBool got_jpeg(rfbClient *vnc, const uint8_t *buffer, int length, int x, int y, int w,
                        int h)
{
    struct decoder *d = self(vnc);
    int rc = PH_OK;
    if (!d->jpeg)
        d->why = "JPEG, which was not asked for";
    else if (allowed(d, x, y, w, h))
        rc = image_jpeg_into(buffer, (size_t)length,
                             d->pixels + (size_t)y * (size_t)d->width + (size_t)x, (size_t)d->width,
                             w, h, NULL);
    if (rc == PH_E_NO_MEMORY)
        d->why = decoder_no_memory;
    else if (rc != PH_OK)
        d->why = "its JPEG is damaged or of another size";
    free((void *)buffer);
    return d->why == NULL;
}

static rfbBool no_framebuffer(rfbClient *vnc)
{
    (void)vnc;
    return FALSE;
}

/* ---- life ---- */

/* Where LibVNCClient paints. */
static void vnc_target(const struct decoder *d)
{
    rfbClient *vnc = d->vnc;
    vnc->frameBuffer = (uint8_t *)d->pixels;
    vnc->width = vnc->updateRect.w = d->width;
    vnc->height = vnc->updateRect.h = d->height;
    vnc->updateRect.x = vnc->updateRect.y = 0;
    vnc->si.framebufferWidth = (uint16_t)d->width;
    vnc->si.framebufferHeight = (uint16_t)d->height;
}

/* At the first rectangle that needs it. PH_E_SYSTEM, PH_E_NO_MEMORY. */
static int vnc_need(struct decoder *d, ph_error *error)
{
    if (d->vnc != NULL)
        return PH_OK;
    d->lib = vncclient_load(error);
    if (d->lib == NULL)
        return PH_E_SYSTEM;
    rfbClient *vnc = d->vnc = d->lib->get_client(8, 3, 4);
    if (vnc == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for decoding");
    vnc->sock = -1;
    vnc->serverPort = 0; /* -1 would make it play a recording */
    vnc->major = 3;
    vnc->minor = 8;
    vnc->format.bigEndian = FALSE;
    vnc->format.redShift = rfb_bgrx.red_shift;
    vnc->format.greenShift = rfb_bgrx.green_shift;
    vnc->format.blueShift = rfb_bgrx.blue_shift;
    memset(&vnc->supportedMessages, 0, sizeof vnc->supportedMessages); /* never sends */
    vnc->MallocFrameBuffer = no_framebuffer;
    vnc->GotFillRect = got_fill;
    vnc->GotBitmap = got_bitmap;
    vnc->GotCopyRect = got_copy;
    vnc->GotJpeg = got_jpeg;
    d->lib->set_client_data(vnc, &tag, d);
    vnc_target(d);
    return PH_OK;
}

struct decoder *decoder_create(bool jpeg)
{
    struct decoder *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->jpeg = jpeg;
    zrle_init(&d->zrle);
    return d;
}

void decoder_destroy(struct decoder *d)
{
    if (d == NULL)
        return;
    if (d->vnc != NULL) {
        d->vnc->frameBuffer = NULL; /* borrowed */
        d->lib->cleanup(d->vnc);
    }
    zrle_finish(&d->zrle);
    free(d);
}

void decoder_target(struct decoder *d, uint32_t *pixels, int width, int height)
{
    d->pixels = pixels;
    d->width = width;
    d->height = height;
    if (d->vnc != NULL)
        vnc_target(d);
}

/* ---- decoding ---- */

/* The framer has seen to it, from the sizes that it saw. Should its idea of the framebuffer ever
 * differ from ours, this is what stands between a server and our memory. */
static bool inside(const struct decoder *d, struct rfb_rect r)
{
    return r.x + r.w <= d->width && r.y + r.h <= d->height;
}

static int failed(const struct rfb_rect_head *head, const char *why, ph_error *error)
{
    if (why == NULL)
        return PH_OK;
    if (why == decoder_no_memory)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for decoding");
    return error_set(error, PH_E_PROTOCOL, "the server's %s rectangle of %dx%d at (%d, %d): %s",
                     rfb_encoding_find(head->encoding)->name, head->r.w, head->r.h, head->r.x,
                     head->r.y, why);
}

static int64_t budget(struct rfb_rect r)
{
    return (int64_t)r.w * r.h * REPAINTS_MAX + BUDGET_MIN;
}

static void raw(struct decoder *d, struct rfb_rect r, uint64_t done, const uint8_t *bytes, size_t n)
{
    size_t row = (size_t)r.w * sizeof *d->pixels;
    while (n != 0) {
        size_t y = r.y + (size_t)(done / row), in_row = (size_t)(done % row);
        size_t part = row - in_row < n ? row - in_row : n;
        uint32_t *to = d->pixels + y * (size_t)d->width + r.x + in_row / 4;
        if (in_row % 4 == 0 && part >= 4) {
            pixel_copy(to, bytes, part / 4);
            part -= part % 4;
        } else { /* pieces are cut anywhere, a pixel too */
            ((uint8_t *)to)[in_row % 4] = in_row % 4 == 3 ? 0xff : *bytes;
            part = 1;
        }
        bytes += part;
        done += part;
        n -= part;
    }
}

bool decoder_takes_pieces(int32_t encoding)
{
    return encoding == RFB_ENC_RAW || encoding == RFB_ENC_RRE || encoding == RFB_ENC_CORRE;
}

int decoder_piece(struct decoder *d, const struct rfb_rect_head *head, uint64_t done,
                  const uint8_t *bytes, size_t n, ph_error *error)
{
    if (!inside(d, head->r))
        return failed(head, "it is outside the framebuffer", error);
    if (head->encoding == RFB_ENC_RAW) {
        raw(d, head->r, done, bytes, n);
        return PH_OK;
    }
    if (done == 0)
        rre_begin(&d->rre, head->encoding, head->r, budget(head->r));
    return failed(head, rre_feed(&d->rre, bytes, n, d->pixels, (size_t)d->width), error);
}

static const char *copy_rect(struct decoder *d, const uint8_t *body)
{
    const struct rfb_rect *r = &d->r;
    int sx = rfb_get_u16(body), sy = rfb_get_u16(body + 2);
    if (sx + r->w > d->width || sy + r->h > d->height)
        return "CopyRect: its source is outside the framebuffer";
    size_t stride = (size_t)d->width, bytes = (size_t)r->w * sizeof *d->pixels;
    for (int i = 0; i < r->h; i++) {
        int j = sy < r->y ? r->h - 1 - i : i; /* bottom first when moving down */
        memmove(d->pixels + (size_t)(r->y + j) * stride + r->x,
                d->pixels + (size_t)(sy + j) * stride + sx, bytes);
    }
    return NULL;
}

/* Zlib inflates into a buffer that must hold the whole rectangle. */
static const char *prepare_zlib(struct decoder *d, size_t bytes)
{
    rfbClient *vnc = d->vnc;
    if (vnc->raw_buffer_size >= (int)bytes) /* -1 at first; bytes is at most 2^28 */
        return NULL;
    free(vnc->raw_buffer);
    vnc->raw_buffer = calloc(1, bytes + RAW_BUFFER_SLACK);
    vnc->raw_buffer_size = vnc->raw_buffer != NULL ? (int)bytes : -1;
    return vnc->raw_buffer != NULL ? NULL : decoder_no_memory;
}

/* Its zlib streams compute a check value for their ends, which never come: not any more. Whenever
 * streams may be new. */
static void skip_checks(rfbClient *vnc)
{
    for (int i = 0; i < 4; i++)
        if (vnc->zlibStreamActive[i])
            inflateValidate(&vnc->zlibStream[i], 0);
    if (vnc->decompStreamInited)
        inflateValidate(&vnc->decompStream, 0);
}

/* Tight's pixels go past the callbacks into the framebuffer, without what is beside their colour.
 */
static void make_opaque(const struct decoder *d)
{
    for (int j = 0; j < d->r.h; j++)
        pixel_opaque(d->pixels + (size_t)(d->r.y + j) * (size_t)d->width + d->r.x, d->r.w);
}

/* Header and body look to LibVNCClient like an update that it has just read. */
static const char *by_libvncclient(struct decoder *d, const struct rfb_rect_head *head,
                                   uint8_t *wire, size_t len)
{
    static const uint8_t update_of_one[DECODER_SLACK] = {0, 0, 0, 1};
    rfbClient *vnc = d->vnc;
    size_t area = (size_t)head->r.w * head->r.h;
    if (head->encoding == RFB_ENC_ZLIB) {
        const char *why = prepare_zlib(d, area * 4);
        if (why != NULL)
            return why;
    }
    memcpy(wire - DECODER_SLACK, update_of_one, DECODER_SLACK);
    char *own = vnc->bufoutptr;
    d->budget = budget(head->r);
    vnc->bufoutptr = (char *)(wire - DECODER_SLACK);
    vnc->buffered = (unsigned)(DECODER_SLACK + len);
    bool ok = vncclient_handle(d->lib, vnc);
    skip_checks(vnc);
    bool all_taken = vnc->buffered == 0;
    vnc->bufoutptr = own;
    vnc->buffered = 0;
    if (d->why == NULL && (!ok || !all_taken))
        d->why = "LibVNCClient cannot decode it";
    if (d->why == NULL && head->encoding == RFB_ENC_ZLIB &&
        (size_t)vnc->raw_buffer_size - vnc->decompStream.avail_out != area * 4)
        d->why = "Zlib: too few or too many pixels";
    if (d->why == NULL && head->encoding == RFB_ENC_TIGHT)
        make_opaque(d);
    return d->why;
}

static const char *by_zrle(struct decoder *d, uint8_t *wire, size_t len)
{
    enum { HEAD = DECODER_HEADER + 4 }; /* the compressed length: the framer has checked it */
    return zrle_decode(&d->zrle, d->r, wire + HEAD, len - HEAD, d->pixels, (size_t)d->width);
}

bool decoder_knows(int32_t encoding)
{
    switch (encoding) {
    case RFB_ENC_RAW:
    case RFB_ENC_COPYRECT:
    case RFB_ENC_RRE:
    case RFB_ENC_CORRE:
    case RFB_ENC_HEXTILE:
    case RFB_ENC_ZLIB:
    case RFB_ENC_TIGHT:
    case RFB_ENC_ZRLE:
        return true;
    default:
        return false;
    }
}

int decoder_rect(struct decoder *d, const struct rfb_rect_head *head, uint8_t *wire, size_t len,
                 ph_error *error)
{
    d->r = head->r;
    d->why = NULL;
    if (!inside(d, head->r)) {
        d->why = "it is outside the framebuffer";
    } else if (head->encoding == RFB_ENC_COPYRECT) {
        d->why = copy_rect(d, wire + DECODER_HEADER);
    } else if (head->encoding == RFB_ENC_ZRLE) {
        d->why = by_zrle(d, wire, len);
    } else if (head->encoding == RFB_ENC_HEXTILE) {
        d->why = hextile_decode(d->r, wire + DECODER_HEADER, len - DECODER_HEADER, d->pixels,
                                (size_t)d->width);
    } else if (head->r.w != 0 && head->r.h != 0) {
        int rc = vnc_need(d, error);
        if (rc != PH_OK)
            return rc;
        d->why = by_libvncclient(d, head, wire, len);
    }
    return failed(head, d->why, error);
}
