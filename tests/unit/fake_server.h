/* SPDX-License-Identifier: GPL-2.0-or-later
 * A VNC server that does what a test's script says, for faults that no real one has. It listens on
 * a socket, takes one connection, and runs the script on a thread of its own. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_server;

/* Runs with the accepted connection; fd is closed when it returns. */
typedef void fake_script(struct fake_server *s, int fd, void *argument);

struct fake_server *fake_server_start(fake_script *script, void *argument);
/* On a port of 127.0.0.1 that the kernel chooses; the target is before, the port, behind. */
struct fake_server *fake_server_start_tcp(const char *before, const char *behind,
                                          fake_script *script, void *argument);
/* "vnc+unix:/...", or what fake_server_start_tcp has put together */
const char *fake_server_target(const struct fake_server *s);
/* Lets a script that waits in fake_await_go go on. */
void fake_server_go(struct fake_server *s);
/* Waits for the script's end; false when one of its expectations failed (printed). */
bool fake_server_stop(struct fake_server *s);

/* ---- for scripts ---- */

/* Waits for fake_server_go: what comes then happens to a client that has connected. */
void fake_await_go(struct fake_server *s);
/* Writes all; false when the client has gone. */
bool fake_send(int fd, const void *bytes, size_t n);
/* Reads exactly n bytes into to; false at the connection's end. */
bool fake_read(int fd, void *to, size_t n);
/* Reads until the client closes its half. */
void fake_drain(int fd);
/* Version, None, ClientInit, ServerInit. */
void fake_handshake(int fd, uint16_t width, uint16_t height);
/* Takes SetPixelFormat, SetEncodings and the first FramebufferUpdateRequest. */
void fake_take_setup(int fd);
/* An expectation: fails the test from within a script. */
void fake_expect(struct fake_server *s, bool truth, const char *what);
/* One update of one rectangle: header, then n bytes of body. */
void fake_rect(int fd, uint16_t x, uint16_t y, uint16_t w, uint16_t h, int32_t encoding,
               const void *body, size_t n);
/* The same, raw and of one colour. */
void fake_fill(int fd, uint16_t x, uint16_t y, uint16_t w, uint16_t h, uint32_t colour);

#endif
