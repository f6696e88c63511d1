/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of [certificate NAME]. */
#include <string.h>

#include "config_section.h"

static void set_certificate(struct config_reader *r, const char *value)
{
    config_set_path(r, &((struct config_certificate *)r->item)->certificate, value);
}

static void set_key(struct config_reader *r, const char *value)
{
    config_set_path(r, &((struct config_certificate *)r->item)->key, value);
}

static void begin(struct config_reader *r, const char *name)
{
    struct config_certificate **where = &r->config->certificates;
    for (; *where != NULL; where = &(*where)->next) {
        if (strcmp((*where)->name, name) != 0)
            continue;
        config_stands_twice(r, &config_certificate_section, name, (*where)->line);
        return;
    }
    struct config_certificate *c = *where = config_alloc(sizeof *c);
    memcpy(c->name, name, strlen(name) + 1);
    c->line = r->line;
    r->item = c;
    r->seen = &c->seen;
}

static void check(struct config_reader *r)
{
    for (struct config_certificate *c = r->config->certificates; c != NULL; c = c->next)
        config_check_required(r, &config_certificate_section, c->seen, c->line);
}

static const struct config_key keys[] = {
    {"certificate", true, set_certificate},
    {"key", true, set_key},
    {NULL, false, NULL},
};

const struct config_section config_certificate_section = {
    .title = "certificate", .named = true, .keys = keys, .begin = begin, .check = check};
