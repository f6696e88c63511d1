/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/target.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "net/dial.h"

enum {
    VNC_PORT = 5900,
    DISPLAY_MAX = 65535 - VNC_PORT,
    SOCKET_PATH_MAX = sizeof((struct sockaddr_un *)NULL)->sun_path - 1
};

#define FORMS                                                                                      \
    "a target is vnc://HOST, vnc://HOST:DISPLAY, vnc://HOST::PORT, the same with vncs://, "        \
    "ws://HOST:PORT/PATH, wss://HOST:PORT/PATH, vnc+unix:/PATH or fd:NUMBER"

static int bad(ph_error *error, const char *text, const char *what)
{
    return error_set(error, PH_E_ARGUMENT, "target '%.100s': %s; " FORMS, text, what);
}

/* Without the text: who wrote a secret there does not want to see it in a log. */
static int secret(ph_error *error, const char *what)
{
    return error_set(error, PH_E_ARGUMENT, "the target holds %s", what);
}

static int parse_unix(const char *text, const char *path, struct net_target *target,
                      ph_error *error)
{
    if (strncmp(path, "//", 2) == 0)
        path += 2; /* vnc+unix:///path */
    if (path[0] != '/')
        return bad(error, text, "the socket's path does not begin with /");
    if (strlen(path) > SOCKET_PATH_MAX)
        return bad(error, text, "the socket's path is longer than 107 bytes");
    strcpy(target->path, path);
    return PH_OK;
}

/* Decimal digits, nothing else, at most max. */
static bool number(const char *digits, size_t len, long max, long *value)
{
    if (len == 0 || len > 10 || strspn(digits, "0123456789") < len)
        return false;
    *value = strtol(digits, NULL, 10);
    return *value <= max;
}

static int parse_fd(const char *text, const char *rest, struct net_target *target, ph_error *error)
{
    long n;
    if (!number(rest, strlen(rest), INT_MAX, &n))
        return bad(error, text, "there is no file descriptor's number");
    target->fd = (int)n;
    return PH_OK;
}

/* HOST or [HOST]; *behind points behind it. */
static int parse_host(const char *text, const char *rest, struct net_target *target,
                      const char **behind, ph_error *error)
{
    size_t authority = strcspn(rest, "/?#"), n;
    if (memchr(rest, '@', authority) != NULL)
        return secret(error,
                      "a user name or password: those belong into options, not into a target");
    if (rest[0] == '[') {
        rest++;
        n = strcspn(rest, "]");
        if (rest[n] == '\0')
            return bad(error, text, "the [ of an IPv6 address has no ]");
        *behind = rest + n + 1;
    } else {
        n = strcspn(rest, ":/?#");
        *behind = rest + n;
    }
    if (n == 0)
        return bad(error, text, "there is no host");
    if (n >= sizeof target->host)
        return bad(error, text, "the host is longer than 255 bytes");
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)rest[i] <= ' ' || rest[i] == 0x7f)
            return bad(error, text, "there is a blank or a control character in the host");
    memcpy(target->host, rest, n);
    return PH_OK;
}

static int parse_vnc(const char *text, const char *rest, struct net_target *target, ph_error *error)
{
    const char *behind;
    long n = 0;
    int rc = parse_host(text, rest, target, &behind, error);
    if (rc != PH_OK)
        return rc;
    size_t len = strlen(behind);
    if (len != 0 && behind[len - 1] == '/')
        len--;
    if (strncmp(behind, "::", 2) == 0) {
        if (!number(behind + 2, len - 2, 65535, &n) || len > 7 || n == 0)
            return bad(error, text, "the port behind :: is not 1 to 65535");
        target->port = (uint16_t)n;
        return PH_OK;
    }
    if (behind[0] == ':' && (!number(behind + 1, len - 1, DISPLAY_MAX, &n) || len > 6))
        return bad(error, text, "the display behind : is not 0 to 59635");
    if (behind[0] != ':' && len != 0)
        return bad(error, text, "there is something behind the host");
    target->port = (uint16_t)(VNC_PORT + n);
    return PH_OK;
}

/* Tokens and passwords in a query end up in logs and histories. */
static bool has_secret(const char *query)
{
    static const char *const names[] = {"token=", "password=", "access_token="};
    for (const char *at = query; *at != '\0'; at += strcspn(at, "&;")) {
        at += strspn(at, "?&;");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strncasecmp(at, names[i], strlen(names[i])) == 0)
                return true;
    }
    return false;
}

/* Path and query go into a request as they are, so nothing else may be in them (RFC 3986). */
static int parse_path(const char *text, const char *path, struct net_target *target,
                      ph_error *error)
{
    const char *query = path + strcspn(path, "?");
    if (strchr(path, '#') != NULL)
        return secret(error, "a part behind #, which is for browsers: a token belongs into options "
                             "(--token-file), not into a target");
    if (has_secret(query))
        return secret(error, "a token or password in its query: a token belongs into options "
                             "(--token-file), not into a target");
    for (const char *at = path; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return bad(error, text, "the path holds a character that has to be written as %XX");
    int n = snprintf(target->path, sizeof target->path, "%s%s", path[0] == '/' ? "" : "/", path);
    if (n >= (int)sizeof target->path)
        return bad(error, text, "the path is longer than 1023 bytes");
    return PH_OK;
}

static int parse_web(const char *text, const char *rest, struct net_target *target, ph_error *error)
{
    const char *behind = "";
    long n = target->kind == NET_WS ? 80 : 443;
    int rc = parse_host(text, rest, target, &behind, error);
    if (rc != PH_OK)
        return rc;
    if (behind[0] == ':') {
        size_t len = strcspn(behind + 1, "/?#");
        if (len > 5 || !number(behind + 1, len, 65535, &n) || n == 0)
            return bad(error, text, "the port behind : is not 1 to 65535");
        behind += 1 + len;
    }
    if (behind[0] != '\0' && strchr("/?#", behind[0]) == NULL)
        return bad(error, text, "there is something behind the host");
    target->port = (uint16_t)n;
    return parse_path(text, behind, target, error);
}

typedef int parse_fn(const char *text, const char *rest, struct net_target *target,
                     ph_error *error);

static const struct {
    const char *beginning;
    enum net_target_kind kind;
    parse_fn *parse;
} schemes[] = {
    {"vnc://", NET_VNC, parse_vnc},      {"vncs://", NET_VNCS, parse_vnc},
    {"ws://", NET_WS, parse_web},        {"wss://", NET_WSS, parse_web},
    {"vnc+unix:", NET_UNIX, parse_unix}, {"fd:", NET_FD, parse_fd},
};

/* What else people try. */
static const struct {
    const char *beginning, *hint;
} guesses[] = {
    {"/", "a unix socket is written vnc+unix:/PATH"},
    {"unix:", "a unix socket is written vnc+unix:/PATH"},
    {"http:", "this is an address for browsers; name the WebSocket (ws://) or the VNC server"},
    {"https:", "this is an address for browsers; name the WebSocket (wss://) or the VNC server"},
};

int net_target_parse(const char *text, struct net_target *target, ph_error *error)
{
    *target = (struct net_target){.fd = -1};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i].beginning);
        if (strncmp(text, schemes[i].beginning, n) == 0) {
            target->kind = schemes[i].kind;
            return schemes[i].parse(text, text + n, target, error);
        }
    }
    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++)
        if (strncmp(text, guesses[i].beginning, strlen(guesses[i].beginning)) == 0)
            return bad(error, text, guesses[i].hint);
    return bad(error, text, "unknown scheme");
}

const char *net_target_label(const struct net_target *target, char label[320])
{
    if (target->kind == NET_UNIX)
        snprintf(label, 320, "%.319s", target->path);
    else if (target->kind == NET_FD)
        snprintf(label, 320, "fd %d", target->fd);
    else
        snprintf(label, 320, "%s port %u", target->host, target->port);
    return label;
}

bool net_target_is_local(const struct net_target *target)
{
    struct in_addr four;
    if (target->kind == NET_UNIX)
        return true;
    if (target->kind == NET_FD)
        return net_is_local(target->fd);
    if (inet_pton(AF_INET, target->host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return strcmp(target->host, "localhost") == 0 || strcmp(target->host, "::1") == 0;
}
