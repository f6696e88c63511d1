/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "launch.h"
#include "snapshot.h"

enum { ROUNDS = 8 /* of events and questions, before subscribers have their turn */ };

/* ---- snapshots ---- */

static char *make_line(const struct agent *a)
{
    char *line = NULL;
    if (a->body == NULL || asprintf(&line, "{\"type\":\"windows\",\"serial\":%" PRIu64 ",%s",
                                    a->serial, a->body + 1) < 0)
        return NULL;
    return line;
}

/* Tells all subscribers where something differs from what they were told last. */
static void publish(struct agent *a)
{
    json_t *json = snapshot_make(&a->tree);
    char *body = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    bool touched = a->tree.touched_count != 0; /* what is as before may have been otherwise */
    if (body == NULL || (!touched && a->body != NULL && strcmp(body, a->body) == 0)) {
        free(body);
        return;
    }
    tree_forget_touched(&a->tree);
    free(a->body);
    a->body = body;
    a->serial++;
    char *line = make_line(a);
    if (line != NULL)
        feed_send_all(a->feed, line, strlen(line));
    free(line);
}

/* ---- events ---- */

static bool take_events(struct agent *a)
{
    xcb_generic_event_t *event;
    bool any = false;
    while ((event = xcb_poll_for_event(a->display.x)) != NULL) {
        any = tree_event(&a->tree, event) || any;
        free(event);
    }
    return any;
}

/* Questions bring further events: again, until there are none. */
static void update(struct agent *a)
{
    bool any = false, more = true;
    for (int i = 0; i < ROUNDS && (more = take_events(a)); i++) {
        tree_settle(&a->tree);
        any = true;
    }
    if (any)
        publish(a);
    if (more)
        uv_async_send(&a->again);
    xcb_flush(a->display.x);
    if (xcb_connection_has_error(a->display.x)) {
        a->broken = true;
        uv_stop(a->loop);
    }
}

static void on_display(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    update(poll->data);
}

static void on_again(uv_async_t *async)
{
    update(async->data);
}

/* ---- commands ---- */

static void sync_display(void *owner)
{
    struct agent *a = owner;
    display_round_trip(&a->display);
    update(a);
}

static json_t *newest(void *owner, uint64_t *serial)
{
    struct agent *a = owner;
    *serial = a->serial;
    return a->body != NULL ? json_loads(a->body, 0, NULL) : NULL;
}

static int launch_program(void *owner, char *const *argv, const char *cwd, char *const *env,
                          int *pid)
{
    struct agent *a = owner;
    return launch(a->loop, argv, cwd, env, a->display_name, pid);
}

static void on_line(void *owner, struct subscriber *s, const json_t *line)
{
    struct agent *a = owner;
    const struct command_env env = {.tree = &a->tree,
                                    .sync = sync_display,
                                    .snapshot = newest,
                                    .launch = launch_program,
                                    .owner = a};
    update(a); /* the windows that it names are those that there are now */
    json_t *reply = command_run(&env, line);
    char *text = reply != NULL ? json_dumps(reply, JSON_COMPACT) : NULL;
    json_decref(reply);
    if (text != NULL)
        feed_send(s, text, strlen(text));
    free(text);
    update(a); /* sends what was asked of the X server */
}

static void on_joined(void *owner, struct subscriber *s)
{
    struct agent *a = owner;
    char *hello = NULL, *line = make_line(a);
    json_t *json = json_pack("{s:s, s:i, s:s, s:I}", "type", "hello", "version", 1, "display",
                             a->display_name, "pid", (json_int_t)getpid());
    hello = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    if (hello != NULL)
        feed_send(s, hello, strlen(hello));
    if (line != NULL)
        feed_send(s, line, strlen(line));
    json_decref(json);
    free(hello);
    free(line);
}

static const struct feed_events feed_events = {.joined = on_joined, .line = on_line};

/* ---- life ---- */

int agent_init(struct agent *a, uv_loop_t *loop, const char *display, const char *token,
               char why[DISPLAY_ERROR_MAX])
{
    *a = (struct agent){.loop = loop, .display_name = display};
    int rc = display_open(&a->display, display, why);
    if (rc == 0 && tree_init(&a->tree, &a->display) != 0) {
        snprintf(why, DISPLAY_ERROR_MAX, "the X display does not tell its windows");
        rc = -1;
    }
    if (rc == 0 && (a->feed = feed_create(loop, token, &feed_events, a)) == NULL) {
        snprintf(why, DISPLAY_ERROR_MAX, "out of memory");
        rc = -1;
    }
    if (rc != 0) {
        agent_finish(a);
        return rc;
    }
    uv_poll_init(loop, &a->poll, xcb_get_file_descriptor(a->display.x));
    uv_async_init(loop, &a->again, on_again);
    a->poll.data = a->again.data = a;
    uv_poll_start(&a->poll, UV_READABLE | UV_DISCONNECT, on_display);
    publish(a);
    uv_async_send(&a->again); /* what came while it was read */
    return 0;
}

void agent_close(struct agent *a)
{
    feed_close(a->feed);
    launch_forget(a->loop);
    uv_close((uv_handle_t *)&a->poll, NULL);
    uv_close((uv_handle_t *)&a->again, NULL);
}

void agent_finish(struct agent *a)
{
    tree_finish(&a->tree);
    display_close(&a->display);
    free(a->body);
}
