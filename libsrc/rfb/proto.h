/* SPDX-License-Identifier: GPL-2.0-or-later
 * RFB's numbers (RFC 6143; the community's rfbproto for what came later) and the project's limits.
 */
#ifndef RFB_PROTO_H
#define RFB_PROTO_H

/* Limits on what a peer may ask us to hold. LibVNCClient's Tight overflows above 2^26 pixels. */
enum {
    RFB_SIDE_MAX = 16384,
    RFB_PIXELS_MAX = 1 << 26,
    RFB_NAME_MAX = 4096,          /* bytes of a desktop name */
    RFB_CURSOR_SIDE_MAX = 1024,   /* pixels; X servers stop at a few hundred */
    RFB_ENCODINGS_MAX = 1024,     /* entries in a SetEncodings */
    RFB_FENCE_MAX = 64,           /* bytes of a fence's payload (rfbproto) */
    RFB_CUT_TEXT_MAX = 256 << 10, /* bytes, where no policy says otherwise */
};

enum { RFB_VERSION_LEN = 12 };

/* Security types (RFC 6143 section 7.1.2, rfbproto) */
enum {
    RFB_SEC_INVALID = 0,
    RFB_SEC_NONE = 1,
    RFB_SEC_VNC_AUTH = 2,
    RFB_SEC_TIGHT = 16,
    RFB_SEC_VENCRYPT = 19,
};

/* Server to client */
enum {
    RFB_S2C_FRAMEBUFFER_UPDATE = 0,
    RFB_S2C_SET_COLOUR_MAP = 1,
    RFB_S2C_BELL = 2,
    RFB_S2C_CUT_TEXT = 3,
    RFB_S2C_END_OF_CONTINUOUS_UPDATES = 150,
    RFB_S2C_FENCE = 248,
    RFB_S2C_XVP = 250,
    RFB_S2C_QEMU = 255,
};

/* Client to server */
enum {
    RFB_C2S_SET_PIXEL_FORMAT = 0,
    RFB_C2S_SET_ENCODINGS = 2,
    RFB_C2S_UPDATE_REQUEST = 3,
    RFB_C2S_KEY = 4,
    RFB_C2S_POINTER = 5,
    RFB_C2S_CUT_TEXT = 6,
    RFB_C2S_ENABLE_CONTINUOUS_UPDATES = 150,
    RFB_C2S_FENCE = 248,
    RFB_C2S_XVP = 250,
    RFB_C2S_SET_DESKTOP_SIZE = 251,
    RFB_C2S_GII = 253,
    RFB_C2S_QEMU = 255,
};

enum {
    RFB_ENC_RAW = 0,
    RFB_ENC_COPYRECT = 1,
    RFB_ENC_RRE = 2,
    RFB_ENC_CORRE = 4,
    RFB_ENC_HEXTILE = 5,
    RFB_ENC_ZLIB = 6,
    RFB_ENC_TIGHT = 7,
    RFB_ENC_TRLE = 15,
    RFB_ENC_ZRLE = 16,
    RFB_ENC_H264 = 50,
    RFB_ENC_JPEG_QUALITY_0 = -32,
    RFB_ENC_JPEG_QUALITY_9 = -23,
    RFB_ENC_DESKTOP_SIZE = -223,
    RFB_ENC_LAST_RECT = -224,
    RFB_ENC_POINTER_POS = -232,
    RFB_ENC_CURSOR = -239,
    RFB_ENC_XCURSOR = -240,
    RFB_ENC_COMPRESS_0 = -256,
    RFB_ENC_COMPRESS_9 = -247,
    RFB_ENC_QEMU_POINTER = -257,
    RFB_ENC_QEMU_KEY = -258,
    RFB_ENC_QEMU_AUDIO = -259,
    RFB_ENC_TIGHT_PNG = -260,
    RFB_ENC_LED_STATE = -261,
    RFB_ENC_DESKTOP_NAME = -307,
    RFB_ENC_EXTENDED_DESKTOP_SIZE = -308,
    RFB_ENC_FENCE = -312,
    RFB_ENC_CONTINUOUS_UPDATES = -313,
    RFB_ENC_CURSOR_WITH_ALPHA = -314,
    RFB_ENC_EXTENDED_MOUSE_BUTTONS = -316,
    RFB_ENC_FINE_QUALITY_0 = -512,
    RFB_ENC_FINE_QUALITY_100 = -412,
    RFB_ENC_SUBSAMPLING_FIRST = -768,
    RFB_ENC_SUBSAMPLING_LAST = -763,
    RFB_ENC_EXTENDED_CLIPBOARD = -1063131698, /* 0xc0a1e5ce */
    RFB_ENC_VMWARE_CURSOR_POS = 0x574d5666,   /* header only, x and y are the pointer's place */
};

/* Fence flags (rfbproto, Fence) */
#define RFB_FENCE_BLOCK_BEFORE 0x00000001u
#define RFB_FENCE_BLOCK_AFTER 0x00000002u
#define RFB_FENCE_SYNC_NEXT 0x00000004u
#define RFB_FENCE_REQUEST 0x80000000u

/* Extended clipboard: formats and actions (rfbproto, Extended Clipboard Pseudo-Encoding) */
#define RFB_CLIP_TEXT 0x00000001u
#define RFB_CLIP_FORMATS 0x0000ffffu
#define RFB_CLIP_CAPS 0x01000000u
#define RFB_CLIP_REQUEST 0x02000000u
#define RFB_CLIP_PEEK 0x04000000u
#define RFB_CLIP_NOTIFY 0x08000000u
#define RFB_CLIP_PROVIDE 0x10000000u

#endif
