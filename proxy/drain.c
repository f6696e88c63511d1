/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drain.h"

#include "log.h"

static void end(struct drain *d)
{
    drain_end(d);
    d->over(d->owner);
}

static void on_deadline(uv_timer_t *timer)
{
    end(timer->data);
}

static void look(struct drain *d)
{
    if (d->on && streams_viewers(d->streams) == 0)
        end(d);
}

static void on_wake(uv_async_t *async)
{
    look(async->data);
}

static void wake(void *drain)
{
    uv_async_send(&((struct drain *)drain)->wake);
}

int drain_init(struct drain *d, uv_loop_t *loop, struct streams *streams, void (*over)(void *owner),
               void *owner)
{
    *d = (struct drain){.streams = streams, .over = over, .owner = owner};
    d->deadline.data = d->wake.data = d;
    if (uv_timer_init(loop, &d->deadline) == 0 && uv_async_init(loop, &d->wake, on_wake) == 0 &&
        streams_watch(streams, wake, NULL, d) == 0)
        return 0;
    log_event(LOG_LEVEL_ERROR, "failed", LOG_TEXT("detail", "out of memory"));
    return -1;
}

void drain_begin(struct drain *d, unsigned seconds)
{
    d->on = true;
    streams_drain(d->streams);
    log_event(LOG_LEVEL_INFO, "draining", LOG_NUMBER("viewers", streams_viewers(d->streams)),
              LOG_NUMBER("seconds", seconds));
    uv_timer_start(&d->deadline, on_deadline, seconds * 1000ULL, 0);
    look(d);
}

void drain_end(struct drain *d)
{
    d->on = false;
    uv_timer_stop(&d->deadline);
}
