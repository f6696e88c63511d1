/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"

enum { SIDE_MAX = 16384 };

struct request {
    const char *path;
    const char *encodings;
    ph_image_options image;
};

static int parse_format(const struct app *app, const char *name, int *format)
{
    if (strcasecmp(name, "png") == 0)
        *format = PH_IMAGE_PNG;
    else if (strcasecmp(name, "jpeg") == 0 || strcasecmp(name, "jpg") == 0)
        *format = PH_IMAGE_JPEG;
    else
        return app_usage(app, "unknown format '%s': there are png and jpeg", name);
    return EXIT_FINE;
}

static int parse_region(const struct app *app, char *text, ph_image_options *image)
{
    static const char *const names[] = {"region's X", "region's Y", "region's W", "region's H"};
    int *values[] = {&image->x, &image->y, &image->width, &image->height};
    for (size_t i = 0; i < 4; i++) {
        char *number = i == 0 ? strtok(text, ",") : strtok(NULL, ",");
        if (number == NULL)
            return app_usage(app, "a region is X,Y,W,H: the %s is missing", names[i]);
        int code = app_int(app, number, names[i], i < 2 ? 0 : 1, SIDE_MAX, values[i]);
        if (code != EXIT_FINE)
            return code;
    }
    return strtok(NULL, ",") == NULL ? EXIT_FINE : app_usage(app, "a region is X,Y,W,H, no more");
}

static int format_by_name(const struct app *app, const char *path, int *format)
{
    const char *dot = strrchr(path, '.');
    if (dot == NULL || strchr(dot, '/') != NULL || strcmp(path, "-") == 0)
        return EXIT_FINE;
    if (strcasecmp(dot, ".png") != 0 && strcasecmp(dot, ".jpg") != 0 &&
        strcasecmp(dot, ".jpeg") != 0)
        return app_usage(
            app, "the name '%s' ends in no format that is known: say --format png or jpeg", path);
    return parse_format(app, dot + 1, format);
}

static int parse(const struct app *app, int argc, char **argv, struct request *r)
{
    enum { OPT_FORMAT = 256, OPT_QUALITY, OPT_REGION, OPT_ENCODINGS };
    static const struct option options[] = {
        {"format", required_argument, NULL, OPT_FORMAT},
        {"quality", required_argument, NULL, OPT_QUALITY},
        {"region", required_argument, NULL, OPT_REGION},
        {"encodings", required_argument, NULL, OPT_ENCODINGS},
        {NULL, 0, NULL, 0},
    };
    int c, code = EXIT_FINE;
    bool by_name = true;
    while (code == EXIT_FINE && (c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (c) {
        case OPT_FORMAT:
            by_name = false;
            code = parse_format(app, optarg, &r->image.format);
            break;
        case OPT_QUALITY:
            code = app_int(app, optarg, "quality", 1, 100, &r->image.quality);
            break;
        case OPT_REGION:
            code = parse_region(app, optarg, &r->image);
            break;
        case OPT_ENCODINGS:
            r->encodings = optarg;
            break;
        default:
            code = app_usage(app, c == ':' ? "option '%s' needs a value" : "unknown option '%s'",
                             argv[optind - 1]);
        }
    }
    if (code != EXIT_FINE)
        return code;
    if (argc - optind != 1)
        return app_usage(app, argc == optind ? "no FILE" : "more than one FILE");
    r->path = argv[optind];
    return by_name ? format_by_name(app, r->path, &r->image.format) : EXIT_FINE;
}

/* 0 or an errno value. */
static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len != 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* 0 or an errno value. */
static int write_in_place(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int number = write_all(fd, bytes, len);
    if (close(fd) < 0 && number == 0)
        number = errno;
    return number;
}

/* Under another name first: a file that was there stays whole until the new one is. */
static int replace(const char *path, const uint8_t *bytes, size_t len)
{
    char temporary[PATH_MAX];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary)
        return ENAMETOOLONG;
    int number = 0, fd = mkstemp(temporary);
    if (fd < 0)
        return errno;
    mode_t mask = umask(0);
    umask(mask);
    number = write_all(fd, bytes, len);
    if (number == 0 && fchmod(fd, 0666 & ~mask) < 0)
        number = errno;
    if (close(fd) < 0 && number == 0)
        number = errno;
    if (number == 0 && rename(temporary, path) < 0)
        number = errno;
    if (number != 0)
        unlink(temporary);
    return number;
}

/* A plain file, or none, is replaced; behind a link, what it points at; a device or a pipe is
 * written to. */
static int save(const char *path, const uint8_t *bytes, size_t len)
{
    struct stat st;
    char real[PATH_MAX];
    int number;
    if (strcmp(path, "-") == 0) {
        path = "standard output";
        number = write_all(STDOUT_FILENO, bytes, len);
    } else if (lstat(path, &st) < 0) {
        number = errno == ENOENT ? replace(path, bytes, len) : errno;
    } else if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && realpath(path, real) != NULL) {
        number = replace(real, bytes, len);
    } else {
        number = write_in_place(path, bytes, len);
    }
    return number == 0 ? EXIT_FINE
                       : app_fail(EXIT_OTHER, "cannot write %s: %s", path, strerror(number));
}

static int report(const struct app *app, const struct request *r, const ph_frame *frame, size_t len)
{
    if (!app->json || strcmp(r->path, "-") == 0)
        return EXIT_FINE;
    bool part = r->image.width != 0;
    json_t *answer = json_pack("{s:s, s:s, s:i, s:i, s:I, s:I}", "file", r->path, "format",
                               r->image.format == PH_IMAGE_JPEG ? "jpeg" : "png", "width",
                               part ? r->image.width : ph_frame_width(frame), "height",
                               part ? r->image.height : ph_frame_height(frame), "bytes",
                               (json_int_t)len, "sequence", (json_int_t)ph_frame_sequence(frame));
    if (answer == NULL)
        return app_fail(EXIT_OTHER, "the name of FILE is not UTF-8");
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(answer);
    return EXIT_FINE;
}

int cmd_screenshot(struct app *app, int argc, char **argv)
{
    struct request r = {.path = "", .image = PH_IMAGE_OPTIONS_INIT};
    ph_client *client;
    ph_frame *frame;
    ph_error error;
    uint8_t *bytes;
    size_t len;
    int code = parse(app, argc, argv, &r);
    if (code != EXIT_FINE)
        return code;
    if (strcmp(r.path, "-") == 0 && isatty(STDOUT_FILENO))
        return app_usage(app, "standard output is a terminal: redirect it or name a FILE");
    code = app_connect(app, false, r.encodings, &client);
    if (code != EXIT_FINE)
        return code;
    if (ph_frame_get(client, 0, &app->limit, &frame, &error) != PH_OK)
        return app_close(app, client, app_fail_error(&error));
    app_close(app, client, EXIT_FINE); /* no input was sent: there is nothing to lose */
    if (ph_image_encode(frame, &r.image, &bytes, &len, &error) != PH_OK) {
        code = app_fail_error(&error);
    } else {
        code = save(r.path, bytes, len);
        if (code == EXIT_FINE)
            code = report(app, &r, frame, len);
        ph_free(bytes);
    }
    ph_frame_unref(frame);
    return code;
}
