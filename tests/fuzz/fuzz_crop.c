/* SPDX-License-Identifier: GPL-2.0-or-later
 * A window's stream between a server, a viewer and an agent that say anything, in any order. What
 * the viewer gets must be RFB inside its canvas, whatever came. The input is pieces: a byte that
 * says whose it is, a byte how long, and its bytes. A server whose first update comes before any
 * word of ContinuousUpdates is one without. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/crop.h"
#include "rfb/err.h"

static const struct crop_how how = {.selector = "own"};
static const struct rfb_server_init init = {.width = 200,
                                            .height = 100,
                                            .format = {.bits_per_pixel = 8,
                                                       .depth = 8,
                                                       .true_colour = true,
                                                       .red_max = 7,
                                                       .green_max = 7,
                                                       .blue_max = 3}};

/* Snapshots as an agent could make them, from a few bytes: own and others in any order. */
static struct windows *snapshot(const uint8_t *data, size_t len)
{
    char text[4096];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "{\"type\":\"windows\",\"serial\":1,\"screen\":{\"width\":200,"
                                 "\"height\":100},\"manager\":null,\"compositing\":false,"
                                 "\"complete\":true,\"focus\":%s,\"touched\":[],\"windows\":[",
                                 len != 0 && data[0] & 64 ? "\"0x1\"" : "null");
    for (size_t i = 0; i + 5 <= len && i < 40; i += 5) {
        unsigned id = data[i] % 4 + 1;
        at += (size_t)snprintf(
            text + at, sizeof text - at,
            "%s{\"id\":\"0x%x\",\"owner\":%s,\"app\":\"%s\",\"title\":\"t\",\"kind\":\"normal\","
            "\"rect\":[%d,%d,%d,%d],\"frame_rect\":[%d,%d,%d,%d],\"mapped\":%s,"
            "\"override_redirect\":false}",
            i != 0 ? "," : "", id, data[i] & 16 ? "\"0x1\"" : "null", id == 1 ? "own" : "other",
            data[i + 1] - 20, data[i + 2] - 20, data[i + 3] + 1, data[i + 4] + 1, data[i + 1] - 20,
            data[i + 2] - 20, data[i + 3] + 1, data[i + 4] + 1, data[i] & 32 ? "false" : "true");
    }
    snprintf(text + at, sizeof text - at, "]}");
    json_t *json = json_loads(text, 0, NULL);
    struct windows *w = windows_read(json);
    json_decref(json);
    FUZZ_CHECK(w != NULL);
    return w;
}

static int change_seat(struct crop *c)
{
    if (c->seat == CROP_UNSEATED)
        return crop_take_seat(c);
    if (c->seat == CROP_SEATED)
        return crop_leave_seat(c);
    crop_lose_seat(c);
    return RFB_OK;
}

/* The viewer's end: it must be able to read all of it. */
static void look(struct rfb_s2c *viewer, const uint8_t *data, size_t len)
{
    struct rfb_s2c_event ev;
    int rc;
    while ((rc = rfb_s2c_next(viewer, &data, &len, &ev)) == 1)
        ;
    FUZZ_CHECK(rc == 0);
}

/* The server's, of which some is sent on from where it is. */
static int relay(struct crop *c, struct rfb_s2c *viewer, const uint8_t *data, size_t len)
{
    uint8_t *bytes = malloc(len + 1);
    size_t n;
    FUZZ_CHECK(bytes != NULL);
    memcpy(bytes, data, len);
    viewer->format = c->format;
    int rc = crop_relay(c, bytes, len, &n);
    FUZZ_CHECK(n <= len);
    if (rc == RFB_OK)
        look(viewer, bytes, n);
    free(bytes);
    return rc;
}

/* False: it ends here. */
static bool take(struct crop *c, struct rfb_s2c *viewer, uint8_t who, const uint8_t *data,
                 size_t len)
{
    struct windows *w;
    uint64_t presses = c->presses;
    bool seated = c->seat == CROP_SEATED;
    int rc;
    switch (who & 3) {
    case 0:
        rc = who & 4 ? crop_from_server(c, data, len) : relay(c, viewer, data, len);
        break;
    case 1:
        rc = crop_from_viewer(c, data, len);
        break;
    case 2:
        rc = who & 4 ? change_seat(c) : who & 16 ? crop_settle(c) : crop_synced(c);
        if (rc == RFB_OK && c->ready)
            rc = crop_relax(c, c->plain || (who & 8) != 0, c->plain || (who & 32) != 0);
        break;
    default:
        w = snapshot(data, len);
        rc = crop_windows(c, w);
        windows_unref(w);
        break;
    }
    FUZZ_CHECK(rc == RFB_OK || rc < 0);
    FUZZ_CHECK(seated || c->seat == CROP_SEATED || c->presses == presses);
    return rc == RFB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t first[] = {0, 40, 40, 60, 30};
    struct crop c;
    struct rfb_s2c viewer;
    struct rfb_server_init told;
    struct windows *w = snapshot(first, sizeof first);
    bool good = crop_init(&c, &how, &init, w) == RFB_OK;
    windows_unref(w);
    crop_server_init(&c, &init, &told);
    rfb_s2c_init(&viewer, told.width, told.height, &init.format);
    viewer.cut_text_max = INT32_MAX;
    while (good && size >= 2) {
        uint8_t who = data[0];
        size_t n = data[1] < size - 2 ? data[1] : size - 2;
        good = take(&c, &viewer, who, data + 2, n);
        while (good && c.to_viewer.len != 0) {
            viewer.format = c.format;
            look(&viewer, rfb_buf_data(&c.to_viewer), c.to_viewer.len);
            rfb_buf_consume(&c.to_viewer, c.to_viewer.len);
            good = crop_taken(&c) == RFB_OK;
        }
        rfb_buf_consume(&c.to_server, c.to_server.len);
        if (good && c.wants_swap)
            good = crop_swap_begin(&c) == RFB_OK && crop_swap_end(&c, &init) == RFB_OK;
        data += 2 + n;
        size -= 2 + n;
    }
    crop_finish(&c);
    return 0;
}
