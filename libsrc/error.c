/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "rfb/err.h"

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
};

const char *ph_strerror(int code)
{
    return code > 0 || code < PH_E_SYSTEM ? "unknown error" : text[-code];
}

const char *ph_version(void)
{
    return PACKAGE_VERSION;
}

__attribute__((format(printf, 3, 0))) static void fill(ph_error *error, int code,
                                                       const char *format, va_list args)
{
    error->code = code;
    vsnprintf(error->message, sizeof error->message, format, args);
    for (char *p = error->message; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

int error_set(ph_error *error, int code, const char *format, ...)
{
    if (error == NULL)
        return code;
    va_list args;
    va_start(args, format);
    fill(error, code, format, args);
    va_end(args);
    return code;
}

int error_errno(ph_error *error, int code, int number, const char *format, ...)
{
    if (error == NULL)
        return code;
    va_list args;
    va_start(args, format);
    fill(error, code, format, args);
    va_end(args);
    char why[128];
    size_t n = strlen(error->message);
    snprintf(error->message + n, sizeof error->message - n, ": %s",
             strerror_r(number, why, sizeof why));
    return code;
}

int error_from_rfb(int rfb_code)
{
    switch (rfb_code) {
    case RFB_OK:
        return PH_OK;
    case RFB_E_NO_MEMORY:
        return PH_E_NO_MEMORY;
    case RFB_E_REFUSED:
    case RFB_E_AUTH:
        return PH_E_REFUSED;
    default:
        return PH_E_PROTOCOL;
    }
}
