// SPDX-License-Identifier: GPL-2.0-or-later
// A WebSocket that a link opens: asks what it may do there, says what state it is in, and opens it again where that makes
// sense. What goes over it is for whoever extends this.
import * as reasons from './reasons.js';
import { Retry } from './retry.js';
import { watchForDeath } from './wake.js';

const STEADY_MS = 5000; // a connection that held this long starts the back-off anew
const WORDS_MAX = 400; // of an answer, that are shown

// A server that says nothing of passwords may still ask for one.
export const needsPassword = (rights) => rights.password !== undefined && rights.password !== 'none';

export class Stream extends EventTarget {
  // Events: `state` {state, reason, retryIn, waitsFor}. link: see link.js. name: the WebSocket's address.
  constructor(link, name) {
    super();
    this.link = link;
    this.name = name;
    this.generation = 0; // events of an attempt that was given up are not listened to
    this.ender = new AbortController();
    const { signal } = this.ender;
    this.retry = new Retry(() => this.open(), (wait) => this.tell('state', { ...this.settled, ...wait }), signal);
    watchForDeath(() => this.suspect(), signal);
  }

  // For whoever extends this: opens the socket, with the rights {role, clipboard, password, windows, max_viewers} that the server
  // keeps whatever the page does.
  begin() {}

  // The same: the connection may be dead, though nothing has said so.
  suspect() {}

  async open() {
    this.drop();
    const generation = this.generation;
    this.tell('state', { state: 'connecting' });
    // First, as a token for a single use is none any more once it has opened the stream.
    const { rights, refusal } = await this.askRights();
    if (generation !== this.generation) return;
    if (refusal) this.settle(refusal);
    else this.begin(rights);
  }

  // Only what is still wanted is listened to.
  current(listener) {
    const { generation } = this;
    return (event) => { if (generation === this.generation) listener(event); };
  }

  // end: becomes {opened, since}, which `whyEnded` wants; `since` is for whoever knows when it was of use first.
  openSocket(end) {
    const url = new URL(this.path(this.name), location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, this.link.token ? ['binary', `porthole.token.${this.link.token}`] : ['binary']);
    socket.addEventListener('open', () => { end.opened = true; });
    return socket;
  }

  async whyEnded(end, event) {
    if (end.since && performance.now() - end.since > STEADY_MS) this.retry.reset();
    return end.opened ? reasons.forClose(event.code, event.reason) : this.whyNotOpened();
  }

  path(name) {
    const { stream, window } = this.link;
    const query = Object.entries({ stream, window }).filter(([, value]) => value).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    return query.length > 0 ? `${name}?${query.join('&')}` : name;
  }

  ask(name) {
    const headers = this.link.token ? { Authorization: `Bearer ${this.link.token}` } : {};
    return fetch(this.path(name), { headers, cache: 'no-store' });
  }

  async askRights() {
    try {
      const answer = await this.ask('stream/rights');
      return answer.ok ? { rights: await answer.json() } : { refusal: await this.forAnswer(answer) };
    } catch {
      return { refusal: reasons.UNREACHABLE };
    }
  }

  // A browser does not say why a WebSocket did not open. The same address asked without an upgrade does:
  // 401 for a token that is not valid, 426 for one that is.
  async whyNotOpened() {
    try {
      const answer = await this.ask(this.name);
      return answer.status === 426 ? reasons.forClose(1006, '') : await this.forAnswer(answer);
    } catch {
      return reasons.UNREACHABLE;
    }
  }

  async forAnswer(answer) {
    const retryAfter = Number(answer.headers.get('Retry-After')); // portholed always counts in seconds
    // what else may answer in its place says it in HTML
    const words = answer.headers.get('Content-Type')?.startsWith('text/plain') ? (await answer.text()).trim() : '';
    return { ...reasons.forStatus(answer.status, this.link, words.slice(0, WORDS_MAX)), ...(retryAfter > 0 && { retryAfter }) };
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
    this.settle(reason);
  }

  // Ends what is open, without a word.
  drop() {
    this.retry.stop();
    this.generation++;
  }

  // For good: nothing of the page's refers to it any more.
  end() {
    this.drop();
    this.ender.abort();
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
