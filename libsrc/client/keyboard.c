/* SPDX-License-Identifier: GPL-2.0-or-later
 * Input with the keyboard. */
#include <stdlib.h>

#include "client/input.h"

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
    int rc = s->down ? input_press(call, s->keysym, error) : input_release(call, s->keysym, error);
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

/* ---- ph_chord, ph_type ---- */

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
        rc = input_press(call, under_modifiers(call, k->keysyms[i]), error);
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

static int type(struct input_call *call, const void *what, ph_error *error)
{
    const struct keys *k = what;
    call->total = k->count;
    call->unit = "characters";
    int rc = input_hold_modifiers(call, error);
    for (size_t i = 0; i < k->count && rc == PH_OK; i++) {
        uint32_t keysym = under_modifiers(call, k->keysyms[i]);
        if (i != 0)
            rc = input_pause(call, call->options.interval_ms, error);
        if (rc == PH_OK)
            rc = input_press(call, keysym, error);
        if (rc == PH_OK)
            rc = input_pause(call, call->options.hold_ms, error);
        if (rc == PH_OK)
            rc = input_release(call, keysym, error);
        call->done += rc == PH_OK;
    }
    return rc;
}

int ph_type(ph_client *client, const char *text, const ph_input_options *options,
            const ph_limit *limit, ph_error *error)
{
    struct keys k;
    int rc = keys_parse_text(text, &k.keysyms, &k.count, error);
    if (rc == PH_OK)
        rc = input_run(client, options, type, &k, limit, error);
    free(k.keysyms);
    return rc;
}
