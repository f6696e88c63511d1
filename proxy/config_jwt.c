/* SPDX-License-Identifier: GPL-2.0-or-later
 * The keys of [jwt NAME], and what is asked of such a section. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "config_section.h"

enum {
    MAX_TTL_DEFAULT = 86400,
    KEYS_MAX = 16 /* each may be tried for a token that a stranger brings */
};

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = config_join("", value);
}

static void set_algorithm(struct config_reader *r, const char *value)
{
    struct config_jwt *j = r->item;
    j->key.algorithm = jwt_algorithm_of(value);
    if (j->key.algorithm == JWT_NO_ALGORITHM)
        config_error(r->errors, r->line, "algorithm: \"%s\" is none; use HS256, RS256 or EdDSA",
                     value);
}

/* Read when the algorithm is known. */
static void set_key_file(struct config_reader *r, const char *value)
{
    struct config_jwt *j = r->item;
    config_set_path(r, &j->key_file, value);
}

static void set_issuer(struct config_reader *r, const char *value)
{
    set_text(&((struct config_jwt *)r->item)->issuer, value);
}

static void set_audience(struct config_reader *r, const char *value)
{
    set_text(&((struct config_jwt *)r->item)->audience, value);
}

static void set_kid(struct config_reader *r, const char *value)
{
    set_text(&((struct config_jwt *)r->item)->kid, value);
}

static void set_desktops(struct config_reader *r, const char *value)
{
    struct config_jwt *j = r->item;
    set_text(&j->desktops, value);
    j->desktops_line = r->line;
}

static void set_max_ttl(struct config_reader *r, const char *value)
{
    struct config_jwt *j = r->item;
    config_set_number(r, "max_ttl", value, 1, CONFIG_JWT_TTL_MAX, &j->max_ttl);
}

/* The next word of a list, NULL behind the last. */
static const char *next_word(const char **list, size_t *len)
{
    const char *word = *list + strspn(*list, " \t");
    *len = strcspn(word, " \t");
    *list = word + *len;
    return *len != 0 ? word : NULL;
}

bool config_jwt_opens(const struct config_jwt *j, const char *desktop)
{
    const char *list = j->desktops, *word;
    size_t len;
    if (list == NULL)
        return true;
    while ((word = next_word(&list, &len)) != NULL)
        if (len == strlen(desktop) && memcmp(word, desktop, len) == 0)
            return true;
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool config_jwt_same(const struct config_jwt *a, const struct config_jwt *b)
{
    return jwt_key_same(&a->key, &b->key) && a->max_ttl == b->max_ttl &&
           same_text(a->issuer, b->issuer) && same_text(a->audience, b->audience) &&
           same_text(a->kid, b->kid) && same_text(a->desktops, b->desktops);
}

void config_jwt_destroy(struct config_jwt *j)
{
    jwt_key_finish(&j->key);
    free(j->key_file.path);
    free(j->issuer);
    free(j->audience);
    free(j->kid);
    free(j->desktops);
    free(j);
}

/* ---- the section ---- */

static void begin(struct config_reader *r, const char *name)
{
    struct config_jwt **where = &r->config->jwts;
    size_t count = 0;
    for (; *where != NULL; where = &(*where)->next, count++) {
        if (strcmp((*where)->name, name) != 0)
            continue;
        config_stands_twice(r, &config_jwt_section, name, (*where)->line);
        return;
    }
    if (count == KEYS_MAX)
        config_error(r->errors, r->line, "more than %d [jwt NAME]; remove those not in use",
                     KEYS_MAX);
    struct config_jwt *j = *where = config_alloc(sizeof *j);
    memcpy(j->name, name, strlen(name) + 1);
    j->max_ttl = MAX_TTL_DEFAULT;
    j->line = r->line;
    r->item = j;
    r->seen = &j->seen;
}

static void check_desktops(struct config_reader *r, const struct config_jwt *j)
{
    const char *list = j->desktops, *word;
    char name[CONFIG_LINE_MAX + 1];
    size_t len;
    while (list != NULL && (word = next_word(&list, &len)) != NULL) {
        snprintf(name, sizeof name, "%.*s", (int)len, word);
        if (config_find_desktop(r->config, name) == NULL)
            config_error(r->errors, j->desktops_line,
                         "there is no desktop \"%s\"; add [desktop %s]", name, name);
    }
}

static void check(struct config_reader *r)
{
    char why[JWT_KEY_ERROR_MAX];
    for (struct config_jwt *j = r->config->jwts; j != NULL; j = j->next) {
        config_check_required(r, &config_jwt_section, j->seen, j->line);
        check_desktops(r, j);
        if (j->key.algorithm != JWT_NO_ALGORITHM && j->key_file.path != NULL &&
            jwt_key_read(&j->key, j->key_file.path, why) != 0)
            config_error(r->errors, j->key_file.line, "key_file: %s: %s; name another file",
                         j->key_file.path, why);
    }
}

static const struct config_key keys[] = {
    {"algorithm", true, set_algorithm},
    {"key_file", true, set_key_file},
    {"issuer", false, set_issuer},
    {"audience", false, set_audience},
    {"kid", false, set_kid},
    {"desktops", false, set_desktops},
    {"max_ttl", false, set_max_ttl},
    {NULL, false, NULL},
};

const struct config_section config_jwt_section = {
    .title = "jwt", .named = true, .keys = keys, .begin = begin, .check = check};
