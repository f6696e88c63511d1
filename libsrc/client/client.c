/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connection's life as callers see it: connect, look, wait, close. */
#include "client/client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/cursor.h"
#include "client/decoder.h"
#include "rfb/skim.h"
#include "rfb/text.h"

enum { END_MS = 50 }; /* for the thread to notice that it is to end */

/* ---- what is asked for ---- */

static int unknown_encoding(ph_error *error, const char *name, size_t len)
{
    return error_set(error, PH_E_ARGUMENT,
                     "unknown encoding '%.*s'; known are raw, copyrect, rre, corre, hextile, zlib, "
                     "tight and zrle",
                     (int)len, name);
}

static int parse_encodings(struct ph_client *c, const char *names, ph_error *error)
{
    for (const char *at = names;; at++) {
        size_t len = strcspn(at, ","), i = 0;
        const struct rfb_encoding *e;
        while ((e = rfb_encoding_at(i)) != NULL &&
               (strlen(e->name) != len || strncmp(e->name, at, len) != 0))
            i++;
        if (e == NULL || !decoder_knows(e->number))
            return unknown_encoding(error, at, len);
        if (c->encoding_count == CLIENT_ENCODINGS_MAX)
            return error_set(error, PH_E_ARGUMENT, "more than %d encodings", CLIENT_ENCODINGS_MAX);
        c->encodings[c->encoding_count++] = e->number;
        at += len;
        if (*at == '\0')
            return PH_OK;
    }
}

/* Plain pixels cost less than a codec where bytes do not leave the machine. TigerVNC compresses as
 * soon as it may, so there nothing else is offered. CopyRect is left to those who ask for it:
 * TigerVNC (1.12 to 1.15) takes a scroll around a window for several copies that follow each other
 * (vncAddCopied, SimpleUpdateTracker::add_copied) and leaves wrong pixels behind. */
static const char *default_encodings(const struct net_target *target, int jpeg_quality)
{
    return net_target_is_local(target) && jpeg_quality == 0 ? "raw" : "tight,zrle,hextile,raw";
}

static int take_options(struct ph_client *c, const ph_options *options, ph_error *error)
{
    static const ph_options defaults = PH_OPTIONS_INIT;
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_options of an unknown size: begin with PH_OPTIONS_INIT");
    const char *names = options->encodings != NULL
                            ? options->encodings
                            : default_encodings(&c->target, options->jpeg_quality);
    int rc = parse_encodings(c, names, error);
    if (rc != PH_OK)
        return rc;
    if (options->jpeg_quality < 0 || options->jpeg_quality > 10)
        return error_set(error, PH_E_ARGUMENT, "JPEG quality %d: it is 1 to 10, or 0 for none",
                         options->jpeg_quality);
    c->jpeg_quality = options->jpeg_quality;
    c->input_only = options->input_only != 0;
    return login_init(&c->login, options, error);
}

/* ---- life ---- */

static void client_free(struct ph_client *c)
{
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    if (c->given_fd >= 0)
        close(c->given_fd);
    login_finish(&c->login);
    screen_destroy(c->screen);
    cursor_shape_unref(c->cursor);
    rfb_buf_finish(&c->out);
    clipboard_finish(&c->clipboard);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void client_unref(struct ph_client *c)
{
    if (atomic_fetch_sub(&c->refs, 1) == 1)
        client_free(c);
}

struct ph_client *client_create(void)
{
    pthread_condattr_t monotonic;
    struct ph_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    atomic_init(&c->refs, 1);
    c->given_fd = -1;
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rfb_buf_init(&c->out, CLIENT_OUT_MAX);
    clipboard_init(&c->clipboard);
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    c->screen = screen_create();
    return c;
}

void client_wake(struct ph_client *c)
{
    uint64_t one = 1;
    /* full means that it is awake already */
    while (write(c->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void client_set_name(struct ph_client *c, const uint8_t *name, size_t len)
{
    memcpy(c->name, name, len);
    c->name[len] = '\0';
    rfb_text_make_printable(c->name);
}

int client_check_open(const struct ph_client *c, ph_error *error)
{
    if (c->phase == CLIENT_OPEN)
        return PH_OK;
    return error_set(error, c->end.code != PH_OK ? c->end.code : PH_E_CLOSED, "%s",
                     c->end.code != PH_OK ? c->end.message : "the connection is closed");
}

int client_sleep(const struct ph_client *c, struct wait *w, int64_t until)
{
    if (c->phase != CLIENT_OPEN)
        return PH_E_CLOSED;
    return until < 0 ? wait_more(w) : wait_until(w, until);
}

int client_explain(const struct ph_client *c, int rc, const char *what, ph_error *error)
{
    if (c->phase != CLIENT_OPEN)
        return client_check_open(c, error);
    return error_set(error, rc, "%s while waiting for %s",
                     rc == PH_E_TIMEOUT ? "timed out" : "cancelled", what);
}

/* Ends the thread and the caller's reference. A thread inside the resolver cannot be interrupted,
 * one inside a large rectangle not at once: such a one is left to end by itself, and frees the
 * client. */
static void end_thread(struct ph_client *c)
{
    const ph_limit soon = {.timeout_ms = END_MS};
    struct wait w;
    int rc = PH_OK;
    atomic_store(&c->stop, true);
    client_wake(c);
    wait_begin(&w, &soon, &c->lock, &c->changed);
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->changed); /* it may be waiting for a password */
    while (c->phase != CLIENT_ENDED && c->phase != CLIENT_RESOLVING && rc == PH_OK)
        rc = wait_more(&w);
    bool ended = c->phase == CLIENT_ENDED;
    pthread_mutex_unlock(&c->lock);
    wait_end(&w);
    if (ended)
        pthread_join(c->thread, NULL);
    else
        pthread_detach(c->thread);
    client_unref(c);
}

/* With all signals blocked: the thread is not to run the program's handlers. */
static int start_thread(struct ph_client *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&c->thread, NULL, io_thread, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

static int give_up(const struct ph_client *c, int code, ph_error *error)
{
    static const char *const doing[] = {
        [CLIENT_RESOLVING] = "looking up the host of",
        [CLIENT_CONNECTING] = "connecting to",
        [CLIENT_TLS] = "in the TLS handshake with",
        [CLIENT_WEB_SOCKET] = "in the WebSocket handshake with",
        [CLIENT_HANDSHAKE] = "waiting for the VNC handshake of",
        [CLIENT_OPEN] = "waiting for",
    };
    char label[320];
    return error_set(error, code, "%s while %s %s",
                     code == PH_E_TIMEOUT ? "timed out" : "cancelled", doing[c->phase],
                     net_target_label(&c->target, label));
}

/* Waits until the thread has connected or failed. */
static int await_open(struct ph_client *c, const ph_limit *limit, ph_error *error)
{
    struct wait w;
    int rc = PH_OK;
    wait_begin(&w, limit, &c->lock, &c->changed);
    pthread_mutex_lock(&c->lock);
    while (c->phase < CLIENT_OPEN && rc == PH_OK) {
        if (c->login.wanted != 0)
            login_answer(c, &w);
        else
            rc = wait_more(&w);
    }
    if (c->phase < CLIENT_OPEN)
        rc = give_up(c, rc, error);
    else
        rc = client_check_open(c, error);
    pthread_mutex_unlock(&c->lock);
    wait_end(&w);
    return rc;
}

int ph_connect(const char *target, const ph_options *options, const ph_limit *limit,
               ph_client **client, ph_error *error)
{
    *client = NULL;
    if (target == NULL)
        return error_set(error, PH_E_ARGUMENT, "no target");
    struct net_target where;
    int rc = net_target_parse(target, &where, error);
    if (rc != PH_OK)
        return rc;
    struct ph_client *c = client_create();
    if (c == NULL) {
        if (where.fd >= 0)
            close(where.fd);
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    }
    c->target = where;
    c->given_fd = where.fd;
    rc = take_options(c, options, error);
    if (rc != PH_OK)
        goto out;
    if (c->screen == NULL) {
        rc = error_set(error, PH_E_NO_MEMORY, "out of memory");
        goto out;
    }
    if (c->wake_fd < 0) {
        rc = error_errno(error, PH_E_SYSTEM, errno, "cannot make an eventfd");
        goto out;
    }
    atomic_fetch_add(&c->refs, 1);
    int number = start_thread(c);
    if (number != 0) {
        atomic_fetch_sub(&c->refs, 1);
        rc = error_errno(error, PH_E_SYSTEM, number, "cannot start a thread");
        goto out;
    }
    rc = await_open(c, limit, error);
    if (rc != PH_OK) {
        end_thread(c);
        return rc;
    }
    *client = c;
    return PH_OK;
out:
    client_unref(c);
    return rc;
}

/* Delivers what is queued, when there is anything to deliver. */
static int drain(struct ph_client *c, const ph_limit *limit, ph_error *error)
{
    struct wait w;
    int rc = PH_OK;
    wait_begin(&w, limit, &c->lock, &c->changed);
    pthread_mutex_lock(&c->lock);
    if (c->phase == CLIENT_OPEN && c->input_sent) {
        input_release_all(c);
        c->drain = true;
        client_wake(c);
        while (c->phase == CLIENT_OPEN && rc == PH_OK)
            rc = wait_more(&w);
    }
    if (rc != PH_OK && c->phase == CLIENT_OPEN)
        rc = error_set(error, rc, "%s before the server had read all input",
                       rc == PH_E_TIMEOUT ? "timed out" : "cancelled");
    else if (c->input_sent && c->end.code != PH_OK)
        rc = error_set(error, c->end.code, "input may be lost: %s", c->end.message);
    else
        rc = PH_OK;
    pthread_mutex_unlock(&c->lock);
    wait_end(&w);
    return rc;
}

int ph_close(ph_client *client, const ph_limit *limit, ph_error *error)
{
    if (client == NULL)
        return PH_OK;
    int rc = drain(client, limit, error);
    end_thread(client);
    return rc;
}

int ph_client_info(ph_client *client, ph_info *info, ph_error *error)
{
    if (info->size != sizeof *info)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_info of an unknown size: begin with PH_INFO_INIT");
    pthread_mutex_lock(&client->lock);
    int rc = client_check_open(client, error);
    if (rc == PH_OK) {
        info->width = client->width;
        info->height = client->height;
        info->rfb_minor = client->rfb_minor;
        info->continuous_updates = client->continuous == CLIENT_CONTINUOUS_ON;
        info->fence = client->fence;
        info->resize = client->size.known;
        info->utf8_clipboard = clipboard_is_utf8(&client->clipboard);
        info->security = client->security;
        info->tls = client->stream->tls;
    }
    pthread_mutex_unlock(&client->lock);
    return rc;
}

int ph_client_name(ph_client *client, char *name, size_t size, ph_error *error)
{
    pthread_mutex_lock(&client->lock);
    int rc = client_check_open(client, error);
    size_t len = strlen(client->name);
    if (rc == PH_OK && len >= size)
        rc =
            error_set(error, PH_E_ARGUMENT, "the desktop's name has %zu bytes, more than fit", len);
    if (rc == PH_OK)
        memcpy(name, client->name, len + 1);
    pthread_mutex_unlock(&client->lock);
    return rc;
}

int client_next_frame(struct ph_client *c, struct wait *w, uint64_t after, int64_t until,
                      const char *what, ph_frame **frame, ph_error *error)
{
    int rc = PH_OK;
    ph_frame *unwanted = NULL;
    pthread_mutex_lock(&c->lock);
    while ((*frame = screen_newest(c->screen, after)) == NULL && rc == PH_OK &&
           (until < 0 || wait_now() < until))
        rc = client_sleep(c, w, until);
    if (*frame != NULL)
        rc = w->looked && after != 0 ? wait_check(w, 0) : PH_OK;
    w->looked = true;
    if (rc != PH_OK) {
        rc = client_explain(c, rc, what, error);
        unwanted = *frame;
        *frame = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    ph_frame_unref(unwanted);
    return rc;
}

int ph_frame_get(ph_client *client, uint64_t after, const ph_limit *limit, ph_frame **frame,
                 ph_error *error)
{
    *frame = NULL;
    if (client->input_only)
        return error_set(error, PH_E_ARGUMENT, "an input-only connection has no frames");
    struct wait w;
    wait_begin(&w, limit, &client->lock, &client->changed);
    int rc = client_next_frame(client, &w, after, -1, "a complete frame", frame, error);
    wait_end(&w);
    return rc;
}
