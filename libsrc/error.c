/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "rfb/err.h"
#include "rfb/text.h"

static const char *const text[] = {
    [-PH_OK] = "success",
    [-PH_E_ARGUMENT] = "invalid argument",
    [-PH_E_UNREACHABLE] = "unreachable",
    [-PH_E_REFUSED] = "refused",
    [-PH_E_TIMEOUT] = "timed out",
    [-PH_E_PROTOCOL] = "protocol error",
    [-PH_E_NOT_FOUND] = "not found",
    [-PH_E_CANCELLED] = "cancelled",
    [-PH_E_CLOSED] = "connection closed",
    [-PH_E_NO_MEMORY] = "out of memory",
    [-PH_E_SYSTEM] = "system error",
    [-PH_E_PASSWORD] = "wrong or missing password",
    [-PH_E_TOO_MANY_TRIES] = "too many tries",
    [-PH_E_UNTRUSTED] = "certificate not trusted",
    [-PH_E_UNSUPPORTED] = "not supported by the server",
};

const char *ph_strerror(int code)
{
    return code > 0 || code < PH_E_UNSUPPORTED ? "unknown error" : text[-code];
}

const char *ph_version(void)
{
    return PACKAGE_VERSION;
}

int error_set(ph_error *error, int code, const char *format, ...)
{
    if (error == NULL)
        return code;
    va_list args;
    va_start(args, format);
    error->code = code;
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    rfb_text_make_printable(error->message);
    return code;
}

int error_errno(ph_error *error, int code, int number, const char *what)
{
    char why[128];
    return error_set(error, code, "%s: %s", what, strerror_r(number, why, sizeof why));
}

int error_from_rfb(int rfb_code)
{
    switch (rfb_code) {
    case RFB_OK:
        return PH_OK;
    case RFB_E_NO_MEMORY:
        return PH_E_NO_MEMORY;
    case RFB_E_REFUSED:
        return PH_E_REFUSED;
    case RFB_E_AUTH:
        return PH_E_PASSWORD;
    case RFB_E_TOO_MANY:
        return PH_E_TOO_MANY_TRIES;
    case RFB_E_UNSUPPORTED:
        return PH_E_UNSUPPORTED;
    default:
        return PH_E_PROTOCOL;
    }
}
