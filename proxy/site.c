/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "site.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "narrow.h"
#include "token.h"

#define PLAIN "text/plain; charset=utf-8"

/* An answer in words, for people. */
static void say(struct site_answer *a, unsigned status, const char *words)
{
    a->head.status = status;
    a->head.type = PLAIN;
    a->body = (const uint8_t *)words;
    a->body_len = a->head.length = strlen(words);
}

static void refuse_stream(struct site_answer *a, unsigned status, const char *words,
                          enum refusal why)
{
    say(a, status, words);
    a->refused = why;
}

/* RFC 9110 section 13.1.2: the comparison is weak. */
static bool etag_matches(const char *list, const char *etag)
{
    const char *element;
    size_t n;
    while (list != NULL && http_list_next(&list, &element, &n)) {
        if (n > 2 && strncmp(element, "W/", 2) == 0) {
            element += 2;
            n -= 2;
        }
        if ((n == 1 && *element == '*') || (n == strlen(etag) && strncmp(element, etag, n) == 0))
            return true;
    }
    return false;
}

static void answer_asset(const struct service *service, const struct http_head *head,
                         struct site_answer *a)
{
    const struct asset *asset = assets_find(service->assets, head->path);
    if (asset == NULL) {
        say(a, 404, "There is nothing here.\n");
        return;
    }
    a->head.etag = asset->etag;
    if (etag_matches(head->headers[HTTP_H_IF_NONE_MATCH], asset->etag)) {
        a->head.status = 304;
        return;
    }
    a->head.status = 200;
    a->head.type = asset->type;
    a->head.length = a->body_len = asset->size;
    a->body = asset->bytes;
}

static bool offers_binary(const char *list)
{
    const char *element;
    size_t n;
    while (list != NULL && http_list_next(&list, &element, &n))
        if (n == 6 && strncmp(element, "binary", n) == 0)
            return true;
    return false;
}

/* Is it a WebSocket handshake as RFC 6455 section 4.2.1 wants it? */
static bool check_handshake(const struct http_head *head, struct site_answer *a)
{
    const char *version = head->headers[HTTP_H_WS_VERSION], *key = head->headers[HTTP_H_WS_KEY];
    if (!head->upgrade || strcasecmp(head->headers[HTTP_H_UPGRADE], "websocket") != 0) {
        refuse_stream(a, 426, "This address speaks WebSocket only.\n", REFUSAL_NO_WEBSOCKET);
        a->head.extra = "Upgrade: websocket\r\n";
    } else if (version == NULL || strcmp(version, "13") != 0) {
        refuse_stream(a, 426, "Only WebSocket version 13 is spoken here.\n",
                      REFUSAL_WEBSOCKET_VERSION);
        a->head.extra = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    } else if (key == NULL || ws_accept(key, a->accept) != 0) {
        refuse_stream(a, 400, "Sec-WebSocket-Key is missing or is not 16 bytes of base64.\n",
                      REFUSAL_WEBSOCKET_KEY);
    } else {
        return true;
    }
    return false;
}

/* A browser tells which page opens the stream: another site's must not, whatever token it has
 * (RFC 6455 section 10.2). Other programs send no Origin. */
static bool allows_origin(const struct config *config, const struct http_head *head)
{
    const char *origin = head->headers[HTTP_H_ORIGIN], *host = head->headers[HTTP_H_HOST];
    if (origin == NULL || (host != NULL && http_same_origin(origin, host)))
        return true;
    for (const char *p = config->allowed_origins; p != NULL && *p != '\0'; p += strspn(p, " \t")) {
        size_t n = strcspn(p, " \t");
        if ((n == 1 && *p == '*') || (n == strlen(origin) && strncmp(p, origin, n) == 0))
            return true;
        p += n;
    }
    return false;
}

/* A stream that a password alone opens. Whether there is another of this name, which a token opens,
 * is not to be found out. */
static struct stream *find_named(struct streams *streams, const char *name, size_t len,
                                 struct site_answer *a)
{
    struct stream *stream = streams_find_named(streams, name, len);
    if (stream == NULL) {
        refuse_stream(a, 401, "A password alone opens no stream of this name.\n",
                      REFUSAL_WRONG_NAME);
        a->head.extra = "WWW-Authenticate: Bearer\r\n";
    }
    return stream;
}

/* The stream of a token that nobody here has made: of a JWT. Why it opens none, the log hears; its
 * holder hears no more than that it is too late. */
static struct stream *open_jwt(struct streams *streams, const char *token, size_t len,
                               struct site_answer *a)
{
    struct stream *stream = NULL;
    const char *why;
    enum opening opening = streams_open_jwt(streams, token, len, &stream, &why);
    if (why != NULL)
        snprintf(a->detail, sizeof a->detail, "JWT: %s", why);
    if (opening == OPENING_NO_MEMORY) {
        refuse_stream(a, 503, "There is no memory left; try again later.\n", REFUSAL_NO_MEMORY);
        a->head.extra = "Retry-After: 10\r\n";
    } else if (opening == OPENING_EXPIRED) {
        refuse_stream(a, 401, "This token has expired.\n", REFUSAL_EXPIRED_TOKEN);
        a->head.extra = "WWW-Authenticate: Bearer\r\n";
    } else if (opening == OPENING_WRONG) {
        refuse_stream(a, 401, "This token opens no stream.\n", REFUSAL_WRONG_TOKEN);
        a->head.extra = "WWW-Authenticate: Bearer\r\n";
    }
    return stream;
}

/* False after refusing a window that the stream cannot be narrowed to, or a list that it has not.
 */
static bool narrow_stream(const struct stream *stream, const struct http_head *head,
                          struct site_answer *a)
{
    const char *why;
    unsigned status =
        a->list ? narrow_to_list(stream, head, &why) : narrow(stream->config, head, &a->how, &why);
    if (status == 0)
        return true;
    refuse_stream(a, status, why, REFUSAL_WINDOW);
    /* the log hears which of the reasons it was: a sentence, without its end */
    snprintf(a->detail, sizeof a->detail, "%.*s", (int)strcspn(why, "\n"), why);
    if (a->detail[0] != '\0' && a->detail[strlen(a->detail) - 1] == '.')
        a->detail[strlen(a->detail) - 1] = '\0';
    return false;
}

/* The stream that the request's token opens, a reference; or NULL after refusing. */
static struct stream *find_stream(struct streams *streams, const struct http_head *head,
                                  struct site_answer *a)
{
    static const char unauthorized[] = "WWW-Authenticate: Bearer\r\n";
    const char *token = NULL;
    size_t len = 0;
    enum token_place place = token_find(head, &token, &len);
    struct stream *stream = place == TOKEN_FOUND ? streams_find(streams, token, len) : NULL;
    if (place == TOKEN_MISSING && token_stream_name(head, &token, &len))
        return find_named(streams, token, len, a);
    if (place == TOKEN_FOUND && stream == NULL)
        return open_jwt(streams, token, len, a);
    if (place == TOKEN_ENCODED) {
        refuse_stream(a, 401, "The token must not be percent-encoded.\n", REFUSAL_ENCODED_TOKEN);
        a->head.extra = unauthorized;
    } else if (place == TOKEN_MISSING) {
        refuse_stream(a, 401, "A token is needed to open a stream.\n", REFUSAL_NO_TOKEN);
        a->head.extra = unauthorized;
    }
    return stream;
}

/* The token first: a page that cannot see why its WebSocket was refused asks again by a plain
 * request, and learns from the status whether its token was the reason. */
static void answer_stream(struct streams *streams, const struct http_head *head,
                          struct site_answer *a)
{
    struct stream *stream = find_stream(streams, head, a);
    if (stream == NULL)
        return;
    if (!narrow_stream(stream, head, a)) {
        stream_unref(streams, stream);
        return;
    }
    if (streams_are_draining(streams)) {
        refuse_stream(a, 503, "This server is about to stop; try again later.\n", REFUSAL_DRAINING);
        a->head.extra = "Retry-After: 10\r\n";
    } else if (streams_are_full(streams)) {
        refuse_stream(a, 503, "There are too many viewers; try again later.\n", REFUSAL_FULL);
        a->head.extra = "Retry-After: 10\r\n";
    } else if (check_handshake(head, a)) {
        a->stream = stream;
        a->auth = stream->jwt != NULL ? "jwt" : "token";
        a->protocol = offers_binary(head->headers[HTTP_H_WS_PROTOCOL]) ? "binary" : NULL;
        return;
    }
    stream_unref(streams, stream);
}

/* What the page is to offer its viewer. The proxy keeps to it whatever the page does. */
static void answer_rights(struct streams *streams, const struct http_head *head,
                          struct site_answer *a)
{
    struct stream *stream = find_stream(streams, head, a);
    if (stream == NULL)
        return;
    if (narrow_stream(stream, head, a)) {
        const struct policy *p = &stream->config->policy;
        const char *why;
        bool list = narrow_to_list(stream, head, &why) == 0;
        a->head.status = 200;
        a->head.type = "application/json";
        a->head.length = (size_t)snprintf(
            a->text, sizeof a->text,
            "{\"role\":\"%s\",\"clipboard\":\"%s\",\"password\":\"%s\",\"windows\":%s,"
            "\"max_viewers\":%u}\n",
            policy_role_word(p), policy_clipboard_word(p), config_password_word(stream->config),
            list ? "true" : "false", stream->config->max_viewers);
    }
    stream_unref(streams, stream);
}

/* Balancers ask. While it drains, the page is still served: it tries again until a server is there.
 */
static void answer_health(struct streams *streams, struct site_answer *a)
{
    if (streams_are_draining(streams))
        say(a, 503, "draining\n");
    else
        say(a, 200, "ok\n");
}

void site_answer(const struct service *service, struct streams *streams,
                 const struct http_head *head, unsigned wait, struct site_answer *a)
{
    *a = (struct site_answer){.head.close = !head->keep_alive};
    bool rights = strcmp(head->path, "/stream/rights") == 0;
    a->list = strcmp(head->path, "/windows") == 0;
    bool stream = rights || a->list || strcmp(head->path, "/stream") == 0;
    a->head.close = a->head.close || head->has_body || streams_are_draining(streams);
    if (stream && !allows_origin(service->config, head)) {
        refuse_stream(a, 403,
                      "Pages of this origin may not open streams here; allowed_origins in "
                      "portholed.conf would let them.\n",
                      REFUSAL_ORIGIN);
    } else if (head->has_body) {
        say(a, 413, "Requests with a body are not taken.\n");
    } else if (head->method != HTTP_GET && (stream || head->method != HTTP_HEAD)) {
        say(a, 405, "Only GET and HEAD are taken.\n");
        a->head.extra = stream ? "Allow: GET\r\n" : "Allow: GET, HEAD\r\n";
    } else if (stream && wait != 0) {
        refuse_stream(a, 429, "Too many failed attempts came from your address; try again later.\n",
                      REFUSAL_MUST_WAIT);
        a->head.retry_after = wait;
    } else if (rights) {
        answer_rights(streams, head, a);
    } else if (stream) {
        answer_stream(streams, head, a);
    } else if (strcmp(head->path, "/healthz") == 0) {
        answer_health(streams, a);
    } else {
        answer_asset(service, head, a);
    }
    if (head->method == HTTP_HEAD) {
        a->body = NULL;
        a->body_len = 0;
        a->text[0] = '\0';
    }
}

void site_refuse(unsigned status, const char *why, struct site_answer *a)
{
    *a = (struct site_answer){.head.close = true};
    say(a, status, why);
}
