/* SPDX-License-Identifier: GPL-2.0-or-later
 * JPEG by libjpeg-turbo, through libjpeg's interface. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

#include "image/image.h"

enum {
    ROWS = 16, /* handed over at a time: two rows of blocks at 4:2:0 */
    /* A progressive file makes the reader go over all coefficients once for each scan: a few bytes
     * a scan could keep it busy for minutes. Honest files have about ten scans. */
    SCANNED_PIXELS_MAX = 1 << 30,
};

/* libjpeg's errors do not return: they come back to where back was set. */
struct trap {
    struct jpeg_error_mgr base;
    jmp_buf back;
};

static void on_error(j_common_ptr c)
{
    struct trap *trap = (struct trap *)c->err;
    longjmp(trap->back, 1);
}

static void on_message(j_common_ptr c)
{
    (void)c;
}

static struct jpeg_error_mgr *trap_init(struct trap *trap)
{
    jpeg_std_error(&trap->base);
    trap->base.error_exit = on_error;
    trap->base.output_message = on_message;
    return &trap->base;
}

static int trap_report(j_common_ptr c, int code, const char *what, ph_error *error)
{
    char why[JMSG_LENGTH_MAX];
    if (c->err->msg_code == JERR_OUT_OF_MEMORY)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for a JPEG");
    c->err->format_message(c, why);
    return error_set(error, code, "%s: %s", what, why);
}

/* ---- writing ---- */

struct file {
    unsigned char *bytes;
    unsigned long len;
};

/* The most that a 4:2:0 JPEG can take, as libjpeg-turbo's tjBufSize counts: 3 bytes a pixel of
 * whole 16x16 blocks, and the tables. A buffer of this size is never outgrown. */
static size_t most_bytes(const struct image_view *view)
{
    size_t w = (view->width + 15u) & ~(size_t)15, h = (view->height + 15u) & ~(size_t)15;
    return w * h * 3 + 2048;
}

static void write_rows(struct jpeg_compress_struct *c, const struct image_view *view)
{
    while (c->next_scanline < c->image_height) {
        JSAMPROW rows[ROWS];
        JDIMENSION n = 0;
        for (; n < ROWS && c->next_scanline + n < c->image_height; n++)
            rows[n] = (JSAMPROW)(view->pixels + (c->next_scanline + n) * view->stride);
        jpeg_write_scanlines(c, rows, n);
    }
}

/* The part in which libjpeg may jump back: what it changes is not this function's own. */
static int write_jpeg(struct jpeg_compress_struct *c, struct trap *trap,
                      const struct image_view *view, int quality, struct file *file,
                      ph_error *error)
{
    if (setjmp(trap->back) != 0)
        return trap_report((j_common_ptr)c, PH_E_SYSTEM, "cannot write a JPEG", error);
    jpeg_create_compress(c);
    jpeg_mem_dest(c, &file->bytes, &file->len);
    c->image_width = view->width;
    c->image_height = view->height;
    c->input_components = 4;
    c->in_color_space = JCS_EXT_BGRX;
    jpeg_set_defaults(c); /* which include 4:2:0 */
    jpeg_set_quality(c, quality, TRUE);
    jpeg_start_compress(c, TRUE);
    write_rows(c, view);
    jpeg_finish_compress(c);
    return PH_OK;
}

int image_jpeg(const struct image_view *view, int quality, uint8_t **bytes, size_t *len,
               ph_error *error)
{
    struct jpeg_compress_struct c = {0};
    struct trap trap;
    struct file file = {.len = most_bytes(view)};
    file.bytes = malloc(file.len);
    if (file.bytes == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for a JPEG");
    c.err = trap_init(&trap);
    int rc = write_jpeg(&c, &trap, view, quality, &file, error);
    jpeg_destroy_compress(&c);
    if (rc != PH_OK) {
        free(file.bytes);
        return rc;
    }
    *bytes = file.bytes;
    *len = file.len;
    return PH_OK;
}

/* ---- reading ---- */

struct reader {
    struct jpeg_decompress_struct c;
    struct trap trap;
    struct jpeg_progress_mgr progress;
    uint32_t *pixels; /* where to; NULL: to be allocated, of the size that the file has */
    size_t stride;
    JDIMENSION width, height;
};

static void on_progress(j_common_ptr common)
{
    const struct jpeg_decompress_struct *c = (const struct jpeg_decompress_struct *)common;
    uint64_t scanned = (uint64_t)c->image_width * c->image_height * (uint64_t)c->input_scan_number;
    if (scanned > SCANNED_PIXELS_MAX)
        ERREXIT(common, JERR_NOTIMPL);
}

static int find_place(struct reader *r, ph_error *error)
{
    JDIMENSION width = r->c.image_width, height = r->c.image_height;
    if (r->pixels != NULL)
        return width == r->width && height == r->height
                   ? PH_OK
                   : error_set(error, PH_E_ARGUMENT, "the JPEG is %ux%u, not %ux%u", width, height,
                               r->width, r->height);
    r->width = width;
    r->height = height;
    r->stride = width;
    return image_reserve("JPEG", width, height, &r->pixels, error);
}

/* The part in which libjpeg may jump back. It paints what is missing grey, and warns: that is a
 * failure here, for whoever looks for this picture. */
static int read_jpeg(struct reader *r, const uint8_t *bytes, size_t len, ph_error *error)
{
    static const char what[] = "cannot read the JPEG";
    if (setjmp(r->trap.back) != 0)
        return trap_report((j_common_ptr)&r->c, PH_E_ARGUMENT, what, error);
    jpeg_create_decompress(&r->c);
    r->progress.progress_monitor = on_progress;
    r->c.progress = &r->progress;
    jpeg_mem_src(&r->c, bytes, len);
    jpeg_read_header(&r->c, TRUE);
    int rc = find_place(r, error);
    if (rc != PH_OK)
        return rc;
    r->c.out_color_space = JCS_EXT_BGRA; /* in which A is 255 */
    jpeg_start_decompress(&r->c);
    while (r->c.output_scanline < r->c.output_height) {
        JSAMPROW row = (JSAMPROW)(r->pixels + r->c.output_scanline * r->stride);
        jpeg_read_scanlines(&r->c, &row, 1);
    }
    jpeg_finish_decompress(&r->c);
    return r->trap.base.num_warnings == 0
               ? PH_OK
               : trap_report((j_common_ptr)&r->c, PH_E_ARGUMENT, what, error);
}

int image_jpeg_read(const uint8_t *bytes, size_t len, uint32_t **pixels, int *width, int *height,
                    ph_error *error)
{
    struct reader r = {.pixels = NULL};
    r.c.err = trap_init(&r.trap);
    int rc = read_jpeg(&r, bytes, len, error);
    jpeg_destroy_decompress(&r.c);
    if (rc != PH_OK) {
        free(r.pixels);
        return rc;
    }
    *pixels = r.pixels;
    *width = (int)r.width;
    *height = (int)r.height;
    return PH_OK;
}

int image_jpeg_into(const uint8_t *bytes, size_t len, uint32_t *pixels, size_t stride, int width,
                    int height, ph_error *error)
{
    struct reader r = {
        .pixels = pixels,
        .stride = stride,
        .width = (JDIMENSION)width,
        .height = (JDIMENSION)height,
    };
    r.c.err = trap_init(&r.trap);
    int rc = read_jpeg(&r, bytes, len, error);
    jpeg_destroy_decompress(&r.c);
    return rc;
}
