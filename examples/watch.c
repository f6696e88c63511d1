/* SPDX-License-Identifier: GPL-2.0-or-later
 * watch TARGET [FRAMES]: tells where a desktop changes, frame by frame, until Ctrl-C. */
#include <inttypes.h>
#include <porthole.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECTS_MAX = 8 };

/* A signal handler may do next to nothing; a thread that waits for the signal may do all. */
static void *await_interrupt(void *cancel)
{
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigwait(&set, &number);
    ph_cancel_trigger(cancel);
    return NULL;
}

/* The object stays as long as the program, as the thread may always use it. */
static ph_cancel *cancel_on_interrupt(void)
{
    static ph_cancel *cancel;
    pthread_t thread;
    sigset_t set;
    cancel = ph_cancel_create();
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (cancel == NULL || pthread_create(&thread, NULL, await_interrupt, cancel) != 0)
        return NULL;
    pthread_detach(thread);
    return cancel;
}

static void tell(const ph_frame *frame, uint64_t since)
{
    ph_rect rects[RECTS_MAX];
    size_t count = ph_frame_damage(frame, since, rects, RECTS_MAX);
    printf("frame %" PRIu64 ":", ph_frame_sequence(frame));
    for (size_t i = 0; i < count; i++)
        printf(" %dx%d at %d,%d", rects[i].width, rects[i].height, rects[i].x, rects[i].y);
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const ph_limit limit = {.timeout_ms = -1, .cancel = cancel_on_interrupt()};
    long frames = argc > 2 ? strtol(argv[2], NULL, 10) : -1;
    uint64_t seen = 0;
    ph_client *desktop;
    ph_error error = {.code = PH_OK};
    if (argc < 2 || limit.cancel == NULL) {
        fprintf(stderr, "watch TARGET [FRAMES]\n");
        return 2;
    }
    int rc = ph_connect(argv[1], NULL, &limit, &desktop, &error);
    if (rc != PH_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (; rc == PH_OK && frames != 0; frames -= frames > 0) {
        ph_frame *frame;
        rc = ph_frame_get(desktop, seen, &limit, &frame, &error);
        if (rc == PH_OK) {
            tell(frame, seen);
            seen = ph_frame_sequence(frame);
            ph_frame_unref(frame);
        }
    }
    if (rc != PH_OK && rc != PH_E_CANCELLED)
        fprintf(stderr, "%s\n", error.message);
    ph_close(desktop, NULL, NULL);
    return rc == PH_OK || rc == PH_E_CANCELLED ? 0 : 1;
}
