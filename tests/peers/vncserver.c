/* SPDX-License-Identifier: GPL-2.0-or-later
 * A VNC server on LibVNCServer, which shows scenes (scene.h) and does as it is told on its standard
 * input; each line is answered with "ok".
 *
 *   usage: vncserver SOCKET WIDTH HEIGHT FORMAT [PASSWORD]    says "ready"
 *     FORMAT of its framebuffer: bgrx rgbx rgb565 bgr233 map8
 *   draw STEP            copies as CopyRect
 *   resize WIDTH HEIGHT  and draws step 0
 *   shot FILE            its framebuffer, as PPM
 */
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rfb/rfb.h>

#include "scene.h"

enum { LINE = 1024, POLLED = 64, MAP_SIDE = 6, MAP_SIZE = MAP_SIDE * MAP_SIDE * MAP_SIDE };

/* of one colour in a pixel; RGB order */
struct format {
    const char *name;
    int bytes;
    unsigned max[3], shift[3];
    bool map; /* colours by number: a cube of 6 x 6 x 6 of them */
};

static const struct format formats[] = {
    {"bgrx", 4, {255, 255, 255}, {16, 8, 0}, false},
    {"rgbx", 4, {255, 255, 255}, {0, 8, 16}, false},
    {"rgb565", 2, {31, 63, 31}, {11, 5, 0}, false},
    {"bgr233", 1, {7, 7, 3}, {0, 3, 6}, false},
    {"map8", 1, {5, 5, 5}, {0, 0, 0}, true},
};

static const struct format *format;
static rfbScreenInfoPtr screen;

/* ---- pixels ---- */

static uint32_t encode(uint32_t rgb)
{
    uint32_t value = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t part = (rgb >> (16 - 8 * i) & 0xff) * (format->max[i] + 1) / 256;
        value = format->map ? value * MAP_SIDE + part : value | part << format->shift[i];
    }
    return value;
}

/* As LibVNCServer widens colours: to the nearest (rfbtranslate's tables). */
static uint8_t decode(uint32_t value, int i)
{
    static const uint32_t step[] = {MAP_SIDE * MAP_SIDE, MAP_SIDE, 1};
    uint32_t max = format->max[i];
    uint32_t part = format->map ? value / step[i] % MAP_SIDE : value >> format->shift[i] & max;
    return (uint8_t)((part * 255 + max / 2) / max);
}

static char *at(int x, int y)
{
    return screen->frameBuffer +
           ((size_t)y * (size_t)screen->width + (size_t)x) * (size_t)format->bytes;
}

/* Little-endian, as the machines this runs on. */
static void put(int x, int y, uint32_t rgb)
{
    uint32_t value = encode(rgb);
    memcpy(at(x, y), &value, (size_t)format->bytes);
}

/* ---- the scene's canvas ---- */

static void modified(struct scene_rect r)
{
    rfbMarkRectAsModified(screen, r.x, r.y, r.x + r.w, r.y + r.h);
}

static void on_fill(void *owner, struct scene_rect r, uint32_t colour)
{
    (void)owner;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            put(x, y, colour);
    modified(r);
}

static void on_row(void *owner, int x, int y, int w, const uint32_t *pixels)
{
    (void)owner;
    for (int i = 0; i < w; i++)
        put(x + i, y, pixels[i]);
    modified((struct scene_rect){x, y, w, 1});
}

static void on_copy(void *owner, int from_x, int from_y, struct scene_rect to)
{
    (void)owner;
    rfbDoCopyRect(screen, to.x, to.y, to.x + to.w, to.y + to.h, to.x - from_x, to.y - from_y);
}

static void draw(uint32_t step)
{
    const struct scene_canvas canvas = {
        .width = screen->width,
        .height = screen->height,
        .fill = on_fill,
        .row = on_row,
        .copy = on_copy,
    };
    scene_draw(&canvas, step);
}

/* ---- commands ---- */

static void resize(int width, int height)
{
    char *old = screen->frameBuffer;
    char *fresh = calloc((size_t)width * (size_t)height, (size_t)format->bytes);
    if (fresh == NULL)
        errx(1, "out of memory");
    rfbPixelFormat keep = screen->serverFormat;
    rfbNewFramebuffer(screen, fresh, width, height, 8, 3, format->bytes);
    screen->serverFormat = keep;
    free(old);
    draw(0);
}

static void shot(const char *path)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        err(1, "%s", path);
    fprintf(f, "P6 %d %d 255\n", screen->width, screen->height);
    for (int y = 0; y < screen->height; y++) {
        for (int x = 0; x < screen->width; x++) {
            uint32_t value = 0;
            memcpy(&value, at(x, y), (size_t)format->bytes);
            for (int i = 0; i < 3; i++)
                fputc(decode(value, i), f);
        }
    }
    if (fclose(f) != 0)
        err(1, "%s", path);
}

static void obey(const char *line)
{
    char path[LINE];
    int width, height;
    unsigned step;
    if (sscanf(line, "draw %u", &step) == 1)
        draw(step);
    else if (sscanf(line, "resize %d %d", &width, &height) == 2)
        resize(width, height);
    else if (sscanf(line, "shot %1023s", path) == 1)
        shot(path);
    else
        errx(1, "not understood: %s", line);
    puts("ok");
    fflush(stdout);
}

/* ---- serving ---- */

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        errx(1, "%s is too long for a socket", path);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
        err(1, "%s", path);
    return fd;
}

/* One line at most is on its way at a time: whoever commands waits for the answer. */
static bool read_command(void)
{
    char line[LINE];
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);
    if (n <= 0)
        return false;
    line[n] = '\0';
    obey(line);
    return true;
}

static void serve(int listener)
{
    for (;;) {
        struct pollfd fds[POLLED] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                     {.fd = listener, .events = POLLIN}};
        nfds_t count = 2;
        rfbClientIteratorPtr clients = rfbGetClientIterator(screen);
        for (rfbClientPtr c; (c = rfbClientIteratorNext(clients)) != NULL && count < POLLED;)
            fds[count++] = (struct pollfd){.fd = c->sock, .events = POLLIN};
        rfbReleaseClientIterator(clients);
        if (poll(fds, count, -1) < 0)
            err(1, "poll");
        if (fds[0].revents != 0 && !read_command())
            return;
        if (fds[1].revents != 0)
            rfbNewClient(screen, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
        rfbProcessEvents(screen, 0);
    }
}

static void set_format(void)
{
    rfbPixelFormat *f = &screen->serverFormat;
    static uint8_t colours[MAP_SIZE * 3];
    f->redMax = (uint16_t)format->max[0];
    f->greenMax = (uint16_t)format->max[1];
    f->blueMax = (uint16_t)format->max[2];
    f->redShift = (uint8_t)format->shift[0];
    f->greenShift = (uint8_t)format->shift[1];
    f->blueShift = (uint8_t)format->shift[2];
    f->depth = format->bytes == 4 ? 24 : (uint8_t)(8 * format->bytes);
    f->trueColour = !format->map;
    if (!format->map)
        return;
    for (uint32_t value = 0; value < MAP_SIZE; value++)
        for (int i = 0; i < 3; i++)
            colours[3 * value + (uint32_t)i] = decode(value, i);
    screen->colourMap.count = MAP_SIZE;
    screen->colourMap.is16 = FALSE;
    screen->colourMap.data.bytes = colours;
}

int main(int argc, char **argv)
{
    static char *passwords[2];
    if (argc != 5 && argc != 6)
        errx(1, "usage: vncserver SOCKET WIDTH HEIGHT FORMAT [PASSWORD]");
    int width = atoi(argv[2]), height = atoi(argv[3]);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, argv[4]) == 0)
            format = &formats[i];
    if (format == NULL || width < 1 || height < 1)
        errx(1, "%s: no such format, or size", argv[4]);
    screen = rfbGetScreen(NULL, NULL, width, height, 8, 3, format->bytes);
    screen->frameBuffer = calloc((size_t)width * (size_t)height, (size_t)format->bytes);
    if (screen->frameBuffer == NULL)
        errx(1, "out of memory");
    screen->desktopName = "LibVNCServer";
    screen->autoPort = FALSE;
    screen->port = screen->ipv6port = 0; /* connections are handed to it */
    screen->alwaysShared = TRUE;
    screen->deferUpdateTime = 0;
    set_format();
    if (argc == 6) {
        passwords[0] = argv[5];
        screen->authPasswdData = passwords;
        screen->passwordCheck = rfbCheckPasswordByList;
    }
    int listener = listen_at(argv[1]);
    rfbInitServer(screen);
    draw(0);
    puts("ready");
    fflush(stdout);
    serve(listener);
    return 0;
}
