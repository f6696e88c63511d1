/* SPDX-License-Identifier: GPL-2.0-or-later
 * The help, from the tables. */
#include <stdio.h>
#include <string.h>

#include "option.h"

enum { COLUMN = 27 }; /* where an option's summary begins */

static void print_option(const struct option_spec *o)
{
    char head[96];
    const char *text = o->summary;
    int used = snprintf(head, sizeof head, "  %c%c%c --%s%s%s", o->letter != '\0' ? '-' : ' ',
                        o->letter != '\0' ? o->letter : ' ', o->letter != '\0' ? ',' : ' ', o->name,
                        o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
    printf("%s%*s", head, used < COLUMN ? COLUMN - used : 0, "");
    if (used >= COLUMN)
        printf("\n%*s", COLUMN, "");
    for (;;) {
        size_t n = strcspn(text, "\n");
        printf("%.*s\n", (int)n, text);
        if (text[n] == '\0')
            return;
        text += n + 1;
        printf("%*s", COLUMN, "");
    }
}

static void print_options(const struct option_spec *table)
{
    for (const struct option_spec *o = table; o->name != NULL; o++)
        print_option(o);
}

void help_print(void)
{
    printf("Usage: porthole [OPTION]... COMMAND [ARGUMENT]...\n"
           "See and drive a VNC desktop.\n\nCommands:\n");
    for (const struct command *const *c = commands; *c != NULL; c++)
        printf("  %-12s %s\n", (*c)->name, (*c)->summary);
    printf("\nOptions:\n");
    print_options(global_options);
    printf("\nExit status: 0 done, 2 usage, 3 unreachable, 4 refused, 5 timed out,\n"
           "6 protocol error, 7 not found, 130 interrupted, 1 any other failure.\n");
}

void help_print_command(const struct command *c)
{
    printf("Usage: porthole [OPTION]... %s%s%s\n%c%s.\n", c->name,
           c->arguments[0] != '\0' ? " " : "", c->arguments, c->summary[0] - 'a' + 'A',
           c->summary + 1);
    if (c->details != NULL)
        printf("%s", c->details);
    if (c->options != NULL) {
        printf("\nOptions:\n");
        print_options(c->options);
    }
    if (c->print_more != NULL)
        c->print_more();
    printf("\nporthole --help tells the options that every command takes.\n");
}
