/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include <stdlib.h>

struct scratch *scratch_create(void)
{
    struct scratch *s = malloc(sizeof *s);
    if (s == NULL)
        return NULL;
    rfb_buf_init(&s->gather, SCRATCH_GATHER);
    rfb_buf_init(&s->from_viewer, SCRATCH_FROM_VIEWER);
    if (ws_framer_init(&s->framer) != 0) {
        free(s);
        return NULL;
    }
    return s;
}

void scratch_destroy(struct scratch *s)
{
    if (s == NULL)
        return;
    ws_framer_finish(&s->framer);
    rfb_buf_finish(&s->gather);
    rfb_buf_finish(&s->from_viewer);
    free(s);
}
