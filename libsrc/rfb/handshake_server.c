/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a server of a viewer. */
#include <stdio.h>
#include <string.h>

#include "rfb/err.h"
#include "rfb/handshake.h"

enum state { VERSION, TYPE, CLIENT_INIT, DONE, FAILED };

static int fail(struct rfb_server_hs *hs, int code, const char *why)
{
    hs->state = FAILED;
    hs->failure = code;
    snprintf(hs->reason, sizeof hs->reason, "%s", why);
    return code;
}

int rfb_server_hs_start(struct rfb_server_hs *hs, const char *refusal, struct rfb_buf *out)
{
    *hs = (struct rfb_server_hs){.state = VERSION};
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
    if (hs->refusal[0] != '\0')
        return refuse(hs, out);
    hs->have = 0;
    if (hs->minor == 3) {
        hs->state = CLIENT_INIT; /* 3.3: the server decides, and None has no result */
        return rfb_buf_put_u32(out, RFB_SEC_NONE);
    }
    static const uint8_t offer[] = {1, RFB_SEC_NONE};
    hs->state = TYPE;
    return rfb_buf_put(out, offer, sizeof offer);
}

static int on_type(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    if (hs->in[0] != RFB_SEC_NONE)
        return fail(hs, RFB_E_INVALID, "the viewer chose a security type that was not offered");
    hs->state = CLIENT_INIT;
    hs->have = 0;
    return hs->minor == 8 ? rfb_buf_put_u32(out, 0) : RFB_OK;
}

static int step(struct rfb_server_hs *hs, struct rfb_buf *out)
{
    switch ((enum state)hs->state) {
    case VERSION:
        return on_version(hs, out);
    case TYPE:
        return on_type(hs, out);
    case CLIENT_INIT:
        hs->shared = hs->in[0] != 0;
        hs->state = DONE;
        return 1;
    case DONE:
    case FAILED:
        break;
    }
    return RFB_E_INVALID;
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
        size_t need = hs->state == VERSION ? RFB_VERSION_LEN : 1;
        hs->in[hs->have++] = data[(*used)++];
        if (hs->have < need)
            continue;
        int rc = step(hs, out);
        if (rc < 0 && hs->state != FAILED)
            return fail(hs, rc, rfb_strerror(rc));
        if (rc != RFB_OK)
            return rc;
    }
    return RFB_OK;
}
