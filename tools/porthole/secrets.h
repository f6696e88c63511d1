/* SPDX-License-Identifier: GPL-2.0-or-later
 * User name, password and token: from files, from the environment, or from the person at the
 * terminal, never from the command line, which every process on the machine can read. */
#ifndef PORTHOLE_SECRETS_H
#define PORTHOLE_SECRETS_H

#include "app.h"

enum { SECRET_MAX = 1023, TOKEN_MAX = 2048 }; /* bytes that the library takes */

/* The first line of a file: a what of 1 to size - 2 bytes, NUL-ended. An exit code; has printed
 * why. */
int secrets_read_line(const char *path, const char *what, char *to, size_t size);

struct secrets {
    const struct app *app;
    char password[SECRET_MAX + 2]; /* a line, as long as it can be, with what shows it too long */
    char token[TOKEN_MAX + 2];
};

/* Fills what options say of them, for which *secrets must stay. An exit code; has printed why. */
int secrets_find(struct secrets *secrets, const struct app *app, ph_options *options);
/* The same of the agent's token; *token is NULL where there is none. */
int secrets_find_agent(struct secrets *secrets, const struct app *app, const char **token);
void secrets_wipe(struct secrets *secrets);

#endif
