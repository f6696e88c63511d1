/* SPDX-License-Identifier: GPL-2.0-or-later
 * The handshake as a client. Input: cut, flags (1: a password is at hand, 2: exclusive, 4: little
 * room for answers, 8: a user name is at hand; 16, 32, 64 and 128: what else is allowed, see
 * allowed()), what the server says. */
#include <string.h>

#include "fuzz.h"

struct end {
    struct rfb_client_hs hs;
    struct rfb_buf out;
    size_t taken;
    int rc;
};

/* Without any of the four, as a handshake begins. */
static uint8_t allowed(uint8_t flags)
{
    return flags >> 4 == 0 ? RFB_ALLOW_CLEAR : flags >> 4;
}

static void run(struct end *e, uint8_t flags, const uint8_t *bytes, size_t n,
                struct feed_split split)
{
    rfb_buf_init(&e->out, flags & 4 ? 20 : 128);
    rfb_client_hs_init(&e->hs);
    e->hs.password = flags & 1 ? "secret" : NULL;
    e->hs.username = flags & 8 ? "me" : NULL;
    e->hs.can_ask = flags & 8;
    e->hs.exclusive = flags & 2;
    e->hs.allow = allowed(flags);
    e->rc = feed_client_hs(&e->hs, bytes, n, split, &e->taken, &e->out);
    for (const char *p = e->hs.reason; e->rc < 0 && *p != '\0'; p++)
        FUZZ_CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 2 };
    static struct end whole, pieces; /* each has room for a name */
    if (size < HEAD)
        return 0;
    run(&whole, data[1], data + HEAD, size - HEAD, (struct feed_split){.kind = FEED_WHOLE});
    run(&pieces, data[1], data + HEAD, size - HEAD, fuzz_split(data[0]));
    FUZZ_CHECK(whole.rc == pieces.rc && whole.taken == pieces.taken);
    FUZZ_CHECK(whole.out.len == pieces.out.len);
    FUZZ_CHECK(whole.out.len == 0 ||
               memcmp(rfb_buf_data(&whole.out), rfb_buf_data(&pieces.out), whole.out.len) == 0);
    if (whole.rc < 0)
        FUZZ_CHECK(strcmp(whole.hs.reason, pieces.hs.reason) == 0);
    if (whole.rc == 1) {
        const struct rfb_server_init *a = &whole.hs.init, *b = &pieces.hs.init;
        uint8_t p[16], q[16];
        rfb_msg_set_pixel_format(p, &a->format);
        rfb_msg_set_pixel_format(q, &b->format);
        FUZZ_CHECK(memcmp(p, q, sizeof p) == 0);
        FUZZ_CHECK(a->width == b->width && a->height == b->height && a->name_len == b->name_len);
        FUZZ_CHECK(memcmp(a->name, b->name, a->name_len) == 0);
        const struct rfb_way *way = whole.hs.way;
        FUZZ_CHECK(way == pieces.hs.way && (way->allow & allowed(data[1])) != 0);
        FUZZ_CHECK(way->auth == RFB_AUTH_NONE || data[1] & 1);
        FUZZ_CHECK(way->auth != RFB_AUTH_PLAIN || data[1] & 8);
        /* nobody's secret goes out before TLS has begun */
        FUZZ_CHECK(!way->tls || memmem(rfb_buf_data(&whole.out), whole.out.len, "<TLS>", 5));
    }
    rfb_buf_finish(&whole.out);
    rfb_buf_finish(&pieces.out);
    return 0;
}
