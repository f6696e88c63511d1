/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a client: a table of states, each with the bytes it waits for. */
#include <stdio.h>
#include <string.h>

#include "rfb/err.h"
#include "rfb/handshake.h"
#include "rfb/text.h"
#include "rfb/vncauth.h"

enum state {
    VERSION,          /* 12 bytes */
    TYPE_33,          /* U32: the server decides (version 3.3) */
    TYPE_COUNT,       /* U8 */
    TYPE_LIST,        /* count bytes, read one by one: at most 255, none of them kept */
    ASKING,           /* nothing: the owner looks for a user name or password */
    VENCRYPT_VERSION, /* 2 bytes */
    VENCRYPT_ACK,     /* U8 */
    SUBTYPE_COUNT,    /* U8 */
    SUBTYPE_LIST,     /* count times U32, read one by one */
    TLS_ACK,          /* U8 */
    STARTING_TLS,     /* nothing: the owner does */
    CHALLENGE,        /* 16 bytes */
    RESULT,           /* U32 */
    REASON_LEN,       /* U32 */
    REASON,           /* text */
    SERVER_INIT,      /* 24 bytes, the last 4 the name's length */
    NAME,             /* text */
    DONE,
    FAILED,
};

void rfb_client_hs_init(struct rfb_client_hs *hs)
{
    *hs =
        (struct rfb_client_hs){.state = VERSION, .need = RFB_VERSION_LEN, .allow = RFB_ALLOW_CLEAR};
}

static void await(struct rfb_client_hs *hs, enum state state, size_t need)
{
    hs->state = (int)state;
    hs->need = need;
    hs->have = 0;
}

static int fail(struct rfb_client_hs *hs, int code, const char *why)
{
    hs->state = FAILED;
    hs->failure = code;
    snprintf(hs->reason, sizeof hs->reason, "%s", why);
    return code;
}

static int on_version(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    const uint8_t *v = hs->in;
    static const char form[] = "RFB ddd.ddd\n";
    for (size_t i = 0; i < RFB_VERSION_LEN; i++) {
        bool digit = v[i] >= '0' && v[i] <= '9';
        if (form[i] == 'd' ? !digit : v[i] != (uint8_t)form[i])
            return fail(hs, RFB_E_INVALID,
                        "this is no VNC server: it does not begin with an RFB version");
    }
    int major = (v[4] - '0') * 100 + (v[5] - '0') * 10 + (v[6] - '0');
    int minor = (v[8] - '0') * 100 + (v[9] - '0') * 10 + (v[10] - '0');
    if (major < 3 || (major == 3 && minor < 3))
        return fail(hs, RFB_E_UNSUPPORTED, "the server's RFB version is older than 3.3");
    /* RFC 6143 7.1.1 and practice: 3.4 to 3.6 mean 3.3; newer ones (3.889, 4.x, 5.0) take 3.8 */
    hs->minor = major > 3 || minor >= 8 ? 8 : minor == 7 ? 7 : 3;
    char answer[RFB_VERSION_LEN + 1];
    snprintf(answer, sizeof answer, "RFB 003.00%d\n", hs->minor);
    await(hs, hs->minor == 3 ? TYPE_33 : TYPE_COUNT, hs->minor == 3 ? 4 : 1);
    return rfb_buf_put(out, answer, RFB_VERSION_LEN);
}

/* ---- which way in ---- */

static void note_offer(struct rfb_client_hs *hs, const char *label, uint32_t number)
{
    static const char cut[] = ", ...";
    char text[32];
    if (label != NULL)
        snprintf(text, sizeof text, "%s", label);
    else
        snprintf(text, sizeof text, "number %u", number);
    size_t len = strlen(hs->offered), room = RFB_OFFERED_MAX - len;
    if (len >= sizeof cut && strcmp(hs->offered + len - (sizeof cut - 1), cut) == 0)
        return;
    bool fits = strlen(text) + 2 + sizeof cut <= room;
    snprintf(hs->offered + len, room + 1, "%s%s", len == 0 ? "" : ", ", fits ? text : cut + 2);
}

/* Of two ways the one to take; what the owner does not allow is none. */
static const struct rfb_way *choose(const struct rfb_client_hs *hs, const struct rfb_way *way)
{
    if (way != NULL && (way->allow & hs->allow) == 0)
        way = NULL;
    return rfb_way_better(hs->way, way, hs->username != NULL, hs->password != NULL);
}

static int nothing_fits(struct rfb_client_hs *hs, const char *what)
{
    char why[RFB_REASON_MAX + 1];
    snprintf(why, sizeof why, "the server offers no %s that may be used here, only %s", what,
             hs->offered);
    return fail(hs, RFB_E_UNSUPPORTED, why);
}

static int send_client_init(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    await(hs, SERVER_INIT, 24);
    return rfb_buf_put_u8(out, hs->exclusive ? 0 : 1);
}

/* rfbproto, VeNCrypt's Plain: both lengths, then both texts. */
static int send_plain(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    size_t user = strlen(hs->username), password = strlen(hs->password);
    if (user > RFB_SECRET_MAX || password > RFB_SECRET_MAX)
        return fail(hs, RFB_E_TOO_LARGE, "the user name or password is longer than 1023 bytes");
    int rc = rfb_buf_put_u32(out, (uint32_t)user);
    if (rc == RFB_OK)
        rc = rfb_buf_put_u32(out, (uint32_t)password);
    if (rc == RFB_OK)
        rc = rfb_buf_put(out, hs->username, user);
    if (rc == RFB_OK)
        rc = rfb_buf_put(out, hs->password, password);
    await(hs, RESULT, 4);
    return rc;
}

/* The way is agreed on, and TLS is there where it belongs to it. */
static int authenticate(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    switch (hs->way->auth) {
    case RFB_AUTH_VNC:
        await(hs, CHALLENGE, RFB_VNC_CHALLENGE);
        return RFB_OK;
    case RFB_AUTH_PLAIN:
        return send_plain(hs, out);
    case RFB_AUTH_NONE:
        break;
    }
    /* RFC 6143 7.1.3: after the type None only in 3.8; VeNCrypt always has a result */
    if (hs->security_type == RFB_SEC_NONE && hs->minor != 8)
        return send_client_init(hs, out);
    await(hs, RESULT, 4);
    return RFB_OK;
}

/* 0 when all that the way takes is at hand. */
static uint8_t missing(const struct rfb_client_hs *hs)
{
    uint8_t bits = 0;
    if (hs->way->auth == RFB_AUTH_PLAIN && hs->username == NULL)
        bits |= RFB_WANT_USERNAME;
    if (hs->way->auth != RFB_AUTH_NONE && hs->password == NULL)
        bits |= RFB_WANT_PASSWORD;
    return bits;
}

/* Takes hs->way: with all that it needs at hand, the server is told so. */
static int take_way(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    hs->wanted = missing(hs);
    if (hs->wanted != 0 && hs->can_ask && !hs->asked) {
        hs->asked = true;
        await(hs, ASKING, 0);
        return RFB_HS_ASK;
    }
    if (hs->wanted & RFB_WANT_USERNAME)
        return fail(hs, RFB_E_AUTH, "the server wants a user name and none was given");
    if (hs->wanted & RFB_WANT_PASSWORD)
        return fail(hs, RFB_E_AUTH, "the server wants a password and none was given");
    int rc = RFB_OK;
    if (hs->security_type == RFB_SEC_VENCRYPT)
        rc = rfb_buf_put_u32(out, hs->way->number);
    else if (hs->minor != 3)
        rc = rfb_buf_put_u8(out, hs->security_type);
    if (rc != RFB_OK)
        return rc;
    if (!hs->way->tls)
        return authenticate(hs, out);
    await(hs, TLS_ACK, 1);
    return RFB_OK;
}

static int on_type_33(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    uint32_t type = rfb_get_u32(hs->in);
    if (type == RFB_SEC_INVALID) {
        hs->failure = RFB_E_REFUSED;
        await(hs, REASON_LEN, 4);
        return RFB_OK;
    }
    note_offer(hs, rfb_security_label(type), type);
    hs->way = choose(hs, rfb_way_of_type(type));
    if (hs->way == NULL)
        return nothing_fits(hs, "security type");
    hs->security_type = (uint8_t)type;
    return take_way(hs, out);
}

static int on_type_count(struct rfb_client_hs *hs)
{
    hs->left = hs->in[0];
    if (hs->left == 0) {
        hs->failure = RFB_E_REFUSED;
        await(hs, REASON_LEN, 4);
    } else {
        await(hs, TYPE_LIST, 1);
    }
    return RFB_OK;
}

/* Who gave a user name wants Plain, and that is to be had in VeNCrypt alone; so is TLS. */
static bool goes_for_vencrypt(const struct rfb_client_hs *hs)
{
    bool wanted = hs->username != NULL || hs->way == NULL;
    return hs->offers_vencrypt && (hs->allow & ~RFB_ALLOW_CLEAR) != 0 && wanted;
}

static int on_type(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    uint8_t type = hs->in[0];
    note_offer(hs, rfb_security_label(type), type);
    hs->way = choose(hs, rfb_way_of_type(type));
    if (type == RFB_SEC_VENCRYPT)
        hs->offers_vencrypt = true;
    await(hs, TYPE_LIST, 1);
    if (--hs->left != 0)
        return RFB_OK;
    if (goes_for_vencrypt(hs)) {
        hs->security_type = RFB_SEC_VENCRYPT;
        hs->way = NULL;
        await(hs, VENCRYPT_VERSION, 2);
        return rfb_buf_put_u8(out, RFB_SEC_VENCRYPT);
    }
    if (hs->way == NULL)
        return nothing_fits(hs, "security type");
    hs->security_type = (uint8_t)hs->way->number;
    return take_way(hs, out);
}

/* ---- VeNCrypt (rfbproto, "VeNCrypt") ---- */

static int on_vencrypt_version(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    if (hs->in[0] == 0 && hs->in[1] < 2)
        return fail(hs, RFB_E_UNSUPPORTED, "the server's VeNCrypt is older than 0.2");
    await(hs, VENCRYPT_ACK, 1);
    return rfb_buf_put_u16(out, 0x0002);
}

static int on_vencrypt_ack(struct rfb_client_hs *hs)
{
    if (hs->in[0] != 0)
        return fail(hs, RFB_E_UNSUPPORTED, "the server does not speak VeNCrypt 0.2");
    await(hs, SUBTYPE_COUNT, 1);
    return RFB_OK;
}

static int on_subtype_count(struct rfb_client_hs *hs)
{
    hs->left = hs->in[0];
    hs->offered[0] = '\0';
    if (hs->left == 0)
        return fail(hs, RFB_E_UNSUPPORTED, "the server offers no way in inside VeNCrypt");
    await(hs, SUBTYPE_LIST, 4);
    return RFB_OK;
}

static int on_subtype(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    uint32_t number = rfb_get_u32(hs->in);
    const struct rfb_way *way = rfb_way_of_subtype(number);
    note_offer(hs, way != NULL ? way->label : NULL, number);
    hs->way = choose(hs, way);
    await(hs, SUBTYPE_LIST, 4);
    if (--hs->left != 0)
        return RFB_OK;
    if (hs->way == NULL)
        return nothing_fits(hs, "type of VeNCrypt");
    return take_way(hs, out);
}

static int on_tls_ack(struct rfb_client_hs *hs)
{
    if (hs->in[0] == 0)
        return fail(hs, RFB_E_REFUSED, "the server cannot start TLS");
    if (hs->in[0] != 1)
        return fail(hs, RFB_E_INVALID, "the server did not agree on TLS");
    await(hs, STARTING_TLS, 0);
    return RFB_HS_START_TLS;
}

/* ---- who we are, and what the server thinks of it ---- */

static int on_challenge(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    uint8_t answer[RFB_VNC_CHALLENGE];
    int rc = rfb_vncauth_answer(hs->password, hs->in, answer);
    if (rc != RFB_OK)
        return fail(hs, rc, "VncAuth's cipher (DES) is not available in this OpenSSL");
    await(hs, RESULT, 4);
    return rfb_buf_put(out, answer, sizeof answer);
}

static int on_result(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    uint32_t result = rfb_get_u32(hs->in);
    if (result == 0)
        return send_client_init(hs, out);
    if (result > 2)
        return fail(hs, RFB_E_INVALID, "the server sent an unknown security result");
    /* 2 is "too many attempts" (rfbproto); nobody answers None with a wrong password */
    bool password = hs->way->auth != RFB_AUTH_NONE;
    int code = result == 2 ? RFB_E_TOO_MANY : password ? RFB_E_AUTH : RFB_E_REFUSED;
    if (hs->minor != 8)
        return fail(hs, code,
                    result == 2 ? "the server has seen too many failed tries"
                    : password  ? "the server did not accept the password"
                                : "the server refused the connection");
    hs->failure = code;
    await(hs, REASON_LEN, 4);
    return RFB_OK;
}

/* Servers refuse with words alone whom they lock out: "Too many security failures" and "Too many
 * authentication failures" (TigerVNC), "too many tries". Too many viewers is another matter. */
static bool tells_of_tries(const char *reason)
{
    static const char *const what[] = {"failure", "attempt", "tries"};
    if (strcasestr(reason, "too many") == NULL)
        return false;
    for (size_t i = 0; i < sizeof what / sizeof what[0]; i++)
        if (strcasestr(reason, what[i]) != NULL)
            return true;
    return false;
}

static int on_text_end(struct rfb_client_hs *hs)
{
    if (hs->state == NAME) {
        hs->init.name[hs->text_len] = '\0';
        hs->init.name_len = hs->text_len;
        hs->state = DONE;
        return 1;
    }
    hs->reason[hs->text_len] = '\0';
    rfb_text_make_printable(hs->reason);
    if (hs->reason[0] == '\0')
        return fail(hs, hs->failure, "the server refused and gave no reason");
    if (tells_of_tries(hs->reason))
        hs->failure = RFB_E_TOO_MANY;
    hs->state = FAILED;
    return hs->failure;
}

static int begin_text(struct rfb_client_hs *hs, enum state state, uint32_t len, uint32_t limit)
{
    if (len > limit)
        return fail(hs, RFB_E_TOO_LARGE,
                    state == NAME ? "the server's desktop name is longer than 4096 bytes"
                                  : "the server's reason is longer than 4096 bytes");
    hs->left = len;
    hs->text_len = 0;
    await(hs, state, 0);
    return len == 0 ? on_text_end(hs) : RFB_OK;
}

static int on_server_init(struct rfb_client_hs *hs)
{
    struct rfb_server_init *init = &hs->init;
    init->width = rfb_get_u16(hs->in);
    init->height = rfb_get_u16(hs->in + 2);
    int rc = rfb_check_size(init->width, init->height);
    if (rc != RFB_OK)
        return fail(hs, rc,
                    "the server's framebuffer is empty or above 16384 a side or 2^26 pixels");
    if (rfb_msg_get_pixel_format(hs->in + 4, &init->format) != RFB_OK)
        return fail(hs, RFB_E_INVALID, "the server's pixel format is impossible");
    return begin_text(hs, NAME, rfb_get_u32(hs->in + 20), RFB_NAME_MAX);
}

/* Called with the bytes the state waited for in hs->in. */
static int step(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    switch ((enum state)hs->state) {
    case VERSION:
        return on_version(hs, out);
    case TYPE_33:
        return on_type_33(hs, out);
    case TYPE_COUNT:
        return on_type_count(hs);
    case TYPE_LIST:
        return on_type(hs, out);
    case VENCRYPT_VERSION:
        return on_vencrypt_version(hs, out);
    case VENCRYPT_ACK:
        return on_vencrypt_ack(hs);
    case SUBTYPE_COUNT:
        return on_subtype_count(hs);
    case SUBTYPE_LIST:
        return on_subtype(hs, out);
    case TLS_ACK:
        return on_tls_ack(hs);
    case CHALLENGE:
        return on_challenge(hs, out);
    case RESULT:
        return on_result(hs, out);
    case REASON_LEN:
        return begin_text(hs, REASON, rfb_get_u32(hs->in), RFB_REASON_LIMIT);
    case SERVER_INIT:
        return on_server_init(hs);
    case ASKING:
        return take_way(hs, out);
    case STARTING_TLS:
        return authenticate(hs, out);
    case REASON:
    case NAME:
    case DONE:
    case FAILED:
        break;
    }
    return RFB_E_INVALID;
}

/* Keeps what fits of a text and lets the rest pass. */
static int take_text(struct rfb_client_hs *hs, const uint8_t *data, size_t len, size_t *used)
{
    char *text = hs->state == NAME ? hs->init.name : hs->reason;
    size_t max = hs->state == NAME ? RFB_NAME_MAX : RFB_REASON_MAX;
    size_t n = len < hs->left ? len : hs->left;
    size_t keep = n < max - hs->text_len ? n : max - hs->text_len;
    if (keep != 0)
        memcpy(text + hs->text_len, data, keep);
    hs->text_len += keep;
    hs->left -= (uint32_t)n;
    *used += n;
    return hs->left == 0 ? on_text_end(hs) : RFB_OK;
}

size_t rfb_client_hs_wants(const struct rfb_client_hs *hs)
{
    switch ((enum state)hs->state) {
    case NAME:
    case REASON:
    case TYPE_LIST:
        return hs->left;
    case SUBTYPE_LIST:
        return hs->left * 4 - hs->have;
    default:
        return hs->need - hs->have;
    }
}

/* One step, with at least a byte at hand or in a state that takes none. */
static int advance(struct rfb_client_hs *hs, const uint8_t *data, size_t len, size_t *used,
                   struct rfb_buf *out)
{
    if (hs->state == NAME || hs->state == REASON)
        return take_text(hs, data + *used, len - *used, used);
    if (hs->need != 0)
        hs->in[hs->have++] = data[(*used)++];
    return hs->have == hs->need ? step(hs, out) : RFB_OK;
}

int rfb_client_hs_feed(struct rfb_client_hs *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out)
{
    *used = 0;
    if (hs->state == FAILED)
        return hs->failure;
    if (hs->state == DONE)
        return RFB_HS_DONE;
    while (*used < len || hs->state == ASKING || hs->state == STARTING_TLS) {
        int rc = advance(hs, data, len, used, out);
        if (rc < 0 && hs->state != FAILED)
            return fail(hs, rc, rfb_strerror(rc));
        if (rc != RFB_OK)
            return rc;
    }
    return RFB_HS_MORE;
}
