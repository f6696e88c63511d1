/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/input.h"

#include "client/cursor.h"
#include "client/keys.h"
#include "rfb/err.h"
#include "rfb/msg.h"

enum {
    EVENT_MAX = 8, /* bytes of a pointer or key event */
    PAUSE_MAX_MS = 60000,
};

/* ---- what is down ---- */

static int no_memory(ph_error *error)
{
    return error_set(error, PH_E_NO_MEMORY, "out of memory");
}

/* With the lock and room for it. */

static int put_pointer(struct ph_client *c, int x, int y, uint8_t buttons, ph_error *error)
{
    if (rfb_msg_put_pointer(&c->out, buttons, (uint16_t)x, (uint16_t)y) != RFB_OK)
        return no_memory(error);
    c->x = (uint16_t)x;
    c->y = (uint16_t)y;
    c->buttons = buttons;
    cursor_moved(c, x, y);
    c->input_sent = true;
    return PH_OK;
}

static size_t find_key(const struct ph_client *c, uint32_t keysym)
{
    size_t i = 0;
    while (i < c->key_count && c->keys[i] != keysym)
        i++;
    return i;
}

static int put_key(struct ph_client *c, uint32_t keysym, bool down, ph_error *error)
{
    size_t i = find_key(c, keysym);
    if (down && i == CLIENT_KEYS_ROOM)
        return error_set(error, PH_E_ARGUMENT, "more than %d keys are down", CLIENT_KEYS_ROOM);
    if (rfb_msg_put_key(&c->out, down, keysym) != RFB_OK)
        return no_memory(error);
    c->input_sent = true;
    if (down && i == c->key_count)
        c->keys[c->key_count++] = keysym;
    else if (!down && i < c->key_count)
        c->keys[i] = c->keys[--c->key_count];
    return PH_OK;
}

/* The first keys are those that were down first. What no memory is left for stays down. */
static void release(struct ph_client *c, size_t keys_left, uint8_t buttons_left)
{
    while (c->key_count > keys_left && put_key(c, c->keys[c->key_count - 1], false, NULL) == PH_OK)
        ;
    if (c->buttons & ~buttons_left)
        put_pointer(c, c->x, c->y, c->buttons & buttons_left, NULL);
}

void input_release_all(struct ph_client *c)
{
    release(c, 0, 0);
}

/* ---- a call's turn ---- */

static int interrupted(int code, const char *why, ph_error *error)
{
    return error_set(error, code, "%s: %s", code == PH_E_TIMEOUT ? "timed out" : "cancelled", why);
}

/* Leaves with the lock held on PH_OK, and not otherwise. */
static int enter(struct input_call *call, const ph_limit *limit, ph_error *error)
{
    struct ph_client *c = call->c;
    wait_begin(&call->w, limit, &c->lock, &c->changed);
    pthread_mutex_lock(&c->lock);
    int rc = client_check_open(c, error);
    while (rc == PH_OK && c->input_turn) {
        rc = wait_more(&call->w);
        rc = rc != PH_OK ? interrupted(rc, "other input is still being sent", error)
                         : client_check_open(c, error);
    }
    if (rc == PH_OK) {
        c->input_turn = true;
        return PH_OK;
    }
    pthread_mutex_unlock(&c->lock);
    wait_end(&call->w);
    return rc;
}

static void leave(struct input_call *call)
{
    struct ph_client *c = call->c;
    io_push(c);
    c->input_turn = false;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    wait_end(&call->w);
}

/* Waits until an event can be queued. Releases need no room: the queue keeps some for them beyond
 * CLIENT_INPUT_MAX. */
int input_await_room(struct input_call *call, ph_error *error)
{
    struct ph_client *c = call->c;
    int rc = client_check_open(c, error);
    if (rc == PH_OK && c->out.len + EVENT_MAX > CLIENT_INPUT_MAX)
        io_push(c);
    while (rc == PH_OK && c->out.len + EVENT_MAX > CLIENT_INPUT_MAX) {
        rc = wait_more(&call->w);
        rc = rc != PH_OK ? interrupted(rc, "the server does not read its input", error)
                         : client_check_open(c, error);
    }
    return rc;
}

/* ---- for acts ---- */

int input_pointer(struct input_call *call, int x, int y, uint8_t buttons, ph_error *error)
{
    int rc = input_await_room(call, error);
    if (rc == PH_OK)
        rc = put_pointer(call->c, x, y, buttons, error);
    call->sent = call->sent || rc == PH_OK;
    return rc;
}

int input_press(struct input_call *call, uint32_t keysym, ph_error *error)
{
    int rc = input_await_room(call, error);
    if (rc == PH_OK)
        rc = put_key(call->c, keysym, true, error);
    call->sent = call->sent || rc == PH_OK;
    return rc;
}

int input_release(struct input_call *call, uint32_t keysym, ph_error *error)
{
    if (find_key(call->c, keysym) < call->keys_before)
        return PH_OK;
    int rc = input_await_room(call, error);
    if (rc == PH_OK)
        rc = put_key(call->c, keysym, false, error);
    return rc;
}

int input_hold_modifiers(struct input_call *call, ph_error *error)
{
    int rc = PH_OK;
    for (size_t i = 0; i < call->modifier_count && rc == PH_OK; i++)
        if (find_key(call->c, call->modifiers[i]) == call->c->key_count)
            rc = input_press(call, call->modifiers[i], error);
    return rc;
}

int input_pause(struct input_call *call, int ms, ph_error *error)
{
    struct ph_client *c = call->c;
    if (ms == 0)
        return PH_OK;
    int64_t until = wait_now() + (int64_t)ms * 1000000;
    int rc = PH_OK;
    io_push(c);
    while (rc == PH_OK && wait_now() < until) {
        rc = wait_until(&call->w, until);
        rc = rc != PH_OK ? interrupted(rc, "the input was to take longer", error)
                         : client_check_open(c, error);
    }
    return rc;
}

/* ---- options ---- */

static int check_pause(int ms, const char *what, ph_error *error)
{
    if (ms >= 0 && ms <= PAUSE_MAX_MS)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT, "%s of %d ms: 0 to %d are possible", what, ms,
                     PAUSE_MAX_MS);
}

static int take_options(struct input_call *call, const ph_input_options *options, ph_error *error)
{
    static const ph_input_options defaults = PH_INPUT_INIT;
    call->options = options != NULL ? *options : defaults;
    if (call->options.size != sizeof defaults)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_input_options of an unknown size: begin with PH_INPUT_INIT");
    int rc = check_pause(call->options.hold_ms, "hold_ms", error);
    if (rc == PH_OK)
        rc = check_pause(call->options.interval_ms, "interval_ms", error);
    if (rc == PH_OK)
        rc = check_pause(call->options.new_symbol_ms, "new_symbol_ms", error);
    if (rc == PH_OK && call->options.modifiers != NULL)
        rc = keys_parse_chord(call->options.modifiers, call->modifiers, &call->modifier_count,
                              error);
    return rc;
}

/* ---- the call ---- */

/* What failed, and how far the call had come by then. */
static int explain(const struct input_call *call, const ph_error *why, ph_error *error)
{
    if (!call->sent && why->code == PH_E_ARGUMENT)
        return error_set(error, why->code, "%s", why->message);
    if (!call->sent)
        return error_set(error, why->code, "%s; nothing was sent", why->message);
    if (call->total == 0)
        return error_set(error, why->code, "%s; some of it was sent", why->message);
    return error_set(error, why->code, "%s; %zu of %zu %s were sent", why->message, call->done,
                     call->total, call->unit);
}

int input_run(struct ph_client *c, const ph_input_options *options, input_act *act,
              const void *what, const ph_limit *limit, ph_error *error)
{
    struct input_call call = {.c = c};
    ph_error why;
    int rc = take_options(&call, options, error);
    if (rc != PH_OK)
        return rc;
    rc = enter(&call, limit, &why);
    if (rc != PH_OK)
        return explain(&call, &why, error);
    call.keys_before = c->key_count;
    call.buttons_before = c->buttons;
    rc = act(&call, what, &why);
    if (c->phase == CLIENT_OPEN)
        release(c, call.keys_before, call.buttons_before);
    leave(&call);
    return rc != PH_OK ? explain(&call, &why, error) : PH_OK;
}

static int nothing_stays(struct input_call *call, const void *what, ph_error *error)
{
    (void)what;
    (void)error;
    call->keys_before = 0;
    call->buttons_before = 0;
    return PH_OK;
}

int ph_release_all(ph_client *client, const ph_limit *limit, ph_error *error)
{
    return input_run(client, NULL, nothing_stays, NULL, limit, error);
}
