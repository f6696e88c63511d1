/* SPDX-License-Identifier: GPL-2.0-or-later
 * do: actions in JSON, on one connection. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action.h"
#include "option.h"
#include "progress.h"
#include "reader.h"

struct run {
    struct app *app;
    struct action_context context;
    struct reader reader;
    size_t index; /* of the next action */
};

/* One line for one action, at once. error NULL: it went well. */
static int print_answer(const struct run *run, json_t *answer, const struct action_spec *spec,
                        const ph_error *error)
{
    json_t *line = json_pack("{s:I, s:s?, s:b}", "index", (json_int_t)run->index, "action",
                             spec != NULL ? spec->name : NULL, "ok", error == NULL);
    if (line != NULL && answer != NULL)
        json_object_update(line, answer);
    if (line != NULL && error != NULL)
        json_object_set_new(
            line, "error",
            json_pack("{s:s, s:s}", "code", app_code_name(error->code), "message", error->message));
    int code = app_answer(line);
    if (fflush(stdout) != 0 && code == EXIT_FINE)
        code = app_fail(EXIT_OTHER, "cannot write to standard output");
    return code;
}

static int refuse(struct run *run, const struct action *action, const ph_error *error)
{
    print_answer(run, NULL, action->spec, error);
    return app_fail(EXIT_USAGE, "action %zu: %s", run->index, error->message);
}

/* The first action of all connects: what is wrong with the first value is told without it. */
static int connect_once(struct run *run)
{
    struct action_context *context = &run->context;
    if (context->client != NULL)
        return EXIT_FINE;
    int code = app_connect(run->app, false, NULL, &context->client);
    context->limit = run->app->limit;
    context->interrupt_fd = run->reader.interrupt_fd = run->app->interrupt_fd;
    return code;
}

static int run_action(struct run *run, const struct action *action)
{
    json_t *answer = json_object();
    ph_error error;
    int code = connect_once(run);
    if (code == EXIT_FINE) {
        progress_begin("action %zu, %s", run->index, action->spec->name);
        int rc = action_run(&run->context, action, answer, &error);
        progress_end();
        code = print_answer(run, answer, action->spec, rc != PH_OK ? &error : NULL);
        if (rc != PH_OK)
            code = app_fail(app_exit_code(rc), "action %zu, %s: %s", run->index, action->spec->name,
                            error.message);
    }
    json_decref(answer);
    return code;
}

/* An array is read wholly before its first action runs. */
static int run_array(struct run *run, const json_t *array)
{
    const size_t begin = run->index, count = json_array_size(array);
    struct action *actions = count != 0 ? calloc(count, sizeof *actions) : NULL;
    size_t parsed = 0;
    ph_error error;
    int code = EXIT_FINE;
    if (actions == NULL)
        return count == 0 ? EXIT_FINE : app_fail(EXIT_OTHER, "out of memory");
    for (; code == EXIT_FINE && parsed < count; parsed++, run->index++)
        if (action_parse(json_array_get(array, parsed), &actions[parsed], &error) != PH_OK)
            code = refuse(run, &actions[parsed], &error);
    for (run->index = begin; code == EXIT_FINE && run->index < begin + count; run->index++)
        code = run_action(run, &actions[run->index - begin]);
    for (size_t i = 0; i < parsed; i++)
        action_finish(&actions[i]);
    free(actions);
    return code;
}

static int run_object(struct run *run, const json_t *object)
{
    struct action action;
    ph_error error;
    int code = action_parse(object, &action, &error) == PH_OK ? run_action(run, &action)
                                                              : refuse(run, &action, &error);
    action_finish(&action);
    run->index++;
    return code;
}

static int run_all(struct run *run)
{
    for (;;) {
        json_t *value;
        ph_error error;
        if (reader_next(&run->reader, &value, &error) != PH_OK)
            return app_fail_error(&error);
        if (value == NULL)
            return EXIT_FINE;
        int code = json_is_array(value) ? run_array(run, value) : run_object(run, value);
        json_decref(value);
        if (code != EXIT_FINE)
            return code;
    }
}

static void print_params(const struct action_param *p)
{
    for (; p->name != NULL; p++)
        printf("      %-22s %s%s\n", p->name, p->required ? "* " : "", p->summary);
}

static void print_actions(void)
{
    printf("\nActions, their parameters (* must be there), and what is Porthole's own:\n");
    for (const struct action_spec *s = action_specs; s->name != NULL; s++) {
        printf("  %-26s %s\n", s->name, s->summary);
        print_params(s->params);
    }
    printf("  With every action:\n");
    print_params(action_common_params);
}

static int cmd_do(struct app *app, int argc, char **argv)
{
    static struct run run;
    int code = option_parse(app, app->command->options, argc, argv, &run);
    if (code != EXIT_FINE)
        return code;
    if (argc - optind > 1)
        return app_usage(app, "more than one FILE");
    const char *path = optind < argc ? argv[optind] : "-";
    bool input = strcmp(path, "-") == 0;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return app_fail(EXIT_USAGE, "cannot read %s: %s", path, strerror(errno));
    run = (struct run){.app = app, .context = {.interrupt_fd = -1}};
    reader_init(&run.reader, input ? "standard input" : path, fd);
    code = run_all(&run);
    action_context_finish(&run.context);
    if (run.context.client != NULL)
        code = app_close(app, run.context.client, code);
    if (!input)
        close(fd);
    return code;
}

const struct command command_do = {
    .name = "do",
    .arguments = "[FILE]",
    .summary = "run actions in JSON, from FILE or standard input, on one connection",
    .details = "An array is checked wholly before anything runs; an object runs when it has been "
               "read. It\n"
               "stops at the first failure. Each action is answered by a line of JSON.\n",
    .print_more = print_actions,
    .words = "FILE",
    .run = cmd_do,
};
