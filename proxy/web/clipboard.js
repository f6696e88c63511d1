// SPDX-License-Identifier: GPL-2.0-or-later
// Texts between the desktop's clipboard and this computer's. By hand, in the panel; by themselves only where somebody
// has asked for that: what was copied here may be a secret, and what was copied there may be meant for a trusting shell.
const KEY = 'porthole.share';

function remembered(value) {
  try {
    if (value !== undefined) sessionStorage.setItem(KEY, value);
    return sessionStorage.getItem(KEY) === 'yes';
  } catch {
    return value === 'yes';
  }
}

const WORDS = {
  in: 'Send what I copy on this computer by itself',
  out: 'Take what the desktop copies by itself',
  both: 'Keep it the same as the clipboard of this computer',
};

const LABELS = {
  none: 'Text to type at the desktop',
  in: 'Text for the desktop',
  out: 'What the desktop copied',
  both: 'What the desktop copied, or text for it',
};

export class Clipboard {
  constructor($, rfb) {
    this.$ = $;
    this.rfb = rfb;
    this.rights = { gets: false, sets: false };
    this.last = null; // the text that both sides know
    this.share = remembered();
    $('share').addEventListener('change', () => this.setShare($('share').checked));
    $('clipcopy').addEventListener('click', () => this.copyHere());
    addEventListener('focus', () => this.offer());
  }

  // What the server would not let through is not offered.
  allow({ role, clipboard }) {
    const controls = role === 'control';
    const sets = clipboard === 'in' || clipboard === 'both';
    const gets = clipboard === 'out' || clipboard === 'both';
    const { $ } = this;
    this.rights = { sets, gets };
    $('clipsend').hidden = !sets;
    $('cliptype').hidden = !controls;
    $('clipcopy').hidden = !gets || !navigator.clipboard;
    $('text').hidden = !controls && !gets && !sets;
    $('clip').readOnly = !controls && !sets;
    $('cliplabel').textContent = LABELS[clipboard];
    $('sharelabel').hidden = clipboard === 'none' || !navigator.clipboard?.readText;
    $('sharewords').textContent = WORDS[clipboard] ?? '';
    $('share').checked = this.share;
  }

  say(words) {
    this.$('cliptold').textContent = words;
  }

  setShare(on) {
    this.share = on;
    remembered(on ? 'yes' : 'no');
    this.say('');
    if (on) this.offer();
  }

  // The desktop has copied something.
  async received(text) {
    if (!this.rights.gets) return;
    this.$('clip').value = this.last = text;
    if (!this.share || !document.hasFocus()) return;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.say('This browser does not let the page copy by itself: use "Copy here".');
    }
  }

  send(text) {
    this.last = text;
    this.rfb()?.clipboardPasteFrom(text);
  }

  // This computer's clipboard, when it is another than the desktop knows.
  async offer() {
    if (!this.share || !this.rights.sets || !this.rfb() || !document.hasFocus()) return;
    try {
      const text = await navigator.clipboard.readText();
      if (text && text !== this.last) this.send(text);
    } catch {
      this.say('This browser does not let the page read the clipboard: paste the text here and send it.');
    }
  }

  async copyHere() {
    try {
      await navigator.clipboard.writeText(this.$('clip').value);
      this.say('Copied.');
    } catch {
      this.$('clip').select();
      this.say('This browser does not let the page copy: the text is selected, copy it by Ctrl+C.');
    }
  }
}
