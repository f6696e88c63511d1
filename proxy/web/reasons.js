// SPDX-License-Identifier: GPL-2.0-or-later
// Why a stream ended, in words, and whether to try again by itself.
//   state   what the page is then in: `refused` where only another link helps, else `disconnected`
//   retry   true where time alone may mend it

const CLOSED = {
  1000: { title: 'Disconnected', text: 'The connection was closed.' },
  1001: { title: 'The server is stopping', text: 'It was shut down or is being restarted.', retry: true },
  1006: { title: 'Connection lost', text: 'The connection to the server broke off.', retry: true },
  4001: { title: 'This link is no longer valid', text: "This link's token has expired.", state: 'refused' },
  4002: { title: 'This link was revoked', text: 'Somebody withdrew it while you were connected.', state: 'refused' },
  4003: { title: 'The window was closed', text: 'The window that this link shows is gone.' },
  4008: { title: 'Too many viewers', text: 'As many people as this link allows are watching already.' },
  4013: { title: 'The desktop went away', text: 'The server lost its connection to the desktop.', retry: true },
};

const ANSWERED = {
  401: { title: 'This link does not open a desktop', text: "This link's token is not valid (wrong, expired or revoked).", more: 'Ask whoever sent it for a new one.', state: 'refused' },
  403: { title: 'Not allowed from this address', text: 'The server does not accept viewers from this page.', state: 'refused' },
  404: { title: 'There is no stream here', text: 'The server that answers here is not a Porthole server.', state: 'refused' },
  429: { title: 'Too many attempts', text: 'The server asks to wait before the next attempt.', retry: true },
  503: { title: 'The server is full', text: 'It cannot take another viewer just now.', retry: true },
};

export const NO_TOKEN = {
  state: 'refused',
  title: 'A link with a token is needed',
  text: 'Ask whoever runs this server for a link to a desktop, and open the whole of it: it ends in #token=...',
  more: "If that is you: it is this address, then #token= and a stream's token.",
};

export const BAD_TOKEN = { ...ANSWERED[401], more: 'Its characters are damaged: was the link copied as a whole?' };

export const UNREACHABLE = { title: 'The server does not answer', text: 'It is not running, or the network between is down.', retry: true };

export const LEFT = { title: 'Disconnected', text: 'You left the desktop. It goes on without you.' };

// A WebSocket close: its code, and the reason the server gave, which is told where we have no words of our own.
export function forClose(code, reason) {
  return CLOSED[code] ?? { title: 'Disconnected', text: `The connection ended (code ${code}).`, more: reason, retry: true };
}

// An HTTP status that the server answered in place of a WebSocket.
export function forStatus(status) {
  return ANSWERED[status] ?? { title: 'The connection failed', text: `The server answered, but opened no stream (status ${status}).`, retry: true };
}

// A failure inside the RFB handshake. The server's words are its own, shown as text.
export function forSecurity(reason) {
  return { title: 'The desktop cannot be shown', text: reason || 'The server gave no reason.', retry: true };
}
