/* SPDX-License-Identifier: GPL-2.0-or-later
 * The streams: listed, made, changed and ended. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin_private.h"
#include "admin_tell.h"
#include "crop_json.h"
#include "rfb/text.h"
#include "windows.h"

enum {
    TOKEN_BYTES = 32,
    TOKEN_TEXT = 43 + 1, /* base64url without padding */
    TTL_DEFAULT = 3600,  /* seconds */
    TTL_MAX = 10 * 366 * 86400,
    VIEWERS_MAX = 100000
};

static json_t *time_or_null(int64_t seconds)
{
    return seconds != 0 ? json_integer(seconds) : json_null();
}

/* ---- the list ---- */

/* g: NULL for a stream of the configuration. */
static json_t *describe(const char *id, const char *desktop, const struct policy *policy,
                        unsigned max_viewers, unsigned viewers, const char *password,
                        const struct crop_how *window, enum bound bound, const struct grant *g)
{
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:b}", "id", id, "desktop", desktop, "role",
        policy_role_word(policy), "clipboard", policy_clipboard_word(policy), "max_viewers",
        (int)max_viewers, "viewers", (int)viewers, "password", password, "configured", g == NULL);
    json_object_set_new(json, "window",
                        window->selector[0] != '\0' ? json_string(window->selector) : json_null());
    admin_put_bound(json, window->selector, bound);
    if (g == NULL || json == NULL)
        return json;
    json_object_set_new(json, "label", json_string(g->label));
    json_object_set_new(json, "single_use", json_boolean(g->single_use));
    json_object_set_new(json, "link", json_string(g->by_name ? "password" : "token"));
    json_object_set_new(json, "created", json_integer(g->created));
    json_object_set_new(json, "expires", time_or_null(g->expires));
    return json;
}

static void append_stream(void *list, const struct stream *s, unsigned viewers)
{
    const struct config_stream *c = s->config;
    json_t *json = describe(c->name, c->desktop->name, &c->policy, c->max_viewers, viewers,
                            config_password_word(c), &c->window, stream_bound(s), s->grant);
    if (s->jwt != NULL) {
        json_object_set_new(json, "jwt", json_string(s->jwt->key));
        json_object_set_new(json, "jti",
                            s->jwt->jti[0] != '\0' ? json_string(s->jwt->jti) : json_null());
    }
    json_array_append_new(list, json);
}

/* Grants whose desktop is not there open nothing, but would if it came back. 0 or -1. */
static int append_asleep(const struct admin *a, json_t *list, char why[STORE_ERROR_MAX])
{
    struct grant *grants = NULL;
    size_t count = 0;
    int64_t now = (int64_t)time(NULL);
    if (a->asleep && store_list(a->store, &grants, &count, why) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct grant *g = &grants[i];
        if (config_find_desktop(a->service->config, g->desktop) != NULL ||
            (g->expires != 0 && g->expires <= now))
            continue;
        json_t *json =
            describe(g->id, g->desktop, &g->policy, g->max_viewers, 0,
                     g->password[0] != '\0' ? "plain" : "none", &g->window, BOUND_UNKNOWN, g);
        json_object_set_new(json, "asleep", json_true());
        json_array_append_new(list, json);
    }
    free(grants);
    return 0;
}

void admin_list_streams(struct admin *a, const char *id, const json_t *body,
                        struct admin_answer *out)
{
    (void)id;
    (void)body;
    char why[STORE_ERROR_MAX];
    json_t *list = json_array();
    streams_each(a->streams, append_stream, list);
    if (append_asleep(a, list, why) == 0) {
        admin_put_json(out, 200, json_pack("{s:o}", "streams", list));
        return;
    }
    json_decref(list);
    admin_refuse(out, 503, "the streams that wait for their desktop cannot be read: %s", why);
}

/* ---- making a stream ---- */

/* Each takes a value; NULL, or what it must be. now: seconds since 1970. */

static const char *take_desktop(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) > CONFIG_NAME_MAX)
        return "the name of a desktop";
    memcpy(g->desktop, text, strlen(text) + 1);
    return NULL;
}

static const char *take_role(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    const char *text = json_string_value(value);
    return text != NULL && policy_set_role(&g->policy, text) ? NULL : "\"view\" or \"control\"";
}

static const char *take_clipboard(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    const char *text = json_string_value(value);
    return text != NULL && policy_set_clipboard(&g->policy, text)
               ? NULL
               : "\"none\", \"in\", \"out\" or \"both\"";
}

static const char *take_ttl(struct grant *g, const json_t *value, int64_t now)
{
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > TTL_MAX)
        return "a whole number of seconds up to ten years; 0: it never expires";
    g->expires = n != 0 ? now + n : 0;
    return NULL;
}

static const char *take_single_use(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    g->single_use = json_is_true(value);
    return json_is_boolean(value) ? NULL : "true or false";
}

static const char *take_max_viewers(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > VIEWERS_MAX)
        return "a whole number up to 100000; 0: no limit of its own";
    g->max_viewers = (unsigned)n;
    return NULL;
}

static const char *take_label(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    const char *text = json_string_value(value); /* without NULs: jansson has seen to that */
    if (text == NULL || strlen(text) > GRANT_LABEL_MAX)
        return "a text of at most 100 bytes";
    memcpy(g->label, text, strlen(text) + 1);
    rfb_text_make_printable(g->label);
    return strcmp(g->label, text) == 0 ? NULL : "a text without control characters";
}

/* Hashed at once: a good part of a second, in which nobody new is let in. Whoever may ask here
 * could do worse. */
static const char *take_password(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    static const char wanted[] = "a text of 1 to 1023 bytes";
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (text == NULL || len == 0 || len > PASSWORD_MAX)
        return wanted;
    return password_hash(text, len, g->password) == 0 ? NULL : "hashed, and there is no memory";
}

static const char *take_link(struct grant *g, const json_t *value, int64_t now)
{
    (void)now;
    const char *text = json_string_value(value);
    g->by_name = text != NULL && strcmp(text, "password") == 0;
    return g->by_name || (text != NULL && strcmp(text, "token") == 0) ? NULL
                                                                      : "\"token\" or \"password\"";
}

/* What has been read needs it no more. */
static void wipe_password(const json_t *body)
{
    const json_t *value = json_object_get(body, "password");
    if (json_is_string(value))
        OPENSSL_cleanse((char *)json_string_value(value), json_string_length(value));
}

static const struct field {
    const char *name;
    const char *(*take)(struct grant *g, const json_t *value, int64_t now);
    bool fixed; /* it cannot be changed later */
} fields[] = {
    {"desktop", take_desktop, true},
    {"role", take_role, false},
    {"clipboard", take_clipboard, false},
    {"ttl", take_ttl, false},
    {"single_use", take_single_use, true},
    {"max_viewers", take_max_viewers, false},
    {"label", take_label, false},
    {"password", take_password, true},
    {"link", take_link, true},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* Into the words: which fields there are. Those of the window cannot be changed later. */
static void put_fields(char *known, size_t size, bool change)
{
    const struct crop_field *of_window;
    size_t at = 0;
    known[0] = '\0';
    for (size_t i = 0; i < FIELDS; i++)
        if (!change || !fields[i].fixed)
            at += (size_t)snprintf(known + at, size - at, "%s%s", at != 0 ? ", " : "",
                                   fields[i].name);
    for (size_t i = 0; !change && (of_window = crop_field_at(i)) != NULL; i++)
        at += (size_t)snprintf(known + at, size - at, ", %s", of_window->name);
}

/* NULL: there is none such. */
static const struct field *find_field(const char *name, bool change)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0 && !(change && fields[i].fixed))
            return &fields[i];
    return NULL;
}

/* NULL, or what the value must be; *known: is there such a field? */
static const char *take_field(const char *name, const json_t *value, struct grant *g, int64_t now,
                              bool change, bool *known)
{
    const struct field *field = find_field(name, change);
    const struct crop_field *of_window = change ? NULL : crop_field_find(name);
    *known = field != NULL || of_window != NULL;
    if (field != NULL)
        return field->take(g, value, now);
    return of_window != NULL && !of_window->take(&g->window, value) ? of_window->wanted : NULL;
}

/* change: it is there already. 0, or -1 after refusing. */
static int read_fields(const json_t *body, struct grant *g, bool change, struct admin_answer *out)
{
    const char *name;
    char names[256];
    json_t *value;
    bool known;
    int64_t now = (int64_t)time(NULL);
    json_object_foreach((json_t *)body, name, value)
    {
        const char *wanted = take_field(name, value, g, now, change, &known);
        if (!known) {
            put_fields(names, sizeof names, change);
            admin_refuse(out, 400, "unknown field \"%.64s\"; known are %s", name, names);
            return -1;
        }
        if (wanted != NULL) {
            admin_refuse(out, 400, "\"%s\" must be %s", name, wanted);
            return -1;
        }
    }
    return 0;
}

/* A token of 256 random bits, and the id. 0 or -1. */
static int make_secret(struct grant *g, char token[TOKEN_TEXT])
{
    unsigned char bytes[TOKEN_BYTES], id[(GRANT_ID_SIZE - 1) / 2];
    char text[TOKEN_TEXT + 1]; /* with its padding */
    if (RAND_bytes(bytes, sizeof bytes) != 1 || RAND_bytes(id, sizeof id) != 1)
        return -1;
    EVP_EncodeBlock((unsigned char *)text, bytes, sizeof bytes);
    OPENSSL_cleanse(bytes, sizeof bytes);
    for (size_t i = 0; i < TOKEN_TEXT - 1; i++)
        token[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    token[TOKEN_TEXT - 1] = '\0';
    OPENSSL_cleanse(text, sizeof text);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(g->id + 2 * i, 3, "%02x", id[i]);
    return config_hash_token(token, TOKEN_TEXT - 1, g->token);
}

static void put_made(const struct admin *a, const struct grant *g, const char *token,
                     struct admin_answer *out)
{
    char url[ADMIN_URL_MAX + 64], ws_url[ADMIN_URL_MAX + 64];
    const char *host = a->base_url + strlen("https");
    if (g->by_name) {
        snprintf(url, sizeof url, "%s/#stream=%s", a->base_url, g->id);
        snprintf(ws_url, sizeof ws_url, "wss%s/stream?stream=%s", host, g->id);
    } else {
        snprintf(url, sizeof url, "%s/#token=%s", a->base_url, token);
        snprintf(ws_url, sizeof ws_url, "wss%s/stream", host);
    }
    json_t *json =
        json_pack("{s:s, s:s?, s:s, s:s, s:o}", "id", g->id, "token", g->by_name ? NULL : token,
                  "url", url, "ws_url", ws_url, "expires", time_or_null(g->expires));
    admin_put_bound(json, g->window.selector, streams_desktop_bound(a->streams, g->desktop));
    admin_put_json(out, 201, json);
    OPENSSL_cleanse(url, sizeof url);
}

/* A stream of a window needs somebody who knows the windows; one of a rectangle does not, and what
 * is said of windows means nothing to it. False after refusing. */
static bool check_window(const struct admin *a, const struct grant *g, const json_t *body,
                         struct admin_answer *out)
{
    const struct config_desktop *d = config_find_desktop(a->service->config, g->desktop);
    const char *idle = crop_field_idle(body, &g->window);
    if (idle != NULL)
        admin_refuse(out, 400,
                     g->window.selector[0] == '\0'
                         ? "\"%s\" is for streams of a window; \"window\" is missing"
                         : "\"%s\" is for windows, and a rectangle is none",
                     idle);
    else if (d != NULL && d->agent == NULL && windows_needs_agent(g->window.selector))
        admin_refuse(out, 400, ADMIN_NO_AGENT, g->desktop);
    else
        return true;
    return false;
}

void admin_make_stream(struct admin *a, const char *id, const json_t *body,
                       struct admin_answer *out)
{
    (void)id;
    char token[TOKEN_TEXT], why[STORE_ERROR_MAX], forget[STORE_ERROR_MAX];
    struct grant g = {.created = (int64_t)time(NULL)};
    g.expires = g.created + TTL_DEFAULT;
    g.window = CROP_HOW_INIT;
    int rc = read_fields(body, &g, false, out);
    wipe_password(body);
    if (rc != 0)
        return;
    if (g.desktop[0] == '\0') {
        admin_refuse(out, 400, "\"desktop\" is missing: the name of a desktop");
        return;
    }
    if (g.by_name && g.password[0] == '\0') {
        admin_refuse(out, 400, "\"password\" is missing: \"link\" says that it opens the stream");
        return;
    }
    if (!check_window(a, &g, body, out))
        return;
    if (make_secret(&g, token) != 0) {
        admin_refuse(out, 500, "no random bytes are to be had");
        return;
    }
    /* kept first: a token that was given must outlive a crash */
    if (store_add(a->store, &g, why) != 0) {
        admin_tell_not_stored("a new stream", why);
        admin_refuse(out, 503, "the stream cannot be stored: %s", why);
    } else {
        rc = streams_add(a->streams, a->service, &g);
        if (rc == 0) {
            admin_tell_made(a, &g);
            put_made(a, &g, token, out);
        } else {
            store_remove(a->store, g.id, forget);
            if (rc == 2)
                admin_refuse(out, 503, "there are %d streams, which is all there may be",
                             STREAMS_GRANTS_MAX);
            else if (rc == 1)
                admin_refuse(out, 404, "there is no desktop \"%s\"", g.desktop);
            else
                admin_refuse(out, 503, "out of memory");
        }
    }
    OPENSSL_cleanse(token, sizeof token);
}

/* ---- changing and ending one ---- */

/* The grant that a token opens, or would if its desktop were there. 0, or -1 after refusing. */
static int find_grant(struct admin *a, const char *id, struct grant *g, struct admin_answer *out)
{
    char why[STORE_ERROR_MAX];
    int rc = store_get(a->store, id, g, why);
    bool over = rc == 1 && (streams_is_over(a->streams, id) ||
                            (g->expires != 0 && g->expires <= (int64_t)time(NULL)));
    if (rc < 0)
        admin_refuse(out, 503, "it cannot be looked up: %s", why);
    else if (rc == 0 || over)
        admin_refuse(out, 404, "there is no stream \"%.32s\" that was made here", id);
    else
        return 0;
    return -1;
}

static void put_changed(const struct grant *g, struct admin_answer *out)
{
    admin_put_json(out, 200,
                   json_pack("{s:s, s:s, s:s, s:i, s:s, s:o}", "id", g->id, "role",
                             policy_role_word(&g->policy), "clipboard",
                             policy_clipboard_word(&g->policy), "max_viewers", (int)g->max_viewers,
                             "label", g->label, "expires", time_or_null(g->expires)));
}

void admin_change_stream(struct admin *a, const char *id, const json_t *body,
                         struct admin_answer *out)
{
    char known[128], why[STORE_ERROR_MAX];
    struct grant old, g;
    put_fields(known, sizeof known, true);
    if (json_object_size(body) == 0) {
        admin_refuse(out, 400, "there is nothing to change; known are %s", known);
        return;
    }
    if (find_grant(a, id, &old, out) != 0)
        return;
    g = old;
    if (read_fields(body, &g, true, out) != 0)
        return;
    /* kept first: a right that was taken must stay so after a crash */
    if (store_change(a->store, &g, why) < 0) {
        admin_tell_not_stored("a change", why);
        admin_refuse(out, 503, "the change cannot be stored, and nothing has changed: %s", why);
    } else if (streams_change(a->streams, a->service, &g) < 0) { /* 1: its desktop is not there */
        store_change(a->store, &old, why);
        admin_refuse(out, 503, "out of memory");
    } else {
        admin_tell_changed(a, &g);
        put_changed(&g, out);
    }
}

void admin_end_stream(struct admin *a, const char *id, const json_t *body, struct admin_answer *out)
{
    (void)body;
    char why[STORE_ERROR_MAX];
    struct revocation r = {.jti = ""};
    if (streams_find_jti(a->streams, id, r.jti)) {
        memcpy(r.id, id, sizeof r.id);
        admin_revoke_jwt(a, &r, out);
        return;
    }
    /* its viewers go whatever the store says */
    int open = streams_revoke(a->streams, id);
    int removed = open >= 0 ? store_remove(a->store, id, why) : 0;
    if (open < 0) {
        admin_refuse(out, 503, "out of memory");
    } else if (removed < 0) {
        admin_tell_not_stored("an end", why);
        admin_refuse(out, 503, "%s: %s",
                     open != 0 ? "the stream has ended, but is still stored; this is tried again"
                               : "it cannot be looked up",
                     why);
    } else if (open == 0 && removed == 0) { /* one whose desktop is not there now is only stored */
        admin_refuse(out, 404, "there is no stream \"%.32s\" that was made here", id);
    } else {
        streams_forget(a->streams, id);
        admin_tell_revoked(a, id);
        admin_put_json(out, 200, json_pack("{s:s}", "id", id));
    }
}
