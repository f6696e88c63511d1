/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_record SOCKET ENCODING UPDATES FILE: asks a VNC server for the whole screen that many times
 * and keeps what it answers: width and height (16 bits each, big-endian), then the updates as they
 * came. */
#include <string.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "rfb/err.h"
#include "rfb/s2c.h"

/* Passes on one update. */
static void record_update(const struct bare *b, struct rfb_s2c *framer, FILE *to)
{
    static uint8_t bytes[256 << 10];
    struct rfb_s2c_event ev;
    bool ended = false;
    bare_request(b, false);
    while (!ended) {
        ssize_t n = read(b->fd, bytes, sizeof bytes);
        if (n <= 0 || fwrite(bytes, 1, (size_t)n, to) != (size_t)n)
            die("recording");
        const uint8_t *data = bytes;
        size_t len = (size_t)n;
        int rc;
        while ((rc = rfb_s2c_next(framer, &data, &len, &ev)) > 0)
            ended = ended || ev.kind == RFB_S2C_UPDATE_END;
        if (rc < 0) {
            fprintf(stderr, "the server breaks the protocol: %s\n", framer->why);
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_record SOCKET ENCODING UPDATES FILE\n");
        return 1;
    }
    const struct rfb_encoding *e;
    for (size_t i = 0; (e = rfb_encoding_at(i)) != NULL && strcmp(e->name, argv[2]) != 0;)
        i++;
    FILE *to = fopen(argv[4], "wb");
    if (e == NULL || to == NULL)
        die(e == NULL ? argv[2] : argv[4]);
    struct bare b;
    struct rfb_s2c framer;
    bare_open(&b, argv[1], &e->number, 1);
    rfb_s2c_init(&framer, b.width, b.height, &rfb_bgrx);
    const uint8_t size[] = {(uint8_t)(b.width >> 8), (uint8_t)b.width, (uint8_t)(b.height >> 8),
                            (uint8_t)b.height};
    fwrite(size, 1, sizeof size, to);
    for (int i = atoi(argv[3]); i > 0; i--)
        record_update(&b, &framer, to);
    long bytes = ftell(to);
    if (fclose(to) != 0)
        die(argv[4]);
    printf("{\"bytes\":%ld}\n", bytes);
    bare_close(&b);
    return 0;
}
