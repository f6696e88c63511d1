/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <stdio.h>

#include "app.h"

/* The name comes from the server: a terminal gets no control characters from it. */
static void print_plain(const char *text)
{
    for (; *text != '\0'; text++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static int print_json(const char *target, const ph_info *info)
{
    /* a name that is not UTF-8 has no place in JSON */
    json_t *name = json_string(info->name);
    if (name == NULL)
        name = json_null();
    json_t *answer =
        json_pack("{s:s, s:o, s:i, s:i, s:s, s:s}", "target", target, "name", name, "width",
                  info->width, "height", info->height, "security", info->security, "rfb",
                  info->rfb_minor == 8   ? "3.8"
                  : info->rfb_minor == 7 ? "3.7"
                                         : "3.3");
    if (answer == NULL)
        return app_fail(EXIT_OTHER, "out of memory");
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(answer);
    return EXIT_FINE;
}

int cmd_info(struct app *app, int argc, char **argv)
{
    ph_info info = {.size = sizeof info};
    ph_client *client;
    ph_error error;
    if (argc != 1)
        return app_usage(app, "unexpected argument '%s'", argv[1]);
    int code = app_connect(app, true, NULL, &client);
    if (code != EXIT_FINE)
        return code;
    if (ph_client_info(client, &info, &error) != PH_OK) {
        code = app_fail_error(&error);
    } else if (app->json) {
        code = print_json(app->target, &info);
    } else {
        fputs("name      ", stdout);
        print_plain(info.name);
        printf("\nsize      %dx%d\nsecurity  %s\nRFB       3.%d\n", info.width, info.height,
               info.security, info.rfb_minor);
    }
    return app_close(client, code);
}
