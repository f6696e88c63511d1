/* SPDX-License-Identifier: GPL-2.0-or-later
 * The files of the viewer page, read once at start into a table from URL path to bytes: a request
 * can only name what is in the table, so no path of a peer ever reaches the file system.
 * Immutable once loaded. */
#ifndef PROXY_ASSETS_H
#define PROXY_ASSETS_H

#include <stddef.h>
#include <stdint.h>

enum {
    ASSETS_BYTES_MAX = 32 << 20,
    ASSETS_COUNT_MAX = 4096,
    ASSETS_DEPTH_MAX = 16,
    ASSETS_ETAG_SIZE = 2 + 32 + 1,
    ASSETS_ERROR_MAX = 512
};

struct asset {
    char *path;       /* "/app/ui.js" */
    const char *type; /* Content-Type */
    char etag[ASSETS_ETAG_SIZE];
    uint8_t *bytes; /* NULL when size is 0 */
    size_t size;
};

struct assets;

/* Reads the folder. Files of unknown types, hidden ones and names that a URL would have to encode
 * are left out. NULL, with the reason in why. */
struct assets *assets_load(const char *root, char why[ASSETS_ERROR_MAX]);
/* Accepts NULL. */
void assets_destroy(struct assets *assets);

/* What to answer for a request's path; "/" is index.html, "/wall" wall.html. NULL: nothing. */
const struct asset *assets_find(const struct assets *assets, const char *path);

#endif
