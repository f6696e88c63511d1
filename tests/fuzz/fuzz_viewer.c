/* SPDX-License-Identifier: GPL-2.0-or-later
 * A viewer's whole life without a socket: what decrypts to its bytes, and its VNC server, are this
 * file's, which stands in for proxy/tls.c and proxy/upstream.c (the linker's --wrap). Input: steps,
 * each a byte that tells what happens next, some with bytes of their own. Whatever happens: what
 * goes to the viewer behind the switch to WebSocket are frames that a client takes, nothing follows
 * a close frame, nothing reaches a VNC server that is not there, and nothing is left. */
#include <arpa/inet.h>
#include <string.h>

#include "fuzz.h"
#include "proxy/viewer_private.h"

enum { STEPS_MAX = 64, PIECE = 8 };

static const char *const tokens[] = {"token-all", "token-view", "token-in"};
static struct config_desktop desktop = {.name = "d"};
static struct config_stream config_streams[] = {
    {.name = "all",
     .policy = {.control = true, .clipboard_in = true, .clipboard_out = true},
     .next = &config_streams[1]},
    {.name = "view", .next = &config_streams[2]},
    {.name = "in", .policy = {.control = true, .clipboard_in = true}},
};
static struct config config = {
    .streams = config_streams, .handshake_timeout = 10, .ping_interval = 20, .max_viewers = 8};
static struct service service = {.config = &config, .refs = 1};
static struct rfb_server_init init = {.width = 64, .height = 48};
static uv_loop_t loop;
static struct viewer_env env;

/* The two ends. */
static struct {
    struct tls_conn *conn;
    const struct tls_events *conn_events;
    bool conn_over, conn_told, switched, stalls;
    struct ws client; /* what a browser makes of it */
    struct upstream *up;
    const struct upstream_events *up_events;
    enum { NOT_OPEN, OPENING, READY, OPEN, BROKEN } server;
    bool up_over, up_paused;
} ends;

/* ---- in place of proxy/tls.c, proxy/upstream.c and a few others ---- */

SSL_CTX *__wrap_tls_server_ctx(const struct tls_server *s);
int __wrap_tls_conn_init(struct tls_conn *c, uv_loop_t *l, const struct tls_events *events,
                         struct scratch *scratch);
int __wrap_tls_conn_start(struct tls_conn *c, SSL_CTX *ctx, bool prelude);
int __wrap_tls_conn_send(struct tls_conn *c, const uint8_t *data, size_t len);
void __wrap_tls_conn_pause(struct tls_conn *c, bool pause);
void __wrap_tls_conn_finish(struct tls_conn *c);
void __wrap_tls_conn_hurry(struct tls_conn *c, uint64_t ms);
void __wrap_tls_conn_abort(struct tls_conn *c);
int __wrap_upstream_open(struct upstream *u, uv_loop_t *l, const struct config_desktop *d,
                         const struct upstream_events *events, struct scratch *scratch,
                         uint64_t timeout_ms);
const char *__wrap_upstream_stage(const struct upstream *u);
const struct rfb_server_init *__wrap_upstream_server_init(const struct upstream *u);
void __wrap_upstream_start(struct upstream *u);
void __wrap_upstream_pause(struct upstream *u, bool pause);
int __wrap_upstream_write(struct upstream *u, const uint8_t *data, size_t len);
void __wrap_upstream_close(struct upstream *u);
void __wrap_upstream_leave(struct upstream *u);
void __wrap_log_write(enum log_level level, const char *event, const struct log_field *fields);
int __wrap_uv_tcp_open(uv_tcp_t *tcp, uv_os_sock_t fd);
int __wrap_uv_tcp_getpeername(const uv_tcp_t *tcp, struct sockaddr *name, int *len);

int __wrap_tls_conn_init(struct tls_conn *c, uv_loop_t *l, const struct tls_events *events,
                         struct scratch *scratch)
{
    (void)l;
    *c = (struct tls_conn){.events = events, .scratch = scratch};
    ends.conn = c;
    ends.conn_events = events;
    return 0;
}

SSL_CTX *__wrap_tls_server_ctx(const struct tls_server *s)
{
    (void)s;
    return NULL;
}

int __wrap_tls_conn_start(struct tls_conn *c, SSL_CTX *ctx, bool prelude)
{
    (void)c;
    (void)ctx;
    FUZZ_CHECK(!prelude);
    return 0;
}

static uint16_t ignore(void *owner, const uint8_t *data, size_t len)
{
    (void)owner;
    (void)data;
    (void)len;
    return 0;
}

int __wrap_tls_conn_send(struct tls_conn *c, const uint8_t *data, size_t len)
{
    static const char head[] = "HTTP/1.1 101 ";
    FUZZ_CHECK(c == ends.conn && !ends.conn_over && !ends.client.peer_closed);
    if (ends.switched) {
        uint16_t code = ws_feed(&ends.client, data, len, ignore, NULL);
        FUZZ_CHECK(code == 0 || ends.client.peer_closed);
    } else if (len > sizeof head && memcmp(data, head, sizeof head - 1) == 0) {
        ends.switched = true;
        FUZZ_CHECK(ws_init(&ends.client) == 0);
        ends.client.is_client = true;
    }
    if (ends.stalls)
        c->out.queued += len;
    return 0;
}

void __wrap_tls_conn_pause(struct tls_conn *c, bool pause)
{
    (void)c;
    (void)pause;
}

void __wrap_tls_conn_finish(struct tls_conn *c)
{
    (void)c;
    ends.conn_over = true;
}

void __wrap_tls_conn_hurry(struct tls_conn *c, uint64_t ms)
{
    (void)c;
    (void)ms;
}

void __wrap_tls_conn_abort(struct tls_conn *c)
{
    (void)c;
    ends.conn_over = true;
}

int __wrap_upstream_open(struct upstream *u, uv_loop_t *l, const struct config_desktop *d,
                         const struct upstream_events *events, struct scratch *scratch,
                         uint64_t timeout_ms)
{
    (void)timeout_ms;
    FUZZ_CHECK(ends.server == NOT_OPEN && d == &desktop);
    *u = (struct upstream){.loop = l, .desktop = d, .events = events, .scratch = scratch};
    ends.up = u;
    ends.up_events = events;
    ends.server = OPENING;
    return 0;
}

const char *__wrap_upstream_stage(const struct upstream *u)
{
    (void)u;
    return "an answer";
}

const struct rfb_server_init *__wrap_upstream_server_init(const struct upstream *u)
{
    FUZZ_CHECK(u == ends.up && ends.server == READY);
    return &init;
}

void __wrap_upstream_start(struct upstream *u)
{
    FUZZ_CHECK(u == ends.up && ends.server == READY && !ends.up_over);
    ends.server = OPEN;
}

void __wrap_upstream_pause(struct upstream *u, bool pause)
{
    (void)u;
    ends.up_paused = pause;
}

int __wrap_upstream_write(struct upstream *u, const uint8_t *data, size_t len)
{
    (void)data;
    FUZZ_CHECK(len == 0 || (u == ends.up && ends.server == OPEN && !ends.up_over));
    if (ends.stalls)
        u->out.queued += len;
    return 0;
}

void __wrap_upstream_close(struct upstream *u)
{
    ends.up_over = ends.up_over || (ends.server != NOT_OPEN && u == ends.up);
}

void __wrap_upstream_leave(struct upstream *u)
{
    __wrap_upstream_close(u);
}

void __wrap_log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    char text[256];
    (void)level;
    (void)event;
    for (; fields->key != NULL; fields++)
        if (fields->text != NULL)
            log_put_value(strcpy(text, ""), sizeof text, fields->text);
}

int __wrap_uv_tcp_open(uv_tcp_t *tcp, uv_os_sock_t fd)
{
    (void)tcp;
    (void)fd;
    return 0;
}

int __wrap_uv_tcp_getpeername(const uv_tcp_t *tcp, struct sockaddr *name, int *len)
{
    (void)tcp;
    struct sockaddr_in *in = (struct sockaddr_in *)name;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(4711)};
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *len = sizeof *in;
    return 0;
}

/* ---- what may happen ---- */

/* A piece of the input, whose length its first byte tells. */
static size_t take(const uint8_t **data, size_t *size, const uint8_t **piece)
{
    size_t n = *size != 0 ? (size_t)PIECE * **data : 0;
    if (*size != 0) {
        ++*data;
        --*size;
    }
    n = n < *size ? n : *size;
    *piece = *data;
    *data += n;
    *size -= n;
    return n;
}

static void viewer_says(const void *bytes, size_t n)
{
    if (ends.conn_over || n == 0)
        return;
    uint8_t *copy = malloc(n); /* a read beyond its end is seen */
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, bytes, n);
    ends.conn_events->data(ends.conn, copy, n);
    free(copy);
}

static void viewer_asks(unsigned which)
{
    char text[512];
    size_t count = sizeof tokens / sizeof tokens[0];
    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                     "Authorization: Bearer %s\r\n\r\n",
                     which < count ? "/stream" : "/healthz", tokens[which % count]);
    viewer_says(text, (size_t)n);
}

/* A binary frame of a client's, its mask all zeros. */
static void viewer_sends(const uint8_t *bytes, size_t n)
{
    uint8_t text[8 + PIECE * 255] = {0x82, 0xfe, (uint8_t)(n >> 8), (uint8_t)n};
    size_t head = 8;
    if (n < 126) {
        text[1] = (uint8_t)(0x80 | n);
        text[2] = text[3] = 0;
        head = 6;
    }
    if (n != 0)
        memcpy(text + head, bytes, n);
    viewer_says(text, head + n);
}

static void server_says(const uint8_t *bytes, size_t n)
{
    uint8_t *data = env.scratch->from_upstream + SCRATCH_UP_HEAD;
    if (ends.server != OPEN || ends.up_over || ends.up_paused || n == 0)
        return;
    memcpy(data, bytes, n);
    ends.up_events->data(ends.up, data, n);
}

static void server_ends(void)
{
    if (ends.server == NOT_OPEN || ends.server == BROKEN || ends.up_over)
        return;
    ends.server = BROKEN;
    ends.up_events->ended(ends.up, "it is gone", "the end");
}

static void server_is_ready(void)
{
    if (ends.server != OPENING || ends.up_over)
        return;
    ends.server = READY;
    ends.up_events->ready(ends.up);
}

static void drain(void)
{
    ends.stalls = false;
    if (!ends.conn_over && ends.conn->out.queued != 0) {
        ends.conn->out.queued = 0;
        ends.conn_events->drained(ends.conn);
    }
    if (ends.server == OPEN && !ends.up_over && ends.up->out.queued != 0) {
        ends.up->out.queued = 0;
        ends.up_events->drained(ends.up);
    }
}

static void time_passes(void)
{
    struct viewer *v = env.list;
    if (uv_is_active((uv_handle_t *)&v->timer))
        v->timer.timer_cb(&v->timer);
}

static void operator_sends_away(void)
{
    struct viewer *v = env.list;
    if (v->stream == NULL)
        return;
    atomic_store(&v->presence.unwanted, true);
    viewer_look_around(&env);
}

static void viewer_is_lost(void)
{
    if (!ends.conn_over)
        ends.conn_events->ended(ends.conn, "the peer closed the connection");
}

static void step(uint8_t what, const uint8_t **data, size_t *size)
{
    const uint8_t *piece;
    size_t n;
    switch (what & 15) {
    case 0:
    case 1:
    case 2:
        n = take(data, size, &piece);
        viewer_says(piece, n);
        break;
    case 3:
    case 4:
    case 5:
        n = take(data, size, &piece);
        viewer_sends(piece, n);
        break;
    case 6:
        viewer_asks(what >> 4 & 3);
        break;
    case 7:
    case 8:
        server_is_ready();
        break;
    case 9:
    case 10:
        n = take(data, size, &piece);
        server_says(piece, n);
        break;
    case 11:
        server_ends();
        break;
    case 12:
        ends.stalls = true;
        break;
    case 13:
        drain();
        break;
    case 14:
        time_passes();
        break;
    default:
        what & 16 ? operator_sends_away() : viewer_is_lost();
        break;
    }
}

/* What is over is closed, in the loop's next turn. */
static void settle(void)
{
    if (ends.up_over && ends.server != NOT_OPEN) {
        struct upstream *up = ends.up;
        ends.server = NOT_OPEN;
        ends.up = NULL;
        ends.up_events->closed(up);
    }
    if (ends.conn_over && !ends.conn_told) {
        ends.conn_told = true;
        ends.conn_events->closed(ends.conn);
    }
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void set_up(void)
{
    init.format = rfb_bgrx;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        config_streams[i].desktop = &desktop;
        config_streams[i].token_count = 1;
        FUZZ_CHECK(config_hash_token(tokens[i], strlen(tokens[i]), config_streams[i].tokens[0]) ==
                   0);
    }
    FUZZ_CHECK(uv_loop_init(&loop) == 0);
    env = (struct viewer_env){.loop = &loop,
                              .service = &service,
                              .streams = streams_create(),
                              .scratch = scratch_create()};
    FUZZ_CHECK(env.streams != NULL && env.scratch != NULL);
    streams_limit(env.streams, config.max_viewers);
    FUZZ_CHECK(streams_load(env.streams, &service, NULL, 0) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (env.loop == NULL)
        set_up();
    memset(&ends, 0, sizeof ends);
    viewer_accept(&env, -1);
    FUZZ_CHECK(env.connections == 1);
    if (ends.conn_events->opened != NULL)
        ends.conn_events->opened(ends.conn);
    for (int i = 0; i < STEPS_MAX && size != 0 && env.list != NULL; i++) {
        uint8_t what = *data++;
        size--;
        step(what, &data, &size);
        settle();
    }
    if (env.list != NULL)
        viewer_is_lost();
    settle();
    settle();
    ws_finish(&ends.client);
    FUZZ_CHECK(env.list == NULL && env.connections == 0 && env.viewers == 0);
    FUZZ_CHECK(env.first_waiting == NULL);
    return 0;
}
