/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <turbojpeg.h>

#include "image/image.h"

int image_jpeg(const struct image_view *view, int quality, uint8_t **bytes, size_t *len,
               ph_error *error)
{
    int width = (int)view->width, height = (int)view->height, rc = PH_OK;
    unsigned char *file = NULL;
    unsigned long n = tjBufSize(width, height, TJSAMP_420);
    tjhandle tj = tjInitCompress();
    if (tj == NULL || n == (unsigned long)-1 || (file = malloc(n)) == NULL) {
        rc = error_set(error, PH_E_NO_MEMORY, "out of memory for a JPEG");
    } else if (tjCompress2(tj, (const unsigned char *)view->pixels, width, (int)view->stride * 4,
                           height, TJPF_BGRX, &file, &n, TJSAMP_420, quality,
                           TJFLAG_NOREALLOC) != 0) {
        rc = error_set(error, PH_E_SYSTEM, "cannot encode a JPEG: %s", tjGetErrorStr2(tj));
        free(file);
    } else {
        *bytes = file;
        *len = n;
    }
    if (tj != NULL)
        tjDestroy(tj);
    return rc;
}
