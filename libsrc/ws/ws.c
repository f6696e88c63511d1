/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ws/ws.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "rfb/buf.h"
#include "rfb/text.h"

int ws_accept(const char *key, char accept[WS_ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char nonce[18], digest[EVP_MAX_MD_SIZE];
    char text[24 + sizeof guid];
    if (strlen(key) != 24 || strcmp(key + 22, "==") != 0 ||
        EVP_DecodeBlock(nonce, (const unsigned char *)key, 24) != 18)
        return -1;
    snprintf(text, sizeof text, "%s%s", key, guid);
    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL) != 1)
        return -1;
    EVP_EncodeBlock((unsigned char *)accept, digest, 20);
    return 0;
}

/* ---- heads ---- */

/* wslay hands out the head, then the payload: the head is kept, the payload stays where it is. */
static ssize_t take_frame(const uint8_t *data, size_t len, int flags, void *user)
{
    struct ws_framer *f = user;
    (void)flags;
    if (data == f->payload)
        return (ssize_t)len;
    if (len > sizeof f->head - f->head_len)
        return -1;
    memcpy(f->head + f->head_len, data, len);
    f->head_len += len;
    return (ssize_t)len;
}

int ws_framer_init(struct ws_framer *f)
{
    struct wslay_frame_callbacks callbacks = {.send_callback = take_frame};
    *f = (struct ws_framer){0};
    return wslay_frame_context_init(&f->ctx, &callbacks, f) == 0 ? 0 : -1;
}

void ws_framer_finish(struct ws_framer *f)
{
    wslay_frame_context_free(f->ctx);
}

uint8_t *ws_frame(struct ws_framer *f, enum wslay_opcode opcode, uint8_t *payload, size_t len)
{
    struct wslay_frame_iocb iocb = {.fin = 1,
                                    .opcode = (uint8_t)opcode,
                                    .payload_length = len,
                                    .data = payload,
                                    .data_length = len};
    f->payload = payload;
    f->head_len = 0;
    wslay_frame_send(f->ctx, &iocb);
    memcpy(payload - f->head_len, f->head, f->head_len);
    return payload - f->head_len;
}

/* ---- receiver ---- */

static ssize_t give_input(uint8_t *buf, size_t len, int flags, void *user)
{
    struct ws *ws = user;
    (void)flags;
    size_t n = ws->in_len < len ? ws->in_len : len;
    if (n == 0)
        return -1;
    memcpy(buf, ws->in, n);
    ws->in += n;
    ws->in_len -= n;
    return (ssize_t)n;
}

int ws_init(struct ws *ws)
{
    struct wslay_frame_callbacks callbacks = {.recv_callback = give_input};
    *ws = (struct ws){0};
    return wslay_frame_context_init(&ws->ctx, &callbacks, ws) == 0 ? 0 : -1;
}

void ws_finish(struct ws *ws)
{
    if (ws->ctx != NULL)
        wslay_frame_context_free(ws->ctx);
    ws->ctx = NULL;
}

static bool is_opcode(uint8_t opcode)
{
    return opcode <= WSLAY_BINARY_FRAME ||
           (opcode >= WSLAY_CONNECTION_CLOSE && opcode <= WSLAY_PONG);
}

/* Is this frame allowed here? 0 or the code to close with. */
static uint16_t start_frame(struct ws *ws, const struct wslay_frame_iocb *frame)
{
    if ((frame->mask != 0) == ws->is_client || frame->rsv != 0 || !is_opcode(frame->opcode))
        return WSLAY_CODE_PROTOCOL_ERROR;
    if (wslay_is_ctrl_frame(frame->opcode)) {
        ws->control_len = 0;
    } else if (frame->opcode == WSLAY_TEXT_FRAME) {
        return WSLAY_CODE_UNSUPPORTED_DATA;
    } else if ((frame->opcode == WSLAY_CONTINUATION_FRAME) != ws->in_message) {
        return WSLAY_CODE_PROTOCOL_ERROR;
    } else {
        ws->in_message = !frame->fin;
    }
    if (frame->payload_length > WS_FRAME_MAX)
        return WSLAY_CODE_MESSAGE_TOO_BIG;
    ws->in_frame = true;
    ws->left = frame->payload_length;
    return 0;
}

/* The codes a peer may send (section 7.4, and what IANA has registered since: 1012 to 1014). */
static bool is_close_code(uint16_t code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != WSLAY_CODE_NO_STATUS_RCVD &&
            code != WSLAY_CODE_ABNORMAL_CLOSURE) ||
           (code >= 3000 && code <= 4999);
}

/* A close frame's words are UTF-8 (sections 5.5.1 and 8.1). */
static bool are_words(const struct ws *ws)
{
    char words[WS_REASON_MAX + 1];
    uint32_t point;
    ws_close_words(ws, words);
    for (size_t at = 0, n; at + 2 < ws->control_len; at += n) {
        n = rfb_text_next(words + at, &point);
        if (n == 0)
            return false;
    }
    return true;
}

/* What a close frame is to be answered with. */
static uint16_t end_close(const struct ws *ws)
{
    if (ws->control_len == 0)
        return WSLAY_CODE_NO_STATUS_RCVD;
    uint16_t code = ws->control_len >= 2 ? rfb_get_u16(ws->control) : 0;
    if (!is_close_code(code))
        return WSLAY_CODE_PROTOCOL_ERROR;
    return are_words(ws) ? code : WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA;
}

static uint16_t end_control(struct ws *ws, uint8_t opcode)
{
    if (opcode == WSLAY_PING) {
        memcpy(ws->pong, ws->control, ws->control_len);
        ws->pong_len = ws->control_len;
        ws->pong_due = true;
    } else if (opcode == WSLAY_PONG) {
        ws->pong_came = true;
    } else if (opcode == WSLAY_CONNECTION_CLOSE) {
        ws->peer_closed = true;
        return end_close(ws);
    }
    return 0;
}

const char *ws_reason(uint16_t code)
{
    switch (code) {
    case WSLAY_CODE_PROTOCOL_ERROR:
        return "WebSocket protocol error";
    case WSLAY_CODE_UNSUPPORTED_DATA:
        return "only binary messages are taken";
    case WSLAY_CODE_MESSAGE_TOO_BIG:
        return "the frame is too large";
    default:
        return "";
    }
}

static uint16_t take_piece(struct ws *ws, const struct wslay_frame_iocb *frame, ws_payload_fn fn,
                           void *owner)
{
    uint16_t code = ws->in_frame ? 0 : start_frame(ws, frame);
    if (code != 0)
        return code;
    bool control = wslay_is_ctrl_frame(frame->opcode);
    ws->left -= frame->data_length;
    if (control) {
        if (frame->data_length > sizeof ws->control - ws->control_len)
            return WSLAY_CODE_PROTOCOL_ERROR;
        memcpy(ws->control + ws->control_len, frame->data, frame->data_length);
        ws->control_len = (uint8_t)(ws->control_len + frame->data_length);
    } else if (frame->data_length != 0) {
        code = fn(owner, frame->data, frame->data_length);
    }
    if (code == 0 && ws->left == 0) {
        ws->in_frame = false;
        if (control)
            code = end_control(ws, frame->opcode);
    }
    return code;
}

uint16_t ws_feed(struct ws *ws, const uint8_t *data, size_t len, ws_payload_fn fn, void *owner)
{
    ws->in = data;
    ws->in_len = len;
    for (;;) {
        struct wslay_frame_iocb frame = {0};
        ssize_t n = wslay_frame_recv(ws->ctx, &frame);
        if (n == WSLAY_ERR_WANT_READ)
            return 0;
        if (n < 0)
            return WSLAY_CODE_PROTOCOL_ERROR;
        uint16_t code = take_piece(ws, &frame, fn, owner);
        if (code != 0)
            return code;
    }
}

const char *ws_close_words(const struct ws *ws, char words[WS_REASON_MAX + 1])
{
    size_t len = ws->peer_closed && ws->control_len > 2 ? ws->control_len - 2u : 0;
    if (len != 0)
        memcpy(words, ws->control + 2, len);
    words[len] = '\0';
    return words;
}
