/* SPDX-License-Identifier: GPL-2.0-or-later
 * A frame to a file: region, pointer, size, format, and a budget of bytes. */
#include "image/image.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    DEFAULT_QUALITY = 85,
    /* What gives way to a budget of bytes. Below this quality text blurs more than by scaling. */
    QUALITY_MIN = 40,
    QUALITY_TRIES = 4,
    SCALE_TRIES = 8,
    EDGE_MIN = 64, /* what is smaller shows nothing: better to say that it does not fit */
};

static const struct format {
    const char *name;
    image_writer *write;
    uint32_t side_max;
} formats[] = {
    [PH_IMAGE_PNG] = {"PNG", image_png, IMAGE_SIDE_MAX},
    [PH_IMAGE_JPEG] = {"JPEG", image_jpeg, IMAGE_SIDE_MAX},
    [PH_IMAGE_WEBP] = {"WebP", image_webp, IMAGE_WEBP_SIDE_MAX},
};

/* ---- what is asked for ---- */

static int check(const ph_image_options *o, ph_error *error)
{
    if (o->size != sizeof *o)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_image_options of an unknown size: begin with PH_IMAGE_OPTIONS_INIT");
    if (o->format < 0 || o->format > PH_IMAGE_WEBP)
        return error_set(error, PH_E_ARGUMENT, "unknown image format %d", o->format);
    if (o->quality < 0 || o->quality > 100)
        return error_set(error, PH_E_ARGUMENT, "image quality %d: it is 1 to 100", o->quality);
    if (o->lossless && o->format == PH_IMAGE_JPEG)
        return error_set(error, PH_E_ARGUMENT, "a JPEG is never lossless: PNG and WebP are");
    if (o->max_edge < 0 || o->max_edge > IMAGE_SIDE_MAX)
        return error_set(error, PH_E_ARGUMENT, "longest edge %d: it is 1 to %d", o->max_edge,
                         IMAGE_SIDE_MAX);
    if (o->max_pixels < 0 || o->max_pixels > IMAGE_PIXELS_MAX)
        return error_set(error, PH_E_ARGUMENT, "%d pixels: they are 1 to %d", o->max_pixels,
                         IMAGE_PIXELS_MAX);
    if (o->enlarge && o->max_edge == 0 && o->max_pixels == 0)
        return error_set(error, PH_E_ARGUMENT, "to enlarge takes max_edge or max_pixels");
    return PH_OK;
}

static int region_of(const ph_frame *frame, const ph_image_options *o, ph_rect *region,
                     ph_error *error)
{
    int width = ph_frame_width(frame), height = ph_frame_height(frame);
    ph_rect r = o->region;
    if (r.x == 0 && r.y == 0 && r.width == 0 && r.height == 0)
        r = (ph_rect){0, 0, width, height};
    if (r.x < 0 || r.y < 0 || r.width < 1 || r.height < 1 || r.x > width - r.width ||
        r.y > height - r.height)
        return error_set(error, PH_E_ARGUMENT,
                         "the region of %dx%d at (%d, %d) is not inside the screen of %dx%d",
                         r.width, r.height, r.x, r.y, width, height);
    *region = r;
    return PH_OK;
}

static int check_info(const ph_image_info *info, ph_error *error)
{
    if (info->size != sizeof *info)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_image_info of an unknown size: begin with PH_IMAGE_INFO_INIT");
    return PH_OK;
}

static struct image_view view_of(const ph_frame *frame, const ph_rect *region)
{
    size_t stride = (size_t)ph_frame_width(frame);
    return (struct image_view){
        .pixels = ph_frame_pixels(frame) + (size_t)region->y * stride + (size_t)region->x,
        .stride = stride,
        .width = (uint32_t)region->width,
        .height = (uint32_t)region->height,
    };
}

/* ---- size ---- */

static uint32_t at_least_1(double side)
{
    return side < 1 ? 1 : (uint32_t)side;
}

void image_fit(uint32_t *width, uint32_t *height, int edge, int pixels, int enlarge)
{
    uint32_t *longer = *width >= *height ? width : height;
    uint32_t *shorter = longer == width ? height : width;
    uint32_t max_edge = edge != 0 ? (uint32_t)edge : IMAGE_SIDE_MAX;
    uint32_t max_pixels = pixels != 0 ? (uint32_t)pixels : IMAGE_PIXELS_MAX;
    double scale =
        fmin((double)max_edge / *longer, sqrt((double)max_pixels / ((double)*longer * *shorter)));
    if (scale >= 1 && !enlarge)
        return;
    double a = *longer * scale, b = *shorter * scale;
    *longer = at_least_1(a + 0.5);
    *shorter = at_least_1(b + 0.5);
    if ((uint64_t)*longer * *shorter > max_pixels) {
        *shorter = at_least_1(b);
        *longer = *shorter == 1 ? at_least_1(fmin(a, max_pixels)) : at_least_1(a);
    }
}

/* ---- a budget of bytes ---- */

struct job {
    const struct format *format;
    size_t max_bytes;         /* SIZE_MAX: any */
    struct image_view source; /* the region, with the pointer or without */
    struct image_view view;   /* the same, scaled */
    uint32_t *drawn;          /* source's pixels where they are not the frame's */
    uint32_t *scaled;         /* view's pixels where they are not source's */
    uint8_t *bytes;           /* the best file so far that keeps to the budget, or NULL */
    size_t len;
    int quality;     /* of it */
    size_t last_len; /* of the file tried last */
};

static int resize(struct job *job, uint32_t width, uint32_t height, ph_error *error)
{
    free(job->scaled);
    job->scaled = NULL;
    job->view = job->source;
    if (width == job->source.width && height == job->source.height)
        return PH_OK;
    int rc = image_scale(&job->source, width, height, &job->scaled, error);
    job->view = (struct image_view){job->scaled, width, width, height};
    return rc;
}

static int try_quality(struct job *job, int quality, ph_error *error)
{
    uint8_t *bytes;
    int rc = job->format->write(&job->view, quality, &bytes, &job->last_len, error);
    if (rc != PH_OK)
        return rc;
    if (job->last_len > job->max_bytes) {
        free(bytes);
        return PH_OK;
    }
    free(job->bytes);
    job->bytes = bytes;
    job->len = job->last_len;
    job->quality = quality;
    return PH_OK;
}

/* quality is too much: looks for the highest between that and QUALITY_MIN that is not. */
static int lower_quality(struct job *job, int quality, ph_error *error)
{
    int fits = QUALITY_MIN;
    int rc = try_quality(job, fits, error);
    if (job->bytes == NULL)
        return rc;
    for (int i = 0; i < QUALITY_TRIES && rc == PH_OK && quality - fits > 1; i++) {
        int middle = (fits + quality) / 2;
        rc = try_quality(job, middle, error);
        *(job->quality == middle ? &fits : &quality) = middle;
    }
    return rc;
}

/* Guesses the next size from how much too large the last file was. */
static int lower_scale(struct job *job, int quality, ph_error *error)
{
    int rc = PH_OK;
    for (int i = 0; i < SCALE_TRIES && rc == PH_OK && job->bytes == NULL; i++) {
        uint32_t width = job->source.width, height = job->source.height;
        uint32_t longest = job->view.width > job->view.height ? job->view.width : job->view.height;
        double scale = fmin(0.9, 0.95 * sqrt((double)job->max_bytes / (double)job->last_len));
        if (longest <= EDGE_MIN)
            break;
        image_fit(&width, &height, (int)fmax(EDGE_MIN, longest * scale), 0, 1);
        rc = resize(job, width, height, error);
        if (rc == PH_OK)
            rc = try_quality(job, quality, error);
    }
    return rc;
}

/* quality 0: lossless. */
static int fit_budget(struct job *job, int quality, ph_error *error)
{
    int rc = try_quality(job, quality, error);
    if (rc == PH_OK && job->bytes == NULL && quality > QUALITY_MIN) {
        rc = lower_quality(job, quality, error);
        quality = QUALITY_MIN;
    }
    if (rc == PH_OK && job->bytes == NULL)
        rc = lower_scale(job, quality, error);
    if (rc == PH_OK && job->bytes == NULL)
        rc = error_set(error, PH_E_ARGUMENT,
                       "the %s does not fit into %zu bytes: at %ux%u pixels it still has %zu",
                       job->format->name, job->max_bytes, job->view.width, job->view.height,
                       job->last_len);
    return rc;
}

/* ---- together ---- */

static int draw_pointer(struct job *job, const ph_rect *region, const ph_cursor *cursor,
                        ph_error *error)
{
    ph_cursor_info info = PH_CURSOR_INFO_INIT;
    int rc = ph_cursor_describe(cursor, &info, error);
    if (rc == PH_OK)
        rc = image_pointer(&job->source, region, &info, &job->drawn, error);
    if (job->drawn != NULL) {
        job->source.pixels = job->drawn;
        job->source.stride = job->source.width;
    }
    return rc;
}

static int encode(struct job *job, const ph_image_options *o, ph_error *error)
{
    bool lossless = o->lossless || job->format->write == image_png;
    int quality = lossless ? 0 : o->quality != 0 ? o->quality : DEFAULT_QUALITY;
    uint32_t width = job->source.width, height = job->source.height;
    image_fit(&width, &height, o->max_edge, o->max_pixels, o->enlarge);
    if (width > job->format->side_max || height > job->format->side_max)
        return error_set(error, PH_E_ARGUMENT,
                         "a %s has at most %u pixels a side, this one would have %ux%u: set a "
                         "longest edge",
                         job->format->name, job->format->side_max, width, height);
    int rc = resize(job, width, height, error);
    return rc == PH_OK ? fit_budget(job, quality, error) : rc;
}

int ph_image_encode(const ph_frame *frame, const ph_image_options *options, uint8_t **bytes,
                    size_t *len, ph_image_info *info, ph_error *error)
{
    static const ph_image_options defaults = PH_IMAGE_OPTIONS_INIT;
    const ph_image_options *o = options != NULL ? options : &defaults;
    int format = o->format != 0 ? o->format : PH_IMAGE_PNG;
    ph_rect region = {0, 0, 0, 0};
    *bytes = NULL;
    *len = 0;
    int rc = check(o, error);
    if (rc == PH_OK && info != NULL)
        rc = check_info(info, error);
    if (rc == PH_OK)
        rc = region_of(frame, o, &region, error);
    if (rc != PH_OK)
        return rc;
    struct job job = {
        .format = &formats[format],
        .max_bytes = o->max_bytes != 0 ? o->max_bytes : SIZE_MAX,
        .source = view_of(frame, &region),
    };
    if (o->cursor != NULL)
        rc = draw_pointer(&job, &region, o->cursor, error);
    if (rc == PH_OK)
        rc = encode(&job, o, error);
    if (rc == PH_OK) {
        *bytes = job.bytes;
        *len = job.len;
        if (info != NULL)
            *info = (ph_image_info){sizeof *info,         format, job.quality, (int)job.view.width,
                                    (int)job.view.height, region};
    } else {
        free(job.bytes);
    }
    free(job.scaled);
    free(job.drawn);
    return rc;
}

int ph_image_to_desktop(const ph_image_info *info, int x, int y, ph_point *desktop, ph_error *error)
{
    int rc = check_info(info, error);
    if (rc != PH_OK)
        return rc;
    if (x < 0 || y < 0 || x >= info->width || y >= info->height)
        return error_set(error, PH_E_ARGUMENT, "(%d, %d) is outside the image of %dx%d", x, y,
                         info->width, info->height);
    const ph_rect *r = &info->region;
    *desktop = (ph_point){
        .x = r->x + (int)((2 * (int64_t)x + 1) * r->width / (2 * (int64_t)info->width)),
        .y = r->y + (int)((2 * (int64_t)y + 1) * r->height / (2 * (int64_t)info->height)),
    };
    return PH_OK;
}

void ph_free(void *bytes)
{
    free(bytes);
}
