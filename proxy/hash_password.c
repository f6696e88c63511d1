/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hash_password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "password.h"

static int fail(const char *words)
{
    fprintf(stderr, "portholed: %s\n", words);
    return -1;
}

/* The length, or -1 after saying why. OpenSSL's reader turns the echo off, and on again whatever
 * ends it. */
static int ask_terminal(char *password, int size)
{
    int rc = EVP_read_pw_string_min(password, 0, size, "Password: ", 1);
    if (rc == 0)
        return (int)strlen(password);
    return fail(rc == -2 ? "nothing was entered" : "no password, or not twice the same");
}

/* Unbuffered, so that no copy of the secret stays behind. */
static int read_line(char *password, int size)
{
    int ch = EOF, len = 0;
    setvbuf(stdin, NULL, _IONBF, 0);
    while (len < size && (ch = getchar()) != EOF && ch != '\n')
        password[len++] = (char)ch;
    if (ferror(stdin))
        return fail("standard input cannot be read");
    return len < size && len != 0 && password[len - 1] == '\r' ? len - 1 : len;
}

int hash_password(void)
{
    char password[PASSWORD_MAX + 2], hash[PASSWORD_HASH_SIZE];
    int rc = -1;
    int len = isatty(STDIN_FILENO) ? ask_terminal(password, sizeof password - 1)
                                   : read_line(password, sizeof password - 1);
    if (len == 0)
        fail("the password is empty; it needs a character at least");
    else if (len > PASSWORD_MAX)
        fail("the password is too long; use at most 1023 bytes");
    else if (len > 0 && password_hash(password, (size_t)len, hash) != 0)
        fail("out of memory or random bytes");
    else if (len > 0)
        rc = puts(hash) >= 0 && fflush(stdout) == 0 ? 0 : fail("the hash cannot be written");
    OPENSSL_cleanse(password, sizeof password);
    return rc;
}
