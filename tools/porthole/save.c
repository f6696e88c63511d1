/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOAD_FIRST = 1 << 16 };

/* 0 or an errno value. */
static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len != 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* 0 or an errno value. */
static int write_in_place(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int number = write_all(fd, bytes, len);
    if (close(fd) < 0 && number == 0)
        number = errno;
    return number;
}

/* Under another name first: a file that was there stays whole until the new one is. */
static int replace(const char *path, const uint8_t *bytes, size_t len)
{
    char temporary[PATH_MAX];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary)
        return ENAMETOOLONG;
    int number = 0, fd = mkstemp(temporary);
    if (fd < 0)
        return errno;
    mode_t mask = umask(0);
    umask(mask);
    number = write_all(fd, bytes, len);
    if (number == 0 && fchmod(fd, 0666 & ~mask) < 0)
        number = errno;
    if (close(fd) < 0 && number == 0)
        number = errno;
    if (number == 0 && rename(temporary, path) < 0)
        number = errno;
    if (number != 0)
        unlink(temporary);
    return number;
}

int save_file(const char *path, const uint8_t *bytes, size_t len, ph_error *error)
{
    struct stat st;
    char real[PATH_MAX];
    int number;
    if (strcmp(path, "-") == 0) {
        path = "standard output";
        number = write_all(STDOUT_FILENO, bytes, len);
    } else if (lstat(path, &st) < 0) {
        number = errno == ENOENT ? replace(path, bytes, len) : errno;
    } else if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && realpath(path, real) != NULL) {
        number = replace(real, bytes, len);
    } else {
        number = write_in_place(path, bytes, len);
    }
    if (number == 0)
        return PH_OK;
    error->code = PH_E_SYSTEM;
    snprintf(error->message, sizeof error->message, "cannot write %.400s: %s", path,
             strerror(number));
    return PH_E_SYSTEM;
}

static int load(FILE *f, size_t max, uint8_t **bytes, size_t *len)
{
    size_t room = 0;
    *len = 0;
    do {
        room = room == 0 ? LOAD_FIRST : room * 2;
        uint8_t *more = realloc(*bytes, room);
        if (more == NULL)
            return PH_E_NO_MEMORY;
        *bytes = more;
        *len += fread(*bytes + *len, 1, room - *len, f);
        if (ferror(f))
            return PH_E_SYSTEM;
    } while (*len == room && *len <= max);
    return *len <= max ? PH_OK : PH_E_ARGUMENT;
}

int load_file(const char *path, size_t max, uint8_t **bytes, size_t *len, ph_error *error)
{
    FILE *f = fopen(path, "re");
    *bytes = NULL;
    int code = f != NULL ? load(f, max, bytes, len) : PH_E_SYSTEM;
    int number = errno;
    if (f != NULL)
        fclose(f);
    if (code == PH_OK)
        return PH_OK;
    free(*bytes);
    *bytes = NULL;
    error->code = code;
    if (code == PH_E_ARGUMENT)
        snprintf(error->message, sizeof error->message, "%.400s has more than %zu bytes", path,
                 max);
    else
        snprintf(error->message, sizeof error->message, "cannot read %.400s: %s", path,
                 strerror(code == PH_E_NO_MEMORY ? ENOMEM : number));
    return code;
}
