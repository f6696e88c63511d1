/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <stddef.h>
#include <string.h>

#include "rfb/proto.h"
#include "rfb/skim.h"

enum right { ANYBODY, CONTROL, CLIPBOARD, NOBODY };

static bool has_right(const struct policy *p, enum right right)
{
    switch (right) {
    case ANYBODY:
        return true;
    case CONTROL:
        return p->control;
    case CLIPBOARD:
        return p->clipboard_in || p->clipboard_out;
    case NOBODY:
        break;
    }
    return false;
}

static const char *const roles[] = {"view", "control"};
static const char *const clipboards[] = {"none", "in", "out", "both"};

/* Where the word is in the list, or -1. */
static int find_word(const char *const *list, int count, const char *word)
{
    int i = 0;
    while (i < count && strcmp(list[i], word) != 0)
        i++;
    return i < count ? i : -1;
}

const char *policy_role_word(const struct policy *p)
{
    return roles[p->control];
}

const char *policy_clipboard_word(const struct policy *p)
{
    return clipboards[p->clipboard_in + 2 * p->clipboard_out];
}

bool policy_set_role(struct policy *p, const char *word)
{
    int i = find_word(roles, sizeof roles / sizeof roles[0], word);
    p->control = i == 1;
    return i >= 0;
}

bool policy_set_clipboard(struct policy *p, const char *word)
{
    int i = find_word(clipboards, sizeof clipboards / sizeof clipboards[0], word);
    p->clipboard_in = i >= 0 && (i & 1);
    p->clipboard_out = i >= 0 && (i & 2);
    return i >= 0;
}

bool policy_covers(const struct policy *p, const struct policy *other)
{
    return p->control >= other->control && p->clipboard_in >= other->clipboard_in &&
           p->clipboard_out >= other->clipboard_out;
}

bool policy_allows_all(const struct policy *p)
{
    return p->control && p->clipboard_in && p->clipboard_out;
}

/* A type that is not here is nobody's: xvp reboots the machine, GII injects absolute pointers. */
static const struct {
    uint8_t type;
    enum right right;
} messages[] = {
    {RFB_C2S_SET_PIXEL_FORMAT, ANYBODY},
    {RFB_C2S_SET_ENCODINGS, ANYBODY},
    {RFB_C2S_UPDATE_REQUEST, ANYBODY},
    {RFB_C2S_ENABLE_CONTINUOUS_UPDATES, ANYBODY},
    {RFB_C2S_FENCE, ANYBODY},
    {RFB_C2S_CUT_TEXT, CLIPBOARD},
    {RFB_C2S_KEY, CONTROL},
    {RFB_C2S_POINTER, CONTROL},
    {RFB_C2S_QEMU, CONTROL},
    {RFB_C2S_SET_DESKTOP_SIZE, CONTROL},
};

bool policy_allows_message(const struct policy *p, uint8_t type)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (messages[i].type == type)
            return has_right(p, messages[i].right);
    return false;
}

bool policy_allows_clipboard(const struct policy *p, bool from_viewer, uint32_t flags)
{
    enum { CAPS = 1 << 24, REQUEST = 1 << 25, PEEK = 1 << 26, NOTIFY = 1 << 27, PROVIDE = 1 << 28 };
    bool ours = from_viewer ? p->clipboard_in : p->clipboard_out;
    bool theirs = from_viewer ? p->clipboard_out : p->clipboard_in;
    if (flags == 0)
        return ours;
    if (flags & CAPS)
        return ours || theirs;
    /* to ask for the other side's clipboard needs the right to have it */
    bool asks = flags & (REQUEST | PEEK), tells = flags & (NOTIFY | PROVIDE);
    return asks != tells && (asks ? theirs : ours);
}

/* Encodings that the framers know but that need a right, and pseudo-encodings that are only ever
 * said by the viewer. */
static const struct {
    int32_t first, last;
    enum right right;
} encodings[] = {
    {RFB_ENC_QEMU_AUDIO, RFB_ENC_QEMU_AUDIO, NOBODY},     /* its messages are not let through */
    {RFB_ENC_QEMU_POINTER, RFB_ENC_QEMU_POINTER, NOBODY}, /* would change what a pointer event is */
    {RFB_ENC_QEMU_KEY, RFB_ENC_QEMU_KEY, CONTROL},
    {RFB_ENC_JPEG_QUALITY_0, RFB_ENC_JPEG_QUALITY_9, ANYBODY},
    {RFB_ENC_COMPRESS_0, RFB_ENC_COMPRESS_9, ANYBODY},
    {RFB_ENC_FINE_QUALITY_0, RFB_ENC_FINE_QUALITY_100, ANYBODY},
    {RFB_ENC_SUBSAMPLING_FIRST, RFB_ENC_SUBSAMPLING_LAST, ANYBODY},
    {RFB_ENC_FENCE, RFB_ENC_FENCE, ANYBODY},
    {RFB_ENC_CONTINUOUS_UPDATES, RFB_ENC_CONTINUOUS_UPDATES, ANYBODY},
    {RFB_ENC_EXTENDED_CLIPBOARD, RFB_ENC_EXTENDED_CLIPBOARD, CLIPBOARD},
};

bool policy_allows_encoding(const struct policy *p, int32_t encoding)
{
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++)
        if (encoding >= encodings[i].first && encoding <= encodings[i].last)
            return has_right(p, encodings[i].right);
    return rfb_encoding_find(encoding) != NULL;
}
