/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the log and the audit trail hear of a viewer. */
#include <string.h>

#include "log.h"
#include "viewer_private.h"

static void log_refusal(struct viewer *v, const char *why)
{
    uint64_t suppressed;
    if (!log_allow(&v->env->refusals, uv_now(v->env->loop), &suppressed))
        return;
    if (suppressed == 0)
        log_event(LOG_LEVEL_INFO, "refused", LOG_TEXT("peer", v->peer), LOG_TEXT("why", why));
    else
        log_event(LOG_LEVEL_INFO, "refused", LOG_TEXT("peer", v->peer), LOG_TEXT("why", why),
                  LOG_NUMBER("suppressed", suppressed));
}

/* Its own limit: what else is refused must not hide who tries tokens. */
static void audit_attempt(struct viewer *v, enum refusal reason, const char *why)
{
    uint64_t suppressed;
    if (!log_allow(&v->env->attempts, uv_now(v->env->loop), &suppressed))
        return;
    audit_event(v->env->audit, "refused", AUDIT_TEXT("peer", v->peer),
                AUDIT_TEXT("reason", refusal_word(reason)), AUDIT_TEXT("why", why),
                AUDIT_NUMBER("suppressed", suppressed));
}

unsigned viewer_must_wait(const struct viewer *v)
{
    uint64_t ms = backoff_wait(v->env->backoff, &v->address, v->service->config->failed_attempts,
                               uv_hrtime() / 1000000);
    return (unsigned)((ms + 999) / 1000);
}

/* Its own line, and its own limit: who reads the log for guesses is not to miss them for anything
 * else that is refused. A password has been counted when it came (viewer_proof.c). */
static void tell_guess(struct viewer *v, enum refusal reason)
{
    const char *stream = v->candidate != NULL ? v->candidate->config->name : "";
    uint64_t suppressed;
    if (!v->charged)
        backoff_failed(v->env->backoff, &v->address, v->service->config->failed_attempts,
                       uv_hrtime() / 1000000);
    if (log_allow(&v->env->guesses, uv_now(v->env->loop), &suppressed))
        log_event(LOG_LEVEL_WARN, "auth_failed", LOG_TEXT("peer", v->peer),
                  LOG_TEXT("stream", stream), LOG_TEXT("how", refusal_word(reason)),
                  LOG_NUMBER("suppressed", suppressed));
}

void viewer_refused(struct viewer *v, enum refusal reason, const char *detail)
{
    const char *why = detail != NULL ? detail : refusal_text(reason);
    metrics_refused(v->env->metrics, reason);
    log_refusal(v, why);
    if (refusal_is_guess(reason))
        tell_guess(v, reason);
    if (refusal_is_attempt(reason))
        audit_attempt(v, reason, why);
}

void viewer_tell_entry(struct viewer *v)
{
    bool control = v->stream->config->policy.control;
    metrics_add(v->env->metrics,
                v->presence.list ? METRIC_LIST_BEGUN
                : control        ? METRIC_CONTROL_BEGUN
                                 : METRIC_VIEW_BEGUN,
                1);
    log_event(LOG_LEVEL_INFO, "viewer_open", LOG_NUMBER("id", v->presence.id),
              LOG_TEXT("peer", v->peer), LOG_TEXT("stream", v->stream->config->name),
              LOG_TEXT("desktop", v->stream->config->desktop->name));
}

static const char *jti_of(const struct viewer *v)
{
    const struct stream_jwt *jwt = v->stream->jwt;
    return jwt != NULL && jwt->jti[0] != '\0' ? jwt->jti : NULL;
}

static const char *label_of(const struct viewer *v)
{
    const struct grant *g = v->stream->grant;
    return g != NULL && g->label[0] != '\0' ? g->label : NULL;
}

/* The proxy that it came through; NULL: none. */
static const char *via(const struct viewer *v, char text[ADDRESS_TEXT_MAX])
{
    address_text(&v->origin, text);
    return strcmp(text, v->peer) != 0 ? text : NULL;
}

void viewer_tell_begun(struct viewer *v)
{
    const struct config_stream *s = v->stream->config;
    char proxy[ADDRESS_TEXT_MAX];
    v->audited = true;
    audit_event(v->env->audit, "viewer_begun", AUDIT_NUMBER("viewer", v->presence.id),
                AUDIT_TEXT("peer", v->peer), AUDIT_TEXT("via", via(v, proxy)),
                AUDIT_TEXT("stream", s->name), AUDIT_TEXT("label", label_of(v)),
                AUDIT_TEXT("jti", jti_of(v)), AUDIT_TEXT("desktop", s->desktop->name),
                AUDIT_TEXT("window", v->how.selector[0] != '\0' ? v->how.selector : NULL),
                AUDIT_TEXT("shown", v->presence.list ? "list" : NULL),
                AUDIT_TEXT("role", policy_role_word(&s->policy)),
                AUDIT_TEXT("clipboard", policy_clipboard_word(&s->policy)),
                AUDIT_TEXT("auth", v->auth));
}

void viewer_tell_trouble(struct viewer *v, enum trouble kind, const char *detail)
{
    metrics_troubled(v->env->metrics, kind);
    log_event(LOG_LEVEL_WARN, "upstream_error", LOG_NUMBER("id", v->presence.id),
              LOG_TEXT("desktop", v->stream->config->desktop->name), LOG_TEXT("detail", detail));
}

void viewer_tell_end(struct viewer *v, enum ending ending, const char *why)
{
    const struct config_stream *s = v->stream->config;
    uint64_t ms = uv_now(v->env->loop) - v->opened_at;
    metrics_ended(v->env->metrics, ending);
    log_event(LOG_LEVEL_INFO, "viewer_close", LOG_NUMBER("id", v->presence.id),
              LOG_TEXT("peer", v->peer), LOG_TEXT("stream", s->name), LOG_TEXT("why", why),
              LOG_NUMBER("seconds", ms / 1000), LOG_NUMBER("to_viewer", v->relay.to_viewer),
              LOG_NUMBER("from_viewer", v->relay.from_viewer));
    if (!v->audited)
        return;
    audit_event(v->env->audit, "viewer_ended", AUDIT_NUMBER("viewer", v->presence.id),
                AUDIT_TEXT("peer", v->peer), AUDIT_TEXT("stream", s->name),
                AUDIT_TEXT("label", label_of(v)), AUDIT_TEXT("jti", jti_of(v)),
                AUDIT_TEXT("desktop", s->desktop->name),
                AUDIT_TEXT("role", policy_role_word(&s->policy)),
                AUDIT_TEXT("reason", ending_word(ending)), AUDIT_TEXT("why", why),
                AUDIT_NUMBER("seconds", ms / 1000), AUDIT_NUMBER("to_viewer", v->relay.to_viewer),
                AUDIT_NUMBER("from_viewer", v->relay.from_viewer));
}
