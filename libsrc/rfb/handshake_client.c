/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a client: a table of states, each with the bytes it waits for. */
#include <stdio.h>
#include <string.h>

#include "rfb/err.h"
#include "rfb/handshake.h"
#include "rfb/text.h"
#include "rfb/vncauth.h"

enum state {
    VERSION,     /* 12 bytes */
    TYPE_33,     /* U32: the server decides (version 3.3) */
    TYPE_COUNT,  /* U8 */
    TYPE_LIST,   /* count bytes, read one by one: at most 255, none of them kept */
    CHALLENGE,   /* 16 bytes */
    RESULT,      /* U32 */
    REASON_LEN,  /* U32 */
    REASON,      /* text */
    SERVER_INIT, /* 24 bytes, the last 4 the name's length */
    NAME,        /* text */
    DONE,
    FAILED,
};

void rfb_client_hs_init(struct rfb_client_hs *hs)
{
    *hs = (struct rfb_client_hs){.state = VERSION, .need = RFB_VERSION_LEN};
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

/* With a password at hand VncAuth goes before None: the owner expects it to be asked for. */
static bool better(const struct rfb_client_hs *hs, uint8_t type)
{
    if (type == RFB_SEC_VNC_AUTH)
        return hs->security_type == 0 || hs->password != NULL;
    if (type == RFB_SEC_NONE)
        return hs->security_type == 0 || hs->password == NULL;
    return false;
}

static int send_client_init(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    await(hs, SERVER_INIT, 24);
    return rfb_buf_put_u8(out, hs->exclusive ? 0 : 1);
}

static int begin_security(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    if (hs->security_type == 0)
        return fail(hs, RFB_E_UNSUPPORTED,
                    "the server offers neither the security type None nor VncAuth");
    if (hs->security_type == RFB_SEC_VNC_AUTH && hs->password == NULL)
        return fail(hs, RFB_E_AUTH, "the server wants a password and none was given");
    if (hs->minor != 3) {
        int rc = rfb_buf_put_u8(out, hs->security_type);
        if (rc != RFB_OK)
            return rc;
    }
    if (hs->security_type == RFB_SEC_VNC_AUTH)
        await(hs, CHALLENGE, RFB_VNC_CHALLENGE);
    else if (hs->minor == 8)
        await(hs, RESULT, 4); /* RFC 6143 7.1.3: after None only in 3.8 */
    else
        return send_client_init(hs, out);
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
    hs->security_type = type == RFB_SEC_NONE || type == RFB_SEC_VNC_AUTH ? (uint8_t)type : 0;
    return begin_security(hs, out);
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

static int on_type(struct rfb_client_hs *hs, struct rfb_buf *out)
{
    if (better(hs, hs->in[0]))
        hs->security_type = hs->in[0];
    await(hs, TYPE_LIST, 1);
    return --hs->left == 0 ? begin_security(hs, out) : RFB_OK;
}

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
    bool password = hs->security_type == RFB_SEC_VNC_AUTH;
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
    case CHALLENGE:
        return on_challenge(hs, out);
    case RESULT:
        return on_result(hs, out);
    case REASON_LEN:
        return begin_text(hs, REASON, rfb_get_u32(hs->in), RFB_REASON_LIMIT);
    case SERVER_INIT:
        return on_server_init(hs);
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

int rfb_client_hs_feed(struct rfb_client_hs *hs, const uint8_t *data, size_t len, size_t *used,
                       struct rfb_buf *out)
{
    *used = 0;
    if (hs->state == FAILED)
        return hs->failure;
    if (hs->state == DONE)
        return 1;
    while (*used < len) {
        int rc;
        if (hs->state == NAME || hs->state == REASON) {
            rc = take_text(hs, data + *used, len - *used, used);
        } else {
            hs->in[hs->have++] = data[(*used)++];
            rc = hs->have == hs->need ? step(hs, out) : RFB_OK;
        }
        if (rc < 0 && hs->state != FAILED)
            return fail(hs, rc, rfb_strerror(rc));
        if (rc != RFB_OK)
            return rc;
    }
    return RFB_OK;
}
