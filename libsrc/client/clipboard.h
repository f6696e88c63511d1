/* SPDX-License-Identifier: GPL-2.0-or-later
 * The clipboard, both ways. A server with the extended clipboard (rfbproto) is told that there is a
 * text, and gets it when it asks; others are sent it as cut text. */
#ifndef CLIENT_CLIPBOARD_H
#define CLIENT_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "rfb/buf.h"
#include "rfb/proto.h"

struct ph_client;
struct input_call;
struct wait;

enum {
    /* of the server's text, in either form */
    CLIPBOARD_MAX = 16 << 20,
    /* of ours as it is sent before compression: TigerVNC (MaxCutText) drops what is longer */
    CLIPBOARD_SEND_MAX = RFB_CUT_TEXT_MAX,
    /* a message of it: zlib adds a few hundred bytes to what it cannot compress */
    CLIPBOARD_WIRE_MAX = CLIPBOARD_SEND_MAX + (1 << 10),
};

/* In a ph_client, under its lock. */
struct client_clipboard {
    bool asked;        /* SetEncodings has listed the extended clipboard */
    bool answered;     /* and by now the server has said whether it has it */
    uint32_t actions;  /* that the server knows, RFB_CLIP_*; 0: it has none */
    uint32_t text_max; /* bytes of text that the server takes unasked */

    struct rfb_buf ours; /* the message that provides our text; empty: there is none */
    bool wanted;         /* the server has asked for it, and not been sent it yet */
    bool taken;          /* it has been sent since it is ours */

    enum {
        CLIPBOARD_EMPTY,
        CLIPBOARD_ANNOUNCED, /* the server has a text */
        CLIPBOARD_REQUESTED, /* which it has been asked for */
        CLIPBOARD_THERE,     /* in theirs, with its NUL */
        CLIPBOARD_TOO_LARGE,
    } state;
    struct rfb_buf theirs;
    uint64_t serial; /* texts of the server's so far */
};

void clipboard_init(struct client_clipboard *b);
void clipboard_finish(struct client_clipboard *b);
/* With the lock: does the server take more than Latin-1? */
bool clipboard_is_utf8(const struct client_clipboard *b);

/* ---- for the connection's thread, without the lock ---- */

/* A message_handler (messages.h) for cut text. */
int clipboard_received(struct ph_client *c, const uint8_t *wire, size_t len, ph_error *error);
/* An update has come that was asked for behind SetEncodings: what the server had to say of its
 * clipboard came before. */
void clipboard_answered(struct ph_client *c);

/* With the lock: sends our text if the server waits for it and there is room. */
void clipboard_provide(struct ph_client *c);

/* ---- for acts of input.h ---- */

/* A text to give the server. Made without the lock, for compressing takes its time. */
struct clipboard_offer {
    const char *text; /* borrowed */
    struct rfb_buf provide;
    size_t size; /* bytes of text in it, before compression */
};

/* PH_E_ARGUMENT for a text that is not UTF-8 or too long, PH_E_NO_MEMORY. */
int clipboard_offer_init(struct clipboard_offer *o, const char *text, ph_error *error);
void clipboard_offer_finish(struct clipboard_offer *o);
/* Makes it the server's clipboard; its message becomes the connection's. */
int clipboard_put(struct input_call *call, struct clipboard_offer *o, ph_error *error);
/* Waits until the server has what clipboard_put has put. */
int clipboard_await_taken(struct input_call *call, ph_error *error);

#endif
