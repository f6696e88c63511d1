/* SPDX-License-Identifier: GPL-2.0-or-later
 * many TARGET...: many desktops at once, a thread for each. They are as far apart as their threads:
 * one that hangs keeps no other waiting, and the first that fails calls the others off. */
#include <porthole.h>
#include <pthread.h>
#include <stdio.h>

enum { DESKTOPS_MAX = 64 };

struct job {
    const char *target;
    ph_cancel *cancel; /* shared by all */
    ph_error error;
    int rc;
    int width, height;
    char name[PH_NAME_MAX + 1];
};

/* Waits until the desktop is quiet, and looks. */
static int look(struct job *job, ph_client *desktop)
{
    const ph_limit limit = {.timeout_ms = 10000, .cancel = job->cancel};
    ph_frame *frame = NULL;
    int rc = ph_wait_quiet(desktop, NULL, 200, &limit, &frame, NULL, &job->error);
    if (rc == PH_OK) {
        job->width = ph_frame_width(frame);
        job->height = ph_frame_height(frame);
        rc = ph_client_name(desktop, job->name, sizeof job->name, &job->error);
    }
    ph_frame_unref(frame); /* there may be one even when the time was up */
    return rc;
}

static void *run(void *data)
{
    struct job *job = data;
    const ph_limit limit = {.timeout_ms = 10000, .cancel = job->cancel};
    ph_client *desktop;
    job->rc = ph_connect(job->target, NULL, &limit, &desktop, &job->error);
    if (job->rc == PH_OK) {
        job->rc = look(job, desktop);
        ph_close(desktop, NULL, NULL); /* no input was sent: there is nothing to lose */
    }
    if (job->rc != PH_OK)
        ph_cancel_trigger(job->cancel);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct job jobs[DESKTOPS_MAX];
    pthread_t threads[DESKTOPS_MAX];
    int started = 0, failed = 0;
    ph_cancel *cancel = ph_cancel_create();
    if (argc < 2 || argc - 1 > DESKTOPS_MAX || cancel == NULL) {
        fprintf(stderr, "many TARGET..., at most %d\n", DESKTOPS_MAX);
        return 2;
    }
    for (; started < argc - 1; started++) {
        jobs[started].target = argv[started + 1];
        jobs[started].cancel = cancel;
        if (pthread_create(&threads[started], NULL, run, &jobs[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        if (jobs[i].rc == PH_OK)
            printf("%s: %s, %dx%d\n", jobs[i].target, jobs[i].name, jobs[i].width, jobs[i].height);
        else
            fprintf(stderr, "%s: %s\n", jobs[i].target, jobs[i].error.message);
        failed += jobs[i].rc != PH_OK;
    }
    ph_cancel_destroy(cancel);
    return started == argc - 1 && failed == 0 ? 0 : 1;
}
