/* SPDX-License-Identifier: GPL-2.0-or-later
 * The configuration file: each mistake with its exact message, all of them at once, and what a good
 * file means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/config.h"
#include "unit.h"

#define LONG "/0123456789/0123456789/0123456789/0123456789/0123456789/0123"
#define TOKEN "0123456789abcdef0123456789abcdef"
#define SERVER "[server]\ncertificate = c\nkey = k\n"
#define DESKTOP "[desktop d]\nupstream = unix:s\n"
#define HASH "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"
#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

#define NO_TOKEN                                                                                   \
    "conf:7: agent_token_file: its first line is no token; use 32 to 512 characters of printable " \
    "ASCII, the same as porthole-agent --token-file\n"

#define SAME_LISTENER                                                                              \
    "conf:5: admin_listen: listen has this address and port already; use another port\n"

static char folder[] = "/tmp/test_proxy_config.XXXXXX";

static void write_file(const char *name, const char *text, size_t len)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file("token", TOKEN "\nsecond line\n", sizeof TOKEN + 12);
    write_file("token.crlf", TOKEN "\r\n", sizeof TOKEN + 1);
    write_file("token.bare", TOKEN, sizeof TOKEN - 1);
    write_file("token.short", "abc\n", 4);
    write_file("token.bad", "0123456789abcdef 123456789abcdef\n", 33);
    write_file("token.nul",
               "0123456789abcdef\0"
               "123456789abcdef\n",
               33);
    write_file("password", "sesame\nx\n", 9);
    write_file("hash", HASH "\n", sizeof HASH);
    write_file("eight", "sesame12\n", 9);
    write_file("password.empty", "\nsesame\n", 8);
    write_file("password.long", "correct horse\n", 14);
    char big[4096];
    memset(big, 'a', sizeof big);
    write_file("big", big, sizeof big);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {
        "token",         "token.crlf", "token.bare", "token.short", "token.bad",
        "token.nul",     "password",   "big",        "conf",        "password.empty",
        "password.long", "hash",       "eight"};
    (void)state;
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

/* Loads a text; the errors, without the folder's name wherever it stands, go to `errors`. */
static struct config *load_bytes(const char *text, size_t len, char *errors, size_t size)
{
    char path[128], *raw = NULL;
    size_t raw_len = 0;
    write_file("conf", text, len);
    snprintf(path, sizeof path, "%s/conf", folder);
    FILE *out = open_memstream(&raw, &raw_len);
    assert_non_null(out);
    struct config_errors e = {.file = path, .out = out};
    struct config *c = config_load(&e);
    assert_int_equal(fclose(out), 0);
    errors[0] = '\0';
    size_t prefix = strlen(folder) + 1;
    for (const char *p = raw; *p != '\0';) {
        size_t at = strlen(errors);
        assert_true(at + 2 < size);
        if (strncmp(p, folder, prefix - 1) == 0)
            p += prefix;
        else
            snprintf(errors + at, size - at, "%c", *p++);
    }
    free(raw);
    assert_int_equal(e.count == 0, errors[0] == '\0');
    return c;
}

static struct config *load(const char *text, char *errors, size_t size)
{
    return load_bytes(text, strlen(text), errors, size);
}

static void tells_every_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *text, *errors;
    } cases[] = {
        {"", "conf: there is no [server]; add it, with certificate = PATH and key = PATH\n"},
        {"[server]\n", "conf:1: certificate is missing in this section; add certificate = VALUE\n"
                       "conf:1: key is missing in this section; add key = VALUE\n"},
        {SERVER "listen = localhost:80\n",
         "conf:4: listen: \"localhost:80\" is not an address and a port; "
         "use 127.0.0.1:6080 or [::1]:6080\n"},
        {SERVER "listen = 127.0.0.1:65536\n",
         "conf:4: listen: \"127.0.0.1:65536\" is not an address and a port; "
         "use 127.0.0.1:6080 or [::1]:6080\n"},
        {SERVER "listen = ::1:80\n", "conf:4: listen: \"::1:80\" is not an address and a port; "
                                     "use 127.0.0.1:6080 or [::1]:6080\n"},
        {SERVER "admin_listen = 127.0.0.1:0\n",
         "conf:4: admin_listen: nothing says who may ask there; add admin_token_file = PATH\n"},
        {SERVER "admin_listen = here\nadmin_token_file = token\n",
         "conf:4: admin_listen: \"here\" is not an address and a port; "
         "use 127.0.0.1:6081 or [::1]:6081\n"},
        {SERVER "admin_token_file = token\n",
         "conf:4: admin_token_file: there is nowhere to use it; "
         "add admin_listen = ADDRESS:PORT\n"},
        {SERVER "admin_listen = 127.0.0.1:0\nadmin_token_file = token.short\n",
         "conf:5: admin_token_file: the token has 3 characters; use at least 32\n"},
        {SERVER "admin_listen = 127.0.0.1:0\nadmin_token_file = token\n" DESKTOP
                "[stream s]\ndesktop = d\ntoken_file = token.crlf\n",
         "conf:5: admin_token_file: this token opens [stream s]; use another\n"},
        {SERVER "listen = 127.0.0.1:443\nadmin_listen = 127.0.0.1:443\nadmin_token_file = token\n",
         SAME_LISTENER},
        {SERVER "listen = 0.0.0.0:443\nadmin_listen = 127.0.0.1:443\nadmin_token_file = token\n",
         SAME_LISTENER},
        {SERVER "listen = 127.0.0.1:443\nadmin_listen = [::]:443\nadmin_token_file = token\n",
         SAME_LISTENER},
        {SERVER "listen = 127.0.0.1:443\nadmin_listen = [::1]:443\nadmin_token_file = token\n", ""},
        {SERVER "listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0\nadmin_token_file = token\n", ""},
        {SERVER "ping_interval = 0\n",
         "conf:4: ping_interval: \"0\" is not a whole number; use 1 to 3600\n"},
        {SERVER "ping_interval = 1s\n",
         "conf:4: ping_interval: \"1s\" is not a whole number; use 1 to 3600\n"},
        {SERVER "handshake_timeout = -1\n",
         "conf:4: handshake_timeout: \"-1\" is not a whole number; use 1 to 600\n"},
        {SERVER "failed_attempts = 1001\n",
         "conf:4: failed_attempts: \"1001\" is not a whole number; use 0 to 1000\n"},
        {SERVER "max_viewers = 99999999999999999999\n",
         "conf:4: max_viewers: \"99999999999999999999\" is not a whole number; use 1 to 100000\n"},
        {SERVER "certificate = d\n",
         "conf:4: certificate stands twice in this section; keep one\n"},
        {SERVER "web_root =\n", "conf:4: web_root has no value; write web_root = VALUE\n"},
        {SERVER "colour = red\n",
         "conf:4: unknown key \"colour\" in [server]; known are listen, "
         "certificate, key, web_root, "
         "admin_socket, admin_listen, admin_token_file, database, "
         "audit_file, public_url, ping_interval, "
         "handshake_timeout, failed_attempts, drain_timeout, max_viewers, workers, "
         "allowed_origins, trusted_proxies, "
         "proxy_protocol\n"},
        {SERVER SERVER, "conf:4: [server] stands twice, first in line 1; keep one\n"},
        {SERVER "nonsense\n",
         "conf:4: neither a section nor a key; write [SECTION] or KEY = VALUE\n"},
        {SERVER "[desktop d\n",
         "conf:4: neither a section nor a key; write [SECTION] or KEY = VALUE\n"},
        {"key = k\n" SERVER, "conf:1: \"key\" stands before any section; put it below [server]\n"},
        {SERVER "[servers]\nx = y\n",
         "conf:4: unknown section [servers]; "
         "known are [server], [certificate NAME], [desktop NAME], [stream NAME], [jwt NAME]\n"},
        {SERVER "[desktop]\n",
         "conf:4: unknown section [desktop]; "
         "known are [server], [certificate NAME], [desktop NAME], [stream NAME], [jwt NAME]\n"},
        {SERVER "[desktop a b]\n",
         "conf:4: \"a b\" is not a name; use up to 32 letters, digits, '.', '_', '-'\n"},
        {SERVER "[desktop aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
         "conf:4: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is not a name; "
         "use up to 32 letters, digits, '.', '_', '-'\n"},
        {SERVER "[certificate c]\nkey = k\n[certificate c]\n",
         "conf:6: [certificate c] stands twice, first in line 4; keep one\n"
         "conf:4: certificate is missing in this section; add certificate = VALUE\n"},
        {SERVER "[desktop d]\n",
         "conf:4: upstream is missing in this section; add upstream = VALUE\n"},
        {SERVER DESKTOP DESKTOP, "conf:6: [desktop d] stands twice, first in line 4; keep one\n"},
        {SERVER "[desktop d]\nupstream = host:5900\n",
         "conf:5: upstream: \"host:5900\" is not a VNC server's address; "
         "use unix:/path or tcp:HOST:PORT\n"},
        {SERVER "[desktop d]\nupstream = tcp:host:0\n",
         "conf:5: upstream: \"tcp:host:0\" is not a VNC server's address; "
         "use unix:/path or tcp:HOST:PORT\n"},
        {SERVER "[desktop d]\nupstream = tcp:ho st:1\n",
         "conf:5: upstream: \"tcp:ho st:1\" is not a VNC server's address; "
         "use unix:/path or tcp:HOST:PORT\n"},
        {SERVER "[desktop d]\nupstream = unix:\n",
         "conf:5: upstream: \"unix:\" is not a VNC server's address; "
         "use unix:/path or tcp:HOST:PORT\n"},
        {SERVER "[desktop d]\nupstream = unix:/123456789/123456789/123456789/123456789/123456789/"
                "123456789/123456789/123456789/123456789/123456789/1234567\n",
         "conf:5: upstream: the socket's path is 108 bytes long; at most 107 are possible\n"},
        {SERVER DESKTOP "password_file = none\n",
         "conf:6: password_file: none cannot be read (No such file or directory); "
         "name a readable file\n"},
        {SERVER DESKTOP "password_file = .\n",
         "conf:6: password_file: . cannot be read (Is a directory); name a readable file\n"},
        {SERVER DESKTOP "password_file = password.empty\n",
         "conf:6: password_file: its first line is empty; put the VNC password there\n"},
        {SERVER DESKTOP "password_file = big\n",
         "conf:6: password_file: its first line is too long; use at most 255 bytes\n"},
        {SERVER DESKTOP "password_file = password.long\n",
         "conf:6: password_file: the password has 13 bytes, and VNC's own authentication looks at "
         "8; shorten it, or add username = NAME for a server with users\n"},
        {SERVER DESKTOP "username = ada\n",
         "conf:6: username: there is no password for it; add password_file = PATH\n"},
        {SERVER "[desktop d]\nupstream = tcp:far:1\nusername = ada\npassword_file = password\n",
         "conf:6: username: without TLS the password could be read on its way to far; "
         "add tls = x509\n"},
        {SERVER DESKTOP "tls = yes\n", "conf:6: tls: \"yes\" is nothing that a VNC server speaks; "
                                       "use off, x509 or anonymous\n"},
        {SERVER DESKTOP "tls = x509\n",
         "conf:4: a socket has no name that a certificate could be made out to; "
         "add tls_name = HOST\n"},
        {SERVER DESKTOP "tls_name = a\n",
         "conf:4: tls_name is for tls = x509, which this desktop does not have; "
         "add it or take tls_name away\n"},
        {SERVER DESKTOP "tls = anonymous\nca_file = c\n",
         "conf:4: ca_file is for tls = x509, which this desktop does not have; "
         "add it or take ca_file away\n"},
        {SERVER DESKTOP "agent = 127.0.0.1:7000\nagent_token_file = token\n",
         "conf:6: agent: \"127.0.0.1:7000\" is not where porthole-agent listens; use unix:/path or "
         "tcp:HOST:PORT\n"},
        {SERVER DESKTOP "agent = tcp:far:0\n",
         "conf:6: agent: \"tcp:far:0\" is not where porthole-agent listens; use unix:/path or "
         "tcp:HOST:PORT\n"},
        {SERVER DESKTOP "agent = unix:" LONG LONG "\n",
         "conf:6: agent: the socket's path is 120 bytes long; at most 107 are possible\n"},
        {SERVER DESKTOP "agent = tcp:far:7000\n",
         "conf:6: agent: over TCP it wants a token; add agent_token_file = PATH\n"},
        {SERVER DESKTOP "agent = unix:a\nagent_token_file = token\n",
         "conf:7: agent_token_file is for agent = tcp:HOST:PORT, which this desktop does not have; "
         "add it or take agent_token_file away\n"},
        {SERVER DESKTOP "agent_token_file = token\n",
         "conf:6: agent_token_file is for agent = tcp:HOST:PORT, which this desktop does not have; "
         "add it or take agent_token_file away\n"},
        {SERVER DESKTOP "agent = tcp:far:1\nagent_token_file = none\n",
         "conf:7: agent_token_file: none cannot be read (No such file or directory); name a "
         "readable file\n"},
        {SERVER DESKTOP "agent = tcp:far:1\nagent_token_file = token.short\n", NO_TOKEN},
        {SERVER DESKTOP "agent = tcp:far:1\nagent_token_file = token.nul\n", NO_TOKEN},
        {SERVER DESKTOP "agent = tcp:far:1\nagent_token_file = big\n", NO_TOKEN},
        {SERVER DESKTOP "[stream s]\n",
         "conf:6: desktop is missing in this section; add desktop = VALUE\n"
         "conf:6: nothing opens this stream; add token_file = PATH, token_sha256 = DIGEST or "
         "password_file = PATH\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\npassword_file = password\n",
         "conf:8: password_file: its first line is not a scrypt hash (it does not begin with "
         "$scrypt$); make one with portholed --hash-password\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\npassword_file = big\n",
         "conf:8: password_file: its first line is not a scrypt hash (it is too long); "
         "make one with portholed --hash-password\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\npassword_file = none\n",
         "conf:8: password_file: none cannot be read (No such file or directory); "
         "name a readable file\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\nvnc_password_file = password.empty\n",
         "conf:8: vnc_password_file: its first line is empty; put the password there\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\nvnc_password_file = token\n",
         "conf:8: vnc_password_file: only the first 8 bytes of a VncAuth password count; use at "
         "most 8, none of them NUL, or a password_file\n"},
        {SERVER "[stream s]\ndesktop = x\ntoken_file = token\n",
         "conf:5: there is no desktop \"x\"; add [desktop x]\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = a/b\ntoken_file = token\n",
         "conf:7: desktop: \"a/b\" is not a name; use up to 32 letters, digits, '.', '_', '-'\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token.short\n",
         "conf:8: token_file: the token has 3 characters; use at least 32\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token.bad\n",
         "conf:8: token_file: the token has a character that a URL cannot carry; "
         "use letters, digits, '-', '_', '.', '~'\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token.nul\n",
         "conf:8: token_file: the token has a character that a URL cannot carry; "
         "use letters, digits, '-', '_', '.', '~'\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = big\n",
         "conf:8: token_file: the token is too long; use at most 512 characters\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = none\n",
         "conf:8: token_file: none cannot be read (No such file or directory); "
         "name a readable file\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_sha256 = abc\n",
         "conf:8: token_sha256: not a SHA-256; use its 64 hexadecimal digits\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_sha256 = " SHA "\n"
                        "[stream t]\ndesktop = d\ntoken_sha256 = " SHA "\n",
         "conf:11: this token opens [stream s] already; use another\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\n[stream s]\ndesktop = d\n",
         "conf:9: [stream s] stands twice, first in line 6; keep one\n"},
        {SERVER "a\001b = c\n", "conf:4: a control character; use plain text\n"},
        {SERVER "allowed_origins = https://a null https://b/ *\n",
         "conf:4: allowed_origins: \"null\" is not an origin; use https://HOST, https://HOST:PORT "
         "or "
         "*\n"
         "conf:4: allowed_origins: \"https://b/\" is not an origin; use https://HOST, "
         "https://HOST:PORT or *\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\nmax_viewers = 0\n",
         "conf:9: max_viewers: \"0\" is not a whole number; use 1 to 100000\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\nrole = admin\n",
         "conf:9: role: \"admin\" is none; use view or control\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\nclipboard = yes\n",
         "conf:9: clipboard: \"yes\" is no direction; use none, in, out or both\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\nwindow = app:a\n"
                        "window_popups = all\nwindow_on_close = stay\nwindow_strict = maybe\n",
         "conf:10: window_popups: \"all\" is not known; use expand, clip or none\n"
         "conf:11: window_on_close: \"stay\" is neither; use end or wait\n"
         "conf:12: window_strict: \"maybe\" is neither; use yes or no\n"
         "conf:9: window: desktop \"d\" has no agent, which knows the windows; add agent = "
         "unix:PATH to it\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\nwindow = rect:5x0+1+1\n",
         "conf:9: window: \"rect:5x0+1+1\" names no window; use app:NAME, title:PATTERN, 0xID or "
         "rect:WIDTHxHEIGHT+X+Y, of at most 128 bytes\n"
         "conf:9: window: desktop \"d\" has no agent, which knows the windows; add agent = "
         "unix:PATH to it\n"},
        {SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\nwindow = rect:5x6+1+1\n"
                        "window_wait = 5\n",
         "conf:6: window_wait is for windows, and a rectangle is none; take it away\n"},
        {SERVER "public_url = http://a\n",
         "conf:4: public_url: \"http://a\" is not how viewers reach this server; "
         "use https://HOST or https://HOST:PORT\n"},
        {SERVER "public_url = https://a/\n",
         "conf:4: public_url: \"https://a/\" is not how viewers reach this server; "
         "use https://HOST or https://HOST:PORT\n"},
        {SERVER "workers = 0\n", "conf:4: workers: \"0\" is not a whole number; use 1 to 256\n"},
        {SERVER "admin_socket = /a" LONG LONG "\n",
         "conf:4: admin_socket: the socket's path is 122 bytes long; at most 107 are possible\n"},
        {SERVER "trusted_proxies = 10.1.2.3/8 192.0.2.1 host 2001:db8::1/32 ::1/129\n",
         "conf:4: trusted_proxies: \"10.1.2.3/8\" has bits behind its prefix; the network is "
         "10.0.0.0/8\n"
         "conf:4: trusted_proxies: \"host\" is neither an address nor a network; "
         "use 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32\n"
         "conf:4: trusted_proxies: \"2001:db8::1/32\" has bits behind its prefix; the network is "
         "2001:db8::/32\n"
         "conf:4: trusted_proxies: \"::1/129\" is neither an address nor a network; "
         "use 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32\n"},
        {SERVER "trusted_proxies = ::1 ::2\ntrusted_proxies = ::3\ndrain_timeout = 1\n"
                "drain_timeout = 1\n",
         "conf:7: drain_timeout stands twice in this section; keep one\n"},
        {SERVER "drain_timeout = 86401\n",
         "conf:4: drain_timeout: \"86401\" is not a whole number; use 0 to 86400\n"},
        {SERVER "proxy_protocol = yes\n",
         "conf:4: proxy_protocol: \"yes\" is neither; use on or off\n"},
        {SERVER "proxy_protocol = on\n", "conf:4: proxy_protocol: nobody is trusted to speak it; "
                                         "add trusted_proxies = ADDRESS ...\n"},
        {SERVER DESKTOP "[jwt j]\n",
         "conf:6: algorithm is missing in this section; add algorithm = VALUE\n"
         "conf:6: key_file is missing in this section; add key_file = VALUE\n"},
        {SERVER DESKTOP "[jwt j]\nalgorithm = none\nkey_file = token\n",
         "conf:7: algorithm: \"none\" is none; use HS256, RS256 or EdDSA\n"},
        {SERVER DESKTOP "[jwt j]\nalgorithm = HS256\nkey_file = token.short\n",
         "conf:8: key_file: token.short: the secret has 3 bytes; HS256 takes 32 to 1024; name "
         "another file\n"},
        {SERVER DESKTOP "[jwt j]\nalgorithm = RS256\nkey_file = token\n",
         "conf:8: key_file: token: it holds no public key in PEM (-----BEGIN PUBLIC KEY-----); "
         "name another file\n"},
        {SERVER DESKTOP "[jwt j]\nalgorithm = HS256\nkey_file = token\nmax_ttl = 2592001\n"
                        "desktops = d e\n[jwt j]\n",
         "conf:9: max_ttl: \"2592001\" is not a whole number; use 1 to 2592000\n"
         "conf:11: [jwt j] stands twice, first in line 6; keep one\n"
         "conf:10: there is no desktop \"e\"; add [desktop e]\n"},
        /* one run finds them all, in their order */
        {"[server]\nkey\nlisten = x\nfoo = 1\n[nope]\n[desktop d]\n",
         "conf:2: neither a section nor a key; write [SECTION] or KEY = VALUE\n"
         "conf:3: listen: \"x\" is not an address and a port; use 127.0.0.1:6080 or [::1]:6080\n"
         "conf:4: unknown key \"foo\" in [server]; known are listen, certificate, key, web_root, "
         "admin_socket, admin_listen, admin_token_file, database, audit_file, public_url, "
         "ping_interval, handshake_timeout, failed_attempts, "
         "drain_timeout, max_viewers, "
         "workers, allowed_origins, trusted_proxies, "
         "proxy_protocol\n"
         "conf:5: unknown section [nope]; known are [server], [certificate NAME], [desktop NAME], "
         "[stream NAME], [jwt NAME]\n"
         "conf:1: certificate is missing in this section; add certificate = VALUE\n"
         "conf:1: key is missing in this section; add key = VALUE\n"
         "conf:6: upstream is missing in this section; add upstream = VALUE\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char errors[2048];
        config_destroy(load(cases[i].text, errors, sizeof errors));
        assert_string_equal(errors, cases[i].errors);
    }
}

static void refuses_long_lines_whole(void **state)
{
    (void)state;
    for (size_t len = 195; len < 2000; len += len < 205 ? 1 : 300) {
        char text[4096] = SERVER "web_root = ", errors[512], expected[512] = "";
        size_t start = strlen(SERVER), at = strlen(text);
        memset(text + at, 'w', start + len - at);
        memcpy(text + start + len, "\n", 2);
        if (len > 197)
            snprintf(expected, sizeof expected,
                     "conf:4: the line is too long (%zu bytes); use at most 197\n",
                     len < 1023 ? len : (size_t)1023);
        struct config *c = load(text, errors, sizeof errors);
        assert_string_equal(errors, expected);
        if (len <= 197) /* 11 bytes of "web_root = ", and the folder with its slash before */
            assert_int_equal(strlen(c->web_root.path), strlen(folder) + 1 + len - 11);
        config_destroy(c);
    }
}

static void refuses_nul_bytes(void **state)
{
    (void)state;
    char errors[256];
    config_destroy(load_bytes(SERVER "a\0b = c\n", strlen(SERVER) + 8, errors, sizeof errors));
    assert_string_equal(errors, "conf:4: a control character; use plain text\n");
}

static void refuses_a_missing_file(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct config_errors e = {.file = "/nonexistent/portholed.conf", .out = out};
    assert_null(config_load(&e));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(e.count, 1);
    assert_string_equal(text, "/nonexistent/portholed.conf: cannot be read "
                              "(No such file or directory); name another with -c FILE\n");
    free(text);
}

static void has_defaults(void **state)
{
    (void)state;
    char errors[256], name[64];
    struct config *c = load(SERVER, errors, sizeof errors);
    assert_string_equal(errors, "");
    assert_int_equal(uv_ip4_name((struct sockaddr_in *)&c->listen, name, sizeof name), 0);
    assert_string_equal(name, "127.0.0.1");
    assert_int_equal(ntohs(((struct sockaddr_in *)&c->listen)->sin_port), 6080);
    assert_int_equal(c->ping_interval, 20);
    assert_int_equal(c->handshake_timeout, 10);
    assert_int_equal(c->failed_attempts, 10);
    assert_int_equal(c->max_viewers, 1000);
    assert_null(c->allowed_origins);
    assert_int_equal(c->web_root.path[0], '/');
    config_destroy(c);
}

static void reads_a_whole_file(void **state)
{
    (void)state;
    char errors[256], path[128];
    uint8_t digest[CONFIG_TOKEN_SIZE];
    struct config *c =
        load("# comment\r\n; another\r\n\r\n[server]\r\n"
             "listen = [::1]:0 ; the kernel chooses\r\n"
             "  certificate=/abs/c.pem\nkey: k.pem\nallowed_origins = https://a https://b:1\n"
             "[stream one]\ndesktop = tcp\ntoken_file = token\ntoken_sha256=" SHA "\n"
             "[stream two]\ndesktop = unix\ntoken_file = token.crlf\nmax_viewers = 3\n"
             "[desktop tcp]\nupstream = tcp:[fe80::1]:5901\npassword_file = password\n"
             "[desktop unix]\nupstream = unix:/run/x.sock\ntls = x509\ntls_name = vnc.example\n"
             "username = ada\npassword_file = password.long\nca_file = ca.pem\n"
             "[desktop open]\nupstream = tcp:far:1\ntls = anonymous\n",
             errors, sizeof errors);
    assert_string_equal(errors, "conf:15: this token opens [stream one] already; use another\n");
    assert_int_equal(((struct sockaddr_in6 *)&c->listen)->sin6_family, AF_INET6);
    assert_string_equal(c->certificate.path, "/abs/c.pem");
    assert_int_equal(c->certificate.line, 6);
    snprintf(path, sizeof path, "%s/k.pem", folder);
    assert_string_equal(c->key.path, path);
    const struct config_desktop *tcp = c->desktops, *local = tcp->next;
    assert_string_equal(tcp->host, "fe80::1");
    assert_string_equal(tcp->port, "5901");
    assert_string_equal(tcp->password, "sesame");
    assert_string_equal(local->unix_path, "/run/x.sock");
    assert_null(tcp->username);
    assert_int_equal(tcp->tls, CONFIG_TLS_OFF);
    assert_int_equal(local->tls, CONFIG_TLS_X509);
    assert_string_equal(local->tls_name, "vnc.example");
    assert_string_equal(local->username, "ada");
    assert_string_equal(local->password, "correct horse");
    assert_int_equal(local->ca_file.line, 26);
    assert_int_equal(local->next->tls, CONFIG_TLS_ANONYMOUS);
    assert_ptr_equal(c->streams->desktop, tcp);
    assert_ptr_equal(c->streams->next->desktop, local);
    assert_int_equal(c->streams->token_count, 2);
    assert_int_equal(c->streams->max_viewers, 0);
    assert_int_equal(c->streams->next->max_viewers, 3);
    assert_string_equal(c->allowed_origins, "https://a https://b:1");
    assert_int_equal(config_hash_token(TOKEN, strlen(TOKEN), digest), 0);
    assert_memory_equal(c->streams->tokens[0], digest, sizeof digest);
    assert_memory_equal(c->streams->next->tokens[0], digest, sizeof digest); /* without the CR */
    assert_int_equal(config_hash_token("abc", 3, digest), 0);
    assert_memory_equal(c->streams->tokens[1], digest, sizeof digest);
    config_destroy(c);
    config_destroy(NULL);
}

static void reads_agents(void **state)
{
    (void)state;
    char errors[256], path[128];
    struct config *c = load("[desktop near]\nupstream = unix:s\nagent = unix:a.sock\n"
                            "[desktop far]\nupstream = unix:s\nagent_token_file = token.bad\n"
                            "agent = tcp:[::1]:7000\n"
                            "[desktop named]\nupstream = unix:s\nagent = tcp:far.example:7\n"
                            "agent_token_file = token.crlf\n" SERVER,
                            errors, sizeof errors);
    assert_string_equal(errors, "");
    const struct config_agent *near = c->desktops->agent, *far = c->desktops->next->agent,
                              *named = c->desktops->next->next->agent;
    snprintf(path, sizeof path, "unix:%s/a.sock", folder);
    assert_string_equal(near->name, path);
    assert_string_equal(near->unix_path, path + 5);
    assert_null(near->token);
    assert_string_equal(far->name, "tcp:[::1]:7000");
    assert_null(far->unix_path);
    assert_string_equal(far->host, "::1");
    assert_string_equal(far->token, "0123456789abcdef 123456789abcdef"); /* JSON carries that */
    assert_string_equal(named->host, "far.example");
    assert_string_equal(named->port, "7");
    assert_string_equal(named->token, TOKEN);
    config_destroy(c);
}

/* Who may look has no clipboard unless the file says so; the order of the keys is no matter. */
static void knows_roles_and_clipboards(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        struct policy policy;
    } cases[] = {
        {"", {true, true, true}},
        {"role = control\n", {true, true, true}},
        {"role = view\n", {false, false, false}},
        {"role = view\nclipboard = out\n", {false, false, true}},
        {"clipboard = in\nrole = view\n", {false, true, false}},
        {"clipboard = none\n", {true, false, false}},
        {"clipboard = both\nrole = view\n", {false, true, true}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512], errors[256];
        snprintf(text, sizeof text,
                 SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token\n%s", cases[i].keys);
        struct config *c = load(text, errors, sizeof errors);
        assert_string_equal(errors, "");
        assert_memory_equal(&c->streams->policy, &cases[i].policy, sizeof cases[i].policy);
        config_destroy(c);
    }
}

static void reads_proxies(void **state)
{
    (void)state;
    char errors[256], text[NETWORK_TEXT_MAX];
    struct config *c = load(SERVER "trusted_proxies = 10.0.0.0/8  ::1\nproxy_protocol = on\n"
                                   "trusted_proxies = 192.0.2.1\ndrain_timeout = 60\n",
                            errors, sizeof errors);
    assert_string_equal(errors, "");
    assert_int_equal(c->proxy_count, 3);
    network_text(&c->proxies[2], text);
    assert_string_equal(text, "192.0.2.1");
    assert_true(c->proxy_protocol);
    assert_int_equal(c->drain_timeout, 60);
    config_destroy(c);

    char many[4096] = SERVER;
    for (int i = 0; i <= CONFIG_PROXIES_MAX; i++)
        strcat(many, i % 16 == 0 ? "\ntrusted_proxies = ::1" : " ::1");
    strcat(many, "\n");
    config_destroy(load(many, errors, sizeof errors));
    assert_string_equal(errors, "conf:13: trusted_proxies: there are more than 128\n");
}

static void reads_passwords(void **state)
{
    (void)state;
    char errors[256];
    struct config *c = load(SERVER DESKTOP "[stream a]\ndesktop = d\npassword_file = hash\n"
                                           "[stream b]\ndesktop = d\nvnc_password_file = eight\n"
                                           "[stream c]\ndesktop = d\ntoken_file = token\n",
                            errors, sizeof errors);
    assert_string_equal(errors, "");
    const struct config_stream *a = c->streams, *b = a->next, *none = b->next;
    assert_string_equal(a->password, HASH);
    assert_string_equal(b->vnc_password, "sesame12");
    assert_int_equal(a->token_count, 0);
    assert_true(config_asks_password(a) && config_asks_password(b) && !config_asks_password(none));
    assert_string_equal(config_password_word(a), "plain");
    assert_string_equal(config_password_word(b), "vnc");
    assert_string_equal(config_password_word(none), "none");
    assert_null(config_weakness(a));
    assert_non_null(config_weakness(b));
    config_destroy(c);
}

static void takes_a_token_without_newline(void **state)
{
    (void)state;
    char errors[256];
    struct config *c = load(SERVER DESKTOP "[stream s]\ndesktop = d\ntoken_file = token.bare\n",
                            errors, sizeof errors);
    assert_string_equal(errors, "");
    assert_int_equal(c->streams->token_count, 1);
    config_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_every_mistake),
        cmocka_unit_test(refuses_long_lines_whole),
        cmocka_unit_test(refuses_nul_bytes),
        cmocka_unit_test(refuses_a_missing_file),
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(reads_a_whole_file),
        cmocka_unit_test(reads_agents),
        cmocka_unit_test(knows_roles_and_clipboards),
        cmocka_unit_test(reads_proxies),
        cmocka_unit_test(reads_passwords),
        cmocka_unit_test(takes_a_token_without_newline),
    };
    return cmocka_run_group_tests_name("proxy configuration", tests, set_up, tear_down);
}
