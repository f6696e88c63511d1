/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/msg.h"

#include <string.h>

#include "rfb/err.h"

const struct rfb_pixel_format rfb_bgrx = {
    .bits_per_pixel = 32,
    .depth = 24,
    .true_colour = true,
    .red_max = 255,
    .green_max = 255,
    .blue_max = 255,
    .red_shift = 16,
    .green_shift = 8,
    .blue_shift = 0,
};

unsigned rfb_tpixel_bytes(const struct rfb_pixel_format *pf)
{
    bool packed = pf->true_colour && pf->bits_per_pixel == 32 && pf->depth == 24 &&
                  pf->red_max == 255 && pf->green_max == 255 && pf->blue_max == 255;
    return packed ? 3 : rfb_pixel_bytes(pf);
}

unsigned rfb_cpixel_bytes(const struct rfb_pixel_format *pf)
{
    if (!pf->true_colour || pf->bits_per_pixel != 32 || pf->depth > 24)
        return rfb_pixel_bytes(pf);
    uint64_t bits = (uint64_t)pf->red_max << pf->red_shift |
                    (uint64_t)pf->green_max << pf->green_shift |
                    (uint64_t)pf->blue_max << pf->blue_shift;
    bool low = bits <= 0xffffff, high = (bits & 0xff) == 0 && bits <= 0xffffffff;
    return low || high ? 3 : 4;
}

void rfb_msg_set_pixel_format(uint8_t p[16], const struct rfb_pixel_format *pf)
{
    p[0] = pf->bits_per_pixel;
    p[1] = pf->depth;
    p[2] = pf->big_endian;
    p[3] = pf->true_colour;
    rfb_set_u16(p + 4, pf->red_max);
    rfb_set_u16(p + 6, pf->green_max);
    rfb_set_u16(p + 8, pf->blue_max);
    p[10] = pf->red_shift;
    p[11] = pf->green_shift;
    p[12] = pf->blue_shift;
    memset(p + 13, 0, 3);
}

int rfb_msg_get_pixel_format(const uint8_t p[16], struct rfb_pixel_format *pf)
{
    *pf = (struct rfb_pixel_format){
        .bits_per_pixel = p[0],
        .depth = p[1],
        .big_endian = p[2] != 0,
        .true_colour = p[3] != 0,
        .red_max = rfb_get_u16(p + 4),
        .green_max = rfb_get_u16(p + 6),
        .blue_max = rfb_get_u16(p + 8),
        .red_shift = p[10],
        .green_shift = p[11],
        .blue_shift = p[12],
    };
    unsigned bits = pf->bits_per_pixel;
    if (bits != 8 && bits != 16 && bits != 32)
        return RFB_E_INVALID;
    if (pf->depth == 0 || pf->depth > bits)
        return RFB_E_INVALID;
    if (pf->true_colour &&
        (pf->red_shift >= bits || pf->green_shift >= bits || pf->blue_shift >= bits))
        return RFB_E_INVALID;
    return RFB_OK;
}

void rfb_msg_set_rect_head(uint8_t p[12], const struct rfb_rect_head *head)
{
    rfb_set_u16(p, head->r.x);
    rfb_set_u16(p + 2, head->r.y);
    rfb_set_u16(p + 4, head->r.w);
    rfb_set_u16(p + 6, head->r.h);
    rfb_set_u32(p + 8, (uint32_t)head->encoding);
}

void rfb_msg_get_rect_head(const uint8_t p[12], struct rfb_rect_head *head)
{
    head->r.x = rfb_get_u16(p);
    head->r.y = rfb_get_u16(p + 2);
    head->r.w = rfb_get_u16(p + 4);
    head->r.h = rfb_get_u16(p + 6);
    head->encoding = rfb_get_s32(p + 8);
}

int rfb_check_size(uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0)
        return RFB_E_INVALID;
    if (width > RFB_SIDE_MAX || height > RFB_SIDE_MAX || width * height > RFB_PIXELS_MAX)
        return RFB_E_TOO_LARGE;
    return RFB_OK;
}

int rfb_msg_put_server_init(struct rfb_buf *out, const struct rfb_server_init *init)
{
    uint8_t *p;
    size_t n = 24 + init->name_len;
    int rc = rfb_buf_reserve(out, n, &p);
    if (rc != RFB_OK)
        return rc;
    rfb_set_u16(p, init->width);
    rfb_set_u16(p + 2, init->height);
    rfb_msg_set_pixel_format(p + 4, &init->format);
    rfb_set_u32(p + 20, (uint32_t)init->name_len);
    memcpy(p + 24, init->name, init->name_len);
    rfb_buf_commit(out, n);
    return RFB_OK;
}

int rfb_msg_put_format(struct rfb_buf *out, const struct rfb_pixel_format *pf)
{
    uint8_t p[20] = {RFB_C2S_SET_PIXEL_FORMAT};
    rfb_msg_set_pixel_format(p + 4, pf);
    return rfb_buf_put(out, p, sizeof p);
}

int rfb_msg_put_encodings(struct rfb_buf *out, const int32_t *encodings, uint16_t count)
{
    uint8_t *p;
    size_t n = 4 + (size_t)count * 4;
    int rc = rfb_buf_reserve(out, n, &p);
    if (rc != RFB_OK)
        return rc;
    p[0] = RFB_C2S_SET_ENCODINGS;
    p[1] = 0;
    rfb_set_u16(p + 2, count);
    for (size_t i = 0; i < count; i++)
        rfb_set_u32(p + 4 + i * 4, (uint32_t)encodings[i]);
    rfb_buf_commit(out, n);
    return RFB_OK;
}

/* A message that is a type, a flag and a rectangle. */
static int put_flag_rect(struct rfb_buf *out, uint8_t type, bool flag, struct rfb_rect r)
{
    uint8_t p[10] = {type, flag};
    rfb_set_u16(p + 2, r.x);
    rfb_set_u16(p + 4, r.y);
    rfb_set_u16(p + 6, r.w);
    rfb_set_u16(p + 8, r.h);
    return rfb_buf_put(out, p, sizeof p);
}

int rfb_msg_put_request(struct rfb_buf *out, bool incremental, struct rfb_rect r)
{
    return put_flag_rect(out, RFB_C2S_UPDATE_REQUEST, incremental, r);
}

/* rfbproto, EnableContinuousUpdates */
int rfb_msg_put_continuous(struct rfb_buf *out, bool enable, struct rfb_rect r)
{
    return put_flag_rect(out, RFB_C2S_ENABLE_CONTINUOUS_UPDATES, enable, r);
}

/* rfbproto, SetDesktopSize */
int rfb_msg_put_desktop_size(struct rfb_buf *out, uint16_t width, uint16_t height, uint32_t id,
                             uint32_t flags)
{
    uint8_t p[8 + 16] = {RFB_C2S_SET_DESKTOP_SIZE};
    rfb_set_u16(p + 2, width);
    rfb_set_u16(p + 4, height);
    p[6] = 1; /* screens */
    rfb_set_u32(p + 8, id);
    rfb_set_u16(p + 16, width); /* from (0, 0) */
    rfb_set_u16(p + 18, height);
    rfb_set_u32(p + 20, flags);
    return rfb_buf_put(out, p, sizeof p);
}

int rfb_msg_put_key(struct rfb_buf *out, bool down, uint32_t keysym)
{
    uint8_t p[8] = {RFB_C2S_KEY, down};
    rfb_set_u32(p + 4, keysym);
    return rfb_buf_put(out, p, sizeof p);
}

int rfb_msg_put_pointer(struct rfb_buf *out, uint8_t buttons, uint16_t x, uint16_t y)
{
    uint8_t p[6] = {RFB_C2S_POINTER, buttons};
    rfb_set_u16(p + 2, x);
    rfb_set_u16(p + 4, y);
    return rfb_buf_put(out, p, sizeof p);
}

int rfb_msg_put_fence(struct rfb_buf *out, uint32_t flags, const uint8_t *payload, uint8_t n)
{
    uint8_t p[9 + RFB_FENCE_MAX] = {RFB_C2S_FENCE};
    if (n > RFB_FENCE_MAX)
        return RFB_E_TOO_LARGE;
    rfb_set_u32(p + 4, flags);
    p[8] = n;
    if (n != 0)
        memcpy(p + 9, payload, n);
    return rfb_buf_put(out, p, 9u + n);
}
