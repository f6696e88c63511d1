/* SPDX-License-Identifier: GPL-2.0-or-later
 * Extended clipboard messages. Input: flags (1: the bytes are text, to be sent and taken; else they
 * are a peer's message), bytes. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rfb/clipboard.h"
#include "rfb/err.h"
#include "rfb/text.h"

enum { MAX = 64 << 10 };

static void check(bool truth)
{
    if (!truth)
        abort();
}

/* As callers get it: no CR, no NUL, nothing above the limit. */
static int take(const uint8_t *body, size_t n, struct rfb_buf *text)
{
    struct rfb_clip m;
    int rc = rfb_clip_get(body, n, &m);
    if (rc != RFB_OK || !(m.flags & RFB_CLIP_PROVIDE))
        return rc;
    rc = rfb_clip_get_text(&m, MAX, text);
    check(text->len <= MAX);
    if (text->len != 0) {
        check(memchr(rfb_buf_data(text), '\r', text->len) == NULL);
        check(memchr(rfb_buf_data(text), '\0', text->len) == NULL);
    }
    return rc;
}

static void round_trip(const uint8_t *bytes, size_t n)
{
    struct rfb_buf out, back;
    char *text = malloc(n + 1);
    if (text == NULL)
        return;
    memcpy(text, bytes, n);
    text[n] = '\0';
    rfb_text_make_utf8(text);
    for (char *at = text; (at = strchr(at, '\r')) != NULL;)
        *at = ' ';
    rfb_buf_init(&out, 4 * MAX);
    rfb_buf_init(&back, MAX);
    check(rfb_clip_put_text(&out, RFB_C2S_CUT_TEXT, text) == RFB_OK);
    check(take(rfb_buf_data(&out) + 8, out.len - 8, &back) == RFB_OK);
    check(back.len == strlen(text) &&
          (back.len == 0 || memcmp(rfb_buf_data(&back), text, back.len) == 0));
    rfb_buf_finish(&out);
    rfb_buf_finish(&back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (data[0] & 1) {
        round_trip(data + 1, size - 1);
        return 0;
    }
    struct rfb_buf text;
    rfb_buf_init(&text, MAX);
    take(data + 1, size - 1, &text);
    rfb_buf_finish(&text);
    return 0;
}
