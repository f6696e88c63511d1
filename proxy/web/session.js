// SPDX-License-Identifier: GPL-2.0-or-later
// One stream of pixels: a desktop's or a window's, by noVNC.
import RFB from './novnc/core/rfb.js';
import * as reasons from './reasons.js';
import { needsPassword, Stream } from './stream.js';

const PICTURE_MS = 5000; // a server that draws nothing for so long has nothing to draw
const PICTURE_POLL_MS = 30;
const PULSE_MS = 4000; // an answer that takes longer does not come any more
const SETTLE_MS = 300; // what came before is read by then, and is not taken for the answer

// The server could not even look at the password (RFC 6455's registry): it may be right.
const TRY_LATER = 1013;

// FramebufferUpdateRequest of one pixel, not incremental (RFC 6143 7.5.3): whoever is there answers it.
const PULSE = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1);

export class Session extends Stream {
  // Events beside Stream's: `open` {rfb, rights}, `name` {name}, `password` {wrong}. target: what noVNC draws into.
  constructor(target, link) {
    super(link, 'stream');
    this.target = target;
    this.rfb = null;
    this.socket = null;
    this.password = null; // kept for a reconnect, in this object only
    this.pulse = 0;
  }

  begin(rights) {
    if (needsPassword(rights) && this.password === null) this.askPassword();
    else this.connect(rights);
  }

  connect(rights) {
    const current = (listener) => this.current(listener);
    const end = { opened: false, since: 0, why: null };
    // The socket is made here and not by noVNC, because noVNC keeps the close code to itself.
    const socket = this.openSocket(end);
    socket.addEventListener('close', current((event) => {
      if (!this.rfb) return this.ended(end, event);
      end.close = event;
    }));
    const credentials = this.password === null ? {} : { username: '', password: this.password };
    const rfb = new RFB(this.target, socket, { shared: true, credentials });
    rfb.viewOnly = true;
    rfb.addEventListener('connect', current(() => this.awaitPicture(rfb, () => {
      end.since = performance.now();
      hidePointers();
      this.tell('open', { rfb, rights });
      this.tell('state', { state: 'connected' });
    })));
    rfb.addEventListener('desktopname', current((event) => this.tell('name', { name: event.detail.name })));
    // Servers do not wait for somebody who types. So it is asked for now, and another attempt brings it along.
    rfb.addEventListener('credentialsrequired', current(() => this.askPassword()));
    rfb.addEventListener('securityfailure', current((event) => { end.why = this.refused(event.detail.reason); }));
    rfb.addEventListener('disconnect', current(() => {
      this.rfb = null;
      // noVNC may give up before the socket has closed: then its close is waited for, it says why.
      if (end.close) this.ended(end, end.close);
    }));
    this.rfb = rfb;
    this.socket = socket;
  }

  // A stream is open when there is a picture. Input waits for that too: before its first update a server has not said
  // how it wants keys, and a key pressed the one way and released the other stays down (TigerVNC drops the release).
  awaitPicture(rfb, then, patience = performance.now() + PICTURE_MS) {
    if (this.rfb !== rfb) return;
    const picture = this.target.querySelector('canvas').getContext('2d');
    const drawn = picture.getImageData(0, 0, 1, 1).data[3] !== 0;
    if (drawn || performance.now() > patience) return then();
    setTimeout(this.current(() => this.awaitPicture(rfb, then, patience)), PICTURE_POLL_MS);
  }

  async ended(end, event) {
    const { generation } = this;
    const why = await this.whyEnded(end, event);
    if (generation !== this.generation) return;
    if (why.wrong === undefined) this.settle(why);
    else if (event.code === TRY_LATER) this.settle(reasons.forClose(event.code, event.reason));
    else this.askPassword(why.wrong);
  }

  async whyEnded(end, event) {
    const why = await super.whyEnded(end, event);
    return end.why ?? why;
  }

  // The server's words for a handshake that failed. Where a password was sent, it was that.
  refused(words) {
    return this.password === null ? reasons.forSecurity(words) : { wrong: sentence(words || 'the password was not accepted') };
  }

  askPassword(wrong = '') {
    this.drop();
    this.password = null;
    this.tell('state', { state: 'password' });
    this.tell('password', { wrong });
  }

  enter(password) {
    this.password = password;
    this.open();
  }

  // The machine has slept, perhaps: is anybody still there? A dead connection may otherwise look alive for minutes.
  suspect() {
    if (!this.rfb || this.pulse || this.socket.readyState !== WebSocket.OPEN) return;
    this.pulse = setTimeout(() => {
      this.socket.send(PULSE);
      this.pulse = setTimeout(() => this.settle(reasons.forClose(1006, '')), PULSE_MS);
      this.socket.addEventListener('message', () => this.stopPulse(), { once: true });
    }, SETTLE_MS);
  }

  stopPulse() {
    clearTimeout(this.pulse);
    this.pulse = 0;
  }

  leave(reason) {
    this.password = null;
    super.leave(reason);
  }

  drop() {
    super.drop();
    this.stopPulse();
    const rfb = this.rfb;
    this.rfb = null;
    rfb?.disconnect();
  }
}

// Where there is touch noVNC draws the desktop's pointer itself, in canvases that nobody needs to hear of.
function hidePointers() {
  for (const pointer of document.querySelectorAll('body > canvas')) pointer.setAttribute('aria-hidden', 'true');
}

// Servers' words begin small and end open.
function sentence(words) {
  return `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`;
}
