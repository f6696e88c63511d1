// SPDX-License-Identifier: GPL-2.0-or-later
// Why a stream ended, in words, and whether to try again by itself. The codes are those of portholed(8).
//   state   what the page is then in: `refused` where only another link helps, else `disconnected`
//   retry   true where time alone may mend it
//   brief   in place of the title where there is little room, and the one who watches may watch another window

const NEW_LINK = 'Ask whoever sent it for a new one.';

const CLOSED = {
  1000: { title: 'Disconnected', text: 'The connection was closed.' },
  1001: { title: 'The server is stopping', text: 'It was shut down or is being restarted.', retry: true },
  1002: { title: 'The connection broke', text: 'The server got something it does not understand.', retry: true },
  1003: { title: 'The connection broke', text: 'The server got text where it wants bytes.' },
  1006: { title: 'Connection lost', text: 'The connection to the server broke off.', retry: true },
  1007: { title: 'The connection broke', text: 'The server got words that are no text.', retry: true },
  1008: { title: 'The connection took too long', text: 'The server has given up waiting for this viewer.', retry: true },
  1009: { title: 'Too much at once', text: 'The server does not take messages as large as the one it was sent.' },
  1011: { title: 'The server failed', text: 'Something went wrong in it.', retry: true },
  1013: { title: 'The server is busy', text: 'Too many passwords are being checked just now.', retry: true },
  4001: { title: 'This link is no longer valid', text: 'Its time is over, or it was for a single use and has been used.', more: NEW_LINK, state: 'refused' },
  4002: { title: 'Access was withdrawn', text: 'Somebody revoked this link, changed what it allows, or ended this connection.' },
  4003: { title: 'This window is not open', text: 'What this link shows is not on the desktop, or not any more.' },
  4008: { title: 'Too many viewers', text: 'As many people as this link allows are watching already.', brief: 'This link allows no more viewers' },
  4013: { title: 'There is nothing to show just now', text: 'The server has lost what it needs of the desktop.', retry: true },
  4014: { title: 'This window is not shown', text: 'It cannot be told for certain from what else is on the desktop, and this link asks for no less.' },
};

// Codes whose reason tells more than the code: the server's own words go with ours.
const SAYS_MORE = [1002, 1008, 1011, 4002, 4003, 4013, 4014];

const ANSWERED = {
  401: { title: 'This link does not open a desktop', text: "This link's token is not valid (wrong, expired or revoked).", more: NEW_LINK, state: 'refused' },
  403: { title: 'Not allowed from this address', text: 'The server does not accept viewers from this page.', state: 'refused' },
  404: { title: 'There is no stream here', text: 'The server that answers here is not a Porthole server.', state: 'refused' },
  429: { title: 'Too many attempts', text: 'The server asks to wait before the next attempt.', retry: true },
  503: { title: 'The server takes nobody now', text: 'It is full, or about to stop.', retry: true },
};

export const NO_TOKEN = {
  state: 'refused',
  title: 'A link with a token is needed',
  text: 'Ask whoever runs this server for a link to a desktop, and open the whole of it: it ends in #token=...',
  more: "If that is you: it is this address, then #token= and a stream's token, or #stream= and the name of a stream with a password.",
};

export const BAD_TOKEN = { ...ANSWERED[401], more: 'Its characters are damaged: was the link copied as a whole?' };

const OTHER_LINK = 'A link to the whole desktop, for more than a single use and without a password, shows them.';

export const NO_LIST = { state: 'refused', title: 'There are no windows to choose from', text: 'This link shows one window, may be used once, or is of a desktop that does not tell its windows.', more: OTHER_LINK };

export const NO_LIST_PASSWORD = { state: 'refused', title: 'There are no windows to choose from', text: 'This link asks for a password, which its windows could not ask for one by one.', more: OTHER_LINK };

export const UNREACHABLE = { title: 'The server does not answer', text: 'It is not running, or the network between is down.', retry: true };

export const LEFT = { title: 'Disconnected', text: 'You left. What was shown here goes on without you.' };

export const STOPPED = { title: 'Disconnected', text: 'No further attempts are made.' };

export const NO_PASSWORD = { title: 'A password is needed', text: 'This screen is shown to whoever knows its password.' };

// A WebSocket close: its code, and the reason the server gave. Server's words are shown as text.
export function forClose(code, reason) {
  const known = CLOSED[code];
  if (known) return { ...known, ...(SAYS_MORE.includes(code) && { more: says(reason) }) };
  return { title: 'Disconnected', text: `The connection ended (code ${code}).`, more: reason, retry: true };
}

// An HTTP status that the server answered in place of a WebSocket; words: what it said with it, or ''.
export function forStatus(status, link, words) {
  if ((status === 401 || status === 404) && link.stream) {
    return { ...ANSWERED[401], text: `No stream named "${link.stream}" can be opened with a password here.`, more: 'Is its name right?' };
  }
  if ((status === 400 || status === 403) && link.window) {
    const title = status === 400 ? 'This link names no window' : 'This window cannot be shown';
    const text = status === 400 ? `What it asks for cannot be understood: "${link.window}".` : `This link does not open the window "${link.window}".`;
    return { state: 'refused', title, text, more: says(words) };
  }
  return ANSWERED[status] ?? { title: 'The connection failed', text: `The server answered, but opened no stream (status ${status}).`, retry: true };
}

// A failure inside the RFB handshake. The server's words are its own, shown as text.
export function forSecurity(reason) {
  return { title: 'This cannot be shown', text: reason || 'The server gave no reason.', retry: true };
}

function says(words) {
  return words && `The server says: ${words}`;
}
