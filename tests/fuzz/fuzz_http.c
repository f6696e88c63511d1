/* SPDX-License-Identifier: GPL-2.0-or-later
 * A request's head and what it is answered. Input: cut, what the viewer says. However it was cut,
 * the head ends at the same byte and the answer is the same; only the right token opens a stream,
 * and shows no more of it than can be asked for; and an answer's head is one that the same parser
 * could have written. */
#include <string.h>

#include "fuzz.h"
#include "proxy/site.h"
#include "proxy/windows.h"
#include "rfb/text.h"

#define TOKEN "fuzz-token"

struct end {
    int rc;
    size_t taken;
    struct site_answer answer;
};

static struct config_agent agent = {.unix_path = (char[]){"/"}};
static struct config_desktop desktop = {.name = "d", .agent = &agent};
static struct config_stream stream = {.name = "s", .desktop = &desktop, .token_count = 1};
static struct config config = {.streams = &stream};
static struct service service = {.config = &config, .refs = 1};
static struct streams *all;

static void set_up(void)
{
    char why[ASSETS_ERROR_MAX], folder[] = "/tmp/fuzz_http.XXXXXX";
    FUZZ_CHECK(mkdtemp(folder) != NULL);
    service.assets = assets_load(folder, why);
    FUZZ_CHECK(remove(folder) == 0);
    FUZZ_CHECK(service.assets != NULL);
    FUZZ_CHECK(config_hash_token(TOKEN, strlen(TOKEN), stream.tokens[0]) == 0);
    all = streams_create();
    FUZZ_CHECK(all != NULL);
    streams_limit(all, 1);
    FUZZ_CHECK(streams_load(all, &service, NULL, 0) == 0);
}

static void check_answer(const struct site_answer *a)
{
    struct rfb_buf out;
    rfb_buf_init(&out, HTTP_ANSWER_MAX);
    FUZZ_CHECK(a->head.status >= 200 && a->head.status < 600);
    FUZZ_CHECK(http_put_answer(&out, &a->head) == 0);
    FUZZ_CHECK(a->body == NULL || a->body_len == a->head.length || a->text[0] != '\0');
    rfb_buf_finish(&out);
}

static void check_opened(const struct site_answer *a)
{
    char copy[sizeof a->how.selector];
    FUZZ_CHECK(memchr(a->how.selector, '\0', sizeof a->how.selector) != NULL);
    memcpy(copy, a->how.selector, sizeof copy);
    rfb_text_make_printable(copy);
    FUZZ_CHECK(strcmp(copy, a->how.selector) == 0);
    FUZZ_CHECK(copy[0] == '\0' || (!a->list && windows_is_selector(copy)));
}

static void run(struct end *e, const uint8_t *bytes, size_t n, struct feed_split split)
{
    struct http_head h;
    const char *why = NULL;
    memset(e, 0, sizeof *e);
    http_head_init(&h);
    while (e->rc == 0 && e->taken < n) {
        size_t len = n - e->taken, used = 0;
        size_t most = split.kind == FEED_BYTES    ? 1
                      : split.kind == FEED_RANDOM ? 1 + feed_random(&split.seed) % 40
                                                  : len;
        len = len < most ? len : most;
        uint8_t *piece = malloc(len);
        FUZZ_CHECK(piece != NULL);
        memcpy(piece, bytes + e->taken, len);
        e->rc = http_head_feed(&h, piece, len, &used, &why);
        free(piece);
        FUZZ_CHECK(used <= len && (e->rc != 0 || used == len));
        e->taken += used;
    }
    FUZZ_CHECK(e->taken <= HTTP_HEAD_MAX);
    if (e->rc == 1)
        site_answer(&service, all, &h, 0, &e->answer);
    else if (e->rc < 0)
        site_refuse((unsigned)-e->rc, why, &e->answer);
    http_head_reset(&h);
    if (e->rc == 0)
        return;
    if (e->answer.stream != NULL) {
        check_opened(&e->answer);
        stream_unref(all, e->answer.stream);
    } else {
        check_answer(&e->answer);
    }
}

static bool holds(const uint8_t *bytes, size_t n, const char *text)
{
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct end whole, pieces;
    if (size < 1)
        return 0;
    if (all == NULL)
        set_up();
    run(&whole, data + 1, size - 1, (struct feed_split){.kind = FEED_WHOLE});
    run(&pieces, data + 1, size - 1, fuzz_split(data[0]));
    FUZZ_CHECK(whole.rc == pieces.rc);
    /* an error is seen at the same place, but a whole read may have gone on behind it */
    FUZZ_CHECK(whole.rc != 1 || whole.taken == pieces.taken);
    FUZZ_CHECK(whole.answer.head.status == pieces.answer.head.status);
    FUZZ_CHECK((whole.answer.stream != NULL) == (pieces.answer.stream != NULL));
    FUZZ_CHECK(strcmp(whole.answer.text, pieces.answer.text) == 0);
    FUZZ_CHECK(whole.answer.list == pieces.answer.list);
    FUZZ_CHECK(strcmp(whole.answer.how.selector, pieces.answer.how.selector) == 0);
    FUZZ_CHECK(whole.answer.stream == NULL || holds(data + 1, whole.taken, TOKEN));
    return 0;
}
