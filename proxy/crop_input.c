/* SPDX-License-Identifier: GPL-2.0-or-later
 * The viewer's pointer and keys in a window's stream: they reach the application or nobody. */
#include "crop_private.h"
#include "rfb/err.h"

/* ---- pointer ---- */

static bool is_own(const struct crop *c, int x, int y)
{
    return pixman_region32_contains_point((pixman_region32_t *)(uintptr_t)&c->view.visible, x, y,
                                          NULL);
}

static int send_pointer(struct crop *c, uint8_t buttons, uint16_t x, uint16_t y)
{
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

int crop_pointer(struct crop *c, const uint8_t message[6])
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
        c->wants_activate = true;
    return send_pointer(c, c->blocked ? 0 : buttons, (uint16_t)x, (uint16_t)y);
}

/* ---- keys ---- */

static int find_down(const struct crop *c, uint32_t keysym)
{
    int i = 0;
    while (i < c->down_count && c->down[i] != keysym)
        i++;
    return i < c->down_count ? i : -1;
}

static int release_keys(struct crop *c)
{
    int rc = RFB_OK;
    while (c->down_count > 0 && rc == RFB_OK)
        rc = rfb_msg_put_key(&c->to_server, false, c->down[--c->down_count]);
    return rc;
}

/* One whose press did not reach the server is not released there either. */
static int send_key(struct crop *c, const uint8_t message[8])
{
    bool press = message[1] != 0;
    uint32_t keysym = rfb_get_u32(message + 4);
    int at = find_down(c, keysym);
    if (press && at < 0) {
        if (c->down_count == CROP_KEYS_MAX)
            return crop_broke(c, RFB_E_TOO_LARGE, "more than 32 keys are held down at once");
        c->down[c->down_count++] = keysym;
    } else if (!press) {
        if (at < 0)
            return RFB_OK;
        c->down[at] = c->down[--c->down_count];
    }
    return rfb_msg_put_key(&c->to_server, press, keysym);
}

/* Keys wait, in their order, until the application has the keyboard: nothing that is typed into a
 * window is lost because it lay behind another. Where there is no window they are nobody's, as are
 * clicks on what is flat: the next window is not the one that they were typed for. */
int crop_key(struct crop *c, const uint8_t message[8])
{
    if (c->view.main == 0)
        return RFB_OK;
    if (c->view.focused && c->keys.len == 0)
        return send_key(c, message);
    c->wants_activate = true;
    int rc = rfb_buf_put(&c->keys, message, 8);
    return rc == RFB_E_TOO_LARGE
               ? crop_broke(c, rc, "too many keys wait for the window to have the keyboard")
               : rc;
}

int crop_input_changed(struct crop *c)
{
    int rc = RFB_OK;
    if (c->keys_for != c->view.main)
        rfb_buf_wipe(&c->keys); /* they were typed into one that is closed */
    c->keys_for = c->view.main;
    if (!is_own(c, c->last_x, c->last_y)) {
        c->blocked = c->blocked || c->buttons != 0;
        rc = release_buttons(c);
    }
    if (!c->view.focused)
        return rc == RFB_OK ? release_keys(c) : rc;
    for (; c->keys.len != 0 && rc == RFB_OK; rfb_buf_consume(&c->keys, 8))
        rc = send_key(c, rfb_buf_data(&c->keys));
    rfb_buf_wipe(&c->keys); /* a password may have been among them */
    return rc;
}
