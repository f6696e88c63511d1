/* SPDX-License-Identifier: GPL-2.0-or-later
 * Input with the keyboard. */
#include <stdlib.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "client/input.h"

/* ---- symbols that no key has ----
 * An X server that is told a keysym which is not in its keymap binds it to a keycode that is free.
 * Measured, with the us layout: TigerVNC 1.12's Xvnc has 20 of them and gives none back, x11vnc
 * 0.9.16 on Xvfb 18; what comes then is dropped without a word. TigerVNC from 1.14 on takes the
 * oldest back: then a program that looks a key up late finds another symbol, so time is left
 * between what is new. */

enum { NEW_SYMBOL_MS = 10 };

/* Every keymap has these: basic Latin, modifiers and what moves the cursor. */
static bool is_basic(uint32_t keysym)
{
    return (keysym >= XKB_KEY_space && keysym <= XKB_KEY_asciitilde) ||
           (keysym >= XKB_KEY_ISO_Lock && keysym < XKB_KEY_dead_grave) ||
           (keysym >= XKB_KEY_BackSpace && keysym <= XKB_KEY_Delete);
}

static bool is_new(const struct client_symbols *s, uint32_t keysym)
{
    for (size_t i = 0; i < s->count && i < CLIENT_SYMBOLS; i++)
        if (s->recent[i] == keysym)
            return false;
    return !is_basic(keysym);
}

static void add_symbol(struct client_symbols *s, uint32_t keysym)
{
    if (is_new(s, keysym))
        s->recent[s->count++ % CLIENT_SYMBOLS] = keysym;
}

/* Before a new symbol. Xvnc forgets what it has bound when the keyboard that was used last is
 * another one, so it is made to be this one: by the one key that does nothing. */
static int prepare(struct input_call *call, ph_error *error)
{
    int ms = call->options.new_symbol_ms != 0 ? call->options.new_symbol_ms : NEW_SYMBOL_MS;
    int rc = PH_OK;
    if (!call->sent) {
        rc = input_press(call, XKB_KEY_Shift_L, error);
        if (rc == PH_OK)
            rc = input_release(call, XKB_KEY_Shift_L, error);
    }
    return rc != PH_OK ? rc : input_pause(call, ms, error);
}

static int press(struct input_call *call, uint32_t keysym, ph_error *error)
{
    struct client_symbols *s = &call->c->symbols;
    int rc = is_new(s, keysym) ? prepare(call, error) : PH_OK;
    if (rc == PH_OK)
        rc = input_press(call, keysym, error);
    if (rc == PH_OK)
        add_symbol(s, keysym);
    return rc;
}

/* ---- ph_key ---- */

struct stroke {
    uint32_t keysym;
    bool down;
};

static int key(struct input_call *call, const void *what, ph_error *error)
{
    const struct stroke *s = what;
    size_t *before = &call->keys_before;
    if (s->down && *before == CLIENT_KEYS_MAX)
        return error_set(error, PH_E_ARGUMENT, "more than %d keys are held down", CLIENT_KEYS_MAX);
    size_t held = *before;
    if (!s->down)
        *before = 0; /* whoever pressed it, it is released */
    int rc = s->down ? press(call, s->keysym, error) : input_release(call, s->keysym, error);
    *before = rc == PH_OK ? call->c->key_count : held;
    return rc;
}

int ph_key(ph_client *client, uint32_t keysym, int down, const ph_limit *limit, ph_error *error)
{
    const struct stroke s = {keysym, down != 0};
    if (keysym == 0)
        return error_set(error, PH_E_ARGUMENT, "keysym 0 is no key");
    return input_run(client, NULL, key, &s, limit, error);
}

/* ---- ph_chord ---- */

struct keys {
    uint32_t *keysyms;
    size_t count;
};

/* Under a Shift of the call's, letters are typed as capitals: see keys_shifted. */
static uint32_t under_modifiers(const struct input_call *call, uint32_t keysym)
{
    for (size_t i = 0; i < call->modifier_count; i++)
        if (keys_is_shift(call->modifiers[i]))
            return keys_shifted(keysym);
    return keysym;
}

static int chord(struct input_call *call, const void *what, ph_error *error)
{
    const struct keys *k = what;
    int rc = input_hold_modifiers(call, error);
    for (size_t i = 0; i < k->count && rc == PH_OK; i++)
        rc = press(call, under_modifiers(call, k->keysyms[i]), error);
    if (rc == PH_OK)
        rc = input_pause(call, call->options.hold_ms, error);
    for (size_t i = k->count; i-- > 0 && rc == PH_OK;)
        rc = input_release(call, under_modifiers(call, k->keysyms[i]), error);
    return rc;
}

int ph_chord(ph_client *client, const char *text, const ph_input_options *options,
             const ph_limit *limit, ph_error *error)
{
    uint32_t keysyms[KEYS_CHORD_MAX];
    struct keys k = {.keysyms = keysyms};
    int rc = keys_parse_chord(text, keysyms, &k.count, error);
    return rc != PH_OK ? rc : input_run(client, options, chord, &k, limit, error);
}

/* ---- ph_type ---- */

static int check_symbols(const struct input_call *call, const struct keys *k, ph_error *error)
{
    struct client_symbols s = call->c->symbols;
    size_t max = call->options.new_symbols > 0 ? (size_t)call->options.new_symbols : CLIENT_SYMBOLS;
    for (size_t i = 0; i < k->count; i++)
        add_symbol(&s, k->keysyms[i]);
    if (call->options.new_symbols < 0 || s.count <= max || s.count == call->c->symbols.count)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT,
                     "with this text, %zu symbols beyond basic Latin were typed on the connection; "
                     "common servers drop more than about %zu: paste the text, or allow more new "
                     "symbols",
                     s.count, max);
}

static int type_one(struct input_call *call, uint32_t keysym, ph_error *error)
{
    int rc = PH_OK;
    if (call->done != 0)
        rc = input_pause(call, call->options.interval_ms, error);
    if (rc == PH_OK)
        rc = press(call, keysym, error);
    if (rc == PH_OK)
        rc = input_pause(call, call->options.hold_ms, error);
    return rc != PH_OK ? rc : input_release(call, keysym, error);
}

static int type(struct input_call *call, const void *what, ph_error *error)
{
    const struct keys *k = what;
    call->total = k->count;
    call->unit = "characters";
    int rc = check_symbols(call, k, error);
    if (rc == PH_OK)
        rc = input_hold_modifiers(call, error);
    for (size_t i = 0; i < k->count && rc == PH_OK; i++) {
        rc = type_one(call, under_modifiers(call, k->keysyms[i]), error);
        call->done += rc == PH_OK;
    }
    return rc;
}

/* ---- ph_type through the clipboard ---- */

struct paste {
    struct clipboard_offer offer;
    struct keys chord;
};

static int paste(struct input_call *call, const void *what, ph_error *error)
{
    struct paste *const *p = what;
    call->modifier_count = 0;
    int rc = clipboard_put(call, &(*p)->offer, error);
    if (rc == PH_OK)
        rc = chord(call, &(*p)->chord, error);
    return rc != PH_OK ? rc : clipboard_await_taken(call, error);
}

static int type_pasting(ph_client *client, const char *text, const ph_input_options *options,
                        const ph_limit *limit, ph_error *error)
{
    uint32_t keysyms[KEYS_CHORD_MAX];
    struct paste p = {.chord = {.keysyms = keysyms}}, *at = &p;
    const char *name = options->paste_chord != NULL ? options->paste_chord : "ctrl+v";
    int rc = keys_parse_chord(name, keysyms, &p.chord.count, error);
    if (rc != PH_OK)
        return rc;
    rc = clipboard_offer_init(&p.offer, text, error);
    if (rc == PH_OK)
        rc = input_run(client, options, paste, &at, limit, error);
    clipboard_offer_finish(&p.offer);
    return rc;
}

int ph_type(ph_client *client, const char *text, const ph_input_options *options,
            const ph_limit *limit, ph_error *error)
{
    struct keys k;
    /* of a size that input_run does not know, the options are nobody's to read */
    if (options != NULL && options->size == sizeof *options && options->paste)
        return type_pasting(client, text, options, limit, error);
    int rc = keys_parse_text(text, &k.keysyms, &k.count, error);
    if (rc == PH_OK)
        rc = input_run(client, options, type, &k, limit, error);
    free(k.keysyms);
    return rc;
}
