// SPDX-License-Identifier: GPL-2.0-or-later
// Keys that a browser keeps to itself or a phone does not have, as buttons. A modifier works as sticky keys do: pressed
// once it holds for the next key or click, pressed twice until it is pressed again. Down at the desktop, it is
// let go whenever the page might not see its end.
import KeyTable from './novnc/core/input/keysym.js';

const MODIFIERS = ['Control', 'Shift', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'NumLock'];

// shown, said, keysym, code (the position on a keyboard, for servers that want scan codes)
const GROUPS = [
  ['Modifiers', 'modifier', [
    ['Ctrl', 'Control', KeyTable.XK_Control_L, 'ControlLeft'],
    ['Alt', 'Alt', KeyTable.XK_Alt_L, 'AltLeft'],
    ['Shift', 'Shift', KeyTable.XK_Shift_L, 'ShiftLeft'],
    ['Super', 'Super', KeyTable.XK_Super_L, 'MetaLeft'],
  ]],
  ['Common keys', 'key', [
    ['Esc', 'Escape', KeyTable.XK_Escape, 'Escape'],
    ['Tab', 'Tab', KeyTable.XK_Tab, 'Tab'],
    ['←', 'Left arrow', KeyTable.XK_Left, 'ArrowLeft'],
    ['↑', 'Up arrow', KeyTable.XK_Up, 'ArrowUp'],
    ['↓', 'Down arrow', KeyTable.XK_Down, 'ArrowDown'],
    ['→', 'Right arrow', KeyTable.XK_Right, 'ArrowRight'],
  ]],
  ['Key combinations', 'chord', [
    ['Ctrl+Alt+Del', 'Ctrl+Alt+Del', ['Ctrl', 'Alt', 'Del']],
    ['Alt+Tab', 'Alt+Tab', ['Alt', 'Tab']],
    ['Alt+F4', 'Alt+F4', ['Alt', 'F4']],
  ]],
  ['Navigation keys', 'key', [
    ['Home', 'Home', KeyTable.XK_Home, 'Home'],
    ['End', 'End', KeyTable.XK_End, 'End'],
    ['PgUp', 'Page up', KeyTable.XK_Page_Up, 'PageUp'],
    ['PgDn', 'Page down', KeyTable.XK_Page_Down, 'PageDown'],
    ['Ins', 'Insert', KeyTable.XK_Insert, 'Insert'],
    ['Del', 'Delete', KeyTable.XK_Delete, 'Delete'],
    ['Print', 'Print screen', KeyTable.XK_Print, 'PrintScreen'],
    ['Menu', 'Menu', KeyTable.XK_Menu, 'ContextMenu'],
  ]],
  ['Function keys', 'key', Array.from({ length: 12 }, (_, i) => [`F${i + 1}`, `F${i + 1}`, KeyTable.XK_F1 + i, `F${i + 1}`])],
];

const byLabel = new Map(GROUPS.flatMap(([, kind, keys]) => (kind === 'chord' ? [] : keys.map((key) => [key[0], key]))));

export class Keys {
  // rfb(): the connection now, or null.
  constructor(panel, rfb) {
    this.rfb = rfb;
    this.sticky = new Map(); // of a modifier that is down: its button and `held`
    this.buttons = new Map();
    panel.append(...GROUPS.map((group) => this.makeGroup(group)));
    // A finger on a button must not take the focus from the desktop, or from the on-screen keyboard.
    panel.addEventListener('mousedown', (event) => event.preventDefault());
    // The window's, and not what the page tells noVNC when the focus moves inside it.
    addEventListener('blur', () => { if (!document.hasFocus()) this.release(); });
    addEventListener('pagehide', () => this.release());
    document.addEventListener('visibilitychange', () => { if (document.hidden) this.release(); });
  }

  makeGroup([name, kind, keys]) {
    const group = document.createElement('div');
    group.className = 'keygroup';
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', name);
    group.append(...keys.map((key) => this.makeButton(kind, key)));
    return group;
  }

  makeButton(kind, [label, name, keysym, code]) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    if (name !== label) button.setAttribute('aria-label', name.toLowerCase().startsWith(label.toLowerCase()) ? name : `${label}: ${name}`);
    const actions = {
      modifier: () => this.toggle(label),
      key: () => this.press(keysym, code),
      chord: () => this.chord(keysym),
    };
    button.addEventListener('click', actions[kind]);
    button.classList.toggle('wide', kind === 'chord');
    if (kind === 'modifier') {
      button.setAttribute('aria-pressed', 'false');
      this.buttons.set(label, button);
    }
    return button;
  }

  send(label, down) {
    const [, , keysym, code] = byLabel.get(label);
    this.rfb()?.sendKey(keysym, code, down);
  }

  // A key by itself, with the modifiers that are down.
  press(keysym, code) {
    this.rfb()?.sendKey(keysym, code);
    this.used();
  }

  chord(labels) {
    const fresh = labels.filter((label) => !this.sticky.has(label));
    for (const label of fresh) this.send(label, true);
    for (const label of fresh.reverse()) this.send(label, false);
    this.used();
  }

  toggle(label) {
    if (!this.rfb()) return;
    const now = this.sticky.get(label);
    if (!now) {
      this.send(label, true);
      this.sticky.set(label, 'once');
    } else if (now === 'once') {
      this.sticky.set(label, 'held');
    } else {
      this.lift(label);
    }
    this.show(label);
  }

  lift(label) {
    this.send(label, false);
    this.sticky.delete(label);
    this.show(label);
  }

  show(label) {
    const state = this.sticky.get(label);
    const button = this.buttons.get(label);
    button.setAttribute('aria-pressed', String(state !== undefined));
    button.classList.toggle('held', state === 'held');
    button.title = { once: 'Down for the next key; press again to hold', held: 'Held down' }[state] ?? '';
  }

  // A key or a click has come: what was down for it alone is let go.
  used() {
    for (const [label, state] of this.sticky) if (state === 'once') this.lift(label);
  }

  release() {
    for (const label of [...this.sticky.keys()]) this.lift(label);
  }

  // Keys and clicks on the desktop itself use the modifiers up too. To be called after noVNC has put its own listeners
  // there: what they send comes first.
  watch(canvas) {
    canvas.addEventListener('keyup', (event) => { if (!MODIFIERS.includes(event.key)) this.used(); });
    canvas.addEventListener('mouseup', () => this.used());
    canvas.addEventListener('touchend', (event) => { if (event.touches.length === 0) this.used(); });
  }
}
