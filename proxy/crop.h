/* SPDX-License-Identifier: GPL-2.0-or-later
 * One application's window out of a whole desktop's RFB stream, behind the handshakes: the viewer
 * sees a framebuffer of the window's size, and of the server's pixels only those that are the
 * application's. Nothing is decoded. Belongs to one thread; bytes in, bytes out:
 *
 * - The server is asked for what is visible of the application only, in rectangles that it answers
 *   from (RFC 6143 section 7.5.3; TigerVNC sends no pixel beside them, and one that does is found
 *   out). One without ContinuousUpdates is asked otherwise (crop_plain.c). An update is kept until
 *   the owner has had the agent look at the X server once more; then each rectangle goes on,
 *   shifted, if it has been the application's the whole time since it was asked for, and what comes
 *   of the update from then on, as it comes (crop_update.c). Others are dropped and asked for
 *   again. Where their encoding has a state that would be dropped with them, the update is kept
 *   until it is whole, all of it dropped, and the owner connects to the server anew (crop_swap.c,
 *   crop_zlib.h).
 * - What is hidden is painted flat here. A change of the canvas reaches the viewer as DesktopSize.
 * - Of the viewer's messages crop_messages.c says which go on; pointer and keys are crop_input.c's.
 */
#ifndef PROXY_CROP_H
#define PROXY_CROP_H

#include "crop_view.h"
#include "crop_zlib.h"
#include "rfb/buf.h"
#include "rfb/c2s.h"
#include "rfb/s2c.h"

enum {
    CROP_EPOCHS = 4,
    CROP_TITLE_MAX = 288,        /* bytes with the NUL, as viewers are told it */
    CROP_ENCODINGS_MAX = 32,     /* of a viewer's list, those that count here */
    CROP_KEYS_MAX = 32,          /* held down at once */
    CROP_SETTLE_MS = 50,         /* between two steps */
    CROP_SETTLE_STEPS = 3,       /* so many less one, and up to all of them, are waited */
    CROP_SETTLE_PLAIN = 6,       /* the same with plain: chosen by what got through (SECURITY.md) */
    CROP_WAITING_MAX = 32 << 10, /* bytes of input that waits: 4,096 keys */
    CROP_CUT_TEXT_MAX = 1 << 20, /* bytes of a viewer's clipboard message */
    /* one clipboard that comes and one for another connection, requests and keys */
    CROP_TO_SERVER_MAX = 2 * CROP_CUT_TEXT_MAX + (128 << 10),
    CROP_HOLD_MAX = 64 << 20 /* bytes of an update: 16 million pixels in Raw */
};

/* What was asked of the server together. Between two epochs ContinuousUpdates are turned on for
 * nothing and off again: that drops what is still asked for, and the server's answer (rfbproto,
 * EndOfContinuousUpdates) separates the updates of one epoch from those of the next. */
struct crop_epoch {
    pixman_region32_t asked; /* screen pixels */
    pixman_region32_t safe;  /* of them, what has been the application's ever since */
    pixman_region32_t whole; /* of them, what was asked for whether it changes or not */
    int x, y;                /* the canvas's place */
    bool answered;           /* an update has come: nothing more may */
};

/* Where the pixel is by which a server is drained (crop_plain.c): outside of what is asked for and
 * of all rectangles around it, outside of it alone, or inside as there is nothing else. */
enum crop_drain_how { DRAIN_OUTSIDE, DRAIN_BETWEEN, DRAIN_INSIDE };

struct crop_drain {
    bool begun, seen; /* it was asked for; it is in the update that is kept */
    bool sure;        /* with seen: not by chance */
    bool clean;       /* nothing is asked for now */
    enum crop_drain_how how;
    int x, y;
    pixman_region32_t stray; /* screen pixels that may come beside those of the epoch */
    bool lumped;  /* the update that is kept is one rectangle around many, some not asked for */
    bool sparing; /* so little is asked for at once, until nothing is missing */
};

/* With late (crop_settle.c). Screen pixels. */
struct crop_settle {
    pixman_region32_t steady;                    /* of what is visible, what may be asked for */
    pixman_region32_t before;                    /* what was visible */
    pixman_region32_t lately[CROP_SETTLE_PLAIN]; /* what may not be yet: the newest first */
};

/* A rectangle of the update that is kept. */
struct crop_held {
    struct rfb_rect_head head;
    bool pixels, stateless;
    bool goes;      /* to the viewer */
    size_t at, len; /* in `hold`: where its head is; bytes of its body */
};

struct crop {
    /* for the owner: what is to be sent, taken out of here; and after an error, why */
    struct rfb_buf to_server, to_viewer;
    const char *why;
    bool wants_sync;     /* of an update: ask the agent from now on, then crop_synced */
    bool wants_activate; /* the viewer's input is for a window without the keyboard; the owner
                            clears it */
    enum { CROP_UNSEATED, CROP_SEATED, CROP_LEAVING } seat; /* see crop_take_seat */
    uint64_t presses; /* of keys and buttons, and their releases, that were sent */
    bool wants_swap;  /* the server has to begin anew: send what is in to_server, then
                         crop_swap_begin, close, connect, crop_swap_end */
    struct crop_view view;
    bool relaxed, late; /* set by crop_relax */
    bool ready;         /* the server has told that it has ContinuousUpdates, or it is plain */
    bool settling;      /* crop_settle is to be called CROP_SETTLE_MS from now */
    bool plain;         /* the server has none: nothing tells from when its pixels are */

    /* private */
    struct rfb_pixel_format format;
    struct rfb_c2s viewer;
    struct rfb_s2c server;
    struct rfb_buf encodings; /* a viewer's list, until it is whole */
    int32_t wanted[CROP_ENCODINGS_MAX];
    uint16_t wanted_count;
    int32_t told[8]; /* of those with pixels, what this connection has been told ever */
    int told_count;
    struct rfb_buf clipboard; /* the viewer's newest message of it, until the server has another */
    struct crop_zlib zlib;
    bool swapping;             /* between two connections to the server */
    bool restless;             /* only stateless encodings are asked for */
    bool probing;              /* the same, until something is asked for behind the probe */
    unsigned calm;             /* updates in a row that went on whole */
    struct rfb_buf hold, rest; /* the update that is kept, as a message; what came behind it */
    struct crop_held *held;
    size_t held_count, held_room;
    uint16_t announced; /* of its rectangles, as the server told */
    bool blind;         /* nothing is shown any more */
    bool updating;      /* an update comes, or is kept */
    bool holding;       /* it is whole; for the owner to read: nothing more is of use now */
    bool synced;        /* the agent has answered since */
    bool flowing;       /* what comes of it goes on as it comes */
    uint8_t *out; /* where to, if not to hold: among the bytes that it comes with, which are not
                     before it */
    bool stale;   /* meanwhile the canvas has changed, or the viewer asked for all again */
    bool busy;    /* an update has come since the last rest */
    struct crop_epoch epochs[CROP_EPOCHS]; /* the first is the one whose updates come */
    int epoch_count;                       /* with plain one, whose updates come */
    struct crop_drain drain;               /* with plain */
    struct crop_settle settle;
    uint8_t fence[RFB_FENCE_MAX]; /* of the server's, until it is whole */
    uint8_t fence_len;
    uint32_t fence_flags;
    uint8_t clip[4]; /* the flags of an extended clipboard message of the server's, as above */
    uint8_t clip_len;
    int shown_width, shown_height;    /* of the viewer's framebuffer, as it was told last */
    struct windows_rect canvas;       /* as the viewer has it */
    pixman_region32_t known, painted; /* screen pixels: what the viewer has of them; what is flat */
    bool started, size_due, rre, names, cursors, viewer_wants;
    int32_t resizes; /* by which encoding the viewer learns of another size; 0: it cannot */
    bool format_due; /* the viewer wants the next format */
    unsigned format_changes;
    struct rfb_pixel_format next_format;
    char title[CROP_TITLE_MAX - 32]; /* the window's */
    bool title_due;
    bool passing, inside; /* of the server's message that comes: it goes on; it is not at its end */
    struct rfb_buf cut_text; /* a viewer's clipboard message, until it is whole */

    /* crop_input.c */
    uint8_t buttons; /* as the server has them */
    uint16_t last_x, last_y;
    bool blocked; /* buttons went down where they may not, until all are up */
    uint32_t down[CROP_KEYS_MAX];
    int down_count;
    bool lifted;            /* those, modifiers, are up as long as nothing is sent */
    bool expects_focus;     /* the window is about to have the keyboard */
    struct rfb_buf waiting; /* for the seat, or keys for the application to have the keyboard: whole
                               messages in 8 bytes each */
    uint32_t waiting_for;   /* the window that it is for */
    bool fences;            /* the server has them */
    uint8_t fence_number;   /* of the newest that was sent */
};

/* w has a window that fits. 0, or RFB_E_NO_MEMORY; finish in any case. */
int crop_init(struct crop *c, const struct crop_how *how, const struct rfb_server_init *init,
              const struct windows *w);
void crop_finish(struct crop *c);
/* relaxed: nothing is promised of what the viewer gets, and the name tells it. late: what the
 * server has of the screen may be older than what is known of the windows (crop_settle.c). As those
 * below. */
int crop_relax(struct crop *c, bool relaxed, bool late);
/* What the viewer is told in its ServerInit. */
void crop_server_init(struct crop *c, const struct rfb_server_init *init,
                      struct rfb_server_init *to);

/* All below: 0, or RFB_E_INVALID, _TOO_LARGE (who sent it broke the protocol, c->why) or
 * RFB_E_NO_MEMORY. They may leave bytes in to_server and to_viewer. */

int crop_windows(struct crop *c, const struct windows *w);
int crop_synced(struct crop *c);
/* The server has another clipboard than the viewer gave it, which the crop may not have seen. */
void crop_forget_clipboard(struct crop *c);
/* Some time has passed. */
int crop_settle(struct crop *c);
/* The owner has taken all that was in to_viewer: until then the viewer gets nothing more, whatever
 * it asks for. */
int crop_taken(struct crop *c);
/* From time to time: gives memory back where nothing has come since the last time. */
void crop_rest(struct crop *c);
/* Without the seat (seat.h) no input goes to the server: it waits. Taken: what crop_windows was
 * told last is newer than that. */
int crop_take_seat(struct crop *c);
/* Lets go what is down. `seat` becomes CROP_UNSEATED when the server has told that it has done all
 * that it was sent, or at once where it cannot tell. */
int crop_leave_seat(struct crop *c);
/* The server does not tell. */
void crop_lose_seat(struct crop *c);
/* With the seat: nothing is held down or waits, nor is the keyboard about to be the window's. */
bool crop_is_idle(const struct crop *c);
/* A key or a button is down. */
bool crop_holds(const struct crop *c);
/* What waits for the seat: nothing, the pointer's way, or more. */
enum crop_waiting { CROP_WAITS_NOTHING, CROP_WAITS_MOVE, CROP_WAITS_INPUT };
enum crop_waiting crop_waits(const struct crop *c);
/* The viewer has gone, but for its input: what the server sends is thrown away. */
int crop_stop_showing(struct crop *c);
/* The old connection has been given all there was for it and gets nothing more. What the viewer
 * says meanwhile waits in to_server for the new one. */
int crop_swap_begin(struct crop *c);
/* The new one is there, behind its handshake; init: what it began with. */
int crop_swap_end(struct crop *c, const struct rfb_server_init *init);
int crop_from_viewer(struct crop *c, const uint8_t *data, size_t len);
int crop_from_server(struct crop *c, const uint8_t *data, size_t len);
/* The same with bytes that can be sent on from where they are: the first *n from data on, made anew
 * in their place, are the viewer's then, before those of to_viewer. */
int crop_relay(struct crop *c, uint8_t *data, size_t len, size_t *n);
/* Where up to *n bytes of the server's, which can become less, can be read to, so that nothing has
 * to be copied when they are given to crop_from_server next, before anything else is done. NULL:
 * anywhere. */
uint8_t *crop_room(struct crop *c, size_t *n);

#endif
