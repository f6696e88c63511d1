/* SPDX-License-Identifier: GPL-2.0-or-later
 * How the library's rooms fill a ph_error. */
#ifndef ERROR_H
#define ERROR_H

#include "porthole.h"

/* Fills *error (NULL is accepted) and returns code: return error_set(...). Parts of messages come
 * from peers, so what is not printable is replaced. */
int error_set(ph_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "WHAT: the text of an errno value". */
int error_errno(ph_error *error, int code, int number, const char *what);
/* The public code for one of rfb/err.h. */
int error_from_rfb(int rfb_code);

/* The code of an error that a call without a code of its own has filled: never PH_OK. */
static inline int error_code(const ph_error *error)
{
    return error->code < 0 ? error->code : PH_E_SYSTEM;
}

#endif
