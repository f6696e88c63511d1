/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of [desktop NAME]. */
#include <stdlib.h>
#include <string.h>

#include "config_section.h"

enum { VNCAUTH_PASSWORD_MAX = 8 /* a DES key (RFC 6143 section 7.2.2) */ };

/* whose: whose address it has to be. *unix_path stays as it is where it is TCP's. */
static void read_address(struct config_reader *r, const char *key, const char *value,
                         const char *whose, char **unix_path, char host[CONFIG_HOST_MAX + 1],
                         char port[6])
{
    if (strncmp(value, "unix:", 5) == 0 && value[5] != '\0') {
        free(*unix_path);
        *unix_path = config_join(r->errors->file, value + 5);
        if (*unix_path != NULL && strlen(*unix_path) > CONFIG_UNIX_PATH_MAX)
            config_error(r->errors, r->line,
                         "%s: the socket's path is %zu bytes long; at most %d are possible", key,
                         strlen(*unix_path), CONFIG_UNIX_PATH_MAX);
    } else if (strncmp(value, "tcp:", 4) != 0 ||
               config_parse_host_port(value + 4, host, port) != 0) {
        config_error(r->errors, r->line, "%s: \"%s\" is not %s; use unix:/path or tcp:HOST:PORT",
                     key, value, whose);
    }
}

static void set_upstream(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    read_address(r, "upstream", value, "a VNC server's address", &d->unix_path, d->host, d->port);
}

static void set_password_file(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    d->password_line = r->line;
    config_read_password(r->errors, r->line, value, &d->password);
}

static void set_username(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    free(d->username);
    d->username = config_join("", value);
    d->username_line = r->line;
}

static void set_tls(struct config_reader *r, const char *value)
{
    static const char *const names[] = {
        [CONFIG_TLS_OFF] = "off", [CONFIG_TLS_X509] = "x509", [CONFIG_TLS_ANONYMOUS] = "anonymous"};
    struct config_desktop *d = r->item;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            d->tls = (enum config_tls)i;
            return;
        }
    }
    config_error(r->errors, r->line,
                 "tls: \"%s\" is nothing that a VNC server speaks; use off, x509 or anonymous",
                 value);
}

static void set_ca_file(struct config_reader *r, const char *value)
{
    config_set_path(r, &((struct config_desktop *)r->item)->ca_file, value);
}

static void set_tls_name(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    free(d->tls_name);
    d->tls_name = config_join("", value);
}

static void set_agent(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    config_agent_destroy(d->agent);
    struct config_agent *a = d->agent = config_alloc(sizeof *a);
    d->agent_line = r->line;
    read_address(r, "agent", value, "where porthole-agent listens", &a->unix_path, a->host,
                 a->port);
    const char *kind = a->unix_path != NULL ? "unix:" : "";
    const char *where = a->unix_path != NULL ? a->unix_path : value;
    size_t size = strlen(kind) + strlen(where) + 1;
    a->name = config_alloc(size);
    snprintf(a->name, size, "%s%s", kind, where);
}

static void set_agent_token_file(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    d->agent_token_line = r->line;
    config_wipe(d->agent_token);
    d->agent_token = NULL;
    config_read_agent_token(r->errors, r->line, value, &d->agent_token);
}

void config_agent_destroy(struct config_agent *a)
{
    if (a == NULL)
        return;
    config_wipe(a->token);
    free(a->unix_path);
    free(a->name);
    free(a);
}

static void begin(struct config_reader *r, const char *name)
{
    struct config_desktop **where = &r->config->desktops;
    for (; *where != NULL; where = &(*where)->next) {
        if (strcmp((*where)->name, name) != 0)
            continue;
        config_stands_twice(r, &config_desktop_section, name, (*where)->line);
        return;
    }
    struct config_desktop *d = *where = config_alloc(sizeof *d);
    memcpy(d->name, name, strlen(name) + 1);
    d->line = r->line;
    r->item = d;
    r->seen = &d->seen;
}

static bool was_seen(const struct config_desktop *d, const char *key)
{
    return config_was_seen(&config_desktop_section, d->seen, key);
}

/* What says whom to trust means nothing where nobody is verified: an error, or it would seem to. */
static void check_tls(struct config_reader *r, const struct config_desktop *d)
{
    static const char *const of_x509[] = {"ca_file", "tls_name"};
    for (size_t i = 0; i < sizeof of_x509 / sizeof of_x509[0]; i++)
        if (d->tls != CONFIG_TLS_X509 && was_seen(d, of_x509[i]))
            config_error(r->errors, d->line,
                         "%s is for tls = x509, which this desktop does not have; add it or take "
                         "%s away",
                         of_x509[i], of_x509[i]);
    if (d->tls == CONFIG_TLS_X509 && d->unix_path != NULL && d->tls_name == NULL)
        config_error(r->errors, d->line,
                     "a socket has no name that a certificate could be made out to; "
                     "add tls_name = HOST");
}

static bool is_local(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           strncmp(host, "127.", 4) == 0;
}

static void check_secrets(struct config_reader *r, const struct config_desktop *d)
{
    if (d->username == NULL && d->password != NULL && strlen(d->password) > VNCAUTH_PASSWORD_MAX)
        config_error(r->errors, d->password_line,
                     "password_file: the password has %zu bytes, and VNC's own authentication "
                     "looks at %d; shorten it, or add username = NAME for a server with users",
                     strlen(d->password), VNCAUTH_PASSWORD_MAX);
    if (d->username == NULL)
        return;
    if (!was_seen(d, "password_file"))
        config_error(r->errors, d->username_line,
                     "username: there is no password for it; add password_file = PATH");
    if (d->tls == CONFIG_TLS_OFF && d->unix_path == NULL && !is_local(d->host))
        config_error(r->errors, d->username_line,
                     "username: without TLS the password could be read on its way to %s; add "
                     "tls = x509",
                     d->host);
}

/* Over TCP the agent speaks to nobody without a token; a unix socket has its mode. */
static void check_agent(struct config_reader *r, struct config_desktop *d)
{
    struct config_agent *a = d->agent;
    if (a != NULL && a->host[0] != '\0' && d->agent_token_line == 0)
        config_error(r->errors, d->agent_line,
                     "agent: over TCP it wants a token; add agent_token_file = PATH");
    if (d->agent_token_line != 0 && (a == NULL || a->unix_path != NULL))
        config_error(r->errors, d->agent_token_line,
                     "agent_token_file is for agent = tcp:HOST:PORT, which this desktop does not "
                     "have; add it or take agent_token_file away");
    if (a == NULL)
        return;
    if (a->host[0] != '\0' && !is_local(a->host))
        config_warning(r->errors, d->agent_line,
                       "agent: what it tells, and its token, can be read on the way from %s: let "
                       "nobody else listen there",
                       a->host);
    a->token = d->agent_token;
    d->agent_token = NULL;
}

static void check(struct config_reader *r)
{
    for (struct config_desktop *d = r->config->desktops; d != NULL; d = d->next) {
        config_check_required(r, &config_desktop_section, d->seen, d->line);
        check_tls(r, d);
        check_secrets(r, d);
        check_agent(r, d);
    }
}

static const struct config_key keys[] = {
    {"upstream", true, set_upstream},
    {"password_file", false, set_password_file},
    {"username", false, set_username},
    {"tls", false, set_tls},
    {"ca_file", false, set_ca_file},
    {"tls_name", false, set_tls_name},
    {"agent", false, set_agent},
    {"agent_token_file", false, set_agent_token_file},
    {NULL, false, NULL},
};

const struct config_section config_desktop_section = {
    .title = "desktop", .named = true, .keys = keys, .begin = begin, .check = check};
