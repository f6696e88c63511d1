/* SPDX-License-Identifier: GPL-2.0-or-later
 * The audit trail: what a line is, a file that is moved away, a disk that is full, and files that
 * are none. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/audit.h"
#include "unit.h"

static char folder[64], file[96], moved[96];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/porthole-audit-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(file, sizeof file, "%s/audit.jsonl", folder);
    snprintf(moved, sizeof moved, "%s/audit.jsonl.1", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    unlink(moved);
    return rmdir(folder);
}

static struct audit *begin(void)
{
    char why[AUDIT_ERROR_MAX] = "";
    struct audit *a = audit_create();
    assert_non_null(a);
    assert_int_equal(audit_use(a, file, why), 0);
    return a;
}

/* All lines of the file; each must be an object, and the last end in a newline. */
static json_t *read_lines(const char *path)
{
    FILE *in = fopen(path, "re");
    char line[AUDIT_LINE_MAX + 1];
    json_t *all = json_array();
    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL) {
        assert_non_null(strchr(line, '\n'));
        json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_true(json_is_object(json));
        json_array_append_new(all, json);
    }
    fclose(in);
    return all;
}

static const char *text_of(const json_t *lines, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(lines, i), key));
}

static json_int_t number_of(const json_t *lines, size_t i, const char *key)
{
    return json_integer_value(json_object_get(json_array_get(lines, i), key));
}

static void writes_lines(void **state)
{
    (void)state;
    struct audit *a = begin();
    audit_event(a, "viewer_begun", AUDIT_NUMBER("viewer", 7), AUDIT_TEXT("peer", "127.0.0.1:9"),
                AUDIT_TEXT("label", "two\nlines \"quoted\" \xff"), AUDIT_TEXT("client", NULL));
    audit_event(a, "stopped", AUDIT_NUMBER("pid", UINT64_C(1) << 40));
    audit_destroy(a);
    json_t *lines = read_lines(file);
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(text_of(lines, 0, "event"), "viewer_begun");
    assert_string_equal(text_of(lines, 0, "label"), "two\nlines \"quoted\" ?");
    assert_null(json_object_get(json_array_get(lines, 0), "client"));
    assert_null(json_object_get(json_array_get(lines, 0), "lost"));
    assert_int_equal(number_of(lines, 0, "viewer"), 7);
    assert_int_equal(number_of(lines, 1, "pid"), UINT64_C(1) << 40);
    unsigned parts[7];
    char z;
    assert_int_equal(sscanf(text_of(lines, 0, "time"), "%4u-%2u-%2uT%2u:%2u:%2u.%3u%c", &parts[0],
                            &parts[1], &parts[2], &parts[3], &parts[4], &parts[5], &parts[6], &z),
                     8);
    assert_int_equal(z, 'Z');
    assert_int_equal(strlen(text_of(lines, 0, "time")), 24);
    json_decref(lines);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void needs_no_file(void **state)
{
    (void)state;
    char why[AUDIT_ERROR_MAX];
    audit_event(NULL, "started", AUDIT_NUMBER("pid", 1));
    audit_destroy(NULL);
    struct audit *a = audit_create();
    audit_event(a, "started", AUDIT_NUMBER("pid", 1));
    assert_int_equal(audit_use(a, NULL, why), 0);
    audit_destroy(a);
    assert_int_equal(access(file, F_OK), -1);
    a = begin();
    audit_event(a, "started", AUDIT_NUMBER("pid", 1));
    assert_int_equal(audit_use(a, NULL, why), 0); /* what waits is written all the same */
    audit_event(a, "stopped", AUDIT_NUMBER("pid", 1));
    audit_destroy(a);
    json_t *lines = read_lines(file);
    assert_int_equal(json_array_size(lines), 1);
    json_decref(lines);
}

/* logrotate moves the file away and sends SIGHUP. */
static void opens_the_file_anew(void **state)
{
    (void)state;
    char why[AUDIT_ERROR_MAX];
    struct audit *a = begin();
    audit_event(a, "first", AUDIT_NUMBER("n", 1));
    audit_destroy(a);
    a = begin(); /* an old file is appended to */
    audit_event(a, "second", AUDIT_NUMBER("n", 2));
    assert_int_equal(rename(file, moved), 0);
    assert_int_equal(audit_use(a, file, why), 0);
    audit_event(a, "third", AUDIT_NUMBER("n", 3));
    assert_int_equal(audit_use(a, folder, why), -1); /* as before */
    audit_event(a, "fourth", AUDIT_NUMBER("n", 4));
    audit_destroy(a);
    json_t *old = read_lines(moved), *new = read_lines(file);
    size_t kept = json_array_size(old); /* what still waited is in the new file */
    assert_in_range(kept, 1, 2);
    assert_int_equal(kept + json_array_size(new), 4);
    assert_string_equal(text_of(new, json_array_size(new) - 1, "event"), "fourth");
    json_decref(old);
    json_decref(new);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* stderr as a pipe; the old one. */
static int catch_log(int *out)
{
    int ends[2], old = dup(STDERR_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    *out = ends[0];
    return old;
}

/* The next line of the log. */
static void read_log(int from, char text[512])
{
    size_t len = 0;
    while (len < 511 && read(from, text + len, 1) == 1 && text[len] != '\n')
        len++;
    text[len] = '\0';
}

static void waits_for_a_full_disk(void **state)
{
    (void)state;
    char why[AUDIT_ERROR_MAX], text[512], filling[4000];
    int log, old_stderr = catch_log(&log);
    void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);
    uint64_t written = 0, seen = 0;
    memset(filling, 'x', sizeof filling - 1);
    filling[sizeof filling - 1] = '\0';
    struct audit *a = begin();
    limit_files(6000); /* the second line goes in by half */
    for (; written < 2; written++)
        audit_event(a, "filling", AUDIT_TEXT("text", filling));
    read_log(log, text);
    assert_non_null(strstr(text, "error event=audit_failed error="));
    assert_non_null(strstr(text, "lost=0"));
    for (; written < AUDIT_QUEUE_MAX / sizeof filling + 10; written++)
        audit_event(a, "filling", AUDIT_TEXT("text", filling));
    limit_files(RLIM_INFINITY);
    assert_int_equal(audit_use(a, file, why), 0); /* so that it tries at once */
    for (struct stat st = {0}; st.st_size < AUDIT_QUEUE_MAX / 2;)
        assert_int_equal(stat(file, &st), 0);
    audit_event(a, "last", AUDIT_NUMBER("n", 1));
    written++;
    audit_destroy(a);
    signal(SIGXFSZ, old_handler);
    dup2(old_stderr, STDERR_FILENO);
    close(old_stderr);
    close(log);
    json_t *lines = read_lines(file);
    size_t count = json_array_size(lines);
    for (size_t i = 0; i < count; i++)
        seen += 1 + (uint64_t)number_of(lines, i, "lost");
    assert_int_equal(seen, written);
    assert_true(count < written);
    assert_string_equal(text_of(lines, count - 1, "event"), "last");
    assert_true(number_of(lines, count - 1, "lost") > 0);
    json_decref(lines);
}

enum { WRITERS = 4, EACH = 500 };

static void *write_many(void *audit)
{
    for (unsigned i = 0; i < EACH; i++)
        audit_event(audit, "one", AUDIT_NUMBER("n", i));
    return NULL;
}

static void takes_lines_of_many_threads(void **state)
{
    (void)state;
    pthread_t threads[WRITERS];
    struct audit *a = begin();
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, a), 0);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    audit_destroy(a);
    json_t *lines = read_lines(file);
    assert_int_equal(json_array_size(lines), WRITERS * EACH);
    for (size_t i = 1; i < json_array_size(lines); i++)
        assert_true(strcmp(text_of(lines, i - 1, "time"), text_of(lines, i, "time")) <= 0);
    json_decref(lines);
}

static atomic_bool writing;

static void *write_on(void *audit)
{
    while (atomic_load(&writing))
        audit_event(audit, "e", AUDIT_NUMBER("n", 1));
    return NULL;
}

/* A line that comes while the file goes is no line for a file that is none. */
static void ends_while_lines_come(void **state)
{
    enum { THREADS = 3, TURNS = 1500, PAUSE_US = 300 };
    (void)state;
    struct audit *a = begin();
    pthread_t threads[THREADS];
    char why[AUDIT_ERROR_MAX], log[4096] = "";
    int pipes[2], err = dup(STDERR_FILENO);
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    dup2(pipes[1], STDERR_FILENO);
    atomic_store(&writing, true);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, a), 0);
    for (int i = 0; i < TURNS; i++) {
        assert_int_equal(audit_use(a, NULL, why), 0);
        usleep(PAUSE_US);
        assert_int_equal(truncate(file, 0), 0);
        assert_int_equal(audit_use(a, file, why), 0);
        usleep(PAUSE_US);
    }
    atomic_store(&writing, false);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    audit_destroy(a);
    dup2(err, STDERR_FILENO);
    close(err);
    ssize_t n = read(pipes[0], log, sizeof log - 1);
    close(pipes[0]);
    close(pipes[1]);
    log[n > 0 ? n : 0] = '\0';
    assert_null(strstr(log, "Bad file descriptor"));
}

static void checks_files(void **state)
{
    (void)state;
    char why[AUDIT_ERROR_MAX] = "", path[128];
    assert_int_equal(audit_check(file, why), 0);
    assert_int_equal(access(file, F_OK), -1); /* none was made */
    snprintf(path, sizeof path, "%s/none/audit.jsonl", folder);
    assert_int_equal(audit_check(path, why), -1);
    assert_string_equal(why, strerror(ENOENT));
    assert_int_equal(audit_check(folder, why), -1);
    assert_string_equal(why, strerror(EISDIR));
    assert_int_equal(audit_check("/dev/null", why), -1);
    assert_string_equal(why, "not a regular file");
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(audit_check(file, why), -1);
    assert_string_equal(why, "not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_lines, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(needs_no_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(opens_the_file_anew, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(waits_for_a_full_disk, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(takes_lines_of_many_threads, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(ends_while_lines_come, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(checks_files, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
