/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "act.h"
#include "feed/read.h"
#include "text.h"

enum {
    PLACE_MAX = INT16_MAX, /* X11 coordinates are 16 bits */
    ARGUMENTS_MAX = 256
};

struct call {
    const struct command_env *env;
    const json_t *line;
    struct window *window; /* of the commands that name one */
    json_t *reply;
    char error[256];
};

static int refuse(struct call *c, const char *words)
{
    snprintf(c->error, sizeof c->error, "%s", words);
    return -1;
}

static int done(struct call *c, const char *why)
{
    return why != NULL ? refuse(c, why) : 0;
}

/* ---- parameters ---- */

static int find_window(struct call *c)
{
    uint32_t id;
    if (!feed_read_id(c->line, "window", false, &id))
        return refuse(c, "window: an id as snapshots have it is needed, \"0x1c0000d\" for example");
    c->window = tree_find(c->env->tree, id);
    if (c->window != NULL)
        return 0;
    snprintf(c->error, sizeof c->error, "there is no window 0x%x", id);
    return -1;
}

static int take_number(struct call *c, const char *name, int min, int max, int *to)
{
    json_int_t n;
    if (!feed_read_number(c->line, name, min, max, &n)) {
        snprintf(c->error, sizeof c->error, "%s: a whole number from %d to %d is needed", name, min,
                 max);
        return -1;
    }
    *to = (int)n;
    return 0;
}

/* ---- commands ---- */

static int run_windows(struct call *c)
{
    uint64_t serial;
    json_t *snapshot = c->env->snapshot(c->env->owner, &serial);
    json_object_update(c->reply, snapshot);
    json_object_set_new(c->reply, "serial", json_integer((json_int_t)serial));
    json_decref(snapshot);
    return 0;
}

static int run_sync(struct call *c)
{
    uint64_t serial;
    c->env->sync(c->env->owner);
    json_decref(c->env->snapshot(c->env->owner, &serial));
    json_object_set_new(c->reply, "serial", json_integer((json_int_t)serial));
    return 0;
}

static int run_activate(struct call *c)
{
    return done(c, act_activate(c->env->tree, c->window));
}

static int run_move(struct call *c)
{
    int x, y;
    if (take_number(c, "x", -PLACE_MAX, PLACE_MAX, &x) != 0 ||
        take_number(c, "y", -PLACE_MAX, PLACE_MAX, &y) != 0)
        return -1;
    return done(c, act_move(c->env->tree, c->window, x, y));
}

static int run_resize(struct call *c)
{
    int width, height;
    if (take_number(c, "width", 1, PLACE_MAX, &width) != 0 ||
        take_number(c, "height", 1, PLACE_MAX, &height) != 0)
        return -1;
    return done(c, act_resize(c->env->tree, c->window, width, height));
}

static int run_close(struct call *c)
{
    const json_t *force = json_object_get(c->line, "force");
    if (force != NULL && !json_is_boolean(force))
        return refuse(c, "force: true or false is needed");
    return done(c, act_close(c->env->tree, c->window, json_is_true(force)));
}

static int run_minimize(struct call *c)
{
    return done(c, act_minimize(c->env->tree, c->window));
}

static int run_restore(struct call *c)
{
    return done(c, act_restore(c->env->tree, c->window));
}

/* Texts borrowed from the JSON; NULL after refusing. */
static char **list_arguments(struct call *c)
{
    const json_t *list = json_object_get(c->line, "argv");
    size_t n = json_array_size(list);
    char **argv = n >= 1 && n <= ARGUMENTS_MAX ? calloc(n + 1, sizeof *argv) : NULL;
    for (size_t i = 0; argv != NULL && i < n; i++) {
        argv[i] = (char *)(uintptr_t)json_string_value(json_array_get(list, i));
        if (argv[i] == NULL) {
            free(argv);
            argv = NULL;
        }
    }
    if (argv == NULL)
        refuse(c, "argv: a list of 1 to 256 texts is needed");
    return argv;
}

static void free_environment(char **env)
{
    for (char **at = env; at != NULL && *at != NULL; at++)
        free(*at);
    free(env);
}

/* "NAME=VALUE" each; NULL after refusing. */
static char **list_environment(struct call *c)
{
    json_t *object = json_object_get(c->line, "env");
    const char *name;
    json_t *value;
    size_t n = 0;
    if (object != NULL && (!json_is_object(object) || json_object_size(object) > ARGUMENTS_MAX)) {
        refuse(c, "env: an object of at most 256 texts is needed");
        return NULL;
    }
    char **env = calloc(json_object_size(object) + 1, sizeof *env);
    if (env == NULL)
        refuse(c, "out of memory");
    json_object_foreach(object, name, value)
    {
        const char *text = json_string_value(value);
        if (env == NULL)
            break;
        if (text == NULL || name[0] == '\0' || strchr(name, '=') != NULL ||
            asprintf(&env[n], "%s=%s", name, text) < 0) {
            refuse(c, "env: names without \"=\" and texts as their values are needed");
            env[n] = NULL;
            free_environment(env);
            env = NULL;
        }
        n++;
    }
    return env;
}

/* What a failed launch was about; libuv has one error for the program and the folder. */
static void tell_failed(struct call *c, const char *program, const char *folder, int rc)
{
    struct stat st;
    int flaw = 0;
    if (folder != NULL && stat(folder, &st) != 0)
        flaw = -errno;
    else if (folder != NULL && !S_ISDIR(st.st_mode))
        flaw = UV_ENOTDIR;
    else if (folder != NULL && access(folder, X_OK) != 0)
        flaw = -errno;
    if (flaw != 0)
        snprintf(c->error, sizeof c->error, "the folder \"%.100s\" cannot be entered: %s", folder,
                 uv_strerror(flaw));
    else
        snprintf(c->error, sizeof c->error, "\"%.100s\" cannot be started: %s", program,
                 uv_strerror(rc));
}

static int run_launch(struct call *c)
{
    const json_t *folder = json_object_get(c->line, "cwd");
    int pid = 0;
    if (folder != NULL && !json_is_string(folder))
        return refuse(c, "cwd: the path of a folder is needed");
    char **argv = list_arguments(c);
    char **env = argv != NULL ? list_environment(c) : NULL;
    if (env != NULL) {
        int rc = c->env->launch(c->env->owner, argv, json_string_value(folder), env, &pid);
        if (rc != 0)
            tell_failed(c, argv[0], json_string_value(folder), rc);
        else
            json_object_set_new(c->reply, "pid", json_integer(pid));
    }
    free_environment(env);
    free(argv);
    return c->error[0] != '\0' ? -1 : 0;
}

static const struct {
    const char *name;
    bool needs_window;
    int (*run)(struct call *c);
} commands[] = {
    {"windows", false, run_windows},  {"sync", false, run_sync},
    {"activate", true, run_activate}, {"move", true, run_move},
    {"resize", true, run_resize},     {"close", true, run_close},
    {"minimize", true, run_minimize}, {"restore", true, run_restore},
    {"launch", false, run_launch},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int unknown(struct call *c, const char *name)
{
    char known[128] = "";
    for (size_t i = 0; i < COMMANDS; i++) {
        size_t at = strlen(known);
        snprintf(known + at, sizeof known - at, "%s%s", i != 0 ? ", " : "", commands[i].name);
    }
    snprintf(c->error, sizeof c->error, "unknown command \"%.40s\"; known are %s",
             name != NULL ? name : "", known);
    return -1;
}

static int run(struct call *c)
{
    const char *name = json_string_value(json_object_get(c->line, "command"));
    size_t i = 0;
    if (!json_is_integer(json_object_get(c->line, "id")))
        return refuse(c, "id: a whole number is needed, which the reply will have");
    while (i < COMMANDS && (name == NULL || strcmp(commands[i].name, name) != 0))
        i++;
    if (i == COMMANDS)
        return unknown(c, name);
    if (commands[i].needs_window && find_window(c) != 0)
        return -1;
    return commands[i].run(c);
}

json_t *command_run(const struct command_env *env, const json_t *line)
{
    struct call c = {.env = env, .line = line, .reply = json_object()};
    const json_t *id = json_object_get(line, "id");
    if (c.reply == NULL)
        return NULL;
    int rc = run(&c);
    if (rc != 0)
        json_object_clear(c.reply);
    json_object_set_new(c.reply, "type", json_string("reply"));
    json_object_set(c.reply, "id", json_is_integer(id) ? (json_t *)(uintptr_t)id : json_null());
    json_object_set_new(c.reply, "ok", json_boolean(rc == 0));
    if (rc != 0) {
        char clean[sizeof c.error + 2]; /* a name may have been cut inside a character */
        text_copy(clean, sizeof clean, c.error, strlen(c.error), false);
        json_object_set_new(c.reply, "error", json_string(clean));
    }
    return c.reply;
}
