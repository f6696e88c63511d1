/* SPDX-License-Identifier: GPL-2.0-or-later
 * The store on SQLite. */
#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "windows.h"

enum {
    BUSY_MS = 250 /* for somebody else's lock, a backup's say: the caller's loop waits */
};

struct store {
    sqlite3 *db;
};

/* From each version of the tables to the next; a new file is of version 0. What stands here has
 * been run on somebody's files: a change is another step. */
static const char *const steps[] = {
    "CREATE TABLE grants ("
    "id TEXT PRIMARY KEY, label TEXT NOT NULL, desktop TEXT NOT NULL, "
    "token BLOB NOT NULL UNIQUE, control INTEGER NOT NULL, "
    "clipboard_in INTEGER NOT NULL, clipboard_out INTEGER NOT NULL, "
    "max_viewers INTEGER NOT NULL, single_use INTEGER NOT NULL, "
    "created INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT;"
    "PRAGMA user_version = 1;",
    "ALTER TABLE grants ADD COLUMN password TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE grants ADD COLUMN by_name INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE revocations ("
    "id TEXT PRIMARY KEY, jti TEXT NOT NULL, until INTEGER NOT NULL) STRICT;"
    "ALTER TABLE grants ADD COLUMN window TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE grants ADD COLUMN window_clip INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE grants ADD COLUMN window_frame INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE grants ADD COLUMN window_wait INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 2;",
    /* enum crop_popups, of which it had the first two */
    "ALTER TABLE grants RENAME COLUMN window_clip TO window_popups; PRAGMA user_version = 3;",
    /* enum crop_on_close */
    "ALTER TABLE grants ADD window_on_close INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 4;",
    "ALTER TABLE grants ADD window_strict INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 5;",
};
enum { VERSION = sizeof steps / sizeof steps[0] };

static int failed(const struct store *s, char why[STORE_ERROR_MAX])
{
    int code = sqlite3_errcode(s->db), number = sqlite3_system_errno(s->db);
    bool system = code == SQLITE_CANTOPEN || code == SQLITE_IOERR || code == SQLITE_FULL;
    if (system && number != 0)
        snprintf(why, STORE_ERROR_MAX, "%s: %s", sqlite3_errmsg(s->db), strerror(number));
    else
        snprintf(why, STORE_ERROR_MAX, "%s", sqlite3_errmsg(s->db));
    return -1;
}

static int run(struct store *s, const char *sql, char why[STORE_ERROR_MAX])
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(s, why);
}

/* -1: it cannot be read. */
static int read_version(struct store *s)
{
    sqlite3_stmt *q = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        version = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return version;
}

/* Brings the tables to this program's version, all the way or not at all. */
static int migrate(struct store *s, char why[STORE_ERROR_MAX])
{
    int version = read_version(s);
    if (version < 0)
        return failed(s, why);
    if (version == VERSION)
        return 0;
    if (version > VERSION) {
        snprintf(why, STORE_ERROR_MAX, "it was written by a newer version");
        return -1;
    }
    /* whoever else opens it now waits; it may have been here first */
    if (run(s, "BEGIN IMMEDIATE", why) != 0)
        return -1;
    int rc = 0;
    for (version = read_version(s); version >= 0 && version < VERSION && rc == 0; version++)
        rc = run(s, steps[version], why);
    if (rc == 0 && run(s, "COMMIT", why) == 0)
        return 0;
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

struct store *store_open(const char *path, char why[STORE_ERROR_MAX])
{
    struct store *s = calloc(1, sizeof *s);
    snprintf(why, STORE_ERROR_MAX, "out of memory");
    if (s == NULL)
        return NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    mode_t mask = umask(0077); /* nobody else is to read who may see what */
    int rc = sqlite3_open_v2(path != NULL ? path : ":memory:", &s->db, flags, NULL);
    if (rc != SQLITE_OK) {
        if (s->db != NULL)
            failed(s, why);
        goto broken;
    }
    sqlite3_busy_timeout(s->db, BUSY_MS);
    /* a log beside the file: one write for a change, and readers do not block it */
    if (run(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", why) != 0 ||
        migrate(s, why) != 0)
        goto broken;
    umask(mask);
    return s;
broken:
    umask(mask);
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    sqlite3_close(s->db);
    free(s);
}

/* ---- rows ---- */

static int copy_text(sqlite3_stmt *q, int column, char *to, size_t size)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    int n = sqlite3_column_bytes(q, column);
    if (text == NULL || n < 0 || (size_t)n >= size)
        return -1;
    memcpy(to, text, (size_t)n);
    to[n] = '\0';
    return 0;
}

/* -1: a row that this program has not written. */
static int read_grant(sqlite3_stmt *q, struct grant *g)
{
    *g = (struct grant){.id = ""};
    if (copy_text(q, 0, g->id, sizeof g->id) != 0 ||
        copy_text(q, 1, g->label, sizeof g->label) != 0 ||
        copy_text(q, 2, g->desktop, sizeof g->desktop) != 0 ||
        sqlite3_column_bytes(q, 3) != CONFIG_TOKEN_SIZE ||
        copy_text(q, 11, g->password, sizeof g->password) != 0 ||
        copy_text(q, 13, g->window.selector, sizeof g->window.selector) != 0)
        return -1;
    memcpy(g->token, sqlite3_column_blob(q, 3), CONFIG_TOKEN_SIZE);
    g->policy = (struct policy){.control = sqlite3_column_int(q, 4) != 0,
                                .clipboard_in = sqlite3_column_int(q, 5) != 0,
                                .clipboard_out = sqlite3_column_int(q, 6) != 0};
    g->max_viewers = (unsigned)sqlite3_column_int(q, 7);
    g->single_use = sqlite3_column_int(q, 8) != 0;
    g->created = sqlite3_column_int64(q, 9);
    g->expires = sqlite3_column_int64(q, 10);
    g->by_name = sqlite3_column_int(q, 12) != 0;
    int popups = sqlite3_column_int(q, 14), on_close = sqlite3_column_int(q, 17);
    g->window.popups = (enum crop_popups)popups;
    g->window.frame = sqlite3_column_int(q, 15) != 0;
    g->window.wait_s = (unsigned)sqlite3_column_int(q, 16);
    g->window.on_close = (enum crop_on_close)on_close;
    g->window.strict = sqlite3_column_int(q, 18) != 0;
    bool asks = g->password[0] != '\0', window = g->window.selector[0] != '\0';
    if ((window && !windows_is_selector(g->window.selector)) || popups < CROP_POPUPS_EXPAND ||
        popups > CROP_POPUPS_NONE || on_close < CROP_ON_CLOSE_END || on_close > CROP_ON_CLOSE_WAIT)
        return -1;
    return (asks && password_hash_flaw(g->password) != NULL) || (g->by_name && !asks) ? -1 : 0;
}

static int append(struct grant **list, size_t *count, const struct grant *g)
{
    /* doubled at each power of two */
    if ((*count & (*count - 1)) == 0) {
        struct grant *more = realloc(*list, (*count != 0 ? 2 * *count : 1) * sizeof *more);
        if (more == NULL)
            return -1;
        *list = more;
    }
    (*list)[(*count)++] = *g;
    return 0;
}

/* As read_grant reads them. */
#define SELECT                                                                                     \
    "SELECT id, label, desktop, token, control, clipboard_in, clipboard_out, max_viewers, "        \
    "single_use, created, expires, password, by_name, window, window_popups, window_frame, "       \
    "window_wait, window_on_close, window_strict FROM grants "

int store_get(struct store *s, const char *id, struct grant *g, char why[STORE_ERROR_MAX])
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, SELECT "WHERE id = ?", -1, &q, NULL) != SQLITE_OK)
        return failed(s, why);
    sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
    int step = sqlite3_step(q), rc = step == SQLITE_ROW;
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        rc = failed(s, why);
    } else if (rc == 1 && read_grant(q, g) != 0) {
        snprintf(why, STORE_ERROR_MAX, "it holds a stream that makes no sense");
        rc = -1;
    }
    sqlite3_finalize(q);
    return rc;
}

int store_list(struct store *s, struct grant **list, size_t *count, char why[STORE_ERROR_MAX])
{
    static const char sql[] = SELECT "ORDER BY created, id";
    sqlite3_stmt *q = NULL;
    struct grant g;
    int rc = 0, step;
    *list = NULL;
    *count = 0;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
        return failed(s, why);
    while (rc == 0 && (step = sqlite3_step(q)) != SQLITE_DONE) {
        if (step != SQLITE_ROW) {
            rc = failed(s, why);
        } else if (read_grant(q, &g) != 0) {
            snprintf(why, STORE_ERROR_MAX, "it holds a stream that makes no sense");
            rc = -1;
        } else if (append(list, count, &g) != 0) {
            snprintf(why, STORE_ERROR_MAX, "out of memory");
            rc = -1;
        }
    }
    sqlite3_finalize(q);
    if (rc != 0) {
        free(*list);
        *list = NULL;
        *count = 0;
    }
    return rc;
}

int store_add(struct store *s, const struct grant *g, char why[STORE_ERROR_MAX])
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db,
                           "INSERT INTO grants VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
                           &q, NULL) != SQLITE_OK)
        return failed(s, why);
    sqlite3_bind_text(q, 1, g->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, g->label, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, g->desktop, -1, SQLITE_STATIC);
    sqlite3_bind_blob(q, 4, g->token, CONFIG_TOKEN_SIZE, SQLITE_STATIC);
    sqlite3_bind_int(q, 5, g->policy.control);
    sqlite3_bind_int(q, 6, g->policy.clipboard_in);
    sqlite3_bind_int(q, 7, g->policy.clipboard_out);
    sqlite3_bind_int(q, 8, (int)g->max_viewers);
    sqlite3_bind_int(q, 9, g->single_use);
    sqlite3_bind_int64(q, 10, g->created);
    sqlite3_bind_int64(q, 11, g->expires);
    sqlite3_bind_text(q, 12, g->password, -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 13, g->by_name);
    sqlite3_bind_text(q, 14, g->window.selector, -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 15, (int)g->window.popups);
    sqlite3_bind_int(q, 16, g->window.frame);
    sqlite3_bind_int(q, 17, (int)g->window.wait_s);
    sqlite3_bind_int(q, 18, (int)g->window.on_close);
    sqlite3_bind_int(q, 19, g->window.strict);
    int rc = sqlite3_step(q) == SQLITE_DONE ? 0 : failed(s, why);
    sqlite3_finalize(q);
    return rc;
}

int store_change(struct store *s, const struct grant *g, char why[STORE_ERROR_MAX])
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db,
                           "UPDATE grants SET label = ?, control = ?, clipboard_in = ?, "
                           "clipboard_out = ?, max_viewers = ?, expires = ? WHERE id = ?",
                           -1, &q, NULL) != SQLITE_OK)
        return failed(s, why);
    sqlite3_bind_text(q, 1, g->label, -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 2, g->policy.control);
    sqlite3_bind_int(q, 3, g->policy.clipboard_in);
    sqlite3_bind_int(q, 4, g->policy.clipboard_out);
    sqlite3_bind_int(q, 5, (int)g->max_viewers);
    sqlite3_bind_int64(q, 6, g->expires);
    sqlite3_bind_text(q, 7, g->id, -1, SQLITE_STATIC);
    int rc = sqlite3_step(q) == SQLITE_DONE ? sqlite3_changes(s->db) : failed(s, why);
    sqlite3_finalize(q);
    return rc;
}

int store_remove(struct store *s, const char *id, char why[STORE_ERROR_MAX])
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, "DELETE FROM grants WHERE id = ?", -1, &q, NULL) != SQLITE_OK)
        return failed(s, why);
    sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
    int rc = sqlite3_step(q) == SQLITE_DONE ? sqlite3_changes(s->db) : failed(s, why);
    sqlite3_finalize(q);
    return rc;
}

/* ---- revocations ---- */

static int append_revocation(struct revocation **list, size_t *count, const struct revocation *r)
{
    /* doubled at each power of two */
    if ((*count & (*count - 1)) == 0) {
        struct revocation *more = realloc(*list, (*count != 0 ? 2 * *count : 1) * sizeof *more);
        if (more == NULL)
            return -1;
        *list = more;
    }
    (*list)[(*count)++] = *r;
    return 0;
}

int store_list_revocations(struct store *s, struct revocation **list, size_t *count,
                           char why[STORE_ERROR_MAX])
{
    static const char sql[] = "SELECT id, jti, until FROM revocations ORDER BY until, id";
    sqlite3_stmt *q = NULL;
    struct revocation r;
    int rc = 0, step;
    *list = NULL;
    *count = 0;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
        return failed(s, why);
    while (rc == 0 && (step = sqlite3_step(q)) != SQLITE_DONE) {
        r = (struct revocation){.until = sqlite3_column_int64(q, 2)};
        if (step != SQLITE_ROW) {
            rc = failed(s, why);
        } else if (copy_text(q, 0, r.id, sizeof r.id) != 0 ||
                   copy_text(q, 1, r.jti, sizeof r.jti) != 0) {
            snprintf(why, STORE_ERROR_MAX, "it holds a revocation that makes no sense");
            rc = -1;
        } else if (append_revocation(list, count, &r) != 0) {
            snprintf(why, STORE_ERROR_MAX, "out of memory");
            rc = -1;
        }
    }
    sqlite3_finalize(q);
    if (rc != 0) {
        free(*list);
        *list = NULL;
        *count = 0;
    }
    return rc;
}

int store_revoke(struct store *s, const struct revocation *r, char why[STORE_ERROR_MAX])
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, "INSERT OR IGNORE INTO revocations VALUES (?,?,?)", -1, &q,
                           NULL) != SQLITE_OK)
        return failed(s, why);
    sqlite3_bind_text(q, 1, r->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, r->jti, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 3, r->until);
    int rc = sqlite3_step(q) == SQLITE_DONE ? 0 : failed(s, why);
    sqlite3_finalize(q);
    return rc;
}

/* ---- time ---- */

static int delete_until(struct store *s, const char *sql, int64_t now, char why[STORE_ERROR_MAX])
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
        return failed(s, why);
    sqlite3_bind_int64(q, 1, now);
    int rc = sqlite3_step(q) == SQLITE_DONE ? 0 : failed(s, why);
    sqlite3_finalize(q);
    return rc;
}

int store_expire(struct store *s, int64_t now, char why[STORE_ERROR_MAX])
{
    if (delete_until(s, "DELETE FROM grants WHERE expires != 0 AND expires <= ?", now, why) != 0)
        return -1;
    return delete_until(s, "DELETE FROM revocations WHERE until <= ?", now, why);
}
