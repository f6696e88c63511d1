// SPDX-License-Identifier: GPL-2.0-or-later
// Who has the keyboard: a desktop takes every key, Tab too, so it would be a trap without a way out.
const HINT_MS = 8000;

// The canvas of a desktop that is controlled.
export function takeKeyboard(canvas) {
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-keyshortcuts', 'Control+Shift+F6');
  // What is down when the focus goes elsewhere would come up there: noVNC lets go when the window loses its focus.
  canvas.addEventListener('blur', letGo);
}

export function letGo() {
  window.dispatchEvent(new Event('blur'));
}

// Tells the way out, for a while, whoever has the keyboard there for the first time.
export class Hint {
  constructor(element) {
    this.element = element;
    this.told = false;
  }

  show() {
    if (this.told || !matchMedia('(any-pointer: fine)').matches) return;
    this.told = true;
    this.element.hidden = false;
    setTimeout(() => this.hide(), HINT_MS);
  }

  hide() {
    this.element.hidden = true;
  }
}

// Ctrl+Shift+F6 leads out: calls leave() where there() is a desktop.
export function wireWayOut(there, leave) {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'F6' || !event.ctrlKey || !event.shiftKey || !there()) return;
    event.preventDefault();
    event.stopPropagation();
    leave();
  }, true);
  // Ctrl+W closes the tab while Ctrl is down at the desktop: not every server lets go of it by itself.
  addEventListener('pagehide', letGo);
}
