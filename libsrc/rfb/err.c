/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/err.h"

#include <stddef.h>

static const char *const text[] = {
    [-RFB_OK] = "success",
    [-RFB_E_INCOMPLETE] = "more bytes are needed",
    [-RFB_E_INVALID] = "the peer broke the protocol",
    [-RFB_E_TOO_LARGE] = "a size is above its limit",
    [-RFB_E_NO_MEMORY] = "out of memory",
    [-RFB_E_REFUSED] = "the peer refused the connection",
    [-RFB_E_AUTH] = "authentication failed",
    [-RFB_E_UNSUPPORTED] = "nothing in common with the peer",
    [-RFB_E_TOO_MANY] = "too many failed tries",
};

const char *rfb_strerror(int code)
{
    if (code > 0 || code < RFB_E_TOO_MANY)
        return "unknown error";
    return text[-code];
}
