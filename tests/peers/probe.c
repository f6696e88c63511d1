/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections to VNC servers that a test commands line by line; each line is answered with one, "ok
 * ..." or "error ...". All connections are in this one process and stay open meanwhile, so what the
 * pictures of a test show has come in a long row of updates.
 *
 *   usage: probe FOLDER        where the taps' sockets go
 *   connect NAME WHERE ENCODINGS [JPEG_QUALITY]
 *                              through a tap, see there; WHERE: a socket's path or a port
 *   password TEXT              for the connections to come
 *   size NAME                  -> ok WIDTH HEIGHT
 *   expect NAME PPM MS         until the newest frame is this picture
 *   resemble NAME PPM MS DB    until its peak signal-to-noise ratio is this many dB -> ok DB
 *   counts NAME                since the last time: pixels by encoding, numbers of the others
 *                              -> ok raw=100 tight=5000 tight-jpeg=20 cursor=1
 *   move NAME X Y
 *   hold NAME, await-held NAME, release NAME      see tap.h
 *   end NAME MS                until the connection has ended -> ok CODE MESSAGE
 *   close NAME
 */
#include <err.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porthole.h"
#include "rfb/skim.h"
#include "tap.h"

enum { CONNECTIONS = 64, WORDS = 6, LINE = 1024 };

struct connection {
    char name[64];
    char socket[256]; /* the tap's */
    char where[256];
    struct tap *tap;
    ph_client *client;
};

static struct connection connections[CONNECTIONS];
static char password[64];
static const char *folder;

/* ---- answers ---- */

__attribute__((format(printf, 1, 2))) static void answer(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void answer_error(const ph_error *error)
{
    answer("error %s: %s", ph_strerror(error->code), error->message);
}

/* ---- pictures ---- */

struct picture {
    int width, height;
    uint8_t *rgb;
};

static struct picture read_ppm(const char *path)
{
    struct picture p = {0};
    int most, end;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        err(1, "%s", path);
    if (fscanf(f, "P6 %d %d %d", &p.width, &p.height, &most) != 3 || most != 255 || p.width <= 0 ||
        p.height <= 0 || p.width > 32767 || p.height > 32767 || (end = fgetc(f)) == EOF)
        errx(1, "%s is no picture", path);
    size_t size = (size_t)p.width * (size_t)p.height * 3;
    p.rgb = malloc(size);
    if (p.rgb == NULL || fread(p.rgb, 1, size, f) != size)
        errx(1, "%s is cut short", path);
    fclose(f);
    return p;
}

static uint32_t pixel(const struct picture *p, size_t i)
{
    return (uint32_t)p->rgb[3 * i] << 16 | (uint32_t)p->rgb[3 * i + 1] << 8 | p->rgb[3 * i + 2];
}

static bool same_size(const ph_frame *f, const struct picture *p, char *why, size_t size)
{
    if (ph_frame_width(f) == p->width && ph_frame_height(f) == p->height)
        return true;
    snprintf(why, size, "%dx%d where %dx%d was expected", ph_frame_width(f), ph_frame_height(f),
             p->width, p->height);
    return false;
}

/* Is it the picture? Else why says what differs. */
static bool equal(const ph_frame *f, const struct picture *p, char *why, size_t size)
{
    if (!same_size(f, p, why, size))
        return false;
    const uint32_t *pixels = ph_frame_pixels(f);
    size_t count = (size_t)p->width * (size_t)p->height, wrong = 0, first = 0;
    for (size_t i = count; i-- > 0;) {
        if ((pixels[i] & 0xffffff) != pixel(p, i)) {
            wrong++;
            first = i;
        }
    }
    snprintf(why, size,
             "%zu of %zu pixels differ, the first at (%zu, %zu): %06x where %06x was expected",
             wrong, count, first % (size_t)p->width, first / (size_t)p->width,
             pixels[first] & 0xffffff, pixel(p, first));
    return wrong == 0;
}

/* Decibels; of a size of its own: -1. */
static double likeness(const ph_frame *f, const struct picture *p, char *why, size_t size)
{
    if (!same_size(f, p, why, size))
        return -1;
    const uint32_t *pixels = ph_frame_pixels(f);
    size_t count = (size_t)p->width * (size_t)p->height;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        for (unsigned shift = 0; shift < 24; shift += 8) {
            double d = (double)(pixels[i] >> shift & 0xff) - (double)(pixel(p, i) >> shift & 0xff);
            sum += d * d;
        }
    }
    double db = sum == 0 ? 99 : 10 * log10(255.0 * 255.0 * 3 * (double)count / sum);
    snprintf(why, size, "%.1f dB", db);
    return db;
}

/* ---- commands ---- */

static struct connection *find(const char *name)
{
    for (int i = 0; i < CONNECTIONS; i++)
        if (strcmp(connections[i].name, name) == 0)
            return &connections[i];
    errx(1, "there is no connection %s", name);
}

static void do_connect(char **word, int words)
{
    struct connection *c = find(""); /* a free one */
    ph_options options = PH_OPTIONS_INIT;
    ph_error error;
    char target[300];
    snprintf(c->socket, sizeof c->socket, "%s/tap-%d-%s.sock", folder, (int)(c - connections),
             word[1]);
    snprintf(c->where, sizeof c->where, "%s", word[2]);
    snprintf(target, sizeof target, "vnc+unix:%s", c->socket);
    options.encodings = strcmp(word[3], "default") == 0 ? NULL : word[3];
    options.jpeg_quality = words > 4 ? atoi(word[4]) : 0;
    options.password = password[0] != '\0' ? password : NULL;
    c->tap = tap_start(c->socket, c->where, options.password);
    if (ph_connect(target, &options, NULL, &c->client, &error) != PH_OK) {
        tap_stop(c->tap);
        answer_error(&error);
        return;
    }
    snprintf(c->name, sizeof c->name, "%s", word[1]);
    answer("ok");
}

static void do_password(char **word, int words)
{
    (void)words;
    snprintf(password, sizeof password, "%s", word[1]);
    answer("ok");
}

static void do_size(char **word, int words)
{
    ph_info info = PH_INFO_INIT;
    ph_error error;
    (void)words;
    if (ph_client_info(find(word[1])->client, &info, &error) != PH_OK)
        answer_error(&error);
    else
        answer("ok %d %d", info.width, info.height);
}

/* Each new frame is looked at until one does. */
static void do_expect(char **word, int words)
{
    struct connection *c = find(word[1]);
    struct picture wanted = read_ppm(word[2]);
    double db = words > 4 ? atof(word[4]) : 0;
    ph_limit limit = {.timeout_ms = atoi(word[3])};
    ph_error error;
    ph_frame *f;
    uint64_t after = 0;
    char why[200] = "there is no frame";
    bool good = false;
    while (!good && ph_frame_get(c->client, after, &limit, &f, &error) == PH_OK) {
        good = db > 0 ? likeness(f, &wanted, why, sizeof why) >= db
                      : equal(f, &wanted, why, sizeof why);
        after = ph_frame_sequence(f);
        ph_frame_unref(f);
    }
    if (good)
        answer("ok %s", db > 0 ? why : "");
    else
        answer("error %s: %s; frame %llu: %s", ph_strerror(error.code), error.message,
               (unsigned long long)after, why);
    free(wanted.rgb);
}

static void do_counts(char **word, int words)
{
    struct tap_counts counts = tap_take(find(word[1])->tap);
    (void)words;
    printf("ok");
    for (size_t i = 0; i < TAP_ENCODINGS && rfb_encoding_at(i) != NULL; i++)
        if (counts.of[i] != 0)
            printf(" %s=%llu", rfb_encoding_at(i)->name, (unsigned long long)counts.of[i]);
    if (counts.jpeg != 0)
        printf(" tight-jpeg=%llu", (unsigned long long)counts.jpeg);
    answer("%s", "");
}

static void do_move(char **word, int words)
{
    ph_error error;
    (void)words;
    if (ph_move(find(word[1])->client, atoi(word[2]), atoi(word[3]), NULL, &error) != PH_OK)
        answer_error(&error);
    else
        answer("ok");
}

static void do_hold(char **word, int words)
{
    (void)words;
    tap_hold(find(word[1])->tap);
    answer("ok");
}

static void do_await_held(char **word, int words)
{
    (void)words;
    tap_await_held(find(word[1])->tap);
    answer("ok");
}

static void do_release(char **word, int words)
{
    (void)words;
    tap_release(find(word[1])->tap);
    answer("ok");
}

static void do_end(char **word, int words)
{
    struct connection *c = find(word[1]);
    ph_limit limit = {.timeout_ms = atoi(word[2])};
    ph_error error;
    ph_frame *f;
    uint64_t after = 0;
    (void)words;
    while (ph_frame_get(c->client, after, &limit, &f, &error) == PH_OK) {
        after = ph_frame_sequence(f);
        ph_frame_unref(f);
    }
    if (error.code == PH_E_TIMEOUT)
        answer_error(&error);
    else
        answer("ok %s: %s", ph_strerror(error.code), error.message);
}

static void do_close(char **word, int words)
{
    struct connection *c = find(word[1]);
    ph_error error;
    (void)words;
    int rc = ph_close(c->client, NULL, &error);
    tap_stop(c->tap);
    memset(c, 0, sizeof *c);
    if (rc != PH_OK)
        answer_error(&error);
    else
        answer("ok");
}

static const struct command {
    const char *name;
    int least; /* words */
    void (*run)(char **word, int words);
} commands[] = {
    {"connect", 4, do_connect}, {"password", 2, do_password}, {"size", 2, do_size},
    {"expect", 4, do_expect},   {"resemble", 5, do_expect},   {"counts", 2, do_counts},
    {"move", 4, do_move},       {"hold", 2, do_hold},         {"await-held", 2, do_await_held},
    {"release", 2, do_release}, {"end", 3, do_end},           {"close", 2, do_close},
};

static void obey(char *line)
{
    char *word[WORDS] = {0};
    int words = 0;
    for (char *next = strtok(line, " \n"); next != NULL && words < WORDS;
         next = strtok(NULL, " \n"))
        word[words++] = next;
    for (size_t i = 0; words != 0 && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, word[0]) == 0 && words >= commands[i].least) {
            commands[i].run(word, words);
            return;
        }
    }
    errx(1, "not understood: %s", words != 0 ? word[0] : "nothing");
}

int main(int argc, char **argv)
{
    char line[LINE];
    if (argc != 2)
        errx(1, "usage: probe FOLDER");
    folder = argv[1];
    while (fgets(line, sizeof line, stdin) != NULL)
        obey(line);
    for (int i = 0; i < CONNECTIONS; i++) {
        if (connections[i].client == NULL)
            continue;
        ph_close(connections[i].client, NULL, NULL);
        tap_stop(connections[i].tap);
    }
    return 0;
}
