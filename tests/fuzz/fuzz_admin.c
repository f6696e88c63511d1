/* SPDX-License-Identifier: GPL-2.0-or-later
 * The admin API, as a request comes over TLS. Input: how large the pieces are that it comes in the
 * second time; whether (odd) the sender has the token; then the request, in which a line "T" stands
 * for the header with the token. Whoever has none changes nothing, and however a request is cut,
 * its answer has the same status. */
#include <string.h>

#include "fuzz.h"
#include "proxy/admin_http.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

static struct config_desktop desktop = {.name = "demo", .host = "127.0.0.1", .port = "5900"};
static struct config config = {.desktops = &desktop, .max_viewers = 10, .has_admin_token = true};
static struct service service = {.config = &config, .refs = 1};
static struct metrics metrics;

static void nothing(void *owner)
{
    (void)owner;
}

static void count(void *owner, const struct stream *s, unsigned viewers)
{
    FUZZ_CHECK(s->grant != NULL && strcmp(s->grant->desktop, "demo") == 0);
    FUZZ_CHECK(s->grant->expires == 0 || s->grant->expires >= s->grant->created);
    ++*(unsigned *)owner;
    (void)viewers;
}

/* The status; 0: the request is not complete. */
static unsigned ask(const uint8_t *data, size_t size, size_t piece, bool trusted)
{
    static const struct sockaddr_storage address = {.ss_family = AF_INET};
    static const struct admin_asker asker = {
        .by = "admin_token", .peer = "127.0.0.1:1", .address = &address};
    char why[STORE_ERROR_MAX];
    struct admin admin = {.service = &service,
                          .streams = streams_create(),
                          .store = store_open(NULL, why),
                          .metrics = &metrics,
                          .backoff = backoff_create(),
                          .base_url = "https://127.0.0.1:1"};
    const struct admin_door door = {.admin = &admin, .after = nothing, .needs_token = true};
    struct admin_http x;
    unsigned streams = 0, status = 0;
    int rc = 0;
    FUZZ_CHECK(admin.backoff != NULL && admin.streams != NULL && admin.store != NULL);
    FUZZ_CHECK(streams_load(admin.streams, &service, NULL, 0) == 0);
    admin_http_init(&x, NULL); /* no desktop has an agent: no answer comes later */
    for (size_t at = 0, n; at < size && rc == 0; at += n) {
        n = size - at < piece ? size - at : piece;
        rc = admin_http_feed(&x, &door, &asker, data + at, n);
    }
    if (rc == 1) {
        FUZZ_CHECK(x.answer.len > 12);
        FUZZ_CHECK(sscanf((const char *)rfb_buf_data(&x.answer), "HTTP/1.1 %3u ", &status) == 1);
    }
    FUZZ_CHECK(rc >= 0 && x.body.len <= ADMIN_BODY_MAX);
    streams_each(admin.streams, count, &streams);
    FUZZ_CHECK(streams == (status == 201 ? 1 : 0));
    FUZZ_CHECK(trusted || status == 0 || (status >= 400 && status != 404));
    admin_http_finish(&x);
    streams_destroy(admin.streams);
    store_close(admin.store);
    backoff_destroy(admin.backoff);
    return status;
}

/* The request with the token put in. Its length. */
static size_t expand(const uint8_t *data, size_t size, bool trusted, uint8_t *out)
{
    static const char header[] = "Authorization: Bearer " TOKEN "\r\n";
    size_t len = 0;
    for (size_t i = 0; i < size; i++) {
        bool line = trusted && i + 3 <= size && (i == 0 || data[i - 1] == '\n') &&
                    memcmp(data + i, "T\r\n", 3) == 0;
        if (!line) {
            out[len++] = data[i];
            continue;
        }
        memcpy(out + len, header, sizeof header - 1);
        len += sizeof header - 1;
        i += 2;
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t request[4096 * 20];
    if (metrics.shards == NULL)
        FUZZ_CHECK(metrics_init(&metrics, 1) == 0 &&
                   config_hash_token(TOKEN, sizeof TOKEN - 1, config.admin_token) == 0);
    if (size < 2 || size > 4096)
        return -1;
    bool trusted = data[1] & 1;
    size_t len = expand(data + 2, size - 2, trusted, request);
    if (!trusted && memmem(request, len, TOKEN, sizeof TOKEN - 1) != NULL)
        return -1;
    unsigned whole = ask(request, len, sizeof request, trusted);
    FUZZ_CHECK(whole == ask(request, len, (size_t)data[0] + 1, trusted));
    return 0;
}
