/* SPDX-License-Identifier: GPL-2.0-or-later
 * JWTs that are revoked. */
#include <string.h>
#include <time.h>

#include "admin_private.h"
#include "admin_tell.h"

/* Its viewers go at once; that the store has it is what lets it survive a restart. */
void admin_revoke_jwt(struct admin *a, struct revocation *r, struct admin_answer *out)
{
    char why[STORE_ERROR_MAX];
    r->until = streams_ban_end((int64_t)time(NULL));
    int rc = streams_ban(a->streams, r, false);
    if (rc == 2) {
        admin_refuse(out, 503, "there are %d revocations, which is all there may be",
                     STREAMS_REVOCATIONS_MAX);
    } else if (rc != 0) {
        admin_refuse(out, 503, "out of memory");
    } else if (store_revoke(a->store, r, why) != 0) {
        admin_refuse(out, 503, "it is revoked, but that is not stored; this is tried again: %s",
                     why);
    } else {
        admin_tell_jwt_revoked(a, r);
        admin_put_json(out, 200,
                       json_pack("{s:s, s:I}", "id", r->id, "until", (json_int_t)r->until));
    }
}

void admin_revoke_jti(struct admin *a, const char *id, const json_t *body, struct admin_answer *out)
{
    (void)id;
    struct revocation r = {.jti = ""};
    const char *jti = json_string_value(json_object_get(body, "jti"));
    if (jti == NULL || !jwt_is_jti(jti) || json_object_size(body) != 1) {
        admin_refuse(out, 400, "the body must be {\"jti\": JTI}, 1 to %d bytes of printable ASCII",
                     JWT_JTI_MAX);
        return;
    }
    memcpy(r.jti, jti, strlen(jti) + 1);
    if (streams_jti_id(jti, r.id) == 0)
        admin_revoke_jwt(a, &r, out);
    else
        admin_refuse(out, 503, "out of memory");
}

static void append_revocation(void *list, const struct revocation *r)
{
    json_array_append_new(list, json_pack("{s:s, s:o, s:I}", "id", r->id, "jti",
                                          r->jti[0] != '\0' ? json_string(r->jti) : json_null(),
                                          "until", (json_int_t)r->until));
}

void admin_list_revocations(struct admin *a, const char *id, const json_t *body,
                            struct admin_answer *out)
{
    (void)id;
    (void)body;
    json_t *list = json_array();
    streams_each_ban(a->streams, append_revocation, list);
    admin_put_json(out, 200, json_pack("{s:o}", "revocations", list));
}
