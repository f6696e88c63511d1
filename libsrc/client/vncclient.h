/* SPDX-License-Identifier: GPL-2.0-or-later
 * LibVNCClient, loaded when the first rectangle needs it: with what it brings along (GnuTLS, SASL
 * and a dozen more, none of which is used) it doubles the time a program takes to start, and most
 * programs never need it. Loaded locally: it exports functions of TurboJPEG's names, which a
 * program may have for itself. */
#ifndef CLIENT_VNCCLIENT_H
#define CLIENT_VNCCLIENT_H

#include <stdbool.h>

#include <rfb/rfbclient.h>

#include "error.h"

/* Its functions, by their own names without the prefix. */
struct vncclient {
    __typeof__(rfbGetClient) *get_client;
    __typeof__(rfbClientCleanup) *cleanup;
    __typeof__(rfbClientSetClientData) *set_client_data;
    __typeof__(rfbClientGetClientData) *get_client_data;
    __typeof__(HandleRFBServerMessage) *handle_server_message;
    /* its two log hooks */
    rfbClientLogProc *log, *err;
};

/* The same for every caller in the process, and never unloaded. NULL and PH_E_SYSTEM where it is
 * not to be had. From any thread. */
const struct vncclient *vncclient_load(ph_error *error);

/* HandleRFBServerMessage, which logs some failures and answers success: a log line is a failure
 * here, and is kept from the process's log. */
bool vncclient_handle(const struct vncclient *lib, rfbClient *client);

#endif
