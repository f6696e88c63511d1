/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_values.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char name_chars[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
/* What may stand in a subprotocol (RFC 9110, token) and in a URL unencoded (RFC 3986). */
static const char token_chars[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";

void *config_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL) {
        fputs("portholed: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

char *config_join(const char *from, const char *path)
{
    const char *slash = strrchr(from, '/');
    int folder = slash != NULL && path[0] != '/' ? (int)(slash - from) + 1 : 0;
    size_t size = (size_t)folder + strlen(path) + 1;
    char *joined = config_alloc(size);
    snprintf(joined, size, "%.*s%s", folder, from, path);
    return joined;
}

bool config_is_name(const char *text)
{
    size_t len = strlen(text);
    return len != 0 && len <= CONFIG_NAME_MAX && strspn(text, name_chars) == len;
}

int config_parse_number(const char *text, unsigned min, unsigned max, unsigned *number)
{
    size_t len = strlen(text);
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
        return -1;
    unsigned long n = strtoul(text, NULL, 10);
    if (n < min || n > max)
        return -1;
    *number = (unsigned)n;
    return 0;
}

/* Splits HOST:PORT or [HOST]:PORT; a bare IPv6 address has too many colons. */
static int split_host_port(const char *text, char host[CONFIG_HOST_MAX + 1], unsigned min_port,
                           unsigned *port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || config_parse_number(colon + 1, min_port, 65535, port) != 0)
        return -1;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return -1;
    }
    if (len == 0 || len > CONFIG_HOST_MAX)
        return -1;
    memcpy(host, text, len);
    host[len] = '\0';
    return 0;
}

int config_parse_listen(const char *text, struct sockaddr_storage *address)
{
    char host[CONFIG_HOST_MAX + 1];
    unsigned port;
    memset(address, 0, sizeof *address);
    if (split_host_port(text, host, 0, &port) != 0)
        return -1;
    if (text[0] == '[')
        return uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)address) == 0 ? 0 : -1;
    return uv_ip4_addr(host, (int)port, (struct sockaddr_in *)address) == 0 ? 0 : -1;
}

int config_parse_host_port(const char *text, char host[CONFIG_HOST_MAX + 1], char port[6])
{
    unsigned number;
    if (split_host_port(text, host, 1, &number) != 0)
        return -1;
    if (text[0] != '[' && strspn(host, name_chars) != strlen(host))
        return -1;
    snprintf(port, 6, "%u", number & 0xffff);
    return 0;
}

int config_parse_sha256(const char *text, uint8_t digest[CONFIG_TOKEN_SIZE])
{
    size_t len = 0;
    if (strlen(text) != 2 * CONFIG_TOKEN_SIZE ||
        strspn(text, "0123456789abcdefABCDEF") != 2 * CONFIG_TOKEN_SIZE)
        return -1;
    return OPENSSL_hexstr2buf_ex(digest, CONFIG_TOKEN_SIZE, &len, text, '\0') == 1 ? 0 : -1;
}

int config_hash_token(const char *token, size_t len, uint8_t digest[CONFIG_TOKEN_SIZE])
{
    unsigned size = 0;
    unsigned char full[EVP_MAX_MD_SIZE];
    if (EVP_Digest(token, len, full, &size, EVP_sha256(), NULL) != 1 || size != CONFIG_TOKEN_SIZE)
        return -1;
    memcpy(digest, full, CONFIG_TOKEN_SIZE);
    return 0;
}

void config_warn_of_readers(struct config_errors *errors, int line, const char *key,
                            const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
        config_warning(errors, line, "%s: everybody may read %s (mode %04o); chmod o= %s", key,
                       path, (unsigned)(st.st_mode & 07777), path);
}

/* The first line of a file, without its end, into out; the stream has no buffer, so that no copy of
 * the secret stays behind. The length, or -1 after reporting; `size` bytes mean: too long. */
static int read_secret(struct config_errors *errors, int line, const char *key, const char *value,
                       char *out, int size)
{
    char *path = config_join(errors->file, value);
    FILE *in = fopen(path, "re");
    int ch = EOF, len = 0;
    if (in != NULL) {
        setvbuf(in, NULL, _IONBF, 0);
        errno = 0;
        while (len < size && (ch = getc(in)) != EOF && ch != '\n')
            out[len++] = (char)ch;
    }
    if (in == NULL || ferror(in)) {
        config_error(errors, line, "%s: %s cannot be read (%s); name a readable file", key, path,
                     strerror(errno));
        len = -1;
    } else if (len < size && len != 0 && out[len - 1] == '\r') {
        len--;
    }
    if (in != NULL) {
        config_warn_of_readers(errors, line, key, path);
        fclose(in);
    }
    free(path);
    return len;
}

int config_read_token(struct config_errors *errors, int line, const char *key, const char *value,
                      uint8_t digest[CONFIG_TOKEN_SIZE])
{
    char token[CONFIG_TOKEN_MAX + 1] = "";
    int rc = -1;
    int len = read_secret(errors, line, key, value, token, sizeof token);
    if (len < 0)
        return -1;
    if (len < CONFIG_TOKEN_MIN)
        config_error(errors, line, "%s: the token has %d characters; use at least %d", key, len,
                     CONFIG_TOKEN_MIN);
    else if (len > CONFIG_TOKEN_MAX)
        config_error(errors, line, "%s: the token is too long; use at most %d characters", key,
                     CONFIG_TOKEN_MAX);
    else if (memchr(token, 0, (size_t)len) != NULL || strspn(token, token_chars) != (size_t)len)
        config_error(errors, line,
                     "%s: the token has a character that a URL cannot carry; "
                     "use letters, digits, '-', '_', '.', '~'",
                     key);
    else
        rc = config_hash_token(token, (size_t)len, digest);
    OPENSSL_cleanse(token, sizeof token);
    return rc;
}

int config_read_password(struct config_errors *errors, int line, const char *value, char **password)
{
    char text[CONFIG_PASSWORD_MAX + 1] = "";
    int rc = -1;
    int len = read_secret(errors, line, "password_file", value, text, sizeof text);
    if (len < 0)
        return -1;
    if (len == 0) {
        config_error(errors, line,
                     "password_file: its first line is empty; put the VNC password there");
    } else if (len > CONFIG_PASSWORD_MAX) {
        config_error(errors, line,
                     "password_file: its first line is too long; use at most %d bytes",
                     CONFIG_PASSWORD_MAX);
    } else {
        *password = config_alloc((size_t)len + 1);
        memcpy(*password, text, (size_t)len);
        rc = 0;
    }
    OPENSSL_cleanse(text, sizeof text);
    return rc;
}

void config_wipe(char *text)
{
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

/* It is told in JSON, which is UTF-8: what is printable ASCII goes through as it is. */
int config_read_agent_token(struct config_errors *errors, int line, const char *value, char **token)
{
    char text[CONFIG_TOKEN_MAX + 1] = "";
    int rc = -1, strange = 0;
    int len = read_secret(errors, line, "agent_token_file", value, text, sizeof text);
    if (len < 0)
        return -1;
    for (int i = 0; i < len; i++)
        strange += text[i] < 0x20 || text[i] > 0x7e;
    if (len < CONFIG_TOKEN_MIN || len > CONFIG_TOKEN_MAX || strange != 0) {
        config_error(errors, line,
                     "agent_token_file: its first line is no token; use %d to %d characters of "
                     "printable ASCII, the same as porthole-agent --token-file",
                     CONFIG_TOKEN_MIN, CONFIG_TOKEN_MAX);
    } else {
        *token = config_alloc((size_t)len + 1);
        memcpy(*token, text, (size_t)len);
        rc = 0;
    }
    OPENSSL_cleanse(text, sizeof text);
    return rc;
}

int config_read_hash(struct config_errors *errors, int line, const char *value,
                     char hash[PASSWORD_HASH_SIZE])
{
    char text[PASSWORD_HASH_SIZE + 1] = "";
    int rc = -1;
    int len = read_secret(errors, line, "password_file", value, text, PASSWORD_HASH_SIZE);
    if (len < 0)
        return -1;
    const char *flaw = memchr(text, 0, (size_t)len) != NULL ? "it has a NUL"
                       : len == PASSWORD_HASH_SIZE          ? "it is too long"
                                                            : password_hash_flaw(text);
    if (flaw == NULL) {
        memcpy(hash, text, (size_t)len + 1);
        rc = 0;
    } else {
        /* what stands there may be a password */
        config_error(errors, line,
                     "password_file: its first line is not a scrypt hash (%s); "
                     "make one with portholed --hash-password",
                     flaw);
    }
    OPENSSL_cleanse(text, sizeof text);
    return rc;
}

int config_read_vnc_password(struct config_errors *errors, int line, const char *value,
                             char password[CONFIG_VNC_PASSWORD_MAX + 1])
{
    char text[CONFIG_VNC_PASSWORD_MAX + 2] = "";
    int rc = -1;
    int len = read_secret(errors, line, "vnc_password_file", value, text, sizeof text - 1);
    if (len < 0)
        return -1;
    if (len == 0) {
        config_error(errors, line,
                     "vnc_password_file: its first line is empty; put the password there");
    } else if (len > CONFIG_VNC_PASSWORD_MAX || memchr(text, 0, (size_t)len) != NULL) {
        config_error(errors, line,
                     "vnc_password_file: only the first 8 bytes of a VncAuth password count; use "
                     "at most 8, none of them NUL, or a password_file");
    } else {
        memcpy(password, text, (size_t)len);
        password[len] = '\0';
        rc = 0;
    }
    OPENSSL_cleanse(text, sizeof text);
    return rc;
}
