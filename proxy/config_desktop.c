/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of [desktop NAME]. */
#include <stdlib.h>
#include <string.h>

#include "config_section.h"

static void set_upstream(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    if (strncmp(value, "unix:", 5) == 0 && value[5] != '\0') {
        free(d->unix_path);
        d->unix_path = config_join(r->errors->file, value + 5);
        if (d->unix_path != NULL && strlen(d->unix_path) > CONFIG_UNIX_PATH_MAX)
            config_error(r->errors, r->line,
                         "upstream: the socket's path is %zu bytes long; at most %d are possible",
                         strlen(d->unix_path), CONFIG_UNIX_PATH_MAX);
    } else if (strncmp(value, "tcp:", 4) != 0 ||
               config_parse_host_port(value + 4, d->host, d->port) != 0) {
        config_error(r->errors, r->line,
                     "upstream: \"%s\" is not a VNC server's address; "
                     "use unix:/path or tcp:HOST:PORT",
                     value);
    }
}

static void set_password_file(struct config_reader *r, const char *value)
{
    struct config_desktop *d = r->item;
    config_read_password(r->errors, r->line, value, &d->password);
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

static void check(struct config_reader *r)
{
    for (struct config_desktop *d = r->config->desktops; d != NULL; d = d->next)
        config_check_required(r, &config_desktop_section, d->seen, d->line);
}

static const struct config_key keys[] = {
    {"upstream", true, set_upstream},
    {"password_file", false, set_password_file},
    {NULL, false, NULL},
};

const struct config_section config_desktop_section = {
    .title = "desktop", .named = true, .keys = keys, .begin = begin, .check = check};
