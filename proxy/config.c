/* SPDX-License-Identifier: GPL-2.0-or-later
 * The file's grammar is inih's. It is handed one line at a time, between a section of ours and a
 * probe key: so every bad line is found and not only the first, its number is known (Debian's inih
 * does not pass it), empty sections are seen, and an indented line is no continuation. */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_section.h"

enum {
    INIH_SECTION_MAX = 48, /* inih cuts a longer section name silently */
    FILE_LINE_MAX = 1024   /* to tell a long line's length; inih's own limit is lower */
};

/* Control characters: no line of the file has them, as lines with them are refused. */
#define BEFORE_SECTION "\001"
#define PROBE "\002"

static const struct config_section *const sections[] = {
    &config_server_section, &config_certificate_section, &config_desktop_section,
    &config_stream_section, &config_jwt_section,
};
enum { SECTIONS = sizeof sections / sizeof sections[0] };

struct reader {
    struct config_reader at;

    /* the line with inih */
    const char *text;
    int step;
    bool too_long;
};

__attribute__((format(printf, 4, 0))) static void
report(struct config_errors *errors, int line, const char *kind, const char *format, va_list args)
{
    if (line > 0)
        fprintf(errors->out, "%s:%d: %s", errors->file, line, kind);
    else
        fprintf(errors->out, "%s: %s", errors->file, kind);
    vfprintf(errors->out, format, args);
    fputc('\n', errors->out);
}

void config_error(struct config_errors *errors, int line, const char *format, ...)
{
    va_list args;
    errors->count++;
    va_start(args, format);
    report(errors, line, "", format, args);
    va_end(args);
}

void config_warning(struct config_errors *errors, int line, const char *format, ...)
{
    va_list args;
    if (!errors->warn)
        return;
    va_start(args, format);
    report(errors, line, CONFIG_WARNING, format, args);
    va_end(args);
}

/* ---- for the sections ---- */

void config_stands_twice(struct config_reader *r, const struct config_section *section,
                         const char *name, int first)
{
    config_error(r->errors, r->line, "[%s%s%s] stands twice, first in line %d; keep one",
                 section->title, section->named ? " " : "", name, first);
}

static uint64_t bit(size_t i)
{
    return UINT64_C(1) << i;
}

void config_check_required(struct config_reader *r, const struct config_section *section,
                           uint64_t seen, int line)
{
    for (size_t i = 0; section->keys[i].name != NULL; i++)
        if (section->keys[i].required && !(seen & bit(i)))
            config_error(r->errors, line, "%s is missing in this section; add %s = VALUE",
                         section->keys[i].name, section->keys[i].name);
}

bool config_was_seen(const struct config_section *section, uint64_t seen, const char *name)
{
    size_t i = 0;
    while (section->keys[i].name != NULL && strcmp(section->keys[i].name, name) != 0)
        i++;
    return section->keys[i].name != NULL && seen & bit(i);
}

void config_set_path(struct config_reader *r, struct config_path *path, const char *value)
{
    free(path->path);
    path->path = config_join(r->errors->file, value);
    path->line = r->line;
}

void config_set_number(struct config_reader *r, const char *key, const char *value, unsigned min,
                       unsigned max, unsigned *number)
{
    if (config_parse_number(value, min, max, number) != 0)
        config_error(r->errors, r->line, "%s: \"%s\" is not a whole number; use %u to %u", key,
                     value, min, max);
}

/* ---- keys ---- */

static void put_text(char *out, size_t size, const char *text)
{
    size_t at = strlen(out);
    snprintf(out + at, size - at, "%s", text);
}

/* "[server]" or "[stream NAME]" */
static void put_title(char *out, size_t size, const struct config_section *section)
{
    put_text(out, size, "[");
    put_text(out, size, section->title);
    put_text(out, size, section->named ? " NAME]" : "]");
}

static void refuse_key(struct config_reader *r, const char *name)
{
    char known[1024] = "", title[64] = "";
    for (const struct config_key *k = r->section->keys; k->name != NULL; k++) {
        put_text(known, sizeof known, k != r->section->keys ? ", " : "");
        put_text(known, sizeof known, k->name);
    }
    put_title(title, sizeof title, r->section);
    config_error(r->errors, r->line, "unknown key \"%s\" in %s; known are %s", name, title, known);
}

static bool is_list(const struct config_section *section, const char *name)
{
    return section->list != NULL && strcmp(section->list, name) == 0;
}

static void take_key(struct config_reader *r, const char *name, const char *value)
{
    if (!r->in_section)
        config_error(r->errors, r->line, "\"%s\" stands before any section; put it below [server]",
                     name);
    if (r->section == NULL)
        return; /* a bad header has been reported */
    for (size_t i = 0; r->section->keys[i].name != NULL; i++) {
        if (strcmp(r->section->keys[i].name, name) != 0)
            continue;
        if ((*r->seen & bit(i)) != 0 && !is_list(r->section, name))
            config_error(r->errors, r->line, "%s stands twice in this section; keep one", name);
        else if (*value == '\0')
            config_error(r->errors, r->line, "%s has no value; write %s = VALUE", name, name);
        else
            r->section->keys[i].set(r, value);
        *r->seen |= bit(i);
        return;
    }
    refuse_key(r, name);
}

/* ---- sections ---- */

/* The name in the title of such a section, "" where it has none; NULL: another section's title. */
static const char *match_title(const struct config_section *section, const char *title)
{
    size_t n = strlen(section->title);
    if (strncmp(title, section->title, n) != 0)
        return NULL;
    if (!section->named)
        return title[n] == '\0' ? "" : NULL;
    return title[n] == ' ' ? title + n + strspn(title + n, " ") : NULL;
}

static void begin(struct config_reader *r, const struct config_section *section, const char *title,
                  const char *name)
{
    if (section->named && (strlen(title) >= INIH_SECTION_MAX || !config_is_name(name))) {
        config_error(r->errors, r->line,
                     "\"%s\" is not a name; use up to %d letters, digits, '.', '_', '-'", name,
                     CONFIG_NAME_MAX);
        return;
    }
    r->item = NULL;
    section->begin(r, name);
    if (r->item != NULL)
        r->section = section;
}

static void begin_section(struct config_reader *r, const char *title)
{
    char known[256] = "";
    r->in_section = true;
    r->section = NULL;
    for (size_t i = 0; i < SECTIONS; i++) {
        const char *name = match_title(sections[i], title);
        if (name != NULL) {
            begin(r, sections[i], title, name);
            return;
        }
        put_text(known, sizeof known, i != 0 ? ", " : "");
        put_title(known, sizeof known, sections[i]);
    }
    config_error(r->errors, r->line, "unknown section [%s]; known are %s", title, known);
}

/* ---- lines ---- */

/* inih's reader: a section of ours, the line, the probe. */
static char *next_text(char *out, int size, void *user)
{
    struct reader *r = user;
    const char *text = r->step == 0   ? "[" BEFORE_SECTION "]\n"
                       : r->step == 1 ? r->text
                       : r->step == 2 ? PROBE "=\n"
                                      : NULL;
    r->step++;
    if (text == NULL)
        return NULL;
    if (snprintf(out, (size_t)size, "%s", text) > size - 3) {
        r->too_long = true;
        return NULL;
    }
    return out;
}

static int take_entry(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    bool before = strcmp(section, BEFORE_SECTION) == 0;
    if (strcmp(name, PROBE) != 0)
        take_key(&r->at, name, value != NULL ? value : "");
    else if (!before)
        begin_section(&r->at, section);
    return 1;
}

static void take_line(struct reader *r, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f) {
            config_error(r->at.errors, r->at.line, "a control character; use plain text");
            return;
        }
    }
    r->text = text;
    r->step = 0;
    r->too_long = false;
    int rc = ini_parse_stream(next_text, r, take_entry, r);
    if (r->too_long)
        config_error(r->at.errors, r->at.line, "the line is too long (%zu bytes); use at most %d",
                     strlen(text), CONFIG_LINE_MAX);
    else if (rc != 0)
        config_error(r->at.errors, r->at.line,
                     "neither a section nor a key; write [SECTION] or KEY = VALUE");
}

/* One line of any length; the end of line goes, what does not fit into `text` is thrown away but
 * makes it too long for inih anyhow. False at the end of the file. */
static bool read_line(FILE *in, char text[FILE_LINE_MAX])
{
    size_t len = 0;
    int ch;
    bool any = false;
    while ((ch = getc(in)) != EOF) {
        any = true;
        if (ch == '\n')
            break;
        if (len < FILE_LINE_MAX - 1)
            text[len++] = ch != '\0' ? (char)ch : '\001';
    }
    if (len != 0 && text[len - 1] == '\r')
        len--;
    text[len] = '\0';
    return any;
}

/* ---- the whole ---- */

static struct config *create_defaults(void)
{
    struct config *c = config_alloc(sizeof *c);
    config_parse_listen("127.0.0.1:6080", &c->listen);
    c->web_root.path = config_join("", PORTHOLE_PKGDATADIR "/web");
    c->ping_interval = 20;
    c->handshake_timeout = 10;
    c->failed_attempts = 10;
    c->max_viewers = 1000;
    unsigned cores = uv_available_parallelism();
    c->workers = cores < CONFIG_WORKERS_MAX ? cores : CONFIG_WORKERS_MAX;
    return c;
}

struct config *config_load(struct config_errors *errors)
{
    char text[FILE_LINE_MAX];
    FILE *in = fopen(errors->file, "re");
    if (in == NULL) {
        config_error(errors, 0, "cannot be read (%s); name another with -c FILE", strerror(errno));
        return NULL;
    }
    struct reader r = {.at = {.config = create_defaults(), .errors = errors}};
    while (read_line(in, text)) {
        r.at.line++;
        take_line(&r, text);
    }
    if (ferror(in))
        config_error(errors, r.at.line + 1, "cannot be read; name another with -c FILE");
    fclose(in);
    for (size_t i = 0; i < SECTIONS; i++)
        sections[i]->check(&r.at);
    return r.at.config;
}

const struct config_desktop *config_find_desktop(const struct config *config, const char *name)
{
    const struct config_desktop *d = config->desktops;
    while (d != NULL && strcmp(d->name, name) != 0)
        d = d->next;
    return d;
}

void config_destroy(struct config *c)
{
    if (c == NULL)
        return;
    free(c->certificate.path);
    free(c->key.path);
    free(c->web_root.path);
    free(c->admin_socket.path);
    free(c->database.path);
    free(c->audit_file.path);
    free(c->public_url);
    free(c->allowed_origins);
    while (c->certificates != NULL) {
        struct config_certificate *next = c->certificates->next;
        free(c->certificates->certificate.path);
        free(c->certificates->key.path);
        free(c->certificates);
        c->certificates = next;
    }
    while (c->desktops != NULL) {
        struct config_desktop *d = c->desktops;
        c->desktops = d->next;
        config_wipe(d->password);
        free(d->username);
        free(d->ca_file.path);
        free(d->tls_name);
        config_agent_destroy(d->agent);
        config_wipe(d->agent_token);
        SSL_CTX_free(d->tls_ctx);
        free(d->unix_path);
        free(d);
    }
    while (c->jwts != NULL) {
        struct config_jwt *j = c->jwts;
        c->jwts = j->next;
        config_jwt_destroy(j);
    }
    while (c->streams != NULL) {
        struct config_stream *s = c->streams;
        c->streams = s->next;
        OPENSSL_cleanse(s->password, sizeof s->password);
        OPENSSL_cleanse(s->vnc_password, sizeof s->vnc_password);
        free(s);
    }
    free(c);
}
