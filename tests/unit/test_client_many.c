/* SPDX-License-Identifier: GPL-2.0-or-later
 * Fifty connections in one process, each used from three threads at once, on descriptors beyond
 * what select() takes. Every connection sees its own desktop and nothing of the others', all input
 * arrives, and nothing is left behind. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_server.h"
#include "porthole.h"
#include "rfb/buf.h"
#include "rfb/proto.h"
#include "unit.h"

enum {
    CONNECTIONS = 50,
    EVENTS = 40,
    WIDTH = 48,
    HEIGHT = 32,
    DESCRIPTORS_BELOW = 1100, /* FD_SETSIZE is 1024 */
    DESCRIPTORS = 2048,
};

static const ph_limit patient = {.timeout_ms = 60000};

/* ---- a desktop that shows how many pointer events it has had ---- */

struct desktop {
    uint32_t number; /* tells it from the others: in its pixels' upper byte */
    uint32_t shown, moves, keys;
    bool asked; /* an incremental request has not been answered */
};

static uint32_t colour(const struct desktop *d)
{
    return d->number << 16 | d->moves;
}

/* One colour, in an encoding of the library's own or in one of LibVNCClient's. */
static void send_all(const struct desktop *d, int fd)
{
    uint32_t c = colour(d);
    const uint8_t rre[8] = {0, 0, 0, 0, (uint8_t)c, (uint8_t)(c >> 8), (uint8_t)(c >> 16), 0};
    const uint8_t tight[4] = {0x80, (uint8_t)(c >> 16), (uint8_t)(c >> 8), (uint8_t)c};
    if (d->number % 3 == 0)
        fake_fill(fd, 0, 0, WIDTH, HEIGHT, c);
    else if (d->number % 3 == 1)
        fake_rect(fd, 0, 0, WIDTH, HEIGHT, RFB_ENC_RRE, rre, sizeof rre);
    else
        fake_rect(fd, 0, 0, WIDTH, HEIGHT, RFB_ENC_TIGHT, tight, sizeof tight);
}

static void show(struct desktop *d, int fd)
{
    if (!d->asked || d->shown == d->moves)
        return;
    d->asked = false;
    d->shown = d->moves;
    send_all(d, fd);
}

/* Takes the rest of one message of the client's. */
static bool obey(struct fake_server *s, struct desktop *d, int fd, uint8_t type)
{
    uint8_t in[16];
    switch (type) {
    case RFB_C2S_UPDATE_REQUEST:
        if (!fake_read(fd, in, 9))
            return false;
        if (in[0] == 0) {
            d->shown = d->moves;
            send_all(d, fd);
        } else {
            d->asked = true;
        }
        return true;
    case RFB_C2S_KEY:
        d->keys++;
        return fake_read(fd, in, 7);
    case RFB_C2S_POINTER:
        d->moves++;
        return fake_read(fd, in, 5);
    default:
        fake_expect(s, false, "a message that is a request or input");
        return false;
    }
}

static void desktop(struct fake_server *s, int fd, void *argument)
{
    struct desktop *d = argument;
    uint8_t type;
    fake_handshake(fd, WIDTH, HEIGHT);
    fake_take_setup(fd);
    send_all(d, fd);
    while (fake_read(fd, &type, 1) && obey(s, d, fd, type))
        show(d, fd);
    fake_expect(s, d->moves == EVENTS, "all pointer events");
    fake_expect(s, d->keys == 2 * EVENTS, "all keys, up and down");
}

/* ---- a connection's threads ---- */

struct user {
    uint32_t number;
    ph_cancel *cancel; /* one for all */
    pthread_barrier_t *ready;
    ph_client *client;
    char wrong[160]; /* what went wrong first, or empty */
};

static void expect(struct user *u, bool truth, const char *what)
{
    if (!truth && u->wrong[0] == '\0')
        snprintf(u->wrong, sizeof u->wrong, "connection %u: not so: %.120s", u->number, what);
}

static void check_frame(struct user *u, const ph_frame *f, uint32_t *moves)
{
    const uint32_t *p = ph_frame_pixels(f);
    expect(u, p[0] >> 16 == (0xff00 | u->number), "a frame of this connection's desktop");
    expect(u, (p[0] & 0xffff) >= *moves, "frames in their order");
    for (int i = 1; i < WIDTH * HEIGHT; i++)
        expect(u, p[i] == p[0], "a frame that is whole");
    *moves = p[0] & 0xffff;
}

static void *look(void *user)
{
    struct user *u = user;
    uint64_t sequence = 0;
    uint32_t moves = 0;
    while (moves < EVENTS && u->wrong[0] == '\0') {
        ph_frame *f;
        ph_error e;
        if (ph_frame_get(u->client, sequence, &patient, &f, &e) != PH_OK) {
            expect(u, false, e.message);
            break;
        }
        sequence = ph_frame_sequence(f);
        check_frame(u, f, &moves);
        ph_frame_unref(f);
    }
    return NULL;
}

/* Waits for what does not come, until everybody is sent home. */
static void *wait_in_vain(void *user)
{
    struct user *u = user;
    const ph_limit forever = {.timeout_ms = -1, .cancel = u->cancel};
    ph_frame *f;
    expect(u, ph_frame_get(u->client, UINT64_MAX, &forever, &f, NULL) == PH_E_CANCELLED,
           "a wait that is cancelled");
    return NULL;
}

static void use(struct user *u)
{
    ph_info info = PH_INFO_INIT;
    for (int i = 0; i < EVENTS; i++) {
        ph_error e = {.code = PH_OK};
        expect(u, ph_move(u->client, i % WIDTH, i % HEIGHT, &patient, &e) == PH_OK, e.message);
        expect(u, ph_key(u->client, 'a', 1, &patient, &e) == PH_OK, e.message);
        expect(u, ph_key(u->client, 'a', 0, &patient, &e) == PH_OK, e.message);
        expect(u, ph_client_info(u->client, &info, &e) == PH_OK, e.message);
    }
}

static void *live(void *user)
{
    struct user *u = user;
    struct desktop d = {.number = u->number};
    struct fake_server *s = fake_server_start(desktop, &d);
    ph_error e = {.code = PH_OK};
    pthread_t looking, waiting;
    ph_options o = PH_OPTIONS_INIT;
    o.encodings = "rre,tight,raw";
    int rc = ph_connect(fake_server_target(s), &o, &patient, &u->client, &e);
    pthread_barrier_wait(u->ready); /* all are connected */
    if (rc != PH_OK) {
        expect(u, false, e.message);
        pthread_barrier_wait(u->ready);
        return NULL;
    }
    struct user other = {.number = u->number, .cancel = u->cancel, .client = u->client};
    pthread_create(&looking, NULL, look, u);
    pthread_create(&waiting, NULL, wait_in_vain, &other);
    struct user me = {.number = u->number, .client = u->client};
    use(&me);
    pthread_join(looking, NULL);
    pthread_barrier_wait(u->ready); /* main triggers the cancel object */
    pthread_join(waiting, NULL);
    expect(u, ph_close(u->client, &patient, &e) == PH_OK, e.message);
    expect(u, other.wrong[0] == '\0', other.wrong);
    expect(u, me.wrong[0] == '\0', me.wrong);
    expect(u, fake_server_stop(s), "what its server expected");
    return NULL;
}

/* ---- what is left ---- */

static int entries(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

/* A thread that has been joined may be listed for a moment longer. */
static void await_entries(const char *folder, int expected)
{
    for (int i = 0; i < 10000 && entries(folder) != expected; i++)
        poll(NULL, 0, 1);
    assert_int_equal(entries(folder), expected);
}

/* Takes every descriptor below DESCRIPTORS_BELOW, and writes those down. */
static void take_descriptors(int low[DESCRIPTORS_BELOW], int *count)
{
    struct rlimit limit;
    assert_return_code(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_max >= DESCRIPTORS); /* or this test cannot run */
    if (limit.rlim_cur < DESCRIPTORS) {
        limit.rlim_cur = DESCRIPTORS;
        assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    int fd;
    *count = 0;
    while ((fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) < DESCRIPTORS_BELOW) {
        assert_return_code(fd, 0);
        low[(*count)++] = fd;
    }
    close(fd);
}

static void *nothing(void *unused)
{
    return unused;
}

static void fifty_connections_at_once(void **state)
{
    static struct user users[CONNECTIONS];
    static int low[DESCRIPTORS_BELOW];
    pthread_t threads[CONNECTIONS];
    pthread_barrier_t ready;
    int count;
    (void)state;
    take_descriptors(low, &count);
    /* a sanitizer may start a thread of its own with the first one */
    assert_int_equal(pthread_create(&threads[0], NULL, nothing, NULL), 0);
    pthread_join(threads[0], NULL);
    int descriptors = entries("/proc/self/fd"), tasks = entries("/proc/self/task");
    ph_cancel *cancel = ph_cancel_create();
    pthread_barrier_init(&ready, NULL, CONNECTIONS + 1);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        users[i] = (struct user){.number = i, .cancel = cancel, .ready = &ready};
        assert_int_equal(pthread_create(&threads[i], NULL, live, &users[i]), 0);
    }
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&ready);
    ph_cancel_trigger(cancel);
    for (int i = 0; i < CONNECTIONS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < CONNECTIONS; i++)
        assert_string_equal(users[i].wrong, "");
    ph_cancel_destroy(cancel);
    pthread_barrier_destroy(&ready);
    await_entries("/proc/self/task", tasks);
    await_entries("/proc/self/fd", descriptors);
    for (int i = 0; i < count; i++)
        close(low[i]);
}

int main(void)
{
    alarm(300); /* what hangs is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_connections_at_once),
    };
    return cmocka_run_group_tests_name("client_many", tests, NULL, NULL);
}
