/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/vncclient.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

static const struct {
    const char *name;
    size_t at; /* the pointer's place in struct vncclient */
} symbols[] = {
    {"rfbGetClient", offsetof(struct vncclient, get_client)},
    {"rfbClientCleanup", offsetof(struct vncclient, cleanup)},
    {"rfbClientSetClientData", offsetof(struct vncclient, set_client_data)},
    {"rfbClientGetClientData", offsetof(struct vncclient, get_client_data)},
    {"HandleRFBServerMessage", offsetof(struct vncclient, handle_server_message)},
    {"rfbClientLog", offsetof(struct vncclient, log)},
    {"rfbClientErr", offsetof(struct vncclient, err)},
};

/* Written once, before anybody reads them. */
static struct vncclient loaded;
static char failure[256]; /* why it is not loaded, or empty */

/* ---- its log: the hooks are one for the whole process, so ours take what a decoding thread says
 * and hand on the rest ---- */

static _Thread_local bool decoding, logged;
static rfbClientLogProc next_log, next_err;

__attribute__((format(printf, 2, 0))) static void forward(rfbClientLogProc to, const char *format,
                                                          va_list args)
{
    char line[512];
    vsnprintf(line, sizeof line, format, args);
    to("%s", line);
}

__attribute__((format(printf, 1, 2))) static void on_log(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (decoding)
        logged = true;
    else
        forward(next_log, format, args);
    va_end(args);
}

__attribute__((format(printf, 1, 2))) static void on_err(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (decoding)
        logged = true;
    else
        forward(next_err, format, args);
    va_end(args);
}

/* ---- loading ---- */

static void load(void)
{
    void *library = dlopen(VNCCLIENT_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(failure, sizeof failure, "%s", dlerror());
        return;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (symbol == NULL) {
            snprintf(failure, sizeof failure, "%s has no %s", VNCCLIENT_SONAME, symbols[i].name);
            return;
        }
        memcpy((char *)&loaded + symbols[i].at, &symbol, sizeof symbol);
    }
    next_log = *loaded.log;
    next_err = *loaded.err;
    *loaded.log = on_log;
    *loaded.err = on_err;
}

const struct vncclient *vncclient_load(ph_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (failure[0] == '\0')
        return &loaded;
    error_set(error, PH_E_SYSTEM, "cannot load LibVNCClient, which decodes this encoding: %s",
              failure);
    return NULL;
}

bool vncclient_handle(const struct vncclient *lib, rfbClient *client)
{
    logged = false;
    decoding = true;
    bool ok = lib->handle_server_message(client) != FALSE; /* its TRUE is -1 */
    decoding = false;
    return ok && !logged;
}
