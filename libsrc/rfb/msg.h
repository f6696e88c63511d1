/* SPDX-License-Identifier: GPL-2.0-or-later
 * RFB messages to and from plain bytes (RFC 6143 section 7.3 to 7.6). "put" appends one whole
 * message to a buffer or nothing; "get" reads a head whose length the caller has checked. */
#ifndef RFB_MSG_H
#define RFB_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rfb/buf.h"
#include "rfb/proto.h"

/* RFC 6143 section 7.4 */
struct rfb_pixel_format {
    uint8_t bits_per_pixel; /* 8, 16 or 32 */
    uint8_t depth;
    bool big_endian;
    bool true_colour;
    uint16_t red_max, green_max, blue_max;
    uint8_t red_shift, green_shift, blue_shift;
};

/* 32 bits, depth 24, little-endian, blue in the lowest byte: bytes B, G, R, unused. */
extern const struct rfb_pixel_format rfb_bgrx;

/* Bytes a pixel: 1, 2 or 4. */
static inline unsigned rfb_pixel_bytes(const struct rfb_pixel_format *pf)
{
    return pf->bits_per_pixel / 8u;
}
/* Bytes of Tight's TPIXEL (rfbproto, Tight encoding): 3 when 32 bits, depth 24 and all maxima 255.
 */
unsigned rfb_tpixel_bytes(const struct rfb_pixel_format *pf);
/* Bytes of TRLE's and ZRLE's CPIXEL (RFC 6143 section 7.7.5): 3 when true colour, 32 bits, depth at
 * most 24 and the colours fit into the low or the high three bytes. */
unsigned rfb_cpixel_bytes(const struct rfb_pixel_format *pf);

/* Pixels; x and y from the top left corner. */
struct rfb_rect {
    uint16_t x, y, w, h;
};

/* RFC 6143 section 7.6.1: 12 bytes */
struct rfb_rect_head {
    struct rfb_rect r;
    int32_t encoding;
};

/* RFC 6143 section 7.3.2 */
struct rfb_server_init {
    uint16_t width, height;
    struct rfb_pixel_format format;
    char name[RFB_NAME_MAX + 1]; /* as sent, ended by a NUL; not to be trusted as text */
    size_t name_len;
};

/* 16 bytes each. get: RFB_E_INVALID for a format that no pixel can have. */
void rfb_msg_set_pixel_format(uint8_t p[16], const struct rfb_pixel_format *pf);
int rfb_msg_get_pixel_format(const uint8_t p[16], struct rfb_pixel_format *pf);
/* 12 bytes each. */
void rfb_msg_set_rect_head(uint8_t p[12], const struct rfb_rect_head *head);
void rfb_msg_get_rect_head(const uint8_t p[12], struct rfb_rect_head *head);

/* A size the project is willing to hold: 1 to RFB_SIDE_MAX a side and RFB_PIXELS_MAX in all.
 * 0, RFB_E_INVALID for a side of 0, RFB_E_TOO_LARGE. */
int rfb_check_size(uint32_t width, uint32_t height);

/* All return 0, RFB_E_TOO_LARGE or RFB_E_NO_MEMORY, and append whole or not at all. */
int rfb_msg_put_server_init(struct rfb_buf *out, const struct rfb_server_init *init);
int rfb_msg_put_format(struct rfb_buf *out, const struct rfb_pixel_format *pf);
int rfb_msg_put_encodings(struct rfb_buf *out, const int32_t *encodings, uint16_t count);
int rfb_msg_put_request(struct rfb_buf *out, bool incremental, struct rfb_rect r);
int rfb_msg_put_key(struct rfb_buf *out, bool down, uint32_t keysym);
int rfb_msg_put_pointer(struct rfb_buf *out, uint8_t buttons, uint16_t x, uint16_t y);
int rfb_msg_put_continuous(struct rfb_buf *out, bool enable, struct rfb_rect r);
/* One screen of the whole size, with this id and these flags. */
int rfb_msg_put_desktop_size(struct rfb_buf *out, uint16_t width, uint16_t height, uint32_t id,
                             uint32_t flags);
int rfb_msg_put_fence(struct rfb_buf *out, uint32_t flags, const uint8_t *payload, uint8_t n);

#endif
