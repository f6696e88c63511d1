/* SPDX-License-Identifier: GPL-2.0-or-later
 * Out of memory, at each allocation of a conversation in turn: an error that says so, or nothing
 * that matters; no crash, no leak, and what callers hold stays. The linker wraps the allocator for
 * the library's own code; LibVNCClient, pixman and zlib keep theirs. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/session.h"
#include "hex.h"
#include "unit.h"

/* ---- an allocator that says no once ---- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
int __real_posix_memalign(void **to, size_t alignment, size_t n);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
int __wrap_posix_memalign(void **to, size_t alignment, size_t n);
char *__wrap_strdup(const char *text);

static long countdown; /* the allocation that fails; 0: none does */

static bool fails(void)
{
    return countdown > 0 && --countdown == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
    return fails() ? NULL : __real_realloc(old, n);
}

int __wrap_posix_memalign(void **to, size_t alignment, size_t n)
{
    return fails() ? 12 /* ENOMEM */ : __real_posix_memalign(to, alignment, n);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* ---- a conversation ---- */

enum { WIDTH = 32, HEIGHT = 16 };

#define RECT "0000 0000 0020 0010 "

static const char server[] =
    "00 00 0001 " RECT "00000000 11*2048 "               /* raw: a first frame */
    "00 00 0002 0010 0000 0010 0010 00000001 0000 0000 " /* copyrect */
    "0000 0000 0010 0010 00000002 00000001 'bgrx' 'BGRX' 0000 0000 0001 0001 " /* rre */
    "00 00 0001 " RECT "00000010 0000000c 78da6214543206000000ffff "           /* zrle */
    "00 00 0001 " RECT "00000007 80 112233 "                                   /* tight */
    "00 00 0001 0000 0000 0002 0001 ffffff11 44*8 c0 "                         /* cursor */
    "00 00 0001 0000 0000 0000 0000 fffffecd 00000006 'office' "
    "02 03 000000 00000005 'hello' 96 f8 000000 80000001 02 'ab' "
    "03 000000 fffffff8 1f000001 00040000 "    /* extended clipboard */
    "00 00 0001 0000 0000 0010 0010 ffffff21 " /* another size */
    "00 00 0001 0000 0000 0010 0010 00000007 80 445566 ";

static ph_client *client(void)
{
    static const int32_t encodings[] = {RFB_ENC_COPYRECT, RFB_ENC_RRE, RFB_ENC_TIGHT, RFB_ENC_ZRLE};
    ph_client *c = client_create();
    if (c == NULL)
        return NULL;
    memcpy(c->encodings, encodings, sizeof encodings);
    c->encoding_count = COUNT(encodings);
    c->phase = CLIENT_OPEN;
    c->width = WIDTH;
    c->height = HEIGHT;
    return c;
}

static void look(ph_client *c, ph_frame **held)
{
    static const ph_limit now = {.timeout_ms = 0};
    ph_frame *f;
    ph_cursor *cursor;
    char *text;
    if (ph_frame_get(c, 0, &now, &f, NULL) == PH_OK && *held == NULL)
        *held = ph_frame_ref(f);
    ph_frame_unref(f);
    if (ph_cursor_get(c, &cursor, NULL) == PH_OK)
        ph_cursor_unref(cursor);
    if (ph_clipboard_get(c, 0, &now, &text, NULL, NULL) == PH_OK)
        ph_free(text);
}

/* A few bytes at a time; what the client says is taken. */
static int converse(ph_client *c, const struct hex *said, ph_frame **held, ph_error *error)
{
    const struct rfb_server_init init = {.width = WIDTH, .height = HEIGHT, .format = rfb_bgrx};
    struct session *s = session_create(c, &init, error);
    int rc = s != NULL ? PH_OK : error->code;
    for (size_t at = 0; at < said->n && rc == PH_OK;) {
        uint8_t *where;
        size_t room, n = said->n - at < 100 ? said->n - at : 100;
        rc = session_reserve(s, &where, &room, error);
        if (rc != PH_OK)
            break;
        memcpy(where, said->bytes + at, n);
        at += n;
        rc = session_received(s, n, error);
        rfb_buf_consume(&c->out, c->out.len);
        look(c, held);
    }
    session_destroy(s);
    return rc;
}

/* 0: the conversation went to its end without needing that allocation. */
static int with_failure(long nth, const struct hex *said)
{
    ph_error e = {.code = PH_OK};
    ph_frame *held = NULL;
    int rc = PH_E_NO_MEMORY;
    countdown = nth;
    ph_client *c = client();
    if (c != NULL && c->screen != NULL)
        rc = converse(c, said, &held, &e);
    bool reached = countdown == 0;
    countdown = 0;
    if (rc != PH_OK &&
        (rc != PH_E_NO_MEMORY || (e.code != 0 && strstr(e.message, "memory") == NULL)))
        fail_msg("without allocation %ld: %d (%s)", nth, rc, e.message);
    if (held != NULL)
        assert_int_equal(ph_frame_pixels(held)[0], 0xff111111);
    if (c != NULL)
        client_unref(c);
    ph_frame_unref(held); /* the last of it all */
    return reached;
}

static void each_allocation_may_fail(void **state)
{
    struct hex said = hex_parse(server);
    ph_error e;
    ph_frame *held = NULL;
    long n = 1;
    (void)state;
    ph_client *c = client();
    if (converse(c, &said, &held, &e) !=
        PH_OK) /* all of it is right, and loads what is to be loaded */
        fail_msg("%s", e.message);
    client_unref(c);
    ph_frame_unref(held);
    while (with_failure(n, &said))
        n++;
    assert_true(n > 20);
    print_message("# %ld allocations\n", n - 1);
    hex_finish(&said);
}

/* ---- secrets that are asked for ---- */

static int secret(void *data, int which, char *to, size_t size)
{
    (void)data;
    snprintf(to, size, which == PH_SECRET_USERNAME ? "joe" : "s3cret");
    return 0;
}

static void *answer(void *client)
{
    ph_client *c = client;
    struct wait w;
    wait_begin(&w, NULL, &c->lock, &c->changed);
    pthread_mutex_lock(&c->lock);
    while (c->login.wanted == 0 && wait_more(&w) == PH_OK)
        ;
    login_answer(c, &w);
    pthread_mutex_unlock(&c->lock);
    wait_end(&w);
    return NULL;
}

/* A secret that was given, but could not be kept, is not a missing one. */
static void a_secret_may_find_no_memory(void **state)
{
    (void)state;
    for (long nth = 0; nth <= 2; nth++) {
        ph_error e = {.code = PH_OK};
        pthread_t other;
        ph_client *c = client();
        c->login.secret = secret;
        assert_int_equal(pthread_create(&other, NULL, answer, c), 0);
        countdown = nth;
        int rc = login_ask(c, RFB_WANT_USERNAME | RFB_WANT_PASSWORD, &e);
        countdown = 0;
        assert_int_equal(pthread_join(other, NULL), 0);
        assert_int_equal(rc, nth == 0 ? PH_OK : PH_E_NO_MEMORY);
        if (nth == 0)
            assert_string_equal(c->login.password, "s3cret");
        else
            assert_non_null(strstr(e.message, "out of memory"));
        client_unref(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(a_secret_may_find_no_memory),
    };
    return cmocka_run_group_tests_name("client_memory", tests, NULL, NULL);
}
