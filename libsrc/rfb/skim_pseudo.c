/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pseudo-encodings with a body (RFC 6143 section 7.8; rfbproto for what came later). */
#include "rfb/err.h"
#include "rfb/skim.h"

enum { START, LENGTH, END };

/* Bytes of the picture's one-bit masks; a cursor without pixels has no body at all. */
static int cursor_body(struct rfb_skim *s, unsigned masks, unsigned pixel_bytes, unsigned colours)
{
    if (s->state != START)
        return 1;
    uint64_t w = s->r.w, h = s->r.h;
    if (w > RFB_CURSOR_SIDE_MAX || h > RFB_CURSOR_SIDE_MAX)
        return rfb_skim_fail(s, RFB_E_TOO_LARGE, "cursor: more than 1024 pixels a side");
    if (w * h == 0)
        return 1;
    return rfb_skim_pass(s, END, colours + w * h * pixel_bytes + masks * ((w + 7) / 8) * h);
}

int rfb_skim_cursor(struct rfb_skim *s)
{
    return cursor_body(s, 1, s->pixel, 0);
}

int rfb_skim_xcursor(struct rfb_skim *s)
{
    return cursor_body(s, 2, 0, 6);
}

/* The encoding of what follows, then RGBA. Servers send Raw, and nothing else is framed. */
int rfb_skim_cursor_with_alpha(struct rfb_skim *s)
{
    uint64_t w = s->r.w, h = s->r.h;
    switch (s->state) {
    case START:
        if (w > RFB_CURSOR_SIDE_MAX || h > RFB_CURSOR_SIDE_MAX)
            return rfb_skim_fail(s, RFB_E_TOO_LARGE, "cursor: more than 1024 pixels a side");
        return rfb_skim_want(s, LENGTH, 4);
    case LENGTH:
        if (rfb_get_u32(s->field) != RFB_ENC_RAW)
            return rfb_skim_fail(s, RFB_E_INVALID, "cursor with alpha: not in the encoding raw");
        return rfb_skim_pass(s, END, w * h * 4);
    default:
        return 1;
    }
}

int rfb_skim_screens(struct rfb_skim *s)
{
    switch (s->state) {
    case START:
        return rfb_skim_want(s, LENGTH, 4);
    case LENGTH:
        return rfb_skim_pass(s, END, 16u * s->field[0]);
    default:
        return 1;
    }
}

int rfb_skim_name(struct rfb_skim *s)
{
    switch (s->state) {
    case START:
        return rfb_skim_want(s, LENGTH, 4);
    case LENGTH: {
        uint32_t n = rfb_get_u32(s->field);
        if (n > RFB_NAME_MAX)
            return rfb_skim_fail(s, RFB_E_TOO_LARGE, "desktop name: longer than 4096 bytes");
        return rfb_skim_pass(s, END, n);
    }
    default:
        return 1;
    }
}

int rfb_skim_led(struct rfb_skim *s)
{
    if (s->state == START)
        return rfb_skim_pass(s, END, 1);
    return 1;
}
