/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "calls.h"

#include <stddef.h>
#include <stdlib.h>

static int info(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_info i = PH_INFO_INIT;
    (void)limit;
    return ph_client_info(c, &i, error);
}

static int name(ph_client *c, const ph_limit *limit, ph_error *error)
{
    char text[4097];
    (void)limit;
    return ph_client_name(c, text, sizeof text, error);
}

/* After every frame there will be. */
static int frame_get(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_frame *f;
    int rc = ph_frame_get(c, UINT64_MAX, limit, &f, error);
    ph_frame_unref(f);
    return rc;
}

static int move(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_move(c, 1, 2, limit, error);
}

static int button(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_button(c, 1, 2, PH_BUTTON_LEFT, 1, limit, error);
}

static int key(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_key(c, 'a', 1, limit, error);
}

static int click(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_click(c, 1, 2, PH_BUTTON_LEFT, 3, NULL, limit, error);
}

static int drag(ph_client *c, const ph_limit *limit, ph_error *error)
{
    static const ph_point path[] = {{0, 0}, {15, 15}, {0, 15}};
    return ph_drag(c, path, sizeof path / sizeof path[0], PH_BUTTON_LEFT, NULL, limit, error);
}

static int scroll(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_scroll(c, 1, 2, -3, 3, NULL, limit, error);
}

static int chord(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_chord(c, "ctrl+shift+t", NULL, limit, error);
}

/* For longer than anybody waits. */
static int chord_held(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_input_options o = PH_INPUT_INIT;
    o.hold_ms = 60000;
    o.modifiers = "alt";
    return ph_chord(c, "Tab", &o, limit, error);
}

static int type(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_type(c, "h\xc3\xa4llo\n", NULL, limit, error);
}

/* More than the client's queue and a socket's buffers hold. */
static int type_much(ph_client *c, const ph_limit *limit, ph_error *error)
{
    enum { CHARACTERS = 50000 };
    static const char line[] = "0123456789";
    char *text = malloc(CHARACTERS + 1);
    if (text == NULL)
        abort();
    for (size_t i = 0; i < CHARACTERS; i++)
        text[i] = line[i % (sizeof line - 1)];
    text[CHARACTERS] = '\0';
    int rc = ph_type(c, text, NULL, limit, error);
    free(text);
    return rc;
}

static int release_all(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_release_all(c, limit, error);
}

static int wait_change(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_frame *f;
    int rc = ph_wait_change(c, NULL, limit, &f, error);
    ph_frame_unref(f);
    return rc;
}

/* Every look takes long: as many masks as there may be, and as scattered. */
static ph_watch masked(void)
{
    enum { MASKS = 1000, SIDE = 16 };
    static ph_rect masks[MASKS];
    ph_watch w = PH_WATCH_INIT;
    for (int i = 0; i < MASKS; i++)
        masks[i] = (ph_rect){i * 2 % SIDE, i * 2 / SIDE % SIDE, 1, 1};
    w.masks = masks;
    w.mask_count = MASKS;
    return w;
}

static int wait_change_masked(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_watch w = masked();
    ph_frame *f;
    int rc = ph_wait_change(c, &w, limit, &f, error);
    ph_frame_unref(f);
    return rc;
}

static int wait_quiet_masked(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_watch w = masked();
    ph_frame *f;
    int rc = ph_wait_quiet(c, &w, 60000, limit, &f, NULL, error);
    ph_frame_unref(f);
    return rc;
}

/* Longer than anybody waits. */
static int wait_quiet(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_frame *f;
    int waited, rc = ph_wait_quiet(c, NULL, 60000, limit, &f, &waited, error);
    ph_frame_unref(f);
    return rc;
}

/* What no screen of the tests shows. */
static int wait_match(ph_client *c, const ph_limit *limit, ph_error *error)
{
    static const uint32_t pixels[] = {0xff123456, 0xff654321};
    const ph_pattern p = {.pixels = pixels, .width = 2, .height = 1};
    ph_frame *f;
    ph_point at;
    int rc = ph_wait_match(c, NULL, &p, limit, &f, &at, error);
    ph_frame_unref(f);
    return rc;
}

/* One colour, tall: before a screen of that colour with dots, each place is compared far. */
static int wait_match_plain(ph_client *c, const ph_limit *limit, ph_error *error)
{
    enum { WIDTH = 40, HEIGHT = 2400 };
    const ph_pattern p = {
        .pixels = malloc(WIDTH * HEIGHT * sizeof(uint32_t)), .width = WIDTH, .height = HEIGHT};
    if (p.pixels == NULL)
        abort();
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        ((uint32_t *)p.pixels)[i] = 0xffff0000;
    ph_frame *f;
    ph_point at;
    int rc = ph_wait_match(c, NULL, &p, limit, &f, &at, error);
    ph_frame_unref(f);
    free((void *)p.pixels);
    return rc;
}

static int cursor(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_cursor *found;
    (void)limit;
    int rc = ph_cursor_get(c, &found, error);
    ph_cursor_unref(found);
    return rc;
}

static int resize(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_resize(c, 64, 64, limit, error);
}

static int clipboard_set(ph_client *c, const ph_limit *limit, ph_error *error)
{
    return ph_clipboard_set(c, "hello", limit, error);
}

static int clipboard_get(ph_client *c, const ph_limit *limit, ph_error *error)
{
    char *text;
    uint64_t serial;
    int rc = ph_clipboard_get(c, UINT64_MAX, limit, &text, &serial, error);
    ph_free(text);
    return rc;
}

static int paste(ph_client *c, const ph_limit *limit, ph_error *error)
{
    ph_input_options o = PH_INPUT_INIT;
    o.paste = 1;
    return ph_type(c, "hello", &o, limit, error);
}

static int bell_wait(ph_client *c, const ph_limit *limit, ph_error *error)
{
    uint64_t count;
    return ph_bell_wait(c, UINT64_MAX, limit, &count, error);
}

const struct call calls[] = {
    {"ph_client_info", CALL_ANSWERS, info},
    {"ph_client_name", CALL_ANSWERS, name},
    {"ph_frame_get", CALL_AWAITS, frame_get},
    {"ph_wait_change", CALL_AWAITS, wait_change},
    {"ph_wait_change (many masks)", CALL_AWAITS, wait_change_masked},
    {"ph_wait_quiet", CALL_AWAITS, wait_quiet},
    {"ph_wait_quiet (many masks)", CALL_AWAITS, wait_quiet_masked},
    {"ph_wait_match", CALL_AWAITS, wait_match},
    {"ph_wait_match (plain)", CALL_AWAITS, wait_match_plain},
    {"ph_cursor_get", CALL_ANSWERS, cursor},
    {"ph_resize", CALL_AWAITS, resize},
    {"ph_clipboard_get", CALL_AWAITS, clipboard_get},
    {"ph_clipboard_set", CALL_SENDS, clipboard_set},
    {"ph_type (pasted)", CALL_SENDS, paste},
    {"ph_bell_wait", CALL_AWAITS, bell_wait},
    {"ph_move", CALL_SENDS, move},
    {"ph_button", CALL_SENDS, button},
    {"ph_key", CALL_SENDS, key},
    {"ph_click", CALL_SENDS, click},
    {"ph_drag", CALL_SENDS, drag},
    {"ph_scroll", CALL_SENDS, scroll},
    {"ph_chord", CALL_SENDS, chord},
    {"ph_chord (held)", CALL_AWAITS, chord_held},
    {"ph_type", CALL_SENDS, type},
    {"ph_type (much)", CALL_SENDS, type_much},
    {"ph_release_all", CALL_SENDS, release_all},
    {NULL, CALL_ANSWERS, NULL},
};
