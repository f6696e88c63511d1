/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tables of options, which parsing, help and completion share. */
#ifndef PORTHOLE_OPTION_H
#define PORTHOLE_OPTION_H

#include <stddef.h>

#include "app.h"

/* Takes an option's value (NULL where it has none) into the field at `into`. An exit code. */
typedef int option_fn(const struct app *app, const struct option_spec *spec, const char *text,
                      void *into);

struct option_spec {
    const char *name;    /* without its dashes; NULL ends a table */
    char letter;         /* as in -t; or 0 */
    const char *value;   /* what its value is called in help ("N", "FILE"), or its choices
                            ("png|jpeg"), which completion offers; NULL: it has none */
    const char *summary; /* for help; further lines behind a newline */
    option_fn *take;
    size_t at;    /* where its field is in the struct that is parsed into */
    int min, max; /* of a number; the number of the first choice; see option_flag */
};

/* Those that every command takes. */
extern const struct option_spec global_options[];

/* Parses argv by a table (or NULL) into the struct `into`, options and arguments in any order. On
 * EXIT_FINE the arguments are argv[optind] to argv[argc - 1]. */
int option_parse(const struct app *app, const struct option_spec *table, int argc, char **argv,
                 void *into);
/* The same, but ends at the first argument. */
int option_parse_leading(const struct app *app, const struct option_spec *table, int argc,
                         char **argv, void *into);

/* Fields: int (becomes min, or 1 where that is 0), int, const char *, int (milliseconds of a number
 * of seconds up to a day), int (one of the choices, counted from min), ph_rect (X,Y,W,H with W and
 * H at least 1). */
option_fn option_flag, option_int, option_string, option_seconds, option_choice, option_region;

#endif
