/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which request is answered by what; desktops and viewers. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_private.h"
#include "admin_tell.h"
#include "metrics_text.h"
#include "rfb/text.h"
#include "windows.h"

/* ---- answers ---- */

void admin_put_json(struct admin_answer *out, unsigned status, json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    out->status = status;
    out->body = NULL;
    if (text != NULL && asprintf(&out->body, "%s\n", text) < 0)
        out->body = NULL;
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text)); /* it may hold a token */
    free(text);
}

void admin_refuse(struct admin_answer *out, unsigned status, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    rfb_text_make_printable(words); /* a path may be any bytes */
    admin_put_json(out, status, json_pack("{s:s}", "error", words));
}

void admin_put_bound(json_t *json, const char *window, enum bound bound)
{
    const char *word = bound_word(bound);
    if (json != NULL && windows_needs_agent(window))
        json_object_set_new(json, "bound", word != NULL ? json_string(word) : json_null());
}

/* ---- desktops ---- */

static void list_desktops(struct admin *a, const char *id, const json_t *body,
                          struct admin_answer *out)
{
    (void)id;
    (void)body;
    json_t *list = json_array();
    for (const struct config_desktop *d = a->service->config->desktops; d != NULL; d = d->next)
        json_array_append_new(list,
                              json_pack("{s:s, s:b}", "name", d->name, "agent", d->agent != NULL));
    admin_put_json(out, 200, json_pack("{s:o}", "desktops", list));
}

/* ---- viewers ---- */

static void append_viewer(void *list, const struct presence *p)
{
    const struct config_stream *s = p->stream->config;
    json_t *json =
        json_pack("{s:I, s:s, s:s, s:s?, s:b, s:s, s:s, s:I}", "id", (json_int_t)p->id, "stream",
                  s->name, "desktop", s->desktop->name, "window",
                  p->window[0] != '\0' ? p->window : NULL, "list", p->list, "role",
                  policy_role_word(&s->policy), "peer", p->peer, "since", (json_int_t)p->since);
    admin_put_bound(json, p->window, (enum bound)atomic_load(&p->bound));
    json_array_append_new(list, json);
}

static void list_viewers(struct admin *a, const char *id, const json_t *body,
                         struct admin_answer *out)
{
    (void)id;
    (void)body;
    json_t *list = json_array();
    streams_each_viewer(a->streams, append_viewer, list);
    admin_put_json(out, 200, json_pack("{s:o}", "viewers", list));
}

static void end_viewer(struct admin *a, const char *id, const json_t *body,
                       struct admin_answer *out)
{
    (void)body;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(id, &end, 10);
    if (errno == 0 && *end == '\0' && id[0] >= '0' && id[0] <= '9' &&
        streams_send_away(a->streams, number)) {
        admin_tell_sent_away(a, number);
        admin_put_json(out, 200, json_pack("{s:I}", "id", (json_int_t)number));
    } else {
        admin_refuse(out, 404, "there is no viewer \"%.32s\"", id);
    }
}

static void tell_health(struct admin *a, const char *id, const json_t *body,
                        struct admin_answer *out)
{
    (void)a;
    (void)id;
    (void)body;
    admin_put_json(out, 200, json_pack("{s:b}", "ok", 1));
}

static void tell_metrics(struct admin *a, const char *id, const json_t *body,
                         struct admin_answer *out)
{
    (void)id;
    (void)body;
    out->status = 200;
    out->type = METRICS_TYPE;
    out->body = metrics_text(a->metrics, a->service, a->streams, a->audit);
}

/* ---- requests ---- */

static const struct {
    unsigned method;
    const char *path; /* a * stands for an id, which is not empty */
    admin_answer_fn *answer;
} routes[] = {
    {HTTP_GET, "/v1/desktops", list_desktops},
    {HTTP_GET, "/v1/desktops/*/windows", admin_list_windows},
    {HTTP_GET, "/v1/streams", admin_list_streams},
    {HTTP_POST, "/v1/streams", admin_make_stream},
    {HTTP_PATCH, "/v1/streams/*", admin_change_stream},
    {HTTP_DELETE, "/v1/streams/*", admin_end_stream},
    {HTTP_GET, "/v1/viewers", list_viewers},
    {HTTP_DELETE, "/v1/viewers/*", end_viewer},
    {HTTP_GET, "/healthz", tell_health},
    {HTTP_GET, "/metrics", tell_metrics},
    {HTTP_GET, "/v1/revocations", admin_list_revocations},
    {HTTP_POST, "/v1/revocations", admin_revoke_jti},
};

/* Where it is the route's path: the id in it and its length, 0 where there is none. */
static bool match(const char *route, const char *path, const char **id, size_t *len)
{
    size_t head = strcspn(route, "*");
    *id = path;
    *len = 0;
    if (route[head] == '\0')
        return strcmp(path, route) == 0;
    if (strncmp(path, route, head) != 0)
        return false;
    *id = path + head;
    *len = strcspn(*id, "/");
    return *len != 0 && strcmp(*id + *len, route + head + 1) == 0;
}

static json_t *read_body(const uint8_t *body, size_t len, struct admin_answer *out)
{
    json_error_t error;
    json_t *json = json_loadb(len != 0 ? (const char *)body : "null", len != 0 ? len : 4,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json_is_object(json))
        return json;
    if (json != NULL)
        admin_refuse(out, 400, "the body is not a JSON object");
    else
        admin_refuse(out, 400, "the body is not JSON: line %d: %s", error.line, error.text);
    json_decref(json);
    return NULL;
}

void admin_answer(struct admin *a, const struct admin_asker *asker, unsigned method,
                  const char *path, const uint8_t *body, size_t len, struct admin_answer *out)
{
    *out = (struct admin_answer){.ready = out->ready, .status = 500, .type = "application/json"};
    a->asker = asker;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const char *at_id;
        size_t id_len;
        if (!match(routes[i].path, path, &at_id, &id_len))
            continue;
        if (routes[i].method != method) {
            size_t at = strlen(out->allow);
            snprintf(out->allow + at, sizeof out->allow - at, "%s%s", at != 0 ? ", " : "",
                     http_method_str((enum http_method)routes[i].method));
            continue;
        }
        out->allow[0] = '\0';
        bool takes_body = method == HTTP_POST || method == HTTP_PATCH;
        json_t *json = takes_body ? read_body(body, len, out) : NULL;
        char *id = strndup(at_id, id_len);
        if (id != NULL && (json != NULL || !takes_body))
            routes[i].answer(a, id, json, out);
        free(id);
        json_decref(json);
        return;
    }
    if (out->allow[0] != '\0')
        admin_refuse(out, 405, "only %s is taken here", out->allow);
    else
        admin_refuse(out, 404, "there is nothing at %.100s", path);
}
