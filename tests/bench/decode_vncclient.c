/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_decode_vncclient SOCKET ENCODING UPDATES: LibVNCClient as its examples use it, on the same
 * server as bench_decode_porthole. */
#include <string.h>

#include <rfb/rfbclient.h>

#include "bench.h"

static int finished;

static void count(rfbClient *client)
{
    (void)client;
    finished++;
}

static void next_update(rfbClient *client)
{
    int before = finished;
    while (finished == before)
        if (WaitForMessage(client, 1000000) < 0 || !HandleRFBServerMessage(client))
            die("LibVNCClient");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_decode_vncclient SOCKET ENCODING UPDATES\n");
        return 1;
    }
    int updates = atoi(argv[3]);
    rfbEnableClientLogging = FALSE;
    rfbClient *client = rfbGetClient(8, 3, 4);
    free(client->serverHost); /* "" */
    client->serverHost = strdup(argv[1]);
    client->appData.encodingsString = argv[2];
    client->format.redShift = 16; /* as recorded */
    client->format.greenShift = 8;
    client->format.blueShift = 0;
    client->FinishedFrameBufferUpdate = count;
    if (!rfbInitClient(client, NULL, NULL))
        die("rfbInitClient");
    while (finished < WARM_UPDATES)
        next_update(client);
    int64_t start = now_ns(), start_cpu = cpu_ns();
    while (finished < updates)
        next_update(client);
    double wall = (double)(now_ns() - start) / (updates - WARM_UPDATES),
           cpu = (double)(cpu_ns() - start_cpu) / (updates - WARM_UPDATES);
    size_t pixels = (size_t)client->width * (size_t)client->height;
    printf("{\"ns\":%.0f,\"cpu_ns\":%.0f,\"picture\":%lu}\n", wall, cpu,
           picture_sum((const uint32_t *)(const void *)client->frameBuffer, pixels));
    free(client->frameBuffer);
    rfbClientCleanup(client);
    return 0;
}
