/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/screen.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/frame.h"
#include "client/pixel.h"
#include "client/wait.h"

enum {
    /* The first frame in more separate pieces than this is no honest server's. */
    COVERAGE_RECTS_MAX = 4096,
    /* What the live buffer lacks is copied at once rather than kept in more pieces than this. */
    STALE_RECTS_MAX = 512,
    HUGE_PAGE = 2 << 20,
};

struct screen {
    pthread_mutex_t lock; /* newest, spare, and the fall of a frame's references to 0 */
    atomic_int refs;      /* one, and one for each frame that somebody holds */

    /* the connection's thread */
    ph_frame *live; /* the next frame, from the first rectangle on; NULL before */
    int width, height;
    bool complete;
    pixman_region32_t stale;   /* of live: here it still is an older frame, or nothing at all */
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
    pixman_region32_init(&s->stale);
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
    frame_free(s->live);
    pixman_region32_fini(&s->stale);
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

/* A framebuffer's memory, for free. Huge pages where the system gives them when asked: touching the
 * 2000 small ones of a full HD frame for the first time takes longer than painting it. */
static uint32_t *pixels_create(int width, int height)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (size_t)width * (size_t)height * sizeof(uint32_t);
    void *pixels;
    if (posix_memalign(&pixels, bytes < HUGE_PAGE ? page : HUGE_PAGE, bytes) != 0)
        return NULL;
    if (bytes >= HUGE_PAGE)
        madvise(pixels, bytes & ~(page - 1), MADV_HUGEPAGE); /* may be refused: no loss */
    return pixels;
}

static ph_frame *frame_create(struct screen *s)
{
    ph_frame *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->pixels = pixels_create(s->width, s->height);
    if (f->pixels == NULL) {
        free(f);
        return NULL;
    }
    f->screen = s;
    f->width = s->width;
    f->height = s->height;
    return f;
}

/* A frame that nobody else knows of, to be painted: the spare one where it has the size. */
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
    return f != NULL ? f : frame_create(s);
}

uint32_t *screen_begin(struct screen *s)
{
    if (s->live != NULL)
        return s->live->pixels;
    s->live = writable_frame(s);
    if (s->live == NULL)
        return NULL;
    if (!s->complete || !damage_since(&s->history, s->live->damage.last, &s->stale)) {
        pixman_box32_t all = {0, 0, s->width, s->height};
        pixman_region32_reset(&s->stale, &all);
    }
    return s->live->pixels;
}

/* Only this thread replaces the newest frame, so it may read it without the lock. */
void screen_refresh(struct screen *s)
{
    int n;
    const pixman_box32_t *boxes = pixman_region32_rectangles(&s->stale, &n);
    for (int i = 0; i < n; i++) {
        size_t bytes = (size_t)(boxes[i].x2 - boxes[i].x1) * sizeof(uint32_t);
        for (int32_t y = boxes[i].y1; y < boxes[i].y2; y++) {
            size_t at = (size_t)y * (size_t)s->width + (size_t)boxes[i].x1;
            if (s->complete)
                memcpy(s->live->pixels + at, s->newest->pixels + at, bytes);
            else
                pixel_fill(s->live->pixels + at, bytes / sizeof(uint32_t), 0);
        }
    }
    pixman_region32_clear(&s->stale);
}

int screen_width(const struct screen *s)
{
    return s->width;
}

int screen_height(const struct screen *s)
{
    return s->height;
}

void screen_resize(struct screen *s, int width, int height)
{
    frame_free(s->live);
    s->live = NULL;
    s->width = width;
    s->height = height;
    s->complete = false;
    pixman_region32_clear(&s->stale);
    pixman_region32_clear(&s->covered);
    pixman_region32_clear(&s->damage);
}

/* Without the rectangle. */
static bool subtract(pixman_region32_t *region, struct rfb_rect r)
{
    pixman_region32_t painted;
    pixman_region32_init_rect(&painted, r.x, r.y, r.w, r.h);
    bool ok = pixman_region32_subtract(region, region, &painted);
    pixman_region32_fini(&painted);
    return ok;
}

int screen_painted(struct screen *s, struct rfb_rect r, ph_error *error)
{
    bool ok = pixman_region32_union_rect(&s->damage, &s->damage, r.x, r.y, r.w, r.h);
    damage_bound(&s->damage);
    ok = ok && subtract(&s->stale, r);
    if (!s->complete)
        ok = ok && pixman_region32_union_rect(&s->covered, &s->covered, r.x, r.y, r.w, r.h);
    if (!ok)
        return error_set(error, PH_E_NO_MEMORY, "out of memory for the changed region");
    if (pixman_region32_n_rects(&s->covered) > COVERAGE_RECTS_MAX)
        return error_set(error, PH_E_PROTOCOL,
                         "the server sends its first frame in more than %d separate pieces",
                         COVERAGE_RECTS_MAX);
    if (pixman_region32_n_rects(&s->stale) > STALE_RECTS_MAX)
        screen_refresh(s);
    return PH_OK;
}

/* ---- publishing ---- */

/* The live frame becomes the newest. Callers go on with the one before while it is put together: no
 * lock is held meanwhile. whole: it is the first of its size. */
static int publish(struct screen *s, bool whole)
{
    ph_frame *f = s->live;
    int64_t now = wait_now();
    if (!damage_append(&s->history, now, whole, &s->damage))
        return PH_E_NO_MEMORY;
    screen_refresh(s);
    s->live = NULL;
    damage_release(&f->damage);
    f->damage = damage_share(&s->history);
    f->time = now;
    atomic_store(&f->refs, 1);
    atomic_fetch_add(&s->refs, 1);
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
        return 1;                /* only a cursor or the like: the frame is still the newest */
    if (screen_begin(s) == NULL) /* a framebuffer without pixels has had no rectangle */
        return PH_E_NO_MEMORY;
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
