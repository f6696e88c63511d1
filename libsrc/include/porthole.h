/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libporthole: see and drive a VNC desktop from a program.
 *
 *     ph_client *c;
 *     ph_frame *f;
 *     ph_error e;
 *     if (ph_connect("vnc+unix:/run/desktop/vnc.sock", NULL, NULL, &c, &e) != PH_OK)
 *         errx(1, "%s", e.message);
 *     ph_frame_get(c, 0, NULL, &f, &e);          // a complete picture of the desktop
 *     ph_click(c, 640, 400, PH_BUTTON_LEFT, 1, NULL, NULL, &e);
 *     ph_type(c, "hello", NULL, NULL, &e);
 *     ph_frame_unref(f);
 *     ph_close(c, NULL, &e);
 *
 * Conventions. Functions that can fail return PH_OK (0) or a negative ph_code, and describe a
 * failure in *error, which may be NULL. Coordinates and sizes are framebuffer pixels from the top
 * left corner; what lies outside is refused, never clamped. Text is UTF-8. Every function may be
 * called from any thread, on the same handle too, except that a handle must not be in use when its
 * closing or destroying call begins, nor afterwards. The library has no global state to set up,
 * installs no signal handlers and writes nothing to the terminal. (LibVNCClient's two log hooks,
 * which are process-wide, are chained for good: what it says of this library's connections is
 * taken, all else reaches the hooks set before. So the library stays loaded, even after dlclose.)
 * Codes may be added: treat one you do not know as a failure.
 */
#ifndef PORTHOLE_H
#define PORTHOLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PH_API __attribute__((visibility("default")))
#else
#define PH_API
#endif

/* ---- errors ---- */

enum ph_code {
    PH_OK = 0,
    PH_E_ARGUMENT = -1,    /* the caller asked for something that cannot be: a bad target, key name,
                              coordinate outside the framebuffer, ... */
    PH_E_UNREACHABLE = -2, /* no connection: name not found, refused, no such socket */
    PH_E_REFUSED = -3,     /* the server, or a rule of this side, said no; the message tells why */
    PH_E_TIMEOUT = -4,     /* the deadline passed */
    PH_E_PROTOCOL = -5,    /* the server broke the protocol, or speaks none we know */
    PH_E_NOT_FOUND = -6,   /* what was asked for is not there */
    PH_E_CANCELLED = -7,   /* ph_cancel_trigger was called */
    PH_E_CLOSED = -8,      /* the connection ended */
    PH_E_NO_MEMORY = -9,
    PH_E_SYSTEM = -10,         /* the operating system said no; the message says to what */
    PH_E_PASSWORD = -11,       /* a user name, password or token is wrong, or wanted and missing */
    PH_E_TOO_MANY_TRIES = -12, /* after too many failures the server lets nobody try for a while */
    PH_E_UNTRUSTED = -13,  /* the server's certificate is not trusted, expired or another host's */
    PH_E_UNSUPPORTED = -14 /* the server has nothing of the kind that we speak and may use */
};

/* What went wrong: filled by a function that fails, untouched by one that does not. */
typedef struct ph_error {
    int code;          /* as the function returned it */
    char message[508]; /* one line of printable UTF-8, without a newline */
} ph_error;

/* A short English name of a code; static storage, never NULL. */
PH_API const char *ph_strerror(int code);

/* The library's version, "MAJOR.MINOR.PATCH"; static storage. */
PH_API const char *ph_version(void);

/* ---- deadlines and cancelling ---- */

typedef struct ph_cancel ph_cancel;

/* A cancel object ends, from another thread or a signal-handling thread, every call that waits and
 * was given it. Once triggered it stays so. NULL when out of memory. */
PH_API ph_cancel *ph_cancel_create(void);
/* Not async-signal-safe. */
PH_API void ph_cancel_trigger(ph_cancel *cancel);
/* No call may still be using it. NULL is accepted. */
PH_API void ph_cancel_destroy(ph_cancel *cancel);

/* How long a call may wait. NULL in its place means 10 seconds and no cancelling. */
typedef struct ph_limit {
    int timeout_ms;    /* milliseconds from the call; negative: no deadline; 0: do not wait */
    ph_cancel *cancel; /* or NULL; borrowed during the call */
} ph_limit;

/* ---- connections ---- */

typedef struct ph_client ph_client;

/* What a ph_secret_fn is asked for. */
enum ph_secret { PH_SECRET_USERNAME = 1, PH_SECRET_PASSWORD = 2 };

/* Finds what a server wants, a ph_secret, such as by asking a person: writes it to the size bytes
 * at to, with a NUL, and returns 0; anything else means that there is none. It runs on the thread
 * that called ph_connect, before that returns, and the time it takes does not count against the
 * limit. */
typedef int ph_secret_fn(void *data, int which, char *to, size_t size);

/* Begin with = PH_OPTIONS_INIT, then set what is to differ: 0 and NULL are the defaults. Strings
 * are copied by ph_connect. */
typedef struct ph_options {
    size_t size;          /* sizeof(ph_options): tells versions of this struct apart */
    const char *username; /* for Plain (rfbproto, VeNCrypt); at most 1023 bytes. Given, it makes
                             Plain come before other security types. NULL: none */
    const char *password; /* for Plain, at most 1023 bytes, and for VncAuth (RFC 6143 7.2.2), which
                             uses 8 bytes of it. NULL: none */
    ph_secret_fn *secret; /* is asked for what the server wants and is NULL above; or NULL */
    void *secret_data;    /* its first argument */
    const char *token;    /* ws, wss: goes with the request as "Authorization: Bearer TOKEN" (RFC
                             6750); NULL: none */
    const char *ca_file;  /* certificate authorities to trust in place of the system's: PEM */
    int insecure;         /* non-zero: TLS without knowing with whom, that is with any certificate,
                             or with none (VeNCrypt's types TLSNone, TLSVnc and TLSPlain). Who sits
                             in between reads and changes everything */
    int plaintext; /* non-zero: a token, or Plain's user name and password, may cross a network
                      unencrypted. They always may on a unix socket and on loopback */
    const char *encodings; /* names in order of preference with commas between: raw copyrect rre
                              corre hextile zlib tight zrle, all lossless. NULL: "raw" on a unix
                              socket or loopback, "tight,zrle,hextile,raw" elsewhere, and where
                              JPEG is wanted. With copyrect a TigerVNC up to 1.15 leaves wrong
                              pixels where something scrolls below a window */
    int jpeg_quality;      /* 1 (smallest) to 10 (best): Tight may hold JPEG, which is not lossless;
                              0: it may not (rfbproto, JPEG Quality Level Pseudo-encoding) */
    int input_only;        /* non-zero: never ask for pixels; ph_frame_get fails */
} ph_options;

#define PH_OPTIONS_INIT                                                                            \
    {                                                                                              \
        .size = sizeof(ph_options)                                                                 \
    }

/* Connects, authenticates and starts the connection's own thread. Name resolution, connecting and
 * all handshakes share the limit.
 *   target   vnc://HOST, vnc://HOST:DISPLAY (port 5900 + DISPLAY), vnc://HOST::PORT: RFB on TCP,
 *              never with TLS
 *            vncs://, the same with TLS inside of RFB, never without: VeNCrypt's X509None, X509Vnc
 *              and X509Plain (rfbproto), the certificate being verified against HOST
 *            ws://HOST/PATH, ws://HOST:PORT/PATH: RFB in a WebSocket (RFC 6455), as websockify and
 *              portholed serve it; wss://, the same with TLS around it
 *            vnc+unix:/PATH: RFB on a unix socket
 *            fd:NUMBER: a connected stream socket, the library's own to close from this call on,
 *              whatever it returns; it is made non-blocking
 *            HOST is a name, an IPv4 address or an IPv6 address in brackets. TLS is 1.2 or later.
 *   options  NULL: the defaults
 *   *client  on success: owned by the caller, ended by ph_close; on failure: NULL
 * PH_E_ARGUMENT, _UNREACHABLE, _REFUSED, _PASSWORD, _TOO_MANY_TRIES, _UNTRUSTED, _UNSUPPORTED,
 * _NOT_FOUND (no WebSocket at the path), _TIMEOUT, _PROTOCOL, _CANCELLED, _CLOSED, _NO_MEMORY,
 * _SYSTEM. */
PH_API int ph_connect(const char *target, const ph_options *options, const ph_limit *limit,
                      ph_client **client, ph_error *error);

/* Ends the connection and frees the client, whatever it returns; client may be NULL. Where input
 * was sent: releases every key and button that is down, delivers all input, closes the writing half
 * and awaits the server's end, so that a server that reads slowly loses nothing. Frames taken from
 * the client stay valid. The connection's thread is given up to 50 ms beyond the limit to end; one
 * that decodes a large rectangle, or looks a host up, ends by itself later. No other call on the
 * client may be in progress: cancel and await those first. PH_OK, or PH_E_TIMEOUT, _CANCELLED or
 * why the connection ended, when input may not have arrived. */
PH_API int ph_close(ph_client *client, const ph_limit *limit, ph_error *error);

typedef struct ph_info {
    size_t size;          /* sizeof(ph_info) */
    int width, height;    /* pixels */
    int rfb_minor;        /* RFB version 3.rfb_minor: 3, 7 or 8 */
    const char *security; /* "none", "vncauth", "plain", "tlsnone", "tlsvnc", "tlsplain",
                             "x509none", "x509vnc" or "x509plain"; static storage */
    const char *tls;      /* "TLSv1.2", "TLSv1.3", ...; NULL: the bytes are not encrypted. Static
                             storage */
    /* What the server has shown so far; 0 or 1: */
    int continuous_updates; /* it sends changes without being asked for each (rfbproto,
                               ContinuousUpdates) */
    int fence;              /* it sends fences (rfbproto, Fence) */
    int resize;             /* it takes ph_resize, though it may say no; known from the first frame
                               on */
    int utf8_clipboard;     /* its clipboard takes more than Latin-1 (rfbproto, Extended Clipboard);
                               on an input-only connection not before the first use of it */
} ph_info;

#define PH_INFO_INIT                                                                               \
    {                                                                                              \
        .size = sizeof(ph_info)                                                                    \
    }

/* Fills *info, which began as PH_INFO_INIT. PH_E_ARGUMENT for an unknown size, or why the
 * connection ended. */
PH_API int ph_client_info(ph_client *client, ph_info *info, ph_error *error);

/* A desktop's name has at most this many bytes, without the NUL. */
#define PH_NAME_MAX 4096

/* Copies the desktop's name: the server's words as UTF-8, in which control characters and what is
 * no UTF-8 have become spaces. size is that of name in bytes; PH_NAME_MAX + 1 is always enough.
 * PH_E_ARGUMENT when it does not fit, or why the connection ended. */
PH_API int ph_client_name(ph_client *client, char *name, size_t size, ph_error *error);

/* ---- frames ---- */

/* Pixels; x and y from the top left corner. */
typedef struct ph_point {
    int x, y;
} ph_point;
typedef struct ph_rect {
    int x, y, width, height;
} ph_rect;

/* A picture of the whole desktop at one moment. Immutable and reference-counted; holding one never
 * stalls the connection. The pointer is not in it, with one exception that no client can turn off:
 * TigerVNC draws it while it is not where this connection last moved it. */
typedef struct ph_frame ph_frame;

/* The newest complete frame with a sequence number above after (0: any), waiting for one where
 * there is none yet. A frame is complete when the server has sent every pixel of it. The reference
 * is the caller's: end it with ph_frame_unref. PH_E_TIMEOUT, _CANCELLED, PH_E_ARGUMENT
 * (input_only), or why the connection ended. */
PH_API int ph_frame_get(ph_client *client, uint64_t after, const ph_limit *limit, ph_frame **frame,
                        ph_error *error);
PH_API ph_frame *ph_frame_ref(ph_frame *frame);
PH_API void ph_frame_unref(ph_frame *frame); /* NULL is accepted */

PH_API int ph_frame_width(const ph_frame *frame);
PH_API int ph_frame_height(const ph_frame *frame);
/* Counts the connection's frames from 1; a later one has a higher number. */
PH_API uint64_t ph_frame_sequence(const ph_frame *frame);
/* When its last pixel arrived: nanoseconds of CLOCK_MONOTONIC. */
PH_API int64_t ph_frame_time(const ph_frame *frame);
/* height rows of width pixels without padding, top row first; a pixel is 0xffRRGGBB in the
 * machine's byte order (little-endian: bytes B, G, R, 0xff). Valid as long as the reference is
 * held. */
PH_API const uint32_t *ph_frame_pixels(const ph_frame *frame);
/* Where this frame may differ from the connection's earlier frame `since`: writes at most max
 * rectangles, which together hold every pixel that the server has sent between the two, and returns
 * how many; 0 when there are none or max is 0. More than max become fewer, larger ones. They say
 * what was sent: servers send unchanged pixels too. The whole frame when since is 0, when the size
 * has changed in between, or when since is more than 256 frames back. The frame answers by itself,
 * also when the connection has ended. */
PH_API size_t ph_frame_damage(const ph_frame *frame, uint64_t since, ph_rect *rects, size_t max);

/* ---- waiting for what a frame shows ----
 * Frames are compared when they come, where the server has sent something, and on the caller's
 * thread; nothing is asked for in intervals. Resizes are followed: a region or mask that ends up
 * outside the smaller screen then has nothing left to show. All: PH_E_ARGUMENT (a region or mask
 * outside the screen as it is at the call, an input-only connection), PH_E_TIMEOUT, _CANCELLED,
 * PH_E_NO_MEMORY, or why the connection ended; *frame, where there is one, is a reference for the
 * caller, and NULL where not said otherwise. */

/* What is watched. Begin with = PH_WATCH_INIT; NULL in its place: the whole screen. */
typedef struct ph_watch {
    size_t size;           /* sizeof(ph_watch) */
    ph_rect region;        /* all 0: the whole screen, whatever its size */
    const ph_rect *masks;  /* what does not count inside it: clocks, carets; borrowed */
    size_t mask_count;     /* at most 1000 */
    const ph_frame *since; /* a frame of this connection, see the calls; borrowed. NULL: the newest
                              frame at the call */
} ph_watch;

#define PH_WATCH_INIT                                                                              \
    {                                                                                              \
        .size = sizeof(ph_watch)                                                                   \
    }

/* Waits until a watched pixel differs from the frame since, or the size does. Pixels that are sent
 * again and are as they were are no change. With since taken before an action, what that has
 * changed before this call counts too. */
PH_API int ph_wait_change(ph_client *client, const ph_watch *watch, const ph_limit *limit,
                          ph_frame **frame, ph_error *error);

/* Waits until no watched pixel has changed for quiet_ms milliseconds, counted from the call or the
 * last change after it by the frames' times (ph_frame_time). A new size is a change; since is of no
 * use here. *frame: the screen as it was all the while; on PH_E_TIMEOUT the newest frame, or NULL
 * before the first. *waited_ms (may be NULL), also on failure: milliseconds from the call to the
 * last change, 0 when there was none. */
PH_API int ph_wait_quiet(ph_client *client, const ph_watch *watch, int quiet_ms,
                         const ph_limit *limit, ph_frame **frame, int *waited_ms, ph_error *error);

/* A small picture to look for. */
typedef struct ph_pattern {
    const uint32_t *pixels; /* height rows of width pixels 0xAARRGGBB, top row first; where AA is 0
                               anything matches, other values of it are all the same */
    int width, height;      /* at most 16384 each and 2^26 pixels in all */
    int tolerance;          /* 0 to 255: by how much red, green and blue may each differ */
} ph_pattern;

/* The first place, top to bottom and then left to right, where the picture is in the frame, or in a
 * region of it (NULL or all 0: the frame). *at: of its top left corner, untouched on failure.
 * PH_E_NOT_FOUND, PH_E_ARGUMENT (also for a wholly transparent picture), PH_E_NO_MEMORY. */
PH_API int ph_frame_find(const ph_frame *frame, const ph_pattern *pattern, const ph_rect *region,
                         ph_point *at, ph_error *error);

/* Waits until the picture is in the region, touching no mask: in the newest frame, or, with since,
 * in one after that. *frame: where it is, at *at. A search is cut off 50 ms behind the limit. */
PH_API int ph_wait_match(ph_client *client, const ph_watch *watch, const ph_pattern *pattern,
                         const ph_limit *limit, ph_frame **frame, ph_point *at, ph_error *error);

/* ---- the pointer ---- */

/* The pointer at one moment. Immutable and reference-counted, like a frame. */
typedef struct ph_cursor ph_cursor;

typedef struct ph_cursor_info {
    size_t size;        /* sizeof(ph_cursor_info) */
    int position_known; /* 0: neither has the server told (PointerPos, VMware's cursor position) nor
                           has this connection moved it, or it is not on the screen */
    int x, y;           /* where its hot spot is; 0 when not known */
    int width, height;  /* of the shape; 0: it is hidden, or the server has told none */
    int hot_x, hot_y;   /* the hot spot, from the shape's top left corner; a server may put it
                           outside */
    const uint32_t *pixels; /* height rows of width pixels 0xAARRGGBB, premultiplied by their alpha;
                               valid as long as the reference is held; NULL when there are none */
} ph_cursor_info;

#define PH_CURSOR_INFO_INIT                                                                        \
    {                                                                                              \
        .size = sizeof(ph_cursor_info)                                                             \
    }

/* The pointer as it is now (RFC 6143 section 7.8.1; rfbproto, CursorWithAlpha); waits for nothing.
 * TigerVNC tells no shape while it draws the pointer into the pixels, see ph_frame. *cursor is a
 * reference for the caller; NULL on failure: PH_E_NO_MEMORY, or why the connection ended. */
PH_API int ph_cursor_get(ph_client *client, ph_cursor **cursor, ph_error *error);
PH_API ph_cursor *ph_cursor_ref(ph_cursor *cursor);
PH_API void ph_cursor_unref(ph_cursor *cursor); /* NULL is accepted */
/* Fills *info, which began as PH_CURSOR_INFO_INIT. PH_E_ARGUMENT for an unknown size. */
PH_API int ph_cursor_describe(const ph_cursor *cursor, ph_cursor_info *info, ph_error *error);

/* ---- resizing ---- */

/* Asks the server for a screen of this size (rfbproto, SetDesktopSize), as one screen that keeps
 * the id of the first there is, and awaits its answer and a frame of the new size. At once where
 * the screen has it. 1 to 16384 a side, 2^26 pixels in all. PH_E_REFUSED says the server's reason;
 * PH_E_UNSUPPORTED: it does not take such requests; PH_E_ARGUMENT, PH_E_TIMEOUT, _CANCELLED,
 * PH_E_NO_MEMORY, or why the connection ended. */
PH_API int ph_resize(ph_client *client, int width, int height, const ph_limit *limit,
                     ph_error *error);

/* ---- bell ---- */

/* Waits until the server has rung the bell (RFC 6143 section 7.6.3) more than after times since the
 * connection began, or at once where it has. *count, also on failure: how many times by now.
 * PH_OK, PH_E_TIMEOUT, _CANCELLED, or why the connection ended. */
PH_API int ph_bell_wait(ph_client *client, uint64_t after, const ph_limit *limit, uint64_t *count,
                        ph_error *error);

/* ---- images ---- */

enum ph_image_format { PH_IMAGE_PNG = 1, PH_IMAGE_JPEG = 2, PH_IMAGE_WEBP = 3 };

/* Begin with = PH_IMAGE_OPTIONS_INIT: 0 is the default of each. */
typedef struct ph_image_options {
    size_t size;      /* sizeof(ph_image_options) */
    int format;       /* a ph_image_format; 0: PNG (8-bit RGB). JPEG is 4:2:0. A WebP has at most
                         16383 pixels a side */
    int quality;      /* JPEG and lossy WebP: 1 to 100; 0: 85 */
    int lossless;     /* non-zero: WebP without loss, as PNG always is */
    ph_rect region;   /* what part of the frame; all 0: the whole */
    int max_edge;     /* the longest side of the image in pixels, 1 to 16384; 0: no limit */
    int max_pixels;   /* width times height of the image, 1 to 2^26; 0: no limit */
    int enlarge;      /* non-zero: scaled up to max_edge and max_pixels too, of which one must be
                         set; otherwise they only scale down */
    size_t max_bytes; /* the file's size; 0: no limit. First the quality gives way, down to 40,
                         then the scale, down to 64 pixels on the longest side */
    const ph_cursor *cursor; /* drawn where it is, if its place and shape are known; borrowed during
                                the call; NULL: no pointer */
} ph_image_options;

#define PH_IMAGE_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .size = sizeof(ph_image_options)                                                           \
    }

/* What became of a frame: begin with = PH_IMAGE_INFO_INIT, or fill it yourself for
 * ph_image_to_desktop. */
typedef struct ph_image_info {
    size_t size;       /* sizeof(ph_image_info) */
    int format;        /* a ph_image_format */
    int quality;       /* as used; 0: lossless */
    int width, height; /* of the image */
    ph_rect region;    /* of the desktop, which the image shows */
} ph_image_info;

#define PH_IMAGE_INFO_INIT                                                                         \
    {                                                                                              \
        .size = sizeof(ph_image_info)                                                              \
    }

/* Encodes a frame, or a region of it, as a file in memory; options NULL: the defaults. Scaling
 * keeps the aspect to the nearest pixel, and at least one pixel each way; it filters (Lanczos), so
 * that text stays readable. With max_bytes it encodes up to 10 times.
 *   *bytes  on success: the caller's, to be freed with ph_free; on failure: NULL
 *   *info   NULL, or filled on success
 * PH_E_ARGUMENT (options that cannot be; a budget of bytes that cannot be kept), PH_E_NO_MEMORY,
 * PH_E_SYSTEM. */
PH_API int ph_image_encode(const ph_frame *frame, const ph_image_options *options, uint8_t **bytes,
                           size_t *len, ph_image_info *info, ph_error *error);

/* The pixel of the desktop that lies under the centre of pixel (x, y) of an image:
 *   region.x + floor((x + 1/2) * region.width / width), and y likewise.
 * It is always inside the region, and exact where the image is not scaled. PH_E_ARGUMENT for a
 * point outside the image. */
PH_API int ph_image_to_desktop(const ph_image_info *info, int x, int y, ph_point *desktop,
                               ph_error *error);

/* Reads a PNG, JPEG or WebP file in memory, from anywhere: at most 16384 pixels a side and 2^26 in
 * all, checked before memory is taken for them.
 *   *pixels  on success: height rows of width pixels 0xAARRGGBB, alpha not multiplied in, to be
 *            freed with ph_free; on failure: NULL
 * PH_E_ARGUMENT for what is none of the three, damaged, cut short, too large or an animation;
 * PH_E_NO_MEMORY. */
PH_API int ph_image_decode(const uint8_t *bytes, size_t len, uint32_t **pixels, int *width,
                           int *height, ph_error *error);

PH_API void ph_free(void *bytes); /* NULL is accepted */

/* ---- input ----
 * Calls of several threads take turns, so their events do not mix. A call returns once its events
 * are queued, in the order of the calls; the limit bounds the wait for a turn, for room where the
 * server does not read, and the pauses that the options ask for. ph_close delivers what is queued
 * and releases what is held down. A call that fails or is cancelled releases what it has pressed,
 * and its message says how much was sent. All: PH_E_ARGUMENT (nothing was sent), PH_E_TIMEOUT,
 * _CANCELLED, _NO_MEMORY, or why the connection ended. */

enum ph_button { PH_BUTTON_LEFT = 1, PH_BUTTON_MIDDLE = 2, PH_BUTTON_RIGHT = 3 };

/* Begin with = PH_INPUT_INIT: 0 and NULL are the defaults. Where a call has no use for one of them,
 * it is ignored. Times are milliseconds, 0 to 60000. */
typedef struct ph_input_options {
    size_t size;           /* sizeof(ph_input_options) */
    const char *modifiers; /* as in "ctrl+shift": down during the call; what is down before it stays
                              so. NULL: none. Borrowed during the call */
    int hold_ms;           /* for how long each button, wheel step, character or chord is down; a
                              drag rests so long at its first and at its last point */
    int interval_ms;       /* between clicks, steps of a drag or of the wheel, characters */
    int new_symbol_ms;     /* the pause before a key that is a new symbol, see ph_type; 0: 10 */
    int new_symbols;       /* ph_type: how many new symbols the connection may have typed behind the
                              call; 0: 16; negative: any number */
    int paste;             /* ph_type, non-zero: through the clipboard, see there */
    const char *paste_chord; /* what pastes; NULL: "ctrl+v" */
} ph_input_options;

#define PH_INPUT_INIT                                                                              \
    {                                                                                              \
        .size = sizeof(ph_input_options)                                                           \
    }

PH_API int ph_move(ph_client *client, int x, int y, const ph_limit *limit, ph_error *error);
/* Moves to (x, y), then presses (down non-zero) or releases a button. */
PH_API int ph_button(ph_client *client, int x, int y, int button, int down, const ph_limit *limit,
                     ph_error *error);
/* Moves there, then presses and releases count times (1 to 10). */
PH_API int ph_click(ph_client *client, int x, int y, int button, int count,
                    const ph_input_options *options, const ph_limit *limit, ph_error *error);
/* Presses at points[0], moves along straight lines through all points in steps of at most 16
 * pixels, releases at the last. count is 2 to 1000. */
PH_API int ph_drag(ph_client *client, const ph_point *points, size_t count, int button,
                   const ph_input_options *options, const ph_limit *limit, ph_error *error);
/* Turns the wheel at (x, y): right and down steps, negative for left and up; together 1 to 1000.
 * Down or up comes first. */
PH_API int ph_scroll(ph_client *client, int x, int y, int right, int down,
                     const ph_input_options *options, const ph_limit *limit, ph_error *error);

/* The keysym of a key's name, in xdotool's and X11's terms ("Return", "Page_Up", "a", "F5"), in any
 * case and with the usual aliases (enter, esc, ctrl, cmd, win, del, pgup, ...). A single character
 * is itself. PH_E_ARGUMENT with the name when there is none such. */
PH_API int ph_keysym(const char *name, uint32_t *keysym, ph_error *error);
/* Presses or releases one key (an X11 keysym). A release carries the keysym of its press. At most
 * 64 are held at the same time. */
PH_API int ph_key(ph_client *client, uint32_t keysym, int down, const ph_limit *limit,
                  ph_error *error);
/* Presses the keys of a chord such as "ctrl+shift+t" in order and releases them in reverse, but for
 * those that ph_key holds; letters behind a Shift become capitals. "plus" or a last "+" is the plus
 * key. At most 8 keys. */
PH_API int ph_chord(ph_client *client, const char *chord, const ph_input_options *options,
                    const ph_limit *limit, ph_error *error);
/* Is this a chord ph_chord would take? Needs no connection. PH_OK or PH_E_ARGUMENT. */
PH_API int ph_chord_check(const char *chord, ph_error *error);
/* Types UTF-8 text, a press and a release for each character; newline is Return, tab is Tab. Text
 * that is not UTF-8 or holds another control character is PH_E_ARGUMENT, and nothing is typed.
 * Symbols beyond basic Latin are typed as the keysyms they have, U+0308 as U+0308. The server binds
 * those that its keymap lacks to keys that are free, if it can: TigerVNC 1.12 and x11vnc 0.9.16
 * have room for about 18 of them, which they do not give back, and drop the rest unseen; QEMU drops
 * all. So a symbol is new unless it is one of the last 16 such of this connection; time is left in
 * front of it, and a text that brings the connection above options.new_symbols is PH_E_ARGUMENT.
 * Where the first key of a call is new, Shift is pressed and released before: Xvnc loses it
 * otherwise.
 * With options.paste the text becomes the clipboard instead, whatever its symbols and control
 * characters, options.paste_chord is pressed, and with the extended clipboard the call ends when
 * the server has fetched the text: PH_E_TIMEOUT when nothing on the desktop asks for it. Without
 * it nobody tells, and what is typed next may come before the text. See ph_clipboard_set;
 * modifiers and interval_ms are ignored. */
PH_API int ph_type(ph_client *client, const char *text, const ph_input_options *options,
                   const ph_limit *limit, ph_error *error);
/* Releases every key and button that this connection holds down. */
PH_API int ph_release_all(ph_client *client, const ph_limit *limit, ph_error *error);

/* ---- clipboard ----
 * Text is UTF-8 with newlines as line ends. Servers with the extended clipboard (rfbproto:
 * TigerVNC, QEMU, wayvnc) take and give all of it, others (x11vnc) Latin-1 (RFC 6143 7.5.6). Errors
 * as for input. */

/* Makes text the clipboard of the desktop; at most 262,144 bytes, where each newline counts twice
 * and one is for the end. PH_E_ARGUMENT for a longer one, and for one that a server with Latin-1
 * does not take, with its first such character. TigerVNC (1.12) makes it PRIMARY and CLIPBOARD,
 * fetches it when a program asks, and forgets it when the connection ends. x11vnc (0.9.16) keeps it
 * until something else is copied, and hands its Latin-1 bytes also to who asks for UTF-8; before it
 * has had a client for 8 seconds, or with X11VNC_AVOID_WINDOWS=never in its environment one second,
 * it drops what it is given. */
PH_API int ph_clipboard_set(ph_client *client, const char *text, const ph_limit *limit,
                            ph_error *error);
/* The desktop's clipboard, waiting for one with a serial above after (0: any). *text is the
 * caller's, to be freed with ph_free; *serial, unless serial is NULL, counts the texts since the
 * connection began, on an input-only one since its first use of the clipboard. TigerVNC tells what
 * is copied while the connection lasts and not what was there before; x11vnc nothing in the first
 * 15 seconds of a connection, then what is there. What is not UTF-8 has become question marks; an
 * empty text is none. PH_E_REFUSED for one above 16 MiB. */
PH_API int ph_clipboard_get(ph_client *client, uint64_t after, const ph_limit *limit, char **text,
                            uint64_t *serial, ph_error *error);

/* ---- windows ----
 * What porthole-agent tells of the desktop's X display, and does there (its PROTOCOL.feed): a
 * connection of its own, beside or without a ph_client. Rectangles are screen pixels, which are a
 * whole desktop's framebuffer pixels; windows may hang over the screen's edges. */

typedef struct ph_windows ph_windows;

typedef struct ph_windows_options {
    size_t size;       /* sizeof(ph_windows_options) */
    const char *token; /* for TCP, at most 512 bytes; copied. NULL: none */
} ph_windows_options;

#define PH_WINDOWS_OPTIONS_INIT                                                                    \
    {                                                                                              \
        .size = sizeof(ph_windows_options)                                                         \
    }

/* Connects to an agent: unix:/PATH, or tcp:HOST:PORT (an IPv6 address in brackets); options may be
 * NULL. Ready means that the windows are known. PH_E_ARGUMENT, _UNREACHABLE; PH_E_PASSWORD: TCP
 * wants a token, or another one; PH_E_PROTOCOL: it is no agent. */
PH_API int ph_windows_open(const char *address, const ph_windows_options *options,
                           const ph_limit *limit, ph_windows **windows, ph_error *error);
/* Accepts NULL. Lists stay. */
PH_API void ph_windows_close(ph_windows *windows);

/* Bits of ph_window.states. */
enum ph_window_state {
    PH_WINDOW_FOCUSED = 1, /* it has the keyboard */
    PH_WINDOW_MINIMIZED = 2,
    PH_WINDOW_MAXIMIZED = 4,
    PH_WINDOW_FULLSCREEN = 8,
    PH_WINDOW_MODAL = 16,
    PH_WINDOW_ABOVE = 32, /* kept above others, or below */
    PH_WINDOW_BELOW = 64,
    PH_WINDOW_ATTENTION = 128
};

/* One window. Texts are printable UTF-8, never NULL. */
typedef struct ph_window {
    uint32_t id;       /* its X window */
    uint32_t owner;    /* the window that it belongs to, as menus and dialogs do; 0: none known */
    const char *app;   /* the class of WM_CLASS, "XTerm"; "": unknown */
    const char *title; /* may be "" */
    const char *kind;  /* "normal", "dialog", "menu", "popup", ...: see PROTOCOL.feed */
    uint32_t pid;      /* of its program, as its X server counts; 0: unknown */
    ph_rect rect;      /* without the window manager's frame and invisible borders */
    ph_rect frame;     /* with the window manager's frame */
    int mapped;        /* 0: minimised, or on another workspace */
    int override_redirect; /* no window manager looks after it, as with menus */
    unsigned states;       /* ph_window_state */
} ph_window;

/* All windows at one moment, bottom to top; immutable, reference-counted, for any thread. Fields
 * and windows' fields may be added by later versions, so neither is to be copied by value. */
typedef struct ph_window_list {
    uint64_t serial;     /* counts them while the agent runs */
    int width, height;   /* of the screen */
    const char *manager; /* the window manager's name; NULL: there is none */
    int compositing;     /* 1: a compositing manager draws the screen */
    int complete;        /* 0: there are more windows than are told */
    size_t count;
    const ph_window *const *windows;
} ph_window_list;

/* The windows, waiting for a list with a serial above after (0: any). The caller's reference. Once
 * the agent is gone: PH_E_CLOSED. */
PH_API int ph_windows_list(ph_windows *windows, uint64_t after, const ph_limit *limit,
                           const ph_window_list **list, ph_error *error);
/* Accepts NULL. */
PH_API void ph_window_list_unref(const ph_window_list *list);

/* What a window is to be like; what is 0 or NULL does not matter. */
typedef struct ph_window_match {
    size_t size; /* sizeof(ph_window_match) */
    uint32_t id;
    uint32_t pid;
    const char *app;   /* in any case of letters */
    const char *title; /* a pattern with *, ? and [...], as fnmatch(3) has them */
    const char *kind;
    int mapped;      /* 1: it must be */
    unsigned states; /* all of these it must have */
} ph_window_match;

#define PH_WINDOW_MATCH_INIT                                                                       \
    {                                                                                              \
        .size = sizeof(ph_window_match)                                                            \
    }

/* The topmost window that fits; NULL: none. The list's. */
PH_API const ph_window *ph_window_list_find(const ph_window_list *list,
                                            const ph_window_match *match);
/* Waits until a window fits: *list is the list that has it, the caller's reference, *window the
 * topmost. Or, with gone non-zero, until none fits: window may be NULL then, else *window is NULL.
 */
PH_API int ph_windows_wait(ph_windows *windows, const ph_window_match *match, int gone,
                           const ph_limit *limit, const ph_window_list **list,
                           const ph_window **window, ph_error *error);

/* Each asks the agent and ends with its answer: the request has been made, and what comes of it the
 * lists tell. PH_E_NOT_FOUND: there is no such window. PH_E_REFUSED: the agent's words say why. */

/* Raises it and gives it the keyboard, from minimised too. */
PH_API int ph_window_activate(ph_windows *windows, uint32_t id, const ph_limit *limit,
                              ph_error *error);
/* So that its rect begins at x, y; or has this size. */
PH_API int ph_window_move(ph_windows *windows, uint32_t id, int x, int y, const ph_limit *limit,
                          ph_error *error);
PH_API int ph_window_resize(ph_windows *windows, uint32_t id, int width, int height,
                            const ph_limit *limit, ph_error *error);
/* Asks it to close, which it may answer with a dialog; force: ends its program's connection. */
PH_API int ph_window_close(ph_windows *windows, uint32_t id, int force, const ph_limit *limit,
                           ph_error *error);
PH_API int ph_window_minimize(ph_windows *windows, uint32_t id, const ph_limit *limit,
                              ph_error *error);
PH_API int ph_window_restore(ph_windows *windows, uint32_t id, const ph_limit *limit,
                             ph_error *error);
/* Starts a program on the display; argv ends with NULL. folder: where it starts; NULL: where the
 * agent runs. *pid, unless NULL, is its process there. */
PH_API int ph_windows_launch(ph_windows *windows, const char *const *argv, const char *folder,
                             const ph_limit *limit, uint32_t *pid, ph_error *error);

#ifdef __cplusplus
}
#endif

#endif
