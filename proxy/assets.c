/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct assets {
    struct asset *list; /* sorted by path */
    size_t count, bytes;
};

struct loader {
    struct assets *assets;
    char root[PATH_MAX]; /* resolved */
    char *why;
};

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".woff2", "font/woff2"},
    /* noVNC as Debian packs it has these for its logo and its bell */
    {".woff", "font/woff"},
    {".ttf", "font/ttf"},
    {".oga", "audio/ogg"},
    {".mp3", "audio/mpeg"},
};

static int fail(struct loader *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(struct loader *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(l->why, ASSETS_ERROR_MAX, format, args);
    va_end(args);
    return -1;
}

static const char *find_type(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].ending, ending) == 0)
            return types[i].type;
    return NULL;
}

static bool is_plain_name(const char *name)
{
    static const char chars[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~@+";
    return name[0] != '.' && strspn(name, chars) == strlen(name);
}

static int make_etag(struct asset *a)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(a->bytes, a->size, digest, NULL, EVP_sha256(), NULL) != 1)
        return -1;
    a->etag[0] = '"';
    for (size_t i = 0; i < 16; i++)
        snprintf(a->etag + 1 + 2 * i, 3, "%02x", digest[i]);
    a->etag[33] = '"';
    a->etag[34] = '\0';
    return 0;
}

/* Takes ownership of nothing; fills a, whose bytes the caller frees on failure. */
static int read_bytes(struct loader *l, const char *path, int fd, struct asset *a)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fail(l, "%s is not a regular file", path);
    if ((uintmax_t)st.st_size > ASSETS_BYTES_MAX - l->assets->bytes)
        return fail(l, "the folder's files are larger than %d MB in all", ASSETS_BYTES_MAX >> 20);
    a->size = (size_t)st.st_size;
    a->bytes = malloc(a->size + 1);
    if (a->bytes == NULL)
        return fail(l, "out of memory");
    for (size_t at = 0; at < a->size;) {
        ssize_t n = read(fd, a->bytes + at, a->size - at);
        if (n <= 0)
            return fail(l, "%s cannot be read (%s)", path, n < 0 ? strerror(errno) : "it shrank");
        at += (size_t)n;
    }
    return make_etag(a) == 0 ? 0 : fail(l, "SHA-256 failed");
}

static int add_file(struct loader *l, const char *path, const char *url, const char *type)
{
    struct assets *all = l->assets;
    if (all->count == ASSETS_COUNT_MAX)
        return fail(l, "the folder has more than %d files", ASSETS_COUNT_MAX);
    struct asset *list = realloc(all->list, (all->count + 1) * sizeof *list);
    if (list == NULL)
        return fail(l, "out of memory");
    all->list = list;
    struct asset *a = &list[all->count];
    *a = (struct asset){.type = type, .path = strdup(url)};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int rc = a->path == NULL ? fail(l, "out of memory")
             : fd < 0        ? fail(l, "%s cannot be read (%s)", path, strerror(errno))
                             : read_bytes(l, path, fd, a);
    if (fd >= 0)
        close(fd);
    if (rc != 0) {
        free(a->path);
        free(a->bytes);
        return rc;
    }
    all->bytes += a->size;
    all->count++;
    return 0;
}

/* Where a name really leads, following links, must lie inside the root. */
static int resolve(struct loader *l, const char *path, char real[PATH_MAX], struct stat *st)
{
    size_t root = strlen(l->root);
    if (realpath(path, real) == NULL || stat(real, st) != 0)
        return fail(l, "%s cannot be read (%s)", path, strerror(errno));
    if (strncmp(real, l->root, root) != 0 || (real[root] != '/' && real[root] != '\0'))
        return fail(l, "%s is a link that leads out of the folder", path);
    return 0;
}

static int add_folder(struct loader *l, const char *path, const char *url, int depth);

static int add_entry(struct loader *l, const char *folder, const char *folder_url, const char *name,
                     int depth)
{
    char path[PATH_MAX], url[PATH_MAX], real[PATH_MAX];
    struct stat st = {0};
    const char *type = find_type(name);
    if (!is_plain_name(name))
        return 0;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
        snprintf(url, sizeof url, "%s/%s", folder_url, name) >= (int)sizeof url)
        return fail(l, "%s has a path that is too long", name);
    if (resolve(l, path, real, &st) != 0)
        return -1;
    if (S_ISDIR(st.st_mode))
        return add_folder(l, path, url, depth + 1);
    return type != NULL ? add_file(l, real, url, type) : 0;
}

static int add_folder(struct loader *l, const char *path, const char *url, int depth)
{
    if (depth > ASSETS_DEPTH_MAX)
        return fail(l, "%s lies more than %d folders deep", path, ASSETS_DEPTH_MAX);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return fail(l, "%s cannot be read (%s)", path, strerror(errno));
    int rc = 0;
    struct dirent *entry;
    while (rc == 0 && (entry = readdir(dir)) != NULL)
        rc = add_entry(l, path, url, entry->d_name, depth);
    closedir(dir);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct asset *)a)->path, ((const struct asset *)b)->path);
}

struct assets *assets_load(const char *root, char why[ASSETS_ERROR_MAX])
{
    struct loader l = {.why = why, .assets = calloc(1, sizeof *l.assets)};
    int rc = l.assets == NULL ? fail(&l, "out of memory")
             : realpath(root, l.root) == NULL
                 ? fail(&l, "%s cannot be read (%s)", root, strerror(errno))
                 : add_folder(&l, l.root, "", 0);
    if (rc != 0) {
        assets_destroy(l.assets);
        return NULL;
    }
    if (l.assets->count != 0)
        qsort(l.assets->list, l.assets->count, sizeof l.assets->list[0], by_path);
    return l.assets;
}

void assets_destroy(struct assets *assets)
{
    if (assets == NULL)
        return;
    for (size_t i = 0; i < assets->count; i++) {
        free(assets->list[i].path);
        free(assets->list[i].bytes);
    }
    free(assets->list);
    free(assets);
}

const struct asset *assets_find(const struct assets *assets, const char *path)
{
    static const struct {
        const char *path, *file;
    } pages[] = {{"/", "/index.html"}, {"/wall", "/wall.html"}};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(path, pages[i].path) == 0)
            path = pages[i].file;
    /* bsearch compares with an asset; the key's path is only read */
    struct asset key = {.path = (char *)(uintptr_t)path};
    if (assets->count == 0)
        return NULL;
    return bsearch(&key, assets->list, assets->count, sizeof key, by_path);
}
