/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a server. Input: cut, flags (1: refuse, 2: little room for answers; 4, 8, 16:
 * offer Plain, VncAuth, None, or None alone where none of them is set), what the viewer says. */
#include <string.h>

#include "fuzz.h"
#include "rfb/err.h"

struct end {
    struct rfb_server_hs hs;
    struct rfb_buf out;
    size_t taken;
    int rc;
};

static void run(struct end *e, uint8_t flags, const uint8_t *bytes, size_t n,
                struct feed_split split)
{
    struct rfb_server_offer offer = {
        .plain = flags & 4, .vnc = flags & 8, .none = flags & 16 || !(flags & (4 | 8))};
    rfb_buf_init(&e->out, flags & 2 ? 16 : RFB_VERSION_LEN + RFB_SERVER_HS_OUT);
    FUZZ_CHECK(rfb_server_hs_start(&e->hs, &offer, flags & 1 ? "no" : NULL, &e->out) == RFB_OK);
    e->rc = feed_server_hs(&e->hs, bytes, n, split, &e->taken, &e->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 2 };
    if (size < HEAD)
        return 0;
    struct end whole, pieces;
    run(&whole, data[1], data + HEAD, size - HEAD, (struct feed_split){.kind = FEED_WHOLE});
    run(&pieces, data[1], data + HEAD, size - HEAD, fuzz_split(data[0]));
    FUZZ_CHECK(whole.rc == pieces.rc && whole.taken == pieces.taken);
    FUZZ_CHECK(whole.out.len == pieces.out.len);
    FUZZ_CHECK(memcmp(rfb_buf_data(&whole.out), rfb_buf_data(&pieces.out), whole.out.len) == 0);
    FUZZ_CHECK(strcmp(whole.hs.reason, pieces.hs.reason) == 0);
    FUZZ_CHECK(whole.hs.minor == pieces.hs.minor && whole.hs.shared == pieces.hs.shared);
    FUZZ_CHECK(!(data[1] & 1) || whole.rc != 1); /* a refused viewer never gets in */
    /* nor does one without the password, where there is no other way */
    if (whole.rc == 1 && data[1] & (4 | 8) && !(data[1] & 16))
        FUZZ_CHECK(whole.hs.auth == RFB_AUTH_VNC ||
                   memmem(data, size, FEED_PASSWORD, strlen(FEED_PASSWORD)) != NULL);
    rfb_buf_finish(&whole.out);
    rfb_buf_finish(&pieces.out);
    return 0;
}
