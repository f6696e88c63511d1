/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_latency SOCKET ROUNDS KEYS: from a key sent to pixels that have changed, through the
 * library and through a bare socket, KEYS times each and in turns, ROUNDS times. The desktop's
 * focus is on something that shows the keys. Prints all times in microseconds. */
#include <string.h>
#include <time.h>

#include "bare.h"
#include "bench.h"
#include "porthole.h"

enum { KEY = 'x', RETURN = 0xff0d, LINE = 60 };

static void check(int rc, const ph_error *error)
{
    if (rc == PH_OK)
        return;
    fprintf(stderr, "%s\n", error->message);
    exit(1);
}

/* The server's clock for updates stands still again; not always the same time, so as not to keep
 * step with it. */
static void settle(int i)
{
    const struct timespec t = {.tv_nsec = 12000000 + i % 16 * 250000};
    nanosleep(&t, NULL);
}

static uint32_t key(int i)
{
    return i % LINE == LINE - 1 ? RETURN : KEY;
}

static void by_library(const char *path, int keys, double *us)
{
    const ph_limit limit = {.timeout_ms = 10000};
    char target[256];
    ph_client *client;
    ph_frame *frame;
    ph_error error;
    snprintf(target, sizeof target, "vnc+unix:%s", path);
    check(ph_connect(target, NULL, &limit, &client, &error), &error);
    check(ph_frame_get(client, 0, &limit, &frame, &error), &error);
    for (int i = 0; i < keys; i++) {
        settle(i);
        ph_frame *newest;
        check(ph_frame_get(client, 0, &limit, &newest, &error), &error);
        ph_frame_unref(frame);
        frame = newest;
        int64_t start = now_ns();
        check(ph_key(client, key(i), 1, &limit, &error), &error);
        check(ph_frame_get(client, ph_frame_sequence(frame), &limit, &newest, &error), &error);
        us[i] = (double)(now_ns() - start) / 1000;
        ph_frame_unref(frame);
        frame = newest;
        check(ph_key(client, key(i), 0, &limit, &error), &error);
    }
    ph_frame_unref(frame);
    check(ph_close(client, &limit, &error), &error);
}

static void by_socket(const char *path, int keys, double *us)
{
    static const int32_t encodings[] = {1,
                                        0}; /* CopyRect and Raw, as the library on a local socket */
    struct bare b;
    bare_open(&b, path, encodings, 2);
    bare_request(&b, false);
    bare_await_update(&b);
    for (int i = 0; i < keys; i++) {
        settle(i);
        bare_drain(&b);
        int64_t start = now_ns();
        bare_key(&b, key(i), true);
        bare_await_update(&b);
        us[i] = (double)(now_ns() - start) / 1000;
        bare_key(&b, key(i), false);
    }
    bare_close(&b);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_latency SOCKET ROUNDS KEYS\n");
        return 1;
    }
    int rounds = atoi(argv[2]), keys = atoi(argv[3]);
    double *ours = calloc((size_t)(rounds * keys), sizeof *ours);
    double *bare = calloc((size_t)(rounds * keys), sizeof *bare);
    if (ours == NULL || bare == NULL)
        die("memory");
    for (int i = 0; i < rounds; i++) {
        by_library(argv[1], keys, ours + i * keys);
        by_socket(argv[1], keys, bare + i * keys);
    }
    printf("{");
    print_list("ours", ours, rounds * keys, ",");
    print_list("bare", bare, rounds * keys, "}\n");
    free(ours);
    free(bare);
    return 0;
}
