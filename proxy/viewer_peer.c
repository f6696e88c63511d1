/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose connection it is: TCP's peer, unless that is a proxy whose word counts. Then it is whom the
 * proxy names, in front of the connection (PROXY protocol) or of each request (X-Forwarded-For). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "viewer_private.h"

enum { COMPLAINT_MS = 60000 };

static void set_address(struct viewer *v, const struct sockaddr_storage *address)
{
    v->address = *address;
    address_text(address, v->peer);
}

static bool is_trusted(const struct viewer *v)
{
    const struct config *config = v->service->config;
    return networks_have(config->proxies, config->proxy_count, &v->origin);
}

int viewer_name_peer(struct viewer *v)
{
    int len = sizeof v->origin;
    snprintf(v->peer, sizeof v->peer, "?");
    if (uv_tcp_getpeername(&v->conn.tcp, (struct sockaddr *)&v->origin, &len) != 0)
        return -1;
    address_unmap(&v->origin);
    set_address(v, &v->origin);
    v->forwards = is_trusted(v);
    if (!v->forwards || !v->service->config->proxy_protocol)
        return 0;
    v->prelude = calloc(1, sizeof *v->prelude);
    return v->prelude != NULL ? 1 : -1;
}

int viewer_take_prelude(struct tls_conn *c, const uint8_t *data, size_t len, size_t *used)
{
    struct viewer *v = viewer_of(c);
    const char *why = "";
    int rc = proxy_protocol_feed(v->prelude, data, len, used, &why);
    if (rc == 0)
        return 0;
    if (rc == 1 && v->prelude->known) {
        v->origin = v->prelude->source;
        address_unmap(&v->origin);
        set_address(v, &v->origin);
    }
    /* a proxy that cannot tell who its client is passes on whatever header that sends */
    v->forwards = rc == 1 && v->prelude->known && is_trusted(v);
    free(v->prelude);
    v->prelude = NULL;
    if (rc == 1)
        return 1;
    viewer_refused(v, REFUSAL_PROXY, why);
    viewer_drop(v, ENDING_NONE, why);
    return -1;
}

/* A header that a trusted proxy should not have sent; whoever caused it may cause many. */
static void complain(struct viewer *v, const char *bad, size_t len)
{
    char element[64];
    uint64_t now = uv_now(v->env->loop);
    if (now < v->env->next_complaint)
        return;
    v->env->next_complaint = now + COMPLAINT_MS;
    snprintf(element, sizeof element, "%.*s",
             (int)(len < sizeof element ? len : sizeof element - 1), bad);
    log_event(LOG_LEVEL_WARN, "forwarded_ignored", LOG_TEXT("peer", v->peer),
              LOG_TEXT("element", element),
              LOG_TEXT("detail", "X-Forwarded-For of a trusted proxy has no address there"));
}

void viewer_name_client(struct viewer *v)
{
    const struct config *config = v->service->config;
    const char *list = v->head->headers[HTTP_H_FORWARDED_FOR], *bad;
    struct sockaddr_storage client = v->origin;
    size_t bad_len;
    if (!v->forwards)
        return;
    set_address(v, &v->origin); /* one connection of a proxy may bring many clients' requests */
    if (list != NULL &&
        forwarded_walk(list, config->proxies, config->proxy_count, &client, &bad, &bad_len) != 0)
        complain(v, bad, bad_len);
    else
        set_address(v, &client);
}
