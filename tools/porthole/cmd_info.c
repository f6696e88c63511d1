/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "app.h"

static int print_json(const char *target, const char *name, const ph_info *info)
{
    return app_answer(json_pack("{s:s, s:s, s:i, s:i, s:s, s:s?, s:s}", "target", target, "name",
                                name, "width", info->width, "height", info->height, "security",
                                info->security, "tls", info->tls, "rfb",
                                info->rfb_minor == 8   ? "3.8"
                                : info->rfb_minor == 7 ? "3.7"
                                                       : "3.3"));
}

static int cmd_info(struct app *app, int argc, char **argv)
{
    ph_info info = PH_INFO_INIT;
    char name[PH_NAME_MAX + 1];
    ph_client *client;
    ph_error error;
    if (argc != 1)
        return app_usage(app, "unexpected argument '%s'", argv[1]);
    int code = app_connect(app, true, NULL, &client);
    if (code != EXIT_FINE)
        return code;
    if (ph_client_info(client, &info, &error) != PH_OK ||
        ph_client_name(client, name, sizeof name, &error) != PH_OK) {
        code = app_fail_error(&error);
    } else if (app->json) {
        code = print_json(app->target, name, &info);
    } else {
        printf("name      %s\nsize      %dx%d\nsecurity  %s\nTLS       %s\nRFB       3.%d\n", name,
               info.width, info.height, info.security, info.tls != NULL ? info.tls : "none",
               info.rfb_minor);
    }
    return app_close(app, client, code);
}

const struct command command_info = {
    .name = "info",
    .arguments = "",
    .summary = "print the desktop's name, size and security",
    .run = cmd_info,
};
