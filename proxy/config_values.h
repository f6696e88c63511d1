/* SPDX-License-Identifier: GPL-2.0-or-later
 * Values of the configuration: from text to what they mean. Parsers answer 0, or -1 for a text that
 * is none; readers of files report their errors themselves, without ever showing a secret. */
#ifndef PROXY_CONFIG_VALUES_H
#define PROXY_CONFIG_VALUES_H

#include "config.h"

enum {
    CONFIG_LINE_MAX = 197,     /* inih's buffer in Debian is 200 bytes, with CR, LF and NUL */
    CONFIG_UNIX_PATH_MAX = 107 /* sun_path, without its NUL */
};

/* Zeroed memory; a program without memory for its configuration ends. */
void *config_alloc(size_t size);

/* `path` as seen from the folder of the file named `from`; to be freed. */
char *config_join(const char *from, const char *path);

bool config_is_name(const char *text);
int config_parse_number(const char *text, unsigned min, unsigned max, unsigned *number);
/* ADDRESS:PORT or [ADDRESS]:PORT, numeric; port 0 is allowed. */
int config_parse_listen(const char *text, struct sockaddr_storage *address);
/* HOST:PORT or [ADDRESS]:PORT; the port is a number from 1. */
int config_parse_host_port(const char *text, char host[CONFIG_HOST_MAX + 1], char port[6]);
int config_parse_sha256(const char *text, uint8_t digest[CONFIG_TOKEN_SIZE]);

/* Warns of a file with a secret that everybody may read. */
void config_warn_of_readers(struct config_errors *errors, int line, const char *key,
                            const char *path);

/* The first line of the file that the key's `value` names, hashed. */
int config_read_token(struct config_errors *errors, int line, const char *key, const char *value,
                      uint8_t digest[CONFIG_TOKEN_SIZE]);
/* The first line of the file, made by portholed --hash-password. */
int config_read_hash(struct config_errors *errors, int line, const char *value,
                     char hash[PASSWORD_HASH_SIZE]);
/* The first line of the file, for VncAuth. */
int config_read_vnc_password(struct config_errors *errors, int line, const char *value,
                             char password[CONFIG_VNC_PASSWORD_MAX + 1]);
/* The first line of the file, what an agent is to be told; the same. */
int config_read_agent_token(struct config_errors *errors, int line, const char *value,
                            char **token);
/* Wipes a text and frees it. Accepts NULL. */
void config_wipe(char *text);
/* The first line of the file, to be wiped and freed. */
int config_read_password(struct config_errors *errors, int line, const char *value,
                         char **password);

#endif
