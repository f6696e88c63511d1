/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connection to an agent as callers see it. */
#include "windows/windows.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/wait.h"
#include "windows/list.h"

/* ---- where it is ---- */

static int parse_tcp(const char *text, struct net_target *target)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    char *end;
    if (len == 0 || colon[1] < '0' || colon[1] > '9')
        return -1;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port < 1 || port > UINT16_MAX)
        return -1;
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return -1;
    }
    if (len == 0 || len >= sizeof target->host)
        return -1;
    memcpy(target->host, text, len);
    target->host[len] = '\0';
    target->port = (uint16_t)port;
    return 0;
}

static int parse_address(const char *address, struct net_target *target, ph_error *error)
{
    enum { UNIX_PATH_MAX = 107 };
    *target = (struct net_target){.kind = NET_VNC, .fd = -1, .server = "porthole-agent"};
    if (strncmp(address, "unix:/", 6) == 0 && strlen(address + 5) <= UNIX_PATH_MAX) {
        target->kind = NET_UNIX;
        memcpy(target->path, address + 5, strlen(address + 5) + 1);
        return PH_OK;
    }
    if (strncmp(address, "tcp:", 4) == 0 && parse_tcp(address + 4, target) == 0)
        return PH_OK;
    return error_set(error, PH_E_ARGUMENT,
                     "'%s' is no agent's address; use unix:/PATH (at most 107 bytes) or "
                     "tcp:HOST:PORT",
                     address);
}

/* ---- waiting; with the lock ---- */

/* Sleeps until something has changed. PH_OK, or why to wait no more. */
static int await_change(struct ph_windows *w, struct wait *wait, const char *what, ph_error *error)
{
    if (w->ended) {
        if (error != NULL)
            *error = w->end;
        return w->end.code;
    }
    int rc = wait_more(wait);
    if (rc == PH_OK)
        return PH_OK;
    return error_set(error, rc, "%s while waiting for %s",
                     rc == PH_E_TIMEOUT ? "timed out" : "cancelled", what);
}

/* ---- life ---- */

static void destroy(struct ph_windows *w)
{
    ph_window_list_unref(w->newest);
    rfb_buf_wipe(&w->out); /* the token may be in it */
    OPENSSL_cleanse(w->token, sizeof w->token);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    free(w);
}

static struct ph_windows *create(ph_error *error)
{
    struct ph_windows *w = calloc(1, sizeof *w);
    pthread_condattr_t monotonic;
    if (w == NULL) {
        error_set(error, PH_E_NO_MEMORY, "out of memory for a connection");
        return NULL;
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    rfb_buf_init(&w->out, WINDOWS_OUT_MAX);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake_fd >= 0)
        return w;
    error_errno(error, PH_E_SYSTEM, errno, "cannot make an eventfd");
    destroy(w);
    return NULL;
}

static int take_options(struct ph_windows *w, const ph_windows_options *options, ph_error *error)
{
    if (options == NULL)
        return PH_OK;
    if (options->size != sizeof *options)
        return error_set(error, PH_E_ARGUMENT,
                         "ph_windows_options of an unknown size: begin with "
                         "PH_WINDOWS_OPTIONS_INIT");
    if (options->token == NULL)
        return PH_OK;
    size_t len = strlen(options->token);
    if (len == 0 || len > WINDOWS_TOKEN_MAX)
        return error_set(error, PH_E_ARGUMENT, "a token has 1 to %d bytes", WINDOWS_TOKEN_MAX);
    memcpy(w->token, options->token, len + 1);
    return PH_OK;
}

/* Signals are for the program's own threads. */
static int start_thread(struct ph_windows *w, ph_error *error)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int number = pthread_create(&w->thread, NULL, feed_thread, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return number == 0 ? PH_OK : error_errno(error, PH_E_SYSTEM, number, "cannot start a thread");
}

int ph_windows_open(const char *address, const ph_windows_options *options, const ph_limit *limit,
                    ph_windows **windows, ph_error *error)
{
    struct wait wait;
    *windows = NULL;
    struct ph_windows *w = create(error);
    if (w == NULL)
        return PH_E_SYSTEM;
    int rc = parse_address(address, &w->target, error);
    if (rc == PH_OK)
        rc = take_options(w, options, error);
    if (rc == PH_OK)
        rc = start_thread(w, error);
    if (rc != PH_OK) {
        destroy(w);
        return rc;
    }
    wait_begin(&wait, limit, &w->lock, &w->changed);
    pthread_mutex_lock(&w->lock);
    while (rc == PH_OK && w->newest == NULL)
        rc = await_change(w, &wait, "the agent", error);
    pthread_mutex_unlock(&w->lock);
    wait_end(&wait);
    if (rc == PH_OK)
        *windows = w;
    else
        ph_windows_close(w);
    return rc;
}

void ph_windows_close(ph_windows *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_mutex_unlock(&w->lock);
    feed_wake(w);
    pthread_join(w->thread, NULL);
    destroy(w);
}

/* ---- lists ---- */

int ph_windows_list(ph_windows *w, uint64_t after, const ph_limit *limit,
                    const ph_window_list **list, ph_error *error)
{
    struct wait wait;
    int rc = PH_OK;
    wait_begin(&wait, limit, &w->lock, &w->changed);
    pthread_mutex_lock(&w->lock);
    while (rc == PH_OK && (w->ended || w->newest->serial <= after))
        rc = await_change(w, &wait, "the windows to change", error);
    if (rc == PH_OK)
        *list = list_ref(w->newest);
    pthread_mutex_unlock(&w->lock);
    wait_end(&wait);
    return rc;
}

static int check_match(const ph_window_match *match, ph_error *error)
{
    return match->size == sizeof *match
               ? PH_OK
               : error_set(error, PH_E_ARGUMENT,
                           "ph_window_match of an unknown size: begin with PH_WINDOW_MATCH_INIT");
}

int ph_windows_wait(ph_windows *w, const ph_window_match *match, int gone, const ph_limit *limit,
                    const ph_window_list **list, const ph_window **window, ph_error *error)
{
    struct wait wait;
    const ph_window *found = NULL;
    int rc = check_match(match, error);
    if (rc != PH_OK)
        return rc;
    wait_begin(&wait, limit, &w->lock, &w->changed);
    pthread_mutex_lock(&w->lock);
    while (rc == PH_OK) {
        found = ph_window_list_find(w->newest, match);
        if (!w->ended && (found != NULL) == !gone)
            break;
        rc = await_change(w, &wait, gone ? "the window to go" : "the window", error);
    }
    if (rc == PH_OK && list != NULL)
        *list = list_ref(w->newest);
    if (rc == PH_OK && window != NULL)
        *window = found;
    pthread_mutex_unlock(&w->lock);
    wait_end(&wait);
    return rc;
}

/* ---- commands ---- */

/* Puts the line into the queue: whole or not at all. */
static int put_line(struct ph_windows *w, const json_t *json, ph_error *error)
{
    char *text = json_dumps(json, JSON_COMPACT);
    size_t len = text != NULL ? strlen(text) : 0;
    int rc = PH_OK;
    if (text == NULL || rfb_buf_room(&w->out) < len + 1)
        rc = error_set(error, PH_E_REFUSED, "the agent does not take commands: too many wait");
    else if (rfb_buf_put(&w->out, text, len) != 0 || rfb_buf_put_u8(&w->out, '\n') != 0)
        rc = error_set(error, PH_E_NO_MEMORY, "out of memory for a command");
    free(text);
    return rc;
}

static void forget(struct ph_windows *w, const struct call *call)
{
    struct call **at = &w->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

/* The agent's words, and the code that fits them. */
static int judge(const json_t *reply, ph_error *error)
{
    const char *words = json_string_value(json_object_get(reply, "error"));
    if (json_is_true(json_object_get(reply, "ok")))
        return PH_OK;
    if (words == NULL)
        words = "the agent says no without a word";
    return error_set(error,
                     strncmp(words, "there is no window", 18) == 0 ? PH_E_NOT_FOUND : PH_E_REFUSED,
                     "%s", words);
}

/* json: the command without its id, dropped here; NULL: there was no memory for it. *reply, unless
 * NULL, is the caller's reference. */
static int ask(struct ph_windows *w, json_t *json, const ph_limit *limit, json_t **reply,
               ph_error *error)
{
    struct wait wait;
    struct call call = {.reply = NULL};
    if (json == NULL)
        return error_set(error, PH_E_ARGUMENT,
                         "a command's text is not UTF-8, or there is no memory for it");
    wait_begin(&wait, limit, &w->lock, &w->changed);
    pthread_mutex_lock(&w->lock);
    call.id = ++w->last_id;
    json_object_set_new(json, "id", json_integer(call.id));
    call.next = w->calls;
    /* cppcheck-suppress autoVariables ; forget takes it out again, whatever happens */
    w->calls = &call;
    int rc = put_line(w, json, error);
    feed_wake(w);
    while (rc == PH_OK && call.reply == NULL)
        rc = await_change(w, &wait, "the agent's answer", error);
    forget(w, &call);
    pthread_mutex_unlock(&w->lock);
    wait_end(&wait);
    json_decref(json);
    if (rc == PH_OK)
        rc = judge(call.reply, error);
    if (rc == PH_OK && reply != NULL)
        *reply = json_incref(call.reply);
    json_decref(call.reply);
    return rc;
}

static json_t *command(const char *name, uint32_t id)
{
    char text[16];
    snprintf(text, sizeof text, "0x%x", id);
    return json_pack("{s:s, s:s}", "command", name, "window", text);
}

/* Two numbers, or one, beside the window. */
static json_t *with_numbers(json_t *json, const char *a, int first, const char *b, int second)
{
    json_object_set_new(json, a, json_integer(first));
    json_object_set_new(json, b, json_integer(second));
    return json;
}

int ph_window_activate(ph_windows *w, uint32_t id, const ph_limit *limit, ph_error *error)
{
    return ask(w, command("activate", id), limit, NULL, error);
}

int ph_window_move(ph_windows *w, uint32_t id, int x, int y, const ph_limit *limit, ph_error *error)
{
    return ask(w, with_numbers(command("move", id), "x", x, "y", y), limit, NULL, error);
}

int ph_window_resize(ph_windows *w, uint32_t id, int width, int height, const ph_limit *limit,
                     ph_error *error)
{
    return ask(w, with_numbers(command("resize", id), "width", width, "height", height), limit,
               NULL, error);
}

int ph_window_close(ph_windows *w, uint32_t id, int force, const ph_limit *limit, ph_error *error)
{
    json_t *json = command("close", id);
    json_object_set_new(json, "force", json_boolean(force));
    return ask(w, json, limit, NULL, error);
}

int ph_window_minimize(ph_windows *w, uint32_t id, const ph_limit *limit, ph_error *error)
{
    return ask(w, command("minimize", id), limit, NULL, error);
}

int ph_window_restore(ph_windows *w, uint32_t id, const ph_limit *limit, ph_error *error)
{
    return ask(w, command("restore", id), limit, NULL, error);
}

int ph_windows_launch(ph_windows *w, const char *const *argv, const char *folder,
                      const ph_limit *limit, uint32_t *pid, ph_error *error)
{
    json_t *list = json_array(), *reply = NULL;
    bool good = true;
    for (size_t i = 0; argv[i] != NULL; i++)
        good = json_array_append_new(list, json_string(argv[i])) == 0 && good;
    json_t *json = json_pack("{s:s, s:o, s:s*}", "command", "launch", "argv", list, "cwd", folder);
    if (!good) {
        json_decref(json);
        json = NULL;
    }
    int rc = ask(w, json, limit, &reply, error);
    if (rc == PH_OK && pid != NULL)
        *pid = (uint32_t)json_integer_value(json_object_get(reply, "pid"));
    json_decref(reply);
    return rc;
}
