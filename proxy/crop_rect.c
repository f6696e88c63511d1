/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_rect.h"

#include "rfb/err.h"

/* What an agent would tell, in one place. */
struct told {
    struct window one;
    const struct window *by_id;
    struct windows all;
};

/* name: the desktop's. */
static void tell(const struct crop_rect *r, const struct crop_how *how, const char *name,
                 struct told *to)
{
    to->by_id = &to->one;
    to->one = (struct window){.id = 1,
                              .app = how->selector, /* it fits: this is how it is chosen */
                              .title = name,
                              .mapped = true,
                              .main = true,
                              .rect = r->rect,
                              .frame = r->rect};
    to->all = (struct windows){.width = r->screen_width,
                               .height = r->screen_height,
                               .complete = true,
                               .focus = to->one.id,
                               .count = 1,
                               .list = &to->one,
                               .by_id = &to->by_id};
}

bool crop_rect_fits(const struct crop_rect *r, const struct rfb_server_init *init)
{
    return r->rect.x + r->rect.width <= init->width && r->rect.y + r->rect.height <= init->height;
}

int crop_rect_begin(struct crop_rect *r, struct crop *c, const struct crop_how *how,
                    const struct rfb_server_init *init)
{
    struct told told;
    r->screen_width = init->width;
    r->screen_height = init->height;
    tell(r, how, init->name, &told);
    int rc = crop_init(c, how, init, &told.all);
    /* whose keyboard it is, nobody knows without an agent */
    return rc == RFB_OK ? crop_take_seat(c) : rc;
}

int crop_rect_serve(struct crop_rect *r, struct crop *c)
{
    int rc = RFB_OK;
    if (c->server.width != r->screen_width || c->server.height != r->screen_height) {
        struct told told;
        r->screen_width = c->server.width;
        r->screen_height = c->server.height;
        tell(r, c->view.how, c->title, &told);
        rc = crop_windows(c, &told.all);
    }
    if (rc != RFB_OK || !c->wants_sync)
        return rc;
    c->wants_sync = false;
    return crop_synced(c);
}
