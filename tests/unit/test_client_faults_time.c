/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every call against every server that does not end, does not answer, or does not stop: each
 * returns within its limit and 100 ms (late.h), and says what it waited for. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "calls.h"
#include "fake_server.h"
#include "hex.h"
#include "late.h"
#include "porthole.h"
#include "rfb/msg.h"
#include "unit.h"

enum { SHORT_MS = 30 };

static const ph_limit brief = {.timeout_ms = SHORT_MS}, patient = {.timeout_ms = 20000};

/* ---- what servers do ---- */

struct fault {
    const char *name;
    fake_script *script;
    uint16_t width, height; /* of the framebuffer; 0: the client is not let in */
    const char *first;      /* hex.h: sent once */
    const char *bytes;      /* hex.h: sent again and again */
    size_t repeat;          /* about so many bytes of them are sent at once */
    int code;               /* what the connection may end with, or PH_OK */
    const char *says;       /* part of that message */
};

static void enter(struct fake_server *s, int fd, const struct fault *f)
{
    if (f->width != 0) {
        fake_handshake(fd, f->width, f->height);
        fake_take_setup(fd);
        fake_await_go(s);
    }
    struct hex first = hex_parse(f->first);
    fake_send(fd, first.bytes, first.n);
    hex_finish(&first);
}

static void silence(struct fake_server *s, int fd, void *fault)
{
    enter(s, fd, fault);
    fake_drain(fd);
}

static void reads_nothing(struct fake_server *s, int fd, void *fault)
{
    struct pollfd gone = {.fd = fd};
    enter(s, fd, fault);
    poll(&gone, 1, -1); /* for POLLHUP */
}

/* Reads too, so that only the client's patience can end it. */
static void a_byte_a_second(struct fake_server *s, int fd, void *fault)
{
    const struct fault *f = fault;
    struct hex h = hex_parse(f->bytes);
    struct pollfd gone = {.fd = fd, .events = POLLIN};
    uint8_t lost[4096];
    enter(s, fd, f);
    for (size_t i = 0; i < h.n && fake_send(fd, h.bytes + i, 1);) {
        int ready = poll(&gone, 1, 1000);
        if (ready > 0 && recv(fd, lost, sizeof lost, MSG_DONTWAIT) <= 0)
            break;
        i += ready == 0;
    }
    hex_finish(&h);
    fake_drain(fd);
}

static uint8_t *repeated(const struct fault *f, size_t *n)
{
    struct hex h = hex_parse(f->bytes);
    size_t times = f->repeat / h.n + 1;
    uint8_t *bytes = malloc(times * h.n);
    assert_non_null(bytes);
    for (size_t i = 0; i < times; i++)
        memcpy(bytes + i * h.n, h.bytes, h.n);
    *n = times * h.n;
    hex_finish(&h);
    return bytes;
}

static void flood(struct fake_server *s, int fd, void *fault)
{
    const struct fault *f = fault;
    size_t n;
    uint8_t *bytes = repeated(f, &n), lost[65536];
    enter(s, fd, f);
    do {
        while (recv(fd, lost, sizeof lost, MSG_DONTWAIT) > 0)
            ;
    } while (fake_send(fd, bytes, n));
    free(bytes);
}

/* The same without reading what the client asks and answers. */
static void deaf_flood(struct fake_server *s, int fd, void *fault)
{
    const struct fault *f = fault;
    size_t n;
    uint8_t *bytes = repeated(f, &n);
    enter(s, fd, f);
    while (fake_send(fd, bytes, n))
        ;
    free(bytes);
}

/* Updates of as many dots as make one box, none of which changes anything. */
static void scattered(struct fake_server *s, int fd, void *fault)
{
    enum { DOTS = 200, DOT = 16, SIDE = 4096 };
    uint8_t update[4 + DOTS * DOT] = {0, 0, 0, DOTS}, lost[65536];
    for (int i = 0; i < DOTS; i++) {
        uint16_t x = (uint16_t)(i * 37 % SIDE), y = (uint16_t)(i * (SIDE - 1) / (DOTS - 1));
        rfb_msg_set_rect_head(update + 4 + i * DOT,
                              &(struct rfb_rect_head){{x, y, 1, 1}, RFB_ENC_TIGHT});
        update[4 + i * DOT + 12] = 0x80;
    }
    enter(s, fd, fault);
    do {
        while (recv(fd, lost, sizeof lost, MSG_DONTWAIT) > 0)
            ;
    } while (fake_send(fd, update, sizeof update));
}

#define BLOCK 65536
#define NO_END PH_OK, NULL
#define UNREAD PH_E_PROTOCOL, "the server reads nothing"

#define ALL "00 00 0001 0000 0000 0020 0010"
#define LARGE "00 00 0001 0000 0000 0800 0800"
#define HUGE_UPDATE "00 00 0001 0000 0000 1000 1000"
#define TALL "00 00 0001 0000 0000 1000 4000"
#define WIDE "00 00 0001 0000 0000 4000 1000"
#define NOTHING "00 00 0001 0000 0000 0000 0000"
#define CONTINUOUS "96" /* updates come unasked from now on */
#define CLIP_CAPS "03 000000 fffffff8 1f000001 00040000"
#define FENCE "f8 000000 80000001 40 11*64"
#define RED "00000007 80 ff0000"
#define BLUE "00000007 80 0000ff"

/* UNREAD: an update is answered with a request for the next, and a fence with one; whoever sends
 * them faster than he reads ends the connection. */
static const struct fault faults[] = {
    {"silence", silence, 32, 16, "", "", 0, NO_END},
    {"a server that reads nothing", reads_nothing, 32, 16, "", "", 0, NO_END},
    {"a byte a second", a_byte_a_second, 32, 16, "", ALL "00000000 11*2048", 0, NO_END},
    {"a rectangle that does not end", silence, 32, 16, ALL "00000000 11*2000", "", 0, NO_END},
    {"endless bells", flood, 32, 16, "", "02", BLOCK, NO_END},
    {"endless fences", flood, 32, 16, "", FENCE, BLOCK, UNREAD},
    {"endless fences, no answer read", deaf_flood, 32, 16, "", FENCE, BLOCK, UNREAD},
    {"endless ends of continuous updates", flood, 32, 16, "", "96", BLOCK, UNREAD},
    {"endless cut text", flood, 32, 16, "", "03 000000 00040000 61*262144", BLOCK, NO_END},
    {"endless clipboards announced", flood, 32, 16, CLIP_CAPS, "03 000000 fffffffc 08000001", BLOCK,
     NO_END},
    {"endless clipboards asked for", flood, 32, 16, CLIP_CAPS, "03 000000 fffffffc 02000001", BLOCK,
     UNREAD},
    {"endless questions about the clipboard", flood, 32, 16, CLIP_CAPS,
     "03 000000 fffffffc 04000000", BLOCK, UNREAD},
    {"endless colour maps", flood, 32, 16, "", "01 00 0000 ffff 11*393210", BLOCK, NO_END},
    {"endless rectangles of size 0", flood, 32, 16, "00 00 ffff", "00*12", BLOCK, NO_END},
    {"endless updates of 65534 rectangles of size 0", flood, 32, 16, "", "00 00 fffe 00*786408",
     BLOCK, UNREAD},
    {"endless empty updates", flood, 32, 16, "", "00 00 0000", BLOCK, UNREAD},
    {"endless empty updates, nothing read", deaf_flood, 32, 16, "", "00 00 0000", BLOCK, UNREAD},
    {"endless frames that are the same", flood, 32, 16, CONTINUOUS, ALL RED, BLOCK, NO_END},
    {"endless frames that change", flood, 32, 16, CONTINUOUS, ALL RED ALL BLUE, BLOCK, NO_END},
    {"endless large frames", flood, 2048, 2048, CONTINUOUS, LARGE RED LARGE BLUE, BLOCK, NO_END},
    {"endless huge frames that are the same", flood, 4096, 4096, CONTINUOUS, HUGE_UPDATE RED, BLOCK,
     NO_END},
    /* whose changes are kept as the box around them: cheap to send, dear to compare */
    {"endless frames of scattered dots", scattered, 4096, 4096, CONTINUOUS HUGE_UPDATE RED, "", 0,
     NO_END},
    {"an endless update of large fills", flood, 2048, 2048, "00 00 ffff", "0000 0000 0800 0800" RED,
     BLOCK, NO_END},
    {"endless resizing", flood, 32, 16, "", TALL "ffffff21" WIDE "ffffff21", BLOCK, UNREAD},
    {"endless cursors", flood, 32, 16, "",
     "00 00 0001 0000 0000 0200 0200 ffffff11 aa*1048576 ff*32768", 0, UNREAD},
    {"endless names", flood, 32, 16, "", NOTHING "fffffecd 00001000 61*4096", BLOCK, UNREAD},
};

/* ---- every call against each ---- */

static ph_client *connect_to(const struct fake_server *s)
{
    ph_client *c;
    ph_options o = PH_OPTIONS_INIT;
    ph_error e = {.code = PH_OK};
    o.encodings = "tight,raw";
    if (ph_connect(fake_server_target(s), &o, &patient, &c, &e) != PH_OK)
        fail_msg("cannot connect: %s", e.message);
    return c;
}

static int wrong; /* answers so far */

static bool expected(const struct fault *f, enum call_kind kind, int rc, const ph_error *e)
{
    bool talks = f->script != silence && f->script != reads_nothing;
    if (rc == PH_OK)
        return kind != CALL_AWAITS || talks;
    if (rc == PH_E_TIMEOUT)
        return kind != CALL_ANSWERS && strstr(e->message, "timed out") != NULL;
    if (rc == PH_E_UNSUPPORTED) /* ph_resize, of those who have told no screens */
        return strstr(e->message, "no ExtendedDesktopSize") != NULL;
    return rc == f->code && f->says != NULL && strstr(e->message, f->says) != NULL;
}

/* Goes on after what is wrong: a table is told whole. */
static void judge(const char *call, enum call_kind kind, const struct fault *f, int64_t start,
                  int rc, const ph_error *e)
{
    wrong += !late_check(start, SHORT_MS, call, f->name);
    if (expected(f, kind, rc, e))
        return;
    print_message("# %s against %s: %d (%s)\n", call, f->name, rc, e->message);
    wrong++;
}

/* So that what follows has something to compare with. */
static void await_picture(ph_client *c)
{
    ph_frame *f;
    assert_int_equal(ph_frame_get(c, 0, &patient, &f, NULL), PH_OK);
    ph_frame_unref(f);
}

static void each_call(const struct fault *f)
{
    struct fake_server *s = fake_server_start(f->script, (void *)f);
    ph_client *c = connect_to(s);
    fake_server_go(s);
    if (strncmp(f->first, CONTINUOUS, 2) == 0)
        await_picture(c);
    for (const struct call *call = calls; call->name != NULL; call++) {
        ph_error e = {.code = PH_OK};
        int64_t start = late_start();
        int rc = call->run(c, &brief, &e);
        judge(call->name, call->kind, f, start, rc, &e);
    }
    ph_error e = {.code = PH_OK};
    int64_t start = late_start();
    int rc = ph_close(c, &brief, &e);
    judge("ph_close", CALL_SENDS, f, start, rc, &e);
    assert_true(fake_server_stop(s));
}

static void calls_keep_their_limits(void **state)
{
    (void)state;
    late_begin();
    wrong = 0;
    for (size_t i = 0; i < COUNT(faults); i++)
        each_call(&faults[i]);
    late_end();
    assert_int_equal(wrong, 0);
}

/* ---- connecting ---- */

#define VERSION "'RFB 003.008' 0a "

static const struct fault strangers[] = {
    {"a server that accepts and says nothing", silence, 0, 0, "", "", 0, NO_END},
    {"a version, a byte a second", a_byte_a_second, 0, 0, "", VERSION, 0, NO_END},
    {"security types, a byte a second", a_byte_a_second, 0, 0, VERSION, "ff 01*255", 0, NO_END},
    {"endless nonsense", flood, 0, 0, "", "00", BLOCK, PH_E_PROTOCOL, "no VNC server"},
    {"an endless reason", flood, 0, 0, VERSION "00 ffffffff", "61", BLOCK, PH_E_PROTOCOL,
     "longer than 4096"},
};

static void expect_no_connection(const char *target, const struct fault *f)
{
    ph_client *c;
    ph_error e = {.code = PH_OK};
    int64_t start = late_start();
    int rc = ph_connect(target, NULL, &brief, &c, &e);
    judge("ph_connect", CALL_SENDS, f, start, rc, &e);
    assert_null(c);
}

static void connecting_keeps_its_limit(void **state)
{
    (void)state;
    late_begin();
    wrong = 0;
    for (size_t i = 0; i < COUNT(strangers); i++) {
        struct fake_server *s = fake_server_start(strangers[i].script, (void *)&strangers[i]);
        expect_no_connection(fake_server_target(s), &strangers[i]);
        assert_true(fake_server_stop(s));
    }
    late_end();
    assert_int_equal(wrong, 0);
}

/* A listener whose queue is full and who accepts nobody: Linux drops what knocks at it. */
struct full {
    int listener;
    int inside[64];
    size_t count;
};

static void fill_up(struct full *f, const struct sockaddr *address, socklen_t len)
{
    for (;;) {
        assert_true(f->count < COUNT(f->inside));
        int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        f->inside[f->count++] = fd;
        connect(fd, address, len);
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        /* an unconnected unix socket is POLLHUP at once; a SYN that was dropped is nothing */
        if (poll(&p, 1, 100) == 0 || (p.revents & POLLHUP))
            return;
    }
}

static void empty(struct full *f)
{
    for (size_t i = 0; i < f->count; i++)
        close(f->inside[i]);
    close(f->listener);
}

static void an_address_that_drops_packets(void **state)
{
    static const struct fault dropped = {.name = "an address that drops packets", silence};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t len = sizeof address;
    struct full f = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    (void)state;
    assert_return_code(bind(f.listener, any, len), 0);
    assert_return_code(listen(f.listener, 0), 0);
    assert_return_code(getsockname(f.listener, any, &len), 0);
    fill_up(&f, any, len);
    char target[64];
    snprintf(target, sizeof target, "vnc://127.0.0.1::%u", ntohs(address.sin_port));
    late_begin();
    wrong = 0;
    expect_no_connection(target, &dropped);
    late_end();
    assert_int_equal(wrong, 0);
    empty(&f);
}

static void a_unix_socket_that_takes_nobody(void **state)
{
    static const struct fault full = {.name = "a full unix socket", silence};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sockaddr *any = (struct sockaddr *)&address;
    char folder[] = "/tmp/porthole-full-XXXXXX", target[160];
    struct full f = {.listener = socket(AF_UNIX, SOCK_STREAM, 0)};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/rfb", folder);
    snprintf(target, sizeof target, "vnc+unix:%s", address.sun_path);
    assert_return_code(bind(f.listener, any, sizeof address), 0);
    assert_return_code(listen(f.listener, 0), 0);
    fill_up(&f, any, sizeof address);
    late_begin();
    wrong = 0;
    expect_no_connection(target, &full);
    late_end();
    assert_int_equal(wrong, 0);
    empty(&f);
    unlink(address.sun_path);
    rmdir(folder);
}

/* ---- cancelling ---- */

struct cancelling {
    ph_cancel *cancel;
    int64_t at; /* late_start when it was triggered */
};

/* Not before the call has had time to begin its wait; too early is no failure either. */
static void *trigger(void *argument)
{
    struct cancelling *c = argument;
    poll(NULL, 0, SHORT_MS);
    c->at = late_start();
    ph_cancel_trigger(c->cancel);
    return NULL;
}

static void cancel_each_wait(const struct fault *f)
{
    struct fake_server *s = fake_server_start(f->script, (void *)f);
    ph_client *c = connect_to(s);
    fake_server_go(s);
    for (const struct call *call = calls; call->name != NULL; call++) {
        struct cancelling t = {.cancel = ph_cancel_create()};
        const ph_limit forever = {.timeout_ms = -1, .cancel = t.cancel};
        ph_error e = {.code = PH_OK};
        pthread_t thread;
        if (call->kind == CALL_ANSWERS) {
            ph_cancel_destroy(t.cancel);
            continue;
        }
        assert_int_equal(pthread_create(&thread, NULL, trigger, &t), 0);
        int rc = call->run(c, &forever, &e);
        int64_t returned = late_now();
        pthread_join(thread, NULL);
        if (rc == PH_E_CANCELLED)
            wrong += !late_between(t.at, returned, 0, call->name, "being cancelled");
        else if (rc != PH_OK || call->kind == CALL_AWAITS)
            fail_msg("%s against %s, cancelled: %d (%s)", call->name, f->name, rc, e.message);
        ph_cancel_destroy(t.cancel);
    }
    ph_close(c, &brief, NULL);
    assert_true(fake_server_stop(s));
}

static void cancelling_ends_a_wait_at_once(void **state)
{
    (void)state;
    late_begin();
    wrong = 0;
    for (size_t i = 0; i < COUNT(faults); i++)
        if (faults[i].script == silence || faults[i].script == reads_nothing)
            cancel_each_wait(&faults[i]);
    late_end();
    assert_int_equal(wrong, 0);
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_keep_their_limits),
        cmocka_unit_test(connecting_keeps_its_limit),
        cmocka_unit_test(an_address_that_drops_packets),
        cmocka_unit_test(a_unix_socket_that_takes_nobody),
        cmocka_unit_test(cancelling_ends_a_wait_at_once),
    };
    return cmocka_run_group_tests_name("client_faults_time", tests, NULL, NULL);
}
