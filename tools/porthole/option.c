/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "option.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 32, SIDE_MAX = 16384, FIRST = 256, SECONDS_MAX = 86400 };

static int refuse(const struct app *app, int c, char **argv)
{
    const char *word = argv[optind - 1];
    if (c >= '0' && c <= '9')
        return app_usage(app, "a negative number: X and Y count from the top left corner");
    if (c == ':')
        return app_usage(app, "option '%s' needs a value", word);
    return app_usage(app,
                     "unknown option '%s'; what is no option but begins with a dash goes "
                     "behind --",
                     word);
}

/* getopt_long's tables are made from ours. Numbers may be negative, so that their refusal can say
 * what they are: digits are no options. */
static int parse(const struct app *app, const struct option_spec *table, const char *start,
                 int argc, char **argv, void *into)
{
    struct option longs[OPTIONS_MAX + 1] = {{NULL, 0, NULL, 0}};
    char letters[OPTIONS_MAX * 2 + 16];
    size_t count = 0, used;
    int c, code = EXIT_FINE;
    used = (size_t)snprintf(letters, sizeof letters, "%s0123456789", start);
    for (const struct option_spec *o = table; o != NULL && o->name != NULL && count < OPTIONS_MAX;
         o++, count++) {
        int id = o->letter != '\0' ? o->letter : FIRST + (int)count;
        longs[count] =
            (struct option){o->name, o->value != NULL ? required_argument : no_argument, NULL, id};
        if (o->letter != '\0')
            used += (size_t)snprintf(letters + used, sizeof letters - used, "%c%s", o->letter,
                                     o->value != NULL ? ":" : "");
    }
    optind = 0; /* begin anew: these are other arguments than the last */
    while (code == EXIT_FINE && (c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        size_t i = 0;
        while (i < count && longs[i].val != c)
            i++;
        code = i == count ? refuse(app, c, argv)
                          : table[i].take(app, &table[i], optarg, (char *)into + table[i].at);
    }
    return code;
}

int option_parse(const struct app *app, const struct option_spec *table, int argc, char **argv,
                 void *into)
{
    return parse(app, table, ":", argc, argv, into);
}

int option_parse_leading(const struct app *app, const struct option_spec *table, int argc,
                         char **argv, void *into)
{
    return parse(app, table, "+:", argc, argv, into);
}

int option_flag(const struct app *app, const struct option_spec *spec, const char *text, void *into)
{
    (void)app, (void)text;
    *(int *)into = spec->min != 0 ? spec->min : 1;
    return EXIT_FINE;
}

int option_int(const struct app *app, const struct option_spec *spec, const char *text, void *into)
{
    return app_int(app, text, spec->name, spec->min, spec->max, into);
}

int option_string(const struct app *app, const struct option_spec *spec, const char *text,
                  void *into)
{
    (void)app, (void)spec;
    *(const char **)into = text;
    return EXIT_FINE;
}

int option_seconds(const struct app *app, const struct option_spec *spec, const char *text,
                   void *into)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= SECONDS_MAX))
        return app_usage(app, "--%s '%s' is not a number of seconds up to %d", spec->name, text,
                         SECONDS_MAX);
    *(int *)into = (int)(seconds * 1000);
    return EXIT_FINE;
}

int option_choice(const struct app *app, const struct option_spec *spec, const char *text,
                  void *into)
{
    const char *choice = spec->value;
    size_t len = strlen(text);
    for (int number = spec->min;; number++) {
        size_t n = strcspn(choice, "|");
        if (n == len && strncmp(choice, text, n) == 0) {
            *(int *)into = number;
            return EXIT_FINE;
        }
        if (choice[n] == '\0')
            return app_usage(app, "unknown %s '%s': there is %s", spec->name, text, spec->value);
        choice += n + 1;
    }
}

int option_region(const struct app *app, const struct option_spec *spec, const char *text,
                  void *into)
{
    static const char *const names[] = {"region's X", "region's Y", "region's W", "region's H"};
    ph_rect *region = into;
    int *values[] = {&region->x, &region->y, &region->width, &region->height};
    (void)spec;
    for (size_t i = 0; i < 4; i++) {
        char number[16];
        size_t n = strcspn(text, ",");
        if (n == 0)
            return app_usage(app, "a region is X,Y,W,H: the %s is missing", names[i]);
        if (n >= sizeof number)
            return app_usage(app, "the %s '%s' is no number of pixels", names[i], text);
        memcpy(number, text, n);
        number[n] = '\0';
        int code = app_int(app, number, names[i], i < 2 ? 0 : 1, SIDE_MAX, values[i]);
        if (code != EXIT_FINE)
            return code;
        text += n;
        if (i < 3 && *text == ',')
            text++;
    }
    return *text == '\0' ? EXIT_FINE : app_usage(app, "a region is X,Y,W,H, no more");
}
