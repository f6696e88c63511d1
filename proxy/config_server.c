/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of [server]. */
#include <stdlib.h>
#include <string.h>

#include "config_section.h"
#include "http.h"

static void set_certificate(struct config_reader *r, const char *value)
{
    config_set_path(r, &r->config->certificate, value);
}

static void set_key(struct config_reader *r, const char *value)
{
    config_set_path(r, &r->config->key, value);
}

static void set_web_root(struct config_reader *r, const char *value)
{
    config_set_path(r, &r->config->web_root, value);
}

static void set_admin_socket(struct config_reader *r, const char *value)
{
    config_set_path(r, &r->config->admin_socket, value);
    if (strlen(r->config->admin_socket.path) > CONFIG_UNIX_PATH_MAX)
        config_error(r->errors, r->line,
                     "admin_socket: the socket's path is %zu bytes long; at most %d are possible",
                     strlen(r->config->admin_socket.path), CONFIG_UNIX_PATH_MAX);
}

static void set_admin_listen(struct config_reader *r, const char *value)
{
    r->config->admin_listen_line = r->line;
    if (config_parse_listen(value, &r->config->admin_listen) != 0)
        config_error(r->errors, r->line,
                     "admin_listen: \"%s\" is not an address and a port; "
                     "use 127.0.0.1:6081 or [::1]:6081",
                     value);
}

static void set_admin_token_file(struct config_reader *r, const char *value)
{
    r->config->admin_token_line = r->line;
    r->config->has_admin_token = config_read_token(r->errors, r->line, "admin_token_file", value,
                                                   r->config->admin_token) == 0;
}

static void set_database(struct config_reader *r, const char *value)
{
    config_set_path(r, &r->config->database, value);
}

static void set_audit_file(struct config_reader *r, const char *value)
{
    config_set_path(r, &r->config->audit_file, value);
}

static void set_public_url(struct config_reader *r, const char *value)
{
    free(r->config->public_url);
    r->config->public_url = config_join("", value);
    if (strncmp(value, "https://", 8) != 0 || !http_is_origin(value))
        config_error(r->errors, r->line,
                     "public_url: \"%s\" is not how viewers reach this server; "
                     "use https://HOST or https://HOST:PORT",
                     value);
}

static void set_listen(struct config_reader *r, const char *value)
{
    if (config_parse_listen(value, &r->config->listen) != 0)
        config_error(r->errors, r->line,
                     "listen: \"%s\" is not an address and a port; "
                     "use 127.0.0.1:6080 or [::1]:6080",
                     value);
}

static void set_ping_interval(struct config_reader *r, const char *value)
{
    config_set_number(r, "ping_interval", value, 1, 3600, &r->config->ping_interval);
}

static void set_failed_attempts(struct config_reader *r, const char *value)
{
    config_set_number(r, "failed_attempts", value, 0, 1000, &r->config->failed_attempts);
}

static void set_handshake_timeout(struct config_reader *r, const char *value)
{
    config_set_number(r, "handshake_timeout", value, 1, 600, &r->config->handshake_timeout);
}

static void set_drain_timeout(struct config_reader *r, const char *value)
{
    config_set_number(r, "drain_timeout", value, 0, 86400, &r->config->drain_timeout);
}

static void set_max_viewers(struct config_reader *r, const char *value)
{
    config_set_number(r, "max_viewers", value, 1, CONFIG_VIEWERS_MAX, &r->config->max_viewers);
}

static void set_workers(struct config_reader *r, const char *value)
{
    config_set_number(r, "workers", value, 1, CONFIG_WORKERS_MAX, &r->config->workers);
}

static void set_allowed_origins(struct config_reader *r, const char *value)
{
    char origin[CONFIG_LINE_MAX + 1];
    free(r->config->allowed_origins);
    r->config->allowed_origins = config_join("", value);
    for (const char *p = value; *p != '\0'; p += strspn(p, " \t")) {
        size_t n = strcspn(p, " \t");
        snprintf(origin, sizeof origin, "%.*s", (int)n, p);
        if (strcmp(origin, "*") != 0 && !http_is_origin(origin))
            config_error(r->errors, r->line,
                         "allowed_origins: \"%s\" is not an origin; "
                         "use https://HOST, https://HOST:PORT or *",
                         origin);
        p += n;
    }
}

static void add_proxy(struct config_reader *r, const char *word)
{
    struct config *c = r->config;
    struct network n;
    char right[NETWORK_TEXT_MAX];
    enum network_error error = network_parse(word, &n);
    if (error == NETWORK_NONE) {
        config_error(r->errors, r->line,
                     "trusted_proxies: \"%s\" is neither an address nor a network; "
                     "use 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32",
                     word);
    } else if (error == NETWORK_HOST_BITS) {
        network_text(&n, right);
        config_error(r->errors, r->line,
                     "trusted_proxies: \"%s\" has bits behind its prefix; the network is %s", word,
                     right);
    } else if (c->proxy_count == CONFIG_PROXIES_MAX) {
        config_error(r->errors, r->line, "trusted_proxies: there are more than %d",
                     CONFIG_PROXIES_MAX);
    } else {
        c->proxies[c->proxy_count++] = n;
    }
}

static void set_trusted_proxies(struct config_reader *r, const char *value)
{
    char word[CONFIG_LINE_MAX + 1];
    for (const char *p = value; *p != '\0'; p += strspn(p, " \t")) {
        size_t n = strcspn(p, " \t");
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        add_proxy(r, word);
        p += n;
    }
}

static void set_proxy_protocol(struct config_reader *r, const char *value)
{
    r->config->proxy_protocol = strcmp(value, "on") == 0;
    if (!r->config->proxy_protocol && strcmp(value, "off") != 0)
        config_error(r->errors, r->line, "proxy_protocol: \"%s\" is neither; use on or off", value);
    r->config->proxy_protocol_line = r->line;
}

static void begin(struct config_reader *r, const char *name)
{
    struct config *c = r->config;
    if (c->server_line != 0) {
        config_stands_twice(r, &config_server_section, name, c->server_line);
        return;
    }
    c->server_line = r->line;
    r->item = c;
    r->seen = &c->seen;
}

static void check_admin(struct config_reader *r)
{
    const struct config *c = r->config;
    if (c->admin_listen_line != 0 && c->admin_token_line == 0)
        config_error(r->errors, c->admin_listen_line,
                     "admin_listen: nothing says who may ask there; add admin_token_file = PATH");
    if (c->admin_token_line != 0 && c->admin_listen_line == 0)
        config_error(r->errors, c->admin_token_line,
                     "admin_token_file: there is nowhere to use it; "
                     "add admin_listen = ADDRESS:PORT");
    for (const struct config_stream *s = c->streams; s != NULL && c->has_admin_token; s = s->next)
        for (size_t i = 0; i < s->token_count; i++)
            if (memcmp(s->tokens[i], c->admin_token, CONFIG_TOKEN_SIZE) == 0)
                config_error(r->errors, c->admin_token_line,
                             "admin_token_file: this token opens [stream %s]; use another",
                             s->name);
}

static bool is_wild(const struct sockaddr_storage *a)
{
    static const struct sockaddr_in6 any;
    const struct sockaddr_in *four = (const struct sockaddr_in *)a;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;
    return a->ss_family == AF_INET6
               ? memcmp(&six->sin6_addr, &any.sin6_addr, sizeof any.sin6_addr) == 0
               : four->sin_addr.s_addr == INADDR_ANY;
}

static in_port_t port_of(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
                                    : ((const struct sockaddr_in *)a)->sin_port;
}

/* One place cannot be listened at twice; every address has each of them, IPv6's IPv4's too. */
static void check_listeners(struct config_reader *r)
{
    const struct sockaddr_storage *a = &r->config->listen, *b = &r->config->admin_listen;
    if (b->ss_family == 0 || port_of(a) == 0 || port_of(a) != port_of(b))
        return;
    bool both = a->ss_family == b->ss_family;
    bool same = both && memcmp(a, b, sizeof *a) == 0;
    bool covers = (is_wild(a) && (both || a->ss_family == AF_INET6)) ||
                  (is_wild(b) && (both || b->ss_family == AF_INET6));
    if (same || covers)
        config_error(r->errors, r->config->admin_listen_line,
                     "admin_listen: listen has this address and port already; use another port");
}

/* Links name the address that is listened on, where nothing else is said. */
static void check_links(struct config_reader *r)
{
    const struct config *c = r->config;
    if (is_wild(&c->listen) && c->public_url == NULL && c->admin_socket.path != NULL)
        config_warning(r->errors, c->server_line,
                       "listen is every address, which no link can name; add public_url = "
                       "https://HOST:PORT for those that the admin API gives");
}

static void check(struct config_reader *r)
{
    struct config *c = r->config;
    if (c->server_line == 0)
        config_error(r->errors, 0,
                     "there is no [server]; add it, with certificate = PATH and key = PATH");
    else
        config_check_required(r, &config_server_section, c->seen, c->server_line);
    if (c->proxy_protocol && c->proxy_count == 0)
        config_error(r->errors, c->proxy_protocol_line,
                     "proxy_protocol: nobody is trusted to speak it; "
                     "add trusted_proxies = ADDRESS ...");
    check_admin(r);
    check_listeners(r);
    check_links(r);
}

static const struct config_key keys[] = {
    {"listen", false, set_listen},
    {"certificate", true, set_certificate},
    {"key", true, set_key},
    {"web_root", false, set_web_root},
    {"admin_socket", false, set_admin_socket},
    {"admin_listen", false, set_admin_listen},
    {"admin_token_file", false, set_admin_token_file},
    {"database", false, set_database},
    {"audit_file", false, set_audit_file},
    {"public_url", false, set_public_url},
    {"ping_interval", false, set_ping_interval},
    {"handshake_timeout", false, set_handshake_timeout},
    {"failed_attempts", false, set_failed_attempts},
    {"drain_timeout", false, set_drain_timeout},
    {"max_viewers", false, set_max_viewers},
    {"workers", false, set_workers},
    {"allowed_origins", false, set_allowed_origins},
    {"trusted_proxies", false, set_trusted_proxies},
    {"proxy_protocol", false, set_proxy_protocol},
    {NULL, false, NULL},
};

const struct config_section config_server_section = {
    .title = "server", .keys = keys, .list = "trusted_proxies", .begin = begin, .check = check};
