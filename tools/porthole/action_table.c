/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one table of actions. Names and parameters are those of Anthropic's computer tool wherever it
 * has them; what is Porthole's own is told by (own). */
#include <stddef.h>

#include "action.h"
#include "picture.h"

#define AT(field) .at = offsetof(struct action_values, field)
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

enum {
    SECONDS_MAX = 3600,
    QUIET_MAX = 3600000,
    SIDE_MAX = 16384,
    PIXELS_MAX = 1 << 26,
    BYTES_MAX = 1 << 30
};

static const struct action_param none[] = {END};

static const struct action_param key[] = {
    {.name = "text",
     .kind = ACTION_CHORDS,
     .required = true,
     AT(text),
     .summary = "keys in xdotool's names, + between those held together, spaces between chords"},
    END,
};

static const struct action_param type[] = {
    {.name = "text",
     .kind = ACTION_TEXT,
     .required = true,
     AT(text),
     .summary = "UTF-8; newline is Return, tab is Tab"},
    {.name = "interval",
     .kind = ACTION_SECONDS,
     AT(interval_ms),
     .max = SECONDS_MAX,
     .summary = "(own) wait so long between characters"},
    {.name = "any_symbols",
     .kind = ACTION_FLAG,
     AT(any_symbols),
     .summary = "(own) more than 16 different symbols that no key may have"},
    {.name = "paste",
     .kind = ACTION_FLAG,
     AT(paste),
     .summary = "(own) through the clipboard, which then holds the text"},
    {.name = "paste_chord",
     .kind = ACTION_CHORD,
     AT(paste_chord),
     .summary = "(own) what pastes on the desktop; default: ctrl+v"},
    END,
};

static const struct action_param hold_key[] = {
    {.name = "text", .kind = ACTION_CHORD, .required = true, AT(text), .summary = "keys"},
    {.name = "duration",
     .kind = ACTION_SECONDS,
     .required = true,
     AT(duration_ms),
     .max = SECONDS_MAX,
     .summary = "how long they stay down"},
    END,
};

static const struct action_param mouse_move[] = {
    {.name = "coordinate",
     .kind = ACTION_POINT,
     .required = true,
     AT(coordinate),
     .summary = "where to"},
    END,
};

static const struct action_param click[] = {
    {.name = "coordinate",
     .kind = ACTION_POINT,
     AT(coordinate),
     .summary = "where; default: where the pointer is"},
    {.name = "text",
     .kind = ACTION_CHORD,
     AT(text),
     .summary = "modifiers held down meanwhile, as in ctrl+shift"},
    END,
};

static const struct action_param drag[] = {
    {.name = "start_coordinate",
     .kind = ACTION_POINT,
     AT(start_coordinate),
     .summary = "from where; default: where the pointer is"},
    {.name = "coordinate", .kind = ACTION_POINT, AT(coordinate), .summary = "to where"},
    {.name = "path",
     .kind = ACTION_PATH,
     AT(path),
     .summary = "(own) all points of the way, in place of the two coordinates"},
    {.name = "text", .kind = ACTION_CHORD, AT(text), .summary = "modifiers held down meanwhile"},
    END,
};

static const struct action_param button[] = {
    {.name = "coordinate",
     .kind = ACTION_POINT,
     AT(coordinate),
     .summary = "(own) where; default: where the pointer is"},
    END,
};

static const struct action_param scroll[] = {
    {.name = "coordinate",
     .kind = ACTION_POINT,
     AT(coordinate),
     .summary = "where; default: where the pointer is"},
    {.name = "scroll_direction",
     .kind = ACTION_CHOICE,
     .required = true,
     AT(direction),
     .choices = "up|down|left|right",
     .summary = "which way the wheel turns"},
    {.name = "scroll_amount",
     .kind = ACTION_INTEGER,
     .required = true,
     AT(amount),
     .min = 1,
     .max = 1000,
     .summary = "steps of the wheel"},
    {.name = "text", .kind = ACTION_CHORD, AT(text), .summary = "modifiers held down meanwhile"},
    END,
};

static const struct action_param wait[] = {
    {.name = "duration",
     .kind = ACTION_SECONDS,
     .required = true,
     AT(duration_ms),
     .max = SECONDS_MAX,
     .summary = "how long to do nothing"},
    END,
};

#define PICTURE                                                                                    \
    {.name = "file",                                                                               \
     .kind = ACTION_TEXT,                                                                          \
     AT(file),                                                                                     \
     .summary = "(own) save there; default: base64 in the answer's image"},                        \
        {.name = "format",                                                                         \
         .kind = ACTION_CHOICE,                                                                    \
         AT(format),                                                                               \
         .min = PH_IMAGE_PNG,                                                                      \
         .choices = PICTURE_FORMATS,                                                               \
         .summary = "(own) default: by the name of file, else png"},                               \
        {.name = "quality",                                                                        \
         .kind = ACTION_INTEGER,                                                                   \
         AT(quality),                                                                              \
         .min = 1,                                                                                 \
         .max = 100,                                                                               \
         .summary = "(own) of a JPEG or a WebP; default: 85"},                                     \
        {.name = "lossless",                                                                       \
         .kind = ACTION_FLAG,                                                                      \
         AT(lossless),                                                                             \
         .summary = "(own) a WebP without loss, as PNG always is"},                                \
        {.name = "max_edge",                                                                       \
         .kind = ACTION_INTEGER,                                                                   \
         AT(max_edge),                                                                             \
         .min = 1,                                                                                 \
         .max = SIDE_MAX,                                                                          \
         .summary = "(own) scaled to at most so many pixels a side"},                              \
        {.name = "max_pixels",                                                                     \
         .kind = ACTION_INTEGER,                                                                   \
         AT(max_pixels),                                                                           \
         .min = 1,                                                                                 \
         .max = PIXELS_MAX,                                                                        \
         .summary = "(own) scaled to at most so many pixels in all"},                              \
        {.name = "max_bytes",                                                                      \
         .kind = ACTION_INTEGER,                                                                   \
         AT(max_bytes),                                                                            \
         .min = 1,                                                                                 \
         .max = BYTES_MAX,                                                                         \
         .summary = "(own) quality, then scale give way until the file is no larger"},             \
    {                                                                                              \
        .name = "cursor", .kind = ACTION_FLAG, AT(cursor),                                         \
        .summary = "(own) draw the pointer, where its shape and place are known"                   \
    }

static const struct action_param screenshot[] = {PICTURE, END};

static const struct action_param zoom[] = {
    {.name = "region",
     .kind = ACTION_REGION,
     .required = true,
     AT(region),
     .summary = "what to look at, the second corner not in it"},
    PICTURE,
    END,
};

static const struct action_param clipboard_get[] = {
    {.name = "after",
     .kind = ACTION_INTEGER,
     AT(after),
     .min = 0,
     .max = INT64_MAX,
     .summary = "a serial of an earlier answer: wait for what is copied after that"},
    END,
};

static const struct action_param clipboard_set[] = {
    {.name = "text", .kind = ACTION_TEXT, .required = true, AT(text), .summary = "UTF-8"},
    END,
};

static const struct action_param wait_change[] = {
    {.name = "region",
     .kind = ACTION_REGION,
     AT(region),
     .summary = "what to watch; default: the whole screen"},
    {.name = "since",
     .kind = ACTION_INTEGER,
     AT(since),
     .min = 1,
     .max = INT64_MAX,
     .summary = "a change from that frame, the sequence of one of the last pictures"},
    END,
};

static const struct action_param wait_quiet[] = {
    {.name = "region",
     .kind = ACTION_REGION,
     AT(region),
     .summary = "what to watch; default: the whole screen"},
    {.name = "quiet_ms",
     .kind = ACTION_INTEGER,
     AT(quiet_ms),
     .min = 1,
     .max = QUIET_MAX,
     .summary = "for how long nothing may change; default: 500"},
    END,
};

const struct action_param action_common_params[] = {
    {.name = "timeout",
     .kind = ACTION_SECONDS,
     AT(timeout_ms),
     .max = SECONDS_MAX,
     .summary = "for each thing this action waits for"},
    {.name = "unless_changed_since",
     .kind = ACTION_INTEGER,
     AT(unless_changed_since),
     .min = 1,
     .max = INT64_MAX,
     .summary = "the sequence of a frame: do nothing when the region has changed since"},
    {.name = "unchanged_region",
     .kind = ACTION_REGION,
     AT(unchanged_region),
     .summary = "which region; default: around the coordinate, or the whole screen"},
    {.name = "expect_change",
     .kind = ACTION_CHANGE,
     AT(expect_change),
     .summary = "wait until this region, true: the screen, is not as it was before the action"},
    {.name = "wait_quiet_ms",
     .kind = ACTION_INTEGER,
     AT(wait_quiet_ms),
     .min = 1,
     .max = QUIET_MAX,
     .summary = "then wait until nothing has changed for so long"},
    {.name = "masks",
     .kind = ACTION_MASKS,
     AT(masks),
     .summary = "what does not count as a change: clocks, carets"},
    END,
};

const struct action_spec action_specs[] = {
    {"key", "press and release keys", key, action_key, NULL, false},
    {"type", "type text", type, action_type, NULL, false},
    {"hold_key", "hold keys down for a while", hold_key, action_hold_key, NULL, false},
    {"mouse_move", "move the pointer", mouse_move, action_mouse_move, NULL, false},
    {"left_click", "click", click, action_left_click, NULL, false},
    {"right_click", "click with the right button", click, action_right_click, NULL, false},
    {"middle_click", "click with the middle button", click, action_middle_click, NULL, false},
    {"double_click", "click twice", click, action_double_click, NULL, false},
    {"triple_click", "click three times", click, action_triple_click, NULL, false},
    {"left_click_drag", "press, move, release", drag, action_left_click_drag, action_check_drag,
     false},
    {"left_mouse_down", "press the button", button, action_left_mouse_down, NULL, false},
    {"left_mouse_up", "release the button", button, action_left_mouse_up, NULL, false},
    {"scroll", "turn the wheel", scroll, action_scroll, NULL, false},
    {"wait", "do nothing for a while", wait, action_wait, NULL, false},
    {"screenshot", "a picture of the screen", screenshot, action_screenshot, action_check_picture,
     true},
    {"zoom", "a picture of a region", zoom, action_zoom, action_check_picture, true},
    {"wait_change", "(own) wait until the screen changes", wait_change, action_wait_change, NULL,
     false},
    {"wait_quiet", "(own) wait until it no longer does", wait_quiet, action_wait_quiet, NULL,
     false},
    {"clipboard_get", "(own) what was copied on the desktop", clipboard_get, action_clipboard_get,
     NULL, false},
    {"clipboard_set", "(own) copy a text there", clipboard_set, action_clipboard_set, NULL, false},
    {"release_all", "(own) release what is held down", none, action_release_all, NULL, false},
    {"cursor_position", "where the pointer is", none, action_cursor_position, NULL, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};
