// SPDX-License-Identifier: GPL-2.0-or-later
// How large the desktop is shown: fitted into the window, at its own size, or made as large as the window is.
const RESIZE_MS = 3000; // a server that resizes does it at once
const LARGEST = 2; // times its own size: more would be a blur

export class Scaling {
  // changed(): where fingers may pan now.
  constructor($, rfb) {
    this.$ = $;
    this.rfb = rfb;
    this.mode = 'fit';
    this.doubt = 0;
    this.sizes = new MutationObserver(() => this.limit());
    for (const radio of this.radios) radio.addEventListener('change', () => this.set(radio.value));
    $('pan').addEventListener('click', () => this.setPan($('pan').getAttribute('aria-pressed') !== 'true'));
  }

  get radios() {
    return document.getElementsByName('scaling');
  }

  get canvas() {
    return this.$('screen').querySelector('canvas');
  }

  // A new connection. Only who controls may change the desktop's size.
  attach(rfb, controls) {
    this.$('resizelabel').hidden = !controls;
    if (!controls && this.mode === 'resize') this.mode = 'fit';
    rfb.addEventListener('clippingviewport', (event) => this.showPan(event.detail));
    this.controls = controls;
    this.sizes.disconnect();
    this.sizes.observe(this.canvas, { attributeFilter: ['width', 'height'] });
    this.apply();
  }

  set(mode) {
    this.mode = mode;
    this.$('scaletold').textContent = '';
    this.apply();
  }

  apply() {
    for (const radio of this.radios) radio.checked = radio.value === this.mode;
    const rfb = this.rfb();
    if (!rfb) return;
    this.limit();
    // What cannot be shown whole is scrolled. Where fingers act on the desktop they get a button that pans instead.
    rfb.clipViewport = this.mode === 'own' && this.controls && matchMedia('(pointer: coarse)').matches;
    rfb.scaleViewport = this.mode !== 'own';
    rfb.resizeSession = this.mode === 'resize';
    if (this.mode !== 'own') this.showPan(false);
    clearTimeout(this.doubt);
    if (this.mode === 'resize') this.doubt = setTimeout(() => this.checkSize(), RESIZE_MS);
  }

  limit() {
    const { canvas } = this;
    const { style } = this.$('screen');
    const most = (side) => (canvas && this.mode === 'fit' ? `${canvas[side] * LARGEST}px` : '');
    style.maxWidth = most('width');
    style.maxHeight = most('height');
  }

  // Not every server lets itself be resized, and none says so.
  checkSize() {
    const { canvas } = this;
    if (!canvas || this.mode !== 'resize') return;
    const room = canvas.parentElement.getBoundingClientRect();
    if (canvas.width === Math.floor(room.width) && canvas.height === Math.floor(room.height)) return;
    this.set('fit');
    this.$('scaletold').textContent = 'It does not change its size.';
  }

  showPan(clipping) {
    this.$('pan').hidden = !clipping;
    this.setPan(clipping); // it is what a finger does first on a desktop that is too large
  }

  setPan(on) {
    this.$('pan').setAttribute('aria-pressed', String(on));
    if (this.rfb()) this.rfb().dragViewport = on;
  }
}
