/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reader.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void reader_init(struct reader *reader, const char *name, int fd)
{
    *reader = (struct reader){.name = name, .fd = fd, .interrupt_fd = -1, .line = 1};
}

/* Fills the empty buffer; false at the end, or with `why` set. */
static bool fill(struct reader *r)
{
    struct pollfd fds[] = {{.fd = r->fd, .events = POLLIN},
                           {.fd = r->interrupt_fd, .events = POLLIN}};
    ssize_t n = -1;
    if (poll(fds, 2, -1) > 0 && fds[1].revents != 0) {
        r->why = PH_E_CANCELLED;
        return false;
    }
    do {
        n = read(r->fd, r->buffer, sizeof r->buffer);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        r->why = PH_E_SYSTEM;
        r->number = errno;
    }
    r->at = 0;
    r->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* The next byte stays in the buffer; -1 for none. */
static int peek(struct reader *r)
{
    return r->at < r->len || fill(r) ? r->buffer[r->at] : -1;
}

static void skip(struct reader *r)
{
    r->line += r->buffer[r->at] == '\n';
    r->at++;
}

/* One byte a call: jansson would swallow what follows the value, and wait for it. */
static size_t give(void *buffer, size_t size, void *data)
{
    struct reader *r = data;
    int byte = size != 0 ? peek(r) : -1;
    if (byte < 0 || r->value_bytes == READER_VALUE_MAX)
        return r->why == PH_OK && byte < 0 ? 0 : (size_t)-1;
    *(unsigned char *)buffer = (unsigned char)byte;
    r->value_bytes++;
    skip(r);
    return 1;
}

static int fail(struct reader *r, const char *why, ph_error *error)
{
    error->code = r->why != PH_OK ? r->why : PH_E_ARGUMENT;
    if (r->why == PH_E_CANCELLED)
        snprintf(error->message, sizeof error->message, "interrupted while reading %.200s",
                 r->name);
    else if (r->why == PH_E_SYSTEM)
        snprintf(error->message, sizeof error->message, "cannot read %.200s: %s", r->name,
                 strerror(r->number));
    else
        snprintf(error->message, sizeof error->message, "%.200s, line %zu: %s", r->name, r->line,
                 why);
    for (char *c = error->message; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return error->code;
}

int reader_next(struct reader *r, json_t **value, ph_error *error)
{
    json_error_t why;
    int byte;
    *value = NULL;
    while ((byte = peek(r)) >= 0 && strchr(" \t\r\n", byte) != NULL && byte != '\0')
        skip(r);
    if (byte < 0)
        return r->why == PH_OK ? PH_OK : fail(r, "", error);
    r->value_bytes = 0;
    *value = json_load_callback(give, r, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &why);
    if (*value != NULL)
        return PH_OK;
    return fail(r, r->value_bytes == READER_VALUE_MAX ? "more than 16 MiB in one value" : why.text,
                error);
}
