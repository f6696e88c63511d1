/* SPDX-License-Identifier: GPL-2.0-or-later
 * What runs in the virtual machine whose screen QEMU shows: no operating system, only this. It
 * draws scenes (scene.h) on QEMU's standard VGA and takes orders from the first serial port; each
 * line is answered with "ok".
 *   mode WIDTH HEIGHT BITS   32, 16, or 8 with a colour map; all black
 *   draw STEP
 * Loaded by the Multiboot specification 0.6.96; the display's registers are those of QEMU's
 * docs/specs/standard-vga.txt. */
#include <stdint.h>

#include "scene.h"

enum {
    MULTIBOOT_MAGIC = 0x1badb002,
    SERIAL = 0x3f8,
    SERIAL_STATUS = SERIAL + 5,
    SERIAL_RECEIVED = 1,
    SERIAL_CAN_SEND = 0x20,
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
    PCI_CLASS_DISPLAY = 3,
    DAC_INDEX = 0x3c8,
    DAC_DATA = 0x3c9,
    VBE_INDEX = 0x1ce,
    VBE_DATA = 0x1cf,
    VBE_XRES = 1,
    VBE_YRES = 2,
    VBE_BPP = 3,
    VBE_ENABLE = 4,
    VBE_ENABLED = 0x01,
    VBE_LINEAR = 0x40,
    LINE = 80,
};

__attribute__((section(".multiboot"), used)) static const uint32_t multiboot[] = {
    MULTIBOOT_MAGIC, 0, -(uint32_t)MULTIBOOT_MAGIC};

static uint8_t *framebuffer;
static int width, height, bytes;

/* ---- what a compiler expects of its surroundings ---- */

void *memset(void *to, int value, unsigned n);
void *memset(void *to, int value, unsigned n)
{
    for (volatile uint8_t *p = to; n != 0; n--)
        *p++ = (uint8_t)value;
    return to;
}

void *memcpy(void *to, const void *from, unsigned n);
void *memcpy(void *to, const void *from, unsigned n)
{
    const volatile uint8_t *q = from;
    for (volatile uint8_t *p = to; n != 0; n--)
        *p++ = *q++;
    return to;
}

/* ---- ports ---- */

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static uint32_t in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* ---- the display ---- */

static uint32_t pci_read(uint32_t device, uint32_t offset)
{
    out32(PCI_ADDRESS, 0x80000000u | device << 11 | offset);
    return in32(PCI_DATA);
}

static void find_framebuffer(void)
{
    for (uint32_t device = 0; device < 32; device++)
        if (pci_read(device, 8) >> 24 == PCI_CLASS_DISPLAY)
            framebuffer = (uint8_t *)(uintptr_t)(pci_read(device, 0x10) & ~15u);
}

static void vbe(uint16_t index, int value)
{
    out16(VBE_INDEX, index);
    out16(VBE_DATA, (uint16_t)value);
}

/* What lies between one mode and the next may be seen, so there is as little of it as can be. */
static void set_mode(int w, int h, int bits)
{
    width = w;
    height = h;
    bytes = bits / 8;
    vbe(VBE_XRES, w);
    vbe(VBE_YRES, h);
    vbe(VBE_BPP, bits);
    vbe(VBE_ENABLE, VBE_ENABLED | VBE_LINEAR);
    out8(DAC_INDEX, 0);
    for (int i = 0; bits == 8 && i < 256; i++) { /* colours of 3, 3 and 2 bits, each of 6 */
        out8(DAC_DATA, (uint8_t)((i >> 5) * 9));
        out8(DAC_DATA, (uint8_t)((i >> 2 & 7) * 9));
        out8(DAC_DATA, (uint8_t)((i & 3) * 21));
    }
}

/* The nearest of the colour map's, but for the last: of a rectangle that has all 256, QEMU's Tight
 * encoder takes the index of one for "none", and sends another in its place. */
static uint8_t nearest(uint32_t r, uint32_t g, uint32_t b)
{
    uint32_t index = r >> 5 << 5 | g >> 5 << 2 | b >> 6;
    return (uint8_t)(index < 255 ? index : 254);
}

static void put(int x, int y, uint32_t rgb)
{
    int at = y * width + x;
    uint32_t r = rgb >> 16 & 0xff, g = rgb >> 8 & 0xff, b = rgb & 0xff;
    if (bytes == 4)
        ((volatile uint32_t *)framebuffer)[at] = rgb;
    else if (bytes == 2)
        ((volatile uint16_t *)framebuffer)[at] = (uint16_t)(r >> 3 << 11 | g >> 2 << 5 | b >> 3);
    else
        ((volatile uint8_t *)framebuffer)[at] = nearest(r, g, b);
}

static void on_fill(void *owner, struct scene_rect r, uint32_t colour)
{
    (void)owner;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            put(x, y, colour);
}

static void on_row(void *owner, int x, int y, int w, const uint32_t *pixels)
{
    (void)owner;
    for (int i = 0; i < w; i++)
        put(x + i, y, pixels[i]);
}

static void on_copy(void *owner, int from_x, int from_y, struct scene_rect to)
{
    (void)owner;
    for (int i = 0; i < to.h; i++) {
        int j = from_y < to.y ? to.h - 1 - i : i; /* bottom first when moving down */
        for (int k = 0; k < to.w * bytes; k++) {
            int l = from_x < to.x ? to.w * bytes - 1 - k : k;
            ((volatile uint8_t *)framebuffer)[((to.y + j) * width + to.x) * bytes + l] =
                ((volatile uint8_t *)framebuffer)[((from_y + j) * width + from_x) * bytes + l];
        }
    }
}

/* ---- orders ---- */

static void read_line(char *line)
{
    int n = 0;
    do {
        while (!(in8(SERIAL_STATUS) & SERIAL_RECEIVED))
            ;
        line[n] = (char)in8(SERIAL);
    } while (line[n++] != '\n' && n < LINE - 1);
    line[n - 1] = '\0';
}

static void write_line(const char *text)
{
    for (; *text != '\0'; text++) {
        while (!(in8(SERIAL_STATUS) & SERIAL_CAN_SEND))
            ;
        out8(SERIAL, (uint8_t)*text);
    }
}

/* The next number of a line; *line is moved behind it. */
static int number(const char **line)
{
    int n = 0;
    while (**line != '\0' && (**line < '0' || **line > '9'))
        (*line)++;
    for (; **line >= '0' && **line <= '9'; (*line)++)
        n = n * 10 + **line - '0';
    return n;
}

static void obey(const char *line)
{
    struct scene_canvas canvas = {.fill = on_fill, .row = on_row, .copy = on_copy};
    int is_mode = line[0] == 'm', first = number(&line);
    if (is_mode) {
        int h = number(&line);
        set_mode(first, h, number(&line));
    } else {
        canvas.width = width;
        canvas.height = height;
        scene_draw(&canvas, (uint32_t)first);
    }
}

__attribute__((used, noreturn)) static void run(void)
{
    static char line[LINE];
    find_framebuffer();
    write_line("ready\n");
    for (;;) {
        read_line(line);
        obey(line);
        write_line("ok\n");
    }
}

static uint8_t stack[16384] __attribute__((aligned(16), used));

__asm__(".globl _start\n"
        "_start: movl $stack + 16384, %esp\n"
        "call run\n");
