/* SPDX-License-Identifier: GPL-2.0-or-later
 * Actions: what a program asks of a desktop in JSON, one object each, in the names and parameters
 * of Anthropic's computer tool (https://docs.anthropic.com/en/docs/build-with-claude/computer-use),
 * with some of Porthole's own. This room knows nothing of where they come from and where the
 * answers go: `porthole do` reads and prints them. */
#ifndef PORTHOLE_ACTION_H
#define PORTHOLE_ACTION_H

#include <jansson.h>
#include <porthole.h>
#include <stdbool.h>

enum { ACTION_MASKS_MAX = 16, ACTION_PATH_MAX = 1000, ACTION_HELD = 4 };

/* What a parameter's value is in JSON, and what it becomes in struct action_values. */
enum action_kind {
    ACTION_TEXT,    /* a string without NUL; const char *, borrowed from the object */
    ACTION_CHORD,   /* a string as ph_chord takes it, "ctrl+shift+t"; likewise */
    ACTION_CHORDS,  /* one or more of them with spaces between; likewise */
    ACTION_CHOICE,  /* one of the strings in `choices`; int, counted from min */
    ACTION_INTEGER, /* min to max; int64_t */
    ACTION_SECONDS, /* a number, above 0 and up to max; int, in milliseconds */
    ACTION_FLAG,    /* true or false; bool */
    ACTION_POINT,   /* [x, y]; struct action_point */
    ACTION_PATH,    /* 2 to ACTION_PATH_MAX of [x, y]; struct action_path */
    ACTION_REGION,  /* [x0, y0, x1, y1], the second corner not in it; struct action_region */
    ACTION_MASKS,   /* up to ACTION_MASKS_MAX of [x0, y0, x1, y1]; struct action_masks */
    ACTION_CHANGE,  /* true for the whole screen, or as ACTION_REGION; struct action_region */
};

struct action_point {
    bool given;
    ph_point at;
};
struct action_path {
    ph_point *points; /* owned */
    size_t count;     /* 0: not given */
};
struct action_region {
    bool given;
    ph_rect rect; /* all 0: the whole screen */
};
struct action_masks {
    ph_rect rects[ACTION_MASKS_MAX];
    size_t count;
};

/* Every parameter of every action; what was not given is 0. */
struct action_values {
    const char *text;
    struct action_point coordinate, start_coordinate;
    struct action_path path;
    struct action_region region;
    int direction; /* scroll_direction: 0 up, 1 down, 2 left, 3 right */
    int64_t amount;
    int duration_ms;
    int interval_ms;
    bool any_symbols, paste;
    const char *paste_chord;
    const char *file;
    int format; /* a ph_image_format */
    int64_t quality, max_edge, max_pixels, max_bytes;
    bool lossless, cursor;
    int64_t after; /* of clipboard_get */
    int64_t since;
    int64_t quiet_ms;
    /* what any action can carry */
    int timeout_ms;
    struct action_region expect_change;
    int64_t wait_quiet_ms;
    struct action_masks masks;
    int64_t unless_changed_since;
    struct action_region unchanged_region;
};

struct action_param {
    const char *name; /* NULL ends a table */
    enum action_kind kind;
    bool required;
    size_t at; /* in struct action_values */
    int64_t min, max;
    const char *choices; /* "up|down|left|right" */
    const char *summary;
};

struct action_context;

/* Does it, adding to the answer what there is to tell. PH_OK or a ph_code with *error filled. */
typedef int action_fn(struct action_context *context, const struct action_values *values,
                      json_t *answer, ph_error *error);

/* What no single parameter shows to be wrong. PH_OK or PH_E_ARGUMENT with *error filled. */
typedef int action_check_fn(const struct action_values *values, ph_error *error);

struct action_spec {
    const char *name;
    const char *summary;
    const struct action_param *params; /* of its own */
    action_fn *run;
    action_check_fn *check; /* or NULL */
    bool looks;             /* it only looks: what is expected of the screen is awaited first */
};

/* All actions, and the parameters that each of them takes beside its own; a NULL name ends both. */
extern const struct action_spec action_specs[];
extern const struct action_param action_common_params[];

struct action {
    const struct action_spec *spec;
    struct action_values values;
};

/* Reads an action strictly: what is unknown, missing or of another type is PH_E_ARGUMENT with a
 * message that names the action, the parameter and what would be right. The object must stay until
 * action_finish, which accepts what failed too. *to needs no initialising. */
int action_parse(const json_t *object, struct action *to, ph_error *error);
void action_finish(struct action *action);

/* What actions run on. */
struct action_context {
    ph_client *client;
    ph_limit limit;              /* of each thing that waits for the server */
    int interrupt_fd;            /* readable: stop waiting; or -1 */
    ph_frame *held[ACTION_HELD]; /* the frames of the last pictures, for unless_changed_since */
};
void action_context_finish(struct action_context *context);

/* Runs it with its expectations: refuses by unless_changed_since, does it, awaits expect_change and
 * quiet. Adds to the answer (an object): what the action tells; "sequence" of the frame it tells
 * of, else of the newest; on a failure "done": has the action itself been done? A ph_code. */
int action_run(struct action_context *context, const struct action *action, json_t *answer,
               ph_error *error);

/* For the functions of the table. */
ph_limit action_limit(const struct action_context *context, const struct action_values *values,
                      int64_t waits_ms);
/* Where the pointer is. PH_E_NOT_FOUND when neither the server has told nor an action moved it. */
int action_pointer(struct action_context *context, ph_point *at, ph_error *error);
/* The frame of that sequence where it is held, else NULL; borrowed. */
const ph_frame *action_held(const struct action_context *context, int64_t sequence);
/* Until the region (all 0: the screen) differs from since, or is quiet; *frame is the caller's. */
int action_await_change(struct action_context *context, const struct action_values *values,
                        const ph_rect *region, const ph_frame *since, ph_frame **frame,
                        ph_error *error);
int action_await_quiet(struct action_context *context, const struct action_values *values,
                       const ph_rect *region, int64_t quiet_ms, json_t *answer, ph_frame **frame,
                       ph_error *error);
/* Tells the frame's sequence and holds it for what may be asked about it later; takes the reference
 * over. */
void action_hold(struct action_context *context, ph_frame *frame, json_t *answer);
int action_error(ph_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Calls each chord of a text with spaces between (a space alone is the space key) with `each`,
 * until one fails. */
typedef int action_chord_fn(void *data, const char *chord, ph_error *error);
int action_each_chord(const char *text, action_chord_fn *each, void *data, ph_error *error);

action_check_fn action_check_drag, action_check_picture;
action_fn action_key, action_type, action_hold_key, action_mouse_move, action_left_click,
    action_right_click, action_middle_click, action_double_click, action_triple_click,
    action_left_click_drag, action_left_mouse_down, action_left_mouse_up, action_scroll,
    action_release_all, action_wait, action_cursor_position, action_screenshot, action_zoom,
    action_wait_change, action_wait_quiet, action_clipboard_get, action_clipboard_set;

#endif
