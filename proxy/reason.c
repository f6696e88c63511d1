/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reason.h"

static const struct {
    const char *word, *text;
    bool attempt, auth;
} refusals[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = {"none", "", false, false},
    [REFUSAL_NO_TOKEN] = {"no_token", "no token", true, true},
    [REFUSAL_WRONG_TOKEN] = {"wrong_token", "wrong token", true, true},
    [REFUSAL_EXPIRED_TOKEN] = {"expired_token", "expired token", true, false},
    [REFUSAL_ENCODED_TOKEN] = {"encoded_token", "percent-encoded token", true, true},
    [REFUSAL_WRONG_NAME] = {"wrong_name", "wrong name", true, true},
    [REFUSAL_WRONG_PASSWORD] = {"wrong_password", "wrong password", true, true},
    [REFUSAL_MUST_WAIT] = {"must_wait", "too many failed attempts", true, false},
    [REFUSAL_ORIGIN] = {"origin", "foreign origin", true, false},
    [REFUSAL_NO_WEBSOCKET] = {"websocket", "not a WebSocket request", false, false},
    [REFUSAL_WEBSOCKET_VERSION] = {"websocket", "another WebSocket version", false, false},
    [REFUSAL_WEBSOCKET_KEY] = {"websocket", "no WebSocket key", false, false},
    [REFUSAL_FULL] = {"full", "too many viewers", true, false},
    [REFUSAL_DRAINING] = {"draining", "portholed is about to stop", true, false},
    [REFUSAL_STREAM_FULL] = {"stream_full", "too many viewers of this stream", true, false},
    [REFUSAL_STREAM_ENDED] = {"stream_ended", "the stream ended meanwhile", true, false},
    [REFUSAL_WINDOW] = {"window", "a window that cannot be shown", true, false},
    [REFUSAL_NO_MEMORY] = {"no_memory", "out of memory", true, false},
    [REFUSAL_TLS] = {"tls", "TLS failed", false, false},
    [REFUSAL_PROXY] = {"proxy_protocol", "no PROXY protocol header", false, false},
    [REFUSAL_SLOW] = {"slow", "no request in time", false, false},
    [REFUSAL_DISPLACED] = {"displaced", "its place is needed", false, false},
};

const char *refusal_word(enum refusal r)
{
    return refusals[r].word;
}

const char *refusal_text(enum refusal r)
{
    return refusals[r].text;
}

bool refusal_is_attempt(enum refusal r)
{
    return refusals[r].attempt;
}

bool refusal_is_auth(enum refusal r)
{
    return refusals[r].auth;
}

bool refusal_is_guess(enum refusal r)
{
    return refusals[r].auth && r != REFUSAL_NO_TOKEN && r != REFUSAL_ENCODED_TOKEN;
}

const char *ending_word(enum ending e)
{
    static const char *const words[ENDING_COUNT] = {
        [ENDING_LEFT] = "left",           [ENDING_BROKEN] = "broken",
        [ENDING_SILENT] = "silent",       [ENDING_PROTOCOL] = "protocol",
        [ENDING_SLOW] = "slow",           [ENDING_REVOKED] = "revoked",
        [ENDING_EXPIRED] = "expired",     [ENDING_REDUCED] = "reduced",
        [ENDING_SENT_AWAY] = "sent_away", [ENDING_WINDOW_CLOSED] = "window_closed",
        [ENDING_UNBOUND] = "unbound",     [ENDING_UPSTREAM_LOST] = "upstream_lost",
        [ENDING_STOPPING] = "stopping",   [ENDING_NO_MEMORY] = "no_memory",
        [ENDING_NONE] = "none",
    };
    return words[e];
}

const char *trouble_word(enum trouble t)
{
    static const char *const words[TROUBLE_COUNT] = {
        [TROUBLE_UNREACHABLE] = "unreachable", [TROUBLE_HANDSHAKE] = "handshake",
        [TROUBLE_TIMEOUT] = "timeout",         [TROUBLE_LOST] = "lost",
        [TROUBLE_STALLED] = "stalled",         [TROUBLE_PROTOCOL] = "protocol",
    };
    return words[t];
}
