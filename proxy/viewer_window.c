/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer of one window: waits for the window to be there, and carries between the crop, which
 * knows neither sockets nor agents, and those. A fixed rectangle of the screen needs no agent: the
 * crop is told that a window is there, on top of all others. */
#include <stdio.h>
#include <stdlib.h>

#include "rfb/err.h"
#include "rfb/text.h"
#include "viewer_private.h"

struct viewer_window {
    struct viewer *viewer;
    struct feed_client feed;
    struct sitter sitter;
    struct crop crop;
    uv_timer_t settling;   /* the crop's */
    uint64_t presses;      /* that the sitter has been told of */
    bool found;            /* the window has been there: its turn to connect has been asked for */
    struct windows *first; /* then: a reference, for a crop that begins without the window */
    bool cropping;         /* crop is in use */
    bool fixed;            /* a rectangle: there is no feed */
    struct crop_rect rect; /* with fixed */
};

static struct viewer_window *window_of(struct feed_client *c)
{
    return (struct viewer_window *)((char *)c - offsetof(struct viewer_window, feed));
}

/* ---- the crop's wishes ---- */

/* Its turn at the desktop's keyboard and pointer. */
static void look_after_seat(struct viewer_window *w)
{
    struct crop *c = &w->crop;
    if (c->presses != w->presses)
        sitter_pressed(&w->sitter);
    w->presses = c->presses;
    if (c->seat != CROP_UNSEATED)
        return;
    sitter_left(&w->sitter);
    if (crop_waits(c) != CROP_WAITS_NOTHING)
        sitter_wants(&w->sitter, crop_waits(c) == CROP_WAITS_INPUT);
}

static bool has_input(const struct viewer_window *w)
{
    const struct crop *c = &w->crop;
    return crop_waits(c) != CROP_WAITS_NOTHING || c->seat != CROP_UNSEATED || c->to_server.len != 0;
}

static void ask_agent(struct viewer_window *w)
{
    struct crop *c = &w->crop;
    look_after_seat(w);
    if (c->wants_sync)
        feed_sync(&w->feed);
    if (c->wants_activate && c->view.main != 0)
        feed_activate(&w->feed, c->view.main);
    c->wants_sync = c->wants_activate = false;
}

/* The crop could not go on. */
static void fail(struct viewer *v, int code)
{
    const char *why = v->window->crop.why != NULL ? v->window->crop.why : rfb_strerror(code);
    viewer_tell_trouble(v, TROUBLE_PROTOCOL, why);
    viewer_leave(v, WS_CLOSE_LOST, "the window cannot be shown", ENDING_UPSTREAM_LOST, why);
}

/* The server has to begin anew, and the viewer is not to notice. */
static void begin_swap(struct viewer *v)
{
    int rc = crop_swap_begin(&v->window->crop);
    if (rc != RFB_OK) {
        fail(v, rc);
        return;
    }
    metrics_add(v->env->metrics, METRIC_WINDOW_RECONNECTS, 1);
    relay_detach(&v->relay);
    upstream_close(&v->upstream);
}

bool viewer_swaps(const struct viewer *v)
{
    return v->relay.detached && v->state == VIEWER_RELAYING;
}

void viewer_end_swap(struct viewer *v)
{
    const struct rfb_server_init *init = upstream_server_init(&v->upstream);
    int rc = crop_swap_end(&v->window->crop, init);
    if (rc != RFB_OK) {
        fail(v, rc);
        return;
    }
    relay_attach(&v->relay, init);
    v->last_heard = uv_now(v->env->loop);
    upstream_start(&v->upstream);
    viewer_window_settle(v);
}

/* ---- what can be promised ---- */

/* What makes it best effort; NULL: nothing that is known now. A compositing manager draws late, and
 * what lies behind shines through: then nothing that is known of the windows says what the pixels
 * are. */
static const char *find_unbound(const struct viewer_window *w, const struct windows *newest)
{
    return newest->compositing            ? "a compositing manager draws the desktop"
           : w->cropping && w->crop.plain ? "the VNC server has no ContinuousUpdates"
                                          : NULL;
}

/* There is a snapshot. False: the viewer has been sent away. */
static bool find_bound(struct viewer_window *w)
{
    const char *why = find_unbound(w, feed_newest(&w->feed));
    bool known = why != NULL || (w->cropping && w->crop.ready);
    if (known && !viewer_take_bound(w->viewer, why))
        return false;
    if (known && w->cropping && crop_relax(&w->crop, why != NULL, why != NULL) != RFB_OK) {
        fail(w->viewer, RFB_E_NO_MEMORY);
        return false;
    }
    return true;
}

/* ---- settling ---- */

/* As relay_viewer_drained. */
static int drain(struct viewer_window *w)
{
    int rc;
    do {
        if (w->fixed && crop_rect_serve(&w->rect, &w->crop) != RFB_OK)
            return RELAY_UPSTREAM;
        rc = relay_viewer_drained(&w->viewer->relay);
    } while (rc == 0 && w->fixed && w->crop.wants_sync);
    return rc;
}

/* What was typed last is not lost because a window lay in front of it, or it was another's turn. */
static void go_on_parting(struct viewer *v)
{
    struct viewer_window *w = v->window;
    if (!has_input(w))
        viewer_part(v, true);
    else if (crop_waits(&w->crop) == CROP_WAITS_NOTHING)
        sitter_stop(&w->sitter);
}

bool viewer_window_parts(struct viewer *v)
{
    struct viewer_window *w = v->window;
    return w != NULL && !w->fixed && v->state == VIEWER_RELAYING && has_input(w) &&
           crop_stop_showing(&w->crop) == RFB_OK;
}

static void on_settling(uv_timer_t *timer);

void viewer_window_settle(struct viewer *v)
{
    struct viewer_window *w = v->window;
    if (w == NULL || v->state != VIEWER_RELAYING || (!w->fixed && w->feed.feed == NULL) ||
        (!w->fixed && !find_bound(w)))
        return;
    int rc = drain(w);
    if (rc == RELAY_UPSTREAM) {
        fail(v, RFB_E_NO_MEMORY);
        return;
    }
    if (rc != 0) {
        viewer_drop(v, ENDING_BROKEN, "the connection to the viewer broke");
        return;
    }
    if (!w->fixed)
        ask_agent(w);
    if (relay_flush(&v->relay) != 0)
        viewer_leave(v, WS_CLOSE_LOST, "the desktop's VNC server closed the connection",
                     ENDING_UPSTREAM_LOST, "upstream lost");
    else if (w->crop.wants_swap && w->crop.to_server.len == 0)
        begin_swap(v);
    else if (v->parting != 0)
        go_on_parting(v);
    if (w->crop.settling && v->state != VIEWER_CLOSING &&
        !uv_is_active((uv_handle_t *)&w->settling))
        uv_timer_start(&w->settling, on_settling, CROP_SETTLE_MS, 0);
}

static void on_settling(uv_timer_t *timer)
{
    struct viewer_window *w = timer->data;
    int rc = crop_settle(&w->crop);
    if (rc != RFB_OK)
        fail(w->viewer, rc);
    else
        viewer_window_settle(w->viewer);
}

static void closed(struct viewer *v)
{
    viewer_leave(v, WS_CLOSE_WINDOW, "the window was closed", ENDING_WINDOW_CLOSED,
                 "the window was closed");
}

/* ---- events of the agent ---- */

static bool is_there(const struct viewer *v, const struct windows *w)
{
    const struct window *main = windows_select(w, v->how.selector);
    return main != NULL && main->mapped;
}

static void take_first(struct viewer *v, struct windows *w)
{
    struct viewer_window *window = v->window;
    if (window->found)
        return;
    if (is_there(v, w)) {
        window->found = true;
        window->first = windows_ref(w);
        viewer_arm(v, v->service->config->handshake_timeout * 1000ULL, 0);
        viewer_await_turn(v);
    } else if (v->how.wait_s == 0) {
        viewer_window_timeout(v);
    }
}

static void on_windows(struct feed_client *c, struct windows *w)
{
    struct viewer_window *window = window_of(c);
    struct viewer *v = window->viewer;
    if (v->state == VIEWER_CLOSING || !find_bound(window))
        return;
    if (!window->cropping) {
        if (v->state == VIEWER_CONNECTING)
            take_first(v, w);
        return;
    }
    int rc = crop_windows(&window->crop, w);
    if (rc != RFB_OK)
        fail(v, rc);
    else if (window->crop.view.main == 0 && v->how.on_close == CROP_ON_CLOSE_END)
        closed(v);
    else
        viewer_window_settle(v);
}

static void on_synced(struct feed_client *c)
{
    struct viewer_window *w = window_of(c);
    int rc = w->cropping ? crop_synced(&w->crop) : RFB_OK;
    if (rc == RFB_OK && sitter_seated(&w->sitter))
        rc = crop_take_seat(&w->crop);
    if (rc != RFB_OK)
        fail(w->viewer, rc);
    else
        viewer_window_settle(w->viewer);
}

static void on_lost(struct feed_client *c, const char *why)
{
    viewer_lose_agent(window_of(c)->viewer, why);
}

static const struct feed_events feed_events = {
    .windows = on_windows, .synced = on_synced, .lost = on_lost};

/* ---- events of the seat ---- */

static struct viewer_window *sitting(const struct sitter *s)
{
    return (struct viewer_window *)((char *)(uintptr_t)s - offsetof(struct viewer_window, sitter));
}

/* Who had it has moved the focus, perhaps: that has to be told first. */
static void on_take(struct sitter *s)
{
    feed_sync(&sitting(s)->feed);
}

static void on_leave(struct sitter *s)
{
    struct viewer_window *w = sitting(s);
    int rc = crop_leave_seat(&w->crop);
    if (rc != RFB_OK)
        fail(w->viewer, rc);
    else
        viewer_window_settle(w->viewer);
}

static bool on_lose(struct sitter *s)
{
    struct viewer_window *w = sitting(s);
    if (w->crop.to_server.len != 0 || w->viewer->upstream.out.queued != 0)
        return false;
    crop_lose_seat(&w->crop);
    viewer_window_settle(w->viewer);
    return true;
}

static void on_evict(struct sitter *s)
{
    struct viewer *v = sitting(s)->viewer;
    viewer_tell_trouble(v, TROUBLE_STALLED, "takes no input");
    viewer_leave(v, WS_CLOSE_LOST, "the desktop's VNC server takes no input", ENDING_UPSTREAM_LOST,
                 "upstream lost");
}

static bool is_idle(const struct sitter *s, bool quiet)
{
    const struct crop *c = &sitting(s)->crop;
    return quiet ? !crop_holds(c) : crop_is_idle(c);
}

static const struct sitter_events sitter_events = {
    .take = on_take, .leave = on_leave, .lose = on_lose, .evict = on_evict, .idle = is_idle};

/* ---- life ---- */

static struct viewer_window *make(struct viewer *v)
{
    struct viewer_window *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->viewer = v;
    w->settling.data = w;
    uv_timer_init(v->env->loop, &w->settling);
    v->window = w;
    v->window_open = true;
    return w;
}

static void await_rect(struct viewer *v, const struct windows_rect *rect)
{
    if (make(v) == NULL) {
        viewer_leave_out_of_memory(v);
        return;
    }
    v->window->fixed = v->window->found = true;
    v->window->rect.rect = *rect;
    viewer_arm(v, v->service->config->handshake_timeout * 1000ULL, 0);
    viewer_await_turn(v);
}

void viewer_await_window(struct viewer *v)
{
    struct viewer_env *env = v->env;
    struct windows_rect rect;
    if (windows_parse_rect(v->how.selector, &rect)) {
        await_rect(v, &rect);
        return;
    }
    const struct config_agent *agent = v->stream->config->desktop->agent;
    if (agent == NULL) { /* taken out of the configuration since the stream was made */
        viewer_tell_trouble(v, TROUBLE_UNREACHABLE, "there is no agent, which knows the windows");
        viewer_leave(v, WS_CLOSE_LOST, "the desktop has no agent", ENDING_UPSTREAM_LOST,
                     "no agent");
        return;
    }
    struct viewer_window *w = make(v);
    if (w == NULL || feed_attach(&env->feeds, env->loop, agent, &w->feed, &feed_events) != 0) {
        viewer_leave_out_of_memory(v);
        return;
    }
    if (sitter_begin(&w->sitter, &env->seating, agent->name, &sitter_events) != 0) {
        viewer_leave_out_of_memory(v);
        return;
    }
    /* a viewer without a wait hears of the first snapshot, which may be some time to come */
    uint64_t wait = v->how.wait_s != 0 ? v->how.wait_s : v->service->config->handshake_timeout;
    viewer_arm(v, wait * 1000ULL, 0);
    if (feed_newest(&w->feed) != NULL && find_bound(w))
        take_first(v, feed_newest(&w->feed));
}

bool viewer_awaits_window(const struct viewer *v)
{
    return v->window != NULL && !v->window->found;
}

void viewer_window_timeout(struct viewer *v)
{
    char words[WS_REASON_MAX + 1];
    snprintf(words, sizeof words, "there is no window %.100s", v->how.selector);
    rfb_text_make_utf8(words); /* it may have been cut */
    viewer_leave(v, WS_CLOSE_WINDOW, words, ENDING_WINDOW_CLOSED, "no such window");
}

static int refuse_rect(struct viewer *v, const struct rfb_server_init *init)
{
    snprintf(v->reason, sizeof v->reason, "%.60s is not on the desktop's screen of %dx%d pixels",
             v->how.selector, init->width, init->height);
    viewer_tell_trouble(v, TROUBLE_HANDSHAKE, v->reason);
    return RFB_E_REFUSED;
}

int viewer_begin_crop(struct viewer *v, const struct rfb_server_init *init,
                      struct rfb_server_init *to)
{
    struct viewer_window *w = v->window;
    *to = *init;
    if (w == NULL)
        return RFB_OK;
    const struct windows *newest = w->fixed ? NULL : feed_newest(&w->feed);
    if (w->fixed && !crop_rect_fits(&w->rect, init))
        return refuse_rect(v, init);
    bool gone = !w->fixed && (newest == NULL || !is_there(v, newest));
    if (gone && (newest == NULL || v->how.on_close == CROP_ON_CLOSE_END)) {
        snprintf(v->reason, sizeof v->reason, "the window was closed");
        return RFB_E_REFUSED;
    }
    if (!w->cropping) {
        w->cropping = true;
        int rc = w->fixed ? crop_rect_begin(&w->rect, &w->crop, &v->how, init)
                          : crop_init(&w->crop, &v->how, init, gone ? w->first : newest);
        if (rc == RFB_OK && gone) /* it keeps the size that it had */
            rc = crop_windows(&w->crop, newest);
        windows_unref(w->first);
        w->first = NULL;
        /* until it is known, what the last one has found holds */
        if (rc == RFB_OK && !w->fixed)
            rc = crop_relax(&w->crop, stream_bound(v->stream) == BOUND_BEST_EFFORT, false);
        if (rc != RFB_OK)
            return rc;
        v->relay.crop = &w->crop;
    }
    crop_server_init(&w->crop, init, to);
    return RFB_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct viewer_window *w = handle->data;
    w->viewer->window_open = false;
    viewer_free_if_closed(w->viewer);
}

void viewer_leave_window(struct viewer *v)
{
    if (v->window == NULL)
        return;
    sitter_end(&v->window->sitter);
    feed_detach(&v->window->feed);
    uv_close((uv_handle_t *)&v->window->settling, on_timer_closed);
}

void viewer_free_window(struct viewer *v)
{
    if (v->window == NULL)
        return;
    if (v->window->cropping)
        crop_finish(&v->window->crop);
    windows_unref(v->window->first);
    free(v->window);
}
