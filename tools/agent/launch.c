/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_exit_of_program(uv_process_t *process, int64_t status, int signal)
{
    (void)status;
    (void)signal;
    uv_close((uv_handle_t *)process, on_closed);
}

static size_t count(char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

/* The last of a name counts: puts "NAME=VALUE" in the place of what has the same name. */
static void put(char **list, char *entry)
{
    size_t name = strcspn(entry, "=") + 1, i = 0;
    while (list[i] != NULL && strncmp(list[i], entry, name) != 0)
        i++;
    list[i] = entry;
}

int launch(uv_loop_t *loop, char *const *argv, const char *cwd, char *const *add,
           const char *display, int *pid)
{
    char **env = calloc(count(environ) + count(add) + 2, sizeof *env);
    uv_process_t *process = malloc(sizeof *process);
    char *where = NULL;
    int rc = UV_ENOMEM;
    if (env == NULL || process == NULL || asprintf(&where, "DISPLAY=%s", display) < 0) {
        free(process);
        goto out;
    }
    for (size_t i = 0; environ[i] != NULL; i++)
        put(env, environ[i]);
    put(env, where);
    for (size_t i = 0; add != NULL && add[i] != NULL; i++)
        put(env, add[i]);
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 2}};
    const uv_process_options_t options = {.exit_cb = on_exit_of_program,
                                          .file = argv[0],
                                          .args = (char **)(uintptr_t)argv,
                                          .env = env,
                                          .cwd = cwd,
                                          .flags = UV_PROCESS_DETACHED,
                                          .stdio_count = 3,
                                          .stdio = stdio};
    rc = uv_spawn(loop, process, &options);
    if (rc == 0) {
        *pid = uv_process_get_pid(process);
        uv_unref((uv_handle_t *)process); /* the agent does not wait for it */
    } else {
        uv_close((uv_handle_t *)process, on_closed); /* as libuv wants it, also after a failure */
    }
out:
    free(where);
    free(env);
    return rc;
}

static void forget(uv_handle_t *handle, void *user)
{
    (void)user;
    if (handle->type == UV_PROCESS && !uv_is_closing(handle))
        uv_close(handle, on_closed);
}

void launch_forget(uv_loop_t *loop)
{
    uv_walk(loop, forget, NULL);
}
