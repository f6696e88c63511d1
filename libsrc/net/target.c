/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/target.h"

#include <stdlib.h>
#include <string.h>

enum { VNC_PORT = 5900, DISPLAY_MAX = 65535 - VNC_PORT };

#define FORMS "a target is vnc://HOST, vnc://HOST:DISPLAY, vnc://HOST::PORT or vnc+unix:/PATH"

static int bad(ph_error *error, const char *text, const char *what)
{
    return error_set(error, PH_E_ARGUMENT, "target '%s': %s; " FORMS, text, what);
}

static int parse_unix(const char *text, const char *path, struct net_target *target,
                      ph_error *error)
{
    if (strncmp(path, "//", 2) == 0)
        path += 2; /* vnc+unix:///path */
    if (path[0] != '/')
        return bad(error, text, "the socket's path does not begin with /");
    if (strlen(path) >= sizeof target->path)
        return bad(error, text, "the socket's path is longer than 107 bytes");
    target->kind = NET_UNIX;
    strcpy(target->path, path);
    return PH_OK;
}

/* Decimal digits up to the end, or to a slash there; at most max. */
static bool number(const char *digits, long max, long *value)
{
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 5 || (digits[n] != '\0' && strcmp(digits + n, "/") != 0))
        return false;
    *value = strtol(digits, NULL, 10);
    return *value <= max;
}

static int parse_port(const char *text, const char *behind, struct net_target *target,
                      ph_error *error)
{
    long n = 0;
    if (strcmp(behind, "/") == 0)
        behind = "";
    if (strncmp(behind, "::", 2) == 0) {
        if (!number(behind + 2, 65535, &n) || n == 0)
            return bad(error, text, "the port behind :: is not 1 to 65535");
        target->port = (uint16_t)n;
        return PH_OK;
    }
    if (behind[0] == ':' && !number(behind + 1, DISPLAY_MAX, &n))
        return bad(error, text, "the display behind : is not 0 to 59635");
    if (behind[0] != ':' && behind[0] != '\0')
        return bad(error, text, "there is something behind the host");
    target->port = (uint16_t)(VNC_PORT + n);
    return PH_OK;
}

static int parse_tcp(const char *text, const char *rest, struct net_target *target, ph_error *error)
{
    size_t n;
    const char *behind;
    if (rest[0] == '[') {
        rest++;
        n = strcspn(rest, "]");
        if (rest[n] == '\0')
            return bad(error, text, "the [ of an IPv6 address has no ]");
        behind = rest + n + 1;
    } else {
        n = strcspn(rest, ":/");
        behind = rest + n;
    }
    if (n == 0)
        return bad(error, text, "there is no host");
    if (n >= sizeof target->host)
        return bad(error, text, "the host is longer than 255 bytes");
    if (memchr(rest, '@', n) != NULL)
        return bad(error, text, "user names and passwords do not belong into a target");
    target->kind = NET_TCP;
    memcpy(target->host, rest, n);
    return parse_port(text, behind, target, error);
}

/* What else people try. */
static const struct {
    const char *beginning, *hint;
} guesses[] = {
    {"/", "a unix socket is written vnc+unix:/PATH"},
    {"unix:", "a unix socket is written vnc+unix:/PATH"},
    {"http:", "this is an address for browsers; name the VNC server itself"},
    {"https:", "this is an address for browsers; name the VNC server itself"},
};

int net_target_parse(const char *text, struct net_target *target, ph_error *error)
{
    static const char tcp[] = "vnc://", local[] = "vnc+unix:";
    *target = (struct net_target){.kind = NET_TCP};
    if (strncmp(text, local, sizeof local - 1) == 0)
        return parse_unix(text, text + sizeof local - 1, target, error);
    if (strncmp(text, tcp, sizeof tcp - 1) == 0)
        return parse_tcp(text, text + sizeof tcp - 1, target, error);
    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++)
        if (strncmp(text, guesses[i].beginning, strlen(guesses[i].beginning)) == 0)
            return bad(error, text, guesses[i].hint);
    return bad(error, text, "unknown scheme");
}

bool net_target_is_local(const struct net_target *target)
{
    return target->kind == NET_UNIX || strcmp(target->host, "localhost") == 0 ||
           strncmp(target->host, "127.", 4) == 0 || strcmp(target->host, "::1") == 0;
}
