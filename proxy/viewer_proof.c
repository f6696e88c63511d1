/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer whose stream has a password: it is asked for it in the RFB handshake, before it counts
 * as a viewer and before anything upstream is opened. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfb/err.h"
#include "viewer_private.h"

enum { TURN_MS = 30000 /* for all the passwords before this one to be checked */ };

static void broke(struct viewer *v)
{
    viewer_drop(v, ENDING_BROKEN, "the viewer does not read");
}

void viewer_ask_password(struct viewer *v)
{
    const struct config_stream *s = v->candidate->config;
    struct rfb_server_offer offer = {.plain = s->password[0] != '\0',
                                     .vnc = s->vnc_password[0] != '\0'};
    struct rfb_buf out;
    rfb_buf_init(&out, RFB_VERSION_LEN);
    viewer_set_state(v, VIEWER_PROVING);
    /* people may have to look for it, and stock noVNC asks them in the midst of the handshake */
    viewer_arm(v, VIEWER_HTTP_TIMEOUTS * v->service->config->handshake_timeout * 1000ULL, 0);
    v->hs = malloc(sizeof *v->hs);
    if (v->hs == NULL || RAND_bytes(offer.challenge, sizeof offer.challenge) != 1)
        viewer_drop(v, ENDING_NO_MEMORY, "out of memory");
    else if (rfb_server_hs_start(v->hs, &offer, NULL, &out) != 0 || viewer_send(v, &out) != 0)
        broke(v);
    rfb_buf_finish(&out);
}

/* Ends with a close frame, behind what the RFB handshake has said. */
static void refuse(struct viewer *v, uint16_t code, const char *words)
{
    struct rfb_buf out;
    rfb_buf_init(&out, RFB_SERVER_HS_OUT);
    if (rfb_server_hs_verdict(v->hs, false, words, &out) != RFB_E_AUTH || viewer_send(v, &out) != 0)
        broke(v);
    else
        viewer_leave(v, code, words, ENDING_NONE, "refused");
    rfb_buf_finish(&out);
}

static unsigned free_attempts(const struct viewer *v)
{
    return v->service->config->failed_attempts;
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000; /* one clock for all loops */
}

static void let_in(struct viewer *v)
{
    static const struct {
        const char *alone, *beside_token;
    } words[] = {[RFB_AUTH_PLAIN] = {"password", "token+password"},
                 [RFB_AUTH_VNC] = {"vnc_password", "token+vnc_password"}};
    bool token = v->candidate->config->token_count != 0;
    struct rfb_buf out;
    v->auth = token ? words[v->hs->auth].beside_token : words[v->hs->auth].alone;
    rfb_buf_init(&out, RFB_SERVER_HS_OUT);
    backoff_refund(v->env->backoff, &v->address, v->candidate->config->name, free_attempts(v),
                   now_ms());
    if (rfb_server_hs_verdict(v->hs, true, "", &out) != RFB_OK || viewer_send(v, &out) != 0)
        broke(v);
    else
        viewer_enter(v);
    rfb_buf_finish(&out);
}

/* right: as password_matches. */
static void judge(struct viewer *v, int right)
{
    if (right == 1) {
        let_in(v);
    } else if (right == 0) {
        viewer_refused(v, REFUSAL_WRONG_PASSWORD, NULL);
        refuse(v, WS_CLOSE_INVALID, "the password is wrong");
    } else {
        viewer_refused(v, REFUSAL_NO_MEMORY, NULL);
        refuse(v, WSLAY_CODE_INTERNAL_SERVER_ERROR, "the password cannot be checked at the moment");
    }
}

static void on_checked(void *owner, int right)
{
    struct viewer *v = owner;
    v->check = NULL;
    if (v->state == VIEWER_CHECKING)
        judge(v, right);
    else
        viewer_free_if_closed(v);
}

void viewer_check_password(struct viewer *v)
{
    if (!check_take_turn())
        return;
    viewer_stop_waiting(v);
    v->check = check_start(v->env->loop, v->env->streams, v->candidate->config->password,
                           v->hs->password, v->hs->password_len, on_checked, v);
    if (v->check == NULL)
        judge(v, -1);
}

/* True: now. Else it has been refused, or comes back here when its delay is over. */
static bool may_be_checked(struct viewer *v)
{
    if (v->charged)
        return true;
    uint64_t delay, wait = backoff_charge(v->env->backoff, &v->address, v->candidate->config->name,
                                          free_attempts(v), now_ms(), &delay);
    if (wait != 0) {
        char words[WS_REASON_MAX];
        snprintf(words, sizeof words,
                 "too many failed attempts from your address; try again in %u seconds",
                 (unsigned)((wait + 999) / 1000));
        viewer_refused(v, REFUSAL_MUST_WAIT, NULL);
        refuse(v, WS_CLOSE_TRY_LATER, words);
        return false;
    }
    v->charged = true;
    if (delay != 0)
        viewer_arm(v, delay, 0);
    return delay == 0;
}

static void begin_check(struct viewer *v)
{
    const struct rfb_server_hs *hs = v->hs;
    if (!may_be_checked(v))
        return;
    if (hs->auth == RFB_AUTH_VNC) {
        judge(v, rfb_vncauth_check(v->candidate->config->vnc_password, hs->offer.challenge,
                                   hs->response));
    } else {
        viewer_arm(v, TURN_MS, 0);
        viewer_await_turn(v);
    }
}

uint16_t viewer_feed_proof(struct viewer *v, const uint8_t *data, size_t len)
{
    struct rfb_buf out;
    size_t used;
    uint16_t code = 0;
    rfb_buf_init(&out, RFB_SERVER_HS_OUT);
    int rc = rfb_server_hs_feed(v->hs, data, len, &used, &out);
    if (viewer_send(v, &out) != 0) {
        code = WSLAY_CODE_INTERNAL_SERVER_ERROR;
    } else if (rc == RFB_E_REFUSED) { /* RFB 3.3 where it has no way to ask */
        snprintf(v->reason, sizeof v->reason, "%.100s", v->hs->reason);
        code = WSLAY_CODE_POLICY_VIOLATION;
    } else if (rc < 0) {
        snprintf(v->reason, sizeof v->reason, "RFB handshake: %.100s", v->hs->reason);
        code = WSLAY_CODE_PROTOCOL_ERROR;
    } else if (used != len) {
        snprintf(v->reason, sizeof v->reason, "RFB handshake: the viewer did not wait for %s",
                 rc == RFB_HS_CHECK ? "its password to be checked" : "ServerInit");
        code = WSLAY_CODE_PROTOCOL_ERROR;
    } else if (rc == RFB_HS_CHECK) {
        /* not from inside this event: what comes of it may end the connection */
        viewer_set_state(v, VIEWER_CHECKING);
        viewer_arm(v, 0, 0);
    }
    rfb_buf_finish(&out);
    return code;
}

void viewer_proof_timeout(struct viewer *v)
{
    if (v->state == VIEWER_PROVING) {
        viewer_refused(v, REFUSAL_SLOW, "no password in time");
        viewer_leave(v, WSLAY_CODE_POLICY_VIOLATION, "no password came in time", ENDING_NONE,
                     "no password in time");
    } else if (v->waiting) {
        viewer_refused(v, REFUSAL_SLOW, "too many passwords to check");
        refuse(v, WS_CLOSE_TRY_LATER, "too many passwords are being checked; try again later");
    } else if (v->check == NULL) {
        begin_check(v);
    }
}
