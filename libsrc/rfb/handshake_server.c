/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a server of a viewer. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "rfb/err.h"
#include "rfb/handshake.h"

enum state {
    VERSION,          /* 12 bytes */
    TYPE,             /* U8 */
    VENCRYPT_VERSION, /* 2 bytes */
    SUBTYPE,          /* U32 */
    PLAIN_LENGTHS,    /* 2 times U32 */
    USERNAME,         /* text */
    PASSWORD,         /* text */
    RESPONSE,         /* 16 bytes */
    CHECKING,         /* nothing: the owner does */
    CLIENT_INIT,      /* U8 */
    DONE,
    FAILED,
};

enum { SUBTYPE_PLAIN = 256 };

static const char not_offered[] = "the viewer chose a security type that was not offered";

static void await(struct rfb_server_hs *hs, enum state state)
{
    hs->state = (int)state;
    hs->have = 0;
}

static int fail(struct rfb_server_hs *hs, int code, const char *why)
{
    hs->state = FAILED;
    hs->failure = code;
    snprintf(hs->reason, sizeof hs->reason, "%s", why);
    return code;
}

int rfb_server_hs_start(struct rfb_server_hs *hs, const struct rfb_server_offer *offer,
                        const char *refusal, struct rfb_buf *out)
{
    *hs = (struct rfb_server_hs){.state = VERSION, .offer = *offer};
    if (refusal != NULL)
        snprintf(hs->refusal, sizeof hs->refusal, "%s",
                 refusal[0] != '\0' ? refusal : "the connection was refused");
    return rfb_buf_put(out, "RFB 003.008\n", RFB_VERSION_LEN);
}

/* RFC 6143 7.1.2: no security type, then a reason. */
static int refuse(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    size_t n = strlen(hs->refusal), head = hs->minor == 3 ? 4 : 1;
    uint8_t *p;
    int rc = rfb_buf_reserve(out, head + 4 + n, &p);
    if (rc != RFB_OK)
        return rc;
    memset(p, 0, head);
    rfb_set_u32(p + head, (uint32_t)n);
    memcpy(p + head + 4, hs->refusal, n);
    rfb_buf_commit(out, head + 4 + n);
    return fail(hs, RFB_E_REFUSED, hs->refusal);
}

/* RFC 6143 7.1.2, from 3.7 on: the viewer chooses. */
static int put_types(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    const struct {
        bool offered;
        uint8_t type;
    } ways[] = {{hs->offer.plain, RFB_SEC_VENCRYPT},
                {hs->offer.vnc, RFB_SEC_VNC_AUTH},
                {hs->offer.none, RFB_SEC_NONE}};
    uint8_t list[1 + sizeof ways / sizeof ways[0]] = {0};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (ways[i].offered)
            list[++list[0]] = ways[i].type;
    await(hs, TYPE);
    return rfb_buf_put(out, list, 1 + (size_t)list[0]);
}

static int put_challenge(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    await(hs, RESPONSE);
    return rfb_buf_put(out, hs->offer.challenge, sizeof hs->offer.challenge);
}

/* 3.3: the server decides, and None has no result. */
static int decide(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    await(hs, CLIENT_INIT);
    int rc = rfb_buf_put_u32(out, hs->offer.none ? RFB_SEC_NONE : RFB_SEC_VNC_AUTH);
    return rc == RFB_OK && !hs->offer.none ? put_challenge(hs, out) : rc;
}

static int on_version(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    /* Only the versions a client may answer with (RFC 6143 7.1.1), and 3.4 to 3.6, which some old
     * viewers send and which mean 3.3. */
    static const struct {
        char text[RFB_VERSION_LEN + 1];
        int minor;
    } known[] = {
        {"RFB 003.008\n", 8}, {"RFB 003.007\n", 7}, {"RFB 003.003\n", 3},
        {"RFB 003.004\n", 3}, {"RFB 003.005\n", 3}, {"RFB 003.006\n", 3},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (memcmp(hs->in, known[i].text, RFB_VERSION_LEN) == 0)
            hs->minor = known[i].minor;
    if (hs->minor == 0)
        return fail(hs, RFB_E_INVALID,
                    "the viewer did not answer with RFB version 3.3, 3.7 or 3.8");
    if (hs->refusal[0] == '\0' && hs->minor == 3 && !hs->offer.none && !hs->offer.vnc)
        snprintf(hs->refusal, sizeof hs->refusal,
                 "the password here needs a viewer of RFB version 3.7 or 3.8");
    if (hs->refusal[0] != '\0')
        return refuse(hs, out);
    return hs->minor == 3 ? decide(hs, out) : put_types(hs, out);
}

static int on_type(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    switch (hs->in[0]) {
    case RFB_SEC_NONE:
        if (!hs->offer.none)
            break;
        await(hs, CLIENT_INIT);
        return hs->minor == 8 ? rfb_buf_put_u32(out, 0) : RFB_OK;
    case RFB_SEC_VNC_AUTH:
        if (!hs->offer.vnc)
            break;
        return put_challenge(hs, out);
    case RFB_SEC_VENCRYPT:
        if (!hs->offer.plain)
            break;
        await(hs, VENCRYPT_VERSION);
        return rfb_buf_put_u16(out, 0x0002);
    default:
        break;
    }
    return fail(hs, RFB_E_INVALID, not_offered);
}

/* ---- VeNCrypt (rfbproto, "VeNCrypt") ---- */

static int on_vencrypt_version(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    static const uint8_t subtypes[] = {0, 1, 0, 0, SUBTYPE_PLAIN >> 8, SUBTYPE_PLAIN & 0xff};
    if (hs->in[0] != 0 || hs->in[1] != 2) {
        int rc = rfb_buf_put_u8(out, 0xff);
        return rc != RFB_OK ? rc
                            : fail(hs, RFB_E_UNSUPPORTED, "the viewer does not speak VeNCrypt 0.2");
    }
    await(hs, SUBTYPE);
    return rfb_buf_put(out, subtypes, sizeof subtypes);
}

static int on_subtype(struct rfb_server_hs *hs)
{
    if (rfb_get_u32(hs->in) != SUBTYPE_PLAIN)
        return fail(hs, RFB_E_INVALID, not_offered);
    await(hs, PLAIN_LENGTHS);
    return RFB_OK;
}

static int check(struct rfb_server_hs *hs, enum rfb_auth auth)
{
    hs->auth = auth;
    await(hs, CHECKING);
    return RFB_HS_CHECK;
}

static int on_text_end(struct rfb_server_hs *hs)
{
    if (hs->state == USERNAME) {
        await(hs, PASSWORD);
        if (hs->password_len != 0)
            return RFB_OK;
    }
    return check(hs, RFB_AUTH_PLAIN);
}

static int on_plain_lengths(struct rfb_server_hs *hs)
{
    hs->username_len = rfb_get_u32(hs->in);
    hs->password_len = rfb_get_u32(hs->in + 4);
    if (hs->username_len > RFB_SECRET_MAX || hs->password_len > RFB_SECRET_MAX)
        return fail(hs, RFB_E_TOO_LARGE,
                    "the viewer's user name or password is longer than 1023 bytes");
    await(hs, USERNAME);
    return hs->username_len == 0 ? on_text_end(hs) : RFB_OK;
}

static int take_text(struct rfb_server_hs *hs, const uint8_t *data, size_t len, size_t *used)
{
    char *text = hs->state == USERNAME ? hs->username : hs->password;
    size_t whole = hs->state == USERNAME ? hs->username_len : hs->password_len;
    size_t n = len < whole - hs->have ? len : whole - hs->have;
    memcpy(text + hs->have, data, n);
    hs->have += n;
    *used += n;
    return hs->have == whole ? on_text_end(hs) : RFB_OK;
}

/* ---- the verdict ---- */

static void wipe_secrets(struct rfb_server_hs *hs)
{
    OPENSSL_cleanse(hs->username, sizeof hs->username);
    OPENSSL_cleanse(hs->password, sizeof hs->password);
    OPENSSL_cleanse(hs->response, sizeof hs->response);
    hs->username_len = hs->password_len = 0;
}

/* RFC 6143 7.1.3: the result, and in 3.8 why it is bad. */
static int put_failure(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    size_t n = strlen(hs->reason), len = hs->minor == 8 ? 8 + n : 4;
    uint8_t *p;
    int rc = rfb_buf_reserve(out, len, &p);
    if (rc != RFB_OK)
        return rc;
    rfb_set_u32(p, 1);
    if (hs->minor == 8) {
        rfb_set_u32(p + 4, (uint32_t)n);
        memcpy(p + 8, hs->reason, n);
    }
    rfb_buf_commit(out, len);
    return RFB_OK;
}

int rfb_server_hs_verdict(struct rfb_server_hs *hs, bool good, const char *words,
                          struct rfb_buf *out)
{
    if (hs->state != CHECKING)
        return RFB_E_INVALID;
    wipe_secrets(hs);
    if (!good)
        fail(hs, RFB_E_AUTH, words);
    int rc = good ? rfb_buf_put_u32(out, 0) : put_failure(hs, out);
    if (rc != RFB_OK)
        return fail(hs, rc, rfb_strerror(rc));
    if (good)
        await(hs, CLIENT_INIT);
    return good ? RFB_OK : RFB_E_AUTH;
}

void rfb_server_hs_wipe(struct rfb_server_hs *hs)
{
    OPENSSL_cleanse(hs, sizeof *hs);
    hs->state = FAILED;
    hs->failure = RFB_E_INVALID;
}

/* ---- bytes ---- */

/* How many bytes the state waits for; of a text 0. */
static size_t needed(const struct rfb_server_hs *hs)
{
    static const uint8_t sizes[] = {
        [VERSION] = RFB_VERSION_LEN, [TYPE] = 1,
        [VENCRYPT_VERSION] = 2,      [SUBTYPE] = 4,
        [PLAIN_LENGTHS] = 8,         [RESPONSE] = RFB_VNC_CHALLENGE,
        [CLIENT_INIT] = 1,           [FAILED] = 0,
    };
    return sizes[hs->state];
}

static int step(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    switch ((enum state)hs->state) {
    case VERSION:
        return on_version(hs, out);
    case TYPE:
        return on_type(hs, out);
    case VENCRYPT_VERSION:
        return on_vencrypt_version(hs, out);
    case SUBTYPE:
        return on_subtype(hs);
    case PLAIN_LENGTHS:
        return on_plain_lengths(hs);
    case RESPONSE:
        memcpy(hs->response, hs->in, sizeof hs->response);
        return check(hs, RFB_AUTH_VNC);
    case CLIENT_INIT:
        hs->shared = hs->in[0] != 0;
        hs->state = DONE;
        return 1;
    case USERNAME:
    case PASSWORD:
    case CHECKING:
    case DONE:
    case FAILED:
        break;
    }
    return RFB_E_INVALID;
}

/* With a byte at hand at least. */
static int advance(struct rfb_server_hs *hs, const uint8_t *data, size_t len, size_t *used,
                   struct rfb_buf *out)
{
    if (hs->state == CHECKING)
        return fail(hs, RFB_E_INVALID, "the viewer went on before its password was checked");
    if (hs->state == USERNAME || hs->state == PASSWORD)
        return take_text(hs, data + *used, len - *used, used);
    hs->in[hs->have++] = data[(*used)++];
    return hs->have == needed(hs) ? step(hs, out) : RFB_OK;
}

int rfb_server_hs_feed(struct rfb_server_hs *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out)
{
    *used = 0;
    if (hs->state == FAILED)
        return hs->failure;
    if (hs->state == DONE)
        return 1;
    while (*used < len) {
        int rc = advance(hs, data, len, used, out);
        if (rc < 0 && hs->state != FAILED)
            fail(hs, rc, rfb_strerror(rc));
        if (rc < 0)
            wipe_secrets(hs);
        if (rc != RFB_OK)
            return rc;
    }
    return RFB_OK;
}
