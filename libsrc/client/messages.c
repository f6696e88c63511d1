/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/messages.h"

#include "client/clipboard.h"
#include "client/requests.h"

static int not_asked_for(const char *what, ph_error *error)
{
    return error_set(error, PH_E_PROTOCOL, "the server sent %s, which was not asked for", what);
}

/* RFC 6143 section 7.6.3 */
static int on_bell(struct ph_client *c, const uint8_t *wire, size_t len, ph_error *error)
{
    (void)wire, (void)len, (void)error;
    pthread_mutex_lock(&c->lock);
    c->bells++;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return PH_OK;
}

/* rfbproto, ServerFence: type, 3 bytes of padding, U32 flags, U8 length, payload */
static int on_fence(struct ph_client *c, const uint8_t *wire, size_t len, ph_error *error)
{
    (void)len;
    if (!requests_listed(c, RFB_ENC_FENCE))
        return not_asked_for("a fence", error);
    return requests_fence(c, rfb_get_u32(wire + 4), wire + 9, wire[8], error);
}

static int on_end_of_continuous(struct ph_client *c, const uint8_t *wire, size_t len,
                                ph_error *error)
{
    (void)wire, (void)len;
    if (!requests_listed(c, RFB_ENC_CONTINUOUS_UPDATES))
        return not_asked_for("the end of continuous updates", error);
    return requests_end_of_continuous(c, error);
}

static const struct {
    uint8_t type;
    message_handler *handle;
} handlers[] = {
    {RFB_S2C_BELL, on_bell},
    {RFB_S2C_CUT_TEXT, clipboard_received},
    {RFB_S2C_FENCE, on_fence},
    {RFB_S2C_END_OF_CONTINUOUS_UPDATES, on_end_of_continuous},
};

message_handler *messages_find(uint8_t type)
{
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (handlers[i].type == type)
            return handlers[i].handle;
    return NULL;
}

int ph_bell_wait(ph_client *client, uint64_t after, const ph_limit *limit, uint64_t *count,
                 ph_error *error)
{
    struct wait w;
    int rc = PH_OK;
    wait_begin(&w, limit, &client->lock, &client->changed);
    pthread_mutex_lock(&client->lock);
    while (client->bells <= after && rc == PH_OK)
        rc = client_sleep(client, &w, -1);
    rc = client->bells > after ? PH_OK : client_explain(client, rc, "the bell", error);
    *count = client->bells;
    pthread_mutex_unlock(&client->lock);
    wait_end(&w);
    return rc;
}
