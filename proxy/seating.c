/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seating.h"

#include <stddef.h>

enum {
    TICK_MS = 20,
    /* Who types faster is not interrupted, or two who type at once would raise their windows in
     * turn with each key. */
    PAUSE_MS = 100,
    /* How long one who does not pause, or holds something down, keeps others waiting. */
    PATIENCE_MS = 1000,
    /* For the server to tell that it has done all. */
    LEAVE_MS = 200,
    /* For the server to take all that it was sent. */
    EVICT_MS = 3000
};

static uint64_t now(const struct sitter *s)
{
    return uv_now(s->seating->tick.loop);
}

static void wake(void *owner)
{
    uv_async_send(owner);
}

static bool is_over(struct sitter *s)
{
    enum seat_wanted wanted = seat_is_wanted(s->seating->seats, &s->claim);
    bool urgent = wanted == SEAT_WANTED_URGENTLY;
    s->wanted = wanted != SEAT_UNWANTED;
    if (urgent && !s->hurries)
        s->hurries_since = now(s);
    s->hurries = urgent;
    uint64_t last = s->pressed > s->seated ? s->pressed : s->seated;
    return (s->wanted && now(s) - s->pressed >= PAUSE_MS &&
            s->events->idle(s, now(s) - last >= PATIENCE_MS)) ||
           (urgent && now(s) - s->hurries_since >= PATIENCE_MS);
}

void sitter_stop(struct sitter *s)
{
    if (s->state != SITTER_SEATED)
        return;
    s->state = SITTER_LEAVING;
    s->leaves = now(s);
    wake(&s->seating->wake); /* it may not take for ever */
    s->events->leave(s);
}

/* True: an event has happened, and the list may have become another. */
static bool look_at(struct sitter *s)
{
    if (s->state == SITTER_WAITING && seat_is_mine(s->seating->seats, &s->claim)) {
        s->state = SITTER_TAKING;
        s->events->take(s);
        return true;
    }
    if (s->state == SITTER_SEATED && is_over(s)) {
        sitter_stop(s);
        return true;
    }
    if (s->state == SITTER_LEAVING && now(s) - s->leaves >= EVICT_MS) {
        s->events->evict(s);
        return true;
    }
    return s->state == SITTER_LEAVING && now(s) - s->leaves >= LEAVE_MS && s->events->lose(s);
}

static void on_tick(uv_timer_t *timer);

static void look_around(struct seating *seating)
{
    struct sitter *s = seating->list;
    bool goes_on = false;
    while (s != NULL)
        s = look_at(s) ? seating->list : s->next;
    for (s = seating->list; s != NULL; s = s->next)
        goes_on = goes_on || s->state == SITTER_LEAVING || (s->state == SITTER_SEATED && s->wanted);
    if (!goes_on)
        uv_timer_stop(&seating->tick);
    else if (!uv_is_active((uv_handle_t *)&seating->tick))
        uv_timer_start(&seating->tick, on_tick, TICK_MS, TICK_MS);
}

static void on_tick(uv_timer_t *timer)
{
    look_around(timer->data);
}

static void on_wake(uv_async_t *async)
{
    look_around(async->data);
}

int seating_open(struct seating *s, struct seats *seats, uv_loop_t *loop)
{
    *s = (struct seating){.seats = seats};
    uv_timer_init(loop, &s->tick);
    s->tick.data = s->wake.data = s;
    return uv_async_init(loop, &s->wake, on_wake);
}

void seating_close(struct seating *s)
{
    uv_close((uv_handle_t *)&s->tick, NULL);
    uv_close((uv_handle_t *)&s->wake, NULL);
}

/* ---- a sitter ---- */

int sitter_begin(struct sitter *s, struct seating *seating, const char *desktop,
                 const struct sitter_events *events)
{
    *s = (struct sitter){.events = events};
    if (seat_claim_begin(seating->seats, desktop, &s->claim, wake, &seating->wake) != 0)
        return -1;
    s->seating = seating;
    s->next = seating->list;
    if (s->next != NULL)
        s->next->previous = s;
    seating->list = s;
    return 0;
}

void sitter_end(struct sitter *s)
{
    if (s->seating == NULL)
        return;
    seat_claim_end(s->seating->seats, &s->claim);
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        s->seating->list = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    *s = (struct sitter){0};
}

void sitter_wants(struct sitter *s, bool urgent)
{
    if (s->seating == NULL || (s->state != SITTER_AWAY && s->state != SITTER_WAITING) ||
        (s->state == SITTER_WAITING && (s->urgent || !urgent)))
        return;
    s->state = SITTER_WAITING;
    s->urgent = urgent;
    seat_ask(s->seating->seats, &s->claim, urgent);
    look_at(s);
}

bool sitter_seated(struct sitter *s)
{
    if (s->state != SITTER_TAKING)
        return false;
    s->state = SITTER_SEATED;
    s->pressed = 0;
    s->seated = now(s);
    s->wanted = s->hurries = false;
    wake(&s->seating->wake); /* others may want it already */
    return true;
}

void sitter_pressed(struct sitter *s)
{
    if (s->seating != NULL)
        s->pressed = now(s);
}

void sitter_left(struct sitter *s)
{
    if (s->state != SITTER_LEAVING)
        return;
    s->state = SITTER_AWAY;
    seat_give(s->seating->seats, &s->claim);
}
