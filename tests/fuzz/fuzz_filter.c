/* SPDX-License-Identifier: GPL-2.0-or-later
 * The proxy's filter, both ways. Input: rights (1 control, 2 clipboard in, 4 clipboard out), the
 * size of a piece, bytes. However they are cut, the same goes on; and what goes on is allowed by a
 * second filter without a change: nothing gets past it by hiding behind what was taken out. */
#include <string.h>

#include "fuzz.h"
#include "proxy/filter.h"
#include "rfb/err.h"

enum { HEAD = 2, OUT_MAX = 1 << 20 };

static int run_viewer(const struct policy *policy, const uint8_t *bytes, size_t n, size_t piece,
                      struct rfb_buf *out)
{
    struct filter f;
    struct rfb_server_init init = {.width = 64, .height = 48, .format = rfb_bgrx};
    int rc = RFB_OK;
    filter_init(&f, policy, &init);
    for (size_t at = 0; at < n && rc == RFB_OK; at += piece)
        rc = filter_from_viewer(&f, bytes + at, n - at < piece ? n - at : piece, out);
    filter_finish(&f);
    return rc;
}

static int run_server(const struct policy *policy, const uint8_t *bytes, size_t n, size_t piece,
                      struct rfb_buf *out)
{
    struct filter f;
    struct rfb_server_init init = {.width = 64, .height = 48, .format = rfb_bgrx};
    int rc = RFB_OK;
    filter_init(&f, policy, &init);
    for (size_t at = 0; at < n && rc == RFB_OK; at += piece) {
        size_t len = n - at < piece ? n - at : piece;
        uint8_t *room = malloc(FILTER_ROOM + len), *data = room + FILTER_ROOM;
        FUZZ_CHECK(room != NULL);
        memcpy(data, bytes + at, len);
        rc = filter_from_server(&f, &data, &len);
        if (rc == RFB_OK) {
            FUZZ_CHECK(data >= room);
            FUZZ_CHECK(rfb_buf_put(out, data, len) == RFB_OK);
        }
        free(room);
    }
    filter_finish(&f);
    return rc;
}

typedef int run_fn(const struct policy *policy, const uint8_t *bytes, size_t n, size_t piece,
                   struct rfb_buf *out);

static void check(run_fn *run, const struct policy *policy, const uint8_t *bytes, size_t n,
                  size_t piece)
{
    struct rfb_buf whole, pieces, again;
    rfb_buf_init(&whole, OUT_MAX);
    rfb_buf_init(&pieces, OUT_MAX);
    rfb_buf_init(&again, OUT_MAX);
    int rc = run(policy, bytes, n, n, &whole);
    FUZZ_CHECK(run(policy, bytes, n, piece, &pieces) == rc);
    if (rc == RFB_OK) {
        FUZZ_CHECK(whole.len <= n);
        FUZZ_CHECK(whole.len == pieces.len);
        FUZZ_CHECK(whole.len == 0 ||
                   memcmp(rfb_buf_data(&whole), rfb_buf_data(&pieces), whole.len) == 0);
        FUZZ_CHECK(whole.len == 0 ||
                   run(policy, rfb_buf_data(&whole), whole.len, whole.len, &again) == RFB_OK);
        FUZZ_CHECK(again.len == whole.len);
        FUZZ_CHECK(again.len == 0 ||
                   memcmp(rfb_buf_data(&again), rfb_buf_data(&whole), again.len) == 0);
    }
    rfb_buf_finish(&whole);
    rfb_buf_finish(&pieces);
    rfb_buf_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= HEAD)
        return 0;
    const struct policy policy = {
        .control = data[0] & 1, .clipboard_in = data[0] & 2, .clipboard_out = data[0] & 4};
    size_t piece = data[1] % 24u + 1u;
    check(data[0] & 8 ? run_server : run_viewer, &policy, data + HEAD, size - HEAD, piece);
    return 0;
}
