/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log: values that cannot break a line, a stderr that nobody reads, and floods. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/log.h"
#include "unit.h"

static void escapes_log_values(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"https://[::1]:6080/", "https://[::1]:6080/"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"x\nevent=ready\033[2J\x7f\xc3\xa9", "\"x\\x0aevent=ready\\x1b[2J\\x7f\\xc3\\xa9\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[128] = "k=";
        log_put_value(out, sizeof out, cases[i].text);
        assert_string_equal(out + 2, cases[i].expected);
    }
    for (size_t size = 3; size < 40; size++) { /* cut, yet closed and ended */
        char *out = malloc(size);
        assert_non_null(out);
        memcpy(out, "k=", 3);
        log_put_value(out, size, "a\n\n\n\n\n\n\n\n\n\n\n\n\n");
        size_t len = strlen(out);
        assert_true(len < size);
        assert_true(len == 2 || (out[2] == '"' && out[len - 1] == '"'));
        free(out);
    }
}

/* Writes until nothing more goes in; the pipe is blocking before and after. */
static void fill(int fd)
{
    char page[4096] = "";
    int flags = fcntl(fd, F_GETFL);
    assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
    while (write(fd, page, sizeof page) > 0) {
    }
    assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

/* What is in the pipe; the last of it, as a string. */
static const char *drain(int fd)
{
    static char text[1 << 20];
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    return text;
}

/* What waits in the pipe, which fits. */
static void take(int fd, char *to, size_t size)
{
    const char *text = drain(fd);
    size_t n = strlen(text) + 1;
    assert_true(n <= size);
    memcpy(to, text, n);
}

static void drops_lines_that_nobody_takes(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDERR_FILENO);
    char first[512], second[512];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    fill(ends[1]);
    alarm(60); /* for a log that waits */
    for (uint64_t i = 0; i < 3; i++)
        log_event(LOG_LEVEL_INFO, "lost", LOG_NUMBER("n", i));
    alarm(0);
    drain(ends[0]);
    log_event(LOG_LEVEL_INFO, "first", LOG_NUMBER("n", 1));
    take(ends[0], first, sizeof first);
    log_event(LOG_LEVEL_INFO, "second", LOG_NUMBER("n", 2));
    take(ends[0], second, sizeof second);
    close(ends[0]);
    close(ends[1]);
    dup2(kept, STDERR_FILENO);
    close(kept);
    assert_non_null(strstr(first, " info event=first n=1 dropped=3\n"));
    assert_non_null(strstr(second, " info event=second n=2\n"));
}

static void counts_what_it_dropped_on_the_longest_line(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDERR_FILENO);
    char value[600], line[4096];
    memset(value, '\n', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    fill(ends[1]);
    log_event(LOG_LEVEL_INFO, "lost", LOG_NUMBER("n", 1));
    drain(ends[0]);
    log_event(LOG_LEVEL_INFO, "long", LOG_TEXT("a", value), LOG_TEXT("b", value),
              LOG_TEXT("c", value), LOG_TEXT("d", value), LOG_TEXT("e", value));
    take(ends[0], line, sizeof line);
    close(ends[0]);
    close(ends[1]);
    dup2(kept, STDERR_FILENO);
    close(kept);
    static const char end[] = " dropped=1\n";
    assert_true(strlen(line) <= 2048);
    assert_string_equal(line + strlen(line) - strlen(end), end);
}

static void limits_floods(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    uint64_t suppressed = 99;
    for (uint64_t second = 0; second < 3; second++) {
        for (unsigned i = 0; i < LOG_LINES_A_SECOND; i++) {
            assert_true(log_allow(&limit, second * 1000 + i, &suppressed));
            assert_int_equal(suppressed, second != 0 && i == 0 ? 7 : 0);
        }
        for (unsigned i = 0; i < 7; i++)
            assert_false(log_allow(&limit, second * 1000 + 999, &suppressed));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_log_values),
        cmocka_unit_test(drops_lines_that_nobody_takes),
        cmocka_unit_test(counts_what_it_dropped_on_the_longest_line),
        cmocka_unit_test(limits_floods),
    };
    return cmocka_run_group_tests_name("proxy log", tests, NULL, NULL);
}
