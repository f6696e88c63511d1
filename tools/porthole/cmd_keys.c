/* SPDX-License-Identifier: GPL-2.0-or-later
 * key and type. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

enum { TEXT_MAX = 1 << 20 };

/* All chords are looked at before the first is sent: a wrong one leaves nothing half typed. */
static int do_keys(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    int rc = PH_OK;
    for (char *const *chord = what; *chord != NULL && rc == PH_OK; chord++)
        rc = ph_chord(client, *chord, NULL, &app->limit, error);
    return rc;
}

int cmd_key(struct app *app, int argc, char **argv)
{
    if (argc < 2)
        return app_usage(app, "no keys");
    for (int i = 1; i < argc; i++) {
        ph_error error;
        if (ph_chord_check(argv[i], &error) != PH_OK)
            return app_fail_error(&error);
    }
    return app_send(app, do_keys, argv + 1);
}

static int do_type(const struct app *app, ph_client *client, const void *what, ph_error *error)
{
    return ph_type(client, what, NULL, &app->limit, error);
}

/* Standard input as one string of at most TEXT_MAX bytes, the caller's to free. */
static int read_input(char **text)
{
    *text = malloc(TEXT_MAX + 1);
    if (*text == NULL)
        return app_fail(EXIT_OTHER, "out of memory");
    size_t n = fread(*text, 1, TEXT_MAX + 1, stdin);
    const char *why = ferror(stdin)                 ? "cannot be read"
                      : n > TEXT_MAX                ? "holds more than 1 MiB"
                      : memchr(*text, 0, n) != NULL ? "holds a NUL byte"
                                                    : NULL;
    if (why != NULL)
        return app_fail(EXIT_USAGE, "standard input %s", why);
    (*text)[n] = '\0';
    return EXIT_FINE;
}

int cmd_type(struct app *app, int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--") == 0)
        return app_send(app, do_type, argv[2]);
    if (argc != 2)
        return app_usage(app, argc < 2            ? "no text"
                              : argv[1][0] == '-' ? "a text that begins with a dash goes behind --"
                                                  : "more than one text: quote it");
    if (strcmp(argv[1], "-") != 0)
        return app_send(app, do_type, argv[1]);
    char *text;
    int code = read_input(&text);
    if (code == EXIT_FINE)
        code = app_send(app, do_type, text);
    free(text);
    return code;
}
