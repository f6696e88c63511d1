/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/screen.h"

#include <pthread.h>
#include <stdlib.h>

#include "client/frame.h"
#include "client/wait.h"

/* The first frame in more separate pieces than this is no honest server's. */
enum { COVERAGE_RECTS_MAX = 4096 };

struct screen {
    pthread_mutex_t lock; /* newest, spare, and the fall of a frame's references to 0 */
    atomic_int refs;      /* one, and one for each frame that somebody holds */

    /* the connection's thread */
    uint32_t *live;
    int width, height;
    bool complete;
    pixman_region32_t covered; /* while not complete */
    pixman_region32_t damage;  /* of this update */
    struct damage_history history;

    /* under the lock */
    ph_frame *newest; /* a reference, or NULL */
    ph_frame *spare;  /* nobody's: kept for its memory; or NULL */
};

struct screen *screen_create(void)
{
    struct screen *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        return NULL;
    }
    atomic_init(&s->refs, 1);
    pixman_region32_init(&s->covered);
    pixman_region32_init(&s->damage);
    return s;
}

static void frame_free(ph_frame *f)
{
    if (f == NULL)
        return;
    damage_release(&f->damage);
    free(f->pixels);
    free(f);
}

/* The last reference may be a frame's, long after the connection has gone. */
static void screen_unref(struct screen *s)
{
    if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    frame_free(s->spare);
    free(s->live);
    pixman_region32_fini(&s->covered);
    pixman_region32_fini(&s->damage);
    damage_release(&s->history);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- frames ---- */

ph_frame *ph_frame_ref(ph_frame *frame)
{
    atomic_fetch_add(&frame->refs, 1);
    return frame;
}

/* The last reference of a frame makes it the spare, or frees it. */
void ph_frame_unref(ph_frame *frame)
{
    if (frame == NULL)
        return;
    struct screen *s = frame->screen;
    ph_frame *unwanted = NULL;
    pthread_mutex_lock(&s->lock);
    bool last = atomic_fetch_sub(&frame->refs, 1) == 1;
    if (last) {
        /* keep the younger one: it takes less to bring up to date */
        unwanted = frame;
        if (s->spare == NULL || s->spare->damage.last < frame->damage.last) {
            unwanted = s->spare;
            s->spare = frame;
        }
    }
    pthread_mutex_unlock(&s->lock);
    frame_free(unwanted);
    if (last)
        screen_unref(s);
}

ph_frame *screen_newest(struct screen *s, uint64_t after)
{
    ph_frame *frame = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->newest != NULL && s->newest->damage.last > after)
        frame = ph_frame_ref(s->newest);
    pthread_mutex_unlock(&s->lock);
    return frame;
}

/* ---- painting ---- */

uint32_t *screen_live(struct screen *s)
{
    return s->live;
}

int screen_width(const struct screen *s)
{
    return s->width;
}

int screen_height(const struct screen *s)
{
    return s->height;
}

int screen_resize(struct screen *s, int width, int height)
{
    uint32_t *live = calloc((size_t)width * (size_t)height, sizeof *live);
    if (live == NULL)
        return PH_E_NO_MEMORY;
    free(s->live);
    s->live = live;
    s->width = width;
    s->height = height;
    s->complete = false;
    pixman_region32_clear(&s->covered);
    pixman_region32_clear(&s->damage);
    return PH_OK;
}

int screen_painted(struct screen *s, struct rfb_rect r, ph_error *error)
{
    pixman_bool_t ok = pixman_region32_union_rect(&s->damage, &s->damage, r.x, r.y, r.w, r.h);
    damage_bound(&s->damage);
    if (!s->complete)
        ok = ok && pixman_region32_union_rect(&s->covered, &s->covered, r.x, r.y, r.w, r.h);
    if (!ok)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for the changed region");
    if (pixman_region32_n_rects(&s->covered) > COVERAGE_RECTS_MAX)
        return error_set(error, PH_E_PROTOCOL,
                         "the server sends its first frame in more than %d separate pieces",
                         COVERAGE_RECTS_MAX);
    return PH_OK;
}

/* ---- publishing ---- */

/* Copies a box of the live buffer; the unused byte of each pixel becomes 0xff. */
static void copy_box(const struct screen *s, ph_frame *f, const pixman_box32_t *box)
{
    for (int32_t y = box->y1; y < box->y2; y++) {
        size_t row = (size_t)y * (size_t)s->width;
        for (size_t x = (size_t)box->x1; x < (size_t)box->x2; x++)
            f->pixels[row + x] = s->live[row + x] | 0xff000000u;
    }
}

static void copy_region(const struct screen *s, ph_frame *f, const pixman_region32_t *region)
{
    int n;
    const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &n);
    for (int i = 0; i < n; i++)
        copy_box(s, f, &boxes[i]);
}

static void copy_all(const struct screen *s, ph_frame *f)
{
    const pixman_box32_t all = {0, 0, s->width, s->height};
    copy_box(s, f, &all);
}

static ph_frame *frame_create(struct screen *s)
{
    ph_frame *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->pixels = malloc((size_t)s->width * (size_t)s->height * sizeof *f->pixels);
    if (f->pixels == NULL) {
        free(f);
        return NULL;
    }
    f->screen = s;
    f->width = s->width;
    f->height = s->height;
    return f;
}

/* Brings an older frame's pixels up to date with the live buffer. */
static void catch_up(const struct screen *s, ph_frame *f)
{
    pixman_region32_t changed;
    pixman_region32_init(&changed);
    if (damage_since(&s->history, f->damage.last, &changed))
        copy_region(s, f, &changed);
    else
        copy_all(s, f);
    pixman_region32_fini(&changed);
}

/* A frame that nobody else knows of, to be written: the spare one where it has the size. */
static ph_frame *writable_frame(struct screen *s)
{
    pthread_mutex_lock(&s->lock);
    ph_frame *f = s->spare;
    s->spare = NULL;
    pthread_mutex_unlock(&s->lock);
    if (f != NULL && (f->width != s->width || f->height != s->height)) {
        frame_free(f);
        f = NULL;
    }
    if (f == NULL)
        f = frame_create(s);
    if (f != NULL) {
        atomic_store(&f->refs, 1);
        atomic_fetch_add(&s->refs, 1);
    }
    return f;
}

/* Callers go on with the frame before while this one is put together: no lock is held meanwhile.
 * whole: it is the first of its size. */
static int publish(struct screen *s, bool whole)
{
    int64_t now = wait_now();
    if (!damage_append(&s->history, now, whole, &s->damage))
        return PH_E_NO_MEMORY;
    ph_frame *f = writable_frame(s);
    if (f == NULL)
        return PH_E_NO_MEMORY;
    catch_up(s, f);
    damage_release(&f->damage);
    f->damage = damage_share(&s->history);
    f->time = now;
    pthread_mutex_lock(&s->lock);
    ph_frame *old = s->newest;
    s->newest = f;
    pthread_mutex_unlock(&s->lock);
    ph_frame_unref(old);
    return 1;
}

static bool is_covered(struct screen *s)
{
    pixman_box32_t all = {0, 0, s->width, s->height};
    return pixman_region32_contains_rectangle(&s->covered, &all) == PIXMAN_REGION_IN;
}

int screen_publish(struct screen *s, struct rfb_rect *missing)
{
    if (!s->complete && !is_covered(s)) {
        pixman_region32_t left;
        pixman_box32_t all = {0, 0, s->width, s->height};
        pixman_region32_init(&left);
        bool ok = pixman_region32_inverse(&left, &s->covered, &all);
        pixman_box32_t box = *pixman_region32_extents(&left);
        pixman_region32_fini(&left);
        if (!ok)
            return PH_E_NO_MEMORY;
        *missing = (struct rfb_rect){(uint16_t)box.x1, (uint16_t)box.y1,
                                     (uint16_t)(box.x2 - box.x1), (uint16_t)(box.y2 - box.y1)};
        return 0;
    }
    if (s->complete && !pixman_region32_not_empty(&s->damage))
        return 1; /* only a cursor or the like: the frame is still the newest */
    bool whole = !s->complete;
    s->complete = true;
    pixman_region32_clear(&s->covered);
    return publish(s, whole);
}

void screen_destroy(struct screen *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    ph_frame *newest = s->newest;
    s->newest = NULL;
    pthread_mutex_unlock(&s->lock);
    ph_frame_unref(newest);
    screen_unref(s);
}
