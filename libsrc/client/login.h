/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a connection may show of its owner, and how it asks for what is missing: the connection's
 * thread finds out what the server wants, and the thread that is in ph_connect asks for it. */
#ifndef CLIENT_LOGIN_H
#define CLIENT_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "client/wait.h"
#include "porthole.h"

struct ph_client;

struct login {
    /* fixed before the thread starts; the strings are copies, or NULL */
    char *token, *ca_file;
    bool insecure, plaintext;
    ph_secret_fn *secret; /* or NULL; of use during ph_connect alone */
    void *secret_data;

    /* the thread's; the caller's while wanted is not 0. Copies, or NULL */
    char *username, *password;

    /* under the client's lock */
    uint8_t wanted; /* RFB_WANT_*, what the thread waits for */
    bool lost;      /* it was found, but there was no memory to keep it */
};

/* PH_E_ARGUMENT for what no server could be sent, PH_E_NO_MEMORY. */
int login_init(struct login *login, const ph_options *options, ph_error *error);
/* Wipes and frees the strings, which are NULL then; accepts a zeroed struct. */
void login_finish(struct login *login);

/* On the connection's thread: waits until the other one has looked for what is wanted.
 * PH_E_NO_MEMORY, or io_stopped's when the client is to stop. */
int login_ask(struct ph_client *c, uint8_t wanted, ph_error *error);
/* In ph_connect, with the lock, which is given up meanwhile: looks for it. The time that this takes
 * does not count against the wait. */
void login_answer(struct ph_client *c, struct wait *w);

#endif
