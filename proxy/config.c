/* SPDX-License-Identifier: GPL-2.0-or-later
 * The file's grammar is inih's. It is handed one line at a time, between a section of ours and a
 * probe key: so every bad line is found and not only the first, its number is known (Debian's inih
 * does not pass it), empty sections are seen, and an indented line is no continuation. */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_values.h"
#include "http.h"

enum {
    INIH_SECTION_MAX = 48, /* inih cuts a longer section name silently */
    FILE_LINE_MAX = 1024,  /* to tell a long line's length; inih's own limit is lower */
    VIEWERS_MAX = 100000
};

/* Control characters: no line of the file has them, as lines with them are refused. */
#define BEFORE_SECTION "\001"
#define PROBE "\002"

enum section { SECTION_NONE, SECTION_SERVER, SECTION_DESKTOP, SECTION_STREAM, SECTION_BAD };

struct reader {
    struct config *config;
    struct config_errors *errors;
    int line;
    enum section section;
    struct config_desktop *desktop; /* of the section, when it is one */
    struct config_stream *stream;

    /* the line with inih */
    const char *text;
    int step;
    bool too_long;
};

void config_error(struct config_errors *errors, int line, const char *format, ...)
{
    va_list args;
    errors->count++;
    if (line > 0)
        fprintf(errors->out, "%s:%d: ", errors->file, line);
    else
        fprintf(errors->out, "%s: ", errors->file);
    va_start(args, format);
    vfprintf(errors->out, format, args);
    va_end(args);
    fputc('\n', errors->out);
}

/* ---- keys ---- */

static void set_server_path(struct reader *r, struct config_path *path, const char *value)
{
    free(path->path);
    path->path = config_join(r->errors->file, value);
    path->line = r->line;
}

static void set_certificate(struct reader *r, const char *value)
{
    set_server_path(r, &r->config->certificate, value);
}

static void set_key(struct reader *r, const char *value)
{
    set_server_path(r, &r->config->key, value);
}

static void set_web_root(struct reader *r, const char *value)
{
    set_server_path(r, &r->config->web_root, value);
}

static void set_admin_socket(struct reader *r, const char *value)
{
    set_server_path(r, &r->config->admin_socket, value);
    if (strlen(r->config->admin_socket.path) > CONFIG_UNIX_PATH_MAX)
        config_error(r->errors, r->line,
                     "admin_socket: the socket's path is %zu bytes long; at most %d are possible",
                     strlen(r->config->admin_socket.path), CONFIG_UNIX_PATH_MAX);
}

static void set_database(struct reader *r, const char *value)
{
    set_server_path(r, &r->config->database, value);
}

static void set_public_url(struct reader *r, const char *value)
{
    free(r->config->public_url);
    r->config->public_url = config_join("", value);
    if (strncmp(value, "https://", 8) != 0 || !http_is_origin(value))
        config_error(r->errors, r->line,
                     "public_url: \"%s\" is not how viewers reach this server; "
                     "use https://HOST or https://HOST:PORT",
                     value);
}

static void set_listen(struct reader *r, const char *value)
{
    if (config_parse_listen(value, &r->config->listen) != 0)
        config_error(r->errors, r->line,
                     "listen: \"%s\" is not an address and a port; "
                     "use 127.0.0.1:6080 or [::1]:6080",
                     value);
}

static void set_number(struct reader *r, const char *key, const char *value, unsigned min,
                       unsigned max, unsigned *number)
{
    if (config_parse_number(value, min, max, number) != 0)
        config_error(r->errors, r->line, "%s: \"%s\" is not a whole number; use %u to %u", key,
                     value, min, max);
}

static void set_ping_interval(struct reader *r, const char *value)
{
    set_number(r, "ping_interval", value, 1, 3600, &r->config->ping_interval);
}

static void set_handshake_timeout(struct reader *r, const char *value)
{
    set_number(r, "handshake_timeout", value, 1, 600, &r->config->handshake_timeout);
}

static void set_max_viewers(struct reader *r, const char *value)
{
    set_number(r, "max_viewers", value, 1, VIEWERS_MAX, &r->config->max_viewers);
}

static void set_workers(struct reader *r, const char *value)
{
    set_number(r, "workers", value, 1, CONFIG_WORKERS_MAX, &r->config->workers);
}

static void set_stream_viewers(struct reader *r, const char *value)
{
    set_number(r, "max_viewers", value, 1, VIEWERS_MAX, &r->stream->max_viewers);
}

static void set_role(struct reader *r, const char *value)
{
    if (!policy_set_role(&r->stream->policy, value))
        config_error(r->errors, r->line, "role: \"%s\" is none; use view or control", value);
}

static void set_clipboard(struct reader *r, const char *value)
{
    if (!policy_set_clipboard(&r->stream->policy, value))
        config_error(r->errors, r->line,
                     "clipboard: \"%s\" is no direction; use none, in, out or both", value);
}

static void set_allowed_origins(struct reader *r, const char *value)
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

static void set_upstream(struct reader *r, const char *value)
{
    struct config_desktop *d = r->desktop;
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

static void set_password_file(struct reader *r, const char *value)
{
    config_read_password(r->errors, r->line, value, &r->desktop->password);
}

static void set_desktop(struct reader *r, const char *value)
{
    if (!config_is_name(value)) {
        config_error(r->errors, r->line,
                     "desktop: \"%s\" is not a name; use up to %d letters, digits, '.', '_', '-'",
                     value, CONFIG_NAME_MAX);
        return;
    }
    memcpy(r->stream->desktop_name, value, strlen(value) + 1);
    r->stream->desktop_line = r->line;
}

/* Two streams must not share a token: which one would it open? */
static void add_token(struct reader *r, const uint8_t digest[CONFIG_TOKEN_SIZE])
{
    for (struct config_stream *s = r->config->streams; s != NULL; s = s->next)
        for (size_t i = 0; i < s->token_count; i++)
            if (memcmp(s->tokens[i], digest, CONFIG_TOKEN_SIZE) == 0)
                config_error(r->errors, r->line,
                             "this token opens [stream %s] already; use another", s->name);
    if (r->stream->token_count < sizeof r->stream->tokens / sizeof r->stream->tokens[0])
        memcpy(r->stream->tokens[r->stream->token_count++], digest, CONFIG_TOKEN_SIZE);
}

static void set_token_file(struct reader *r, const char *value)
{
    uint8_t digest[CONFIG_TOKEN_SIZE];
    if (config_read_token(r->errors, r->line, value, digest) == 0)
        add_token(r, digest);
}

static void set_token_sha256(struct reader *r, const char *value)
{
    uint8_t digest[CONFIG_TOKEN_SIZE];
    if (config_parse_sha256(value, digest) == 0)
        add_token(r, digest);
    else
        config_error(r->errors, r->line,
                     "token_sha256: not a SHA-256; use its 64 hexadecimal digits");
}

static const struct key {
    const char *name;
    enum section section;
    bool required;
    void (*set)(struct reader *r, const char *value);
} keys[] = {
    {"listen", SECTION_SERVER, false, set_listen},
    {"certificate", SECTION_SERVER, true, set_certificate},
    {"key", SECTION_SERVER, true, set_key},
    {"web_root", SECTION_SERVER, false, set_web_root},
    {"admin_socket", SECTION_SERVER, false, set_admin_socket},
    {"database", SECTION_SERVER, false, set_database},
    {"public_url", SECTION_SERVER, false, set_public_url},
    {"ping_interval", SECTION_SERVER, false, set_ping_interval},
    {"handshake_timeout", SECTION_SERVER, false, set_handshake_timeout},
    {"max_viewers", SECTION_SERVER, false, set_max_viewers},
    {"workers", SECTION_SERVER, false, set_workers},
    {"allowed_origins", SECTION_SERVER, false, set_allowed_origins},
    {"upstream", SECTION_DESKTOP, true, set_upstream},
    {"password_file", SECTION_DESKTOP, false, set_password_file},
    {"desktop", SECTION_STREAM, true, set_desktop},
    {"role", SECTION_STREAM, false, set_role},
    {"clipboard", SECTION_STREAM, false, set_clipboard},
    {"token_file", SECTION_STREAM, false, set_token_file},
    {"token_sha256", SECTION_STREAM, false, set_token_sha256},
    {"max_viewers", SECTION_STREAM, false, set_stream_viewers},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static const char *section_title(enum section section)
{
    return section == SECTION_SERVER    ? "[server]"
           : section == SECTION_DESKTOP ? "[desktop NAME]"
                                        : "[stream NAME]";
}

static unsigned *seen_keys(struct reader *r)
{
    return r->section == SECTION_SERVER    ? &r->config->seen
           : r->section == SECTION_DESKTOP ? &r->desktop->seen
                                           : &r->stream->seen;
}

/* "a, b, c": the keys that a section knows. */
static void list_keys(enum section section, char *out, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < KEY_COUNT && at < size; i++)
        if (keys[i].section == section)
            at += (size_t)snprintf(out + at, size - at, "%s%s", at != 0 ? ", " : "", keys[i].name);
}

static void take_key(struct reader *r, const char *name, const char *value)
{
    char known[256] = "";
    if (r->section == SECTION_BAD)
        return; /* its header has been reported */
    if (r->section == SECTION_NONE) {
        config_error(r->errors, r->line, "\"%s\" stands before any section; put it below [server]",
                     name);
        return;
    }
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        if (keys[i].section != r->section || strcmp(keys[i].name, name) != 0)
            continue;
        unsigned *seen = seen_keys(r);
        if (*seen & 1u << i)
            config_error(r->errors, r->line, "%s stands twice in this section; keep one", name);
        else if (*value == '\0')
            config_error(r->errors, r->line, "%s has no value; write %s = VALUE", name, name);
        else
            keys[i].set(r, value);
        *seen |= 1u << i;
        return;
    }
    list_keys(r->section, known, sizeof known);
    config_error(r->errors, r->line, "unknown key \"%s\" in %s; known are %s", name,
                 section_title(r->section), known);
}

/* ---- sections ---- */

static void begin_server(struct reader *r)
{
    r->section = SECTION_SERVER;
    if (r->config->server_line != 0) {
        config_error(r->errors, r->line, "[server] stands twice, first in line %d; keep one",
                     r->config->server_line);
        r->section = SECTION_BAD;
        return;
    }
    r->config->server_line = r->line;
}

static void begin_desktop(struct reader *r, const char *name)
{
    struct config_desktop **where = &r->config->desktops;
    for (; *where != NULL; where = &(*where)->next) {
        if (strcmp((*where)->name, name) != 0)
            continue;
        config_error(r->errors, r->line, "[desktop %s] stands twice, first in line %d; keep one",
                     name, (*where)->line);
        r->section = SECTION_BAD;
        return;
    }
    *where = r->desktop = config_alloc(sizeof *r->desktop);
    memcpy(r->desktop->name, name, strlen(name) + 1);
    r->desktop->line = r->line;
    r->section = SECTION_DESKTOP;
}

static void begin_stream(struct reader *r, const char *name)
{
    struct config_stream **where = &r->config->streams;
    for (; *where != NULL; where = &(*where)->next) {
        if (strcmp((*where)->name, name) != 0)
            continue;
        config_error(r->errors, r->line, "[stream %s] stands twice, first in line %d; keep one",
                     name, (*where)->line);
        r->section = SECTION_BAD;
        return;
    }
    *where = r->stream = config_alloc(sizeof *r->stream);
    memcpy(r->stream->name, name, strlen(name) + 1);
    r->stream->line = r->line;
    r->section = SECTION_STREAM;
}

static void begin_section(struct reader *r, const char *title)
{
    static const struct {
        const char *prefix;
        void (*begin)(struct reader *r, const char *name);
    } named[] = {{"desktop ", begin_desktop}, {"stream ", begin_stream}};

    r->section = SECTION_BAD;
    if (strcmp(title, "server") == 0) {
        begin_server(r);
        return;
    }
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        size_t n = strlen(named[i].prefix);
        if (strncmp(title, named[i].prefix, n) != 0)
            continue;
        const char *name = title + n + strspn(title + n, " ");
        if (strlen(title) < INIH_SECTION_MAX && config_is_name(name))
            named[i].begin(r, name);
        else
            config_error(r->errors, r->line,
                         "\"%s\" is not a name; use up to %d letters, digits, '.', '_', '-'", name,
                         CONFIG_NAME_MAX);
        return;
    }
    config_error(r->errors, r->line,
                 "unknown section [%s]; known are [server], [desktop NAME], [stream NAME]", title);
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
        take_key(r, name, value != NULL ? value : "");
    else if (!before)
        begin_section(r, section);
    return 1;
}

static void take_line(struct reader *r, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f) {
            config_error(r->errors, r->line, "a control character; use plain text");
            return;
        }
    }
    r->text = text;
    r->step = 0;
    r->too_long = false;
    int rc = ini_parse_stream(next_text, r, take_entry, r);
    if (r->too_long)
        config_error(r->errors, r->line, "the line is too long (%zu bytes); use at most %d",
                     strlen(text), CONFIG_LINE_MAX);
    else if (rc != 0)
        config_error(r->errors, r->line,
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

static void check_required(struct reader *r, enum section section, unsigned seen, int line)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (keys[i].section == section && keys[i].required && !(seen & 1u << i))
            config_error(r->errors, line, "%s is missing in this section; add %s = VALUE",
                         keys[i].name, keys[i].name);
}

static bool was_seen(unsigned seen, enum section section, const char *name)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (keys[i].section == section && strcmp(keys[i].name, name) == 0)
            return seen & 1u << i;
    return false;
}

/* Who may use the desktop may use its clipboard; who may look does not see what is only there. */
static void set_policy_defaults(struct config_stream *s)
{
    if (!was_seen(s->seen, SECTION_STREAM, "role"))
        s->policy.control = true;
    if (!was_seen(s->seen, SECTION_STREAM, "clipboard"))
        s->policy.clipboard_in = s->policy.clipboard_out = s->policy.control;
}

static void check_stream(struct reader *r, struct config_stream *s)
{
    check_required(r, SECTION_STREAM, s->seen, s->line);
    set_policy_defaults(s);
    if (!was_seen(s->seen, SECTION_STREAM, "token_file") &&
        !was_seen(s->seen, SECTION_STREAM, "token_sha256"))
        config_error(r->errors, s->line,
                     "nothing opens this stream; add token_file = PATH or token_sha256 = DIGEST");
    if (s->desktop_name[0] == '\0')
        return;
    for (s->desktop = r->config->desktops; s->desktop != NULL; s->desktop = s->desktop->next)
        if (strcmp(s->desktop->name, s->desktop_name) == 0)
            return;
    config_error(r->errors, s->desktop_line, "there is no desktop \"%s\"; add [desktop %s]",
                 s->desktop_name, s->desktop_name);
}

static void check_whole(struct reader *r)
{
    struct config *c = r->config;
    if (c->server_line == 0)
        config_error(r->errors, 0,
                     "there is no [server]; add it, with certificate = PATH and key = PATH");
    else
        check_required(r, SECTION_SERVER, c->seen, c->server_line);
    for (struct config_desktop *d = c->desktops; d != NULL; d = d->next)
        check_required(r, SECTION_DESKTOP, d->seen, d->line);
    for (struct config_stream *s = c->streams; s != NULL; s = s->next)
        check_stream(r, s);
}

static struct config *create_defaults(void)
{
    struct config *c = config_alloc(sizeof *c);
    config_parse_listen("127.0.0.1:6080", &c->listen);
    c->web_root.path = config_join("", PORTHOLE_PKGDATADIR "/web");
    c->ping_interval = 20;
    c->handshake_timeout = 10;
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
    struct reader r = {.config = create_defaults(), .errors = errors};
    while (read_line(in, text)) {
        r.line++;
        take_line(&r, text);
    }
    if (ferror(in))
        config_error(errors, r.line + 1, "cannot be read; name another with -c FILE");
    fclose(in);
    check_whole(&r);
    return r.config;
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
    free(c->public_url);
    free(c->allowed_origins);
    while (c->desktops != NULL) {
        struct config_desktop *d = c->desktops;
        c->desktops = d->next;
        if (d->password != NULL)
            OPENSSL_cleanse(d->password, strlen(d->password));
        free(d->password);
        free(d->unix_path);
        free(d);
    }
    while (c->streams != NULL) {
        struct config_stream *s = c->streams;
        c->streams = s->next;
        free(s);
    }
    free(c);
}
