/* SPDX-License-Identifier: GPL-2.0-or-later
 * The driver of all skims, and the table of encodings. */
#include "rfb/skim.h"

#include <string.h>

#include "rfb/err.h"

#define PIXELS RFB_ENC_F_PIXELS
#define FREE RFB_ENC_F_STATELESS

static const struct rfb_encoding table[] = {
    {RFB_ENC_RAW, "raw", PIXELS | FREE, rfb_skim_raw},
    {RFB_ENC_COPYRECT, "copyrect", PIXELS, rfb_skim_copyrect},
    {RFB_ENC_RRE, "rre", PIXELS | FREE, rfb_skim_rre},
    {RFB_ENC_CORRE, "corre", PIXELS | FREE, rfb_skim_corre},
    {RFB_ENC_HEXTILE, "hextile", PIXELS | FREE, rfb_skim_hextile},
    {RFB_ENC_ZLIB, "zlib", PIXELS, rfb_skim_zlib},
    {RFB_ENC_TIGHT, "tight", PIXELS, rfb_skim_tight},
    {RFB_ENC_TRLE, "trle", PIXELS | FREE, rfb_skim_trle},
    {RFB_ENC_ZRLE, "zrle", PIXELS, rfb_skim_zlib},
    {RFB_ENC_H264, "h264", PIXELS, rfb_skim_h264},
    {RFB_ENC_TIGHT_PNG, "tightpng", PIXELS | FREE, rfb_skim_tight_png},
    {RFB_ENC_CURSOR, "cursor", FREE, rfb_skim_cursor},
    {RFB_ENC_XCURSOR, "xcursor", FREE, rfb_skim_xcursor},
    {RFB_ENC_CURSOR_WITH_ALPHA, "cursorwithalpha", FREE, rfb_skim_cursor_with_alpha},
    {RFB_ENC_DESKTOP_SIZE, "desktopsize", 0, NULL},
    {RFB_ENC_EXTENDED_DESKTOP_SIZE, "extendeddesktopsize", 0, rfb_skim_screens},
    {RFB_ENC_LAST_RECT, "lastrect", 0, NULL},
    {RFB_ENC_POINTER_POS, "pointerpos", FREE, NULL},
    {RFB_ENC_VMWARE_CURSOR_POS, "vmwarecursorpos", FREE, NULL},
    {RFB_ENC_DESKTOP_NAME, "desktopname", FREE, rfb_skim_name},
    {RFB_ENC_LED_STATE, "ledstate", FREE, rfb_skim_led},
    {RFB_ENC_QEMU_POINTER, "qemupointer", FREE, NULL},
    {RFB_ENC_QEMU_KEY, "qemukey", FREE, NULL},
    {RFB_ENC_QEMU_AUDIO, "qemuaudio", FREE, NULL},
};

const struct rfb_encoding *rfb_encoding_at(size_t i)
{
    return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

const struct rfb_encoding *rfb_encoding_find(int32_t number)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}

void rfb_skim_begin(struct rfb_skim *s, rfb_skim_step step, struct rfb_rect r,
                    const struct rfb_pixel_format *pf)
{
    *s = (struct rfb_skim){
        .r = r,
        .pixel = (uint8_t)rfb_pixel_bytes(pf),
        .tpixel = (uint8_t)rfb_tpixel_bytes(pf),
        .cpixel = (uint8_t)rfb_cpixel_bytes(pf),
        .step = step,
    };
}

int rfb_skim_want(struct rfb_skim *s, uint8_t state, uint8_t n)
{
    s->state = state;
    s->need = n;
    s->have = 0;
    return RFB_OK;
}

int rfb_skim_pass(struct rfb_skim *s, uint8_t state, uint64_t n)
{
    s->pass = n;
    return rfb_skim_want(s, state, 0);
}

int rfb_skim_fail(struct rfb_skim *s, int code, const char *why)
{
    s->why = why;
    return code;
}

int rfb_skim_feed(struct rfb_skim *s, const uint8_t *data, size_t len, size_t *used)
{
    size_t at = 0;
    int rc = RFB_OK;
    while (rc == RFB_OK) {
        size_t n = len - at;
        if (n > s->pass)
            n = (size_t)s->pass;
        at += n;
        s->pass -= n;
        if (s->pass != 0)
            break;
        while (s->have < s->need && at < len)
            s->field[s->have++] = data[at++];
        if (s->have < s->need)
            break;
        rc = s->step(s);
    }
    *used = at;
    return rc;
}
