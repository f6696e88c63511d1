/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON to an action, by the table. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"

enum { COORDINATE_MAX = 65535, CHORD_MAX = 256 };

int action_error(ph_error *error, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error->code = code;
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return code;
}

static bool read_integer(const json_t *value, int64_t min, int64_t max, int64_t *to)
{
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return false;
    *to = json_integer_value(value);
    return true;
}

/* An array of exactly count coordinates. Negative ones are the library's to refuse, which knows
 * the size of the screen. */
static bool read_numbers(const json_t *value, size_t count, int *to)
{
    if (!json_is_array(value) || json_array_size(value) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t n;
        if (!read_integer(json_array_get(value, i), -COORDINATE_MAX, COORDINATE_MAX, &n))
            return false;
        to[i] = (int)n;
    }
    return true;
}

static bool read_point(const json_t *value, ph_point *to)
{
    int n[2];
    if (!read_numbers(value, 2, n))
        return false;
    *to = (ph_point){n[0], n[1]};
    return true;
}

static bool read_rect(const json_t *value, ph_rect *to)
{
    int n[4];
    if (!read_numbers(value, 4, n) || n[0] < 0 || n[1] < 0 || n[2] <= n[0] || n[3] <= n[1])
        return false;
    *to = (ph_rect){n[0], n[1], n[2] - n[0], n[3] - n[1]};
    return true;
}

static bool read_region(const json_t *value, struct action_region *to)
{
    to->given = read_rect(value, &to->rect);
    return to->given;
}

static bool read_path(const json_t *value, struct action_path *to)
{
    size_t count = json_is_array(value) ? json_array_size(value) : 0;
    if (count < 2 || count > ACTION_PATH_MAX)
        return false;
    to->points = calloc(count, sizeof *to->points);
    for (size_t i = 0; to->points != NULL && i < count; i++)
        if (!read_point(json_array_get(value, i), &to->points[to->count++]))
            return false;
    return to->points != NULL;
}

static bool read_masks(const json_t *value, struct action_masks *to)
{
    size_t count = json_is_array(value) ? json_array_size(value) : 0;
    if (count < 1 || count > ACTION_MASKS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_rect(json_array_get(value, i), &to->rects[to->count++]))
            return false;
    return true;
}

static bool read_choice(const json_t *value, const struct action_param *p, int *to)
{
    const char *choice = p->choices;
    for (int number = (int)p->min; json_is_string(value); number++) {
        size_t n = strcspn(choice, "|");
        if (n == json_string_length(value) && memcmp(choice, json_string_value(value), n) == 0) {
            *to = number;
            return true;
        }
        if (choice[n] == '\0')
            return false;
        choice += n + 1;
    }
    return false;
}

static bool read_value(const json_t *value, const struct action_param *p, void *to)
{
    switch (p->kind) {
    case ACTION_TEXT:
    case ACTION_CHORD:
    case ACTION_CHORDS:
        /* jansson refuses NUL in strings unless told otherwise */
        *(const char **)to = json_string_value(value);
        return json_is_string(value);
    case ACTION_CHOICE:
        return read_choice(value, p, to);
    case ACTION_INTEGER:
        return read_integer(value, p->min, p->max, to);
    case ACTION_SECONDS: {
        double seconds = json_number_value(value);
        *(int *)to = seconds > 0 && seconds <= (double)p->max ? (int)ceil(seconds * 1000) : 0;
        return *(int *)to != 0;
    }
    case ACTION_FLAG:
        *(bool *)to = json_is_true(value);
        return json_is_boolean(value);
    case ACTION_POINT: {
        struct action_point *point = to;
        point->given = read_point(value, &point->at);
        return point->given;
    }
    case ACTION_PATH:
        return read_path(value, to);
    case ACTION_REGION:
        return read_region(value, to);
    case ACTION_MASKS:
        return read_masks(value, to);
    case ACTION_CHANGE:
        if (!json_is_true(value))
            return read_region(value, to);
        *(struct action_region *)to = (struct action_region){.given = true};
        return true;
    }
    return false;
}

/* ---- what would be right, for messages ---- */

static const char *describe(const struct action_param *p, char *to, size_t size)
{
    switch (p->kind) {
    case ACTION_TEXT:
        return "a string";
    case ACTION_CHORD:
        return "keys, as in \"ctrl+shift\"";
    case ACTION_CHORDS:
        return "keys, as in \"ctrl+shift+t\" or \"Down Down Return\"";
    case ACTION_CHOICE:
        snprintf(to, size, "one of %s", p->choices);
        return to;
    case ACTION_INTEGER:
        snprintf(to, size, "a whole number, %lld to %lld", (long long)p->min, (long long)p->max);
        return to;
    case ACTION_SECONDS:
        snprintf(to, size, "a number of seconds, above 0 and up to %lld", (long long)p->max);
        return to;
    case ACTION_FLAG:
        return "true or false";
    case ACTION_POINT:
        return "[x, y] in whole pixels";
    case ACTION_PATH:
        snprintf(to, size, "a list of 2 to %d points [x, y]", ACTION_PATH_MAX);
        return to;
    case ACTION_REGION:
        return "[x0, y0, x1, y1] with x0 < x1 and y0 < y1";
    case ACTION_MASKS:
        snprintf(to, size, "a list of 1 to %d regions [x0, y0, x1, y1]", ACTION_MASKS_MAX);
        return to;
    case ACTION_CHANGE:
        return "true, or [x0, y0, x1, y1] with x0 < x1 and y0 < y1";
    }
    return "?";
}

/* Appends a word to a list; what does not fit is left out, which the tests watch. */
static void list(char *to, size_t size, const char *word)
{
    size_t used = strlen(to);
    snprintf(to + used, size - used, "%s%s", used == 0 ? "" : ", ", word);
}

static int refuse_name(const char *name, ph_error *error)
{
    char known[400] = "";
    for (const struct action_spec *s = action_specs; s->name != NULL; s++)
        list(known, sizeof known, s->name);
    return name == NULL ? action_error(error, PH_E_ARGUMENT, "no \"action\"; there are %s", known)
                        : action_error(error, PH_E_ARGUMENT, "unknown action '%.40s'; there are %s",
                                       name, known);
}

static int refuse_param(const struct action_spec *spec, const char *name, ph_error *error)
{
    char known[400] = "";
    for (const struct action_param *p = spec->params; p->name != NULL; p++)
        list(known, sizeof known, p->name);
    for (const struct action_param *p = action_common_params; p->name != NULL; p++)
        list(known, sizeof known, p->name);
    return action_error(error, PH_E_ARGUMENT, "%s: unknown parameter '%.40s'; it takes %s",
                        spec->name, name, known);
}

/* ---- an action ---- */

static const struct action_param *find(const struct action_param *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

int action_each_chord(const char *text, action_chord_fn *each, void *data, ph_error *error)
{
    char chord[CHORD_MAX];
    int rc = PH_OK;
    if (strcmp(text, " ") == 0)
        return each(data, text, error);
    text += strspn(text, " ");
    if (*text == '\0')
        return action_error(error, PH_E_ARGUMENT, "no keys");
    while (*text != '\0' && rc == PH_OK) {
        size_t n = strcspn(text, " ");
        if (n >= sizeof chord)
            return action_error(error, PH_E_ARGUMENT, "'%.40s...' is no chord", text);
        memcpy(chord, text, n);
        chord[n] = '\0';
        rc = each(data, chord, error);
        text += n;
        text += strspn(text, " ");
    }
    return rc;
}

static int check_chord(void *data, const char *chord, ph_error *error)
{
    (void)data;
    return ph_chord_check(chord, error);
}

/* Names of keys are looked at before anything runs. */
static int check_keys(const struct action_spec *spec, const struct action_param *p,
                      const json_t *value, ph_error *error)
{
    ph_error why = {.code = PH_OK};
    if (p->kind == ACTION_CHORDS)
        action_each_chord(json_string_value(value), check_chord, NULL, &why);
    else if (p->kind == ACTION_CHORD)
        ph_chord_check(json_string_value(value), &why);
    return why.code == PH_OK ? PH_OK
                             : action_error(error, PH_E_ARGUMENT, "%s: %s: %.400s", spec->name,
                                            p->name, why.message);
}

static int read_params(const json_t *object, struct action *to, ph_error *error)
{
    const char *name;
    json_t *value;
    char right[160];
    json_object_foreach((json_t *)object, name, value)
    {
        if (strcmp(name, "action") == 0)
            continue;
        const struct action_param *p = find(to->spec->params, name);
        if (p == NULL)
            p = find(action_common_params, name);
        if (p == NULL)
            return refuse_param(to->spec, name, error);
        if (!read_value(value, p, (char *)&to->values + p->at))
            return action_error(error, PH_E_ARGUMENT, "%s: %s must be %s", to->spec->name, name,
                                describe(p, right, sizeof right));
        int rc = check_keys(to->spec, p, value, error);
        if (rc != PH_OK)
            return rc;
    }
    for (const struct action_param *p = to->spec->params; p->name != NULL; p++)
        if (p->required && json_object_get(object, p->name) == NULL)
            return action_error(error, PH_E_ARGUMENT, "%s: %s is missing; it must be %s",
                                to->spec->name, p->name, describe(p, right, sizeof right));
    return to->spec->check != NULL ? to->spec->check(&to->values, error) : PH_OK;
}

int action_parse(const json_t *object, struct action *to, ph_error *error)
{
    memset(to, 0, sizeof *to);
    if (!json_is_object(object))
        return action_error(error, PH_E_ARGUMENT, "an action is an object, as in %s",
                            "{\"action\": \"left_click\", \"coordinate\": [640, 400]}");
    const char *name = json_string_value(json_object_get(object, "action"));
    for (const struct action_spec *s = action_specs; name != NULL && s->name != NULL; s++)
        if (strcmp(s->name, name) == 0)
            to->spec = s;
    return to->spec == NULL ? refuse_name(name, error) : read_params(object, to, error);
}

void action_finish(struct action *action)
{
    free(action->values.path.points);
    action->values.path = (struct action_path){NULL, 0};
}
