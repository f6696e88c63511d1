/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who is at the ends of a window's stream, in short words: an agent, a viewer and a VNC server. */
#ifndef UNIT_CROP_PEERS_H
#define UNIT_CROP_PEERS_H

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "proxy/crop.h"
#include "rfb/err.h"

/* ---- snapshots in short: "id owner kind x y w h [+frame]", one window after another ---- */

static inline struct windows *snapshot(const char *list, const char *touched, const char *focus)
{
    char windows[4096] = "", text[8192];
    unsigned id, owner;
    char kind[16], app[16];
    int x, y, w, h, frame, used;
    for (const char *at = list; sscanf(at, " %x %x %15s %15s %d %d %d %d %d%n", &id, &owner, app,
                                       kind, &x, &y, &w, &h, &frame, &used) == 9;
         at += used) {
        size_t n = strlen(windows);
        char by[16] = "null";
        if (owner != 0)
            snprintf(by, sizeof by, "\"0x%x\"", owner);
        bool hidden = strcmp(kind, "hidden") == 0, shaped = strcmp(kind, "shaped") == 0;
        snprintf(windows + n, sizeof windows - n,
                 "%s{\"id\":\"0x%x\",\"owner\":%s,\"app\":\"%s\",\"title\":\"%s\",\"kind\":\"%s\","
                 "\"rect\":[%d,%d,%d,%d],\"frame_rect\":[%d,%d,%d,%d],\"mapped\":%s,"
                 "\"override_redirect\":%s%s}",
                 n != 0 ? "," : "", id, by, app, app, hidden || shaped ? "normal" : kind, x, y, w,
                 h, x - frame, y - frame, w + 2 * frame, h + 2 * frame, hidden ? "false" : "true",
                 strcmp(kind, "popup") == 0 ? "true" : "false",
                 shaped ? ",\"shape\":[[100,100,10,10]]" : "");
    }
    snprintf(text, sizeof text,
             "{\"type\":\"windows\",\"serial\":1,\"screen\":{\"width\":1000,\"height\":800},"
             "\"manager\":null,\"compositing\":false,\"complete\":true,\"focus\":%s,"
             "\"touched\":[%s],\"windows\":[%s]}",
             focus, touched, windows);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    struct windows *made = windows_read(json);
    json_decref(json);
    assert_non_null(made);
    return made;
}

/* ---- a conversation ---- */

static const
    __attribute__((unused)) struct crop_how whole = {.selector = "own", .popups = CROP_POPUPS_CLIP};
static const __attribute__((unused)) struct rfb_server_init init = {.width = 1000,
                                                                    .height = 800,
                                                                    .format = {.bits_per_pixel = 8,
                                                                               .depth = 8,
                                                                               .true_colour = true,
                                                                               .red_max = 7,
                                                                               .green_max = 7,
                                                                               .blue_max = 3}};

static const __attribute__((unused)) uint8_t END[] = {RFB_S2C_END_OF_CONTINUOUS_UPDATES};

static inline int say(struct crop *c, const void *bytes, size_t n)
{
    return crop_from_server(c, bytes, n);
}

/* An update of one Raw rectangle of the pixel 'x'. */
static inline int say_update(struct crop *c, uint16_t x, uint16_t y, uint16_t w, uint16_t h)
{
    uint8_t bytes[16 + 4096] = {0, 0, 0, 1};
    const struct rfb_rect_head head = {{x, y, w, h}, RFB_ENC_RAW};
    rfb_msg_set_rect_head(bytes + 4, &head);
    memset(bytes + 16, 'x', (size_t)w * h);
    return say(c, bytes, 16 + (size_t)w * h);
}

static inline int tell_focus(struct crop *c, const char *list, const char *touched,
                             const char *focus)
{
    struct windows *w = snapshot(list, touched, focus);
    int rc = crop_windows(c, w);
    windows_unref(w);
    return rc;
}

static inline int tell(struct crop *c, const char *list, const char *touched)
{
    return tell_focus(c, list, touched, "null");
}

static inline void request(struct crop *c)
{
    static const uint8_t bytes[] = {RFB_C2S_UPDATE_REQUEST, 1, 0, 0, 0, 0, 3, 0xe8, 3, 0x20};
    assert_int_equal(crop_from_viewer(c, bytes, sizeof bytes), RFB_OK);
}

#define OWN "1 0 own normal 100 100 20 10 0"

/* Through SetEncodings and the server's word for ContinuousUpdates, with the seat; nothing is
 * covered. */
static inline void begin(struct crop *c)
{
    static const uint8_t encodings[] = {RFB_C2S_SET_ENCODINGS,
                                        0,
                                        0,
                                        3,
                                        0,
                                        0,
                                        0,
                                        0,
                                        0,
                                        0,
                                        0,
                                        2,
                                        0xff,
                                        0xff,
                                        0xff,
                                        0x21 /* DesktopSize */};
    struct windows *w = snapshot(OWN, "", "null");
    assert_int_equal(crop_init(c, &whole, &init, w), RFB_OK);
    windows_unref(w);
    assert_int_equal(crop_take_seat(c), RFB_OK);
    assert_int_equal(crop_from_viewer(c, encodings, sizeof encodings), RFB_OK);
    request(c);
    assert_int_equal(say(c, END, 1), RFB_OK);
    rfb_buf_consume(&c->to_server, c->to_server.len);
}

static inline size_t sent(struct crop *c)
{
    size_t n = c->to_viewer.len;
    rfb_buf_consume(&c->to_viewer, n);
    return n;
}

static inline int key(struct crop *c, bool press, uint16_t keysym)
{
    const uint8_t bytes[] = {RFB_C2S_KEY,    press, 0, 0, 0, 0, (uint8_t)(keysym >> 8),
                             (uint8_t)keysym};
    return crop_from_viewer(c, bytes, sizeof bytes);
}

/* Those that the server is told, in a row: letters, capital when pressed. */
static inline void assert_keys(struct crop *c, const char *wanted)
{
    char text[64] = "";
    const uint8_t *bytes = rfb_buf_data(&c->to_server);
    assert_int_equal(c->to_server.len, 8 * strlen(wanted));
    for (size_t i = 0; i < c->to_server.len / 8; i++)
        text[i] = (char)(bytes[8 * i + 7] - (bytes[8 * i + 1] != 0 ? 'a' - 'A' : 0));
    assert_string_equal(text, wanted);
    rfb_buf_consume(&c->to_server, c->to_server.len);
}

#endif
