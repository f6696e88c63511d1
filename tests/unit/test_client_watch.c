/* SPDX-License-Identifier: GPL-2.0-or-later
 * Waiting for a change, for quiet and for a picture. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/screen.h"
#include "client/watch.h"
#include "fake_server.h"
#include "porthole.h"
#include "unit.h"

static const ph_limit at_once = {.timeout_ms = 0}, patient = {.timeout_ms = 20000};

/* ---- a server that the test itself speaks for ---- */

struct stage {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int fd; /* -1 before it is set up */
    struct fake_server *server;
    ph_client *c;
};

enum { W = 64, H = 48 };

static void serve(struct fake_server *s, int fd, void *argument)
{
    struct stage *stage = argument;
    (void)s;
    fake_handshake(fd, W, H);
    fake_take_setup(fd);
    pthread_mutex_lock(&stage->lock);
    stage->fd = fd;
    pthread_cond_broadcast(&stage->changed);
    pthread_mutex_unlock(&stage->lock);
    fake_drain(fd);
}

static void begin(struct stage *stage)
{
    ph_error e = {.code = 0};
    *stage = (struct stage){.fd = -1};
    pthread_mutex_init(&stage->lock, NULL);
    pthread_cond_init(&stage->changed, NULL);
    stage->server = fake_server_start(serve, stage);
    if (ph_connect(fake_server_target(stage->server), NULL, &patient, &stage->c, &e) != PH_OK)
        fail_msg("cannot connect: %s", e.message);
    pthread_mutex_lock(&stage->lock);
    while (stage->fd < 0)
        pthread_cond_wait(&stage->changed, &stage->lock);
    pthread_mutex_unlock(&stage->lock);
    fake_fill(stage->fd, 0, 0, W, H, 0);
}

static void end(struct stage *stage)
{
    assert_int_equal(ph_close(stage->c, NULL, NULL), PH_OK);
    assert_true(fake_server_stop(stage->server));
    pthread_mutex_destroy(&stage->lock);
    pthread_cond_destroy(&stage->changed);
}

static ph_frame *frame_after(struct stage *stage, uint64_t sequence)
{
    ph_frame *f;
    ph_error e = {.code = 0};
    if (ph_frame_get(stage->c, sequence, &patient, &f, &e) != PH_OK)
        fail_msg("no frame: %s", e.message);
    return f;
}

static void await_frame(struct stage *stage, uint64_t sequence)
{
    ph_frame_unref(frame_after(stage, sequence - 1));
}

/* ---- change ---- */

static void a_change_is_a_watched_pixel_that_differs(void **state)
{
    static const ph_rect masks[] = {{10, 10, 5, 5}, {14, 12, 10, 2}};
    (void)state;
    struct stage stage;
    begin(&stage);
    ph_frame *first = frame_after(&stage, 0), *f;
    ph_watch all = PH_WATCH_INIT, part = PH_WATCH_INIT;
    ph_error e;
    all.since = part.since = first;
    part.region = (ph_rect){8, 8, 20, 20};
    part.masks = masks;
    part.mask_count = COUNT(masks);
    assert_int_equal(ph_wait_change(stage.c, &all, &at_once, &f, &e), PH_E_TIMEOUT);
    assert_string_equal(e.message, "timed out while waiting for a change");
    assert_null(f);

    fake_fill(stage.fd, 0, 0, W, H, 0); /* sent, and as it was */
    await_frame(&stage, 2);
    assert_int_equal(ph_wait_change(stage.c, &all, &at_once, &f, NULL), PH_E_TIMEOUT);

    fake_fill(stage.fd, 12, 12, 12, 2, 5); /* masked */
    fake_fill(stage.fd, 28, 8, 1, 1, 5);   /* outside the region */
    await_frame(&stage, 4);
    assert_int_equal(ph_wait_change(stage.c, &part, &at_once, &f, NULL), PH_E_TIMEOUT);
    assert_int_equal(ph_wait_change(stage.c, &all, &at_once, &f, NULL), PH_OK);
    assert_int_equal(ph_frame_sequence(f), 4);
    ph_frame_unref(f);

    fake_fill(stage.fd, 0, 0, W, H, 0); /* back again, masked ones too */
    await_frame(&stage, 5);
    assert_int_equal(ph_wait_change(stage.c, &all, &at_once, &f, NULL), PH_E_TIMEOUT);

    fake_fill(stage.fd, 27, 27, 1, 1, 5);
    assert_int_equal(ph_wait_change(stage.c, &part, &patient, &f, NULL), PH_OK);
    assert_int_equal(ph_frame_sequence(f), 6);
    assert_int_equal(ph_frame_pixels(f)[27 * W + 27], 0xff000005);
    ph_frame_unref(f);
    ph_frame_unref(first);
    end(&stage);
}

static void a_new_size_is_a_change(void **state)
{
    (void)state;
    struct stage stage;
    begin(&stage);
    ph_frame *first = frame_after(&stage, 0), *f;
    ph_watch watch = PH_WATCH_INIT;
    watch.since = first;
    watch.region = (ph_rect){40, 40, 8, 8};
    fake_rect(stage.fd, 0, 0, 20, 10, RFB_ENC_DESKTOP_SIZE, "", 0);
    fake_fill(stage.fd, 0, 0, 20, 10, 0);
    assert_int_equal(ph_wait_change(stage.c, &watch, &patient, &f, NULL), PH_OK);
    assert_int_equal(ph_frame_width(f), 20);
    ph_frame_unref(f);
    ph_frame_unref(first);
    end(&stage);
}

struct waiter {
    struct stage *stage;
    ph_watch watch;
    ph_frame *frame;
    ph_point at;
    int code;
};

static void *wait_change(void *argument)
{
    struct waiter *w = argument;
    w->code = ph_wait_change(w->stage->c, &w->watch, &patient, &w->frame, NULL);
    return NULL;
}

static void waiters_are_woken(void **state)
{
    enum { N = 6 };
    (void)state;
    struct stage stage;
    begin(&stage);
    ph_frame *first = frame_after(&stage, 0);
    struct waiter w[N];
    pthread_t threads[N];
    for (int i = 0; i < N; i++) {
        w[i] = (struct waiter){.stage = &stage, .watch = PH_WATCH_INIT};
        w[i].watch.since = first;
        w[i].watch.region = (ph_rect){i, 0, 1, 1};
        assert_int_equal(pthread_create(&threads[i], NULL, wait_change, &w[i]), 0);
    }
    for (int i = N - 1; i >= 0; i--) {
        fake_fill(stage.fd, (uint16_t)i, 0, 1, 1, 7);
        pthread_join(threads[i], NULL);
        assert_int_equal(w[i].code, PH_OK);
        assert_int_equal(ph_frame_sequence(w[i].frame), 1 + N - i);
        ph_frame_unref(w[i].frame);
    }
    ph_frame_unref(first);
    end(&stage);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    static const ph_rect outside[] = {{0, 0, W + 1, H}, {-1, 0, 5, 5},
                                      {60, 0, 5, 5},    {0, 40, 1, 9},
                                      {1, 1, 0, 1},     {0x7fffffff, 0, 0x7fffffff, 1}};
    (void)state;
    struct stage stage, other;
    begin(&stage);
    begin(&other);
    await_frame(&stage, 1);
    ph_frame *foreign = frame_after(&other, 0), *f;
    ph_error e;
    ph_watch watch = PH_WATCH_INIT;
    for (size_t i = 0; i < COUNT(outside); i++) {
        watch.region = outside[i];
        assert_int_equal(ph_wait_change(stage.c, &watch, &patient, &f, &e), PH_E_ARGUMENT);
        assert_non_null(strstr(e.message, "is not inside the screen, which is 64x48"));
        watch.region = (ph_rect){0, 0, 0, 0};
        watch.masks = &outside[i];
        watch.mask_count = 1;
        assert_int_equal(ph_wait_quiet(stage.c, &watch, 1, &patient, &f, NULL, &e), PH_E_ARGUMENT);
        watch.mask_count = 0;
    }
    watch.since = foreign;
    assert_int_equal(ph_wait_change(stage.c, &watch, &patient, &f, &e), PH_E_ARGUMENT);
    watch.since = NULL;
    assert_int_equal(ph_wait_quiet(stage.c, &watch, -1, &patient, &f, NULL, &e), PH_E_ARGUMENT);
    watch.mask_count = 1001;
    assert_int_equal(ph_wait_change(stage.c, &watch, &patient, &f, &e), PH_E_ARGUMENT);
    watch.size = 1;
    assert_int_equal(ph_wait_change(stage.c, &watch, &patient, &f, &e), PH_E_ARGUMENT);
    ph_frame_unref(foreign);
    end(&other);
    end(&stage);
}

/* ---- quiet ---- */

/* Paints and publishes a frame, and says when: the record and the frame are nobody else's yet. */
static ph_frame *publish_at(struct screen *s, struct rfb_rect r, uint32_t colour, int64_t time)
{
    struct rfb_rect missing;
    uint32_t *pixels = screen_begin(s);
    assert_non_null(pixels);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            pixels[y * screen_width(s) + x] = 0xff000000 | colour;
    assert_int_equal(screen_painted(s, r, NULL), PH_OK);
    assert_int_equal(screen_publish(s, &missing), 1);
    ph_frame *f = screen_newest(s, 0);
    ((struct damage_record *)damage_record(&f->damage, f->damage.last))->time = time;
    f->time = time;
    return f;
}

#define RECT(x, y, w, h) ((struct rfb_rect){x, y, w, h})

/* However late a look comes, what counts is when things were sent. */
static void quiet_goes_by_the_frames_times(void **state)
{
    static const ph_rect mask = {5, 5, 1, 1};
    (void)state;
    struct screen *s = screen_create();
    ph_watch watch = PH_WATCH_INIT;
    watch.masks = &mask;
    watch.mask_count = 1;
    screen_resize(s, 20, 10);
    struct quiet q = {.watch = &watch, .length = 100, .last = 1000};
    q.frame = publish_at(s, RECT(0, 0, 20, 10), 0, 900);

    /* all seen in one look: a change at 1050; sent again, the same, at 1100; masked at 1140 */
    ph_frame_unref(publish_at(s, RECT(1, 1, 1, 1), 1, 1050));
    ph_frame_unref(publish_at(s, RECT(2, 2, 4, 1), 0, 1100));
    ph_frame *f = publish_at(s, RECT(5, 5, 1, 1), 1, 1140);
    assert_int_equal(quiet_look(&q, f), 0);
    assert_int_equal(q.last, 1050);
    ph_frame_unref(q.frame);
    q.frame = f;

    /* 99 later a change, then none for long: but that screen is gone without having been seen */
    ph_frame_unref(publish_at(s, RECT(0, 0, 1, 1), 2, 1149));
    f = publish_at(s, RECT(0, 0, 1, 1), 3, 1300);
    assert_int_equal(quiet_look(&q, f), 0);
    assert_int_equal(q.last, 1300);
    ph_frame_unref(q.frame);
    q.frame = f;

    /* 100 later, to the nanosecond, it had been quiet */
    f = publish_at(s, RECT(0, 0, 1, 1), 4, 1400);
    assert_int_equal(quiet_look(&q, f), 1);
    ph_frame_unref(f);
    ph_frame_unref(q.frame);
    screen_destroy(s);
}

struct painter {
    struct stage *stage;
    int x, times; /* negative: until told to stop */
    atomic_bool stop;
};

static void *paint(void *argument)
{
    struct painter *p = argument;
    for (int i = 1; i != p->times + 1 && !atomic_load(&p->stop); i++) {
        fake_fill(p->stage->fd, (uint16_t)p->x, 0, 1, 1, (uint32_t)(i % 250));
        usleep(10000); /* the pace of the animation */
    }
    return NULL;
}

static void quiet_comes_after_the_last_change(void **state)
{
    enum { TIMES = 20, QUIET_MS = 1500 }; /* a painter is not stopped for that long */
    (void)state;
    struct stage stage;
    begin(&stage);
    await_frame(&stage, 1);
    struct painter p = {.stage = &stage, .x = 3, .times = TIMES};
    pthread_t thread;
    ph_frame *f;
    int waited;
    assert_int_equal(pthread_create(&thread, NULL, paint, &p), 0);
    assert_int_equal(ph_wait_quiet(stage.c, NULL, QUIET_MS, &patient, &f, &waited, NULL), PH_OK);
    pthread_join(thread, NULL);
    assert_int_equal(ph_frame_pixels(f)[3], 0xff000000 | TIMES);
    assert_true(waited > 0);
    ph_frame_unref(f);
    end(&stage);
}

static void masked_animations_do_not_disturb(void **state)
{
    static const ph_rect mask = {3, 0, 1, 1};
    (void)state;
    struct stage stage;
    begin(&stage);
    await_frame(&stage, 1);
    struct painter p = {.stage = &stage, .x = 3, .times = -1};
    pthread_t thread;
    ph_frame *f;
    ph_error e;
    int waited = -1;
    ph_watch watch = PH_WATCH_INIT;
    const ph_limit half_a_second = {.timeout_ms = 500};
    assert_int_equal(pthread_create(&thread, NULL, paint, &p), 0);
    assert_int_equal(ph_wait_quiet(stage.c, &watch, 10000, &half_a_second, &f, &waited, &e),
                     PH_E_TIMEOUT);
    assert_string_equal(e.message, "timed out while waiting for the screen to be quiet");
    assert_non_null(f); /* the last one */
    ph_frame_unref(f);
    assert_int_equal(ph_wait_quiet(stage.c, &watch, 0, &patient, &f, &waited, &e), PH_OK);
    ph_frame_unref(f);
    watch.masks = &mask;
    watch.mask_count = 1;
    assert_int_equal(ph_wait_quiet(stage.c, &watch, 200, &patient, &f, &waited, NULL), PH_OK);
    assert_int_equal(waited, 0);
    ph_frame_unref(f);
    atomic_store(&p.stop, true);
    pthread_join(thread, NULL);
    end(&stage);
}

/* ---- pictures ---- */

static bool is_there(const ph_frame *f, const ph_pattern *p, int x, int y)
{
    for (int j = 0; j < p->height; j++)
        for (int i = 0; i < p->width; i++) {
            uint32_t want = p->pixels[j * p->width + i];
            uint32_t have = ph_frame_pixels(f)[(y + j) * ph_frame_width(f) + x + i];
            for (int shift = 0; shift < 24 && want >> 24 != 0; shift += 8)
                if (abs((int)(want >> shift & 255) - (int)(have >> shift & 255)) > p->tolerance)
                    return false;
        }
    return true;
}

/* Few colours, so that much nearly matches; every answer checked against the plain way. */
static void found_is_the_first_place_that_matches(void **state)
{
    enum { SIDE = 24, ROUNDS = 4000 };
    (void)state;
    struct screen *s = screen_create();
    unsigned seed = 20263;
    int found = 0;
    screen_resize(s, SIDE, SIDE);
    for (int round = 0; round < ROUNDS; round++) {
        ph_frame *f = publish_at(s, RECT(0, 0, SIDE, SIDE), 0, 1);
        for (int i = 0; i < SIDE * SIDE; i++)
            f->pixels[i] = 0xff000000 | ((uint32_t)rand_r(&seed) % 3 * 0x010204);
        uint32_t pixels[16];
        ph_pattern p = {pixels, rand_r(&seed) % 4 + 1, rand_r(&seed) % 4 + 1,
                        rand_r(&seed) % 3 == 0 ? 2 : 0};
        for (int i = 0; i < p.width * p.height; i++)
            pixels[i] =
                (uint32_t)rand_r(&seed) % 3 * 0x010204 | (rand_r(&seed) % 3 != 0 ? 0x80000000 : 0);
        pixels[0] |= 0x01000000;
        ph_rect r = {rand_r(&seed) % SIDE, rand_r(&seed) % SIDE, 0, 0};
        r.width = rand_r(&seed) % (SIDE - r.x) + 1;
        r.height = rand_r(&seed) % (SIDE - r.y) + 1;
        ph_point at = {-1, -1}, expected = {-1, -1};
        for (int y = r.y; y + p.height <= r.y + r.height && expected.x < 0; y++)
            for (int x = r.x; x + p.width <= r.x + r.width && expected.x < 0; x++)
                if (is_there(f, &p, x, y))
                    expected = (ph_point){x, y};
        int rc = ph_frame_find(f, &p, &r, &at, NULL);
        assert_int_equal(rc, expected.x < 0 ? PH_E_NOT_FOUND : PH_OK);
        assert_int_equal(at.x, expected.x);
        assert_int_equal(at.y, expected.y);
        found += rc == PH_OK;
        ph_frame_unref(f);
    }
    assert_in_range(found, ROUNDS / 10, ROUNDS * 9 / 10); /* both answers were tried */
    screen_destroy(s);
}

static void pictures_that_cannot_be_are_refused(void **state)
{
    static const uint32_t clear[4] = {0x00ffffff};
    const ph_pattern bad[] = {{clear, 2, 2, 0},
                              {clear, 0, 1, 0},
                              {clear, 16385, 1, 0},
                              {clear, 1, 1, 256},
                              {clear, 1, 1, -1}};
    (void)state;
    struct screen *s = screen_create();
    screen_resize(s, 20, 10);
    ph_frame *f = publish_at(s, RECT(0, 0, 20, 10), 0, 1);
    ph_point at;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ph_frame_find(f, &bad[i], NULL, &at, NULL), PH_E_ARGUMENT);
    static const uint32_t wide[21] = {0xff000000};
    ph_pattern larger = {wide, 21, 1, 0};
    assert_int_equal(ph_frame_find(f, &larger, NULL, &at, NULL), PH_E_NOT_FOUND);
    ph_frame_unref(f);
    screen_destroy(s);
}

enum { NOISY = 4096 };

/* A picture of 16 million colours, and a frame that holds it at 3,2. */
static uint32_t *make_noise(ph_frame *f)
{
    uint32_t *pixels = malloc((size_t)NOISY * NOISY * sizeof *pixels), r = 1;
    assert_non_null(pixels);
    for (size_t i = 0; i < (size_t)NOISY * NOISY; i++)
        pixels[i] = (r = r * 1664525 + 1013904223) >> 8 | 0xff000000;
    for (size_t y = 0; y < NOISY; y++)
        memcpy(f->pixels + (y + 2) * (size_t)f->width + 3, pixels + y * NOISY,
               NOISY * sizeof *pixels);
    return pixels;
}

/* Looking at the picture is part of the wait: it neither outlasts it nor hides a cancel. */
static void a_large_picture_keeps_to_the_limit(void **state)
{
    static const ph_limit brief = {.timeout_ms = 100};
    (void)state;
    struct screen *s = screen_create();
    screen_resize(s, NOISY + 8, NOISY + 8);
    ph_frame *f = publish_at(s, RECT(0, 0, NOISY + 8, NOISY + 8), 0, 1), *none;
    uint32_t *pixels = make_noise(f);
    ph_pattern p = {pixels, NOISY, NOISY, 0};
    ph_watch watch = PH_WATCH_INIT;
    ph_point at;
    assert_int_equal(ph_frame_find(f, &p, NULL, &at, NULL), PH_OK);
    assert_int_equal(at.x, 3);
    assert_int_equal(at.y, 2);
    pixels[(size_t)NOISY * NOISY - 1] ^= 1;
    assert_int_equal(ph_frame_find(f, &p, NULL, &at, NULL), PH_E_NOT_FOUND);
    memset(pixels, 0, ((size_t)NOISY * NOISY - 1) * sizeof *pixels); /* one pixel is opaque */
    assert_int_equal(ph_frame_find(f, &p, NULL, &at, NULL), PH_E_NOT_FOUND);
    pixels[(size_t)NOISY * NOISY - 1] ^= 1;
    assert_int_equal(ph_frame_find(f, &p, NULL, &at, NULL), PH_OK);
    free(pixels);
    struct stage stage;
    begin(&stage);
    pixels = make_noise(f);
    p.pixels = pixels;
    await_frame(&stage, 1);
    int64_t start = wait_now();
    assert_int_equal(ph_wait_match(stage.c, &watch, &p, &brief, &none, &at, NULL), PH_E_TIMEOUT);
    assert_in_range(wait_now() - start, 100000000, 1500000000);
    end(&stage);
    free(pixels);
    ph_frame_unref(f);
    screen_destroy(s);
}

static void a_picture_is_waited_for(void **state)
{
    static const uint32_t cross[9] = {0,          0xff0000ff, 0,          0xff0000ff, 0xff00ff00,
                                      0xff0000ff, 0,          0xff0000ff, 0};
    static const ph_rect mask = {20, 20, 10, 10};
    const ph_pattern p = {cross, 3, 3, 0};
    (void)state;
    struct stage stage;
    begin(&stage);
    ph_watch watch = PH_WATCH_INIT;
    ph_frame *f;
    ph_point at;
    ph_error e;
    watch.masks = &mask;
    watch.mask_count = 1;
    await_frame(&stage, 1);
    assert_int_equal(ph_wait_match(stage.c, &watch, &p, &at_once, &f, &at, &e), PH_E_TIMEOUT);
    assert_string_equal(e.message, "timed out while waiting for the picture");
    fake_fill(stage.fd, 28, 31, 3, 1, 0x0000ff); /* under the mask's edge */
    fake_fill(stage.fd, 29, 30, 1, 3, 0x0000ff);
    fake_fill(stage.fd, 29, 31, 1, 1, 0x00ff00);
    fake_fill(stage.fd, 18, 19, 3, 1, 0x0000ff); /* touches it in a corner */
    fake_fill(stage.fd, 19, 18, 1, 3, 0x0000ff);
    fake_fill(stage.fd, 19, 19, 1, 1, 0x00ff00);
    await_frame(&stage, 7);
    assert_int_equal(ph_wait_match(stage.c, &watch, &p, &at_once, &f, &at, &e), PH_OK);
    assert_int_equal(at.x, 28);
    assert_int_equal(at.y, 30);
    ph_frame_unref(f);
    end(&stage);
}

static void *wait_picture(void *argument)
{
    static const uint32_t cross[9] = {0,          0xff0000ff, 0,          0xff0000ff, 0xff00ff00,
                                      0xff0000ff, 0,          0xff0000ff, 0};
    const ph_pattern p = {cross, 3, 3, 0};
    struct waiter *w = argument;
    w->code = ph_wait_match(w->stage->c, &w->watch, &p, &patient, &w->frame, &w->at, NULL);
    return NULL;
}

/* Each look goes only where something was sent: the last pixel of the picture completes it. */
static void a_picture_that_comes_in_pieces_is_found(void **state)
{
    static const int pixels[][3] = {{41, 40, 0x0000ff},
                                    {40, 41, 0x0000ff},
                                    {41, 41, 0x00ff00},
                                    {42, 41, 0x0000ff},
                                    {41, 42, 0x0000ff}};
    (void)state;
    struct stage stage;
    begin(&stage);
    struct waiter w = {.stage = &stage, .watch = PH_WATCH_INIT};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait_picture, &w), 0);
    for (size_t i = 0; i < COUNT(pixels); i++) {
        await_frame(&stage, i + 1);
        fake_fill(stage.fd, (uint16_t)pixels[i][0], (uint16_t)pixels[i][1], 1, 1,
                  (uint32_t)pixels[i][2]);
    }
    pthread_join(thread, NULL);
    assert_int_equal(w.code, PH_OK);
    assert_int_equal(w.at.x, 40);
    assert_int_equal(w.at.y, 40);
    assert_int_equal(ph_frame_sequence(w.frame), 1 + COUNT(pixels));
    ph_frame_unref(w.frame);
    end(&stage);
}

/* ---- all at once ---- */

struct crowd {
    struct stage *stage;
    atomic_bool stop;
    atomic_int looks;
    atomic_int failed; /* looks that a call ended otherwise than it should */
};

static void *look_at_everything(void *argument)
{
    static const uint32_t never[1] = {0xff123456};
    const ph_pattern p = {never, 1, 1, 0};
    struct crowd *crowd = argument;
    ph_client *c = crowd->stage->c;
    const ph_limit brief = {.timeout_ms = 20};
    while (!atomic_load(&crowd->stop)) {
        ph_frame *f, *since;
        ph_point at;
        ph_rect rects[4];
        ph_watch watch = PH_WATCH_INIT;
        if (ph_frame_get(c, 0, &patient, &since, NULL) != PH_OK) {
            atomic_fetch_add(&crowd->failed, 1);
            return NULL;
        }
        watch.since = since;
        if (ph_wait_change(c, &watch, &brief, &f, NULL) == PH_OK) {
            ph_frame_damage(f, ph_frame_sequence(since), rects, 4);
            ph_frame_unref(f);
        }
        ph_wait_quiet(c, &watch, 5, &brief, &f, NULL, NULL);
        ph_frame_unref(f);
        if (ph_wait_match(c, &watch, &p, &brief, &f, &at, NULL) != PH_E_TIMEOUT)
            atomic_fetch_add(&crowd->failed, 1);
        ph_frame_unref(since);
        atomic_fetch_add(&crowd->looks, 1);
    }
    return NULL;
}

/* Frames, sizes and waits of many threads: for the thread sanitizer, and that nothing hangs. */
static void many_threads_wait_while_the_screen_changes(void **state)
{
    enum { N = 6, ROUNDS = 60, LOOKS = 30 };
    (void)state;
    struct stage stage;
    begin(&stage);
    struct crowd crowd = {.stage = &stage};
    pthread_t threads[N];
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look_at_everything, &crowd), 0);
    unsigned seed = 5;
    for (int i = 0;
         (i < ROUNDS || atomic_load(&crowd.looks) < LOOKS) && atomic_load(&crowd.failed) == 0;
         i++) {
        uint16_t w = (uint16_t)(i % 10 < 5 ? W : 30), h = (uint16_t)(i % 10 < 5 ? H : 60);
        if (i % 5 == 0) {
            fake_rect(stage.fd, 0, 0, w, h, RFB_ENC_DESKTOP_SIZE, "", 0);
            fake_fill(stage.fd, 0, 0, w, h, (uint32_t)i % 16);
        }
        fake_fill(stage.fd, (uint16_t)(rand_r(&seed) % 20), (uint16_t)(rand_r(&seed) % 20), 5, 5,
                  (uint32_t)i % 16);
        usleep(2000); /* the pace of the animation */
    }
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < N; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.failed, 0);
    end(&stage);
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_a_watched_pixel_that_differs),
        cmocka_unit_test(a_new_size_is_a_change),
        cmocka_unit_test(waiters_are_woken),
        cmocka_unit_test(what_cannot_be_watched_is_refused),
        cmocka_unit_test(quiet_goes_by_the_frames_times),
        cmocka_unit_test(quiet_comes_after_the_last_change),
        cmocka_unit_test(masked_animations_do_not_disturb),
        cmocka_unit_test(found_is_the_first_place_that_matches),
        cmocka_unit_test(pictures_that_cannot_be_are_refused),
        cmocka_unit_test(a_large_picture_keeps_to_the_limit),
        cmocka_unit_test(a_picture_is_waited_for),
        cmocka_unit_test(a_picture_that_comes_in_pieces_is_found),
        cmocka_unit_test(many_threads_wait_while_the_screen_changes),
    };
    return cmocka_run_group_tests_name("client_watch", tests, NULL, NULL);
}
