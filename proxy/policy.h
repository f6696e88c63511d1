/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a stream's viewers may do, whatever their page does: one table says which right each RFB
 * message needs. Immutable; any thread may look. */
#ifndef PROXY_POLICY_H
#define PROXY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct policy {
    bool control;       /* keys, pointer, size of the desktop */
    bool clipboard_in;  /* from the viewer to the desktop */
    bool clipboard_out; /* from the desktop to the viewer */
};

/* "view" or "control"; "none", "in", "out" or "both": to words, and from them, false for others. */
const char *policy_role_word(const struct policy *p);
const char *policy_clipboard_word(const struct policy *p);
bool policy_set_role(struct policy *p, const char *word);
bool policy_set_clipboard(struct policy *p, const char *word);

/* Does p allow all that other does? */
bool policy_covers(const struct policy *p, const struct policy *other);

/* Everything is allowed: nothing needs to be looked at. */
bool policy_allows_all(const struct policy *p);

/* A viewer's message of this type (RFB_C2S_*). Clipboard texts are policy_allows_clipboard's to
 * judge; here they pass. */
bool policy_allows_message(const struct policy *p, uint8_t type);

/* A clipboard message. flags: those of the extended clipboard (rfbproto, Extended Clipboard
 * Pseudo-Encoding), 0 for a plain text. */
bool policy_allows_clipboard(const struct policy *p, bool from_viewer, uint32_t flags);

/* An encoding or pseudo-encoding of a viewer's list. What cannot be framed, or would bring messages
 * that need a right that is not there, is taken out: the server then never uses it. */
bool policy_allows_encoding(const struct policy *p, int32_t encoding);

#endif
