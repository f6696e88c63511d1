/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON values from a file descriptor, each as soon as its last byte has come. */
#ifndef PORTHOLE_READER_H
#define PORTHOLE_READER_H

#include <jansson.h>
#include <porthole.h>

enum { READER_VALUE_MAX = 1 << 24 }; /* bytes of one value */

struct reader {
    const char *name; /* for messages */
    int fd;
    int interrupt_fd; /* readable: give up; or -1 */
    size_t line;      /* of the next byte */
    unsigned char buffer[4096];
    size_t at, len;
    size_t value_bytes; /* so far */
    int why;            /* PH_OK, or the ph_code of what went wrong */
    int number;         /* its errno */
};

void reader_init(struct reader *reader, const char *name, int fd);

/* The next array or object, the caller's, or NULL at the end. PH_OK; PH_E_ARGUMENT for what is no
 * JSON, PH_E_SYSTEM, PH_E_CANCELLED. */
int reader_next(struct reader *reader, json_t **value, ph_error *error);

#endif
