/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pointer and keyboard. Each call waits for room in the output queue, then puts its events there
 * under the lock, so that calls of several threads do not mix. */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/keys.h"
#include "rfb/err.h"
#include "rfb/msg.h"

enum {
    POINTER_BYTES = 6,
    KEY_BYTES = 8,
    CLICKS_MAX = 10,
    DRAG_POINTS_MAX = 1000,
    DRAG_STEP = 16, /* pixels */
    SCROLL_MAX = 1000,
    WHEEL_UP = 4,
    WHEEL_DOWN = 5,
    WHEEL_LEFT = 6,
    WHEEL_RIGHT = 7,
    TYPE_CHUNK = 256, /* characters queued as one unit */
};

/* ---- queueing ---- */

static int not_read(int code, ph_error *error)
{
    return error_set(error, code, "%s: the server does not read its input",
                     code == PH_E_TIMEOUT ? "timed out" : "cancelled");
}

/* Begins a call, one at a time: a call may wait in the middle of its events. Leaves with the lock
 * held on PH_OK, and not otherwise. */
static int enter(struct ph_client *c, struct wait *w, const ph_limit *limit, ph_error *error)
{
    wait_begin(w, limit, &c->lock, &c->changed);
    pthread_mutex_lock(&c->lock);
    int rc = client_check_open(c, error);
    while (rc == PH_OK && c->input_turn) {
        rc = wait_more(w);
        rc = rc != PH_OK ? not_read(rc, error) : client_check_open(c, error);
    }
    if (rc == PH_OK) {
        c->input_turn = true;
        return PH_OK;
    }
    pthread_mutex_unlock(&c->lock);
    wait_end(w);
    return rc;
}

/* What the socket does not take now, the thread is to write as soon as it does. */
static void flush(struct ph_client *c)
{
    io_flush(c);
    if (c->out.len != 0)
        client_wake(c);
}

static int leave(struct ph_client *c, struct wait *w, int rc)
{
    flush(c);
    c->input_turn = false;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    wait_end(w);
    return rc;
}

/* With the lock: waits until n bytes of events can be queued as one. */
static int await_room(struct ph_client *c, struct wait *w, size_t n, ph_error *error)
{
    int rc = client_check_open(c, error);
    if (c->out.len + n > CLIENT_INPUT_MAX)
        flush(c);
    while (rc == PH_OK && c->out.len + n > CLIENT_INPUT_MAX) {
        rc = wait_more(w);
        rc = rc != PH_OK ? not_read(rc, error) : client_check_open(c, error);
    }
    uint8_t *where;
    if (rc == PH_OK && rfb_buf_reserve(&c->out, n, &where) != RFB_OK)
        rc = error_set(error, PH_E_NO_MEMORY, "out of memory");
    if (rc == PH_OK)
        c->input_sent = true;
    return rc;
}

/* With the lock and after await_room, so that none of these can fail. */

static void put_pointer(struct ph_client *c, int x, int y, uint8_t buttons)
{
    c->x = (uint16_t)x;
    c->y = (uint16_t)y;
    c->buttons = buttons;
    rfb_msg_put_pointer(&c->out, buttons, c->x, c->y);
}

static void put_key(struct ph_client *c, uint32_t keysym, bool down)
{
    size_t i = 0;
    while (i < c->key_count && c->keys[i] != keysym)
        i++;
    if (down && i == c->key_count && i < CLIENT_KEYS_MAX)
        c->keys[c->key_count++] = keysym;
    else if (!down && i < c->key_count)
        c->keys[i] = c->keys[--c->key_count];
    rfb_msg_put_key(&c->out, down, keysym);
}

void input_release_all(struct ph_client *c)
{
    while (c->key_count != 0)
        put_key(c, c->keys[c->key_count - 1], false);
    if (c->buttons != 0)
        put_pointer(c, c->x, c->y, 0);
}

/* ---- pointer ---- */

static uint8_t mask(int button)
{
    return (uint8_t)(1u << (button - 1));
}

static int check_place(const struct ph_client *c, int x, int y, ph_error *error)
{
    if (x >= 0 && y >= 0 && x < c->width && y < c->height)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT,
                     "(%d, %d) is outside the screen, which is %dx%d: x is 0 to %d, y is 0 to %d",
                     x, y, c->width, c->height, c->width - 1, c->height - 1);
}

static int check_button(int button, ph_error *error)
{
    if (button >= PH_BUTTON_LEFT && button <= PH_BUTTON_RIGHT)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT, "button %d: there are 1 (left), 2 (middle), 3 (right)",
                     button);
}

int ph_move(ph_client *client, int x, int y, const ph_limit *limit, ph_error *error)
{
    struct wait w;
    int rc = enter(client, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    rc = check_place(client, x, y, error);
    if (rc == PH_OK)
        rc = await_room(client, &w, POINTER_BYTES, error);
    if (rc == PH_OK)
        put_pointer(client, x, y, client->buttons);
    return leave(client, &w, rc);
}

int ph_button(ph_client *client, int x, int y, int button, int down, const ph_limit *limit,
              ph_error *error)
{
    struct wait w;
    int rc = check_button(button, error);
    if (rc == PH_OK)
        rc = enter(client, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    rc = check_place(client, x, y, error);
    if (rc == PH_OK)
        rc = await_room(client, &w, 2 * POINTER_BYTES, error);
    if (rc == PH_OK) {
        uint8_t others = client->buttons & (uint8_t)~mask(button);
        put_pointer(client, x, y, client->buttons);
        put_pointer(client, x, y, down ? others | mask(button) : others);
    }
    return leave(client, &w, rc);
}

/* Presses and releases each time; with the lock and room for 2 * times + 1 events. */
static void put_clicks(struct ph_client *c, int x, int y, int button, int times)
{
    uint8_t others = c->buttons & (uint8_t)~mask(button);
    put_pointer(c, x, y, others);
    for (int i = 0; i < times; i++) {
        put_pointer(c, x, y, others | mask(button));
        put_pointer(c, x, y, others);
    }
}

int ph_click(ph_client *client, int x, int y, int button, int count, const ph_limit *limit,
             ph_error *error)
{
    struct wait w;
    int rc = check_button(button, error);
    if (rc == PH_OK && (count < 1 || count > CLICKS_MAX))
        rc = error_set(error, PH_E_ARGUMENT, "%d clicks: 1 to %d are possible", count, CLICKS_MAX);
    if (rc == PH_OK)
        rc = enter(client, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    rc = check_place(client, x, y, error);
    if (rc == PH_OK)
        rc = await_room(client, &w, (2 * (size_t)count + 1) * POINTER_BYTES, error);
    if (rc == PH_OK)
        put_clicks(client, x, y, button, count);
    return leave(client, &w, rc);
}

int ph_scroll(ph_client *client, int x, int y, int right, int down, const ph_limit *limit,
              ph_error *error)
{
    struct wait w;
    long steps = labs((long)right) + labs((long)down);
    if (steps < 1 || steps > SCROLL_MAX)
        return error_set(error, PH_E_ARGUMENT, "%ld scroll steps: 1 to %d are possible", steps,
                         SCROLL_MAX);
    int rc = enter(client, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    rc = check_place(client, x, y, error);
    if (rc == PH_OK)
        rc = await_room(client, &w, (2 * (size_t)steps + 2) * POINTER_BYTES, error);
    if (rc == PH_OK && down != 0)
        put_clicks(client, x, y, down > 0 ? WHEEL_DOWN : WHEEL_UP, abs(down));
    if (rc == PH_OK && right != 0)
        put_clicks(client, x, y, right > 0 ? WHEEL_RIGHT : WHEEL_LEFT, abs(right));
    return leave(client, &w, rc);
}

/* Moves along a straight line, which begins where the pointer is, with the buttons as they are. */
static int drag_to(struct ph_client *c, struct wait *w, ph_point to, ph_error *error)
{
    int dx = to.x - c->x, dy = to.y - c->y, x = c->x, y = c->y;
    int longest = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
    int steps = (longest + DRAG_STEP - 1) / DRAG_STEP;
    int rc = await_room(c, w, (size_t)(steps + 1) * POINTER_BYTES, error);
    for (int i = 1; i <= steps && rc == PH_OK; i++)
        put_pointer(c, x + dx * i / steps, y + dy * i / steps, c->buttons);
    return rc;
}

int ph_drag(ph_client *client, const ph_point *points, size_t count, int button,
            const ph_limit *limit, ph_error *error)
{
    struct wait w;
    int rc = check_button(button, error);
    if (rc == PH_OK && (count < 2 || count > DRAG_POINTS_MAX))
        rc = error_set(error, PH_E_ARGUMENT, "a drag along %zu points: 2 to %d are possible", count,
                       DRAG_POINTS_MAX);
    if (rc == PH_OK)
        rc = enter(client, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    for (size_t i = 0; i < count && rc == PH_OK; i++)
        rc = check_place(client, points[i].x, points[i].y, error);
    if (rc == PH_OK)
        rc = await_room(client, &w, 2 * POINTER_BYTES, error);
    if (rc != PH_OK)
        return leave(client, &w, rc);
    uint8_t others = client->buttons & (uint8_t)~mask(button);
    put_pointer(client, points[0].x, points[0].y, others);
    put_pointer(client, points[0].x, points[0].y, others | mask(button));
    for (size_t i = 1; i < count && rc == PH_OK; i++)
        rc = drag_to(client, &w, points[i], error);
    /* also after a failure: the queue keeps room for releases beyond CLIENT_INPUT_MAX */
    if (client->phase == CLIENT_OPEN)
        put_pointer(client, client->x, client->y, others);
    return leave(client, &w, rc);
}

/* ---- keyboard ---- */

int ph_key(ph_client *client, uint32_t keysym, int down, const ph_limit *limit, ph_error *error)
{
    struct wait w;
    if (keysym == 0)
        return error_set(error, PH_E_ARGUMENT, "keysym 0 is no key");
    int rc = enter(client, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    if (down && client->key_count == CLIENT_KEYS_MAX)
        rc = error_set(error, PH_E_ARGUMENT, "more than %d keys are held down", CLIENT_KEYS_MAX);
    if (rc == PH_OK)
        rc = await_room(client, &w, KEY_BYTES, error);
    if (rc == PH_OK)
        put_key(client, keysym, down != 0);
    return leave(client, &w, rc);
}

int ph_chord(ph_client *client, const char *chord, const ph_limit *limit, ph_error *error)
{
    uint32_t keys[KEYS_CHORD_MAX];
    size_t count;
    struct wait w;
    int rc = keys_parse_chord(chord, keys, &count, error);
    if (rc == PH_OK)
        rc = enter(client, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    if (client->key_count + count > CLIENT_KEYS_MAX)
        rc = error_set(error, PH_E_ARGUMENT, "more than %d keys are held down", CLIENT_KEYS_MAX);
    if (rc == PH_OK)
        rc = await_room(client, &w, 2 * count * KEY_BYTES, error);
    for (size_t i = 0; i < count && rc == PH_OK; i++)
        put_key(client, keys[i], true);
    for (size_t i = count; i-- > 0 && rc == PH_OK;)
        put_key(client, keys[i], false);
    return leave(client, &w, rc);
}

static int type_keys(struct ph_client *c, const uint32_t *keys, size_t count, const ph_limit *limit,
                     ph_error *error)
{
    struct wait w;
    int rc = enter(c, &w, limit, error);
    if (rc != PH_OK)
        return rc;
    for (size_t done = 0; done < count && rc == PH_OK;) {
        size_t n = count - done < TYPE_CHUNK ? count - done : TYPE_CHUNK;
        rc = await_room(c, &w, 2 * n * KEY_BYTES, error);
        for (size_t i = 0; i < n && rc == PH_OK; i++) {
            put_key(c, keys[done + i], true);
            put_key(c, keys[done + i], false);
        }
        done += n;
    }
    return leave(c, &w, rc);
}

int ph_type(ph_client *client, const char *text, const ph_limit *limit, ph_error *error)
{
    uint32_t *keys;
    size_t count;
    int rc = keys_parse_text(text, &keys, &count, error);
    if (rc == PH_OK && count != 0)
        rc = type_keys(client, keys, count, limit, error);
    free(keys);
    return rc;
}
