/* SPDX-License-Identifier: GPL-2.0-or-later
 * WebSocket (RFC 6455) as bytes in and bytes out: the accept key, frame heads, and a receiver that
 * passes payload on as it comes. The grammar of frames is wslay's; what a message may be is here.
 * wslay's frame layer is used and not its event layer, because only the former tells whether a
 * frame was masked, which a server has to insist on, and a client must not take (section 5.1). */
#ifndef WS_WS_H
#define WS_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wslay/wslay.h>

enum {
    WS_HEAD_MAX = 16,          /* a frame head without mask has at most 10 bytes */
    WS_CONTROL_MAX = 125,      /* section 5.5 */
    WS_REASON_MAX = 123,       /* bytes of a close reason */
    WS_FRAME_MAX = 16 << 20,   /* payload of one frame; it is never held, but must end some day */
    WS_ACCEPT_SIZE = 28 + 1,   /* base64 of a SHA-1, and the NUL */
    WS_CLOSE_TRY_LATER = 1013, /* registered with IANA, "Try Again Later" */
    WS_CLOSE_INVALID = 4001,   /* application codes: the stream has expired, */
    WS_CLOSE_REVOKED = 4002,   /* it was revoked, */
    WS_CLOSE_WINDOW = 4003,    /* its window was closed, */
    WS_CLOSE_TOO_MANY = 4008,  /* it has all its viewers, */
    WS_CLOSE_LOST = 4013,      /* the upstream is lost, */
    WS_CLOSE_UNBOUND = 4014,   /* it is strict, and more than best effort cannot be promised */
};

/* Answers a Sec-WebSocket-Key (section 4.2.2). -1 when it is not the base64 of 16 bytes. */
int ws_accept(const char *key, char accept[WS_ACCEPT_SIZE]);

/* A server's: makes the heads of whole frames; serves any number of connections. */
struct ws_framer {
    wslay_frame_context_ptr ctx;
    const uint8_t *payload;
    uint8_t head[WS_HEAD_MAX];
    size_t head_len;
};

/* 0 or -1 without memory. */
int ws_framer_init(struct ws_framer *f);
void ws_framer_finish(struct ws_framer *f);
/* Writes the head of one final frame into the WS_HEAD_MAX bytes before payload, which must be
 * there. Where the frame begins: from there to payload + len it lies in one piece. */
uint8_t *ws_frame(struct ws_framer *f, enum wslay_opcode opcode, uint8_t *payload, size_t len);

/* Takes payload of binary messages. Not 0 stops the receiver: a close code to answer with. */
typedef uint16_t (*ws_payload_fn)(void *owner, const uint8_t *data, size_t len);

/* Embedded by the owner; about 4 KB of heap. */
struct ws {
    /* set by the owner after ws_init */
    bool is_client; /* what comes is a server's */

    /* for the owner to read and to clear */
    bool pong_due;  /* a ping came: answer with pong[]. Only the latest is kept (section 5.5.3), so
                       that a flood of pings cannot make a queue. */
    bool pong_came; /* for the owner to clear */
    uint8_t pong_len;
    uint8_t pong[WS_CONTROL_MAX];
    bool peer_closed; /* a close frame came; the code to echo is what ws_feed answered */

    /* private */
    wslay_frame_context_ptr ctx;
    const uint8_t *in;
    size_t in_len;
    bool in_message; /* between the first and the last fragment */
    bool in_frame;
    uint64_t left; /* bytes of the frame still to come */
    uint8_t control_len;
    uint8_t control[WS_CONTROL_MAX];
};

/* 0 or -1 without memory. finish accepts a zeroed struct. */
int ws_init(struct ws *ws);
void ws_finish(struct ws *ws);

/* Takes all of data. 0: feed more. Otherwise the code to close with (WSLAY_CODE_...; NO_STATUS_RCVD
 * means a close frame without a code), and nothing may be fed any more. */
uint16_t ws_feed(struct ws *ws, const uint8_t *data, size_t len, ws_payload_fn fn, void *owner);

/* The words of the peer's close frame, as they came; "" without any. */
const char *ws_close_words(const struct ws *ws, char words[WS_REASON_MAX + 1]);

/* Words for a code that ws_feed itself answers; "" for others. */
const char *ws_reason(uint16_t code);

#endif
