/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin_tell.h"

#include <uv.h>

/* Fields of the audit trail. */
#define BY(asker)                                                                                  \
    AUDIT_TEXT("by", (asker)->by), AUDIT_TEXT("peer", (asker)->peer),                              \
        AUDIT_NUMBER_IF((asker)->local, "uid", (asker)->uid),                                      \
        AUDIT_NUMBER_IF((asker)->local, "pid", (asker)->pid)

#define RIGHTS(g)                                                                                  \
    AUDIT_TEXT("label", (g)->label[0] != '\0' ? (g)->label : NULL),                                \
        AUDIT_TEXT("desktop", (g)->desktop), AUDIT_TEXT("role", policy_role_word(&(g)->policy)),   \
        AUDIT_TEXT("clipboard", policy_clipboard_word(&(g)->policy)),                              \
        AUDIT_NUMBER("max_viewers", (g)->max_viewers),                                             \
        AUDIT_NUMBER_IF((g)->expires != 0, "expires", (uint64_t)(g)->expires)

void admin_tell_made(const struct admin *a, const struct grant *g)
{
    log_event(LOG_LEVEL_INFO, "stream_made", LOG_TEXT("id", g->id), LOG_TEXT("desktop", g->desktop),
              LOG_TEXT("role", policy_role_word(&g->policy)));
    audit_event(a->audit, "stream_made", AUDIT_TEXT("stream", g->id), RIGHTS(g), BY(a->asker));
}

void admin_tell_not_stored(const char *what, const char *why)
{
    log_event(LOG_LEVEL_ERROR, "store_failed", LOG_TEXT("doing", what), LOG_TEXT("error", why));
}

void admin_tell_changed(const struct admin *a, const struct grant *g)
{
    log_event(LOG_LEVEL_INFO, "stream_changed", LOG_TEXT("id", g->id),
              LOG_TEXT("role", policy_role_word(&g->policy)),
              LOG_TEXT("clipboard", policy_clipboard_word(&g->policy)),
              LOG_NUMBER("max_viewers", g->max_viewers),
              LOG_NUMBER("expires", (uint64_t)g->expires));
    audit_event(a->audit, "stream_changed", AUDIT_TEXT("stream", g->id), RIGHTS(g), BY(a->asker));
}

void admin_tell_revoked(const struct admin *a, const char *id)
{
    log_event(LOG_LEVEL_INFO, "stream_revoked", LOG_TEXT("id", id));
    audit_event(a->audit, "stream_revoked", AUDIT_TEXT("stream", id), BY(a->asker));
}

void admin_tell_jwt_revoked(const struct admin *a, const struct revocation *r)
{
    log_event(LOG_LEVEL_INFO, "jwt_revoked", LOG_TEXT("id", r->id), LOG_TEXT("jti", r->jti));
    audit_event(a->audit, "jwt_revoked", AUDIT_TEXT("stream", r->id),
                AUDIT_TEXT("jti", r->jti[0] != '\0' ? r->jti : NULL), BY(a->asker));
}

void admin_tell_sent_away(const struct admin *a, uint64_t viewer)
{
    log_event(LOG_LEVEL_INFO, "viewer_sent_away", LOG_NUMBER("id", viewer));
    audit_event(a->audit, "viewer_sent_away", AUDIT_NUMBER("viewer", viewer), BY(a->asker));
}

void admin_tell_refused(struct admin *a, const struct admin_asker *asker, enum refusal reason)
{
    uint64_t suppressed;
    metrics_refused(&a->metrics->shards[a->metrics->count - 1], reason);
    if (!log_allow(&a->refusals, uv_hrtime() / 1000000, &suppressed))
        return;
    log_event(LOG_LEVEL_WARN, "admin_refused", LOG_TEXT("peer", asker->peer),
              LOG_TEXT("why", refusal_text(reason)), LOG_NUMBER("suppressed", suppressed));
    audit_event(a->audit, "admin_refused", AUDIT_TEXT("peer", asker->peer),
                AUDIT_TEXT("reason", refusal_word(reason)), AUDIT_TEXT("why", refusal_text(reason)),
                AUDIT_NUMBER("suppressed", suppressed));
}
