// SPDX-License-Identifier: GPL-2.0-or-later
// One stream to one desktop: opens it, says what state it is in, and opens it again where that makes sense.
import RFB from './novnc/core/rfb.js';
import * as reasons from './reasons.js';

const BACK_OFF_S = [1, 2, 4, 8, 15, 30];
const PICTURE_MS = 5000; // a server that draws nothing for so long has nothing to draw
const PICTURE_POLL_MS = 30;
const STEADY_MS = 5000; // a connection that held this long starts the back-off anew

export class Session extends EventTarget {
  // Events: `state` {state, reason, retryIn}, `open` {rfb, rights}, `name` {name}. rights: {role, clipboard}, as the
  // server keeps them whatever the page does.
  constructor(target, token) {
    super();
    this.target = target;
    this.token = token;
    this.rfb = null;
    this.attempt = 0;
    this.timer = 0;
    this.generation = 0; // events of an attempt that was given up are not listened to
  }

  async open() {
    this.drop();
    const generation = ++this.generation;
    const current = (listener) => (event) => { if (generation === this.generation) listener(event); };
    const end = { opened: false, since: 0, why: null };
    this.tell('state', { state: 'connecting' });
    // First, as a token for a single use is none any more once it has opened the stream.
    const { rights, refusal } = await this.askRights();
    if (generation !== this.generation) return;
    if (refusal) {
      this.settle(refusal);
      return;
    }

    // The socket is made here and not by noVNC, because noVNC keeps the close code to itself.
    const url = new URL('stream', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.search = url.hash = '';
    const socket = new WebSocket(url, ['binary', `porthole.token.${this.token}`]);
    socket.addEventListener('open', () => { end.opened = true; });
    socket.addEventListener('close', current((event) => {
      if (!this.rfb) return this.ended(end, event);
      end.close = event;
    }));

    const rfb = new RFB(this.target, socket, { shared: true });
    rfb.addEventListener('connect', current(() => this.awaitPicture(rfb, current, () => {
      end.since = performance.now();
      rfb.viewOnly = rights.role !== 'control';
      this.tell('open', { rfb, rights });
      this.tell('state', { state: 'connected' });
    })));
    rfb.viewOnly = true;
    rfb.addEventListener('desktopname', current((event) => this.tell('name', { name: event.detail.name })));
    rfb.addEventListener('securityfailure', current((event) => { end.why = reasons.forSecurity(event.detail.reason); }));
    rfb.addEventListener('disconnect', current(() => {
      this.rfb = null;
      // noVNC may give up before the socket has closed: then its close is waited for, it says why.
      if (end.close) this.ended(end, end.close);
    }));
    this.rfb = rfb;
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
    if (end.since && performance.now() - end.since > STEADY_MS) this.attempt = 0;
    const why = end.why ?? (end.opened ? reasons.forClose(event.code, event.reason) : await this.whyNotOpened());
    if (generation === this.generation) this.settle(why);
  }

  async askRights() {
    try {
      const answer = await fetch('stream/rights', { headers: { Authorization: `Bearer ${this.token}` }, cache: 'no-store' });
      return answer.ok ? { rights: await answer.json() } : { refusal: reasons.forStatus(answer.status) };
    } catch {
      return { refusal: reasons.UNREACHABLE };
    }
  }

  // A browser does not say why a WebSocket did not open. The same address asked without an upgrade does:
  // 401 for a token that is not valid, 426 for one that is.
  async whyNotOpened() {
    try {
      const answer = await fetch('stream', { headers: { Authorization: `Bearer ${this.token}` }, cache: 'no-store' });
      return answer.status === 426 ? reasons.forClose(1006, '') : reasons.forStatus(answer.status);
    } catch {
      return reasons.UNREACHABLE;
    }
  }

  settle(reason) {
    const state = reason.state ?? 'disconnected';
    if (!reason.retry) return this.tell('state', { state, reason });
    const retryIn = BACK_OFF_S[Math.min(this.attempt++, BACK_OFF_S.length - 1)];
    this.timer = setTimeout(() => this.open(), retryIn * 1000);
    this.tell('state', { state, reason, retryIn });
  }

  again() {
    this.attempt = 0;
    this.open();
  }

  leave() {
    this.drop();
    this.tell('state', { state: 'disconnected', reason: reasons.LEFT });
  }

  drop() {
    clearTimeout(this.timer);
    this.generation++;
    const rfb = this.rfb;
    this.rfb = null;
    rfb?.disconnect();
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
