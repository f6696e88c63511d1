/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connection, as the rooms of client/ share it. One thread owns the socket's reading half, the
 * decoder and the frame that is being painted (io.c, session.c); callers reach them through what
 * the lock guards. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "client/clipboard.h"
#include "client/keys.h"
#include "client/login.h"
#include "client/screen.h"
#include "client/size.h"
#include "client/wait.h"
#include "net/stream.h"
#include "net/target.h"
#include "rfb/buf.h"
#include "rfb/handshake.h"

enum {
    CLIENT_ENCODINGS_MAX = 16,
    CLIENT_KEYS_MAX = 64, /* held down by ph_key */
    /* and beside them what one call holds: its modifiers and a chord */
    CLIENT_KEYS_ROOM = CLIENT_KEYS_MAX + 2 * KEYS_CHORD_MAX,
    CLIENT_SYMBOLS = 16,
    CLIENT_INPUT_MAX = 64 << 10, /* bytes of input queued while the server does not read */
    /* the rest is for one clipboard text and our own requests */
    CLIENT_OUT_MAX = CLIENT_INPUT_MAX + CLIPBOARD_WIRE_MAX + (8 << 10),
};

/* In this order, but for TLS in the middle of RFB's handshake. */
enum client_phase {
    CLIENT_RESOLVING,
    CLIENT_CONNECTING,
    CLIENT_TLS,
    CLIENT_WEB_SOCKET,
    CLIENT_HANDSHAKE,
    CLIENT_OPEN,
    CLIENT_ENDED, /* ph_client.end says why */
};

/* ContinuousUpdates (rfbproto) */
enum client_continuous {
    CLIENT_CONTINUOUS_UNKNOWN, /* the server has not shown that it has them */
    CLIENT_CONTINUOUS_ON,
    CLIENT_CONTINUOUS_OVER, /* the server has ended them */
};

/* Symbols beyond basic Latin that were typed last, the newest instead of the oldest. Those the
 * server has a key for still, as far as anybody can know. */
struct client_symbols {
    uint32_t recent[CLIENT_SYMBOLS];
    size_t count; /* ever added */
};

struct ph_client {
    atomic_int refs; /* the caller's and the thread's */
    pthread_t thread;
    int wake_fd;      /* eventfd: the thread looks at stop, drain and out again */
    atomic_bool stop; /* the thread is to end at once */

    /* fixed before the thread starts */
    struct net_target target;
    int32_t encodings[CLIENT_ENCODINGS_MAX];
    uint16_t encoding_count;
    int jpeg_quality; /* 0: no JPEG */
    bool input_only;
    struct screen *screen;

    int given_fd; /* of the target, until the stream has it; -1: none */
    struct login login;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* phase, out's room, a new frame */

    /* under the lock */
    enum client_phase phase;
    bool drain;      /* the thread is to deliver out, close its half and await the server's end */
    bool input_sent; /* any input at all */
    bool input_turn; /* a call is queueing its events; the others wait for their turn */
    struct stream *stream; /* NULL before CLIENT_OPEN and after the end */
    struct rfb_buf out;    /* what the stream did not take yet */
    ph_error end;          /* from CLIENT_ENDED on; code PH_OK: drained as asked for */
    int width, height;
    int rfb_minor;
    const char *security; /* as ph_info has it */
    enum client_continuous continuous;
    bool fence;     /* the server has sent one */
    uint64_t bells; /* rung so far */
    struct size_state size;
    struct cursor_shape *cursor; /* or NULL */
    int pointer_x, pointer_y;    /* where the server last said it is, or this client put it */
    bool pointer_known;
    char name[RFB_NAME_MAX + 1];
    uint16_t x, y; /* where the pointer was put last */
    uint8_t buttons;
    uint32_t keys[CLIENT_KEYS_ROOM]; /* keysyms held down, in the order of their presses */
    size_t key_count;
    struct client_symbols symbols;
    struct client_clipboard clipboard;
};

/* ---- client.c ---- */

/* Without a thread yet, with one reference. NULL when out of memory; screen and wake_fd are for the
 * caller to check. */
struct ph_client *client_create(void);
/* Ends a reference; the last one frees. */
void client_unref(struct ph_client *c);
/* Makes the thread look. */
void client_wake(struct ph_client *c);
/* With the lock: a desktop name of at most RFB_NAME_MAX bytes, made printable. */
void client_set_name(struct ph_client *c, const uint8_t *name, size_t len);
/* With the lock: answers PH_OK while the connection is open, else why it is not. */
int client_check_open(const struct ph_client *c, ph_error *error);

/* With the lock, in a loop that looks for something: sleeps until it is worth another look, or
 * until a time of CLOCK_MONOTONIC (nanoseconds; negative: none). PH_OK, or why not to go on
 * waiting, for client_explain. */
int client_sleep(const struct ph_client *c, struct wait *w, int64_t until);
/* With the lock: that the wait for what was in vain, rc says why. */
int client_explain(const struct ph_client *c, int rc, const char *what, ph_error *error);

/* Without the lock: awaits a frame whose sequence is above after; *frame is a reference. Or until a
 * time of CLOCK_MONOTONIC (nanoseconds; negative: none): PH_OK with *frame NULL. On failure *frame
 * is NULL, and the error says that the wait for what was in vain. A wait's first frame, and any
 * frame (after 0), is given whatever the time; whoever finds nothing in one after the other is
 * ended by his limit. */
int client_next_frame(struct ph_client *c, struct wait *w, uint64_t after, int64_t until,
                      const char *what, ph_frame **frame, ph_error *error);

/* ---- io.c ---- */

/* The thread; argument: the client. */
void *io_thread(void *client);
/* With the lock, while open: writes out's bytes to the stream as far as it takes them now. An error
 * of the stream is left for the thread to find. */
void io_flush(struct ph_client *c);
/* The same, for other threads: what the socket does not take now, the thread is to write as soon as
 * it does. */
void io_push(struct ph_client *c);
/* For the thread: goes on to a phase; false when the client is to stop. */
bool io_enter(struct ph_client *c, enum client_phase phase);
/* For the thread: the error of having been stopped. */
int io_stopped(ph_error *error);
/* For the thread: polls fd for events; false when the client has been woken. */
bool io_wait(struct ph_client *c, int fd, short events, short *ready);

/* ---- open.c ---- */

/* Leads the thread from the target to the end of RFB's handshake. *stream, which was NULL, is the
 * caller's to destroy, even after a failure. */
int open_connection(struct ph_client *c, struct stream **stream, struct rfb_client_hs *hs,
                    ph_error *error);

/* ---- input.c ---- */

/* With the lock: appends the release of all that is down to out. */
void input_release_all(struct ph_client *c);

#endif
