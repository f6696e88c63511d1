/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the reader of the configuration (config.c) and the sections' keys (config_server.c,
 * config_certificate.c, config_desktop.c, config_stream.c, config_jwt.c) share. Nobody else
 * includes this. A new kind of section is a struct config_section in a file of its own and a line
 * in config.c's list; a new key is a line of its section's table. */
#ifndef PROXY_CONFIG_SECTION_H
#define PROXY_CONFIG_SECTION_H

#include "config_values.h"

struct config_section;

/* Where the reader is. */
struct config_reader {
    struct config *config;
    struct config_errors *errors;
    int line;
    /* the section: NULL before the first one, and in one whose header has been reported */
    const struct config_section *section;
    void *item;      /* what the section fills: its begin function's answer */
    uint64_t *seen;  /* which of the section's keys it has, by their place in the table */
    bool in_section; /* a header has been read, good or not */
};

struct config_key {
    const char *name;
    bool required;
    /* value is not empty. Reports what is wrong with it at r->line. */
    void (*set)(struct config_reader *r, const char *value);
};

enum { CONFIG_KEYS_MAX = 64 /* of a section: bits of seen */ };

struct config_section {
    const char *title; /* "server", or "stream" for [stream NAME] */
    bool named;
    const struct config_key *keys; /* ends with a NULL name */
    const char *list; /* a key that may stand on several lines, which add up; NULL: none */
    /* Makes or finds what the section fills, in r->item, and where its seen keys are kept, in
     * r->seen; name is "" where sections of this kind have none. Sets neither after reporting. */
    void (*begin)(struct config_reader *r, const char *name);
    /* Behind the last line: what is missing, and what does not fit together. */
    void (*check)(struct config_reader *r);
};

extern const struct config_section config_server_section, config_certificate_section,
    config_desktop_section, config_stream_section, config_jwt_section;

/* Wipes its token. Accepts NULL. */
void config_agent_destroy(struct config_agent *a);

/* For begin: the header stands a second time, first in line first. name "" where it has none. */
void config_stands_twice(struct config_reader *r, const struct config_section *section,
                         const char *name, int first);
/* For check: reports each required key that was not seen, at the section's line. */
void config_check_required(struct config_reader *r, const struct config_section *section,
                           uint64_t seen, int line);
/* Was the key of this name seen? */
bool config_was_seen(const struct config_section *section, uint64_t seen, const char *name);

/* For set: values that several sections have. */
void config_set_path(struct config_reader *r, struct config_path *path, const char *value);
void config_set_number(struct config_reader *r, const char *key, const char *value, unsigned min,
                       unsigned max, unsigned *number);

/* For config_destroy; wipes. */
void config_jwt_destroy(struct config_jwt *j);

#endif
