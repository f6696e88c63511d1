/* SPDX-License-Identifier: GPL-2.0-or-later
 * A small picture in a frame, and waiting until it is there. Each place is tried at the picture's
 * rarest pixel first, or nearly, so that a plain background costs one look a place. */
#include <stdlib.h>

#include "client/screen.h"
#include "client/watch.h"
#include "rfb/proto.h"

enum {
    /* How long a search may outlast its limit: one that may not wait still looks once. */
    SEARCH_GRACE_MS = 50,
    /* Pixels compared between two looks at the time: a plain picture before a screen that is nearly
     * as plain is compared far at every place. */
    COMPARED_MAX = 1 << 20,
    /* Pixels of the picture among which the rarest is chosen: sorting those of a large one would
     * take seconds, and which is chosen matters to the speed alone. */
    SAMPLES_MAX = 1 << 16,
};

struct search {
    const ph_pattern *p;
    int rare_x, rare_y; /* of the pixel to try first */
    struct wait *w;     /* or NULL: no limit */
    int64_t compared;   /* pixels since the last look at the time */
};

/* ---- the picture ---- */

static bool is_opaque(uint32_t pixel)
{
    return pixel >> 24 != 0;
}

/* A pixel of the picture, by which to look for it. */
struct sample {
    uint32_t colour, at;
};

static int by_colour(const void *a, const void *b)
{
    uint32_t x = ((const struct sample *)a)->colour, y = ((const struct sample *)b)->colour;
    return x < y ? -1 : x > y;
}

/* Where the picture is cut into pieces of step pixels, the first opaque one of each. */
static size_t take_samples(const ph_pattern *p, size_t all, size_t step, struct sample *samples)
{
    size_t n = 0;
    for (size_t from = 0; from < all; from += step) {
        size_t at = from, end = from + step < all ? from + step : all;
        while (at < end && !is_opaque(p->pixels[at]))
            at++;
        if (at < end)
            samples[n++] = (struct sample){p->pixels[at], (uint32_t)at};
    }
    return n;
}

/* One of the colour that the fewest of n > 0 samples have; sorts them. */
static size_t rarest(struct sample *samples, size_t n)
{
    size_t best = n + 1, at = 0;
    qsort(samples, n, sizeof *samples, by_colour);
    for (size_t from = 0, to; from < n; from = to) {
        to = from + 1;
        while (to < n && samples[to].colour == samples[from].colour)
            to++;
        if (to - from < best) {
            best = to - from;
            at = samples[from].at;
        }
    }
    return at;
}

static int search_begin(struct search *s, const ph_pattern *p, struct wait *w, ph_error *error)
{
    if (p->width < 1 || p->height < 1 || p->width > RFB_SIDE_MAX || p->height > RFB_SIDE_MAX ||
        (int64_t)p->width * p->height > RFB_PIXELS_MAX)
        return error_set(error, PH_E_ARGUMENT, "a picture of %dx%d cannot be looked for", p->width,
                         p->height);
    if (p->tolerance < 0 || p->tolerance > 255)
        return error_set(error, PH_E_ARGUMENT, "tolerance %d: it is 0 to 255", p->tolerance);
    size_t all = (size_t)p->width * (size_t)p->height;
    size_t step = (all / SAMPLES_MAX + 1) | 1; /* odd: not the same columns of most widths */
    struct sample *samples = malloc((all / step + 1) * sizeof *samples);
    if (samples == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for a picture of %dx%d", p->width,
                         p->height);
    size_t n = take_samples(p, all, step, samples);
    size_t at = n != 0 ? rarest(samples, n) : 0;
    free(samples);
    if (n == 0)
        return error_set(error, PH_E_ARGUMENT, "the picture to look for is wholly transparent");
    *s = (struct search){p, (int)(at % (size_t)p->width), (int)(at / (size_t)p->width), w, 0};
    return PH_OK;
}

/* ---- the frame ---- */

static bool near(uint32_t a, uint32_t b, int tolerance)
{
    if (((a ^ b) & 0xffffff) == 0)
        return true;
    for (int shift = 0; shift < 24 && tolerance > 0; shift += 8)
        if (abs((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff)) > tolerance)
            return false;
    return tolerance > 0;
}

static bool matches(struct search *s, const ph_frame *f, int x, int y)
{
    const ph_pattern *p = s->p;
    for (int j = 0; j < p->height; j++) {
        const uint32_t *want = p->pixels + (size_t)j * (size_t)p->width;
        const uint32_t *have = f->pixels + (size_t)(y + j) * (size_t)f->width + x;
        s->compared += p->width;
        for (int i = 0; i < p->width; i++)
            if (is_opaque(want[i]) && !near(want[i], have[i], p->tolerance))
                return false;
    }
    return true;
}

static int out_of_time(struct search *s)
{
    s->compared = 0;
    return s->w != NULL ? wait_check(s->w, SEARCH_GRACE_MS) : PH_OK;
}

/* The first place from *x up to before end in this row; end when there is none. PH_OK, PH_E_TIMEOUT
 * or _CANCELLED. */
static int search_row(struct search *s, const ph_frame *f, int y, int *x, int end)
{
    const ph_pattern *p = s->p;
    uint32_t rare = p->pixels[(size_t)s->rare_y * (size_t)p->width + (size_t)s->rare_x];
    const uint32_t *have = f->pixels + (size_t)(y + s->rare_y) * (size_t)f->width + s->rare_x;
    int rc = PH_OK;
    for (; *x < end && rc == PH_OK; ++*x) {
        if (near(rare, have[*x], p->tolerance) && matches(s, f, *x, y))
            break;
        if (s->compared > COMPARED_MAX)
            rc = out_of_time(s);
    }
    return rc;
}

/* Boxes of one band have the same rows. PH_OK with *at, PH_E_NOT_FOUND, _TIMEOUT or _CANCELLED. */
static int search_band(struct search *s, const ph_frame *f, const pixman_box32_t *boxes, int n,
                       ph_point *at)
{
    for (int y = boxes[0].y1; y < boxes[0].y2; y++) {
        int rc = out_of_time(s);
        for (int i = 0; i < n && rc == PH_OK; i++) {
            int x = boxes[i].x1;
            rc = search_row(s, f, y, &x, boxes[i].x2);
            if (rc == PH_OK && x < boxes[i].x2) {
                *at = (ph_point){x, y};
                return PH_OK;
            }
        }
        if (rc != PH_OK)
            return rc;
    }
    return PH_E_NOT_FOUND;
}

/* The first of these places, top to bottom and left to right. */
static int search(struct search *s, const ph_frame *f, pixman_region32_t *places, ph_point *at)
{
    int n, rc = PH_E_NOT_FOUND;
    const pixman_box32_t *boxes = pixman_region32_rectangles(places, &n);
    for (int from = 0, to; from < n && rc == PH_E_NOT_FOUND; from = to) {
        to = from + 1;
        while (to < n && boxes[to].y1 == boxes[from].y1)
            to++;
        rc = search_band(s, f, boxes + from, to - from, at);
    }
    return rc;
}

static int no_memory(ph_error *error)
{
    return error_set(error, PH_E_NO_MEMORY, "out of memory for searching a frame");
}

int ph_frame_find(const ph_frame *frame, const ph_pattern *pattern, const ph_rect *region,
                  ph_point *at, ph_error *error)
{
    ph_watch watch = PH_WATCH_INIT;
    struct search s = {.p = pattern};
    int rc = search_begin(&s, pattern, NULL, error);
    if (region != NULL)
        watch.region = *region;
    if (rc == PH_OK)
        rc = watch_check(&watch, frame, error);
    if (rc != PH_OK)
        return rc;
    pixman_region32_t places;
    pixman_region32_init(&places);
    if (watch_places(&watch, frame, pattern->width, pattern->height, &places))
        rc = search(&s, frame, &places, at);
    else
        rc = no_memory(error);
    pixman_region32_fini(&places);
    if (rc == PH_E_NOT_FOUND)
        error_set(error, rc, "the picture of %dx%d is not there", pattern->width, pattern->height);
    return rc;
}

/* ---- waiting ---- */

/* Leaves of places those where something has been sent after the frame checked. */
static bool narrow(const ph_frame *frame, uint64_t checked, const ph_pattern *p,
                   pixman_region32_t *places)
{
    pixman_region32_t sent, reached;
    int n;
    bool ok = true;
    pixman_region32_init(&sent);
    pixman_region32_init(&reached);
    if (damage_since(&frame->damage, checked, &sent)) {
        const pixman_box32_t *b = pixman_region32_rectangles(&sent, &n);
        for (int i = 0; i < n && ok; i++)
            ok = pixman_region32_union_rect(&reached, &reached, b[i].x1 - (p->width - 1),
                                            b[i].y1 - (p->height - 1),
                                            (unsigned)(b[i].x2 - b[i].x1 + p->width - 1),
                                            (unsigned)(b[i].y2 - b[i].y1 + p->height - 1));
        ok = ok && pixman_region32_intersect(places, places, &reached);
    }
    pixman_region32_fini(&sent);
    pixman_region32_fini(&reached);
    return ok;
}

/* checked: the frame up to which it was not there; 0: none. */
static int search_frame(struct search *s, const ph_watch *watch, const ph_frame *f,
                        uint64_t checked, ph_point *at, ph_error *error)
{
    pixman_region32_t places;
    pixman_region32_init(&places);
    bool ok = watch_places(watch, f, s->p->width, s->p->height, &places) &&
              narrow(f, checked, s->p, &places);
    int rc = ok ? search(s, f, &places, at) : no_memory(error);
    pixman_region32_fini(&places);
    return rc;
}

static int await_match(struct ph_client *c, struct search *s, const ph_watch *watch,
                       ph_frame **frame, ph_point *at, ph_error *error)
{
    uint64_t after = watch->since != NULL ? watch->since->damage.last : 0, checked = 0;
    for (;;) {
        ph_frame *f = NULL;
        int rc = client_next_frame(c, s->w, after, -1, "the picture", &f, error);
        if (rc != PH_OK)
            return rc;
        if (checked == 0)
            rc = watch_check(watch, f, error);
        if (rc == PH_OK)
            rc = search_frame(s, watch, f, checked, at, error);
        if (rc == PH_OK) {
            *frame = f;
            return PH_OK;
        }
        after = checked = f->damage.last;
        ph_frame_unref(f);
        if (rc == PH_E_TIMEOUT || rc == PH_E_CANCELLED)
            return error_set(error, rc, "%s while searching for the picture",
                             rc == PH_E_TIMEOUT ? "timed out" : "cancelled");
        if (rc != PH_E_NOT_FOUND)
            return rc;
    }
}

int ph_wait_match(ph_client *client, const ph_watch *watch, const ph_pattern *pattern,
                  const ph_limit *limit, ph_frame **frame, ph_point *at, ph_error *error)
{
    ph_watch mine;
    struct wait w;
    struct search s = {.p = pattern};
    *frame = NULL;
    int rc = watch_take(client, watch, &mine, error);
    if (rc != PH_OK)
        return rc;
    wait_begin(&w, limit, &client->lock, &client->changed);
    rc = search_begin(&s, pattern, &w, error);
    if (rc == PH_OK)
        rc = await_match(client, &s, &mine, frame, at, error);
    wait_end(&w);
    return rc;
}
