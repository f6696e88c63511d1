/* SPDX-License-Identifier: GPL-2.0-or-later
 * What opens a connection is forgotten once it is open, and none of it stays in memory that has
 * been freed. The linker wraps free for the library's own code. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/client.h"
#include "fake_server.h"
#include "unit.h"
#include "ws/ws.h"

static const char token[] = "token-that-nobody-sees", password[] = "password-that-nobody-sees",
                  username[] = "user-that-nobody-sees";

/* ---- an allocator that looks at what it gets back ---- */

void __real_free(void *p);
void __wrap_free(void *p);

static atomic_int seen; /* freed blocks that held a secret */

void __wrap_free(void *p)
{
    static const char *const secrets[] = {token, password, username};
    for (size_t i = 0; p != NULL && i < COUNT(secrets); i++)
        if (memmem(p, malloc_usable_size(p), secrets[i], strlen(secrets[i])) != NULL)
            atomic_fetch_add(&seen, 1);
    __real_free(p);
}

/* ---- a server behind a WebSocket, with VeNCrypt's Plain ---- */

static void answer_request(int fd, const char *status)
{
    char request[1024] = "", key[25] = "", accept[WS_ACCEPT_SIZE], answer[512];
    for (size_t n = 0; strstr(request, "\r\n\r\n") == NULL; n++)
        if (n == sizeof request - 1 || !fake_read(fd, request + n, 1))
            return;
    memcpy(key, strstr(request, "Sec-WebSocket-Key: ") + 19, 24);
    ws_accept(key, accept);
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: binary\r\n\r\n",
                     status, accept);
    fake_send(fd, answer, (size_t)n);
}

/* Says all of its part at once, and never looks at the client's. */
static void let_in(struct fake_server *s, int fd, void *argument)
{
    static const char said[] = "\x82\x3cRFB 003.008\n"
                               "\x01\x13"                         /* VeNCrypt */
                               "\x00\x02\x00\x01\x00\x00\x01\x00" /* 0.2, good; Plain */
                               "\x00\x00\x00\x00"
                               "\x00\x10\x00\x10\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff"
                               "\x10\x08\x00\x00\x00\x00"
                               "\x00\x00\x00\x00";
    (void)s, (void)argument;
    answer_request(fd, "101 Yes");
    fake_send(fd, said, sizeof said - 1);
    fake_drain(fd);
}

static void refuse(struct fake_server *s, int fd, void *argument)
{
    (void)s, (void)argument;
    answer_request(fd, "401 No");
}

static int connect_to(struct fake_server *s, ph_client **c)
{
    static const ph_limit patient = {.timeout_ms = 20000};
    ph_options o = PH_OPTIONS_INIT;
    ph_error e = {.code = 0};
    o.username = username;
    o.password = password;
    o.token = token;
    atomic_store(&seen, 0);
    int rc = ph_connect(fake_server_target(s), &o, &patient, c, &e);
    print_message("# %d %s\n", rc, e.message);
    return rc;
}

/* Writes more than the request had, so that what held it is freed. */
static void outgrow(ph_client *c)
{
    static const uint8_t bytes[8192];
    size_t put;
    pthread_mutex_lock(&c->lock);
    assert_int_equal(stream_write(c->stream, bytes, sizeof bytes, &put, NULL), PH_OK);
    assert_int_equal(put, sizeof bytes);
    pthread_mutex_unlock(&c->lock);
}

static void secrets_are_wiped_once_the_connection_is_open(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start_tcp("ws://127.0.0.1:", "/", let_in, NULL);
    ph_client *c;
    assert_int_equal(connect_to(s, &c), PH_OK);
    assert_null(c->login.token);
    assert_null(c->login.username);
    assert_null(c->login.password);
    outgrow(c);
    ph_close(c, NULL, NULL);
    assert_true(fake_server_stop(s));
    assert_int_equal(atomic_load(&seen), 0);
}

static void secrets_are_wiped_where_nothing_opens(void **state)
{
    (void)state;
    struct fake_server *s = fake_server_start_tcp("ws://127.0.0.1:", "/", refuse, NULL);
    ph_client *c;
    assert_int_equal(connect_to(s, &c), PH_E_PASSWORD);
    assert_true(fake_server_stop(s));
    assert_int_equal(atomic_load(&seen), 0);
}

int main(void)
{
    alarm(120); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_wiped_once_the_connection_is_open),
        cmocka_unit_test(secrets_are_wiped_where_nothing_opens),
    };
    return cmocka_run_group_tests_name("client_secrets", tests, NULL, NULL);
}
