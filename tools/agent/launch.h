/* SPDX-License-Identifier: GPL-2.0-or-later
 * Programs started on the display. They outlive the agent. */
#ifndef AGENT_LAUNCH_H
#define AGENT_LAUNCH_H

#include <uv.h>

/* argv and add end with NULL; add: "NAME=VALUE" beside and over the agent's own environment; cwd
 * NULL: the agent's. Standard input and output are /dev/null, standard error is the agent's. 0 or a
 * libuv error. */
int launch(uv_loop_t *loop, char *const *argv, const char *cwd, char *const *add,
           const char *display, int *pid);

/* Forgets the programs that still run, before the loop is closed; it is to run once more. */
void launch_forget(uv_loop_t *loop);

#endif
