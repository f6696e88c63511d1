/* SPDX-License-Identifier: GPL-2.0-or-later
 * A subscriber's command and its reply, as docs/PROTOCOL.feed has them. */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include <jansson.h>

#include "tree.h"

/* What a command may need of its caller. */
struct command_env {
    struct tree *tree;
    /* Takes in all that has happened up to now, by a round trip, and publishes it. */
    void (*sync)(void *owner);
    /* The serial of the newest snapshot, and its fields; a new reference. */
    json_t *(*snapshot)(void *owner, uint64_t *serial);
    /* Starts a program: argv and env end with NULL, env NULL: none to add. 0 or a libuv error. */
    int (*launch)(void *owner, char *const *argv, const char *cwd, char *const *env, int *pid);
    void *owner;
};

/* Runs what the line says; the reply, NULL: out of memory. */
json_t *command_run(const struct command_env *env, const json_t *line);

#endif
