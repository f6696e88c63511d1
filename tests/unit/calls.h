/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every call of the library on a connection, for tests that make each of them under the same
 * circumstances. */
#ifndef CALLS_H
#define CALLS_H

#include "porthole.h"

enum call_kind {
    CALL_ANSWERS, /* from what is known; never waits */
    CALL_SENDS,   /* waits only while the server does not read */
    CALL_AWAITS,  /* waits for something that the server is to send */
};

struct call {
    const char *name;
    enum call_kind kind;
    int (*run)(ph_client *c, const ph_limit *limit, ph_error *error);
};

/* Ends with a name of NULL. The screen has at least 16x16 pixels. ph_close is not among them. */
extern const struct call calls[];

#endif
