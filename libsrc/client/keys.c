/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/keys.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xkbcommon/xkbcommon.h>

enum { NAME_MAX_LEN = 64 };

/* What people and xdotool write, beside X11's own names. */
static const struct {
    const char *alias, *name;
} aliases[] = {
    {"ctrl", "Control_L"},     {"control", "Control_L"},   {"shift", "Shift_L"},
    {"alt", "Alt_L"},          {"option", "Alt_L"},        {"altgr", "ISO_Level3_Shift"},
    {"super", "Super_L"},      {"win", "Super_L"},         {"windows", "Super_L"},
    {"cmd", "Super_L"},        {"command", "Super_L"},     {"meta", "Meta_L"},
    {"hyper", "Hyper_L"},      {"enter", "Return"},        {"esc", "Escape"},
    {"del", "Delete"},         {"ins", "Insert"},          {"pgup", "Page_Up"},
    {"pageup", "Page_Up"},     {"pgdn", "Page_Down"},      {"pgdown", "Page_Down"},
    {"pagedown", "Page_Down"}, {"backspace", "BackSpace"}, {"bksp", "BackSpace"},
    {"capslock", "Caps_Lock"}, {"numlock", "Num_Lock"},    {"scrolllock", "Scroll_Lock"},
    {"printscreen", "Print"},  {"prtsc", "Print"},         {"arrowup", "Up"},
    {"arrowdown", "Down"},     {"arrowleft", "Left"},      {"arrowright", "Right"},
    {"spacebar", "space"},     {"dash", "minus"},
};

/* Strict UTF-8 to code points; *points is the caller's. */
static int code_points(const char *text, uint32_t **points, size_t *count, ph_error *error)
{
    size_t len = strlen(text), room = len * sizeof **points;
    char *in = (char *)text;
    *count = 0;
    *points = malloc(room + 1);
    if (*points == NULL)
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    char *out = (char *)*points;
    iconv_t cd = iconv_open("UTF-32LE", "UTF-8");
    int rc = PH_OK;
    if (cd == (iconv_t)-1)
        rc = error_errno(error, PH_E_SYSTEM, errno, "cannot convert from UTF-8");
    else if (iconv(cd, &in, &len, &out, &room) == (size_t)-1)
        rc = error_set(error, PH_E_ARGUMENT, "the text is not UTF-8 at byte %td", in - text + 1);
    if (cd != (iconv_t)-1)
        iconv_close(cd);
    *count = (size_t)((uint32_t *)(void *)out - *points);
    if (rc != PH_OK) {
        free(*points);
        *points = NULL;
    }
    return rc;
}

/* 0 for a control character that no key stands for. */
static uint32_t keysym_of(uint32_t point)
{
    switch (point) {
    case '\n':
        return XKB_KEY_Return;
    case '\t':
        return XKB_KEY_Tab;
    default:
        return point < 0x20 || (point >= 0x7f && point < 0xa0) ? 0 : xkb_utf32_to_keysym(point);
    }
}

int keys_parse_text(const char *text, uint32_t **keys, size_t *count, ph_error *error)
{
    int rc = code_points(text, keys, count, error);
    for (size_t i = 0; i < *count && rc == PH_OK; i++) {
        uint32_t point = (*keys)[i];
        (*keys)[i] = keysym_of(point);
        if ((*keys)[i] == 0)
            rc = error_set(error, PH_E_ARGUMENT,
                           "character %zu of the text, U+%04X, is not one that is typed; of the "
                           "control characters only newline and tab are",
                           i + 1, point);
    }
    if (rc != PH_OK) {
        free(*keys);
        *keys = NULL;
        *count = 0;
    }
    return rc;
}

/* A character stands for itself; 0 when the name is not one character. */
static uint32_t single_character(const char *name)
{
    uint32_t *points, keysym = 0;
    size_t count;
    if (code_points(name, &points, &count, NULL) != PH_OK)
        return 0;
    if (count == 1 && points[0] > 0x20)
        keysym = keysym_of(points[0]);
    free(points);
    return keysym;
}

int ph_keysym(const char *name, uint32_t *keysym, ph_error *error)
{
    *keysym = single_character(name);
    if (*keysym != 0)
        return PH_OK;
    const char *x11 = name;
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strcasecmp(name, aliases[i].alias) == 0)
            x11 = aliases[i].name;
    *keysym = xkb_keysym_from_name(x11, XKB_KEYSYM_NO_FLAGS);
    if (*keysym == XKB_KEY_NoSymbol)
        *keysym = xkb_keysym_from_name(x11, XKB_KEYSYM_CASE_INSENSITIVE);
    if (*keysym != XKB_KEY_NoSymbol)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT,
                     "unknown key '%s'; a key is a character or a name such as Return, Tab, F5, "
                     "Page_Up, ctrl; keys held together are joined by +, as in ctrl+c",
                     name);
}

bool keys_is_shift(uint32_t keysym)
{
    return keysym == XKB_KEY_Shift_L || keysym == XKB_KEY_Shift_R;
}

uint32_t keys_shifted(uint32_t keysym)
{
    return xkb_keysym_to_upper(keysym);
}

/* The length of the next key's name: up to a plus, but a plus at its beginning is the key itself.
 */
static size_t name_length(const char *at)
{
    return *at == '+' ? 1 : strcspn(at, "+");
}

int keys_parse_chord(const char *chord, uint32_t keys[KEYS_CHORD_MAX], size_t *count,
                     ph_error *error)
{
    bool shift = false;
    *count = 0;
    for (const char *at = chord;; at++) {
        char name[NAME_MAX_LEN];
        size_t n = name_length(at);
        if (n == 0)
            return error_set(error, PH_E_ARGUMENT,
                             "key '%s': a name is missing; write keys as in ctrl+shift+t", chord);
        if (n >= sizeof name)
            return error_set(error, PH_E_ARGUMENT, "key '%.80s': a name is too long", chord);
        if (*count == KEYS_CHORD_MAX)
            return error_set(error, PH_E_ARGUMENT, "key '%s': more than %d keys at once", chord,
                             KEYS_CHORD_MAX);
        memcpy(name, at, n);
        name[n] = '\0';
        int rc = ph_keysym(name, &keys[*count], error);
        if (rc != PH_OK)
            return rc;
        if (shift)
            keys[*count] = keys_shifted(keys[*count]);
        shift = shift || keys_is_shift(keys[*count]);
        ++*count;
        at += n;
        if (*at == '\0')
            return PH_OK;
    }
}

int ph_chord_check(const char *chord, ph_error *error)
{
    uint32_t keys[KEYS_CHORD_MAX];
    size_t count;
    return keys_parse_chord(chord, keys, &count, error);
}
