// SPDX-License-Identifier: GPL-2.0-or-later
// The token a link carries.
//
// It arrives in the fragment (`#token=...`), which no browser sends to a server. It is taken out of the visible address
// at once, so that it is in no history entry, screenshot or address somebody copies out of the bar. So that a
// reload still works it is kept in sessionStorage: that belongs to this tab and this origin alone, is not sent
// anywhere, and ends with the tab. localStorage would outlive it, a cookie would be sent by other tabs too.

const KEY = 'porthole.token';

function stored(value) {
  try {
    if (value !== undefined) sessionStorage.setItem(KEY, value);
    return sessionStorage.getItem(KEY);
  } catch {
    return value ?? null; // storage is forbidden here: the token lives as long as the page
  }
}

// Returns the token, or null where the link has none.
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return stored();
  history.replaceState(null, '', location.pathname + location.search);
  stored(token);
  return token;
}

// A subprotocol's name is an HTTP token (RFC 9110, 5.6.2): anything else cannot be sent, so it was never issued.
export function isWellFormed(token) {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(token);
}
