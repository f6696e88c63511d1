/* SPDX-License-Identifier: GPL-2.0-or-later
 * The configuration file: portholed.conf(5). Read whole; every error is reported, one a line, as
 * FILE:LINE: what is wrong; what would be right. Immutable once read, so any thread may look. */
#ifndef PROXY_CONFIG_H
#define PROXY_CONFIG_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "crop_how.h"
#include "forwarded.h"
#include "jwt_key.h"
#include "password.h"
#include "policy.h"

enum {
    CONFIG_NAME_MAX = 32,   /* characters of a desktop's or a stream's name */
    CONFIG_HOST_MAX = 253,  /* a DNS name */
    CONFIG_TOKEN_SIZE = 32, /* SHA-256 */
    CONFIG_TOKENS_MAX = 2,  /* of a stream */
    CONFIG_TOKEN_MIN = 32,  /* characters: fewer could be guessed */
    CONFIG_TOKEN_MAX = 512,
    CONFIG_PASSWORD_MAX = 255,
    CONFIG_VNC_PASSWORD_MAX = 8, /* bytes that VncAuth looks at */
    CONFIG_WORKERS_MAX = 256,
    CONFIG_PROXIES_MAX = 128,
    CONFIG_VIEWERS_MAX = 100000,
    CONFIG_JWT_TTL_MAX = 30 * 86400 /* seconds: as long is kept which jti was revoked */
};

/* A path, made absolute or relative to the working folder, and the line that named it (0: a
 * default). */
struct config_path {
    char *path;
    int line;
};

/* Whom the server is, beside [server]'s own. */
struct config_certificate {
    struct config_certificate *next;
    char name[CONFIG_NAME_MAX + 1];
    struct config_path certificate, key;
    int line;
    uint64_t seen;
};

/* What a VNC server must speak: TLS with a certificate that is verified, or without any. */
enum config_tls { CONFIG_TLS_OFF, CONFIG_TLS_X509, CONFIG_TLS_ANONYMOUS };

/* Where a desktop's porthole-agent listens. */
struct config_agent {
    char *name;      /* "unix:PATH" or "tcp:HOST:PORT": whoever has the same has the same windows */
    char *unix_path; /* NULL: TCP */
    char host[CONFIG_HOST_MAX + 1];
    char port[6];
    char *token; /* what it is told over TCP */
};

struct config_desktop {
    struct config_desktop *next;
    char name[CONFIG_NAME_MAX + 1];
    char *unix_path; /* NULL: TCP */
    char host[CONFIG_HOST_MAX + 1];
    char port[6];
    char *password; /* NULL: none */
    char *username; /* NULL: none; there is a password then */
    enum config_tls tls;
    struct config_path ca_file; /* path NULL: the system's authorities */
    char *tls_name;             /* whom the certificate must name; NULL: host */
    SSL_CTX *tls_ctx;           /* made by the service; NULL: tls is off */
    struct config_agent *agent; /* NULL: none */
    char *agent_token;          /* until it is known whether there is an agent */
    int line, password_line, username_line, agent_line, agent_token_line;
    uint64_t seen; /* keys, for the reader */
};

struct config_stream {
    struct config_stream *next;
    char name[CONFIG_NAME_MAX + 1];
    const struct config_desktop *desktop;
    uint8_t tokens[CONFIG_TOKENS_MAX][CONFIG_TOKEN_SIZE];
    size_t token_count; /* 0: a password alone opens it, to whom the stream's name is enough */
    /* at least one of these where there is no token; one of them is asked for where there is */
    char password[PASSWORD_HASH_SIZE];              /* as password.h has it; "": none */
    char vnc_password[CONFIG_VNC_PASSWORD_MAX + 1]; /* weak; "": none */
    struct policy policy;
    unsigned max_viewers;   /* 0: no limit but the server's */
    struct crop_how window; /* selector "": the whole desktop */
    int line, window_line;
    uint64_t seen;
    char desktop_name[CONFIG_NAME_MAX + 1];
    int desktop_line;
};

/* A key whose JWTs are taken. */
struct config_jwt {
    struct config_jwt *next;
    char name[CONFIG_NAME_MAX + 1];
    struct jwt_key key;
    char *issuer, *audience, *kid; /* NULL: none is asked for */
    char *desktops;                /* separated by white space; NULL: all */
    unsigned max_ttl;              /* seconds from iat to exp */
    struct config_path key_file;
    int line, desktops_line;
    uint64_t seen;
};

struct config {
    struct sockaddr_storage listen;
    struct config_path certificate, key, web_root;
    struct config_path admin_socket, database, audit_file; /* path NULL: none */
    struct sockaddr_storage admin_listen;                  /* family 0: none */
    int admin_listen_line, admin_token_line;
    bool has_admin_token;
    uint8_t admin_token[CONFIG_TOKEN_SIZE]; /* SHA-256 */
    char *public_url;       /* https://HOST or https://HOST:PORT; NULL: by the listener's address */
    unsigned ping_interval; /* seconds */
    unsigned handshake_timeout; /* seconds */
    unsigned failed_attempts;   /* of an address that are free; 0: all are */
    unsigned drain_timeout;     /* seconds; 0: SIGTERM ends viewers at once */
    unsigned max_viewers;
    unsigned workers;      /* threads */
    char *allowed_origins; /* separated by white space, "*" for all; NULL: none but our own */
    struct network
        proxies[CONFIG_PROXIES_MAX]; /* whose word on where a connection is from counts */
    size_t proxy_count;
    bool proxy_protocol; /* they begin their connections with it */
    int proxy_protocol_line;
    struct config_certificate *certificates; /* in the file's order, as what follows */
    struct config_desktop *desktops;
    struct config_stream *streams;
    struct config_jwt *jwts;
    int server_line; /* of [server]; 0: there is none */
    uint64_t seen;
};

/* Where errors go, and how many there were. */
struct config_errors {
    const char *file; /* the configuration's name, as given */
    FILE *out;
    unsigned count;
    bool warn; /* also tell of what may be right, but looks like a slip */
};

/* Reports one error; line 0 leaves the line out. */
void config_error(struct config_errors *errors, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define CONFIG_WARNING "warning: " /* before the words */
/* Reports what does not keep the configuration from being taken, where that was asked for. */
void config_warning(struct config_errors *errors, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads the file errors->file and the token and password files it names. The result is usable only
 * if errors->count is 0 afterwards; NULL: the file cannot be read at all. */
struct config *config_load(struct config_errors *errors);
/* Wipes the secrets. Accepts NULL. */
void config_destroy(struct config *config);

/* May its tokens open this desktop? */
bool config_jwt_opens(const struct config_jwt *j, const char *desktop);
/* Would both take the same tokens? */
bool config_jwt_same(const struct config_jwt *a, const struct config_jwt *b);

/* NULL: there is no desktop of this name. */
const struct config_desktop *config_find_desktop(const struct config *config, const char *name);
/* Is a password asked for? */
bool config_asks_password(const struct config_stream *s);
/* Of what kind: "none", "plain" or "vnc"; where there are both, the better one. */
const char *config_password_word(const struct config_stream *s);
/* Is its password weak? NULL, or what is to be told of it. */
const char *config_weakness(const struct config_stream *s);

/* SHA-256 of a token. 0, or -1 when OpenSSL fails. */
int config_hash_token(const char *token, size_t len, uint8_t digest[CONFIG_TOKEN_SIZE]);

#endif
