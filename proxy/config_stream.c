/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of [stream NAME]. */
#include <string.h>

#include "config_section.h"
#include "crop_json.h"
#include "windows.h"

static void set_max_viewers(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    config_set_number(r, "max_viewers", value, 1, CONFIG_VIEWERS_MAX, &s->max_viewers);
}

static void set_role(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    if (!policy_set_role(&s->policy, value))
        config_error(r->errors, r->line, "role: \"%s\" is none; use view or control", value);
}

static void set_clipboard(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    if (!policy_set_clipboard(&s->policy, value))
        config_error(r->errors, r->line,
                     "clipboard: \"%s\" is no direction; use none, in, out or both", value);
}

static void set_desktop(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    if (!config_is_name(value)) {
        config_error(r->errors, r->line,
                     "desktop: \"%s\" is not a name; use up to %d letters, digits, '.', '_', '-'",
                     value, CONFIG_NAME_MAX);
        return;
    }
    memcpy(s->desktop_name, value, strlen(value) + 1);
    s->desktop_line = r->line;
}

/* Two streams must not share a token: which one would it open? */
static void add_token(struct config_reader *r, const uint8_t digest[CONFIG_TOKEN_SIZE])
{
    struct config_stream *own = r->item;
    for (struct config_stream *s = r->config->streams; s != NULL; s = s->next)
        for (size_t i = 0; i < s->token_count; i++)
            if (memcmp(s->tokens[i], digest, CONFIG_TOKEN_SIZE) == 0)
                config_error(r->errors, r->line,
                             "this token opens [stream %s] already; use another", s->name);
    if (own->token_count < CONFIG_TOKENS_MAX)
        memcpy(own->tokens[own->token_count++], digest, CONFIG_TOKEN_SIZE);
}

static void set_token_file(struct config_reader *r, const char *value)
{
    uint8_t digest[CONFIG_TOKEN_SIZE];
    if (config_read_token(r->errors, r->line, "token_file", value, digest) == 0)
        add_token(r, digest);
}

static void set_token_sha256(struct config_reader *r, const char *value)
{
    uint8_t digest[CONFIG_TOKEN_SIZE];
    if (config_parse_sha256(value, digest) == 0)
        add_token(r, digest);
    else
        config_error(r->errors, r->line,
                     "token_sha256: not a SHA-256; use its 64 hexadecimal digits");
}

static void set_password_file(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    config_read_hash(r->errors, r->line, value, s->password);
}

static void set_vnc_password_file(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    config_read_vnc_password(r->errors, r->line, value, s->vnc_password);
}

static void set_window(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    s->window_line = r->line;
    if (!windows_is_selector(value) || strlen(value) > CROP_SELECTOR_MAX)
        config_error(r->errors, r->line,
                     "window: \"%s\" names no window; use app:NAME, title:PATTERN, 0xID or "
                     "rect:WIDTHxHEIGHT+X+Y, of at most %d bytes",
                     value, CROP_SELECTOR_MAX);
    else
        memcpy(s->window.selector, value, strlen(value) + 1);
}

static void set_window_popups(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    if (!crop_how_set_popups(&s->window, value))
        config_error(r->errors, r->line,
                     "window_popups: \"%s\" is not known; use expand, clip or none", value);
}

static void set_yes_no(struct config_reader *r, const char *key, const char *value, bool *to)
{
    *to = strcmp(value, "yes") == 0;
    if (!*to && strcmp(value, "no") != 0)
        config_error(r->errors, r->line, "%s: \"%s\" is neither; use yes or no", key, value);
}

static void set_window_frame(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    set_yes_no(r, "window_frame", value, &s->window.frame);
}

static void set_window_strict(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    set_yes_no(r, "window_strict", value, &s->window.strict);
}

static void set_window_wait(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    config_set_number(r, "window_wait", value, 0, CROP_WAIT_MAX, &s->window.wait_s);
}

static void set_window_on_close(struct config_reader *r, const char *value)
{
    struct config_stream *s = r->item;
    if (!crop_how_set_on_close(&s->window, value))
        config_error(r->errors, r->line, "window_on_close: \"%s\" is neither; use end or wait",
                     value);
}

static void begin(struct config_reader *r, const char *name)
{
    struct config_stream **where = &r->config->streams;
    for (; *where != NULL; where = &(*where)->next) {
        if (strcmp((*where)->name, name) != 0)
            continue;
        config_stands_twice(r, &config_stream_section, name, (*where)->line);
        return;
    }
    struct config_stream *s = *where = config_alloc(sizeof *s);
    memcpy(s->name, name, strlen(name) + 1);
    s->line = r->line;
    s->window = CROP_HOW_INIT;
    r->item = s;
    r->seen = &s->seen;
}

/* Who may use the desktop may use its clipboard; who may look does not see what is only there. */
static void set_policy_defaults(struct config_stream *s)
{
    if (!config_was_seen(&config_stream_section, s->seen, "role"))
        s->policy.control = true;
    if (!config_was_seen(&config_stream_section, s->seen, "clipboard"))
        s->policy.clipboard_in = s->policy.clipboard_out = s->policy.control;
}

static bool has_opener(const struct config_stream *s)
{
    static const char *const openers[] = {"token_file", "token_sha256", "password_file",
                                          "vnc_password_file"};
    for (size_t i = 0; i < sizeof openers / sizeof openers[0]; i++)
        if (config_was_seen(&config_stream_section, s->seen, openers[i]))
            return true;
    return false;
}

/* What is said of a window needs one, and somebody who knows the windows. A rectangle of the screen
 * is none. */
static void check_window(struct config_reader *r, const struct config_stream *s)
{
    const struct crop_field *field;
    bool window = config_was_seen(&config_stream_section, s->seen, "window");
    bool rect = s->window.selector[0] != '\0' && !windows_needs_agent(s->window.selector);
    for (size_t i = 1; (field = crop_field_at(i)) != NULL; i++)
        if ((!window || rect) && config_was_seen(&config_stream_section, s->seen, field->name))
            config_error(r->errors, s->line,
                         rect ? "%s is for windows, and a rectangle is none; take it away"
                              : "%s is for streams of a window; add window = app:NAME or take it "
                                "away",
                         field->name);
    if (window && !rect && s->desktop != NULL && s->desktop->agent == NULL)
        config_error(r->errors, s->window_line,
                     "window: desktop \"%s\" has no agent, which knows the windows; add agent = "
                     "unix:PATH to it",
                     s->desktop->name);
}

static void check_stream(struct config_reader *r, struct config_stream *s)
{
    config_check_required(r, &config_stream_section, s->seen, s->line);
    set_policy_defaults(s);
    if (!has_opener(s))
        config_error(r->errors, s->line,
                     "nothing opens this stream; add token_file = PATH, token_sha256 = DIGEST or "
                     "password_file = PATH");
    if (s->desktop_name[0] == '\0')
        return;
    s->desktop = config_find_desktop(r->config, s->desktop_name);
    if (s->desktop == NULL)
        config_error(r->errors, s->desktop_line, "there is no desktop \"%s\"; add [desktop %s]",
                     s->desktop_name, s->desktop_name);
    check_window(r, s);
}

static void check(struct config_reader *r)
{
    for (struct config_stream *s = r->config->streams; s != NULL; s = s->next)
        check_stream(r, s);
}

static const struct config_key keys[] = {
    {"desktop", true, set_desktop},
    {"role", false, set_role},
    {"clipboard", false, set_clipboard},
    {"token_file", false, set_token_file},
    {"token_sha256", false, set_token_sha256},
    {"password_file", false, set_password_file},
    {"vnc_password_file", false, set_vnc_password_file},
    {"max_viewers", false, set_max_viewers},
    {"window", false, set_window},
    {"window_popups", false, set_window_popups},
    {"window_frame", false, set_window_frame},
    {"window_wait", false, set_window_wait},
    {"window_on_close", false, set_window_on_close},
    {"window_strict", false, set_window_strict},
    {NULL, false, NULL},
};

const struct config_section config_stream_section = {
    .title = "stream", .named = true, .keys = keys, .begin = begin, .check = check};

bool config_asks_password(const struct config_stream *s)
{
    return s->password[0] != '\0' || s->vnc_password[0] != '\0';
}

const char *config_password_word(const struct config_stream *s)
{
    return s->password[0] != '\0' ? "plain" : s->vnc_password[0] != '\0' ? "vnc" : "none";
}

const char *config_weakness(const struct config_stream *s)
{
    if (s->vnc_password[0] == '\0')
        return NULL;
    return "vnc_password_file: VncAuth is weak: at most 8 bytes, by DES; use password_file where "
           "the viewers have VeNCrypt's Plain, as noVNC has";
}
