// SPDX-License-Identifier: GPL-2.0-or-later
// What a link opens: a stream by its token (`#token=...`), or by its name, with a password (`#stream=...`); and perhaps of
// a whole desktop one window alone (`&window=...`, as portholed.conf(5) chooses windows).
//
// Both arrive in the fragment, which no browser sends to a server. The token is taken out of the visible address
// at once, so that it is in no history entry, screenshot or address somebody copies out of the bar. So that a
// reload still works it is kept in sessionStorage: that belongs to this tab and this origin alone, is not sent
// anywhere, and ends with the tab. localStorage would outlive it, a cookie would be sent by other tabs too. The names of
// streams and windows are no secrets: they stay in the address, which can be kept as a bookmark.
import { BAD_TOKEN, NO_TOKEN } from './reasons.js';

const KEY = 'porthole.token';

function stored(value) {
  try {
    if (value === null) sessionStorage.removeItem(KEY);
    else if (value !== undefined) sessionStorage.setItem(KEY, value);
    return sessionStorage.getItem(KEY);
  } catch {
    return value ?? null; // storage is forbidden here: the token lives as long as the page
  }
}

// Returns {token, window} or {stream, window}, or null where the link has neither. A token counts before a name.
function takeLink() {
  const parts = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B'));
  const token = parts.get('token');
  const window = parts.get('window') ?? undefined;
  if (token) {
    const kept = window ? `#window=${encodeURIComponent(window)}` : '';
    history.replaceState(null, '', location.pathname + location.search + kept);
    stored(token);
    return { token, window };
  }
  const stream = parts.get('stream');
  if (stream) {
    stored(null);
    return { stream, window };
  }
  const kept = stored();
  return kept ? { token: kept, window } : null;
}

// A subprotocol's name is an HTTP token (RFC 9110, 5.6.2): anything else cannot be sent, so it was never issued.
function isWellFormed(token) {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(token);
}

// Returns {link}, or {refusal}: what a page is to show in its place.
export function readLink() {
  const link = takeLink();
  const reason = !link ? NO_TOKEN : link.token && !isWellFormed(link.token) ? BAD_TOKEN : null;
  return reason ? { refusal: { state: reason.state, reason } } : { link };
}
