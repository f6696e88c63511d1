/* SPDX-License-Identifier: GPL-2.0-or-later
 * Clipboard messages: cut text (RFC 6143 sections 7.5.6 and 7.6.4: Latin-1) and the extended
 * clipboard in the same messages (rfbproto, Extended Clipboard Pseudo-Encoding: UTF-8, CRLF, a NUL
 * at the end, zlib). Of its formats, text is the one that is known here. */
#ifndef RFB_CLIPBOARD_H
#define RFB_CLIPBOARD_H

#include "rfb/buf.h"
#include "rfb/proto.h"

/* An extended message behind its length. */
struct rfb_clip {
    uint32_t flags;      /* RFB_CLIP_*: one action (caps: all that the peer knows), formats */
    uint32_t text_max;   /* caps: bytes of text that the peer takes without having asked */
    const uint8_t *data; /* provide: what was compressed */
    size_t n;            /* bytes of data */
};

/* RFB_E_INVALID for a message that is too short for its flags. */
int rfb_clip_get(const uint8_t *body, size_t n, struct rfb_clip *m);
/* The text of a provide, which has RFB_CLIP_TEXT: appended to *text with newlines as line ends, up
 * to its NUL. RFB_E_TOO_LARGE when it claims more than max bytes, of which nothing is inflated;
 * RFB_E_INVALID, RFB_E_NO_MEMORY. Not to be trusted as UTF-8. */
int rfb_clip_get_text(const struct rfb_clip *m, size_t max, struct rfb_buf *text);

/* Each appends a whole message or nothing; type is RFB_C2S_CUT_TEXT or RFB_S2C_CUT_TEXT.
 * RFB_E_TOO_LARGE, RFB_E_NO_MEMORY. */

/* actions: what the sender knows; text_max: bytes of text that it takes without having asked. */
int rfb_clip_put_caps(struct rfb_buf *out, uint8_t type, uint32_t actions, uint32_t text_max);
/* Request, peek or notify. */
int rfb_clip_put_action(struct rfb_buf *out, uint8_t type, uint32_t flags);
/* Provide: UTF-8 with newlines or CRLF as line ends. */
int rfb_clip_put_text(struct rfb_buf *out, uint8_t type, const char *text);
/* Cut text; RFB_E_INVALID at a character that is not in Latin-1, with *bad its number from 1 on and
 * *point the character. */
int rfb_clip_put_latin1(struct rfb_buf *out, uint8_t type, const char *text, size_t *bad,
                        uint32_t *point);
/* Cut text to UTF-8 with newlines as line ends, up to a NUL. */
int rfb_clip_get_latin1(const uint8_t *body, size_t n, struct rfb_buf *text);

#endif
