// SPDX-License-Identifier: GPL-2.0-or-later
// What is said while there is nothing to show: the card in the middle, the state beside the name, and the page's own.
const root = document.documentElement;
const WAITS_FOR = { network: 'Waiting for the network.', sight: 'Trying again when this tab is looked at.' };

export class Card {
  // connecting: the words {title, text} for it.
  constructor($, connecting) {
    this.$ = $;
    this.connecting = connecting;
    this.short = { connecting: 'Connecting', connected: 'Connected', disconnected: 'Disconnected', refused: 'Refused', password: 'Password needed' };
    this.countdown = 0;
  }

  // Shows a Stream's `state`. Answers whether it is waited for another attempt.
  show({ state, reason = this.connecting, retryIn, waitsFor }) {
    const { $ } = this;
    clearInterval(this.countdown);
    root.dataset.state = state;
    $('status').textContent = this.short[state];
    $('cardtitle').textContent = reason.title;
    $('cardtext').textContent = reason.text;
    const waits = retryIn !== undefined || waitsFor !== undefined;
    this.more(reason.more, waitsFor && WAITS_FOR[waitsFor]);
    if (retryIn !== undefined) this.countFrom(retryIn, reason.more);
    // A server that named a time would only say it again.
    $('again').hidden = state !== 'disconnected' || reason.retryAfter > 0;
    $('again').textContent = waits ? 'Try now' : 'Reconnect';
    $('stop').hidden = !waits;
    return waits;
  }

  // There is something to press that was not there before.
  takeFocus() {
    const { $ } = this;
    if (root.dataset.state === 'disconnected' && !$('card').contains(document.activeElement)) $('card').querySelector('button:not([hidden])')?.focus({ preventScroll: true });
  }

  more(...words) {
    this.$('cardmore').textContent = words.filter(Boolean).join(' ');
  }

  countFrom(seconds, words) {
    const end = performance.now() + seconds * 1000;
    const show = () => this.more(words, `Trying again in ${Math.max(1, Math.ceil((end - performance.now()) / 1000))} s.`);
    show();
    this.countdown = setInterval(show, 1000);
  }
}
