/* SPDX-License-Identifier: GPL-2.0-or-later
 * stream: makes, lists, changes and revokes portholed's streams. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "option.h"
#include "secrets.h"

enum { TTL_MAX = 10 * 366 * 86400, VIEWERS_MAX = 100000 };

#define DEFAULT_SOCKET "/run/porthole/admin.sock"

struct request {
    const char *socket; /* NULL: as it is by default */
    const char *jti;    /* revoke: of a JWT, in place of an ID */
    json_t *body;       /* what create and change ask for */
};

static const char *socket_of(const struct request *r)
{
    const char *named = getenv("PORTHOLE_ADMIN");
    return r->socket != NULL ? r->socket : named != NULL ? named : DEFAULT_SOCKET;
}

/* ---- what is wanted ---- */

/* JSON's names have _ where options have -. */
static int set_field(struct request *r, const struct option_spec *spec, json_t *value)
{
    char name[32];
    snprintf(name, sizeof name, "%s", spec->name);
    for (char *p = name; *p != '\0'; p++)
        *p = *p == '-' ? '_' : *p;
    if (json_object_set_new(r->body, name, value) != 0)
        return app_fail(EXIT_USAGE, "--%s: not UTF-8, or out of memory", spec->name);
    return EXIT_FINE;
}

static int take_text(const struct app *app, const struct option_spec *spec, const char *text,
                     void *into)
{
    (void)app;
    return set_field(into, spec, json_string(text));
}

static int take_number(const struct app *app, const struct option_spec *spec, const char *text,
                       void *into)
{
    int n;
    int code = app_int(app, text, spec->name, spec->min, spec->max, &n);
    return code == EXIT_FINE ? set_field(into, spec, json_integer(n)) : code;
}

static int take_password_file(const struct app *app, const struct option_spec *spec,
                              const char *path, void *into)
{
    (void)app, (void)spec;
    struct request *r = into;
    char password[SECRET_MAX + 2];
    int code = secrets_read_line(path, "password", password, sizeof password);
    if (code == EXIT_FINE && json_object_set_new(r->body, "password", json_string(password)) != 0)
        code = app_fail(EXIT_USAGE, "the password is not UTF-8, or there is no memory");
    explicit_bzero(password, sizeof password);
    return code;
}

static int take_flag(const struct app *app, const struct option_spec *spec, const char *text,
                     void *into)
{
    (void)app, (void)text;
    return set_field(into, spec, json_true());
}

/* ---- what is answered ---- */

static int print_made(const struct app *app, json_t *answer)
{
    if (app->json)
        return app_answer(answer);
    printf("%s\n", json_string_value(json_object_get(answer, "url")));
    json_decref(answer);
    return EXIT_FINE;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static void print_expiry(const json_t *stream)
{
    char text[32] = "never";
    time_t seconds = (time_t)json_integer_value(json_object_get(stream, "expires"));
    struct tm tm;
    if (seconds != 0 && localtime_r(&seconds, &tm) != NULL)
        strftime(text, sizeof text, "%F %T", &tm);
    printf("%-19s", text);
}

/* What of the desktop it shows; and how well, where it is no more than that. */
static void print_window(const json_t *stream)
{
    char text[192] = "-"; /* all of it */
    const char *window = text_of(stream, "window");
    if (window[0] != '\0')
        snprintf(text, sizeof text, "%s%s", window,
                 strcmp(text_of(stream, "bound"), "best effort") == 0 ? " (best effort)" : "");
    printf("  %-24s", text);
}

static int print_list(const struct app *app, json_t *answer)
{
    size_t i;
    json_t *stream;
    if (app->json)
        return app_answer(answer);
    printf("%-16s  %-16s  %-7s  %-9s  %7s  %-19s  %-24s  %s\n", "ID", "DESKTOP", "ROLE",
           "CLIPBOARD", "VIEWERS", "EXPIRES", "WINDOW", "LABEL");
    json_array_foreach(json_object_get(answer, "streams"), i, stream)
    {
        printf("%-16s  %-16s  %-7s  %-9s  %7d  ", text_of(stream, "id"), text_of(stream, "desktop"),
               text_of(stream, "role"), text_of(stream, "clipboard"),
               (int)json_integer_value(json_object_get(stream, "viewers")));
        print_expiry(stream);
        print_window(stream);
        const char *label = json_is_true(json_object_get(stream, "configured"))
                                ? "(portholed.conf)"
                                : text_of(stream, "label");
        if (json_object_get(stream, "jwt") != NULL) {
            printf("  JWT %s (key %s)\n", text_of(stream, "jti"), text_of(stream, "jwt"));
            continue;
        }
        bool asleep = json_is_true(json_object_get(stream, "asleep"));
        printf("  %s%s\n", label, asleep ? " (no such desktop now)" : "");
    }
    json_decref(answer);
    return EXIT_FINE;
}

static int print_nothing(const struct app *app, json_t *answer)
{
    if (app->json)
        return app_answer(answer);
    json_decref(answer);
    return EXIT_FINE;
}

/* ---- the command ---- */

static const struct kind {
    const char *name, *usage, *method;
    int arguments;
    int (*print)(const struct app *app, json_t *answer);
} kinds[] = {
    {"create", " DESKTOP", "POST", 1, print_made},
    {"list", "", "GET", 0, print_list},
    {"change", " ID", "PATCH", 1, print_nothing},
    {"revoke", " ID, or stream revoke --jti JTI", "DELETE", 1, print_nothing},
    {.name = NULL},
};

/* The option of a field that stays as it was made; NULL: there is none. */
static const char *find_fixed(const json_t *body)
{
    static const struct {
        const char *field, *option;
    } all[] = {
        {"single_use", "single-use"},
        {"password", "password-file"},
        {"link", "link"},
        {"window", "window"},
        {"window_popups", "window-popups"},
        {"window_on_close", "window-on-close"},
        {"window_strict", "window-strict"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (json_object_get(body, all[i].field) != NULL)
            return all[i].option;
    return NULL;
}

static int parse(const struct app *app, int argc, char **argv, struct request *r,
                 const struct kind **kind)
{
    int code = option_parse(app, app->command->options, argc, argv, r);
    if (code != EXIT_FINE)
        return code;
    if (optind == argc)
        return app_usage(app, "what is to be done with streams?");
    for (*kind = kinds; (*kind)->name != NULL; ++*kind)
        if (strcmp((*kind)->name, argv[optind]) == 0)
            break;
    if ((*kind)->name == NULL)
        return app_usage(app, "cannot %s streams", argv[optind]);
    bool revokes = strcmp((*kind)->name, "revoke") == 0;
    if (r->jti != NULL && !revokes)
        return app_usage(app, "only stream revoke takes --jti");
    if (argc - optind - 1 != (r->jti != NULL ? 0 : (*kind)->arguments))
        return app_usage(app, "it is stream %s%s", (*kind)->name, (*kind)->usage);
    /* before the command it would be the password of a connection, and none is made */
    if (app->password_file != NULL && app->password_file != getenv("PORTHOLE_PASSWORD_FILE"))
        return app_usage(app, "write --password-file behind stream create");
    bool changes = strcmp((*kind)->name, "change") == 0;
    size_t options = json_object_size(r->body);
    if (!changes && strcmp((*kind)->name, "create") != 0 && options != 0)
        return app_usage(app, "only stream create and change take options beside --admin");
    const char *fixed = changes ? find_fixed(r->body) : NULL;
    if (fixed != NULL)
        return app_usage(app, "--%s is for stream create, and cannot be changed", fixed);
    if (changes && options == 0)
        return app_usage(app, "what is to be changed? --role, --clipboard, --ttl, --max-viewers "
                              "or --label");
    return EXIT_FINE;
}

/* A path's last part; ids are letters and digits, and what is none must not become another path. */
static int put_path(const struct app *app, const char *id, char *path, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (id[0] == '\0' || strlen(id) > 64 || id[strspn(id, plain)] != '\0')
        return app_usage(app, "'%s' is no stream's ID; see porthole stream list", id);
    snprintf(path, size, "/v1/streams/%s", id);
    return EXIT_FINE;
}

static int revoke_jti(const struct app *app, const struct request *r)
{
    json_t *answer;
    if (json_object_set_new(r->body, "jti", json_string(r->jti)) != 0)
        return app_usage(app, "the jti is not UTF-8");
    int code =
        ask(socket_of(r), "POST", "/v1/revocations", r->body, app->limit.timeout_ms, &answer);
    return code == EXIT_FINE ? print_nothing(app, answer) : code;
}

static int run(struct app *app, int argc, char **argv, struct request *r)
{
    const struct kind *kind = kinds;
    char path[128] = "/v1/streams";
    json_t *answer, *body = NULL;
    int code = parse(app, argc, argv, r, &kind);
    if (code == EXIT_FINE && r->jti != NULL)
        return revoke_jti(app, r);
    if (code == EXIT_FINE && strcmp(kind->name, "create") == 0) {
        body = r->body;
        if (json_object_set_new(body, "desktop", json_string(argv[optind + 1])) != 0)
            return app_usage(app, "the desktop's name is not UTF-8");
    } else if (code == EXIT_FINE && kind->arguments == 1) {
        code = put_path(app, argv[optind + 1], path, sizeof path);
        body = strcmp(kind->name, "change") == 0 ? r->body : NULL;
    }
    if (code == EXIT_FINE)
        code = ask(socket_of(r), kind->method, path, body, app->limit.timeout_ms, &answer);
    return code == EXIT_FINE ? kind->print(app, answer) : code;
}

static int cmd_stream(struct app *app, int argc, char **argv)
{
    struct request r = {.body = json_object()};
    int code = run(app, argc, argv, &r);
    json_decref(r.body);
    return code;
}

static const struct option_spec stream_options[] = {
    {.name = "admin",
     .value = "SOCKET",
     .take = option_string,
     .at = offsetof(struct request, socket),
     .summary = "portholed's admin socket; default: $PORTHOLE_ADMIN,\nelse " DEFAULT_SOCKET},
    {.name = "role",
     .value = "view|control",
     .take = take_text,
     .summary = "create, change: what viewers may do (view)"},
    {.name = "clipboard",
     .value = "none|in|out|both",
     .take = take_text,
     .summary = "create, change: which way the clipboard goes\n(none)"},
    {.name = "ttl",
     .value = "SECONDS",
     .take = take_number,
     .min = 0,
     .max = TTL_MAX,
     .summary = "create, change: when it expires, from now (3600);\n0: never"},
    {.name = "single-use", .take = take_flag, .summary = "create: the first viewer uses it up"},
    {.name = "max-viewers",
     .value = "N",
     .take = take_number,
     .min = 0,
     .max = VIEWERS_MAX,
     .summary = "create, change: viewers at the same time\n(0: any number)"},
    {.name = "password-file",
     .value = "FILE",
     .take = take_password_file,
     .summary = "create: ask viewers for the password in its\nfirst line"},
    {.name = "link",
     .value = "token|password",
     .take = take_text,
     .summary = "create: what the link needs: a token in it, and\nthe password where there is one "
                "(token), or that\nalone"},
    {.name = "window",
     .value = "WINDOW",
     .take = take_text,
     .summary = "create: one application's window and nothing else:\napp:NAME, title:PATTERN or "
                "0xID; or of the screen\nrect:WIDTHxHEIGHT+X+Y"},
    {.name = "window-popups",
     .value = "expand|clip|none",
     .take = take_text,
     .summary =
         "create: its menus and dialogs: the picture grows\nwith them (expand), is cut off at "
         "the window's\nedges (clip), or goes without them (none)"},
    {.name = "window-on-close",
     .value = "end|wait",
     .take = take_text,
     .summary = "create: when it is closed, viewers are sent away\n(end) or wait for the next such "
                "window"},
    {.name = "window-strict",
     .take = take_flag,
     .summary =
         "create: refuse viewers where it is not certain that\nthey see nothing of others; by "
         "default those\nstreams are best effort"},
    {.name = "label",
     .value = "TEXT",
     .take = take_text,
     .summary = "create, change: what list shows beside it"},
    {.name = "jti",
     .value = "JTI",
     .take = option_string,
     .at = offsetof(struct request, jti),
     .summary = "revoke: the JWTs with this jti, in place of a\nstream"},
    {.name = NULL},
};

const struct command command_stream = {
    .name = "stream",
    .arguments = "[OPTION]... create DESKTOP|list|change ID|revoke ID|revoke --jti JTI",
    .summary = "make, list, change and revoke links to desktops",
    .details = "create prints a link for the browser, whose token is told once and never again.\n"
               "change acts at once: viewers whose rights it takes must come again.\n"
               "revoke ends its viewers at once.\n",
    .words = "create|list|change|revoke",
    .options = stream_options,
    .run = cmd_stream,
};
