/* SPDX-License-Identifier: GPL-2.0-or-later
 * What can be promised to a viewer of one window. It is known only when it is there, and may change
 * while it watches: the log, the admin API and the metrics hear of it. */
#include <stdio.h>

#include "log.h"
#include "viewer_private.h"

static void refuse(struct viewer *v, const char *why)
{
    snprintf(v->reason, sizeof v->reason, "no strict stream of a window can be had: %s", why);
    viewer_tell_trouble(v, TROUBLE_HANDSHAKE, v->reason);
    viewer_leave(v, WS_CLOSE_UNBOUND, v->reason, ENDING_UNBOUND, "not strict");
}

bool viewer_take_bound(struct viewer *v, const char *why)
{
    enum bound bound = why != NULL ? BOUND_BEST_EFFORT : BOUND_STRICT;
    bool refused = why != NULL && v->how.strict;
    if (!refused && atomic_load(&v->presence.bound) == (int)bound)
        return true;
    streams_set_bound(&v->presence, bound);
    log_event(LOG_LEVEL_INFO, "window_bound", LOG_NUMBER("id", v->presence.id),
              LOG_TEXT("desktop", v->stream->config->desktop->name),
              LOG_TEXT("bound", bound_word(bound)), LOG_TEXT("why", why != NULL ? why : ""));
    if (why != NULL)
        metrics_add(v->env->metrics, refused ? METRIC_WINDOW_REFUSED : METRIC_WINDOW_BEST_EFFORT,
                    1);
    if (refused)
        refuse(v, why);
    return !refused;
}
