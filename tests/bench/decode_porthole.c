/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_decode_porthole SOCKET ENCODING UPDATES: takes every frame of a server that plays
 * full-screen updates. The clock runs from WARM_UPDATES on. Memory is what the connection has
 * added to the process's own pages by the end, with one frame in the caller's hand. */
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "porthole.h"

/* Of this process, bytes that are its own: neither files nor shared. */
static long own_memory(void)
{
    char line[128];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "RssAnon: %ld", &kb) == 1)
            break;
    if (f == NULL || kb < 0)
        die("/proc/self/status");
    fclose(f);
    return kb * 1024;
}

static void check(int rc, const ph_error *error)
{
    if (rc == PH_OK)
        return;
    fprintf(stderr, "%s\n", error->message);
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_decode_porthole SOCKET ENCODING UPDATES\n");
        return 1;
    }
    char target[256];
    snprintf(target, sizeof target, "vnc+unix:%s", argv[1]);
    const uint64_t last = (uint64_t)atoi(argv[3]);
    const ph_limit limit = {.timeout_ms = 60000};
    ph_options options = PH_OPTIONS_INIT;
    options.encodings = argv[2];
    ph_client *client;
    ph_frame *frame;
    ph_error error;
    long before = own_memory();
    check(ph_connect(target, &options, &limit, &client, &error), &error);
    check(ph_frame_get(client, WARM_UPDATES - 1, &limit, &frame, &error), &error);
    uint64_t first = ph_frame_sequence(frame), sequence = first;
    int64_t start = now_ns(), start_cpu = cpu_ns();
    while (sequence < last) {
        ph_frame *next;
        check(ph_frame_get(client, sequence, &limit, &next, &error), &error);
        ph_frame_unref(frame);
        frame = next;
        sequence = ph_frame_sequence(frame);
    }
    if (first == last) {
        fprintf(stderr, "all updates had come before the first was looked at\n");
        return 1;
    }
    double updates = (double)(last - first);
    double wall = (double)(now_ns() - start) / updates,
           cpu = (double)(cpu_ns() - start_cpu) / updates;
    long memory = own_memory() - before;
    size_t pixels = (size_t)ph_frame_width(frame) * (size_t)ph_frame_height(frame);
    printf("{\"ns\":%.0f,\"cpu_ns\":%.0f,\"picture\":%lu,\"memory\":%ld,\"pixels\":%zu}\n", wall,
           cpu, picture_sum(ph_frame_pixels(frame), pixels), memory, pixels);
    ph_frame_unref(frame);
    ph_close(client, &limit, NULL);
    return 0;
}
