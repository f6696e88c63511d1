// SPDX-License-Identifier: GPL-2.0-or-later
// One window on the wall: its picture while it is live, its last one otherwise, and what is to be said of it.
import { letGo, takeKeyboard } from './keyboard.js';
import { Session } from './session.js';

// What portholed puts behind a window's title where others' pixels may come into it for a moment (portholed.conf(5)).
const BEST_EFFORT = ' (best effort)';

const WORDS = { minimised: 'Minimised', connecting: 'Connecting', connected: '' };

const COVERED = 'Covered, or off the screen';

export class Tile extends EventTarget {
  // Events: `choose`, `back`. link: to the whole desktop; about: the window as the list tells it; controls: the role allows
  // it.
  constructor(link, about, controls) {
    super();
    this.id = about.id;
    this.controls = controls;
    this.element = document.getElementById('tile').content.cloneNode(true).firstElementChild;
    this.session = new Session(this.part('.screen'), { ...link, window: about.id });
    this.session.addEventListener('open', (event) => this.opened(event.detail.rfb));
    this.session.addEventListener('name', (event) => { this.called = event.detail.name; this.showBound(); });
    this.session.addEventListener('state', (event) => this.showState(event.detail));
    this.live = false;
    this.idle = ''; // why it is not, in words
    this.front = false;
    this.state = null; // the session's; null: there is none
    this.called = ''; // by the stream
    this.rfb = null;
    this.canvas = null; // noVNC takes its own away with the connection
    this.part('.choose').addEventListener('click', () => this.say('choose'));
    this.part('.back').addEventListener('click', () => this.say('back'));
    this.part('.retry').addEventListener('click', () => this.session.again());
    this.part('.alone').href = `./#window=${about.id}`;
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.front && event.target.tagName !== 'CANVAS') this.say('back');
    });
    this.tell(about);
  }

  part(selector) {
    return this.element.querySelector(selector);
  }

  say(type) {
    this.dispatchEvent(new Event(type));
  }

  get name() {
    return this.about.title || this.about.app || 'Window without a title';
  }

  // What the list tells of it now.
  tell(about) {
    this.about = about;
    const { style } = this.element;
    style.setProperty('--width', `${about.width}px`);
    style.setProperty('--height', `${about.height}px`);
    this.part('.title').textContent = this.name;
    this.part('.app').textContent = about.app === this.name ? '' : about.app;
    this.label();
    this.showBound();
    this.show();
  }

  // A title may end so of itself.
  showBound() {
    this.part('.bound').hidden = !this.called.endsWith(BEST_EFFORT) || this.called === this.about.title;
  }

  label() {
    const { name, about } = this;
    const choose = this.part('.choose');
    choose.setAttribute('aria-label', `${this.controls ? 'Control' : 'Enlarge'} ${name}${about.mapped ? '' : ', which is minimised'}${about.visible || !about.mapped ? '' : ', which is covered'}`);
    choose.disabled = !about.mapped;
    this.part('.alone').setAttribute('aria-label', `${name} alone`);
    this.part('.back').setAttribute('aria-label', 'All windows');
    this.canvas?.setAttribute('aria-label', `Window ${name}`);
  }

  // Its stream is wanted, or not, and why not.
  setLive(wanted, idle = '') {
    const live = wanted && this.about.mapped;
    const changes = live !== this.live;
    if (!changes && idle === this.idle) return;
    this.live = live;
    this.idle = idle;
    if (changes) this.begin(live);
    this.show();
  }

  begin(live) {
    if (live) {
      this.session.open();
    } else {
      this.putAway();
      this.session.drop();
      this.state = null;
    }
  }

  opened(rfb) {
    this.rfb = rfb;
    rfb.scaleViewport = true;
    rfb.background = 'transparent';
    rfb.focusOnClick = false;
    this.canvas = this.part('.screen canvas');
    this.label();
    this.giveInput();
  }

  showState(detail) {
    if (detail.state !== 'connected') this.putAway();
    else this.part('.still').replaceChildren();
    this.state = detail;
    this.show();
  }

  // Its last picture stays.
  putAway() {
    if (this.rfb) this.part('.still').replaceChildren(this.canvas);
    this.rfb = null;
  }

  // Words over the picture: none where it is live.
  show() {
    const { state } = this;
    const reason = state?.reason;
    const key = !this.about.mapped ? 'minimised' : !state ? 'paused' : state.state;
    const waits = state?.retryIn !== undefined || state?.waitsFor !== undefined;
    const covered = key === 'connected' && !this.about.visible;
    this.element.dataset.state = key;
    this.element.classList.toggle('covered', covered);
    this.part('.word p').textContent = reason ? `${reason.brief ?? reason.title}${waits ? ': trying again' : ''}` : covered ? COVERED : WORDS[key] ?? this.idle;
    this.part('.retry').hidden = key !== 'disconnected';
  }

  // The large one. It alone gets input, and only where the role allows it.
  setFront(front) {
    if (front === this.front) return;
    this.front = front;
    this.element.classList.toggle('front', front);
    this.giveInput();
  }

  giveInput() {
    const { canvas } = this;
    if (!this.rfb) return;
    const given = this.front && this.controls;
    if (!given && document.activeElement === canvas) canvas.blur();
    if (!given && !this.rfb.viewOnly) letGo();
    this.rfb.viewOnly = !given;
    this.rfb.focusOnClick = given;
    if (given) {
      takeKeyboard(canvas);
      canvas.setAttribute('aria-describedby', 'hint');
      this.takeFocus();
    } else {
      canvas.setAttribute('role', 'img');
      canvas.removeAttribute('tabindex');
    }
  }

  takeFocus() {
    if (this.front && this.controls && this.rfb) this.rfb.focus({ preventScroll: true });
    else this.part(this.front ? '.back' : '.choose').focus({ preventScroll: !this.front });
  }

  end() {
    this.putAway();
    this.session.end();
    this.element.remove();
  }
}
