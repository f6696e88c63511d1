// SPDX-License-Identifier: GPL-2.0-or-later
// A phone's keyboard, for the desktop. Phones give no key events worth the name: what is typed, swiped, composed or
// corrected only changes the text of a field. So there is a field that nobody sees, and each change of its text becomes
// what a hand at a keyboard would have done: so many times Backspace, then the new characters.
import KeyTable from './novnc/core/input/keysym.js';
import keysyms from './novnc/core/input/keysymdef.js';

const CONTROLS = new Map([['\n', [KeyTable.XK_Return, 'Enter']], ['\t', [KeyTable.XK_Tab, 'Tab']]]);

// Keys that change no text. Phones have few of them, but a keyboard may be attached.
const NAMED = new Map(['Escape', 'Tab', 'Delete', 'Home', 'End'].map((name) => [name, [KeyTable[`XK_${name}`], name]])
  .concat(['Left', 'Right', 'Up', 'Down'].map((name) => [`Arrow${name}`, [KeyTable[`XK_${name}`], `Arrow${name}`]]))
  .concat([['PageUp', [KeyTable.XK_Page_Up, 'PageUp']], ['PageDown', [KeyTable.XK_Page_Down, 'PageDown']]]));

// Backspace needs something to take away. A word before the caret would be a suggestion's context, blanks are none.
const FLOOR = ' '.repeat(16);
const LONG = 200; // so much typed text is kept for corrections

// keysym and code of a character
export function keyOf(character) {
  return CONTROLS.get(character) ?? [keysyms.lookup(character.codePointAt(0)), undefined];
}

export class Typing {
  // press(keysym, code): one key to the desktop. closed(): the keyboard has gone.
  constructor(field, press, closed) {
    this.field = field;
    this.press = press;
    this.composing = false;
    field.addEventListener('compositionstart', () => { this.composing = true; });
    field.addEventListener('compositionend', () => { this.composing = false; this.follow(); });
    field.addEventListener('input', () => this.follow());
    field.addEventListener('keydown', (event) => this.named(event));
    field.addEventListener('blur', () => { if (!field.hidden) { this.close(); closed(); } });
  }

  get open() {
    return !this.field.hidden;
  }

  show() {
    this.field.hidden = false;
    this.empty();
    this.field.focus({ preventScroll: true });
  }

  close() {
    this.field.hidden = true;
  }

  empty() {
    this.field.value = this.known = FLOOR;
    this.field.setSelectionRange(FLOOR.length, FLOOR.length);
  }

  named(event) {
    const key = NAMED.get(event.key);
    if (!key || event.isComposing) return;
    event.preventDefault();
    this.press(...key);
  }

  follow() {
    const before = [...this.known];
    const now = [...this.field.value];
    let same = 0;
    while (same < before.length && same < now.length && before[same] === now[same]) same++;
    for (let i = same; i < before.length; i++) this.press(KeyTable.XK_BackSpace, 'Backspace');
    for (const character of now.slice(same)) this.press(...keyOf(character));
    this.known = this.field.value;
    const finished = now.includes('\n') || now.length > LONG || now.length < FLOOR.length / 2;
    if (finished && !this.composing) this.empty();
  }
}
