/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_read SOCKET BYTES UPDATES: only reads what bench_replay plays, as many bytes in as many
 * updates, and looks at none of it: the time that is the socket's, whoever decodes. Of about the
 * same updates as the decoders' clocks. */
#include <sys/socket.h>

#include "bare.h"
#include "bench.h"

static uint8_t bytes[256 << 10];

static void read_bytes(const struct bare *b, long n)
{
    while (n > 0) {
        ssize_t got = recv(b->fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            die("read from the server");
        n -= got;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_read SOCKET BYTES UPDATES\n");
        return 1;
    }
    struct bare b;
    long all = atol(argv[2]), updates = atol(argv[3]), warm = all / updates * WARM_UPDATES;
    bare_open(&b, argv[1], NULL, 0);
    read_bytes(&b, warm);
    int64_t start = now_ns(), start_cpu = cpu_ns();
    read_bytes(&b, all - warm - (long)sizeof bytes); /* the last read may have taken more */
    double each = (double)(updates - WARM_UPDATES);
    printf("{\"ns\":%.0f,\"cpu_ns\":%.0f}\n", (double)(now_ns() - start) / each,
           (double)(cpu_ns() - start_cpu) / each);
    bare_close(&b);
    return 0;
}
