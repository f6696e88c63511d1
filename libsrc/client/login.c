/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/login.h"

#include <stdlib.h>
#include <string.h>

#include "client/client.h"

enum { TOKEN_MAX = 2048 };

static void wipe(char **secret)
{
    if (*secret != NULL)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

static bool copy(char **to, const char *from)
{
    *to = from != NULL ? strdup(from) : NULL;
    return from == NULL || *to != NULL;
}

/* It goes into a header as it is (RFC 6750 section 2.1). */
static bool is_token(const char *token)
{
    size_t n = 0;
    while (token[n] > ' ' && token[n] <= '~')
        n++;
    return token[n] == '\0' && n != 0 && n <= TOKEN_MAX;
}

static bool too_long(const char *secret)
{
    return secret != NULL && strlen(secret) > RFB_SECRET_MAX;
}

int login_init(struct login *login, const ph_options *options, ph_error *error)
{
    if (too_long(options->username) || too_long(options->password))
        return error_set(error, PH_E_ARGUMENT, "a user name or password has more than %d bytes",
                         RFB_SECRET_MAX);
    if (options->token != NULL && !is_token(options->token))
        return error_set(error, PH_E_ARGUMENT,
                         "the token is not 1 to %d printable ASCII characters without blanks",
                         TOKEN_MAX);
    login->insecure = options->insecure != 0;
    login->plaintext = options->plaintext != 0;
    login->secret = options->secret;
    login->secret_data = options->secret_data;
    if (!copy(&login->username, options->username) || !copy(&login->password, options->password) ||
        !copy(&login->token, options->token) || !copy(&login->ca_file, options->ca_file))
        return error_set(error, PH_E_NO_MEMORY, "out of memory");
    return PH_OK;
}

void login_finish(struct login *login)
{
    wipe(&login->username);
    wipe(&login->password);
    wipe(&login->token);
    free(login->ca_file);
    login->ca_file = NULL;
}

int login_ask(struct ph_client *c, uint8_t wanted, ph_error *error)
{
    pthread_mutex_lock(&c->lock);
    c->login.wanted = wanted;
    pthread_cond_broadcast(&c->changed);
    while (c->login.wanted != 0 && !atomic_load(&c->stop))
        pthread_cond_wait(&c->changed, &c->lock);
    bool lost = c->login.lost;
    pthread_mutex_unlock(&c->lock);
    if (atomic_load(&c->stop))
        return io_stopped(error);
    return lost ? error_set(error, PH_E_NO_MEMORY, "out of memory") : PH_OK;
}

/* What is not to be had stays NULL, and the handshake says that it is missing. False when there is
 * no memory for it. */
static bool look_for(const struct login *login, int which, char **to)
{
    char text[RFB_SECRET_MAX + 1];
    bool kept = login->secret(login->secret_data, which, text, sizeof text) != 0 || copy(to, text);
    explicit_bzero(text, sizeof text);
    return kept;
}

void login_answer(struct ph_client *c, struct wait *w)
{
    struct login *login = &c->login;
    uint8_t wanted = login->wanted;
    int64_t begin = wait_now();
    pthread_mutex_unlock(&c->lock);
    bool kept =
        (!(wanted & RFB_WANT_USERNAME) || look_for(login, PH_SECRET_USERNAME, &login->username)) &&
        (!(wanted & RFB_WANT_PASSWORD) || look_for(login, PH_SECRET_PASSWORD, &login->password));
    pthread_mutex_lock(&c->lock);
    if (w->deadline >= 0)
        w->deadline += wait_now() - begin;
    login->wanted = 0;
    login->lost = !kept;
    pthread_cond_broadcast(&c->changed);
}
