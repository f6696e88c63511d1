/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dial.h"

#include <stdio.h>

static void connect_next(struct dial *d);

static void report(struct dial *d, const char *doing, int error)
{
    if (!d->closing)
        d->done(d, doing, error);
}

/* ---- closing ---- */

static void finish_if_closed(struct dial *d)
{
    if (d->closing && !d->open && !d->resolving)
        d->closed(d);
}

static void on_closed(uv_handle_t *handle)
{
    struct dial *d = handle->data;
    d->open = false;
    finish_if_closed(d);
}

void dial_close(struct dial *d, dial_closed *closed)
{
    d->closing = true;
    d->closed = closed;
    if (d->resolving)
        uv_cancel((uv_req_t *)&d->resolve);
    if (d->open && !uv_is_closing(&d->to->handle)) /* or it lets go of a failed address already */
        uv_close(&d->to->handle, on_closed);
    else
        finish_if_closed(d);
}

void dial_finish(struct dial *d)
{
    if (d->found != NULL)
        uv_freeaddrinfo(d->found);
    d->found = d->next = NULL;
}

/* ---- connecting ---- */

static void on_attempt_closed(uv_handle_t *handle)
{
    struct dial *d = handle->data;
    d->open = false;
    if (d->closing)
        finish_if_closed(d);
    else
        connect_next(d);
}

static void on_connected(uv_connect_t *req, int status)
{
    struct dial *d = req->data;
    if (status < 0 && d->next != NULL && !d->closing)
        uv_close(&d->to->handle, on_attempt_closed);
    else
        report(d, status < 0 ? "connecting to" : NULL, status);
}

/* Tries the next address that the lookup found; there is one. 0 or a libuv error. */
static int try_next(struct dial *d)
{
    struct addrinfo *address = d->next;
    d->next = address->ai_next;
    int rc = uv_tcp_init(d->loop, &d->to->tcp);
    if (rc != 0)
        return rc;
    d->open = true;
    d->to->handle.data = d;
    return uv_tcp_connect(&d->connect, &d->to->tcp, address->ai_addr, on_connected);
}

static void connect_next(struct dial *d)
{
    int rc = try_next(d);
    if (rc != 0 && d->open && d->next != NULL)
        uv_close(&d->to->handle, on_attempt_closed);
    else if (rc != 0)
        report(d, "connecting to", rc);
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct dial *d = req->data;
    d->resolving = false;
    d->found = d->next = found;
    if (d->closing)
        finish_if_closed(d);
    else if (status < 0 || found == NULL)
        report(d, "looking up", status < 0 ? status : UV_EAI_NONAME);
    else
        connect_next(d);
}

int dial_begin(struct dial *d, uv_loop_t *loop, union dial_handle *to, const char *unix_path,
               const char *host, const char *port, dial_done *done, void *owner)
{
    *d = (struct dial){.loop = loop, .to = to, .done = done, .owner = owner};
    d->connect.data = d->resolve.data = d;
    if (unix_path != NULL) {
        int rc = uv_pipe_init(loop, &to->pipe, 0);
        if (rc != 0)
            return rc;
        d->open = true;
        to->handle.data = d;
        uv_pipe_connect(&d->connect, &to->pipe, unix_path, on_connected);
        return 0;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    /* an address needs no other thread to look it up */
    if (getaddrinfo(host, port, &hints, &d->found) == 0) {
        d->next = d->found;
        return try_next(d);
    }
    hints.ai_flags = AI_NUMERICSERV;
    int rc = uv_getaddrinfo(loop, &d->resolve, on_resolved, host, port, &hints);
    d->resolving = rc == 0;
    return rc;
}

void dial_describe(char *text, size_t size, const char *doing, const char *unix_path,
                   const char *host, const char *port, int error)
{
    if (unix_path != NULL)
        snprintf(text, size, "%s unix:%s: %s", doing, unix_path, uv_strerror(error));
    else
        snprintf(text, size, "%s tcp:%s:%s: %s", doing, host, port, uv_strerror(error));
}
