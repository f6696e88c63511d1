/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is kept of streams made at run time, and files that older versions have written. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/store.h"
#include "unit.h"

#define HASH "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"
/* As version 1 made them. */
#define TABLE                                                                                      \
    "CREATE TABLE grants (id TEXT PRIMARY KEY, label TEXT NOT NULL, desktop TEXT NOT NULL, "       \
    "token BLOB NOT NULL UNIQUE, control INTEGER NOT NULL, clipboard_in INTEGER NOT NULL, "        \
    "clipboard_out INTEGER NOT NULL, max_viewers INTEGER NOT NULL, single_use INTEGER NOT NULL, "  \
    "created INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT; PRAGMA user_version = 1;"
#define ROW "INSERT INTO grants VALUES ('old', 'l', 'd', zeroblob(32), 1, 0, 1, 3, 0, 100, 200);"

/* The step of version 2, and a window's stream. */
#define TO_2                                                                                       \
    "ALTER TABLE grants ADD COLUMN password TEXT NOT NULL DEFAULT '';"                             \
    "ALTER TABLE grants ADD COLUMN by_name INTEGER NOT NULL DEFAULT 0;"                            \
    "CREATE TABLE revocations ("                                                                   \
    "id TEXT PRIMARY KEY, jti TEXT NOT NULL, until INTEGER NOT NULL) STRICT;"                      \
    "ALTER TABLE grants ADD COLUMN window TEXT NOT NULL DEFAULT '';"                               \
    "ALTER TABLE grants ADD COLUMN window_clip INTEGER NOT NULL DEFAULT 0;"                        \
    "ALTER TABLE grants ADD COLUMN window_frame INTEGER NOT NULL DEFAULT 0;"                       \
    "ALTER TABLE grants ADD COLUMN window_wait INTEGER NOT NULL DEFAULT 0;"                        \
    "UPDATE grants SET window = 'app:x', window_clip = 1, window_wait = 30;"                       \
    "PRAGMA user_version = 2;"

static char folder[] = "/tmp/test_proxy_store.XXXXXX";

static const char *path_of(const char *end)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/db%s", folder, end);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < COUNT(ends); i++)
        unlink(path_of(ends[i]));
}

static int tear_down(void **state)
{
    (void)state;
    remove_files();
    return rmdir(folder);
}

static void run(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of(""), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int ask_number(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open(path_of(""), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int n = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static struct store *open_store(void)
{
    char why[STORE_ERROR_MAX];
    struct store *s = store_open(path_of(""), why);
    if (s == NULL)
        fail_msg("%s", why);
    return s;
}

static const struct grant full = {.id = "0123456789abcdef",
                                  .label = "l",
                                  .desktop = "d",
                                  .token = {1, 2, 3},
                                  .password = HASH,
                                  .by_name = true,
                                  .policy = {.clipboard_in = true},
                                  .window = {.selector = "title:*",
                                             .popups = CROP_POPUPS_NONE,
                                             .frame = true,
                                             .wait_s = 30,
                                             .on_close = CROP_ON_CLOSE_WAIT,
                                             .strict = true},
                                  .max_viewers = 7,
                                  .single_use = true,
                                  .created = 300,
                                  .expires = 1LL << 40};

static void keeps_everything(void **state)
{
    (void)state;
    char why[STORE_ERROR_MAX];
    struct grant *list, other = full;
    size_t count;
    strcpy(other.id, "fedcba9876543210");
    other.token[0] = 9;
    other.by_name = false;
    other.password[0] = '\0';
    struct store *s = open_store();
    assert_int_equal(store_add(s, &full, why), 0);
    assert_int_equal(store_add(s, &other, why), 0);
    store_close(s);
    s = open_store();
    assert_int_equal(store_list(s, &list, &count, why), 0);
    assert_int_equal(count, 2);
    assert_memory_equal(&list[0], &full, sizeof full);
    assert_string_equal(list[1].password, "");
    assert_false(list[1].by_name);
    free(list);
    store_close(s);
    remove_files();
}

static void keeps_revocations_until_their_time(void **state)
{
    (void)state;
    char why[STORE_ERROR_MAX];
    const struct revocation first = {.id = "0123456789abcdef", .jti = "a jti", .until = 100},
                            second = {.id = "fedcba9876543210", .until = 200};
    struct revocation *list;
    size_t count;
    run(TABLE ROW); /* an older file gets their table */
    struct store *s = open_store();
    assert_int_equal(store_revoke(s, &second, why), 0);
    assert_int_equal(store_revoke(s, &first, why), 0);
    assert_int_equal(store_revoke(s, &first, why), 0);
    store_close(s);
    s = open_store();
    assert_int_equal(store_list_revocations(s, &list, &count, why), 0);
    assert_int_equal(count, 2);
    assert_memory_equal(&list[0], &first, sizeof first);
    assert_memory_equal(&list[1], &second, sizeof second);
    free(list);
    assert_int_equal(store_expire(s, 100, why), 0);
    assert_int_equal(store_list_revocations(s, &list, &count, why), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, second.id);
    free(list);
    store_close(s);
    run("UPDATE revocations SET jti = printf('%065d', 1);");
    s = open_store();
    assert_int_equal(store_list_revocations(s, &list, &count, why), -1);
    assert_string_equal(why, "it holds a revocation that makes no sense");
    store_close(s);
    remove_files();
}

static void takes_files_of_version_1(void **state)
{
    (void)state;
    char why[STORE_ERROR_MAX];
    struct grant g;
    run(TABLE ROW);
    struct store *s = open_store();
    assert_int_equal(store_get(s, "old", &g, why), 1);
    assert_string_equal(g.desktop, "d");
    assert_int_equal(g.expires, 200);
    assert_string_equal(g.password, "");
    assert_false(g.by_name);
    assert_int_equal(store_add(s, &full, why), 0);
    store_close(s);
    assert_int_equal(ask_number("PRAGMA user_version"), 5);
    s = open_store(); /* and once is enough */
    assert_int_equal(store_get(s, full.id, &g, why), 1);
    assert_memory_equal(&g, &full, sizeof g);
    store_close(s);
    remove_files();
}

static void takes_files_of_version_2(void **state)
{
    (void)state;
    char why[STORE_ERROR_MAX];
    struct grant g;
    run(TABLE ROW TO_2);
    struct store *s = open_store();
    assert_int_equal(store_get(s, "old", &g, why), 1);
    assert_string_equal(g.window.selector, "app:x");
    assert_int_equal(g.window.popups, CROP_POPUPS_CLIP);
    assert_int_equal(g.window.wait_s, 30);
    assert_int_equal(g.window.on_close, CROP_ON_CLOSE_END);
    assert_false(g.window.strict);
    store_close(s);
    remove_files();
}

static void changes_all_or_nothing(void **state)
{
    (void)state;
    char why[STORE_ERROR_MAX];
    run(TABLE ROW "ALTER TABLE grants ADD COLUMN by_name TEXT;"); /* nobody of ours has done that */
    assert_null(store_open(path_of(""), why));
    assert_string_equal(why, "duplicate column name: by_name");
    assert_int_equal(ask_number("PRAGMA user_version"), 1);
    assert_int_equal(ask_number("SELECT count(*) FROM pragma_table_info('grants') "
                                "WHERE name = 'password'"),
                     0);
    remove_files();
}

static void leaves_newer_files_alone(void **state)
{
    (void)state;
    char why[STORE_ERROR_MAX];
    run("PRAGMA user_version = 6;");
    assert_null(store_open(path_of(""), why));
    assert_string_equal(why, "it was written by a newer version");
    remove_files();
}

static void believes_no_broken_rows(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "UPDATE grants SET password = 'plain text';",
        "UPDATE grants SET password = '', by_name = 1;",
        "UPDATE grants SET password = '$scrypt$ln=20,r=32,p=1$U29kaXVtQ2hsb3JpZGU$AAAA';",
        "UPDATE grants SET token = x'00';",
        "UPDATE grants SET window_popups = 3;",
        "UPDATE grants SET window_popups = -1;",
        "UPDATE grants SET window_on_close = 2;",
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        char why[STORE_ERROR_MAX];
        struct grant *list;
        size_t count;
        struct store *s = open_store();
        assert_int_equal(store_add(s, &full, why), 0);
        store_close(s);
        run(broken[i]);
        s = open_store();
        assert_int_equal(store_list(s, &list, &count, why), -1);
        assert_string_equal(why, "it holds a stream that makes no sense");
        store_close(s);
        remove_files();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_everything),
        cmocka_unit_test(keeps_revocations_until_their_time),
        cmocka_unit_test(takes_files_of_version_1),
        cmocka_unit_test(takes_files_of_version_2),
        cmocka_unit_test(changes_all_or_nothing),
        cmocka_unit_test(leaves_newer_files_alone),
        cmocka_unit_test(believes_no_broken_rows),
    };
    return cmocka_run_group_tests_name("proxy store", tests, set_up, tear_down);
}
