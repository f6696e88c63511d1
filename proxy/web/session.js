// SPDX-License-Identifier: GPL-2.0-or-later
// One stream to one desktop: opens it, says what state it is in, and opens it again where that makes sense.
import RFB from './novnc/core/rfb.js';
import * as reasons from './reasons.js';
import { Retry } from './retry.js';
import { watchForDeath } from './wake.js';

const PICTURE_MS = 5000; // a server that draws nothing for so long has nothing to draw
const PICTURE_POLL_MS = 30;
const STEADY_MS = 5000; // a connection that held this long starts the back-off anew
const PULSE_MS = 4000; // an answer that takes longer does not come any more
const SETTLE_MS = 300; // what came before is read by then, and is not taken for the answer

// The server could not even look at the password (RFC 6455's registry): it may be right.
const TRY_LATER = 1013;

// FramebufferUpdateRequest of one pixel, not incremental (RFC 6143 7.5.3): whoever is there answers it.
const PULSE = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1);

export class Session extends EventTarget {
  // Events: `state` {state, reason, retryIn, waitsFor}, `open` {rfb, rights}, `name` {name}, `password` {wrong}. rights:
  // {role, clipboard, password}, as the server keeps them whatever the page does. link: see link.js.
  constructor(target, link) {
    super();
    this.target = target;
    this.link = link;
    this.rfb = null;
    this.socket = null;
    this.password = null; // kept for a reconnect, in this object only
    this.pulse = 0;
    this.generation = 0; // events of an attempt that was given up are not listened to
    this.retry = new Retry(() => this.open(), (wait) => this.tell('state', { ...this.settled, ...wait }));
    watchForDeath(() => this.feelPulse());
  }

  async open() {
    this.drop();
    const generation = this.generation;
    this.tell('state', { state: 'connecting' });
    // First, as a token for a single use is none any more once it has opened the stream.
    const { rights, refusal } = await this.askRights();
    if (generation !== this.generation) return;
    if (refusal) this.settle(refusal);
    else if (needsPassword(rights) && this.password === null) this.askPassword();
    else this.connect(rights);
  }

  connect(rights) {
    const generation = this.generation;
    const current = (listener) => (event) => { if (generation === this.generation) listener(event); };
    const end = { opened: false, since: 0, why: null };
    const socket = this.openSocket(end, current);
    const credentials = this.password === null ? {} : { username: '', password: this.password };
    const rfb = new RFB(this.target, socket, { shared: true, credentials });
    rfb.viewOnly = true;
    rfb.addEventListener('connect', current(() => this.awaitPicture(rfb, current, () => {
      end.since = performance.now();
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

  // The socket is made here and not by noVNC, because noVNC keeps the close code to itself.
  openSocket(end, current) {
    const url = new URL(this.path('stream'), location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, this.link.token ? ['binary', `porthole.token.${this.link.token}`] : ['binary']);
    socket.addEventListener('open', () => { end.opened = true; });
    socket.addEventListener('close', current((event) => {
      if (!this.rfb) return this.ended(end, event);
      end.close = event;
    }));
    return socket;
  }

  // A stream is open when there is a picture. Input waits for that too: before its first update a server has not said
  // how it wants keys, and a key pressed the one way and released the other stays down (TigerVNC drops the release).
  awaitPicture(rfb, current, then, patience = performance.now() + PICTURE_MS) {
    if (this.rfb !== rfb) return;
    const picture = this.target.querySelector('canvas').getContext('2d');
    const drawn = picture.getImageData(0, 0, 1, 1).data[3] !== 0;
    if (drawn || performance.now() > patience) return then();
    setTimeout(current(() => this.awaitPicture(rfb, current, then, patience)), PICTURE_POLL_MS);
  }

  async ended(end, event) {
    const generation = this.generation;
    if (end.since && performance.now() - end.since > STEADY_MS) this.retry.reset();
    const why = end.why ?? (end.opened ? reasons.forClose(event.code, event.reason) : await this.whyNotOpened());
    if (generation !== this.generation) return;
    if (why.wrong === undefined) this.settle(why);
    else if (event.code === TRY_LATER) this.settle(reasons.forClose(event.code, event.reason));
    else this.askPassword(why.wrong);
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

  path(name) {
    return this.link.stream ? `${name}?stream=${encodeURIComponent(this.link.stream)}` : name;
  }

  ask(name) {
    const headers = this.link.token ? { Authorization: `Bearer ${this.link.token}` } : {};
    return fetch(this.path(name), { headers, cache: 'no-store' });
  }

  async askRights() {
    try {
      const answer = await this.ask('stream/rights');
      return answer.ok ? { rights: await answer.json() } : { refusal: this.forAnswer(answer) };
    } catch {
      return { refusal: reasons.UNREACHABLE };
    }
  }

  // A browser does not say why a WebSocket did not open. The same address asked without an upgrade does:
  // 401 for a token that is not valid, 426 for one that is.
  async whyNotOpened() {
    try {
      const answer = await this.ask('stream');
      return answer.status === 426 ? reasons.forClose(1006, '') : this.forAnswer(answer);
    } catch {
      return reasons.UNREACHABLE;
    }
  }

  forAnswer(answer) {
    const retryAfter = Number(answer.headers.get('Retry-After')); // portholed always counts in seconds
    return { ...reasons.forStatus(answer.status, this.link), ...(retryAfter > 0 && { retryAfter }) };
  }

  // The machine has slept, perhaps: is anybody still there? A dead connection may otherwise look alive for minutes.
  feelPulse() {
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

  settle(reason) {
    this.drop();
    this.settled = { state: reason.state ?? 'disconnected', reason };
    if (reason.retry) this.retry.schedule(reason.retryAfter);
    else this.tell('state', this.settled);
  }

  again() {
    this.retry.reset();
    this.open();
  }

  leave(reason = reasons.LEFT) {
    this.password = null;
    this.settle(reason);
  }

  // Ends what is open, without a word.
  drop() {
    this.retry.stop();
    this.stopPulse();
    this.generation++;
    const rfb = this.rfb;
    this.rfb = null;
    rfb?.disconnect();
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

// A server that says nothing of passwords may still ask for one.
function needsPassword(rights) {
  return rights.password !== undefined && rights.password !== 'none';
}

// Servers' words begin small and end open.
function sentence(words) {
  return `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`;
}
