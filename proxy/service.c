/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "config_values.h"
#include "upstream_tls.h"

/* As other servers do, one whose time is over is shown all the same: it was asked for, and viewers
 * tell their users better than a server that is not there. */
static void warn_of_dates(const struct tls_facts *facts, const struct config_path *certificate,
                          struct config_errors *errors)
{
    if (facts->expired)
        config_warning(errors, certificate->line,
                       "certificate: %s has expired on %s: no viewer will trust it; renew it",
                       certificate->path, facts->ends);
    else if (facts->soon)
        config_warning(errors, certificate->line, "certificate: %s expires on %s; renew it",
                       certificate->path, facts->ends);
    else if (facts->too_early)
        config_warning(errors, certificate->line,
                       "certificate: %s is not good before %s: no viewer will trust it; look at "
                       "this machine's clock",
                       certificate->path, facts->begins);
}

static void add_certificate(struct service *s, const struct config_path *certificate,
                            const struct config_path *key, bool by_name,
                            struct config_errors *errors)
{
    char why[TLS_ERROR_MAX];
    struct tls_facts facts;
    if (certificate->path == NULL || key->path == NULL)
        return; /* that it is missing has been reported */
    config_warn_of_readers(errors, key->line, "key", key->path);
    switch (tls_server_add(s->tls, certificate->path, key->path, &facts, why)) {
    case TLS_ADDED:
        warn_of_dates(&facts, certificate, errors);
        if (by_name && !facts.names_hosts)
            config_error(errors, certificate->line,
                         "certificate: %s has no host names in its subjectAltName, so nobody "
                         "would be shown it; use one that has",
                         certificate->path);
        break;
    case TLS_BAD_CERTIFICATE:
        config_error(errors, certificate->line, "certificate: %s: %s; name a PEM file",
                     certificate->path, why);
        break;
    case TLS_BAD_KEY:
        config_error(errors, key->line,
                     "key: %s: %s; name the certificate's private key, PEM without pass phrase",
                     key->path, why);
        break;
    case TLS_TWICE:
        config_error(errors, certificate->line, "certificate: %s: %s; keep one", certificate->path,
                     why);
        break;
    case TLS_NO_MEMORY:
        config_error(errors, 0, "TLS cannot be set up; look for a broken OpenSSL configuration");
        break;
    }
}

static void load_tls(struct service *s, struct config_errors *errors)
{
    s->tls = tls_server_create();
    if (s->tls == NULL) {
        config_error(errors, 0, "TLS cannot be set up; look for a broken OpenSSL configuration");
        return;
    }
    add_certificate(s, &s->config->certificate, &s->config->key, false, errors);
    for (const struct config_certificate *c = s->config->certificates; c != NULL; c = c->next)
        add_certificate(s, &c->certificate, &c->key, true, errors);
}

/* Is somebody there, whom portholed may ask? Whoever starts portholed before the VNC server has a
 * reason; whoever mistyped the path has none. */
static void check_socket(struct config_errors *errors, int line, const char *key, const char *path,
                         const char *whose)
{
    struct stat st;
    if (path == NULL)
        return;
    if (stat(path, &st) != 0)
        config_warning(errors, line, "%s: %s: %s; is %s running?", key, path, strerror(errno),
                       whose);
    else if (!S_ISSOCK(st.st_mode))
        config_warning(errors, line, "%s: %s is no socket", key, path);
    else if (access(path, W_OK) != 0)
        config_warning(errors, line, "%s: %s: %s; who runs portholed must write to it", key, path,
                       strerror(errno));
}

/* May somebody make this file, or socket, in its folder? It may be made just before the start, as
 * systemd does. */
static void check_folder(struct config_errors *errors, const char *key,
                         const struct config_path *file)
{
    if (file->path == NULL)
        return;
    char *folder = config_join(file->path, ".");
    if (access(folder, W_OK | X_OK) != 0)
        config_warning(errors, file->line,
                       "%s: its folder %.*s: %s; make it, and let who runs portholed write there",
                       key, (int)strlen(folder) - 1, folder, strerror(errno));
    free(folder);
}

static void check_sockets(const struct config *config, struct config_errors *errors)
{
    for (const struct config_desktop *d = config->desktops; d != NULL; d = d->next) {
        check_socket(errors, d->line, "upstream", d->unix_path, "the VNC server");
        check_socket(errors, d->line, "agent", d->agent != NULL ? d->agent->unix_path : NULL,
                     "porthole-agent");
    }
}

static void check_audit(const struct config_path *file, struct config_errors *errors)
{
    char why[AUDIT_ERROR_MAX];
    if (file->path != NULL && audit_check(file->path, why) != 0)
        config_error(errors, file->line, "audit_file: %s: %s; name a file that can be written",
                     file->path, why);
}

static void load_upstream_tls(struct service *s, struct config_errors *errors)
{
    char why[UPSTREAM_TLS_WORDS_MAX];
    for (struct config_desktop *d = s->config->desktops; d != NULL; d = d->next) {
        if (d->tls == CONFIG_TLS_OFF)
            continue;
        d->tls_ctx = upstream_tls_create(d, why);
        if (d->tls_ctx == NULL && d->ca_file.path != NULL)
            config_error(errors, d->ca_file.line,
                         "ca_file: %s; name a PEM file of the authority's certificate", why);
        else if (d->tls_ctx == NULL)
            config_error(errors, d->line, "tls: %s; look for a broken OpenSSL configuration", why);
    }
}

struct service *service_load(struct config_errors *errors)
{
    char why[ASSETS_ERROR_MAX];
    struct service *s = config_alloc(sizeof *s);
    atomic_init(&s->refs, 1);
    s->config = config_load(errors);
    if (s->config != NULL) {
        load_tls(s, errors);
        load_upstream_tls(s, errors);
        check_audit(&s->config->audit_file, errors);
        check_sockets(s->config, errors);
        check_folder(errors, "admin_socket", &s->config->admin_socket);
        check_folder(errors, "database", &s->config->database);
        s->assets = assets_load(s->config->web_root.path, why);
        if (s->assets == NULL)
            config_error(errors, s->config->web_root.line,
                         "web_root: %s; name the folder of the viewer page", why);
    }
    if (errors->count == 0)
        return s;
    service_unref(s);
    return NULL;
}

struct service *service_ref(struct service *s)
{
    atomic_fetch_add(&s->refs, 1);
    return s;
}

void service_unref(struct service *s)
{
    if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    tls_server_destroy(s->tls);
    assets_destroy(s->assets);
    config_destroy(s->config);
    free(s);
}
