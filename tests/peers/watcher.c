/* SPDX-License-Identifier: GPL-2.0-or-later
 * One connection, kept while a test changes the desktop under it. Commands are lines; each is
 * answered with one, "ok ..." or "error CODE: MESSAGE".
 *
 *   usage: watcher TARGET [ENCODINGS]
 *   info                       -> ok WIDTH HEIGHT CONTINUOUS FENCE RESIZE
 *   mark                       what changes are counted from: the newest frame -> ok WIDTH HEIGHT
 *   change X Y WIDTH HEIGHT MS until a pixel there differs from the mark's
 *   quiet MS LIMIT             until nothing has changed for MS -> ok WAITED
 *   pixel X Y RRGGBB MS        until that pixel has that colour
 *   resize WIDTH HEIGHT MS
 *   move X Y
 *   cursor                     -> ok KNOWN X Y WIDTH HEIGHT OPAQUE (pixels that are)
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porthole.h"

enum { WORDS = 8, LINE = 256 };

static ph_client *client;
static ph_frame *mark;
static ph_error error;

__attribute__((format(printf, 2, 3))) static void answer(int rc, const char *format, ...)
{
    va_list args;
    if (rc != PH_OK) {
        printf("error %s: %s\n", ph_strerror(rc), error.message);
        return;
    }
    printf("ok ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void do_info(char **word)
{
    ph_info i = PH_INFO_INIT;
    (void)word;
    int rc = ph_client_info(client, &i, &error);
    answer(rc, "%d %d %d %d %d", i.width, i.height, i.continuous_updates, i.fence, i.resize);
}

static void do_mark(char **word)
{
    ph_frame_unref(mark);
    (void)word;
    int rc = ph_frame_get(client, 0, NULL, &mark, &error);
    answer(rc, "%d %d", rc == PH_OK ? ph_frame_width(mark) : 0,
           rc == PH_OK ? ph_frame_height(mark) : 0);
}

static void do_change(char **word)
{
    const ph_limit limit = {.timeout_ms = atoi(word[5])};
    ph_watch watch = PH_WATCH_INIT;
    ph_frame *f;
    watch.region = (ph_rect){atoi(word[1]), atoi(word[2]), atoi(word[3]), atoi(word[4])};
    watch.since = mark;
    answer(ph_wait_change(client, &watch, &limit, &f, &error), "%s", "");
    ph_frame_unref(f);
}

static void do_quiet(char **word)
{
    const ph_limit limit = {.timeout_ms = atoi(word[2])};
    ph_frame *f;
    int waited;
    int rc = ph_wait_quiet(client, NULL, atoi(word[1]), &limit, &f, &waited, &error);
    answer(rc, "%d", waited);
    ph_frame_unref(f);
}

static void do_pixel(char **word)
{
    const ph_limit limit = {.timeout_ms = atoi(word[4])};
    const uint32_t colour = 0xff000000 | (uint32_t)strtoul(word[3], NULL, 16);
    const ph_pattern pattern = {&colour, 1, 1, 0};
    ph_watch watch = PH_WATCH_INIT;
    ph_frame *f;
    ph_point at;
    watch.region = (ph_rect){atoi(word[1]), atoi(word[2]), 1, 1};
    answer(ph_wait_match(client, &watch, &pattern, &limit, &f, &at, &error), "%s", "");
    ph_frame_unref(f);
}

static void do_resize(char **word)
{
    const ph_limit limit = {.timeout_ms = atoi(word[3])};
    answer(ph_resize(client, atoi(word[1]), atoi(word[2]), &limit, &error), "%s", "");
}

static void do_move(char **word)
{
    answer(ph_move(client, atoi(word[1]), atoi(word[2]), NULL, &error), "%s", "");
}

static void do_cursor(char **word)
{
    ph_cursor_info i = PH_CURSOR_INFO_INIT;
    ph_cursor *cursor;
    int opaque = 0;
    (void)word;
    int rc = ph_cursor_get(client, &cursor, &error);
    if (rc == PH_OK)
        rc = ph_cursor_describe(cursor, &i, &error);
    for (int p = 0; p < i.width * i.height; p++)
        opaque += i.pixels[p] >> 24 == 0xff;
    answer(rc, "%d %d %d %d %d %d", i.position_known, i.x, i.y, i.width, i.height, opaque);
    ph_cursor_unref(cursor);
}

static const struct command {
    const char *name;
    int words;
    void (*run)(char **word);
} commands[] = {
    {"info", 1, do_info},   {"mark", 1, do_mark},     {"change", 6, do_change},
    {"quiet", 3, do_quiet}, {"pixel", 5, do_pixel},   {"resize", 4, do_resize},
    {"move", 3, do_move},   {"cursor", 1, do_cursor},
};

static void obey(char *line)
{
    char *word[WORDS] = {0};
    int words = 0;
    for (char *next = strtok(line, " \n"); next != NULL && words < WORDS;
         next = strtok(NULL, " \n"))
        word[words++] = next;
    for (size_t i = 0; words != 0 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, word[0]) == 0 && words == commands[i].words) {
            commands[i].run(word);
            fflush(stdout);
            return;
        }
    errx(1, "not understood: %s", words != 0 ? word[0] : "nothing");
}

int main(int argc, char **argv)
{
    ph_options options = PH_OPTIONS_INIT;
    char line[LINE];
    if (argc != 2 && argc != 3)
        errx(1, "usage: watcher TARGET [ENCODINGS]");
    options.encodings = argc == 3 ? argv[2] : NULL;
    if (ph_connect(argv[1], &options, NULL, &client, &error) != PH_OK)
        errx(1, "%s", error.message);
    while (fgets(line, sizeof line, stdin) != NULL)
        obey(line);
    ph_frame_unref(mark);
    return ph_close(client, NULL, &error) == PH_OK ? 0 : 1;
}
