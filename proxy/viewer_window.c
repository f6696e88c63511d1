/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer of one window: waits for the window to be there, and carries between the crop, which
 * knows neither sockets nor agents, and those. */
#include <stdio.h>
#include <stdlib.h>

#include "rfb/err.h"
#include "viewer_private.h"

struct viewer_window {
    struct viewer *viewer;
    struct feed_client feed;
    struct crop crop;
    bool found;    /* the window has been there: its turn to connect has been asked for */
    bool cropping; /* crop is in use */
};

static struct viewer_window *window_of(struct feed_client *c)
{
    return (struct viewer_window *)((char *)c - offsetof(struct viewer_window, feed));
}

static const struct crop_how *how_of(const struct viewer *v)
{
    return &v->stream->config->window;
}

/* ---- the crop's wishes ---- */

static void ask_agent(struct viewer_window *w)
{
    struct crop *c = &w->crop;
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

void viewer_window_settle(struct viewer *v)
{
    struct viewer_window *w = v->window;
    if (w == NULL || v->state != VIEWER_RELAYING || w->feed.feed == NULL)
        return;
    int rc = relay_viewer_drained(&v->relay);
    if (rc == RELAY_UPSTREAM) {
        fail(v, RFB_E_NO_MEMORY);
        return;
    }
    if (rc != 0) {
        viewer_drop(v, ENDING_BROKEN, "the connection to the viewer broke");
        return;
    }
    ask_agent(w);
    if (relay_flush(&v->relay) != 0)
        viewer_leave(v, WS_CLOSE_LOST, "the desktop's VNC server closed the connection",
                     ENDING_UPSTREAM_LOST, "upstream lost");
}

static void closed(struct viewer *v)
{
    viewer_leave(v, WS_CLOSE_WINDOW, "the window was closed", ENDING_WINDOW_CLOSED,
                 "the window was closed");
}

/* ---- events of the agent ---- */

/* True: the window is there. */
static bool look(struct viewer *v, const struct windows *w)
{
    const struct window *main = windows_select(w, how_of(v)->selector);
    return main != NULL && main->mapped;
}

static void take_first(struct viewer *v, const struct windows *w)
{
    struct viewer_window *window = v->window;
    if (window->found)
        return;
    if (look(v, w)) {
        window->found = true;
        viewer_arm(v, v->service->config->handshake_timeout * 1000ULL, 0);
        viewer_await_turn(v);
    } else if (how_of(v)->wait_s == 0) {
        viewer_window_timeout(v);
    }
}

/* A compositing manager draws late, and what lies behind shines through: nothing that is known of
 * the windows then says what the pixels are. */
static bool refuse_compositing(struct viewer *v, const struct windows *w)
{
    if (!w->compositing)
        return false;
    viewer_tell_trouble(v, TROUBLE_HANDSHAKE,
                        "a compositing manager draws the desktop: single windows cannot be shown "
                        "without what shines through them; turn compositing off");
    viewer_leave(v, WS_CLOSE_LOST, "a compositing manager draws this desktop", ENDING_UPSTREAM_LOST,
                 "compositing");
    return true;
}

static void on_windows(struct feed_client *c, struct windows *w)
{
    struct viewer_window *window = window_of(c);
    struct viewer *v = window->viewer;
    if (v->state == VIEWER_CLOSING || refuse_compositing(v, w))
        return;
    if (!window->cropping) {
        if (v->state == VIEWER_CONNECTING)
            take_first(v, w);
        return;
    }
    int rc = crop_windows(&window->crop, w);
    if (rc != RFB_OK)
        fail(v, rc);
    else if (window->crop.view.main == 0 && how_of(v)->on_close == CROP_ON_CLOSE_END)
        closed(v);
    else
        viewer_window_settle(v);
}

static void on_synced(struct feed_client *c)
{
    struct viewer_window *w = window_of(c);
    int rc = w->cropping ? crop_synced(&w->crop) : RFB_OK;
    if (rc != RFB_OK)
        fail(w->viewer, rc);
    else
        viewer_window_settle(w->viewer);
}

static void on_lost(struct feed_client *c, const char *why)
{
    struct viewer *v = window_of(c)->viewer;
    viewer_tell_trouble(v, TROUBLE_LOST, why);
    viewer_leave(v, WS_CLOSE_LOST, "the desktop's agent is lost", ENDING_UPSTREAM_LOST,
                 "agent lost");
}

static const struct feed_events feed_events = {
    .windows = on_windows, .synced = on_synced, .lost = on_lost};

/* ---- life ---- */

void viewer_await_window(struct viewer *v)
{
    struct viewer_env *env = v->env;
    const char *agent = v->stream->config->desktop->agent;
    if (agent == NULL) { /* taken out of the configuration since the stream was made */
        viewer_tell_trouble(v, TROUBLE_UNREACHABLE, "there is no agent, which knows the windows");
        viewer_leave(v, WS_CLOSE_LOST, "the desktop has no agent", ENDING_UPSTREAM_LOST,
                     "no agent");
        return;
    }
    struct viewer_window *w = calloc(1, sizeof *w);
    if (w == NULL || feed_attach(&env->feeds, env->loop, agent, &w->feed, &feed_events) != 0) {
        free(w);
        viewer_leave(v, WSLAY_CODE_INTERNAL_SERVER_ERROR, "out of memory", ENDING_NO_MEMORY,
                     "out of memory");
        return;
    }
    w->viewer = v;
    v->window = w;
    /* a viewer without a wait hears of the first snapshot, which may be some time to come */
    uint64_t wait =
        how_of(v)->wait_s != 0 ? how_of(v)->wait_s : v->service->config->handshake_timeout;
    viewer_arm(v, wait * 1000ULL, 0);
    if (feed_newest(&w->feed) != NULL && !refuse_compositing(v, feed_newest(&w->feed)))
        take_first(v, feed_newest(&w->feed));
}

bool viewer_awaits_window(const struct viewer *v)
{
    return v->window != NULL && !v->window->found;
}

void viewer_window_timeout(struct viewer *v)
{
    char words[WS_REASON_MAX + 1];
    snprintf(words, sizeof words, "there is no window %.100s", how_of(v)->selector);
    viewer_leave(v, WS_CLOSE_WINDOW, words, ENDING_WINDOW_CLOSED, "no such window");
}

int viewer_begin_crop(struct viewer *v, const struct rfb_server_init *init,
                      struct rfb_server_init *to)
{
    struct viewer_window *w = v->window;
    *to = *init;
    if (w == NULL)
        return RFB_OK;
    struct windows *newest = feed_newest(&w->feed);
    if (newest == NULL || !look(v, newest))
        return RFB_E_REFUSED;
    if (!w->cropping) {
        w->cropping = true;
        int rc = crop_init(&w->crop, how_of(v), init, newest);
        if (rc != RFB_OK)
            return rc;
        v->relay.crop = &w->crop;
    }
    crop_server_init(&w->crop, init, to);
    return RFB_OK;
}

void viewer_leave_window(struct viewer *v)
{
    if (v->window != NULL)
        feed_detach(&v->window->feed);
}

void viewer_free_window(struct viewer *v)
{
    if (v->window != NULL && v->window->cropping)
        crop_finish(&v->window->crop);
    free(v->window);
}
