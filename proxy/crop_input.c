/* SPDX-License-Identifier: GPL-2.0-or-later
 * The viewer's pointer and keys in a window's stream: they reach the application or nobody, one
 * viewer's at a time (seat.h). */
#include <string.h>

#include "crop_private.h"
#include "rfb/err.h"

enum { SLOT = 8 /* bytes of a message that waits */ };

/* ---- keys ---- */

static int find_down(const struct crop *c, uint32_t keysym)
{
    int i = 0;
    while (i < c->down_count && c->down[i] != keysym)
        i++;
    return i < c->down_count ? i : -1;
}

/* X11's keysymdef.h: from Shift_L to Hyper_R, from ISO_Lock to ISO_Level5_Lock, Mode_switch. */
static bool is_modifier(uint32_t keysym)
{
    return (keysym >= 0xffe1 && keysym <= 0xffee) || (keysym >= 0xfe01 && keysym <= 0xfe13) ||
           keysym == 0xff7e;
}

/* The viewer has its modifiers down all the same, for the next key. To press another key again
 * would be to type it again: who holds one down repeats it. */
int crop_lift_keys(struct crop *c)
{
    int rc = RFB_OK, kept = 0;
    for (int i = 0; i < c->down_count && rc == RFB_OK && !c->lifted; i++) {
        rc = rfb_msg_put_key(&c->to_server, false, c->down[i]);
        if (is_modifier(c->down[i]))
            c->down[kept++] = c->down[i];
    }
    if (!c->lifted)
        c->down_count = kept;
    c->lifted = true;
    return rc;
}

static int press_lifted(struct crop *c)
{
    int rc = RFB_OK;
    for (int i = 0; i < c->down_count && rc == RFB_OK && c->lifted; i++)
        rc = rfb_msg_put_key(&c->to_server, true, c->down[i]);
    c->lifted = false;
    return rc;
}

/* The release of one that is up already: the viewer lets it go, and there is nothing to send. */
static bool is_release_of_lifted(struct crop *c, const uint8_t *message)
{
    int at = find_down(c, rfb_get_u32(message + 4));
    if (!c->lifted || message[1] != 0 || at < 0)
        return false;
    c->down[at] = c->down[--c->down_count];
    return true;
}

/* One whose press did not reach the server is not released there either. */
static int send_key(struct crop *c, const uint8_t *message)
{
    bool press = message[1] != 0;
    uint32_t keysym = rfb_get_u32(message + 4);
    if (is_release_of_lifted(c, message))
        return RFB_OK;
    int rc = press ? press_lifted(c) : RFB_OK;
    int at = find_down(c, keysym);
    if (rc != RFB_OK)
        return rc;
    if (press && at < 0) {
        if (c->down_count == CROP_KEYS_MAX)
            return crop_broke(c, RFB_E_TOO_LARGE, "more than 32 keys are held down at once");
        c->down[c->down_count++] = keysym;
    } else if (!press) {
        if (at < 0)
            return RFB_OK;
        c->down[at] = c->down[--c->down_count];
    }
    c->presses++;
    return rfb_msg_put_key(&c->to_server, press, keysym);
}

/* ---- pointer ---- */

static bool is_own(const struct crop *c, int x, int y)
{
    return pixman_region32_contains_point((pixman_region32_t *)(uintptr_t)&c->view.visible, x, y,
                                          NULL);
}

static int send_pointer(struct crop *c, uint8_t buttons, uint16_t x, uint16_t y)
{
    c->presses += buttons != c->buttons;
    c->buttons = buttons;
    c->last_x = x;
    c->last_y = y;
    return rfb_msg_put_pointer(&c->to_server, buttons, x, y);
}

/* What is down is let go where the pointer was last over the application. */
static int release_buttons(struct crop *c)
{
    return c->buttons != 0 ? send_pointer(c, 0, c->last_x, c->last_y) : RFB_OK;
}

static void want_focus(struct crop *c)
{
    c->wants_activate = c->expects_focus = true;
}

static int take_pointer(struct crop *c, const uint8_t *message)
{
    int x = rfb_get_u16(message + 2) + c->canvas.x, y = rfb_get_u16(message + 4) + c->canvas.y;
    uint8_t buttons = message[1];
    c->blocked = c->blocked && buttons != 0;
    if (!is_own(c, x, y)) {
        /* a drag that leaves is over, and does not go on when it comes back */
        c->blocked = buttons != 0;
        return release_buttons(c);
    }
    if (buttons != 0 && !c->view.focused)
        want_focus(c);
    else if (buttons != 0 && press_lifted(c) != RFB_OK)
        return RFB_E_NO_MEMORY;
    return send_pointer(c, c->blocked ? 0 : buttons, (uint16_t)x, (uint16_t)y);
}

/* ---- what waits ---- */

/* The pointer's way counts where it ends only, or where there is no room for all of it. */
static bool overtake(struct crop *c, const uint8_t slot[SLOT])
{
    bool full = c->waiting.len + SLOT > CROP_WAITING_MAX;
    if (c->waiting.len == 0 || slot[0] != RFB_C2S_POINTER || (slot[1] != 0 && !full))
        return false;
    uint8_t *last = c->waiting.data + c->waiting.off + c->waiting.len - SLOT;
    if (memcmp(last, slot, 2) != 0)
        return false;
    memcpy(last, slot, SLOT);
    return true;
}

static int put_waiting(struct crop *c, const uint8_t *message, size_t n)
{
    uint8_t slot[SLOT] = {0};
    memcpy(slot, message, n);
    if (overtake(c, slot))
        return RFB_OK;
    int rc = rfb_buf_put(&c->waiting, slot, SLOT);
    return rc == RFB_E_TOO_LARGE
               ? crop_broke(c, rc, "too much input waits for the window to have the keyboard")
               : rc;
}

/* Keys go in their order, when the application has the keyboard: nothing that is typed into a
 * window is lost because it lay behind another. Pointer events need no keyboard. */
static int send_waiting(struct crop *c)
{
    struct rfb_buf all = c->waiting;
    int rc = RFB_OK;
    rfb_buf_init(&c->waiting, CROP_WAITING_MAX);
    for (size_t at = 0; at < all.len && rc == RFB_OK; at += SLOT) {
        const uint8_t *slot = rfb_buf_data(&all) + at;
        if (slot[0] == RFB_C2S_POINTER)
            rc = take_pointer(c, slot);
        else
            rc = c->view.focused ? send_key(c, slot) : put_waiting(c, slot, SLOT);
    }
    rfb_buf_wipe(&all); /* a password may have been among it */
    if (c->waiting.len != 0)
        want_focus(c);
    return rc;
}

enum crop_waiting crop_waits(const struct crop *c)
{
    const uint8_t *slots = rfb_buf_data(&c->waiting);
    bool move = c->waiting.len == SLOT && slots[0] == RFB_C2S_POINTER && slots[1] == 0;
    return c->waiting.len == 0 ? CROP_WAITS_NOTHING : move ? CROP_WAITS_MOVE : CROP_WAITS_INPUT;
}

int crop_pointer(struct crop *c, const uint8_t message[6])
{
    return c->seat == CROP_SEATED ? take_pointer(c, message) : put_waiting(c, message, 6);
}

/* Where there is no window they are nobody's, as are clicks on what is flat: the next window is not
 * the one that they were typed for. */
int crop_key(struct crop *c, const uint8_t message[8])
{
    if (c->view.main == 0 || (c->waiting.len == 0 && is_release_of_lifted(c, message)))
        return RFB_OK;
    if (c->seat == CROP_SEATED && c->view.focused && c->waiting.len == 0)
        return send_key(c, message);
    if (c->seat == CROP_SEATED)
        want_focus(c);
    return put_waiting(c, message, 8);
}

/* ---- the view and the seat ---- */

int crop_input_changed(struct crop *c)
{
    int rc = RFB_OK;
    if (c->waiting_for != c->view.main)
        rfb_buf_wipe(&c->waiting); /* it was typed into one that is closed */
    c->waiting_for = c->view.main;
    c->expects_focus = c->expects_focus && !c->view.focused;
    if (c->seat != CROP_SEATED)
        return RFB_OK;
    if (!is_own(c, c->last_x, c->last_y)) {
        c->blocked = c->blocked || c->buttons != 0;
        rc = release_buttons(c);
    }
    if (rc == RFB_OK && !c->view.focused)
        return crop_lift_keys(c);
    return rc == RFB_OK && c->waiting.len != 0 ? send_waiting(c) : rc;
}

int crop_take_seat(struct crop *c)
{
    c->seat = CROP_SEATED;
    c->expects_focus = false;
    return send_waiting(c);
}

static int put_fence(struct crop *c)
{
    c->fence_number++;
    return rfb_msg_put_fence(&c->to_server, RFB_FENCE_REQUEST | RFB_FENCE_BLOCK_BEFORE,
                             &c->fence_number, 1);
}

int crop_leave_seat(struct crop *c)
{
    c->blocked = c->blocked || c->buttons != 0; /* as in a drag that leaves */
    int rc = release_buttons(c);
    if (rc == RFB_OK)
        rc = crop_lift_keys(c);
    c->seat = c->fences || c->swapping ? CROP_LEAVING : CROP_UNSEATED;
    return rc == RFB_OK && c->fences ? put_fence(c) : rc;
}

void crop_lose_seat(struct crop *c)
{
    c->seat = CROP_UNSEATED;
}

int crop_take_fence(struct crop *c, bool request)
{
    const uint32_t kept = RFB_FENCE_BLOCK_BEFORE | RFB_FENCE_BLOCK_AFTER | RFB_FENCE_SYNC_NEXT;
    if (request) {
        bool first = !c->fences;
        c->fences = true;
        int rc = rfb_msg_put_fence(&c->to_server, c->fence_flags & kept, c->fence, c->fence_len);
        /* another connection: what was asked on the last one it does not answer */
        return rc == RFB_OK && first && c->seat == CROP_LEAVING ? put_fence(c) : rc;
    }
    if (c->seat == CROP_LEAVING && c->fence_len == 1 && c->fence[0] == c->fence_number)
        c->seat = CROP_UNSEATED;
    return RFB_OK;
}

bool crop_holds(const struct crop *c)
{
    return c->buttons != 0 || (c->down_count != 0 && !c->lifted);
}

bool crop_is_idle(const struct crop *c)
{
    return !crop_holds(c) && c->waiting.len == 0 && !c->expects_focus;
}
